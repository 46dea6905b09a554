package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// wide is a report of a recording whose figures are as long as they get.
func wide() *alloc.Report {
	share := 0.123
	lives := alloc.HeapLives{Objects: 12_209_960, Bytes: 16 << 20, LiveBytes: 1_148_000, FreedObjects: 12_000_000, Temporary: 11_880_000, FreedShare: 0.98, Survived: 1.7, Grows: 29_397}
	r := &alloc.Report{
		Header: alloc.Header{Command: "heap", Go: "go1.26.8"},
		Heap:   &alloc.Heap{File: "run.heap", Collections: 12, GCCPU: &alloc.GCCPU{CollectionCPU: alloc.CollectionCPU{Share: &share}}},
		Types:  []*alloc.HeapType{{Type: "token.Token", HeapLives: lives}, {Type: "map.group[string,*linker.configurationOfAll]", HeapLives: lives}},
		Goroutines: []*alloc.GoroutineStacks{
			{Func: "main.main", Began: 712, Live: 2, Stacks: 2048, Most: 34816, Largest: 32768, WereUnsized: 1, Unsized: 1, Grown: 1423, Copied: 4_370_000},
			{Func: "net/http.(*connReader).startBackgroundRead.gowrap1", By: "net/http.(*Server).Serve", Live: 1, Stacks: 8192, Most: 8192, Largest: 8192},
		},
	}
	for _, pos := range []alloc.Pos{
		{File: "a.go", Line: 7}, {File: "scanner/context.go", Line: 269}, {File: "../../nu1-work/m/yaml/scanner/scanner.go", Line: 1498},
	} {
		r.HeapSites = append(r.HeapSites, &alloc.HeapSite{
			Pos: pos, Type: "token.Token", Callee: "slices.Grow[...]", HeapLives: lives,
			Waste: &alloc.HeapWaste{Spans: 1303, Alone: 1300, Occupied: [5]int64{478}, Free: 7_140_000},
		})
	}
	for i, trigger := range []string{"goal", "runtime.GC", "FreeOSMemory"} {
		r.Collections = append(r.Collections, &alloc.Collection{
			N: 4 + i, Trigger: trigger, Begin: 1_020_000_000, End: 1_045_900_000, Goal: 14_610_000, Live: 11_880_000, Marked: 5_473_000,
			Pause: 61_400_000, FreedBytes: 6_968_000, CPU: &alloc.CollectionCPU{Workers: 24_600_000, Share: &share},
		})
	}
	return r
}

// askedWide is a report of questions to a recording, with each column and long figures.
func askedWide() *alloc.Report {
	cpu := alloc.Estimate{Low: 102e6, Likely: 306e6, High: 680e6}
	sums := alloc.Estimate{Low: 6_400_000, Likely: 7_690_000, High: 18_760_000}
	collections := alloc.Estimate{Low: 1042, Likely: 1083, High: 1160}
	asked := func(question string) *alloc.WhatIf {
		return &alloc.WhatIf{Question: question, GOGC: 100, Procs: 2, Collections: collections, Peak: sums, GCCPU: &cpu, Bytes: 136_000_000}
	}
	recorded, gogc, off := asked(""), asked("GOGC=50"), asked("offheap=cache.pair[int,string],GOMEMLIMIT=64MiB")
	recorded.Recorded = &alloc.WhatIfRecorded{Collections: 1090, Peak: 12_910_000, GCCPU: 317_610_000, GCCPUSource: alloc.FromSamples, GCLogged: 1_612_610_000, TracerBytes: 2_359_296, Bytes: 136_000_000}
	baseline := asked("GOGC=100,GOMEMLIMIT=64MiB")
	baseline.Baseline = true
	off.Objects, off.OffHeap = 2_800_036, &alloc.Estimate{Likely: 3_290_000}
	return &alloc.Report{Header: alloc.Header{Command: "heap", Go: "go1.26.8"}, WhatIfs: []*alloc.WhatIf{recorded, gogc, baseline, off}}
}

// TestHeapWidth holds the tables of heap and heap whatif to goldens on a narrow and on a
// wide screen, which -update writes.
func TestHeapWidth(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*alloc.Report{"heap": wide(), "whatif": askedWide()} {
		for _, width := range []int{80, 200} {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				t.Parallel()
				var b strings.Builder
				if err := Write(&b, r, Options{Width: width}); err != nil {
					t.Fatal(err)
				}
				inWidth(t, b.String(), width)
				golden(t, fmt.Sprintf("%s.%d.txt", name, width), b.String())
			})
		}
	}
}
