package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// fillSpans puts into a report where the heap is, and with all each of its spans.
func fillSpans(r *alloc.Report, m *heapmap.Map, all bool) {
	for _, a := range m.ArenaList() {
		r.Arenas = append(r.Arenas, &alloc.HeapArena{Addr: a.Addr, Low: a.Low, Top: a.Top, Used: a.Used})
	}
	if !all {
		return
	}
	for _, s := range m.SpanList() {
		out := &alloc.HeapSpan{
			Addr: s.Addr, Bytes: s.Bytes, Slot: s.Slot, Noscan: s.Noscan, Owner: string(s.Owner), Swept: s.Swept,
			Slots: s.Slots, Live: s.Live, Tiny: s.Tiny,
		}
		if s.Proc >= 0 {
			out.Proc = &s.Proc
		}
		if m.DeadKnown {
			out.Dead = s.Dead
		}
		r.Spans = append(r.Spans, out)
	}
}

// wasteOf is a site's waste as a report has it.
func wasteOf(w *heapmap.Waste) *alloc.HeapWaste {
	if w.Spans == 0 {
		return nil
	}
	return &alloc.HeapWaste{
		Spans: w.Spans, Alone: w.Alone, Free: w.Free, Tail: w.Tail, Rounding: alloc.HeapRange(w.Rounding), Occupied: w.Occupied,
	}
}
