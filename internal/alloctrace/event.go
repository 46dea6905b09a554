package alloctrace

// event makes an event of what a cursor has read. It reports whether there is one.
func (r *Reader) event(g *generation, c *cursor) bool {
	e := &r.ev
	r.now = max(r.now, r.time(c.tick))
	e.Time, e.Thread, e.Goroutine, e.Proc = r.now, c.id, c.thread.goroutine, c.thread.proc
	e.N, e.Addr, e.Span, e.Slot, e.Type, e.Class, e.Why, e.Of, e.Reason, e.Stack, e.Start = 0, 0, noSpan, 0, 0, 0, 0, 0, "", nil, nil
	switch c.typ {
	case evHeapObjectAlloc:
		return r.object(ObjectAlloc, c)
	case evHeapObjectFree:
		return r.object(ObjectFree, c)
	case evHeapObject:
		return r.object(ObjectExists, c)
	case evSpan, evSpanAlloc, evSpanFree:
		return r.span(c)
	case evStack, evStackAlloc, evStackFree:
		return r.stack(c)
	case evSTWBegin:
		switch e.Kind, e.Reason = PauseBegin, g.text(c.args[0]); e.Reason {
		case MarkTermination:
			r.stops(c.thread)
		case ReadMemStats:
			e.Stack = g.stack(c.args[1])
		}
	case evSTWEnd:
		e.Kind = PauseEnd
	case evGCActive:
		e.Kind, e.N = MarkActive, c.args[0]
	case evGCBegin:
		e.Kind, e.N, e.Stack = MarkBegin, c.args[0], g.stack(c.args[1])
	case evGCEnd:
		e.Kind, e.N = MarkEnd, c.args[0]
	case evGCSweepEnd:
		e.Kind, e.N = SweepEnd, c.args[1]
	case evAssistBegin:
		e.Kind = AssistBegin
		r.assistBegins(e.Goroutine, true)
	case evAssistActive:
		e.Kind, e.Goroutine = AssistBegin, int64(c.args[0])
		r.assistBegins(e.Goroutine, c.thread.goroutine == e.Goroutine)
	case evAssistEnd:
		e.Kind, e.N = AssistEnd, uint64(r.assistEnds(e.Goroutine))
	case evGoLabel:
		r.label(g, c)
		return false
	case evHeapAlloc:
		e.Kind, e.N = HeapLive, c.args[0]
	case evHeapGoal:
		e.Kind, e.N = HeapGoal, c.args[0]
	case evProcsChange:
		e.Kind, e.N = Procs, c.args[0]
	case evGoCreate, evGoCreateBlocked:
		e.Kind, e.N, e.Start = GoroutineBegin, c.args[0], g.start(c.args[1], c.args[2])
	case evGoStatusStack:
		r.schedule(c)
		switch {
		case c.args[0] == mainGoroutine:
			e.Start = mainStart
		case c.args[3] == 0:
			return false
		default:
			e.Start = g.start(0, c.args[3])
		}
		e.Kind, e.N = GoroutineExists, c.args[0]
	case evGoStatus:
		r.schedule(c)
		if c.args[0] != mainGoroutine {
			return false
		}
		e.Kind, e.N, e.Start = GoroutineExists, mainGoroutine, mainStart
	case evGoDestroy, evGoDestroySyscall, evGoSwitchDestroy:
		r.schedule(c)
		e.Kind = GoroutineEnd
		return e.Goroutine > 0
	default:
		return r.schedule(c)
	}
	return true
}

// schedule follows what runs on a thread. It reports whether there is an event.
func (r *Reader) schedule(c *cursor) (event bool) {
	t := c.thread
	switch c.typ {
	case evProcStart:
		t.proc = int32(c.args[0])
	case evProcStop:
		t.proc = -1
	case evProcSteal:
		if o := r.threads[c.args[2]]; o != nil && o.proc == int32(c.args[0]) {
			o.proc = -1
		}
	case evProcStatus:
		if c.args[1] == procRunning {
			t.proc = int32(c.args[0])
		}
	case evGoStart, evGoSwitch, evGoSwitchDestroy:
		event = r.leaves(t)
		t.goroutine = int64(c.args[0])
		r.arrives(t)
	case evGoStop, evGoBlock, evGoDestroy, evGoDestroySyscall, evGoSyscallBlocked:
		event = r.leaves(t)
		t.goroutine = 0
	case evGoStatus, evGoStatusStack:
		if o := r.threads[c.args[1]]; o != nil && c.args[2] == statusRunning {
			o.goroutine = int64(c.args[0])
			r.arrives(o)
		}
	}
	return event
}

