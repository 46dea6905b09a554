package heapsim

import "slices"

// A reference is the plain version of Heap: one record for each slot and each
// page, lists, and loops over all of it. It exists to be read beside the
// runtime's source, and for the fast one to be compared with.
type reference struct {
	config Config
	layout *Layout
	pacer  pacer
	procs  []refProc
	pages  []refPage
	spans  []*refSpan // all in use, in order of allocation
	lists  [numClasses]refLists

	scavenger scavenger
	index     refScavenge
	workBufs  []int // the first pages of those that the last cycle took

	marking, forced bool
	swept           bool // no cycle has left anything to sweep
	pagesSwept      int64
	reclaimNext     int // page at which the next chunk begins
	reclaimEnd      int // pages there were when the cycle ended
	reclaimCredit   int

	totalAlloc, totalFree uint64
	requested             uint64
	frees, tinyAllocs     uint64
	cycles                []Cycle
}

type refProc struct {
	cached   [numClasses]*refSpan
	tiny     *refSlot // the block that tiny requests share
	tinyRef  Ref
	tinyUsed int64

	cacheBase int // first page of the page cache
	cache     [cachePages]bool
}

type refPage struct {
	free     bool // neither in a span nor in a page cache
	released bool
	work     bool // in a work buffer
	span     *refSpan
}

type refSpan struct {
	class       uint8
	page, pages int
	slotBytes   int64
	slots       []refSlot
	taken       int // slots in use, allocCount
	counted     int // of those, the ones in totalAlloc: allocCountBeforeCache
	cached      bool
	unswept     bool
}

type refSlot struct {
	taken  bool
	alive  int // objects, more than one only in a tiny block
	marked bool
}

// refLists are the central lists of a class: first in, first out.
type refLists struct {
	partial, full               []*refSpan
	partialUnswept, fullUnswept []*refSpan
}

func newReference(c Config) *reference {
	h := &reference{config: c, layout: c.Layout, swept: true, scavenger: noScavenging, index: newRefScavenge()}
	h.procs = make([]refProc, max(c.Procs, 1))
	h.pacer.init(&h.config)
	return h
}

func (h *reference) Alloc(proc int, bytes int64, noscan bool) Ref {
	p := &h.procs[proc]
	if bytes <= 0 {
		return 0
	}
	h.requested += uint64(bytes)
	if bytes > h.layout.maxSmall {
		return h.allocLarge(p, bytes, noscan)
	}
	if noscan && bytes < tinySize {
		return h.allocTiny(p, bytes)
	}
	ref, _, refilled := h.allocSlot(p, h.layout.of(bytes, noscan))
	if refilled {
		h.testTrigger()
	}
	return ref
}

func (h *reference) allocTiny(p *refProc, bytes int64) Ref {
	align := int64(1)
	for align < 8 && bytes%(align*2) == 0 {
		align *= 2
	}
	if at := (p.tinyUsed + align - 1) / align * align; p.tiny != nil && at+bytes <= tinySize {
		p.tinyUsed = at + bytes
		p.tiny.alive++
		h.tinyAllocs++
		return p.tinyRef
	}
	ref, slot, refilled := h.allocSlot(p, tinyClass)
	if p.tiny == nil || bytes < p.tinyUsed {
		p.tiny, p.tinyRef, p.tinyUsed = slot, ref, bytes
	}
	if refilled {
		h.testTrigger()
	}
	return ref
}

func (h *reference) allocSlot(p *refProc, class uint8) (ref Ref, slot *refSlot, refilled bool) {
	s := p.cached[class]
	if s == nil || s.taken == len(s.slots) {
		s = h.refill(p, class)
		refilled = true
	}
	i := slices.IndexFunc(s.slots, func(slot refSlot) bool { return !slot.taken })
	slot = &s.slots[i]
	*slot = refSlot{taken: true, alive: 1, marked: h.marking}
	s.taken++
	return s.ref(i), slot, refilled
}

