package engine

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
)

// stackOf are frames of functions, of a file each as Go names it.
func stackOf(funcs ...string) (stack []alloctrace.Frame) {
	for _, f := range funcs {
		file := "/go/src/runtime/malloc.go"
		switch f {
		case "main.f", "main.main":
			file = "/m/main.go"
		case "strings.(*Builder).grow":
			file = "/go/src/strings/builder.go"
		case "main.stackwardAgent":
			file = "/m/zz_stackward_agent.go"
		}
		stack = append(stack, alloctrace.Frame{Func: f, File: file, Line: 7})
	}
	return stack
}

func TestWorkOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stack []string
		want  work
	}{
		{nil, work{}},
		{[]string{"runtime.memmove", "main.f"}, work{}},
		{[]string{"runtime.nextFreeFast", "runtime.mallocgcSmallScanNoHeader", "runtime.mallocgc", "runtime.newobject", "main.f"}, work{allocates: true}},
		{[]string{"runtime.memmove", "runtime.growslice", "main.f"}, work{allocates: true}},
		{[]string{"runtime.scanobject", "runtime.gcDrainN", "runtime.gcAssistAlloc1", "runtime.gcAssistAlloc.func2", "runtime.systemstack", "runtime.gcAssistAlloc", "runtime.mallocgc", "main.f"}, work{allocates: true, collects: true, marks: true}},
		{[]string{"runtime.(*sweepLocked).sweep", "runtime.(*mcentral).cacheSpan", "runtime.(*mcache).refill", "runtime.mallocgc", "main.f"}, work{allocates: true, collects: true}},
		{[]string{"runtime.scanobject", "runtime.gcDrain", "runtime.gcDrainMarkWorkerDedicated", "runtime.gcBgMarkWorker.func2", "runtime.systemstack", "runtime.gcBgMarkWorker"}, work{collects: true, marks: true}},
		{[]string{"runtime.scanobject", "runtime.gcDrain", "runtime.gcDrainMarkWorkerIdle", "runtime.gcBgMarkWorker.func2", "runtime.gcBgMarkWorker"}, work{collects: true, marks: true, idle: true}},
		{[]string{"runtime.sweepone", "runtime.bgsweep"}, work{collects: true}},
		{[]string{"runtime.sweepone", "runtime.GC", "main.f"}, work{collects: true}},
		{[]string{"runtime.traceAcquireEnabled", "runtime.postMallocgcDebug", "runtime.mallocgc", "main.f"}, work{recording: true, allocates: true}},
		{[]string{"runtime.tracebackPCs", "runtime.callers", "runtime.Callers", "main.f"}, work{}},
		{[]string{"runtime.mallocgc", "runtime.newobject", "main.stackwardAgent"}, work{recording: true, allocates: true}},
		{[]string{"runtime.adjustframe", "runtime.copystack", "runtime.newstack", "main.f"}, work{grows: true}},
		{[]string{"runtime.memmove", "runtime.copystack", "runtime.shrinkstack", "runtime.scanstack", "runtime.gcDrain"}, work{collects: true, marks: true}},
		{[]string{"runtime.schedule", "runtime.gopreempt_m", "runtime.newstack", "main.f"}, work{}},
		// A library's own functions of these names are not the runtime's.
		{[]string{"main.mallocgc", "main.f"}, work{}},
		{[]string{"runtime.gcallers", "main.f"}, work{}},
	} {
		if got := workOf(stackOf(tt.stack...)); got != tt.want {
			t.Errorf("%q: %+v, want %+v", tt.stack, got, tt.want)
		}
	}
}

func TestShareOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ k, n, low, high int64 }{ // in thousandths
		{0, 100, 0, 37}, {2, 100, 6, 70}, {50, 100, 404, 596}, {100, 100, 963, 1000}, {500, 1000, 469, 531}, {0, 1, 0, 793},
	} {
		s := shareOf(tt.k, tt.n)
		if s.Samples != tt.k || s.Likely != float64(tt.k)/float64(tt.n) || int64(s.Low*1000+0.5) != tt.low || int64(s.High*1000+0.5) != tt.high {
			t.Errorf("%d of %d: %+v, want %d to %d thousandths", tt.k, tt.n, s, tt.low, tt.high)
		}
	}
}

