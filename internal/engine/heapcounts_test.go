package engine

import (
	"runtime"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
)

// TestRuntimeCounts tells which counters of the runtime a replay is held to.
func TestRuntimeCounts(t *testing.T) {
	t.Parallel()
	start := recording.Start{Go: "go1.26.0", MemStats: runtime.MemStats{Mallocs: 10, TotalAlloc: 100, NumGC: 3}}
	stop := recording.Stop{MemStats: runtime.MemStats{Mallocs: 30, TotalAlloc: 400, NumGC: 5, HeapAlloc: 70, HeapInuse: 80}}
	foreign := recording.Start{MemStats: start.MemStats}
	whole := alloc.HeapCounts{Objects: 20, Bytes: 300, LiveBytes: 70, InuseBytes: 80}
	for _, tt := range []struct {
		name  string
		rec   *recording.File
		ended int // collections in the trace
		want  *alloc.HeapCounts
	}{
		{"as many", &recording.File{Start: &start, Stop: &stop}, 2, &whole},
		{"one ended behind the trace", &recording.File{Start: &start, Stop: &stop}, 1, &alloc.HeapCounts{Objects: 20, Bytes: 300}},
		{"read from outside", &recording.File{Start: &foreign, Stop: &stop}, 2, &alloc.HeapCounts{Objects: 20, Bytes: 300, Around: true}},
		{"no counters at the end", &recording.File{Start: &start, Stop: &recording.Stop{}}, 0, nil},
		{"no end", &recording.File{Start: &start}, 0, nil},
		{"a trace alone", nil, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runtimeCounts(tt.rec, tt.ended)
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
