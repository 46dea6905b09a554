package engine

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"math"
	"slices"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

func TestDealOut(t *testing.T) {
	frame := func(fn, file string, line int) alloc.Frame { return alloc.Frame{Func: fn, File: file, Line: line} }
	root := frame("runtime.main", "/go/src/runtime/proc.go", 1)
	samples := []alloc.Sample{
		// Of 32 bytes a quarter is of one line, of 64 all of another, and two large
		// objects of a function of the standard library that it calls.
		{Allocs: 500, Bytes: 16_000, Slot: 32, Frames: []alloc.Frame{frame("m.a", "/m/a.go", 7), root}},
		{Allocs: 1500, Bytes: 48_000, Slot: 32, Frames: []alloc.Frame{frame("m.b", "/m/b.go", 8), root}},
		{Allocs: 40, Bytes: 2560, Slot: 64, InUseBytes: 64 - 4096, Frames: []alloc.Frame{frame("m.b", "/m/b.go", 8), root}},
		{Allocs: 2, Bytes: 212_992, Slot: 106_496, Frames: []alloc.Frame{frame("strings.Repeat", "/go/src/strings/strings.go", 3), frame("m.a", "/m/a.go", 9), root}},
	}
	// Of b.go:8 64 bytes live that were there before, and of a.go:7 more are sampled than
	// there ever were. What nobody allocated since has no row.
	before := []alloc.Sample{
		{InUseBytes: 40, Frames: []alloc.Frame{frame("m.a", "/m/a.go", 7), root}},
		{InUseBytes: 4096, Frames: []alloc.Frame{frame("m.b", "/m/b.go", 8), root}},
		{InUseBytes: 4096, Frames: []alloc.Frame{frame("m.c", "/m/c.go", 8), root}},
	}
	alive := []alloc.Sample{
		{InUseBytes: 24_000, Frames: []alloc.Frame{frame("m.a", "/m/a.go", 7), root}},
		{InUseBytes: 64, Frames: []alloc.Frame{frame("m.b", "/m/b.go", 8), root}},
		{InUseBytes: 4096, Frames: []alloc.Frame{frame("m.c", "/m/c.go", 8), root}},
	}
	classes := []heapmap.Class{
		{Size: 32, Allocs: 1000, Bytes: 32_000}, {Size: 32, Noscan: true, Allocs: 1000, Bytes: 32_000},
		{Size: 64, Allocs: 40, Bytes: 2560}, {Size: 0, Allocs: 2, Bytes: 212_992}, {Size: 128, Allocs: 5, Bytes: 640},
	}
	lives := map[int64]heapmap.Lives{32: {Freed: 9}, 64: {Allocs: 40, AllocBytes: 2560, Freed: 30}, 0: {Allocs: 2, AllocBytes: 212_992, Freed: 2, Temporary: 1}}
	got, _ := dealOut(sampledHeap{since: samples, before: before, alive: alive, rate: 64}, classes, lives, "/m")
	want := []alloc.HeapSiteEstimate{
		{Pos: alloc.Pos{File: "a.go", Line: 9}, Func: "m.a", Callee: "strings.Repeat", Objects: 2, Bytes: alloc.Estimate{Likely: 212_992}},
		{Pos: alloc.Pos{File: "b.go", Line: 8}, Func: "m.b", Objects: 1540, Bytes: alloc.Estimate{Likely: 48_000 + 2560}, LiveBytes: 64},
		{Pos: alloc.Pos{File: "a.go", Line: 7}, Func: "m.a", Objects: 500, Bytes: alloc.Estimate{Likely: 16_000}, LiveBytes: 16_040},
	}
	if len(got) != len(want) {
		t.Fatalf("%d sites, want %d", len(got), len(want))
	}
	for i := range want {
		is := *got[i]
		if is.Bytes.Low < 0 || is.Bytes.Low > is.Bytes.Likely || is.Bytes.High < is.Bytes.Likely {
			t.Errorf("%s:%d: %+v", is.File, is.Line, is.Bytes)
		}
		is.Bytes = alloc.Estimate{Likely: is.Bytes.Likely}
		is.Alone, is.Lives = 0, nil
		if is != want[i] {
			t.Errorf("%+v, want %+v", is, want[i])
		}
	}
	// The large ones are of one place only: others would have been sampled. So are the 64
	// bytes of the second, but for what may not have been.
	if l := got[0].Lives; got[0].Alone != 1 || l == nil || l.FreedObjects != 2 || l.Temporary != 1 {
		t.Errorf("alone: %v, %+v", got[0].Alone, l)
	}
	if a := got[1].Alone; a <= 0.04 || a >= 0.05 || got[1].Lives != nil || got[2].Alone != 0 || got[2].Lives != nil {
		t.Errorf("not alone: %v %v", a, got[2].Alone)
	}
	// Two objects of 106,496 bytes are sampled for sure; 16,000 bytes in objects of 32 are
	// sampled 197 times at a rate of 64, as one in four.
	if b := got[0].Bytes; b.Low < 212_700 || b.High > 213_500 {
		t.Errorf("two objects: %+v", b)
	}
	if b := got[2].Bytes; b.Low < 16_000*85/100 || b.Low > 16_000*95/100 || b.High < 16_000*105/100 || b.High > 16_000*115/100 {
		t.Errorf("small objects: %+v", b)
	}
	// Of a profile that ends where 600 of the 2000 had been allocated, the rest may be
	// anybody's.
	h := sampledHeap{since: samples, rate: 64, covered: map[int64]heapmap.Lives{32: {Allocs: 600, AllocBytes: 19_200}}, older: true}
	got, scope := dealOut(h, classes, lives, "/m")
	for _, e := range got {
		if e.Line == 7 && (e.Bytes.Likely != 16_000 || e.Bytes.Low > 4_800*80/100 || e.Bytes.High < 44_800+4_800 || e.Alone != 0) {
			t.Errorf("of a part: %+v", e)
		}
		if e.Line == 9 && (e.Bytes.Low != 0 || e.Bytes.High < 212_992 || e.Lives != nil) {
			t.Errorf("of what came later: %+v", e)
		}
	}
	if scope.Samples != 814 || scope.Rate != 64 || scope.Bytes != 19_200 {
		t.Errorf("%+v", scope)
	}
	// What lives is not to be hidden behind what many allocated.
	h = sampledHeap{since: samples, rate: 64, before: []alloc.Sample{{InUseBytes: 1e6, Frames: samples[0].Frames}}, alive: []alloc.Sample{{InUseBytes: 1e6, Frames: samples[0].Frames}}}
	if got, _ := dealOut(h, classes, lives, "/m"); got[0].Line != 7 || got[0].LiveBytes != 1e6 {
		t.Errorf("first is %+v", got[0])
	}
}