// TestCPUSites ties samples to the sites that bytes are known of.
func TestCPUSites(t *testing.T) {
	t.Parallel()
	c := newCPUSamples(100, "/m", "example.com/m")
	add := func(n int, time int64, funcs ...string) {
		for range n {
			c.add(&alloctrace.Sample{Time: time, Stack: stackOf(funcs...)})
		}
	}
	add(60, 1, "main.f", "main.main")
	add(20, 2, "runtime.mallocgc", "runtime.newobject", "main.f", "main.main")
	add(4, 3, "runtime.mallocgc", "runtime.makeslice", "strings.(*Builder).grow", "main.f", "main.main")
	add(1, 3, "runtime.gcAssistAlloc", "runtime.mallocgc", "runtime.makeslice", "strings.(*Builder).grow", "main.f")
	add(9, 4, "runtime.gcBgMarkWorker")
	add(6, 100, "runtime.mallocgc", "runtime.malg") // for the runtime itself
	add(7, 50, "runtime.postMallocgcDebug", "runtime.mallocgc", "main.f")
	add(99, 101, "main.f") // behind the moment
	r := &alloc.Report{
		Heap: &alloc.Heap{Bytes: 1000},
		HeapSites: []*alloc.HeapSite{
			{Pos: alloc.Pos{File: "main.go", Line: 7}, Func: "example.com/m.f", Type: "int", HeapLives: alloc.HeapLives{Bytes: 300}},
			{Pos: alloc.Pos{File: "main.go", Line: 7}, Func: "example.com/m.f", Type: "bool", HeapLives: alloc.HeapLives{Bytes: 200}},
			{Pos: alloc.Pos{File: "main.go", Line: 9}, Func: "example.com/m.g", HeapLives: alloc.HeapLives{Bytes: 100}},
		},
	}
	c.fill(r)
	h := r.Heap.CPU
	if h.Samples != 100 || h.Recording != 7 || h.Allocation.Samples != 30 || h.Collection.Samples != 10 || h.Paid.Samples != 1 || h.First != 1 || h.Last != 100 {
		t.Errorf("%+v", h)
	}
	if len(r.CPUSites) != 3 {
		t.Fatalf("%d sites", len(r.CPUSites))
	}
	for i, want := range []struct {
		line        int
		fn, callee  string
		alloc, paid int64
		collection  float64 // of a tenth of the time
	}{
		{7, "example.com/m.f", "", 20, 0, 0.05},
		{7, "example.com/m.f", "strings.(*Builder).grow", 4, 1, -1},
		{9, "example.com/m.g", "", 0, 0, 0.01},
	} {
		s := r.CPUSites[i]
		collection := -1.0
		if s.Collection != nil {
			collection = *s.Collection
		}
		if s.File != "main.go" || s.Line != want.line || s.Func != want.fn || s.Callee != want.callee ||
			s.Allocation.Samples != want.alloc || s.Paid.Samples != want.paid || int(collection*1000) != int(want.collection*1000) {
			t.Errorf("site %d: %+v, %v of the collector; want %+v", i, s, collection, want)
		}
	}
}

// TestSampledCPU has 0.9 s of marking by the collector's log, and samples of it.
func TestSampledCPU(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		marking int // samples
		source  alloc.GCSource
		want    int64 // ns
	}{
		{100, alloc.FromGCLog, 0}, {90, alloc.FromGCLog, 0}, {30, alloc.FromGCLog, 305e6}, {30, alloc.FromTrace, 0},
	} {
		c := newCPUSamples(0, "/m", "example.com/m")
		for range tt.marking {
			c.add(&alloctrace.Sample{Time: 5, Stack: stackOf("runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker")})
		}
		c.add(&alloctrace.Sample{Time: 9, Stack: stackOf("main.f", "main.main")})
		r := &alloc.Report{Heap: &alloc.Heap{GCCPU: &alloc.GCCPU{Source: tt.source}}, Collections: []*alloc.Collection{
			{Begin: 4, CPU: &alloc.CollectionCPU{Workers: 6e8, Assists: 3e8, Pauses: 1e8, Idle: 5e8}},
			{Begin: 10, CPU: &alloc.CollectionCPU{Workers: 9e9}}, // behind the samples
		}}
		c.fill(r)
		if got := r.Heap.GCCPU.SampledNs; got != tt.want {
			t.Errorf("%d samples: %d ns, want %d", tt.marking, got, tt.want)
		}
	}
}
