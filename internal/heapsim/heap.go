package heapsim

import "math/bits"

// A Heap is a simulated heap. It does what the reference does, with bitmaps and
// indices. It is not for several goroutines at once.
type Heap struct {
	config Config
	layout *Layout
	pacer  pacer
	pages  pageHeap
	procs  []proc

	scavenger scavenger
	workBufs  []int // the first pages of those that the last cycle took

	made uint64 // objects, by replay

	spans     []span   // by number; 0 is none
	freeSpans []uint32 // numbers that are not in use
	words     []uint64 // the bitmaps of spans, see span.bits
	freeWords [maxWords + 1][]uint32
	counts    []uint8 // objects in each tiny block, see span.counts
	freeCount []uint32

	lists      [numClasses]centralLists
	sweepClass int // classes below it have nothing to be swept

	gen             uint32 // sweepgen
	marking, forced bool
	swept           bool // no cycle has left anything to be swept
	pagesSwept      int64
	reclaimNext     int
	reclaimEnd      int
	reclaimCredit   int

	totalAlloc, totalFree uint64
	requested             uint64
	frees, tinyAllocs     uint64
	peak                  Peak
	cycles                []Cycle
}

const (
	maxSlots = 1024 // of 8 bytes in a page
	maxWords = maxSlots / 64
)

// A proc is what a processor has for itself (mcache, pageCache).
type proc struct {
	cached [numClasses]uint32 // spans
	pages  pageCache

	tinyRef  Ref // the block that tiny requests share, 0 if there is none
	tinyUsed int64
	tinySpan uint32
	tinySlot uint32
}

// A span is what mspan is. Its generation says as much as there: that of the
// heap is a span that was swept, one less by 2 is not, 3 more is cached, and 1
// more was cached when a cycle ended.
type span struct {
	free  uint64 // slots of the word at hand that are free: allocCache
	word  uint32 // which word that is
	slots uint32
	taken uint32 // slots in use: allocCount
	// counted are those that are in totalAlloc: allocCountBeforeCache.
	counted uint32
	// bits is where in Heap.words three bitmaps of so many words begin: slots
	// that were taken when the span was last swept, objects that are alive,
	// objects that are marked.
	bits, nwords uint32
	counts       uint32 // where in Heap.counts those of its tiny blocks begin
	gen          uint32
	slotBytes    uint32
	magic        uint32
	page, pages  uint32
	class        uint8
	inUse        bool
}

// centralLists are those of mcentral.
type centralLists struct {
	partial, full, partialUnswept, fullUnswept queue
}

// A queue is a list of spans, first in, first out.
type queue struct {
	spans []uint32
	head  int
}

//stackward:noalloc
func (q *queue) push(n uint32) {
	if q.head > 64 && q.head > len(q.spans)/2 {
		q.spans = q.spans[:copy(q.spans, q.spans[q.head:])]
		q.head = 0
	}
	q.spans = append(q.spans, n)
}

// pop returns 0 where there is none.
//
//stackward:noalloc
func (q *queue) pop() uint32 {
	if q.head == len(q.spans) {
		q.spans, q.head = q.spans[:0], 0
		return 0
	}
	q.head++
	return q.spans[q.head-1]
}

// New makes an empty heap.
func New(c Config) *Heap {
	h := &Heap{config: c, layout: c.Layout, swept: true, gen: 2, scavenger: noScavenging}
	h.pages.index, h.pages.hugePages = newScavengeIndex(), int(c.HugePage/pageSize)
	h.procs = make([]proc, max(c.Procs, 1))
	h.spans = make([]span, 1, 64)
	h.pacer.init(&h.config)
	h.peak.HeapLive = c.Live
	return h
}

// Alloc makes an object of so many bytes on a processor, and returns its
// address. Objects without pointers go to other spans than those with.
//
//stackward:noalloc
func (h *Heap) Alloc(proc int, bytes int64, noscan bool) Ref {
	if bytes <= 0 {
		return 0
	}
	h.requested += uint64(bytes)
	p := &h.procs[proc]
	var class uint8
	switch {
	case noscan && bytes < tinySize:
		return h.allocTiny(p, bytes)
	case bytes > h.layout.maxSmall:
		return h.allocLarge(p, bytes, noscan)
	default:
		class = h.layout.of(bytes, noscan)
	}
	n := p.cached[class]
	s := &h.spans[n]
	refilled := false
	if s.free == 0 && !h.nextWord(s) {
		s, _ = h.refill(p, class)
		refilled = true
	}
	ref, slot := h.take(s)
	if class == tinyClass {
		h.counts[s.counts+slot] = 1
	}
	if refilled {
		h.testTrigger()
	}
	return ref
}

// take takes the next free slot of a span that has one in the word at hand.
//
//stackward:noalloc
func (h *Heap) take(s *span) (Ref, uint32) {
	bit := s.free & -s.free
	slot := s.word*64 + uint32(bits.TrailingZeros64(s.free))
	s.free &^= bit
	s.taken++
	at := s.bits + s.nwords + s.word
	h.words[at] |= bit
	if h.marking {
		h.words[at+s.nwords] |= bit
	}
	return Ref(heapBase + uint64(s.page)*pageSize + uint64(slot)*uint64(s.slotBytes)), slot
}

