package heapsim

import "math/bits"

// A pageHeap is the pages of the heap: those with the lowest address are taken
// first (runtime/mpagealloc.go). The runtime has a tree of summaries over its
// bitmap, which finds the same pages.
type pageHeap struct {
	freeBits []uint64 // pages that are in no span and in no page cache
	released []uint64 // pages that the system has
	starts   []uint64 // pages at which spans begin
	span     []uint32 // the span of each page, of a large object that of the first
	first    int      // words of freeBits below it have none
	inUse    int      // pages in spans
	work     int      // pages of work buffers
	ready    int      // pages that the system does not have

	index     scavengeIndex
	hugePages int // pages of a huge page, 0 where there are none
}

// A pageCache holds pages of one block of 64 (runtime/mpagecache.go).
type pageCache struct {
	base int
	free uint64
}

// alloc takes pages from the cache if they are few, else from the heap. It says
// how many of them the system has, which the caller has to add to those that are
// ready, and by how many the heap was grown.
//
//stackward:noalloc
func (h *pageHeap) alloc(c *pageCache, pages int) (page, released, grown int) {
	page = -1
	if pages < cachePages/4 {
		if c.free == 0 {
			h.fill(c)
		}
		if i := firstRun(c.free, pages); i < 64 {
			c.free &^= (1<<pages - 1) << i
			page = c.base + i
		}
	}
	if page < 0 {
		if page = h.find(pages); page < 0 {
			grown = h.grow(pages)
			page = h.find(pages)
		}
		setRange(h.freeBits, page, pages, false)
		h.index.alloc(page, pages)
	}
	released = setRange(h.released, page, pages, false)
	return page, released, grown
}

//stackward:noalloc
func (h *pageHeap) free(page, pages int) {
	setRange(h.freeBits, page, pages, true)
	h.index.free(page, pages)
	h.first = min(h.first, page/64)
}

//stackward:noalloc
func (h *pageHeap) setSpan(page, pages int, n uint32, large bool) {
	h.inUse += pages
	h.starts[page/64] |= 1 << (page % 64)
	if large {
		pages = 1
	}
	for i := range pages {
		h.span[page+i] = n
	}
}

//stackward:noalloc
func (h *pageHeap) freeSpan(page, pages int) {
	h.inUse -= pages
	h.starts[page/64] &^= 1 << (page % 64)
	h.free(page, pages)
}

// fill takes the free pages of the block in which the first one is.
//
//stackward:noalloc
func (h *pageHeap) fill(c *pageCache) {
	for h.first < len(h.freeBits) && h.freeBits[h.first] == 0 {
		h.first++
	}
	if h.first < len(h.freeBits) {
		*c = pageCache{h.first * 64, h.freeBits[h.first]}
		h.freeBits[h.first] = 0
		h.index.alloc(c.base, bits.OnesCount64(c.free))
	}
}

// find finds the first place with so many free pages, -1 if there is none.
//
//stackward:noalloc
func (h *pageHeap) find(pages int) int {
	for h.first < len(h.freeBits) && h.freeBits[h.first] == 0 {
		h.first++
	}
	start, run := 0, 0
	for w := h.first; w < len(h.freeBits); w++ {
		free := h.freeBits[w]
		for at := 0; at < 64; {
			rest := free >> at
			if rest&1 == 0 {
				run = 0
				at += bits.TrailingZeros64(rest)
				continue
			}
			if run == 0 {
				start = w*64 + at
			}
			ones := min(bits.TrailingZeros64(^rest), 64-at)
			if run += ones; run >= pages {
				return start
			}
			at += ones
		}
	}
	return -1
}

// grow maps whole chunks, and says how many pages those are.
//
//stackward:noalloc
func (h *pageHeap) grow(pages int) int {
	grown := (pages + chunkPages - 1) / chunkPages * chunkPages
	for range grown / chunkPages {
		h.index.chunks = append(h.index.chunks, scavengeChunk{})
	}
	for range grown / 64 {
		h.freeBits = append(h.freeBits, ^uint64(0))
		h.released = append(h.released, ^uint64(0))
		h.starts = append(h.starts, 0)
		for range 64 {
			h.span = append(h.span, 0)
		}
	}
	return grown
}

// setRange sets or clears bits and says how many were set before.
//
//stackward:noalloc
func setRange(words []uint64, from, n int, set bool) (were int) {
	for n > 0 {
		at := from % 64
		k := min(64-at, n)
		mask := (^uint64(0) >> (64 - k)) << at
		w := &words[from/64]
		were += bits.OnesCount64(*w & mask)
		if set {
			*w |= mask
		} else {
			*w &^= mask
		}
		from += k
		n -= k
	}
	return were
}

// firstRun is where the first n ones of a word follow one another, 64 if
// nowhere (findBitRange64, runtime/mpallocbits.go).
//
//stackward:noalloc
func firstRun(x uint64, n int) int {
	for rest, step := n-1, 1; rest > 0; step *= 2 {
		step = min(step, rest)
		x &= x >> step
		rest -= step
	}
	return bits.TrailingZeros64(x)
}
