package offheap

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The page heap. See doc.go for an overview.
//
// Free pages are in runs, each an mspan in state spanFree. No two runs are
// adjacent: a run that comes back is joined with its neighbours at once. Runs
// of about one length are in one list, and a bitmap says which lists have any,
// so that taking a run, splitting it, giving one back and joining it cost the
// same however many there are (the "two-level segregated fit" of Masmano et
// al.). Where no run is long enough the heap grows: it commits more pages of
// an arena, or takes a new arena.

const (
	// Runs below exactRuns pages have a list for each length; above, each
	// power of two is divided into exactRuns lists.
	logExactRuns = 4
	exactRuns    = 1 << logExactRuns
	numBuckets   = exactRuns * (2 + logArenaSize - pageShift - logExactRuns)

	// fitTries is how many runs of the list that may have a fit are looked at
	// before one from a list of longer runs is split.
	fitTries = 8

	// growPages is the least that the heap grows by, unless the limit is near.
	growPages = chunkPages
)

// bucketOf is the list for runs of n pages.
func bucketOf(n uint32) int {
	if n < exactRuns {
		return int(n)
	}
	log := log2(n)
	return exactRuns*(log-logExactRuns) + int(n>>(log-logExactRuns))
}

// An mheap is the page heap of a [Heap].
type mheap struct {
	mu sync.Mutex
	id uint64 // the heap's

	free     [numBuckets]spanList
	nonempty [(numBuckets + 63) / 64]uint64

	arenas  []*arena // of one frame
	growing []*arena // those of arenas with pages that are not committed
	huge    []*arena // of several frames, one object each
	stuck   []*arena // huge ones that the system would not take back

	limit     uintptr // of committed, 0 for none
	hugePages bool
	closed    bool

	committed uintptr // bytes that the system has given and not got back
	released  uintptr // bytes of arenas given back: not in committed
	pageBytes uintptr // bytes of spans, free and in use
	freeBytes uintptr // bytes of free spans, released ones too
	large     largeStats

	peakCommitted uintptr
	peakInUse     uintptr
	growths       atomic.Uint64
}

// largeStats counts the large objects.
type largeStats struct {
	objects uintptr
	bytes   uintptr // in pages
	req     uintptr // requested
}

// alloc returns a span of n pages, of the class, and whether its memory may
// not be zero. For a large object (class 0) req is the size requested.
func (h *mheap) alloc(n uint32, class uint8, req uintptr) (s *mspan, dirty bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, false, ErrClosed
	}
	if n > arenaPages-uint32(firstPage) {
		s, err = h.allocHuge(n, req)
		return s, false, err
	}
	if s = h.fit(n); s == nil {
		if err := h.grow(n); err != nil {
			return nil, false, err
		}
		s = h.fit(n)
	}
	a, i := s.arena(), s.index()
	h.unlist(s)
	s.state = spanInUse // so that reuse, in need of room, does not give it back
	if err := h.reuse(a, i, n); err != nil {
		h.list(a, s, i)
		return nil, false, err
	}
	if s.npages > n {
		rest := &a.spans[i+n]
		rest.npages = s.npages - n
		h.list(a, rest, i+n)
	}
	*s = mspan{npages: n, class: class, state: spanInUse, req: req}
	for j := i; j < i+n; j++ {
		a.start[j] = uint16(i)
	}
	if class == 0 {
		h.large.add(s)
	}
	h.peakInUse = max(h.peakInUse, h.inUse())
	return s, a.isDirty(i, n), nil
}

func (l *largeStats) add(s *mspan) {
	l.objects++
	l.bytes += s.bytes()
	l.req += s.req
}

func (l *largeStats) sub(s *mspan) {
	l.objects--
	l.bytes -= s.bytes()
	l.req -= s.req
}

// inUse is the bytes of spans in use.
func (h *mheap) inUse() uintptr { return h.pageBytes - h.freeBytes }

// freeSpan takes back a span in use.
func (h *mheap) freeSpan(s *mspan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.class == 0 {
		h.large.sub(s)
	}
	a, i := s.arena(), s.index()
	if a.frames > 1 {
		h.freeHuge(a)
		return
	}
	a.setDirty(i, s.npages, true)
	h.insert(a, s, i)
}

// insert makes pages a free run, joined with its neighbours.
func (h *mheap) insert(a *arena, s *mspan, i uint32) {
	if j := i + s.npages; j < a.committed && a.spans[j].state == spanFree {
		next := &a.spans[j]
		h.unlist(next)
		next.state = spanNone
		s.npages += next.npages
	}
	if i > uint32(firstPage) {
		if j := uint32(a.start[i-1]); j != 0 && a.spans[j].state == spanFree {
			prev := &a.spans[j]
			h.unlist(prev)
			s.state = spanNone
			prev.npages += s.npages
			s, i = prev, j
		}
	}
	h.list(a, s, i)
}