// nextWord goes to the next word of a span that has a free slot.
//
//stackward:noalloc
func (h *Heap) nextWord(s *span) bool {
	for s.word+1 < s.nwords {
		s.word++
		if s.free = h.freeIn(s, s.word); s.free != 0 {
			return true
		}
	}
	return false
}

// freeIn are the slots of a word that were free when the span was swept.
//
//stackward:noalloc
func (h *Heap) freeIn(s *span, word uint32) uint64 {
	free := ^h.words[s.bits+word]
	if rest := s.slots - word*64; rest < 64 {
		free &= 1<<rest - 1
	}
	return free
}

// allocTiny is mallocgcTiny.
//
//stackward:noalloc
func (h *Heap) allocTiny(p *proc, bytes int64) Ref {
	align := min(bytes&-bytes, 8)
	if at := (p.tinyUsed + align - 1) &^ (align - 1); at+bytes <= tinySize && p.tinyRef != 0 {
		p.tinyUsed = at + bytes
		h.tinyAllocs++
		s := &h.spans[p.tinySpan]
		h.counts[s.counts+p.tinySlot]++
		h.words[s.bits+s.nwords+p.tinySlot/64] |= 1 << (p.tinySlot % 64)
		return p.tinyRef
	}
	n := p.cached[tinyClass]
	s := &h.spans[n]
	refilled := false
	if s.free == 0 && !h.nextWord(s) {
		s, n = h.refill(p, tinyClass)
		refilled = true
	}
	ref, slot := h.take(s)
	h.counts[s.counts+slot] = 1
	if p.tinyRef == 0 || bytes < p.tinyUsed {
		p.tinyRef, p.tinyUsed, p.tinySpan, p.tinySlot = ref, bytes, n, slot
	}
	if refilled {
		h.testTrigger()
	}
	return ref
}

// allocLarge is mcache.allocLarge.
//
//stackward:noalloc
func (h *Heap) allocLarge(p *proc, bytes int64, noscan bool) Ref {
	pages := uint32((bytes + pageSize - 1) / pageSize)
	if h.marking && h.pacer.doneBefore(uint64(pages)*pageSize, h.usage()) {
		h.FinishMark()
	}
	h.sweepFor(uint64(pages)*pageSize, int64(pages))
	class := uint8(0)
	if noscan {
		class = 1
	}
	n := h.allocSpan(p, pages, class)
	h.totalAlloc += uint64(pages) * pageSize
	h.pacer.live += uint64(pages) * pageSize
	h.lists[class].full.push(n)
	s := &h.spans[n]
	ref, _ := h.take(s)
	s.counted = 1
	h.testTrigger()
	return ref
}

// Free says that nothing refers to an object any more. Its memory is free when
// a cycle has found that out and its span was swept.
//
//stackward:noalloc
func (h *Heap) Free(ref Ref) {
	if ref == 0 {
		return
	}
	at := uint64(ref) - heapBase
	s := &h.spans[h.pages.span[at/pageSize]]
	slot := uint32((at - uint64(s.page)*pageSize) * uint64(s.magic) >> 32)
	if s.class == tinyClass {
		if h.counts[s.counts+slot]--; h.counts[s.counts+slot] > 0 {
			return
		}
	}
	h.words[s.bits+s.nwords+slot/64] &^= 1 << (slot % 64)
}

// refill exchanges a span that is full (mcache.refill).
//
//stackward:noalloc
func (h *Heap) refill(p *proc, class uint8) (*span, uint32) {
	if n := p.cached[class]; n != 0 {
		h.uncache(n)
	}
	n := h.cacheSpan(p, class)
	s := &h.spans[n]
	s.gen = h.gen + 3
	s.counted = s.taken
	h.pacer.live += uint64(s.pages)*pageSize - uint64(s.taken)*uint64(s.slotBytes)
	p.cached[class] = n
	if s.free == 0 {
		h.nextWord(s)
	}
	return s, n
}

// cacheSpan finds a span with a free slot (mcentral.cacheSpan).
//
//stackward:noalloc
func (h *Heap) cacheSpan(p *proc, class uint8) uint32 {
	h.sweepFor(uint64(h.layout.pages[class])*pageSize, 0)
	l := &h.lists[class]
	if n := l.partial.pop(); n != 0 {
		return n
	}
	budget := sweepBudget
	for ; budget >= 0; budget-- {
		n := l.partialUnswept.pop()
		if n == 0 {
			break
		}
		if h.unswept(n) {
			h.sweep(n, true)
			return n
		}
	}
	for ; budget >= 0; budget-- {
		n := l.fullUnswept.pop()
		if n == 0 {
			break
		}
		if h.unswept(n) {
			h.sweep(n, true)
			if s := &h.spans[n]; s.taken < s.slots {
				return n
			}
			l.full.push(n)
		}
	}
	return h.allocSpan(p, uint32(h.layout.pages[class]), class)
}

