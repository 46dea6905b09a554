package heapmap

import (
	"cmp"
	"slices"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// goroutines follows whose stacks are whose. A trace does not say it, but it follows
// from the order of a thread's events (runtime/stack.go, copystack; runtime/proc.go,
// newproc1, gfget): a stack that is allocated and then another freed is that of the
// goroutine that runs, which was copied; one that is allocated before a goroutine
// begins is that one's. A goroutine that begins without takes that of one that ended,
// which has the size that new ones have. Of one that was there when the trace began no
// event tells the size, until its stack is copied.
type goroutines struct {
	entries []Goroutines
	number  map[alloctrace.Start]int32 // of entries, from 1
	running map[int64]goroutine        // by id
	owner   map[uint64]int64           // of a stack, by address
	pending map[int64]newStack         // by thread: allocated, and not known what for
	first   int64                      // bytes that a new goroutine's stack has, 0 not known
	firsts  []StartSize
	other   StartSize // of the last that began, if it was not first
	unknown int64     // stacks that were allocated and could not be tied
}

// A goroutine is one that runs, or could.
type goroutine struct {
	entry int32 // number of its entry, 0 not known
	bytes int64 // of its stack, 0 not known
}

type newStack struct {
	addr  uint64
	bytes int64
}

// Goroutines are those that began with the same function.
type Goroutines struct {
	Start alloctrace.Start
	Began int64 // since the trace began
	Live  int64
	// Unsized are those of Live whose stacks have no known size, and are in no sum.
	// WereUnsized counts all that were so at some time.
	Unsized, WereUnsized int64
	Stacks               int64 // bytes of their stacks
	Most                 int64 // of Stacks, at once
	// Grown counts stacks that were copied to larger ones, Copied the bytes of those
	// that were left: what of them was in use, and so copied, is not in a trace.
	// Shrunk counts those that the collector had copied to smaller ones.
	Grown, Copied, Shrunk int64
	Largest               int64 // bytes of a stack
}

// A StartSize is what a new goroutine's stack has from a moment on.
type StartSize struct{ Time, Bytes int64 }

func newGoroutines() goroutines {
	return goroutines{
		entries: make([]Goroutines, 1), number: make(map[alloctrace.Start]int32), running: make(map[int64]goroutine),
		owner: make(map[uint64]int64), pending: make(map[int64]newStack),
	}
}

// entryOf numbers a start.
func (g *goroutines) entryOf(s *alloctrace.Start) int32 {
	if s == nil || s.Func == "" && s.Called == "" {
		return 0
	}
	n, ok := g.number[*s]
	if !ok {
		n = int32(len(g.entries))
		g.number[*s] = n
		g.entries = append(g.entries, Goroutines{Start: *s})
	}
	return n
}

// add takes an event of a goroutine or a stack; size is that of a stack that is freed.
func (g *goroutines) add(e *alloctrace.Event, size int64) {
	switch e.Kind {
	case alloctrace.StackAlloc:
		g.settle(e.Thread)
		g.pending[e.Thread] = newStack{e.Addr, int64(e.N)}
	case alloctrace.StackFree:
		g.freed(e, size)
	case alloctrace.GoroutineBegin:
		g.begin(e)
	case alloctrace.GoroutineExists:
		if _, ok := g.running[int64(e.N)]; !ok {
			g.set(int64(e.N), goroutine{entry: g.entryOf(e.Start)}, true)
		}
	case alloctrace.GoroutineEnd:
		g.end(e.Goroutine)
	}
}

// settle gives up on what is pending of a thread.
func (g *goroutines) settle(thread int64) {
	if _, ok := g.pending[thread]; ok {
		g.unknown++
		delete(g.pending, thread)
	}
}

// set puts a goroutine's stack where it counts.
func (g *goroutines) set(id int64, is goroutine, isNew bool) {
	was := g.running[id]
	x := &g.entries[is.entry]
	switch {
	case isNew:
		was = goroutine{entry: is.entry}
		x.Live++
		if is.bytes == 0 {
			x.Unsized++
			x.WereUnsized++
		}
	case was.bytes == 0:
		x.Unsized--
	}
	x.Stacks += is.bytes - was.bytes
	x.Most = max(x.Most, x.Stacks)
	x.Largest = max(x.Largest, is.bytes)
	g.running[id] = is
}

func (g *goroutines) begin(e *alloctrace.Event) {
	id := int64(e.N)
	g.end(id)
	is := goroutine{entry: g.entryOf(e.Start), bytes: g.first}
	if p, ok := g.pending[e.Thread]; ok {
		delete(g.pending, e.Thread)
		is.bytes = p.bytes
		g.owner[p.addr] = id
		switch is := (StartSize{e.Time, p.bytes}); {
		case p.bytes == g.first:
			g.other = StartSize{}
		case g.firsts != nil && g.other.Bytes != p.bytes:
			g.other = is // one alone may have been a thread's
		default:
			if g.firsts != nil {
				is = g.other
			}
			g.first, g.other = p.bytes, StartSize{}
			g.firsts = append(g.firsts, is)
		}
	}
	g.entries[is.entry].Began++
	g.set(id, is, true)
}

func (g *goroutines) end(id int64) {
	is, ok := g.running[id]
	if !ok {
		return
	}
	x := &g.entries[is.entry]
	x.Live--
	x.Stacks -= is.bytes
	if is.bytes == 0 {
		x.Unsized--
	}
	delete(g.running, id)
}

// freed takes the end of a stack: it was copied, if the thread has just allocated one.
func (g *goroutines) freed(e *alloctrace.Event, size int64) {
	id, known := g.owner[e.Addr]
	delete(g.owner, e.Addr)
	p, copied := g.pending[e.Thread]
	if !copied {
		return // of a goroutine that has ended
	}
	delete(g.pending, e.Thread)
	if p.bytes > size { // a goroutine grows its own stack
		id, known = e.Goroutine, e.Goroutine > 0
	}
	if !known || size == 0 {
		g.unknown++
		return
	}
	is, ok := g.running[id]
	if !ok {
		is.bytes = size
		if id == 1 { // runtime/proc.go: the main goroutine is the first
			is.entry = g.entryOf(&alloctrace.Start{Func: "runtime.main"})
		}
	}
	g.owner[p.addr] = id
	x := &g.entries[is.entry]
	if p.bytes > size {
		x.Grown++
		x.Copied += size
	} else {
		x.Shrunk++
	}
	is.bytes = p.bytes
	g.set(id, is, !ok)
}

// Goroutines are those of each start, by the bytes that growing stacks left behind,
// then by stacks, and then by how many live. The second result counts stacks that could
// not be tied to one.
func (m *Map) Goroutines() (list []Goroutines, unknown int64) {
	for _, x := range m.goroutines.entries {
		if x.Began+x.Live+x.Grown == 0 {
			continue
		}
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(a, b Goroutines) int {
		return cmp.Or(cmp.Compare(b.Copied, a.Copied), cmp.Compare(b.Most, a.Most), cmp.Compare(b.Live, a.Live), cmp.Compare(a.Start.Func, b.Start.Func), cmp.Compare(a.Start.Called, b.Start.Called))
	})
	return list, m.goroutines.unknown
}

// StartSizes are the sizes of new goroutines' stacks, each from its moment on: the
// runtime makes them as large as stacks were on average (gcComputeStartingStackSize,
// runtime/stack.go).
func (m *Map) StartSizes() []StartSize { return m.goroutines.firsts }
