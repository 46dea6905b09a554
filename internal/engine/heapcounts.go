package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
)

// runtimeCounts are what the runtime of a recorded program counted, nil where that is not
// known. Of so many collections the trace has the end.
func runtimeCounts(rec *recording.File, ended int) *alloc.HeapCounts {
	if rec == nil || rec.Start == nil || rec.Stop == nil || rec.Stop.MemStats.Mallocs == 0 {
		return nil
	}
	before, after := &rec.Start.MemStats, &rec.Stop.MemStats
	c := &alloc.HeapCounts{
		Objects: int64(after.Mallocs - before.Mallocs), Bytes: int64(after.TotalAlloc - before.TotalAlloc),
		// Only a process that records itself counts at the trace's begin and end.
		Around: rec.Start.Go == "",
	}
	// A collection that ends behind the trace has freed what lives in it, even where it
	// began before.
	if !c.Around && after.NumGC-before.NumGC == uint32(ended) {
		c.LiveBytes, c.InuseBytes = int64(after.HeapAlloc), int64(after.HeapInuse)
	}
	return c
}
