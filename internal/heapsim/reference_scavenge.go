package heapsim

// A refScavenge is the reference's scavengeIndex.
type refScavenge struct {
	chunks            []refChunk
	gen               int
	background, force cursor
	freeHWM           int // the highest page freed since a cycle ended, -1
}

// A refChunk is scavChunkData; its pages are counted where they are asked for.
type refChunk struct {
	lastInUse, gen int
	hasFree        bool
}

func newRefScavenge() refScavenge {
	return refScavenge{background: cursor{page: -1}, force: cursor{page: -1}, freeHWM: -1}
}

// Scavenge is the background scavenger (bgscavenge and its run).
func (h *reference) Scavenge(bytes int64) (released int64) {
	for released < bytes {
		if u := h.usage(); !h.scavenger.due(u) {
			break
		}
		r := h.scavenge(scavengeQuantum, false)
		if r == 0 {
			break
		}
		released += int64(r)
	}
	return released
}

func (h *reference) wakeScavenger() {
	if h.config.ScavengeNow {
		h.Scavenge(1 << 62)
	}
}

// FreeOSMemory is debug.FreeOSMemory.
func (h *reference) FreeOSMemory() {
	h.GC()
	h.scavenge(1<<63, true)
}

func (h *reference) takeWorkBufs() {
	for range h.config.WorkBufs {
		page := h.allocPages(&h.procs[0], workBufPages)
		h.workBufs = append(h.workBufs, page)
		for i := range workBufPages {
			h.pages[page+i].work = true
		}
	}
}

func (h *reference) freeWorkBufs() {
	for _, page := range h.workBufs {
		for i := range workBufPages {
			h.pages[page+i].work = false
			h.setFree(page+i, true)
		}
	}
	h.workBufs = nil
}

// inUse counts the pages of a chunk that are in spans and page caches.
func (h *reference) inUse(chunk int) int {
	n := 0
	for i := range chunkPages {
		if !h.pages[chunk*chunkPages+i].free {
			n++
		}
	}
	return n
}

// setFree takes a page for a span or a page cache, or gives it back
// (scavengeIndex.alloc and free, page by page).
func (h *reference) setFree(page int, free bool) {
	x := &h.index
	chunk := page / chunkPages
	c := &x.chunks[chunk]
	if c.gen != x.gen {
		c.lastInUse, c.gen = h.inUse(chunk), x.gen
	}
	h.pages[page].free = free
	if !free {
		if h.inUse(chunk) == chunkPages {
			c.hasFree = false
		}
		return
	}
	c.hasFree = true
	x.freeHWM = max(x.freeHWM, page)
	if x.force.page < page {
		x.force = cursor{page, true}
	}
}

// nextGen is scavengeIndex.nextGen.
func (x *refScavenge) nextGen() {
	x.gen++
	if x.background.page < x.freeHWM {
		x.background = cursor{x.freeHWM, true}
	}
	x.freeHWM = -1
}

// shouldScavenge is scavChunkData.shouldScavenge.
func (h *reference) shouldScavenge(chunk int, force bool) bool {
	c := h.index.chunks[chunk]
	switch {
	case !c.hasFree:
		return false
	case force:
		return true
	case c.gen == h.index.gen:
		return h.inUse(chunk) < denseChunk && c.lastInUse < denseChunk
	}
	return h.inUse(chunk) < denseChunk
}

// scavenge is pageAlloc.scavenge, with scavengeIndex.find and scavengeOne.
func (h *reference) scavenge(bytes uint64, force bool) (released uint64) {
	at := &h.index.background
	if force {
		at = &h.index.force
	}
	for released < bytes && at.page >= 0 {
		start := at.page / chunkPages
		chunk := start
		for chunk >= 0 && !h.shouldScavenge(chunk, force) {
			chunk--
		}
		if chunk < 0 {
			if !at.raised {
				at.page = -1
			}
			break
		}
		if chunk < start {
			*at = cursor{page: (chunk+1)*chunkPages - 1}
		}
		first, end := h.findScavengeCandidate(at.page, bytes-released)
		if first == end {
			h.index.chunks[chunk].hasFree = false
		}
		for i := first; i < end; i++ {
			h.pages[i].released = true
			released += pageSize
		}
	}
	return released
}

// findScavengeCandidate finds a run of pages, from the highest on down of the 64
// that the page is one of.
func (h *reference) findScavengeCandidate(page int, bytes uint64) (start, end int) {
	bottom := page / chunkPages * chunkPages
	can := func(i int) bool { return i >= bottom && h.pages[i].free && !h.pages[i].released }
	end = page/64*64 + 64
	for end > bottom && !can(end-1) {
		end--
	}
	run := end
	for can(run - 1) {
		run--
	}
	start = run
	if most := int((bytes-1)/pageSize + 1); end-start > most {
		start = end - most
	}
	if huge := int(h.config.HugePage / pageSize); huge > 1 {
		above := (start + huge - 1) / huge * huge
		below := start / huge * huge
		if above <= end && below >= run {
			start = below
		}
	}
	return start, end
}
