package engine

import (
	"regexp"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// fillGoroutines puts into a report what goroutines' stacks did.
func fillGoroutines(r *alloc.Report, m *heapmap.Map) {
	list, untied := m.Goroutines()
	for _, g := range list {
		if ofRecorder(g.Start.Func) {
			continue
		}
		r.Goroutines = append(r.Goroutines, &alloc.GoroutineStacks{
			Func: g.Start.Func, By: g.Start.By, Began: g.Began, Live: g.Live, Stacks: g.Stacks, Most: g.Most, Largest: g.Largest,
			Grown: g.Grown, Copied: g.Copied, Shrunk: g.Shrunk,
		})
	}
	r.Heap.StacksUntied = untied
	for _, s := range m.StartSizes() {
		r.Heap.StartStacks = append(r.Heap.StartStacks, alloc.StartStack{At: s.Time, Bytes: s.Bytes})
	}
}

// ofRecorder reports whether a goroutine with this first function is the recorder's or
// the tracer's own.
func ofRecorder(first string) bool { return recorderStart.MatchString(first) }

// recorderStart is what package benchrun adds to programs, and what runtime/trace
// starts (runtime/trace.go, go1.25 to go1.27).
var recorderStart = regexp.MustCompile(`\.(\(\*)?stackward[A-Z]|^runtime/trace\.|^runtime\.trace|^runtime\.\(\*trace`)
