package offheap

import (
	"sync/atomic"
	"unsafe"
)

// Counts. See doc.go for an overview.
//
// The hot paths count only the bytes requested, in the bin that they have at
// hand. How many objects live follows from what is in no bin, no chain and no
// span. The parts are read one after the other while the program goes on, so
// the numbers fit each other only where nothing allocates meanwhile.

// Stats is what a heap has. Sizes are in bytes.
type Stats struct {
	// Committed is the memory that the heap has of the system, its own
	// bookkeeping included, and PeakCommitted the most it ever was. Released
	// is the part of its arenas that went back.
	Committed     uint64
	PeakCommitted uint64
	Released      uint64
	Limit         uint64 // of Committed; 0 is none

	// InUse is the pages of spans that have objects, and PeakInUse the most
	// it ever was. Free is the pages that have none.
	InUse     uint64
	PeakInUse uint64
	Free      uint64

	// Objects and Requested are what the program has: the objects it
	// allocated and has not freed, and the bytes it asked for. Lost is what
	// rounding to size classes and pages costs on top. Cached is free objects
	// in caches.
	Objects   uint64
	Requested uint64
	Lost      uint64
	Cached    uint64

	Arenas int // of arenaSize, or more for a huge object

	Classes []ClassStats // those with spans, by size
	Large   LargeStats
	Tiny    TinyStats
	Caches  []CacheStats // those with objects
}

// ClassStats is what the objects of one size class have.
type ClassStats struct {
	Size      uint64 // of an object
	Spans     uint64
	SpanBytes uint64

	Objects   uint64 // allocated and not freed
	Requested uint64 // bytes asked for
	Lost      uint64 // bytes of Objects that were not asked for
	Cached    uint64 // free objects in caches
	Free      uint64 // free objects in spans
}

// LargeStats is the objects that have a span each.
type LargeStats struct {
	Objects, Bytes, Requested uint64
}

// TinyStats is the blocks shared by objects below 16 bytes, which count as
// objects of the class of 64.
type TinyStats struct {
	Blocks, Requested uint64
}

// CacheStats is the free objects of one cache.
type CacheStats struct {
	ID     int // the P's, or the shard's; -1 for a Cache, or of a P that is gone
	Bytes  uint64
	Budget uint64 // what the bins may hold
}

// Stats counts what the heap has.
func (h *Heap) Stats() Stats {
	if checked {
		return h.check.stats()
	}
	var s Stats
	s.Caches = h.cacheStats()
	h.pages.stats(&s)
	counts := h.sumCaches()
	for class := 1; class < numClasses; class++ {
		c := h.central[class].stats(&counts.bins[class])
		if c.Spans == 0 {
			continue
		}
		s.Classes = append(s.Classes, c)
		s.Objects += c.Objects
		s.Requested += c.Requested
		s.Lost += c.Lost
		s.Cached += c.Cached * c.Size
	}
	s.Tiny = TinyStats{Blocks: uint64(counts.tiny.blocks), Requested: uint64(counts.tiny.req)}
	s.Requested += s.Tiny.Requested
	s.Lost -= min(s.Lost, s.Tiny.Requested)
	s.Objects += s.Large.Objects
	s.Requested += s.Large.Requested
	s.Lost += s.Large.Bytes - s.Large.Requested
	return s
}

func (h *mheap) stats(s *Stats) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Committed = uint64(h.committed)
	s.PeakCommitted = uint64(h.peakCommitted)
	s.Released = uint64(h.released)
	s.Limit = uint64(h.limit)
	s.InUse = uint64(h.inUse())
	s.PeakInUse = uint64(h.peakInUse)
	s.Free = uint64(h.freeBytes)
	s.Arenas = len(h.arenas) + len(h.huge)
	s.Large = LargeStats{uint64(h.large.objects), uint64(h.large.bytes), uint64(h.large.req)}
}

// stats counts a class's objects, with what the caches have of it.
func (c *mcentral) stats(cached *bin) ClassStats {
	c.mu.Lock()
	inChains := c.objects
	c.mu.Unlock()
	c.spanMu.Lock()
	spans, inSpans := c.spans, c.inSpans
	c.spanMu.Unlock()
	s := ClassStats{
		Size:      uint64(c.size()),
		Spans:     uint64(spans),
		SpanBytes: uint64(spans) * uint64(classPages[c.class]) << pageShift,
		Requested: uint64(cached.req),
		Cached:    uint64(inChains) + uint64(cached.n),
		Free:      uint64(inSpans),
	}
	all := uint64(spans) * uint64(c.elems())
	s.Objects = all - min(all, s.Cached+s.Free)
	s.Lost = s.Objects*s.Size - min(s.Objects*s.Size, s.Requested)
	return s
}

// eachCache calls f for each cache that has, or had, objects of the heap.
func (h *Heap) eachCache(f func(id int, c *pcache)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.caches {
		if c := h.caches[id].Load(); c != noCache {
			f(id, c)
		}
	}
	if shards := h.shards.Load(); shards != nil {
		for id, c := range *shards {
			f(id, c)
		}
	}
	for c := range h.owned {
		f(-1, c)
	}
	for _, c := range h.leaving {
		f(-1, c)
	}
	f(-1, &h.past)
}

// sumCaches adds up all caches: n of a bin is the objects of both chains.
func (h *Heap) sumCaches() *pcache {
	sum := new(pcache)
	h.eachCache(func(_ int, c *pcache) {
		for class := range c.bins {
			b := c.bins[class].load()
			sum.bins[class].n += b.n
			sum.bins[class].req += b.req
		}
		sum.tiny.req += atomic.LoadUintptr(&c.tiny.req)
		sum.tiny.blocks += atomic.LoadUintptr(&c.tiny.blocks)
	})
	return sum
}

// load reads the counts of a bin that its owner may be at.
func (b *bin) load() bin {
	return bin{
		n:   atomic.LoadUint32(&b.n) + atomic.LoadUint32(&b.prev.n),
		req: atomic.LoadUintptr(&b.req),
	}
}

func (h *Heap) cacheStats() (all []CacheStats) {
	h.eachCache(func(id int, c *pcache) {
		s := CacheStats{ID: id, Bytes: uint64(c.bytes()), Budget: uint64(atomic.LoadUintptr(&c.used))}
		if s.Bytes > 0 {
			all = append(all, s)
		}
	})
	return all
}

// Contains reports whether p points into memory of the heap that is in use.
func (h *Heap) Contains(p unsafe.Pointer) bool {
	if checked {
		return h.check.contains(p)
	}
	s := spanOf(p)
	return s != nil && s.arena().heap == h.pages.id
}
