package cost

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

func TestWeigh(t *testing.T) {
	own := &alloc.Site{ID: "m.F#new(T)#1", Pos: alloc.Pos{File: "/m/a.go", Line: 3}, Kind: alloc.New, Cause: alloc.Returned}
	dep := &alloc.Site{ID: "fmt.Sprint#x#1", Pos: alloc.Pos{File: "/go/fmt.go", Line: 9}, Kind: alloc.String, Cause: alloc.Conversion}
	silent := &alloc.Site{ID: "m.G#new(T)#1", Pos: alloc.Pos{File: "/m/a.go", Line: 8}, Kind: alloc.New}
	call := func(line int) []alloc.Frame {
		return []alloc.Frame{
			{Func: "runtime.slicebytetostring", File: "/go/string.go", Line: 1},
			{Func: "fmt.Sprint", File: "/go/fmt.go", Line: 9},
			{Func: "m.F", File: "/m/a.go", Line: line},
			{Func: "m.BenchmarkF", File: "/m/a_test.go", Line: 1},
		}
	}
	samples := []alloc.Sample{
		{Allocs: 200, Bytes: 1600, Frames: []alloc.Frame{{Func: "m.F", File: "/m/a.go", Line: 3}}},
		{Allocs: 100, Bytes: 1600, Frames: call(4)},
		{Allocs: 50, Bytes: 800, Frames: call(5)},
		{Allocs: 50, Bytes: 0, Frames: nil},                                                    // placed nowhere
		{Allocs: 10, Frames: []alloc.Frame{{Func: "m.G", File: "/m/a.go", Line: 8}}},           // no cause
		{Allocs: 20, Frames: []alloc.Frame{{Func: "fmt.Sprint", File: "/go/fmt.go", Line: 9}}}, // no line of the user's
	}
	sc := Scale{
		Ops: 100,
		Place: func(s *alloc.Sample) *alloc.Site {
			switch {
			case s.Frames == nil:
				return nil
			case s.Frames[0].Func == "m.F":
				return own
			case s.Frames[0].Func == "m.G":
				return silent
			}
			return dep
		},
		Own: func(fn string) bool { return strings.HasPrefix(fn, "m.") },
	}
	b := &alloc.Benchmark{Name: "BenchmarkF", AllocsPerOp: 5, GC: &alloc.GC{CPUShare: 0.5}}
	got := sc.Weigh(b, samples)
	via := func(line int) []alloc.Frame {
		return []alloc.Frame{
			{Func: "m.F", File: "/m/a.go", Line: line},
			{Func: "fmt.Sprint", File: "/go/fmt.go", Line: 9},
		}
	}
	want := []*alloc.Cost{
		{Site: own.ID, Source: "BenchmarkF", AllocsPerOp: 2, BytesPerOp: 16, Share: 0.4, GCShare: 0.2, Caller: "/m/a.go:3"},
		{Site: dep.ID, Source: "BenchmarkF", AllocsPerOp: 1, BytesPerOp: 16, Share: 0.2, GCShare: 0.2, Caller: "/m/a.go:4", Via: via(4)},
		{Site: dep.ID, Source: "BenchmarkF", AllocsPerOp: 0.5, BytesPerOp: 8, Share: 0.1, GCShare: 0.1, Caller: "/m/a.go:5", Via: via(5)},
		{Site: dep.ID, Source: "BenchmarkF", AllocsPerOp: 0.2, Share: 0.04},
		{Site: silent.ID, Source: "BenchmarkF", AllocsPerOp: 0.1, Share: 0.02, Caller: "/m/a.go:8"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("costs (-want +got):\n%s", diff)
	}
	// 5 reported: 3.5 explained, 0.5 recorded without a place, 0.1 without a
	// cause, 0.2 without a line, 0.7 not recorded.
	if math.Abs(b.UnexplainedAllocsPerOp-1.5) > 1e-9 || math.Abs(b.Explained-0.7) > 1e-9 || math.Abs(b.RecordedAllocsPerOp-4.3) > 1e-9 {
		t.Errorf("unexplained %v, explained %v, recorded %v; want 1.5, 0.7, 4.3", b.UnexplainedAllocsPerOp, b.Explained, b.RecordedAllocsPerOp)
	}
}

func TestWeighNothing(t *testing.T) {
	b := &alloc.Benchmark{Name: "BenchmarkZero"}
	if costs := (Scale{Ops: 1000}).Weigh(b, nil); len(costs) != 0 {
		t.Errorf("costs of no samples: %v", costs)
	}
	if b.Explained != 1 || b.UnexplainedAllocsPerOp != 0 {
		t.Errorf("explained %v, unexplained %v; want 1, 0", b.Explained, b.UnexplainedAllocsPerOp)
	}
}

// TestPath checks the path to a site whose body was inlined without a frame.
func TestPath(t *testing.T) {
	site := &alloc.Site{Package: "m", Func: "Set[...]", Pos: alloc.Pos{File: "/m/g.go", Line: 5}}
	sc := Scale{Own: func(fn string) bool { return strings.HasPrefix(fn, "m.") }}
	via, caller := sc.path(site, []alloc.Frame{
		{Func: "runtime.mallocgc", File: "/go/malloc.go", Line: 2},
		{Func: "runtime.newobject", File: "/go/malloc.go", Line: 1},
		{Func: "m.Use", File: "/m/a.go", Line: 9},
	})
	want := []alloc.Frame{
		{Func: "m.Use", File: "/m/a.go", Line: 9},
		{Func: "m.Set[...]", File: "/m/g.go", Line: 5, Inlined: true},
	}
	if diff := cmp.Diff(want, via); diff != "" || caller != "/m/a.go:9" {
		t.Errorf("caller %s, path (-want +got):\n%s", caller, diff)
	}
}
