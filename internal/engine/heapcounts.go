package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

// runtimeCounts are what the runtime of a recorded program counted, nil where that is not
// known. replayed is what the replay has for it, nil where the trace has not come to that
// moment.
func runtimeCounts(rec *recording.File, replayed *heapmap.Counted) *alloc.HeapCounts {
	if rec == nil || rec.Start == nil || rec.Stop == nil || rec.Stop.MemStats.Mallocs == 0 {
		return nil
	}
	before, after := &rec.Start.MemStats, &rec.Stop.MemStats
	c := &alloc.HeapCounts{
		HeapCounted: alloc.HeapCounted{
			Objects: int64(after.Mallocs - before.Mallocs), Bytes: int64(after.TotalAlloc - before.TotalAlloc),
			LiveBytes: int64(after.HeapAlloc), InuseBytes: int64(after.HeapInuse),
		},
		Around: rec.Start.Go == "", // a process that records itself knows its version
	}
	if r := replayed; r != nil {
		c.Replayed = &alloc.HeapCounted{
			Objects: nearest(c.Objects, r.From.Allocs, r.To.Allocs), Bytes: nearest(c.Bytes, r.From.AllocBytes, r.To.AllocBytes),
			LiveBytes: nearest(c.LiveBytes, r.From.LiveBytes, r.To.LiveBytes), InuseBytes: nearest(c.InuseBytes, r.From.Inuse, r.To.Inuse),
		}
	}
	return c
}

// nearest is what is nearest to n of all between two numbers.
func nearest(n, a, b int64) int64 { return min(max(n, min(a, b)), max(a, b)) }
