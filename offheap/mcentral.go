package offheap

import (
	"math/bits"
	"slices"
	"sync"
	"unsafe"
)

// Central free lists. See doc.go for an overview.
//
// The mcentral of a class has two parts, each with its own lock.
//
// The transfer cache has whole chains of free objects, as per-P caches hand
// them over. Putting one there or taking one is O(1) however long the chain, so
// two Ps, one of which allocates what the other frees, seldom wait for each
// other.
//
// Behind it are the class's spans. Where the transfer cache has no chain, one is
// carved from the spans with the fewest free objects, so that those with many
// may become wholly free; where it is full, a chain's objects go back into their
// spans one by one, and a span that is wholly free goes back to the page heap.

// A chain is a list of free objects through their first words.
type chain struct {
	head uintptr
	n    uint32
}

// The bytes of free objects that a transfer cache keeps. It starts with the
// least, and grows where objects went back into spans only to be carved again.
const (
	minTransfer = 256 << 10
	maxTransfer = 4 << 20
)

type mcentral struct {
	mu       sync.Mutex
	chains   []chain
	objects  uintptr // in chains
	max      uintptr // bytes kept in chains
	low      int     // the fewest chains since drainIdle
	overflow bool    // a chain went back into spans since the last was carved

	heap  *mheap
	class uint8

	spanMu   sync.Mutex
	partial  [11 + 1]spanList // by the bit length of nfree
	nonempty uint16           // partial lists with spans
	spans    uintptr          // spans of this class
	inSpans  uintptr          // free objects in spans

	_ [64]byte // the next class's locks are in other cache lines
}

func (c *mcentral) init(h *mheap, class uint8) {
	c.heap, c.class = h, class
	c.max = minTransfer
}

func (c *mcentral) size() uintptr { return uintptr(classSize[c.class]) }

// elems is the number of objects in a span.
func (c *mcentral) elems() uint32 {
	return uint32(classPages[c.class]) << pageShift / uint32(classSize[c.class])
}

// fetch returns a chain of free objects: one that a cache handed over, or else
// one of about want objects.
func (c *mcentral) fetch(want uint32) (chain, error) {
	c.mu.Lock()
	if k := len(c.chains) - 1; k >= 0 {
		ch := c.chains[k]
		c.chains = c.chains[:k]
		c.low = min(c.low, k)
		c.objects -= uintptr(ch.n)
		c.mu.Unlock()
		return ch, nil
	}
	if c.overflow {
		c.overflow = false
		c.max = min(2*c.max, maxTransfer)
	}
	c.mu.Unlock()
	return c.carve(want)
}

// release takes a chain over.
func (c *mcentral) release(ch chain) {
	c.mu.Lock()
	if (c.objects+uintptr(ch.n))*c.size() <= c.max {
		c.chains = append(c.chains, ch)
		c.objects += uintptr(ch.n)
		c.mu.Unlock()
		return
	}
	c.overflow = true
	c.mu.Unlock()
	c.uncarve(ch)
}

// carve takes about want objects out of spans. It fails where it gets none.
func (c *mcentral) carve(want uint32) (ch chain, err error) {
	c.spanMu.Lock()
	defer c.spanMu.Unlock()
	for ch.n < want {
		var s *mspan
		if c.nonempty != 0 {
			s = c.partial[bits.TrailingZeros16(c.nonempty)].first
		} else if s, err = c.newSpan(); err != nil {
			if ch.n > 0 {
				break
			}
			return chain{}, err
		}
		c.unlist(s)
		n := c.take(s, &ch, want-ch.n)
		c.inSpans -= uintptr(n)
		c.list(s)
	}
	return ch, nil
}