func (s *refSpan) ref(slot int) Ref {
	return Ref(heapBase + int64(s.page)*pageSize + int64(slot)*s.slotBytes)
}

func (h *reference) allocLarge(p *refProc, bytes int64, noscan bool) Ref {
	pages := int((bytes + pageSize - 1) / pageSize)
	if h.marking && h.pacer.doneBefore(uint64(pages*pageSize), h.usage()) {
		h.FinishMark()
	}
	h.sweepFor(uint64(pages*pageSize), pages)
	class := uint8(0)
	if noscan {
		class = 1
	}
	s := h.allocSpan(p, pages, class)
	h.totalAlloc += uint64(pages * pageSize)
	h.pacer.live += uint64(pages * pageSize)
	h.lists[class].full = append(h.lists[class].full, s)
	s.slots[0] = refSlot{taken: true, alive: 1, marked: h.marking}
	s.taken, s.counted = 1, 1
	h.testTrigger()
	return s.ref(0)
}

// refill exchanges a span that is full (mcache.refill).
func (h *reference) refill(p *refProc, class uint8) *refSpan {
	if s := p.cached[class]; s != nil {
		h.uncache(s)
	}
	s := h.cacheSpan(p, class)
	s.cached = true
	s.counted = s.taken
	h.pacer.live += uint64(s.pages*pageSize) - uint64(s.taken)*uint64(s.slotBytes)
	p.cached[class] = s
	return s
}

// cacheSpan finds a span with a free slot (mcentral.cacheSpan).
func (h *reference) cacheSpan(p *refProc, class uint8) *refSpan {
	l := &h.lists[class]
	h.sweepFor(uint64(h.layout.pages[class])*pageSize, 0)
	if s := pop(&l.partial); s != nil {
		return s
	}
	budget := sweepBudget
	for ; budget >= 0; budget-- {
		s := pop(&l.partialUnswept)
		if s == nil {
			break
		}
		if s.unswept {
			h.sweep(s, true)
			return s
		}
	}
	for ; budget >= 0; budget-- {
		s := pop(&l.fullUnswept)
		if s == nil {
			break
		}
		if s.unswept {
			h.sweep(s, true)
			if s.taken < len(s.slots) {
				return s
			}
			l.full = append(l.full, s)
		}
	}
	return h.allocSpan(p, int(h.layout.pages[class]), class)
}

func pop(list *[]*refSpan) *refSpan {
	if len(*list) == 0 {
		return nil
	}
	s := (*list)[0]
	*list = (*list)[1:]
	return s
}

// uncache puts a span back (mcentral.uncacheSpan, and the counts of refill).
func (h *reference) uncache(s *refSpan) {
	s.cached = false
	h.totalAlloc += uint64(s.taken-s.counted) * uint64(s.slotBytes)
	s.counted = s.taken
	if s.unswept {
		h.sweep(s, false)
	} else {
		h.list(s)
	}
}

// list puts a swept span on the list it belongs to.
func (h *reference) list(s *refSpan) {
	l := &h.lists[s.class]
	if s.taken < len(s.slots) {
		l.partial = append(l.partial, s)
	} else {
		l.full = append(l.full, s)
	}
}

// Flush empties the caches of all processors, as reading MemStats does.
func (h *reference) Flush() {
	for i := range h.procs {
		p := &h.procs[i]
		for class, s := range p.cached {
			if s == nil {
				continue
			}
			if !s.unswept {
				h.pacer.live -= uint64(len(s.slots)-s.taken) * uint64(s.slotBytes)
			}
			h.uncache(s)
			p.cached[class] = nil
		}
		p.tiny, p.tinyRef, p.tinyUsed = nil, 0, 0
	}
}

func (h *reference) Free(ref Ref) {
	if ref == 0 {
		return
	}
	offset := int64(ref) - heapBase
	s := h.pages[offset/pageSize].span
	s.slots[(offset-int64(s.page)*pageSize)/s.slotBytes].alive--
}

