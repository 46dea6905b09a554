package engine

import (
	"bytes"
	"runtime/pprof"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

func TestFreedShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		freed, live int64
		want        float64
	}{{0, 0, 0}, {0, 7, 0}, {49, 151, 0.245}, {3, 0, 1}, {3, -1, 1}} {
		if got := livesOf(&heapmap.Lives{Freed: tt.freed, Live: tt.live}).FreedShare; got != tt.want {
			t.Errorf("%d freed, %d live: %v, want %v", tt.freed, tt.live, got, tt.want)
		}
	}
}

func TestNoEstimates(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := pprof.WriteHeapProfile(&b); err != nil {
		t.Fatal(err)
	}
	one := recording.Profile{Name: "heap", Data: b.Bytes()}
	start := recording.Profile{Name: "heap at start", Data: b.Bytes()}
	for _, tt := range []struct {
		name     string
		collect  bool
		profiles []recording.Profile
		want     string
	}{
		{"same, collected", true, []recording.Profile{start, one}, "the heap profile has nothing that was allocated since the beginning: record longer, or set runtime.MemProfileRate"},
		{"same", false, []recording.Profile{start, one}, "the heap profile has nothing that was allocated since the beginning. It is as of the last collection but one, and there was one; record longer"},
		{"none", false, nil, "the recording has no heap profile"},
	} {
		r := &alloc.Report{Heap: &alloc.Heap{Collections: 1}}
		if err := estimateSites(r, &recording.File{Header: recording.Header{URL: "http://m"}, Start: &recording.Start{Collected: tt.collect}, Profiles: tt.profiles}, nil, nil, nil); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if r.Heap.NoSites != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, r.Heap.NoSites, tt.want)
		}
	}
}
