package engine

import (
	"runtime"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/whatif"
)

// TestScannedRoots has a metric tell of the last cycle that was done.
func TestScannedRoots(t *testing.T) {
	t.Parallel()
	sample := func(time int64, stacks, globals float64) recording.Sample {
		return recording.Sample{Time: time, Values: map[string]float64{"/gc/scan/stack:bytes": stacks, "/gc/scan/globals:bytes": globals}}
	}
	rec := &recording.File{Start: &recording.Start{Time: 1000}, Metrics: []recording.Sample{
		sample(1000, 7, 50), sample(1100, 10, 60), sample(1200, 10, 60), sample(1300, 30, 55), {Time: 1400},
	}}
	cycles := []whatif.Cycle{{Time: 50, Stacks: 1}, {Time: 150, Stacks: 2}, {Time: 220, Stacks: 3}, {Time: 290, Stacks: 4}, {Time: 310, Stacks: 5}}
	if globals := scannedRoots(rec, cycles); globals != 60 {
		t.Errorf("%d bytes of globals, want 60", globals)
	}
	for i, want := range []int64{10, 10, 30, 30, 5} { // what is behind the metrics is as it was
		if got := cycles[i].Stacks; got != want {
			t.Errorf("cycle %d: %d bytes of stacks, want %d", i, got, want)
		}
	}
}

// TestNonHeap leaves out what the tracer took of the system.
func TestNonHeap(t *testing.T) {
	t.Parallel()
	memory := func(stacks, other, profile uint64) runtime.MemStats {
		return runtime.MemStats{StackSys: stacks, MSpanSys: 1, MCacheSys: 2, GCSys: 3, OtherSys: other, BuckHashSys: profile}
	}
	start := recording.Start{MemStats: memory(100, 9000, 10)}
	stop := recording.Stop{MemStats: memory(200, 5000, 70)}
	told := start
	told.OtherSys = 4000
	for _, tt := range []struct {
		name string
		rec  recording.File
		want int64
	}{
		{"told", recording.File{Start: &told, Stop: &stop}, 206 + 4000 + 10},
		{"told, without an end", recording.File{Start: &told}, 106 + 4000 + 10},
		{"not told", recording.File{Start: &start, Stop: &stop}, 206 + 5000 + 10},
		{"not told, without an end", recording.File{Start: &start}, 106 + 9000 + 10},
		{"an end that knows nothing", recording.File{Start: &start, Stop: &recording.Stop{}}, 106 + 9000 + 10},
	} {
		if got := nonHeap(&tt.rec); got != tt.want {
			t.Errorf("%s: %d bytes, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAsWrong widens a range to the side on which the recording itself lies.
func TestAsWrong(t *testing.T) {
	t.Parallel()
	recorded := &alloc.WhatIf{
		Collections: alloc.Estimate{Likely: 100}, PeakMarked: alloc.Estimate{Likely: 50}, GCCPU: &alloc.Estimate{Likely: 10},
		Recorded: &alloc.WhatIfRecorded{Collections: 120, Peak: 40},
	}
	w := &alloc.WhatIf{
		Collections: alloc.Estimate{Low: 10, Likely: 20, High: 30}, Peak: alloc.Estimate{Low: 100, Likely: 200, High: 300},
		GCCPU: &alloc.Estimate{Low: 1, Likely: 2, High: 3},
	}
	asWrong(w, recorded)
	for _, tt := range []struct {
		what      string
		got, want alloc.Estimate
	}{
		{"collections", w.Collections, alloc.Estimate{Low: 10, Likely: 20, High: 36}},
		{"heap", w.Peak, alloc.Estimate{Low: 80, Likely: 200, High: 300}},
		{"CPU, of which the recording says nothing", *w.GCCPU, alloc.Estimate{Low: 1, Likely: 2, High: 3}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

// TestStopping: one processor has nobody to wait for.
func TestStopping(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		procs, recorded int
		want            float64
	}{{1, 2, 0}, {2, 2, 1}, {8, 2, 1}, {2, 5, 0.25}, {1, 1, 1}, {4, 1, 1}} {
		if got := stopping(tt.procs, tt.recorded); got != tt.want {
			t.Errorf("%d processors instead of %d stop for %v of the time, want %v", tt.procs, tt.recorded, got, tt.want)
		}
	}
}