// list puts a run of free pages, which has its length, in its list.
func (h *mheap) list(a *arena, s *mspan, i uint32) {
	b := bucketOf(s.npages)
	s.state, s.bucket = spanFree, uint8(b)
	a.start[i], a.start[i+s.npages-1] = uint16(i), uint16(i)
	h.free[b].push(s)
	h.nonempty[b/64] |= 1 << (b % 64)
	h.freeBytes += s.bytes()
}

// unlist takes a free run out of its list.
func (h *mheap) unlist(s *mspan) {
	b := int(s.bucket)
	h.free[b].remove(s)
	if h.free[b].first == nil {
		h.nonempty[b/64] &^= 1 << (b % 64)
	}
	h.freeBytes -= s.bytes()
}

// fit is a free run of n pages or more, still in its list, or nil.
func (h *mheap) fit(n uint32) *mspan {
	b := bucketOf(n)
	s := h.free[b].first
	for range fitTries {
		if s == nil {
			break
		}
		if s.npages >= n {
			return s
		}
		s = s.next
	}
	// Any run of a later list will do; of the first such list they are the
	// shortest.
	b++
	for w := b / 64; w < len(h.nonempty); w++ {
		m := h.nonempty[w]
		if w == b/64 {
			m &= ^uint64(0) << (b % 64)
		}
		if m != 0 {
			return h.free[w*64+bits.TrailingZeros64(m)].first
		}
	}
	return nil
}

// charge counts n more bytes as committed, if the limit has room for them.
func (h *mheap) charge(n uintptr) error {
	over := func() bool { return h.limit > 0 && (n > h.limit || h.committed > h.limit-n) }
	if over() {
		h.releaseFree(h.committed + n - h.limit)
		if over() {
			return &oomError{size: n, limit: h.limit}
		}
	}
	h.committed += n
	h.peakCommitted = max(h.peakCommitted, h.committed)
	return nil
}

// commit makes n reserved bytes ready, and counts them.
func (h *mheap) commit(p unsafe.Pointer, n uintptr) error {
	if err := h.charge(n); err != nil {
		return err
	}
	if err := osCommit(p, n); err != nil {
		h.committed -= n
		return &oomError{size: n, cause: err}
	}
	return nil
}

// grow adds a free run of n pages or more.
func (h *mheap) grow(n uint32) error {
	h.growths.Add(1)
	for i := len(h.growing) - 1; i >= 0; i-- {
		if a := h.growing[i]; a.committed+n <= arenaPages {
			return h.growArena(a, n)
		}
	}
	p, err := reserveArenas(1)
	if err != nil {
		return &oomError{size: arenaSize, cause: err}
	}
	a, err := h.newArena(p, 1)
	if err != nil {
		unreserveArenas(p, 1)
		return err
	}
	h.arenas = append(h.arenas, a)
	h.growing = append(h.growing, a)
	return h.growArena(a, n)
}

// newArena describes reserved address space of some frames.
func (h *mheap) newArena(p unsafe.Pointer, frames uint32) (*arena, error) {
	n := describedBytes(uint32(firstPage) + 1)
	if err := h.commit(p, n); err != nil {
		return nil, err
	}
	a := (*arena)(p)
	a.heap = h.id
	a.frames = frames
	a.described = uint32(n)
	a.committed = uint32(firstPage)
	register(p, uintptr(frames), a)
	return a, nil
}

// growArena commits n pages of an arena or more, and makes them a free run.
func (h *mheap) growArena(a *arena, n uint32) error {
	from := a.committed
	units := func(n uint32) uint32 { return (n + commitPages - 1) &^ (commitPages - 1) }
	// As far as a chunk's end, so that chunks are whole; but no further than
	// is needed where the limit has no room.
	least := from + units(n)
	most := min((from+max(n, growPages)+chunkPages-1)&^(chunkPages-1), arenaPages)
	end := most
	if err := h.describe(a, end); err != nil {
		return err
	}
	if h.limit > 0 && h.committed+uintptr(end-from)<<pageShift > h.limit {
		end = least
	}
	err := h.commit(a.page(from), uintptr(end-from)<<pageShift)
	if err != nil && end > least {
		end = least
		err = h.commit(a.page(from), uintptr(end-from)<<pageShift)
	}
	if err != nil {
		return err
	}
	if h.hugePages {
		osHugePages(a.page(from), uintptr(end-from)<<pageShift)
	}
	a.committed = end
	if end == arenaPages {
		for i := range h.growing {
			if h.growing[i] == a {
				h.growing = append(h.growing[:i], h.growing[i+1:]...)
				break
			}
		}
	}
	h.pageBytes += uintptr(end-from) << pageShift
	s := &a.spans[from]
	s.npages = end - from
	h.insert(a, s, from)
	return nil
}

// describe commits the arena's description of its pages below end.
func (h *mheap) describe(a *arena, end uint32) error {
	n := uint32(describedBytes(end))
	if n <= a.described {
		return nil
	}
	if err := h.commit(unsafe.Add(a.base(), a.described), uintptr(n-a.described)); err != nil {
		return err
	}
	a.described = n
	return nil
}
