package alloctrace

// The clock of a trace has a step of 64 ns (runtime/tracetime.go), and each event of a
// thread is at least a step behind the one before (traceWriter.event,
// runtime/traceevent.go). Sweeping writes an event in less than half of that, so that a
// thread gets ahead of the time, by hundreds of µs, and what it has freed is told to be
// used before, by another. The true time of an event one step behind another is unknown,
// but it is not before the last event of its thread that is more than a step behind.
//
// So where an event does not fit, and another thread has what would make it fit, not
// surely later, that thread's events come first. All others stay where they are.

// An arrival is where the events of a generation are brought in order.
type arrival struct {
	r       *Reader
	g       *generation
	cursors []cursor
	yield   func() bool
	looks   int64 // events that may still be looked at ahead of their turn
}

// looksPerByte bounds what a damaged trace, in which little fits, costs.
const looksPerByte = 4

// deliver hands on the event of a cursor, and before it those of other threads that it
// needs. It reports whether more are wanted.
func (a *arrival) deliver(c *cursor) (more bool, err error) {
	r := a.r
	r.strict = true
	is := r.event(a.g, c)
	for r.unfit {
		r.unfit, r.strict = false, false
		o, n := a.needed(c)
		for range n {
			c.busy = true
			more, err := a.deliver(o)
			c.busy = false
			if !more || err != nil {
				return more, err
			}
			if err := o.next(); err != nil {
				return false, err
			}
		}
		r.strict = n > 0
		is = r.event(a.g, c)
	}
	r.strict = false
	if !is {
		return true, nil
	}
	if r.typeMissing() {
		ev := r.ev
		r.ev.Kind, r.ev.Why, r.ev.Of = Misfit, TypeUnknown, 0
		if !a.yield() {
			return false, nil
		}
		r.ev = ev
	}
	return a.yield(), nil
}

// needed finds the thread whose next n events have one, the last of them, without which
// the event of c does not fit, and which may be before it; n is 0 if there is none.
func (a *arrival) needed(c *cursor) (o *cursor, n int) {
	for i := range a.cursors {
		o := &a.cursors[i]
		if o == c || o.busy {
			continue
		}
		ahead := *o
		for n := 1; !ahead.ended() && ahead.exact <= c.tick && a.looks > 0; n++ {
			if a.r.layout.touches(c, &ahead) {
				return o, n
			}
			a.looks--
			if ahead.next() != nil {
				break
			}
		}
	}
	return nil, 0
}

// touches reports whether the event of o changes what that of c does not fit: the span
// there, or the slot.
func (l *layout) touches(c, o *cursor) bool {
	page := c.args[0]
	object := c.typ == evHeapObjectAlloc || c.typ == evHeapObjectFree
	if object {
		page /= perPage
	}
	switch n := l.at(page); o.typ {
	case evSpanAlloc:
		return n == noSpan && page-o.args[0] < o.args[1]
	case evSpanFree:
		return n != noSpan && l.spans[n].page == o.args[0]
	case evHeapObjectAlloc, evHeapObjectFree:
		if !object || o.typ == c.typ || n == noSpan || l.at(o.args[0]/perPage) != n {
			return false
		}
		s := &l.spans[n]
		at := s.slot(c.args[0]*objectAlign-s.page*PageBytes, true)
		return at >= 0 && at == s.slot(o.args[0]*objectAlign-s.page*PageBytes, true)
	}
	return false
}
