package heapsim

import "math/bits"

// sweep frees the slots of a span that no mark is on (sweepLocked.sweep). With
// preserve the caller takes the span, else it goes where it belongs.
//
//stackward:noalloc
func (h *Heap) sweep(n uint32, preserve bool) (freed bool) {
	s := &h.spans[n]
	h.pagesSwept += int64(s.pages)
	taken := h.words[s.bits : s.bits+s.nwords]
	marked := h.words[s.bits+2*s.nwords:][:s.nwords]
	left := 0
	for i, m := range marked {
		taken[i] = m
		marked[i] = 0
		left += bits.OnesCount64(m)
	}
	freedSlots := s.taken - uint32(left)
	h.frees += uint64(freedSlots)
	if s.class < 2 {
		h.totalFree += uint64(freedSlots) * uint64(s.pages) * pageSize
	} else {
		h.totalFree += uint64(freedSlots) * uint64(s.slotBytes)
	}
	s.taken = uint32(left)
	s.counted = s.taken
	s.word, s.free = 0, h.freeIn(s, 0)
	s.gen = h.gen
	if preserve {
		return false
	}
	if left == 0 {
		h.freeSpan(n)
		return true
	}
	h.list(n)
	return false
}

// sweepOne sweeps the next span there is (sweepone).
//
//stackward:noalloc
func (h *Heap) sweepOne() bool {
	for ; h.sweepClass < 2*numClasses; h.sweepClass++ {
		l := &h.lists[h.sweepClass/2]
		q := &l.fullUnswept
		if h.sweepClass%2 == 1 {
			q = &l.partialUnswept
		}
		for n := q.pop(); n != 0; n = q.pop() {
			if !h.unswept(n) {
				continue
			}
			pages := h.spans[n].pages
			if h.sweep(n, false) {
				h.reclaimCredit += int(pages)
			}
			return true
		}
	}
	if !h.swept {
		h.swept = true
		h.freeWorkBufs()
		h.wakeScavenger()
	}
	return false
}

//stackward:noalloc
func (h *Heap) sweepAll() {
	for h.sweepOne() {
	}
}

// sweepFor sweeps what is due before a span is allocated (deductSweepCredit).
//
//stackward:noalloc
func (h *Heap) sweepFor(bytes uint64, callerPages int64) {
	if h.pacer.sweepRatio == 0 {
		return
	}
	for h.pacer.sweepTarget(bytes)-callerPages > h.pagesSwept {
		if !h.sweepOne() {
			h.pacer.sweepRatio = 0
			return
		}
	}
}

