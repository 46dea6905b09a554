package heaprecord

import (
	"testing"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

// TestCounts holds a recording to the counters of a program that goes on while its trace
// is ended: they are of a moment that the trace has.
func TestCounts(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "run", ".", "forever", "and forget")
	req.Duration = 300 * time.Millisecond
	record(t, t.Context(), req)
	r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out})
	if err != nil {
		t.Fatal(err)
	}
	held(t, r.Heap.Runtime)
	if c := r.Heap.Runtime; c.Objects > r.Heap.Objects {
		t.Errorf("%d objects at the counters, %d in all of the trace", c.Objects, r.Heap.Objects)
	}
}

// held holds a replay to the counters of the program that was recorded.
func held(t *testing.T, c *alloc.HeapCounts) {
	t.Helper()
	if c == nil || c.Around || c.Replayed == nil {
		t.Fatalf("the counters are %+v", c)
	}
	for _, x := range []struct {
		what      string
		got, want int64
		within    float64 // of want
	}{
		{"objects", c.Replayed.Objects, c.Objects, 0.002},
		{"bytes", c.Replayed.Bytes, c.Bytes, 0.002},
		{"live", c.Replayed.LiveBytes, c.LiveBytes, 0.01},
		{"spans", c.Replayed.InuseBytes, c.InuseBytes, 0.01},
	} {
		if d := float64(x.got - x.want); d > x.within*float64(x.want) || -d > x.within*float64(x.want) {
			t.Errorf("%s: %d, the runtime counted %d", x.what, x.got, x.want)
		}
	}
}
