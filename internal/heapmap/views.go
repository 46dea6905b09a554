package heapmap

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

func log2(n int64) int { return bits.Len64(uint64(n)) - 1 }

// A Class is what there is of one span class.
type Class struct {
	Size   int64 // of a slot in bytes, 0 of large objects
	Noscan bool  // its objects have no pointers
	Spans  int64
	Inuse  int64 // bytes of its spans
	Slots  int64
	Live   int64 // slots
	Full   int64 // spans that have no free slot
	Empty  int64 // spans in which nothing lives: they wait to be swept or are just begun
	Tail   int64 // bytes behind the last slots, of which some hold mark and pointer bits
	Free   int64 // bytes of free slots
	Class  alloctrace.Class
	Allocs int64 // seen in the replay so far
	Bytes  int64 // of them
}

// Classes are the span classes that have or had something in them, by size.
func (m *Map) Classes() []Class {
	var full, empty, slots [256]int64
	for i := range m.spans {
		s := &m.spans[i]
		if s.size == 0 || s.class == alloctrace.Manual {
			continue
		}
		n := m.roomOf(s)
		slots[s.class] += int64(n)
		switch s.live {
		case n:
			full[s.class]++
		case 0:
			empty[s.class]++
		}
	}
	var list []Class
	for i := range m.classes {
		c := &m.classes[i]
		if c.spans == 0 && c.allocs == 0 {
			continue
		}
		out := Class{
			Class: alloctrace.Class(i), Noscan: i&1 != 0, Spans: c.spans, Inuse: c.inuse, Slots: slots[i], Live: c.live,
			Full: full[i], Empty: empty[i], Allocs: c.allocs, Bytes: c.bytes,
		}
		if out.Class.Size() > 0 {
			out.Size = c.elem
			out.Tail = c.inuse - out.Slots*c.elem
			out.Free = (out.Slots - c.live) * c.elem
		}
		list = append(list, out)
	}
	return list
}

// ages is how many numbers of collections are told apart.
const ages = 5

// lives are what became of some objects: those of a type, or of a site.
type lives struct {
	allocs, bytes             int64
	live, liveBytes           int64
	freed, survived           int64
	temporary, temporaryBytes int64
	ages                      [ages]int64
	young                     int64 // allocated since the last collection began
	old                       []int64
	stride                    int // collections between those of old
}

// of is the entry of a number, which may be new.
func of(list *[]lives, n int32) *lives {
	for int(n) >= len(*list) {
		*list = append(*list, lives{})
	}
	return &(*list)[n]
}

// born counts an object; one that was there before the trace was not allocated in it.
func (c *lives) born(bytes int64, fresh bool) {
	c.live++
	c.liveBytes += bytes
	if fresh {
		c.allocs++
		c.bytes += bytes
		c.young++
	}
}

// died counts an object that is swept. Its age is how many collections have begun
// since its birth, with the one that found it dead.
func (c *lives) died(bytes, age int64) {
	c.live--
	c.liveBytes -= bytes
	c.freed++
	if age == 0 {
		c.young-- // of a user arena, or told of after the pause that it was allocated before
	}
	switch {
	case age <= 1:
		c.temporary++
		c.temporaryBytes += bytes
		c.ages[0]++
	case age == 2:
		c.ages[1]++
	case age <= 4:
		c.ages[2]++
	case age <= 8:
		c.ages[3]++
	default:
		c.ages[4]++
	}
	if age > 1 {
		c.survived += age - 1
	}
}

// Lives are what became of the objects of a type, or of a site.
type Lives struct {
	N                  int32 // the Reader's number of the type, that of Map.Site, or the size class
	Allocs, AllocBytes int64 // seen in the replay so far
	Live, LiveBytes    int64
	Freed              int64 // blocks and objects that were swept
	// Temporary are of those freed the ones that the first collection found dead, and
	// Survived how many collections all of them lived through, in sum.
	Temporary, TemporaryBytes int64
	Survived                  int64
	// Ages counts those freed by which collection after their birth found them dead:
	// the first, the second, up to the 4th, up to the 8th, a later one.
	Ages [ages]int64
	// Grows is how many more objects had survived a collection at the end than in the
	// middle of the replay, where they have grown all the way; 0 else, and where fewer
	// than GrowsFrom collections have begun.
	Grows int64
}