// take moves up to n objects of a span to the front of a chain.
func (c *mcentral) take(s *mspan, ch *chain, n uint32) (taken uint32) {
	for ; s.free != 0 && taken < n; taken++ {
		p := objectAt(&s.free)
		s.free = *(*uintptr)(p)
		*(*uintptr)(p) = ch.head
		ch.head = uintptr(p)
	}
	// Objects that were never handed out, so that the chain goes up.
	fresh := min(n-taken, c.elems()-uint32(s.fresh))
	p := unsafe.Add(s.base(), uintptr(uint32(s.fresh)+fresh)*c.size())
	for range fresh {
		p = unsafe.Add(p, -int(c.size()))
		*(*uintptr)(p) = ch.head
		ch.head = uintptr(p)
	}
	taken += fresh
	s.fresh += uint16(fresh)
	s.nfree -= uint16(taken)
	ch.n += taken
	return taken
}

// newSpan gets a span from the page heap and lists it.
func (c *mcentral) newSpan() (*mspan, error) {
	s, _, err := c.heap.alloc(uint32(classPages[c.class]), c.class, 0)
	if err != nil {
		return nil, err
	}
	s.nfree = uint16(c.elems())
	c.spans++
	c.inSpans += uintptr(s.nfree)
	c.list(s)
	return s, nil
}

// uncarve puts a chain's objects back into their spans.
func (c *mcentral) uncarve(ch chain) {
	c.spanMu.Lock()
	defer c.spanMu.Unlock()
	for ch.head != 0 {
		p := objectAt(&ch.head)
		ch.head = *(*uintptr)(p)
		s := spanOf(p)
		c.check(p, s)
		c.unlist(s)
		*(*uintptr)(p) = s.free
		s.free = uintptr(p)
		s.nfree++
		c.inSpans++
		if uint32(s.nfree) == c.elems() {
			c.spans--
			c.inSpans -= uintptr(s.nfree)
			c.heap.freeSpan(s)
		} else {
			c.list(s)
		}
	}
}

// check panics where p, which the program freed as an object of this class, is
// none. The check is made here because here it costs nothing to speak of.
func (c *mcentral) check(p unsafe.Pointer, s *mspan) {
	switch {
	case s == nil || s.arena().heap != c.heap.id:
		panic(badFree(p, c.size(), badForeign))
	case s.class != c.class:
		panic(badFree(p, c.size(), badSize))
	case uint32(uintptr(p)-uintptr(s.base()))%uint32(c.size()) != 0:
		panic(badFree(p, c.size(), badStart))
	case uint32(s.nfree) >= c.elems():
		panic(badFree(p, c.size(), badTwice))
	}
}

// list puts a span with free objects in the list for that many.
func (c *mcentral) list(s *mspan) {
	if s.nfree == 0 {
		return
	}
	s.bucket = uint8(bits.Len16(s.nfree))
	c.partial[s.bucket].push(s)
	c.nonempty |= 1 << s.bucket
}

// unlist takes a span with free objects out of its list.
func (c *mcentral) unlist(s *mspan) {
	if s.nfree == 0 {
		return
	}
	l := &c.partial[s.bucket]
	l.remove(s)
	if l.first == nil {
		c.nonempty &^= 1 << s.bucket
	}
}

// drain puts all chains back into their spans, and reports whether there were
// any.
func (c *mcentral) drain() bool {
	c.mu.Lock()
	chains := c.chains
	c.chains, c.objects, c.max, c.low = nil, 0, minTransfer, 0
	c.mu.Unlock()
	for _, ch := range chains {
		c.uncarve(ch)
	}
	return len(chains) > 0
}

// drainIdle puts the chains back into their spans that nobody needed since it was
// called last.
func (c *mcentral) drainIdle() {
	c.mu.Lock()
	idle := slices.Clone(c.chains[:c.low])
	c.chains = slices.Delete(c.chains, 0, c.low)
	for _, ch := range idle {
		c.objects -= uintptr(ch.n)
	}
	c.low = len(c.chains)
	c.mu.Unlock()
	for _, ch := range idle {
		c.uncarve(ch)
	}
}

// objectAt is the address that a free-list word holds. The words are uintptrs,
// so that storing one is never a write barrier; an address off the Go heap may
// be read as a pointer at any time.
func objectAt(word *uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(word))
}
