package heapmap

import (
	"cmp"
	"slices"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// An Owner is who has a span.
type Owner string

// The owners. Only that a span is there, and of which class, is in a trace; who has it
// follows from who allocated in it and what it has left (runtime/mcache.go, refill;
// runtime/mcentral.go).
const (
	// ByMcache: a P allocated in it last of all spans of the class, and marking has not
	// ended since: then all caches are flushed (gcMarkTermination, runtime/mgc.go).
	ByMcache Owner = "mcache"
	// ByPartial and ByFull are the lists of mcentral. A span that a P has cached since
	// the trace began or marking ended, and not allocated in, is taken to be there.
	ByPartial Owner = "mcentral partial"
	ByFull    Owner = "mcentral full"
	ByLarge   Owner = "large"
	ByStack   Owner = "stack"   // goroutines' stacks are in it, or were
	ByRuntime Owner = "runtime" // its own memory, or stacks that are kept for later
)

// A Span is a run of pages of one class at the moment of a map.
type Span struct {
	Addr   uint64
	Bytes  int64
	Slot   int64 // bytes of a slot, 0 of none
	Noscan bool
	Owner  Owner
	Proc   int32 // the P that has it cached, -1 none
	// Swept is that it was swept, or allocated, since marking ended last. Of one that is
	// not seen to be it is not known: a sweep that frees nothing leaves no trace.
	Swept bool
	Slots int64
	Live  int64 // slots
	Tiny  int64 // objects that share the live slots of tiny blocks, beyond one each
	Dead  int64 // of Live, as Map.Dead
}

// caches are the spans that a P allocates in, by class: their numbers + 1.
type caches [256]int32

// cache notes where a P allocates. An allocation is told of when it is done, and by then
// its goroutine may be on another P: a span that one P has cached stays with it.
func (m *Map) cache(e *alloctrace.Event, s *span) {
	if e.Proc < 0 || s.class.Size() == 0 {
		return
	}
	for int(e.Proc) >= len(m.cached) {
		m.cached = append(m.cached, caches{})
	}
	c := &m.cached[e.Proc][s.class]
	if *c == e.Span+1 || s.proc > 0 {
		return
	}
	m.uncache(*c)
	*c = e.Span + 1
	s.proc = e.Proc + 1
	s.swept = m.ended
}

// uncache takes a span, by its number + 1, from the P that has it cached.
func (m *Map) uncache(n int32) {
	if n > 0 {
		m.spans[n-1].proc = 0
	}
}

// flush empties the caches from a P on. What they hold is swept.
func (m *Map) flush(from int) {
	for p := from; p < len(m.cached); p++ {
		for _, n := range m.cached[p] {
			if m.uncache(n); n > 0 {
				m.spans[n-1].swept = m.ended
			}
		}
		m.cached[p] = caches{}
	}
}

// SpanList is all that there are, by address. Free pages are what is between them.
func (m *Map) SpanList() []Span {
	marking := m.last() != nil && m.last().End == 0
	var list []Span
	for i := range m.spans {
		s := &m.spans[i]
		if s.size == 0 {
			continue
		}
		out := Span{Addr: s.addr, Bytes: s.size, Proc: -1}
		switch {
		case s.class != alloctrace.Manual:
			m.fill(&out, s)
			out.Swept = marking || s.swept == m.ended
			if s.proc > 0 {
				out.Owner, out.Proc = ByMcache, s.proc-1
			}
		case s.stack:
			out.Owner = ByStack
		default:
			out.Owner = ByRuntime
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.Addr, b.Addr) })
	return list
}

// fill says what is in a span of objects.
func (m *Map) fill(out *Span, s *span) {
	out.Slot, out.Noscan = s.elem, s.class.Noscan()
	out.Slots, out.Live, out.Dead = int64(m.roomOf(s)), int64(s.live), int64(min(s.dead, s.live))
	for _, x := range s.slots {
		out.Tiny += x.tiny()
	}
	switch {
	case s.class.Size() == 0:
		out.Owner = ByLarge
	case out.Live == out.Slots:
		out.Owner = ByFull
	default:
		out.Owner = ByPartial
	}
}

