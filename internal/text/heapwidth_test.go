package text

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestHeapWidth holds the tables of a heap to goldens on a narrow and on a wide screen,
// which -update writes.
func TestHeapWidth(t *testing.T) {
	t.Parallel()
	for _, width := range []int{80, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := Write(&b, wide(), Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			inWidth(t, b.String(), width)
			golden := filepath.Join("testdata", fmt.Sprintf("heap.%d.txt", width))
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("%s (-want +got; go test ./internal/text -update writes it):\n%s", golden, diff)
			}
		})
	}
}