// sweep frees the slots of a span that no mark is on. With preserve the caller
// takes the span, else it goes where it belongs.
func (h *reference) sweep(s *refSpan, preserve bool) (freed bool) {
	h.pagesSwept += int64(s.pages)
	for i := range s.slots {
		if slot := &s.slots[i]; slot.taken && !slot.marked {
			*slot = refSlot{}
			s.taken--
			s.counted--
			h.frees++
			h.totalFree += uint64(s.slotBytes)
		} else {
			slot.marked = false
		}
	}
	s.unswept = false
	if preserve {
		return false
	}
	if s.taken == 0 {
		h.freeSpan(s)
		return true
	}
	h.list(s)
	return false
}

// sweepOne sweeps the next span there is, and says how many pages that freed.
func (h *reference) sweepOne() (pages int, ok bool) {
	for class := range h.lists {
		for _, list := range []*[]*refSpan{&h.lists[class].fullUnswept, &h.lists[class].partialUnswept} {
			for {
				s := pop(list)
				if s == nil {
					break
				}
				if !s.unswept {
					continue
				}
				if h.sweep(s, false) {
					h.reclaimCredit += s.pages
					return s.pages, true
				}
				return 0, true
			}
		}
	}
	if !h.swept {
		h.swept = true
		h.freeWorkBufs()
		h.wakeScavenger()
	}
	return 0, false
}

// sweepFor sweeps what is due before a span is allocated (deductSweepCredit).
func (h *reference) sweepFor(bytes uint64, callerPages int) {
	if h.pacer.sweepRatio == 0 {
		return
	}
	for h.pacer.sweepTarget(bytes)-int64(callerPages) > h.pagesSwept {
		if _, ok := h.sweepOne(); !ok {
			h.pacer.sweepRatio = 0
			return
		}
	}
}

// reclaim sweeps spans without marks until it has freed so many pages (mheap.reclaim).
func (h *reference) reclaim(pages int) {
	for pages > 0 {
		if h.reclaimNext >= h.reclaimEnd && h.reclaimCredit == 0 {
			return
		}
		if h.reclaimCredit > 0 {
			take := min(pages, h.reclaimCredit)
			h.reclaimCredit -= take
			pages -= take
			continue
		}
		found := 0
		for i := range reclaimPages {
			if h.reclaimNext+i >= len(h.pages) {
				break
			}
			s := h.pages[h.reclaimNext+i].span
			if s == nil || s.page != h.reclaimNext+i || !s.unswept || s.cached {
				continue
			}
			if !slices.ContainsFunc(s.slots, func(slot refSlot) bool { return slot.marked }) {
				h.sweep(s, false)
				found += s.pages
			}
		}
		h.reclaimNext += reclaimPages
		if found <= pages {
			pages -= found
		} else {
			h.reclaimCredit += found - pages
			pages = 0
		}
	}
}

func (h *reference) allocSpan(p *refProc, pages int, class uint8) *refSpan {
	if !h.swept {
		h.reclaim(pages)
	}
	page := h.allocPages(p, pages)
	s := &refSpan{class: class, page: page, pages: pages}
	if class < 2 {
		s.slotBytes, s.slots = int64(pages*pageSize), make([]refSlot, 1)
	} else {
		s.slotBytes, s.slots = int64(h.layout.slot[class]), make([]refSlot, h.layout.slots[class])
	}
	for i := range pages {
		h.pages[page+i].span = s
	}
	h.spans = append(h.spans, s)
	return s
}

func (h *reference) freeSpan(s *refSpan) {
	for i := range s.pages {
		h.pages[s.page+i].span = nil
		h.setFree(s.page+i, true)
	}
	h.spans = slices.DeleteFunc(h.spans, func(other *refSpan) bool { return other == s })
}

// allocPages takes pages, and gives others back in their place (mheap.allocSpan).
func (h *reference) allocPages(p *refProc, pages int) int {
	page, grown := h.findFree(p, pages)
	released := 0
	for _, page := range h.pages[page : page+pages] {
		if page.released {
			released++
		}
	}
	if debt, force := h.scavenger.debt(&h.config, h.usage(), h.pacer.limiter.limiting, released, grown); debt > 0 {
		h.scavenge(debt, force)
	}
	for i := range pages {
		h.pages[page+i].released = false
	}
	return page
}