// TestDealOutUnlike has what a profile and a trace tell differently.
func TestDealOutUnlike(t *testing.T) {
	t.Parallel()
	at := func(line int, slot int64, objects float64) alloc.Sample {
		return alloc.Sample{Allocs: objects, Bytes: objects * float64(slot), Slot: slot, Frames: []alloc.Frame{{Func: "m.f", File: "/m/m.go", Line: line}}}
	}
	recorder := alloc.Sample{Allocs: 4, Bytes: 4 << 20, Slot: 1 << 20, Frames: []alloc.Frame{{Func: "main.stackwardAgent", File: "/m/zz_stackward_agent.go", Line: 1}}}
	for _, tt := range []struct {
		name    string
		samples []alloc.Sample
		classes []heapmap.Class
		want    map[int]int64 // bytes by line
	}{
		// An object of 32 KiB is large, one of 32,760 bytes is not; the slots are the same.
		{"32 KiB", []alloc.Sample{at(1, 32768, 10), at(2, 32768, 2)}, []heapmap.Class{{Size: 32768, Allocs: 2, Bytes: 2 * 32768}, {Allocs: 10, Bytes: 10 * 32768}}, map[int]int64{1: 10 * 32768, 2: 2 * 32768}},
		{"recorder, behind the trace's end", []alloc.Sample{at(1, 1<<20, 10), recorder}, []heapmap.Class{{Allocs: 10, Bytes: 10 << 20}}, map[int]int64{1: 10 << 20}},
		{"tracer, never sampled", []alloc.Sample{at(1, 1<<20, 10)}, []heapmap.Class{{Allocs: 14, Bytes: 14 << 20}}, map[int]int64{1: 10 << 20}},
	} {
		list, _ := dealOut(sampledHeap{since: tt.samples, rate: 4096}, tt.classes, nil, "/m")
		if len(list) != len(tt.want) {
			t.Errorf("%s: %d sites", tt.name, len(list))
		}
		for _, e := range list {
			want := tt.want[e.Line]
			if b := e.Bytes; math.Abs(float64(b.Likely-want)) > 0.01*float64(want) || b.Low > want || b.High < want {
				t.Errorf("%s: line %d has %+v, want %d", tt.name, e.Line, b, want)
			}
		}
	}
}

