// Package heapmap replays the memory events of a trace into the state of the heap:
// which spans there are, of what class, and what lives in their slots.
//
//	alloctrace.Reader, its events → Map.Add → Classes, Types, Collections, Points, Stacks
//
// What a number means follows the runtime (runtime/mheap.go, runtime/malloc.go,
// go1.25 to go1.27):
//
//   - A slot is live from its allocation until it is swept, so garbage that no sweep
//     has come to is live, as it is in runtime.MemStats.HeapAlloc.
//   - An object is as large as its slot: what it was asked for is not in a trace, and
//     so what rounding loses is a range, by its type.
//   - Objects of the tiny allocator count each; their block's 16 bytes are those of
//     the one that opened it.
//
// A life is counted in collections: an object that is swept after the first one that
// began after its birth has survived none, and was temporary.
//
// Events that do not fit what was there before are counted, and otherwise passed
// over: an object in no span, one where another lives, a free where none does.
package heapmap

import (
	"go/version"
	"maps"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// A Map is the heap at one moment of a replay.
type Map struct {
	reader *alloctrace.Reader
	// inline is set where spans of small objects hold their mark bits: from go1.26
	// on, unless it was built with GOEXPERIMENT=nogreenteagc.
	inline bool
	now    int64

	arenas map[uint64]extent // that spans have been in
	spans  []span            // by number
	spare  [256][][]slot     // slots that can be used again, by span class

	classes [256]class
	types   []lives
	sites   []lives
	sizes   [128]lives // by size class, with pointers or without: those allocated since the beginning
	// Site is the number of the place at which the next ObjectAlloc was made, 0 not
	// known: who replays a trace that tells it gives each a number.
	Site   int32
	stacks stacks

	goroutines goroutines

	cached []caches // by P
	marks  int      // collections that have begun
	ended  int32    // of which marking has ended
	cycle  cycle
	Totals
	// Dead counts what lives at the moment of the map and had been found dead by the
	// collection before, but was not swept: what After was told of. It is known once
	// the next collection has begun.
	Dead, DeadBytes int64
	DeadKnown       bool
	begun           bool // a collection, of which After was told

	started Counted  // with all that was before
	Counted *Counted // at the recorder's end, nil: the trace has not come to it

	tracer   Tracer
	profiles map[uint64]int64 // bytes of the buffers of profiles, by slotNumber

	// Collections are those that began, in order.
	Collections []Collection
	points      series
}

// Totals are counts of the whole replay so far. Sizes are in bytes.
type Totals struct {
	Events             int64 // of memory
	Allocs, AllocBytes int64 // that were seen; bytes of slots
	Frees, FreedBytes  int64
	Live, LiveBytes    int64
	Tiny               int64 // of Allocs, those that shared a block
	Spans, Inuse       int64 // of the heap
	Manual             int64 // bytes of spans of stacks and of the runtime's own
	StackBytes         int64 // of goroutine stacks
	Goal               int64 // of the collector, 0 none
	PeakLive, PeakTime int64 // bytes, ns since the beginning
	PeakStacks         int64
	Early              int64 // of Frees, those before any collection has marked since the allocation
	// Unfit counts events that do not fit together.
	Unfit Unfit
}

// Unfit counts events that do not fit together: that have no place in the spans, that
// put an object where one lives, or that take away what is not there.
type Unfit struct {
	Misplaced, Twice, NotThere int64
	// Why are those that the reader of the trace did not find a place for.
	Why [alloctrace.NumWhys]int64
}

// Sum is their number.
func (u Unfit) Sum() int64 {
	sum := u.Misplaced + u.Twice + u.NotThere
	for _, n := range u.Why {
		sum += n
	}
	return sum
}

// Reasons are their numbers by what is wrong, where there are any.
func (u Unfit) Reasons() map[string]int64 {
	all := map[string]int64{"no such slot": u.Misplaced, "something lives there": u.Twice, "end of what is not there": u.NotThere}
	for w, n := range u.Why {
		all[alloctrace.Why(w).String()] = n
	}
	maps.DeleteFunc(all, func(_ string, n int64) bool { return n == 0 })
	return all
}

const arenaShift = 26 // 64 MiB: runtime/malloc.go, on 64-bit systems but windows

// A span is pages of one class.
type span struct {
	size  int64 // bytes, 0: there is none of this number
	elem  int64 // bytes of a slot; a large object's is all of the span
	class alloctrace.Class
	room  int32 // objects that it has room for
	live  int32
	slots []slot
	sites []int32 // as Map.Site, nil none

	addr  uint64
	proc  int32 // + 1: the P that has it cached, 0 none
	swept int32 // Map.ended when it was seen to be swept last, or allocated
	dead  int32 // of those that live the ones that After was told of
	later bool  // it is another one behind the moment of the map
	stack bool  // a goroutine's stack was in it
}

// A slot packs what lives in it: its type, how many collections had begun when it was
// born, how many tiny objects have joined it. 0 is none.
type slot uint64

const (
	slotLive  slot = 1 << 63
	slotOld   slot = 1 << 62 // it was there when the trace began
	slotBirth      = 24
	typeMask       = 1<<24 - 1
	birthMask      = 1<<32 - 1
	tinyShift      = 56
	tinyMask  slot = 0x3f << tinyShift
	tinyOne   slot = 1 << tinyShift
	mostTiny       = 0x3f
)

func (s slot) typ() int32    { return int32(s & typeMask) }
func (s slot) birth() uint32 { return uint32(s >> slotBirth & birthMask) }
func (s slot) tiny() int64   { return int64(s & tinyMask >> tinyShift) }

type class struct {
	elem          int64 // bytes of a slot
	spans, inuse  int64
	live          int64
	allocs, bytes int64
}

// New returns an empty map for a trace. goversion is the program's: "go1.26".
func New(r *alloctrace.Reader, goversion string) *Map {
	return &Map{
		reader: r, inline: HoldMarks(goversion), points: newSeries(),
		arenas: make(map[uint64]extent), stacks: stacks{size: make(map[uint64]int64), thread: make(map[uint64]bool)}, goroutines: newGoroutines(),
	}
}

// Now is the moment of the last event, in ns since the first.
func (m *Map) Now() int64 { return m.now }

// Arenas is the number of arenas that spans have been in so far.
func (m *Map) Arenas() int { return len(m.arenas) }

// Add replays an event.
func (m *Map) Add(e *alloctrace.Event) {
	m.now = e.Time
	if e.Kind == alloctrace.GoroutineBegin || e.Kind == alloctrace.GoroutineEnd || e.Kind == alloctrace.GoroutineExists {
		m.goroutines.add(e, 0) // which is no event of memory
		if data, tags, ok := m.tracer.Profile(e); ok {
			if m.profiles == nil {
				m.profiles = make(map[uint64]int64)
			}
			m.profiles[data], m.profiles[tags] = tracerData, tracerTags
		}
		return
	}
	m.Events++
	switch e.Kind {
	case alloctrace.ObjectAlloc:
		m.alloc(e, true)
	case alloctrace.ObjectFree:
		m.release(e)
	case alloctrace.ObjectExists:
		m.alloc(e, false)
	case alloctrace.SpanAlloc, alloctrace.SpanExists:
		m.addSpan(e)
	case alloctrace.SpanFree:
		m.drop(e.Span)
	case alloctrace.HeapGoal:
		if m.Goal = int64(e.N); m.Goal < 0 {
			m.Goal = 0 // there is none
		}
	case alloctrace.StackAlloc, alloctrace.StackExists, alloctrace.StackFree:
		m.stack(e)
	case alloctrace.Misfit:
		m.Unfit.Why[e.Why]++
	default:
		m.collect(e)
	}
	if m.LiveBytes > m.PeakLive {
		m.PeakLive, m.PeakTime = m.LiveBytes, m.now
	}
	if m.now >= m.points.next {
		m.points.add(Point{m.now, m.LiveBytes, m.Inuse, m.Goal, m.StackBytes})
	}
}

// After takes an event behind the moment of the map, which tells more of that moment:
// what is swept before the next collection marks was dead already.
func (m *Map) After(e *alloctrace.Event) {
	switch {
	case m.DeadKnown:
	case e.Kind == alloctrace.ObjectFree:
		m.Dead++
		m.DeadBytes += m.reader.Span(e.Span).SlotBytes
		if s := m.at(e); s != nil && !s.later {
			s.dead++
		}
	case e.Kind == alloctrace.SpanFree && int(e.Span) < len(m.spans):
		m.spans[e.Span].later = true
	case e.Kind == alloctrace.MarkBegin:
		m.begun = true
	case m.begun && e.Kind == alloctrace.PauseEnd:
		m.DeadKnown = true
	}
}

// Tracer is what the recording has in the heap for itself, in bytes.
func (m *Map) Tracer() int64 {
	sum := m.tracer.Bytes()
	for _, bytes := range m.profiles {
		sum += bytes
	}
	return sum
}

// slotNumber is one of a slot, from 1.
func slotNumber(e *alloctrace.Event) uint64 { return uint64(e.Span)<<32 | uint64(e.Slot) + 1 }

// at is the span and the slot of an event, nil where they are not known.
func (m *Map) at(e *alloctrace.Event) *span {
	if int(e.Span) >= len(m.spans) {
		return nil
	}
	if s := &m.spans[e.Span]; int(e.Slot) < len(s.slots) {
		return s
	}
	return nil
}

func (m *Map) alloc(e *alloctrace.Event, fresh bool) {
	s := m.at(e)
	if s == nil || e.Type > typeMask {
		m.Unfit.Misplaced++
		return
	}
	tc := of(&m.types, e.Type)
	if old := s.slots[e.Slot]; old&slotLive != 0 {
		if s.class != alloctrace.TinyClass || !fresh {
			m.Unfit.Twice++
			return
		}
		if old.tiny() < mostTiny {
			s.slots[e.Slot] = old + tinyOne
		}
		m.Allocs++
		m.Tiny++
		m.Live++
		tc.allocs++
		if m.Site > 0 {
			of(&m.sites, m.Site).allocs++
		}
		m.sizes[s.class.Size()].allocs++
		m.classes[s.class].allocs++
		return
	}
	if e.Slot >= s.room {
		m.inline = false
	}
	if fresh {
		m.cache(e, s)
	}
	s.slots[e.Slot] = slotLive | slot(e.Type) | slot(uint32(m.marks))<<slotBirth
	s.live++
	m.Live++
	m.LiveBytes += s.elem
	c := &m.classes[s.class]
	c.live++
	tc.born(s.elem, fresh)
	if !fresh {
		m.tracer.Add(m.reader, e, s.elem)
		s.slots[e.Slot] |= slotOld
		return
	}
	m.tracer.Alloc(m.reader, e, s.elem, slotNumber(e))
	m.Allocs++
	m.AllocBytes += s.elem
	c.allocs++
	c.bytes += s.elem
	m.sizes[s.class.Size()].born(s.elem, true)
	if m.Site > 0 {
		if s.sites == nil {
			s.sites = make([]int32, len(s.slots))
		}
		s.sites[e.Slot] = m.Site
		of(&m.sites, m.Site).born(s.elem, true)
	}
}

func (m *Map) release(e *alloctrace.Event) {
	s := m.at(e)
	if s == nil || s.slots[e.Slot]&slotLive == 0 {
		m.Unfit.NotThere++
		return
	}
	s.swept = m.ended
	if s.class.Size() == 0 {
		delete(m.profiles, slotNumber(e))
	}
	m.die(s, int(e.Slot))
}

// die empties a slot.
func (m *Map) die(s *span, i int) {
	old := s.slots[i]
	s.slots[i] = 0
	s.live--
	m.Live -= 1 + old.tiny()
	m.Frees += 1 + old.tiny()
	m.LiveBytes -= s.elem
	m.FreedBytes += s.elem
	m.classes[s.class].live--
	m.cycle.swept++
	m.cycle.sweptBytes += s.elem
	age := int64(uint32(m.marks) - old.birth())
	if age == 0 {
		m.Early++
	}
	m.types[old.typ()].died(s.elem, age)
	if old&slotOld == 0 {
		m.sizes[s.class.Size()].died(s.elem, age)
	}
	if s.sites != nil && s.sites[i] > 0 {
		m.sites[s.sites[i]].died(s.elem, age)
		s.sites[i] = 0
	}
}

func (m *Map) addSpan(e *alloctrace.Event) {
	for int(e.Span) >= len(m.spans) {
		m.spans = append(m.spans, span{})
	}
	if m.spans[e.Span].size > 0 {
		m.drop(e.Span)
	}
	is := m.reader.Span(e.Span)
	m.reach(is.Addr, is.Addr+uint64(is.Pages)*alloctrace.PageBytes)
	s := &m.spans[e.Span]
	*s = span{size: is.Pages * alloctrace.PageBytes, elem: is.SlotBytes, class: is.Class, addr: is.Addr, swept: m.ended}
	if s.class == alloctrace.Manual {
		m.Manual += s.size
		return
	}
	s.room = m.roomOf(s)
	s.slots = m.makeSlots(s.class, int(is.Slots))
	m.Spans++
	m.Inuse += s.size
	c := &m.classes[s.class]
	c.elem = s.elem
	c.spans++
	c.inuse += s.size
}

// Room is how many objects a span of so many bytes has room for, in slots of elem bytes
// (runtime/mheap.go, initSpan): what it needs to say where pointers are, and, where
// spans hold their marks, what is marked, may stand behind them.
func Room(bytes, elem int64, noscan, marks bool) int32 {
	const small = 512 // bytes: runtime/mbitmap.go, heapBitsInSpan
	room := bytes
	if elem <= small {
		if !noscan {
			room -= bytes / 64
		}
		if marks && elem >= 16 {
			room -= 128
		}
	}
	return int32(room / elem)
}

// HoldMarks reports whether spans hold their marks in a program of this version of Go,
// unless it was built with GOEXPERIMENT=nogreenteagc: then there are objects where
// marks would be.
func HoldMarks(goversion string) bool { return version.Compare(goversion, "go1.26") >= 0 }

// makeSlots are n empty slots.
func (m *Map) makeSlots(class alloctrace.Class, n int) []slot {
	if list := m.spare[class]; len(list) > 0 {
		last := list[len(list)-1]
		m.spare[class] = list[:len(list)-1]
		if len(last) == n {
			return last
		}
	}
	return make([]slot, n)
}

// drop takes a span away. What still lives in it was swept unseen.
func (m *Map) drop(n int32) {
	if n < 0 || int(n) >= len(m.spans) || m.spans[n].size == 0 {
		m.Unfit.NotThere++
		return
	}
	s := &m.spans[n]
	if s.proc > 0 {
		m.cached[s.proc-1][s.class] = 0
	}
	if s.class == alloctrace.Manual {
		m.Manual -= s.size
		*s = span{}
		return
	}
	if s.live > 0 {
		for i, old := range s.slots {
			if old&slotLive != 0 {
				m.Unfit.NotThere++
				m.die(s, i)
			}
		}
	}
	m.Spans--
	m.Inuse -= s.size
	c := &m.classes[s.class]
	c.spans--
	c.inuse -= s.size
	m.spare[s.class] = append(m.spare[s.class], s.slots)
	*s = span{}
}
