package engine

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

// TestGCCPUShare is of the process's CPU time only where all of it was recorded.
func TestGCCPUShare(t *testing.T) {
	t.Parallel()
	for why, want := range map[string]bool{
		recording.WhyExit: true, recording.WhyAsked: true, recording.WhyMaxSize: false, recording.WhyDuration: false, "": true,
	} {
		rec := &recording.File{End: &recording.End{CPUSeconds: 2}}
		if why != "" {
			rec.Stop = &recording.Stop{Why: why}
		}
		c := heapmap.Collection{Begin: 1, End: 2}
		c.CPU.Workers = 1e9
		r := &alloc.Report{Heap: &alloc.Heap{}, Collections: []*alloc.Collection{{}}}
		fillGCCPU(r, rec, &heapmap.Map{Collections: []heapmap.Collection{c}}, true)
		if g := r.Heap.GCCPU; g == nil || (g.Share != nil) != want || want && *g.Share != 0.5 {
			t.Errorf("a recording that ended by %q: %+v, want a share: %v", why, g, want)
		}
	}
}