// misfit makes the event one that does not fit.
func (r *Reader) misfit(of Kind, why Why) bool {
	if r.strict {
		r.unfit = true
		return false
	}
	r.ev.Kind, r.ev.Why, r.ev.Of = Misfit, why, of
	return true
}

// object is an object's event: args are its address in units of objectAlign above
// the base, and its type.
func (r *Reader) object(kind Kind, c *cursor) bool {
	e := &r.ev
	id := c.args[0]
	e.Addr = r.base + id*objectAlign
	n := r.layout.at(id / perPage)
	if n == noSpan {
		return r.misfit(kind, NoSpan)
	}
	s := &r.layout.spans[n]
	slot := s.slot(id*objectAlign-s.page*PageBytes, kind == ObjectAlloc)
	if slot < 0 {
		return r.misfit(kind, NoSlot)
	}
	word, bit := &s.live[slot>>6], uint64(1)<<(slot&63)
	// Objects that join a block of tiny ones fit; one at its beginning may open it anew.
	joins := s.class == TinyClass && id*objectAlign&(tinyBlock-1) != 0
	if r.strict && (*word&bit == 0) == (kind == ObjectFree) && !joins {
		r.unfit = true
		return false
	}
	e.Kind, e.Span, e.Slot, e.Class = kind, n, slot, s.class
	if kind == ObjectFree {
		*word &^= bit
		return true
	}
	*word |= bit
	if t := c.args[1]; t != 0 {
		e.Type = -1
		if t < uint64(len(r.typeIDs)) && r.typeIDs[t] != 0 {
			e.Type = r.typeIDs[t]
		}
	}
	return true
}

// typeMissing reports whether the event's type is not known, and makes it 0.
func (r *Reader) typeMissing() bool {
	missing := r.ev.Type < 0
	r.ev.Type = max(r.ev.Type, 0)
	return missing
}

// span is a span's event: args are its first page above the base, how many, and
// twice its class, or 1 for one without objects.
func (r *Reader) span(c *cursor) bool {
	e := &r.ev
	page := c.args[0]
	e.Addr = r.base + page*PageBytes
	old := r.layout.at(page)
	if c.typ == evSpanFree {
		if old == noSpan || r.layout.spans[old].page != page {
			return r.misfit(SpanFree, SpanUnknown)
		}
		s := &r.layout.spans[old]
		e.Kind, e.Span, e.Class, e.N = SpanFree, old, s.class, s.pages
		r.layout.remove(old)
		return true
	}
	class := Manual
	if c.args[2]&1 == 0 {
		class = Class(min(c.args[2]>>1, uint64(Manual)-1))
	}
	if old != noSpan {
		return r.misfit(SpanAlloc, SpanOverlap)
	}
	n, ok := r.layout.add(page, c.args[1], class)
	if !ok {
		return r.misfit(SpanAlloc, SpanSize)
	}
	e.Kind = SpanAlloc
	if c.typ == evSpan {
		e.Kind = SpanExists
	}
	e.Span, e.Class, e.N = n, class, c.args[1]
	return true
}

// stack is a goroutine stack's event: args are its address in units of the least
// stack above the base, and one more than the logarithm of its size. A goroutine
// that has ended may have none: 0.
func (r *Reader) stack(c *cursor) bool {
	e := &r.ev
	at := c.args[0] * r.stackAlign
	e.Addr = r.base + at
	e.Span = r.layout.at(at / PageBytes)
	if c.typ == evStackFree {
		e.Kind = StackFree
		return true
	}
	order := c.args[1]
	if order == 0 {
		return false
	}
	if order > 48 {
		return r.misfit(StackAlloc, StackSize)
	}
	e.Kind, e.N = StackAlloc, 1<<(order-1)
	if c.typ == evStack {
		e.Kind = StackExists
	}
	return true
}