// reclaim sweeps spans without marks until it has freed so many pages
// (mheap.reclaim).
//
//stackward:noalloc
func (h *Heap) reclaim(pages int) {
	for pages > 0 {
		if h.reclaimCredit > 0 {
			take := min(pages, h.reclaimCredit)
			h.reclaimCredit -= take
			pages -= take
			continue
		}
		if h.reclaimNext >= h.reclaimEnd {
			return
		}
		found := 0
		for w := h.reclaimNext / 64; w < min((h.reclaimNext+reclaimPages)/64, len(h.pages.starts)); w++ {
			for starts := h.pages.starts[w]; starts != 0; starts &= starts - 1 {
				n := h.pages.span[w*64+bits.TrailingZeros64(starts)]
				if !h.unswept(n) || h.anyMark(n) {
					continue
				}
				found += int(h.spans[n].pages)
				h.sweep(n, false)
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

//stackward:noalloc
func (h *Heap) anyMark(n uint32) bool {
	s := &h.spans[n]
	for _, m := range h.words[s.bits+2*s.nwords:][:s.nwords] {
		if m != 0 {
			return true
		}
	}
	return false
}

// testTrigger starts a cycle when it is time, or ends one.
//
//stackward:noalloc
func (h *Heap) testTrigger() {
	h.peak.HeapLive = max(h.peak.HeapLive, int64(h.pacer.live))
	h.peak.HeapInuse = max(h.peak.HeapInuse, int64(h.pages.inUse)*pageSize)
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

// hold has no cycle begin by itself until begin is called.
func (h *Heap) hold() {
	h.config.GOGC, h.config.MemoryLimit = -1, 0
	h.pacer.commit(true)
}

// begin has the pacer of a heap, which was held while it was made, go on as that of a
// program in the middle of its run, with the settings of c: now by the goal that was's
// last cycle leads to with them, and as far on the way to it as the program was to its own.
func (h *Heap) begin(c *Config, was *Begun) {
	h.config.GOGC, h.config.MemoryLimit = c.GOGC, c.MemoryLimit
	p := &h.pacer
	if was == nil {
		p.commit(true)
	} else {
		marked := min(uint64(was.Marked), p.live)
		p.marked = marked
		p.allocated(was.Runway, was.Cycles)
		p.commit(true)
		room := float64(was.Goal) - float64(marked)
		if goal, _ := p.goal(h.usage()); goal > marked && room > 0 {
			part := min(1, float64(goal-marked)/room)
			p.live = marked + uint64(part*float64(p.live-marked))
		}
	}
	h.peak = Peak{HeapLive: int64(p.live), HeapInuse: int64(h.pages.inUse) * pageSize}
}

// GC runs a whole cycle, as runtime.GC does: it ends one that is marking, marks,
// and sweeps all.
func (h *Heap) GC() {
	h.FinishMark()
	h.forced = true
	h.StartMark()
	h.FinishMark()
	h.sweepAll()
}

// StartMark begins a cycle, unless one is marking: what is alive now stays, and
// what is allocated until FinishMark.
//
//stackward:noalloc
func (h *Heap) StartMark() {
	if h.marking {
		return
	}
	h.sweepAll()
	h.wakeScavenger()
	trigger, goal := h.pacer.trigger(h.usage())
	h.takeWorkBufs()
	h.marking = true
	scan, most := uint64(0), uint64(0)
	for i := range h.spans {
		s := &h.spans[i]
		if !s.inUse {
			continue
		}
		alive := h.words[s.bits+s.nwords:][:s.nwords]
		marked := h.words[s.bits+2*s.nwords:][:s.nwords]
		n := 0
		for i, word := range alive {
			marked[i] = word
			n += bits.OnesCount64(word)
		}
		if s.class&1 == 0 {
			scan += h.bytesOf(s, n)
			most += h.bytesOf(s, int(s.taken))
		}
	}
	for i := range h.procs {
		if p := &h.procs[i]; p.tinyRef != 0 {
			s := &h.spans[p.tinySpan]
			h.words[s.bits+2*s.nwords+p.tinySlot/64] |= 1 << (p.tinySlot % 64)
		}
	}
	h.pacer.startCycle(scan, most, h.config.mark(len(h.cycles)))
	h.cycles = append(h.cycles, Cycle{
		Trigger: clamp(trigger), Goal: clamp(goal), Start: int64(h.pacer.live), Scan: int64(h.pacer.scan), Forced: h.forced,
	})
	h.forced = false
}

// bytesOf are the bytes of so many objects of a span.
//
//stackward:noalloc
func (h *Heap) bytesOf(s *span, objects int) uint64 {
	if s.class < 2 {
		return uint64(objects) * uint64(s.pages) * pageSize
	}
	return uint64(objects) * uint64(s.slotBytes)
}

// FinishMark ends the marking of a cycle, and leaves what has no mark to be swept.
//
//stackward:noalloc
func (h *Heap) FinishMark() {
	if !h.marking {
		return
	}
	marked, kept := uint64(h.config.Live), uint64(0)
	for i := range h.spans {
		s := &h.spans[i]
		if !s.inUse {
			continue
		}
		n := 0
		for _, m := range h.words[s.bits+2*s.nwords:][:s.nwords] {
			n += bits.OnesCount64(m)
		}
		marked += h.bytesOf(s, n)
		if s.class&1 == 0 {
			kept += h.bytesOf(s, n)
		}
	}
	c := &h.cycles[len(h.cycles)-1]
	c.End, c.Marked = int64(h.pacer.live), int64(marked)
	h.peak.HeapLive = max(h.peak.HeapLive, c.End)
	lastGoal, _ := h.pacer.goal(h.usage())
	h.pacer.endCycle(marked, kept)
	h.marking = false

	h.gen += 2
	for i := range h.lists {
		l := &h.lists[i]
		l.partial, l.partialUnswept = l.partialUnswept, l.partial
		l.full, l.fullUnswept = l.fullUnswept, l.full
	}
	h.swept, h.pagesSwept, h.sweepClass = false, 0, 0
	h.reclaimNext, h.reclaimCredit = 0, 0
	h.reclaimEnd = (len(h.pages.span) + arenaPages - 1) / arenaPages * arenaPages

	h.pacer.commit(false)
	trigger, goal := h.pacer.trigger(h.usage())
	h.pacer.paceSweeper(trigger, int64(h.pages.inUse), h.pagesSwept)
	h.scavenger.pace(&h.config, h.usage(), uint64(h.pages.inUse)*pageSize, goal, lastGoal)
	h.pages.index.nextGen()
	h.Flush()
	if h.config.SweepNow {
		h.sweepAll()
	}
}

// Stats returns the state of the heap.
func (h *Heap) Stats() Stats {
	st := Stats{
		Frees: h.frees, TinyAllocs: h.tinyAllocs, TotalAlloc: h.totalAlloc, Requested: h.requested,
		HeapLive:  int64(h.pacer.live),
		HeapInuse: int64(h.pages.inUse) * pageSize, HeapSys: int64(len(h.pages.span)-h.pages.work) * pageSize,
		HeapIdle:     int64(len(h.pages.span)-h.pages.work-h.pages.inUse) * pageSize,
		HeapReleased: int64(len(h.pages.span)-h.pages.ready) * pageSize,
	}
	var classes [numClasses]SpanStats
	for i := range h.spans {
		s := &h.spans[i]
		if !s.inUse {
			continue
		}
		c := &classes[s.class]
		c.Class, c.NoScan = int(s.class>>1), s.class&1 == 1
		if c.Class > 0 {
			c.Slot = int64(s.slotBytes)
		}
		switch {
		case s.gen == h.gen+3:
			c.Cached++
		case s.gen == h.gen-2:
			c.Unswept++
		case s.taken < s.slots:
			c.Partial++
		default:
			c.Full++
		}
		bytes := int64(s.pages) * pageSize
		c.Bytes += bytes
		c.Objects += int(s.taken)
		c.Free += int(s.slots - s.taken)
		c.Tail += bytes - int64(h.bytesOf(s, int(s.slots)))
		st.TotalAlloc += h.bytesOf(s, int(s.taken-s.counted))
		st.Mallocs += uint64(s.taken)
		st.HeapAlloc += int64(h.bytesOf(s, int(s.taken)))
	}
	st.Mallocs += h.frees
	for i := range classes {
		if classes[i].Bytes > 0 {
			st.Spans = append(st.Spans, classes[i])
		}
	}
	return st
}

// Peak returns the highest state so far.
func (h *Heap) Peak() Peak { return h.peak }

// Cycles returns the cycles that have begun, the first one first. The caller
// must not change them.
func (h *Heap) Cycles() []Cycle { return h.cycles }