// Types are those with objects, the most bytes allocated first.
func (m *Map) Types() []Lives { return views(m.types) }

// Sites are those with objects, the most bytes allocated first.
func (m *Map) Sites() []Lives { return views(m.sites) }

// Sizes are the lives of what was allocated since the beginning, in slots of each size
// class by its number, 0 large objects, the most bytes first.
func (m *Map) Sizes() []Lives { return views(m.sizes[:]) }

func views(all []lives) []Lives {
	var list []Lives
	for i := range all {
		c := &all[i]
		if c.allocs == 0 && c.live == 0 {
			continue
		}
		list = append(list, Lives{
			N: int32(i), Allocs: c.allocs, AllocBytes: c.bytes, Live: c.live, LiveBytes: c.liveBytes,
			Freed: c.freed, Temporary: c.temporary, TemporaryBytes: c.temporaryBytes, Survived: c.survived,
			Ages: c.ages, Grows: grows(c.old),
		})
	}
	slices.SortStableFunc(list, func(a, b Lives) int {
		return cmp.Or(cmp.Compare(b.AllocBytes, a.AllocBytes), cmp.Compare(b.LiveBytes, a.LiveBytes))
	})
	return list
}

// seen is how many moments of a type are kept.
const seen = 32

// grown notes, as a collection begins, how many objects of each type or site have
// lived through one: what was born since the last one began cannot have been freed
// yet.
func (m *Map) grown(all []lives) {
	for i := range all {
		c := &all[i]
		old := c.live - c.young
		c.young = 0
		if c.stride == 0 {
			c.stride = 1
			// It was not there before.
			for n := m.marks; n >= seen*c.stride; {
				c.stride *= 2
			}
			c.old = make([]int64, m.marks/c.stride, seen)
		}
		if m.marks%c.stride != 0 {
			continue
		}
		if len(c.old) == seen {
			for j := range seen / 2 {
				c.old[j] = c.old[2*j]
			}
			c.old = c.old[:seen/2]
			if c.stride *= 2; m.marks%c.stride != 0 {
				continue
			}
		}
		c.old = append(c.old, old)
	}
}

// GrowsFrom is how many collections it takes to tell that objects grow: of fewer, what
// a program has as it starts, or a cache that fills once, would look like a leak.
const GrowsFrom = 8

// grows is by how many objects a series has grown since its middle, if it did so in
// each of its later quarters and nowhere fell by more than a tenth.
func grows(old []int64) int64 {
	n := len(old)
	if n < GrowsFrom {
		return 0
	}
	a, b, c, d := old[n/4], old[n/2], old[n*3/4], old[n-1]
	if !(a < b && b < c && c < d) {
		return 0
	}
	top := old[n/4]
	for _, v := range old[n/4:] {
		if v < top-top/10 {
			return 0
		}
		top = max(top, v)
	}
	return d - b
}

// Stacks are the sizes of goroutine stacks that there are or were, ascending.
func (m *Map) Stacks() []StackSize {
	var list []StackSize
	for _, c := range m.stacks.counts {
		if c.Bytes > 0 {
			list = append(list, c)
		}
	}
	return list
}

// A Point is one moment; the time in ns since the beginning, the rest in bytes.
type Point struct{ Time, Live, Inuse, Goal, Stacks int64 }

// series keeps moments at even distances, whatever time a replay takes.
type series struct {
	list       []Point
	next, step int64
}

const points = 512

func newSeries() series { return series{list: make([]Point, 0, 2*points), step: 1 << 16} }

func (s *series) add(p Point) {
	if len(s.list) == cap(s.list) {
		for i := range points {
			s.list[i] = s.list[2*i+1]
		}
		s.list = s.list[:points]
		s.step *= 2
	}
	s.list = append(s.list, p)
	s.next = p.Time - p.Time%s.step + s.step
}

// Points are moments of the replay so far, in order.
func (m *Map) Points() []Point { return m.points.list }

// Finish closes what the end of the trace leaves open.
func (m *Map) Finish() {
	if last := m.last(); last != nil && last.Swept == 0 {
		last.Swept, last.SweptBytes = m.cycle.swept, m.cycle.sweptBytes
	}
}