// unswept says whether a span that was on a list of such still is one.
//
//stackward:noalloc
func (h *Heap) unswept(n uint32) bool { return h.spans[n].gen == h.gen-2 }

// uncache puts a span back (mcentral.uncacheSpan).
//
//stackward:noalloc
func (h *Heap) uncache(n uint32) {
	s := &h.spans[n]
	h.totalAlloc += uint64(s.taken-s.counted) * uint64(s.slotBytes)
	s.counted = s.taken
	if s.gen == h.gen+1 {
		h.sweep(n, false)
		return
	}
	s.gen = h.gen
	h.list(n)
}

// list puts a swept span on the list it belongs to.
//
//stackward:noalloc
func (h *Heap) list(n uint32) {
	s := &h.spans[n]
	l := &h.lists[s.class]
	if s.taken < s.slots {
		l.partial.push(n)
	} else {
		l.full.push(n)
	}
}

// Flush empties the caches of all processors, as reading MemStats does.
func (h *Heap) Flush() {
	for i := range h.procs {
		p := &h.procs[i]
		for class, n := range p.cached {
			if n == 0 {
				continue
			}
			if s := &h.spans[n]; s.gen != h.gen+1 {
				h.pacer.live -= uint64(s.slots-s.taken) * uint64(s.slotBytes)
			}
			h.uncache(n)
			p.cached[class] = 0
		}
		p.tinyRef, p.tinyUsed = 0, 0
	}
}

// allocSpan is mheap.alloc.
//
//stackward:noalloc
func (h *Heap) allocSpan(p *proc, pages uint32, class uint8) uint32 {
	if !h.swept {
		h.reclaim(int(pages))
	}
	var n uint32
	if last := len(h.freeSpans) - 1; last >= 0 {
		n = h.freeSpans[last]
		h.freeSpans = h.freeSpans[:last]
	} else {
		n = uint32(len(h.spans))
		h.spans = append(h.spans, span{})
	}
	s := &h.spans[n]
	*s = span{class: class, pages: pages, gen: h.gen, inUse: true}
	if class < 2 {
		s.slots, s.slotBytes = 1, uint32(min(uint64(pages)*pageSize, 1<<32-1))
	} else {
		s.slots, s.slotBytes, s.magic = uint32(h.layout.slots[class]), h.layout.slot[class], h.layout.magic[class]
	}
	s.nwords = (s.slots + 63) / 64
	s.bits = h.allocWords(s.nwords)
	if class == tinyClass {
		s.counts = h.allocCounts()
	}
	s.free = h.freeIn(s, 0)
	s.page = uint32(h.allocPages(p, int(pages)))
	h.pages.setSpan(int(s.page), int(pages), n, class < 2)
	return n
}

// allocPages is mheap.allocSpan.
//
//stackward:noalloc
func (h *Heap) allocPages(p *proc, pages int) int {
	page, released, grown := h.pages.alloc(&p.pages, pages)
	if debt, force := h.scavenger.debt(&h.config, h.usage(), h.pacer.limiter.limiting, released, grown); debt > 0 {
		h.pages.scavenge(debt, force)
	}
	h.pages.ready += released
	return page
}

// allocWords finds room for three cleared bitmaps.
//
//stackward:noalloc
func (h *Heap) allocWords(words uint32) uint32 {
	list := &h.freeWords[words]
	if last := len(*list) - 1; last >= 0 {
		at := (*list)[last]
		*list = (*list)[:last]
		clear(h.words[at : at+3*words])
		return at
	}
	at := uint32(len(h.words))
	for range 3 * words {
		h.words = append(h.words, 0)
	}
	return at
}

// allocCounts finds room for the counts of a span of tiny blocks.
//
//stackward:noalloc
func (h *Heap) allocCounts() uint32 {
	if last := len(h.freeCount) - 1; last >= 0 {
		at := h.freeCount[last]
		h.freeCount = h.freeCount[:last]
		return at
	}
	at := uint32(len(h.counts))
	for range h.layout.slots[tinyClass] {
		h.counts = append(h.counts, 0)
	}
	return at
}

//stackward:noalloc
func (h *Heap) freeSpan(n uint32) {
	s := &h.spans[n]
	s.inUse = false
	h.pages.freeSpan(int(s.page), int(s.pages))
	h.freeWords[s.nwords] = append(h.freeWords[s.nwords], s.bits)
	if s.class == tinyClass {
		h.freeCount = append(h.freeCount, s.counts)
	}
	h.freeSpans = append(h.freeSpans, n)
}

// usage is what the memory limit looks at.
//
//stackward:noalloc
func (h *Heap) usage() usage {
	live, spans := uint64(h.config.Live), h.config.liveSpans()
	return usage{
		ready: uint64(h.config.NonHeap) + spans + uint64(h.pages.ready)*pageSize,
		heap:  spans + uint64(h.pages.ready-h.pages.work)*pageSize,
		free:  uint64(h.pages.ready-h.pages.work-h.pages.inUse) * pageSize,
		alloc: h.totalAlloc - h.totalFree + live,
	}
}