// findFree takes pages from the processor's page cache if it has one and they
// are few, else from the heap, and says how many pages that has grown by.
func (h *reference) findFree(p *refProc, pages int) (page, grown int) {
	if pages < cachePages/4 {
		if !slices.Contains(p.cache[:], true) {
			h.fillCache(p)
		}
		if i := run(p.cache[:], pages); i >= 0 {
			clear(p.cache[i : i+pages])
			return p.cacheBase + i, 0
		}
	}
	page = h.findPages(pages)
	if page < 0 {
		grown = h.grow(pages)
		page = h.findPages(pages)
	}
	for i := range pages {
		h.setFree(page+i, false)
	}
	return page, grown
}

// run is where so many free pages follow one another first, or -1.
func run(free []bool, pages int) int {
	n := 0
	for i, f := range free {
		if !f {
			n = 0
			continue
		}
		if n++; n == pages {
			return i - pages + 1
		}
	}
	return -1
}

func (h *reference) findPages(pages int) int {
	free := make([]bool, len(h.pages))
	for i, page := range h.pages {
		free[i] = page.free
	}
	return run(free, pages)
}

// fillCache takes the free pages of the block of 64 in which the first one is.
func (h *reference) fillCache(p *refProc) {
	first := h.findPages(1)
	if first < 0 {
		return
	}
	p.cacheBase = first / cachePages * cachePages
	for i := range p.cache {
		p.cache[i] = h.pages[p.cacheBase+i].free
		if p.cache[i] {
			h.setFree(p.cacheBase+i, false)
		}
	}
}

// grow maps whole chunks, and says how many pages those are.
func (h *reference) grow(pages int) int {
	grown := (pages + chunkPages - 1) / chunkPages * chunkPages
	for range grown {
		h.pages = append(h.pages, refPage{free: true, released: true})
	}
	h.index.chunks = append(h.index.chunks, make([]refChunk, grown/chunkPages)...)
	return grown
}

// usage counts what the memory limit looks at.
func (h *reference) usage() usage {
	u := usage{ready: uint64(h.config.NonHeap), alloc: h.totalAlloc - h.totalFree + uint64(h.config.Live)}
	u.ready += h.config.liveSpans()
	work := uint64(0)
	for i := range h.pages {
		if page := &h.pages[i]; !page.released {
			u.ready += pageSize
			if page.work {
				work += pageSize
			} else if page.span == nil {
				u.free += pageSize
			}
		}
	}
	u.heap = u.ready - uint64(h.config.NonHeap) - work
	return u
}

// testTrigger starts a cycle when it is time, or ends one.
func (h *reference) testTrigger() {
	if h.marking {
		if h.pacer.markDone(h.usage()) {
			h.FinishMark()
		}
		return
	}
	if trigger, _ := h.pacer.trigger(h.usage()); h.pacer.live >= trigger {
		h.StartMark()
		if h.pacer.markDone(h.usage()) {
			h.FinishMark()
		}
	}
}

// GC runs a whole cycle, as runtime.GC does.
func (h *reference) GC() {
	if h.marking {
		h.FinishMark()
	}
	h.forced = true
	h.StartMark()
	h.FinishMark()
	h.sweepAll()
}

func (h *reference) sweepAll() {
	for ok := true; ok; {
		_, ok = h.sweepOne()
	}
}

