package heapsim

import (
	"math"
	"math/bits"
)

// Constants of runtime/mgcscavenge.go.
const (
	physPage        = 4096     // physPageSize, to a multiple of which the goal is rounded up
	retainExtra     = 10       // retainExtraPercent, more than what the heap will need
	reduceExtra     = 5        // reduceExtraPercent, less than the memory limit
	denseChunk      = 496      // scavChunkHiOccPages, of 512
	workBufPages    = 4        // workbufAlloc, runtime/mgcwork.go
	scavengeQuantum = 64 << 10 // what the background scavenger does at once, in bytes
)

// Scavenge lets the background scavenger run until it has given so many bytes
// back to the system, rounded up to what it does at once, or has reached its
// goals or the end of the heap. It says how many they were. In the runtime it
// has a hundredth of the processors' time.
//
//stackward:noalloc
func (h *Heap) Scavenge(bytes int64) (released int64) {
	for released < bytes && h.scavenger.due(h.usage()) {
		once := h.pages.scavenge(scavengeQuantum, false)
		if once == 0 {
			break
		}
		released += int64(once)
	}
	return released
}

// FreeOSMemory runs a cycle and gives all free pages back that no processor has
// in its cache, as debug.FreeOSMemory does.
func (h *Heap) FreeOSMemory() {
	h.GC()
	h.pages.scavenge(math.MaxUint64, true)
}

// wakeScavenger runs the background scavenger where it runs as soon as it is woken.
//
//stackward:noalloc
func (h *Heap) wakeScavenger() {
	if h.config.ScavengeNow {
		h.Scavenge(math.MaxInt64)
	}
}

// takeWorkBufs takes the pages of a cycle's work buffers.
//
//stackward:noalloc
func (h *Heap) takeWorkBufs() {
	for range h.config.WorkBufs {
		h.workBufs = append(h.workBufs, h.allocPages(&h.procs[0], workBufPages))
		h.pages.work += workBufPages
	}
}

// freeWorkBufs gives them back (freeSomeWbufs, runtime/mgcwork.go).
//
//stackward:noalloc
func (h *Heap) freeWorkBufs() {
	for _, page := range h.workBufs {
		h.pages.free(page, workBufPages)
	}
	h.pages.work -= len(h.workBufs) * workBufPages
	h.workBufs = h.workBufs[:0]
}

// liveSpans are the bytes of spans that no request stands for.
func (c *Config) liveSpans() uint64 { return uint64(max(c.Live, c.LiveSpans)) }

// A scavenger is how much of the system's memory may stay, in bytes; never
// where there is no reason to give any back. It is plain arithmetic, which the
// reference and the fast heap share.
type scavenger struct {
	retain uint64 // gcPercentGoal, of the heap
	limit  uint64 // memoryLimitGoal, of all
}

// noScavenging is before the first cycle ends.
var noScavenging = scavenger{never, never}

// pace computes the goals as a cycle ends (gcPaceScavenger). inUse are the bytes
// of the model's spans before any is swept.
func (s *scavenger) pace(c *Config, u usage, inUse, goal, lastGoal uint64) {
	*s = noScavenging
	if limit := uint64(float64(c.limit()) * (1 - reduceExtra/100.0)); u.ready > limit {
		s.limit = limit
	}
	if lastGoal == 0 {
		return
	}
	inUse += c.liveSpans()
	retain := uint64(float64(inUse) * (float64(goal) / float64(lastGoal)))
	retain += retain / (100 / retainExtra)
	retain = (retain + physPage - 1) &^ (physPage - 1)
	if retained := u.heap; retained > retain && retained-retain >= physPage {
		s.retain = retain
	}
}

// due says whether the background scavenger has something to do.
func (s *scavenger) due(u usage) bool {
	return u.heap > s.retain || u.ready > s.limit
}

// debt is how much has to go back before pages of a new span are used: the
// system has so many of them, and for them the heap has grown by so many
// (mheap.allocSpan). To keep the limit, all free pages will do; while the collector's
// time is limited it is not kept.
func (s *scavenger) debt(c *Config, u usage, limiting bool, released, grown int) (bytes uint64, force bool) {
	if ready := u.ready + uint64(released)*pageSize; ready > c.limit() && !limiting {
		bytes, force = ready-c.limit(), true
	}
	if s.retain != never && grown > 0 {
		growth := uint64(grown) * pageSize
		if will := u.heap + growth; will > s.retain {
			bytes = max(bytes, min(growth, will-s.retain))
		}
	}
	return bytes, force
}

// A cursor is the highest page from which on down there may be something to
// scavenge, -1 where there is nothing (atomicOffAddr). One that was raised is
// not cleared until a lower one has been found.
type cursor struct {
	page   int
	raised bool
}