// roomOf is how many objects a span has room for.
func (m *Map) roomOf(s *span) int32 { return Room(s.size, s.elem, s.class.Noscan(), m.inline) }

// An Arena is one of the parts, of 64 MiB, that the heap takes address space in.
type Arena struct {
	Addr uint64
	// Low and Top are how far spans have come, as far as was seen.
	Low, Top uint64
	// Used are bytes of spans that there are, of all kinds. What is free between can
	// be taken again, and may have gone back to the system.
	Used int64
}

// An extent is how far spans have come in an arena.
type extent struct{ low, top uint64 }

// inArenas calls f with each arena that addresses are in, and the part in it.
func inArenas(from, to uint64, f func(n, from, to uint64)) {
	for from < to {
		n := from >> arenaShift
		end := min(to, (n+1)<<arenaShift)
		f(n, from, end)
		from = end
	}
}

// reach notes a span from one address to another.
func (m *Map) reach(from, to uint64) {
	inArenas(from, to, func(n, from, to uint64) {
		x, ok := m.arenas[n]
		if !ok {
			x.low = from
		}
		m.arenas[n] = extent{min(x.low, from), max(x.top, to)}
	})
}

// ArenaList is all arenas that spans have been in, by address.
func (m *Map) ArenaList() []Arena {
	used := make(map[uint64]int64)
	for i := range m.spans {
		s := &m.spans[i]
		inArenas(s.addr, s.addr+uint64(s.size), func(n, from, to uint64) { used[n] += int64(to - from) })
	}
	var list []Arena
	for n, x := range m.arenas {
		list = append(list, Arena{Addr: n << arenaShift, Low: x.low, Top: x.top, Used: used[n]})
	}
	slices.SortFunc(list, func(a, b Arena) int { return cmp.Compare(a.Addr, b.Addr) })
	return list
}

// quarters is how many parts of a span's slots occupancy is told by.
const quarters = 4

// A Waste is what spans hold and no object uses, of a class or a site, in bytes.
type Waste struct {
	// Spans are those that hold objects, Alone those of them that hold no others.
	Spans, Alone int64
	// Free are free slots, Tail what is behind the last slots. Of a span in which
	// objects of several sites live each has the part that its live slots are of all.
	Free, Tail int64
	// Rounding is what the objects do not use of their slots.
	Rounding Range
	// Occupied counts small spans by how much of their slots live: up to a quarter, and
	// so on, and those that are full.
	Occupied [quarters + 1]int64
}

// WasteOfSites is the waste by Map.Site.
func (m *Map) WasteOfSites() []Waste {
	list := make([]Waste, len(m.sites))
	count := make(map[int32]int64)
	for n := range m.spans {
		s := &m.spans[n]
		if s.live == 0 || s.sites == nil {
			continue
		}
		clear(count)
		below := m.reader.SlotBytes(s.class.Size() - 1)
		for i, x := range s.slots {
			if x&slotLive == 0 {
				continue
			}
			site := s.sites[i]
			count[site]++
			if site > 0 {
				list[site].Rounding.add(unused(m.reader.Type(x.typ()).Bytes, s.class, s.elem, below))
			}
		}
		room := int64(m.roomOf(s))
		free, tail := (room-int64(s.live))*s.elem, s.size-room*s.elem
		for site, k := range count {
			if site == 0 {
				continue
			}
			w := &list[site]
			w.Spans++
			if len(count) == 1 {
				w.Alone++
			}
			w.Free += free * k / int64(s.live)
			w.Tail += tail * k / int64(s.live)
			if s.class.Size() > 0 {
				w.Occupied[occupied(int64(s.live), room)]++
			}
		}
	}
	return list
}

// Occupied counts the spans of each class by how much of their slots live, as Waste does.
func (m *Map) Occupied() (classes [256][quarters + 1]int64) {
	for n := range m.spans {
		s := &m.spans[n]
		if s.size > 0 && s.class != alloctrace.Manual && s.class.Size() > 0 && s.live > 0 {
			classes[s.class][occupied(int64(s.live), int64(m.roomOf(s)))]++
		}
	}
	return classes
}

func occupied(live, room int64) int64 {
	if live >= room {
		return quarters
	}
	return live * quarters / room
}