// StartMark begins a cycle: what is alive now stays.
func (h *reference) StartMark() {
	if h.marking {
		return
	}
	h.sweepAll()
	h.wakeScavenger()
	trigger, goal := h.pacer.trigger(h.usage())
	h.takeWorkBufs()
	h.marking = true
	scan, most := uint64(0), uint64(0)
	for _, s := range h.spans {
		for i := range s.slots {
			slot := &s.slots[i]
			slot.marked = slot.taken && slot.alive > 0
			if slot.marked && s.class&1 == 0 {
				scan += uint64(s.slotBytes)
			}
			if slot.taken && s.class&1 == 0 {
				most += uint64(s.slotBytes)
			}
		}
	}
	for i := range h.procs {
		if slot := h.procs[i].tiny; slot != nil {
			slot.marked = true
		}
	}
	h.pacer.startCycle(scan, most, h.config.mark(len(h.cycles)))
	h.cycles = append(h.cycles, Cycle{
		Trigger: clamp(trigger), Goal: clamp(goal), Start: int64(h.pacer.live), Scan: int64(h.pacer.scan), Forced: h.forced,
	})
	h.forced = false
}

// FinishMark ends marking, and leaves what has no mark to be swept.
func (h *reference) FinishMark() {
	if !h.marking {
		return
	}
	marked, kept := uint64(h.config.Live), uint64(0)
	inUse := int64(0)
	for _, s := range h.spans {
		s.unswept = true
		inUse += int64(s.pages)
		for i := range s.slots {
			if s.slots[i].marked {
				marked += uint64(s.slotBytes)
				if s.class&1 == 0 {
					kept += uint64(s.slotBytes)
				}
			}
		}
	}
	c := &h.cycles[len(h.cycles)-1]
	c.End, c.Marked = int64(h.pacer.live), int64(marked)
	lastGoal, _ := h.pacer.goal(h.usage())
	h.pacer.endCycle(marked, kept)
	h.marking = false

	for class := range h.lists {
		l := &h.lists[class]
		*l = refLists{partialUnswept: l.partial, fullUnswept: l.full}
	}
	h.swept, h.pagesSwept = false, 0
	h.reclaimNext, h.reclaimCredit = 0, 0
	h.reclaimEnd = (len(h.pages) + arenaPages - 1) / arenaPages * arenaPages

	h.pacer.commit(false)
	trigger, goal := h.pacer.trigger(h.usage())
	h.pacer.paceSweeper(trigger, inUse, h.pagesSwept)
	h.scavenger.pace(&h.config, h.usage(), uint64(inUse)*pageSize, goal, lastGoal)
	h.index.nextGen()
	h.Flush()
	if h.config.SweepNow {
		h.sweepAll()
	}
}

func (h *reference) Stats() Stats {
	st := Stats{Frees: h.frees, TinyAllocs: h.tinyAllocs, TotalAlloc: h.totalAlloc, Requested: h.requested, HeapLive: int64(h.pacer.live)}
	var classes [numClasses]SpanStats
	for _, s := range h.spans {
		c := &classes[s.class]
		c.Class, c.NoScan = int(s.class>>1), s.class&1 == 1
		if c.Class > 0 {
			c.Slot = s.slotBytes
		}
		switch {
		case s.cached:
			c.Cached++
		case s.unswept:
			c.Unswept++
		case s.taken < len(s.slots):
			c.Partial++
		default:
			c.Full++
		}
		c.Bytes += int64(s.pages * pageSize)
		c.Objects += s.taken
		c.Free += len(s.slots) - s.taken
		c.Tail += int64(s.pages*pageSize) - int64(len(s.slots))*s.slotBytes
		st.TotalAlloc += uint64(s.taken-s.counted) * uint64(s.slotBytes)
		st.Mallocs += uint64(s.taken)
		st.HeapAlloc += int64(s.taken) * s.slotBytes
		st.HeapInuse += int64(s.pages * pageSize)
	}
	st.Mallocs += h.frees
	for i := range classes {
		if classes[i].Bytes > 0 {
			st.Spans = append(st.Spans, classes[i])
		}
	}
	for i := range h.pages {
		if h.pages[i].released {
			st.HeapReleased += pageSize
		}
		if !h.pages[i].work {
			st.HeapSys += pageSize
		}
	}
	st.HeapIdle = st.HeapSys - st.HeapInuse
	return st
}

func (h *reference) Cycles() []Cycle { return h.cycles }
