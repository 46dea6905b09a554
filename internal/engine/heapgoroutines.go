package engine

import (
	"cmp"
	"regexp"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

// fillGoroutines puts into a report what goroutines' stacks did up to a moment, 0 the
// end. Rec is nil of a trace alone.
func fillGoroutines(r *alloc.Report, rec *recording.File, m *heapmap.Map, until int64) {
	list, untied := m.Goroutines()
	for _, g := range list {
		if ofRecorder(cmp.Or(g.Start.Func, g.Start.Called)) {
			continue
		}
		r.Goroutines = append(r.Goroutines, &alloc.GoroutineStacks{
			Func: g.Start.Func, Called: g.Start.Called, By: g.Start.By, Unsized: g.Unsized, WereUnsized: g.WereUnsized, Began: g.Began, Live: g.Live, Stacks: g.Stacks, Most: g.Most, Largest: g.Largest,
			Grown: g.Grown, Copied: g.Copied, Shrunk: g.Shrunk,
		})
	}
	r.Heap.StacksUntied = untied
	r.Heap.StartStacks = startStacks(rec, m, until)
}

// ofRecorder reports whether a goroutine with this first function is the recorder's or
// the tracer's own.
func ofRecorder(first string) bool { return recorderStart.MatchString(first) }

// recorderStart is what package benchrun adds to programs, and what runtime/trace
// starts (runtime/trace.go, go1.25 to go1.27).
var recorderStart = regexp.MustCompile(`\.(\(\*)?stackward[A-Z]|^runtime/trace\.|^runtime\.trace|^runtime\.\(\*trace`)