// A scavengeIndex knows in which chunks there may be something to scavenge.
type scavengeIndex struct {
	chunks []scavengeChunk
	gen    uint32 // cycles that have ended
	// background is raised as a cycle ends, to the highest page that was freed in
	// it; force with each page that is freed.
	background, force cursor
	freed             int // freeHWM: the highest page that was freed in this cycle, -1
}

// A scavengeChunk is scavChunkData. One that had nearly all pages in use in this
// cycle or as it began is left alone: it will be filled again.
type scavengeChunk struct {
	inUse, last uint16 // pages, now and as the cycle began
	gen         uint32 // when they were last set
	some        bool   // scavChunkHasFree
}

func newScavengeIndex() scavengeIndex {
	return scavengeIndex{background: cursor{page: -1}, force: cursor{page: -1}, freed: -1}
}

//stackward:noalloc
func (x *scavengeIndex) alloc(page, pages int) {
	for pages > 0 {
		n := min(pages, chunkPages-page%chunkPages)
		c := x.turn(page)
		c.inUse += uint16(n)
		c.some = c.some && c.inUse < chunkPages
		page += n
		pages -= n
	}
}

//stackward:noalloc
func (x *scavengeIndex) free(page, pages int) {
	last := page + pages - 1
	x.freed = max(x.freed, last)
	if x.force.page < last {
		x.force = cursor{last, true}
	}
	for pages > 0 {
		n := min(pages, chunkPages-page%chunkPages)
		c := x.turn(page)
		c.inUse -= uint16(n)
		c.some = true
		page += n
		pages -= n
	}
}

// turn is the chunk of a page, of which a cycle's first change is to come.
//
//stackward:noalloc
func (x *scavengeIndex) turn(page int) *scavengeChunk {
	c := &x.chunks[page/chunkPages]
	if c.gen != x.gen {
		c.last, c.gen = c.inUse, x.gen
	}
	return c
}

// nextGen begins the next cycle.
//
//stackward:noalloc
func (x *scavengeIndex) nextGen() {
	x.gen++
	if x.background.page < x.freed {
		x.background = cursor{x.freed, true}
	}
	x.freed = -1
}

// find is the page from which on down a chunk is to be scavenged, -1 if there
// is none.
//
//stackward:noalloc
func (x *scavengeIndex) find(force bool) int {
	at := &x.background
	if force {
		at = &x.force
	}
	if at.page < 0 {
		return -1
	}
	start := at.page / chunkPages
	for i := start; i >= 0; i-- {
		c := &x.chunks[i]
		if !c.some || !force && (c.inUse >= denseChunk || c.gen == x.gen && c.last >= denseChunk) {
			continue
		}
		if i < start {
			*at = cursor{page: i*chunkPages + chunkPages - 1}
		}
		return at.page
	}
	if !at.raised {
		at.page = -1
	}
	return -1
}

// scavenge gives free pages back to the system, from the top of the heap, and
// says how many bytes. With force it takes them from dense chunks too.
//
//stackward:noalloc
func (h *pageHeap) scavenge(bytes uint64, force bool) (released uint64) {
	for released < bytes {
		at := h.index.find(force)
		if at < 0 {
			break
		}
		most := min((bytes-released-1)/pageSize+1, chunkPages)
		start, n := h.candidate(at, int(most))
		if n == 0 {
			h.index.chunks[at/chunkPages].some = false
			continue
		}
		setRange(h.released, start, n, true)
		h.ready -= n
		released += uint64(n) * pageSize
	}
	return released
}

// candidate finds the highest free pages of a chunk that the system does not
// have, from the word of a page on down (findScavengeCandidate): no more than
// so many, or all of a huge page that would be broken up.
//
//stackward:noalloc
func (h *pageHeap) candidate(at, most int) (start, n int) {
	first := at / chunkPages * chunkPages / 64
	w := at / 64
	for ; w >= first && h.freeBits[w]&^h.released[w] == 0; w-- {
	}
	if w < first {
		return 0, 0
	}
	give := h.freeBits[w] &^ h.released[w]
	skip := bits.LeadingZeros64(give)
	end := w*64 + 64 - skip
	run := bits.LeadingZeros64(^(give << skip))
	for run == end-w*64 && w > first {
		w--
		run += bits.LeadingZeros64(^(h.freeBits[w] &^ h.released[w]))
	}
	start = end - min(run, most)
	if huge := h.hugePages; huge > 1 {
		if below := start / huge * huge; (start+huge-1)/huge*huge <= end && below >= end-run {
			start = below
		}
	}
	return start, end - start
}