// TestEmptyProfiles estimates what a program has allocated of which nothing was sampled as
// its recording began, or ended, or of which the profile cannot know.
func TestEmptyProfiles(t *testing.T) {
	t.Parallel()
	heap := func(samples ...*profile.Sample) []byte {
		p := &profile.Profile{SampleType: []*profile.ValueType{
			{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"},
			{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"},
		}}
		for _, s := range samples {
			p.Sample = append(p.Sample, s)
			p.Location = append(p.Location, s.Location...)
			p.Function = append(p.Function, s.Location[0].Line[0].Function)
		}
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	f := &profile.Function{ID: 1, Name: "example.com/m.f", Filename: "/m/m.go"}
	sample := &profile.Sample{Location: []*profile.Location{{ID: 1, Line: []profile.Line{{Function: f, Line: 7}}}}, Value: []int64{100, 6400, 0, 0}}
	g := &profile.Function{ID: 2, Name: "example.com/m.g", Filename: "/m/m.go"}
	other := &profile.Sample{Location: []*profile.Location{{ID: 2, Line: []profile.Line{{Function: g, Line: 8}}}}, Value: []int64{100, 6400, 0, 0}}
	for _, tt := range []struct {
		name        string
		url         string
		start, end  []byte
		collected   bool
		collections int
		sites       int
	}{
		{"at the start", "", heap(), heap(sample), false, 0, 1},
		{"never", "", heap(), heap(), false, 0, 0},
		// Of a process that had none yet the runtime gives all that there is.
		{"a process, at the start", "http://m", heap(), heap(sample), false, 1, 1},
		// Else what differs is of before the last collection but one, and so not of it.
		{"a process", "http://m", heap(sample), heap(sample, other), false, 1, 0},
		{"a process, collected", "http://m", heap(sample), heap(sample, other), true, 1, 1},
	} {
		rec := &recording.File{Header: recording.Header{URL: tt.url}, Start: &recording.Start{Collected: tt.collected}, Profiles: []recording.Profile{{Name: "heap at start", Data: tt.start}, {Name: "heap", Data: tt.end}}}
		r := &alloc.Report{Heap: &alloc.Heap{File: "m.heap", Collections: tt.collections}}
		m := heapmap.New(nil, "go1.26.0")
		if err := estimateSites(r, rec, nil, m, new(markEnds)); err != nil || len(r.SiteEstimates) != tt.sites {
			t.Errorf("%s: %d sites, %v", tt.name, len(r.SiteEstimates), err)
		}
		if (r.Heap.NoSites == "") != (tt.sites > 0) || (r.Heap.SiteProfile != nil) != (tt.sites > 0) {
			t.Errorf("%s: %q, %+v", tt.name, r.Heap.NoSites, r.Heap.SiteProfile)
		}
	}
}

var heapRecording = flag.String("heap.recording", "", "a recording of heap record -sites that BenchmarkEstimates reads")

// BenchmarkEstimates holds what a heap profile says of sites to what is known exactly: of
// a recording that has both.
func BenchmarkEstimates(b *testing.B) {
	if *heapRecording == "" {
		b.Skip("-heap.recording names none")
	}
	type line struct {
		alloc.Pos
		callee string
	}
	exact, said := make(map[line]float64), make(map[line]*alloc.HeapSiteEstimate)
	for b.Loop() {
		clear(exact)
		clear(said)
		p, err := openReplay(context.Background(), *heapRecording, nil)
		if err != nil {
			b.Fatal(err)
		}
		m := heapmap.New(p.trace, p.report.Header.Go)
		var ends markEnds
		if err := p.each(func(e *alloctrace.Event) { m.Site = p.src.sites.next(e); m.Add(e); ends.add(e, m, p.trace) }); err != nil {
			b.Fatal(err)
		}
		fill(p.report, p.trace, m, nil)
		p.src.sites.fill(p.report, p.trace, m)
		if err := estimateSites(p.report, p.src.rec, p.trace, m, &ends); err != nil {
			b.Fatal(err)
		}
		for _, s := range p.report.HeapSites {
			exact[line{s.Pos, s.Callee}] += float64(s.Bytes)
		}
		for _, e := range p.report.SiteEstimates {
			said[line{e.Pos, e.Callee}] = e
		}
		p.src.close()
	}
	var top []line
	for l := range exact {
		top = append(top, l)
	}
	slices.SortFunc(top, func(x, y line) int { return cmp.Compare(exact[y], exact[x]) })
	const most = 20
	var errs []float64
	found, inside := 0, 0
	for _, l := range top[:min(most, len(top))] {
		e := said[l]
		if e == nil {
			b.Logf("%s:%d %s: %.0f bytes, not in the profile", l.File, l.Line, l.callee, exact[l])
			continue
		}
		found++
		errs = append(errs, math.Abs(float64(e.Bytes.Likely)/exact[l]-1))
		if v := int64(exact[l]); v >= e.Bytes.Low && v <= e.Bytes.High {
			inside++
		} else {
			b.Logf("%s:%d %s: %.0f bytes, said %+v", l.File, l.Line, l.callee, exact[l], e.Bytes)
		}
	}
	slices.Sort(errs)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(found), "found-of-20")
	b.ReportMetric(float64(inside), "inside-of-range")
	if len(errs) > 0 {
		b.ReportMetric(100*errs[len(errs)/2], "median-error-%")
	}
}

func TestStandardOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ fn, file, want string }{
		{"runtime.goexit", "/usr/local/go/src/runtime/asm_amd64.s", "/usr/local/go/src/"},
		{"runtime.mapassign_faststr", "/usr/local/go/src/internal/runtime/maps/runtime_faststr.go", ""},
		{"runtime.f", "/usr/local/go/src/internal/runtime/f.go", ""},
		{"strings.genSplit", "/usr/local/go/src/strings/strings.go", ""},
		{"example.com/m/runtime.F", "/m/runtime/f.go", ""},
		{"runtime.goexit", "runtime/asm_amd64.s", ""}, // -trimpath
	} {
		if got := standardOf(tt.fn, tt.file); got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.fn, tt.file, got, tt.want)
		}
	}
}
