package engine

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

// TestRuntimeCounts tells which counters of the runtime a replay is held to.
func TestRuntimeCounts(t *testing.T) {
	t.Parallel()
	start := recording.Start{Go: "go1.26.0", MemStats: runtime.MemStats{Mallocs: 10, TotalAlloc: 100}}
	stop := recording.Stop{MemStats: runtime.MemStats{Mallocs: 30, TotalAlloc: 400, HeapAlloc: 70, HeapInuse: 80}}
	foreign := recording.Start{MemStats: start.MemStats}
	counted := alloc.HeapCounted{Objects: 20, Bytes: 300, LiveBytes: 70, InuseBytes: 80}
	replayed := &heapmap.Counted{
		From: heapmap.Counts{Allocs: 18, AllocBytes: 290, LiveBytes: 73, Inuse: 78},
		To:   heapmap.Counts{Allocs: 19, AllocBytes: 310, LiveBytes: 71, Inuse: 79},
	}
	for _, tt := range []struct {
		name     string
		rec      *recording.File
		replayed *heapmap.Counted
		want     *alloc.HeapCounts
	}{
		{"of one moment", &recording.File{Start: &start, Stop: &stop}, replayed,
			&alloc.HeapCounts{HeapCounted: counted, Replayed: &alloc.HeapCounted{Objects: 19, Bytes: 300, LiveBytes: 71, InuseBytes: 79}}},
		{"the trace ends before", &recording.File{Start: &start, Stop: &stop}, nil, &alloc.HeapCounts{HeapCounted: counted}},
		{"read from outside", &recording.File{Start: &foreign, Stop: &stop}, nil, &alloc.HeapCounts{HeapCounted: counted, Around: true}},
		{"no counters at the end", &recording.File{Start: &start, Stop: &recording.Stop{}}, nil, nil},
		{"no end", &recording.File{Start: &start}, nil, nil},
		{"a trace alone", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, runtimeCounts(tt.rec, tt.replayed)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
