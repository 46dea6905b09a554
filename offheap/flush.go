package offheap

import "runtime"

// Emptying caches. See doc.go for an overview.
//
// A P's cache is used without a lock, so nobody else may take its objects while
// the P may be at it. To empty caches, they are first taken out of the table.
// A goroutine that looked at the table before is pinned, or in assembly, and does
// not let the world stop until it no longer is: so once the world has stopped,
// each of them is done, and the caches are the emptier's alone. Stopping it takes
// tens of microseconds; it happens where GOMAXPROCS went down, on [Heap.Trim], and
// where there is no memory.

// waitPinned returns when every goroutine that is pinned, or in assembly, now no
// longer is. If the collector is at work it waits until that is done, too.
func waitPinned() {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats) // stops the world
}

// flush empties the caches whose id is from or more, into the mcentrals. While it
// waits, only another flush does.
func (h *Heap) flush(from int) {
	h.flushMu.Lock()
	defer h.flushMu.Unlock()
	h.flushLocked(from)
}

// flushLocked is flush with flushMu held.
func (h *Heap) flushLocked(from int) {
	if h.takeOut(from) {
		waitPinned()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushes++
	if h.closed.Load() {
		h.leaving = nil
		return
	}
	for _, c := range h.leaving {
		h.empty(c)
		h.past.addCounts(c)
	}
	h.leaving = nil
	if shards := h.shards.Load(); shards != nil {
		for _, c := range *shards {
			for !c.lock.CompareAndSwap(0, 1) {
				runtime.Gosched()
			}
			h.empty(c)
			c.lock.Store(0)
		}
	}
}

// takeOut takes the caches whose id is from or more out of the table, and reports
// whether there are any.
func (h *Heap) takeOut(from int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := from; i < maxPinned; i++ {
		if c := h.caches[i].Load(); c != noCache {
			h.caches[i].Store(noCache)
			h.leaving = append(h.leaving, c)
		}
	}
	return len(h.leaving) > 0
}

// empty moves a cache's objects to the mcentrals.
func (h *Heap) empty(c *pcache) {
	if dead := c.tiny.retire(); dead != nil {
		ch := chain{uintptr(dead), 1}
		*(*uintptr)(dead) = 0
		h.central[sizeClass(tinyBlockSize)].release(ch)
	}
	for class := uint8(1); class < numClasses; class++ {
		b := &c.bins[class]
		h.release(class, chain{b.head, b.n})
		h.release(class, b.prev)
		b.head, b.n, b.prev = 0, 0, chain{}
		b.max = startMax(class)
	}
	c.used = 0
}

// addCounts adds another cache's counts to c's.
func (c *pcache) addCounts(other *pcache) {
	for class := range c.bins {
		c.bins[class].req += other.bins[class].req
	}
	c.tiny.req += other.tiny.req
	c.tiny.blocks += other.tiny.blocks
}

// hasStale reports whether Ps that are no longer there have caches.
func (h *Heap) hasStale() bool {
	if usePin {
		for i := runtime.GOMAXPROCS(0); i < maxPinned; i++ {
			if h.caches[i].Load() != noCache {
				return true
			}
		}
	}
	return false
}

// flushStale empties the caches of Ps that are no longer there.
func (h *Heap) flushStale() {
	if h.hasStale() {
		h.flush(runtime.GOMAXPROCS(0))
	}
}

// drainCentral puts the transfer caches' objects into their spans, and so wholly
// free spans into the page heap. It reports whether there were any.
func (h *Heap) drainCentral() (any bool) {
	for class := 1; class < numClasses; class++ {
		any = h.central[class].drain() || any
	}
	return any
}

// flushIfWorth empties all caches if they have more than a sixteenth of the
// heap, and reports whether it did, or another goroutine did meanwhile.
func (h *Heap) flushIfWorth() bool {
	h.mu.Lock()
	before := h.flushes
	h.mu.Unlock()
	h.flushMu.Lock()
	defer h.flushMu.Unlock()
	h.mu.Lock()
	flushed := h.flushes != before
	h.mu.Unlock()
	if flushed {
		return true
	}
	h.pages.mu.Lock()
	committed := h.pages.committed
	h.pages.mu.Unlock()
	if cached := h.cachedBytes(); cached == 0 || cached < committed/16 {
		return false
	}
	h.flushLocked(0)
	h.drainCentral()
	return true
}

// cachedBytes is about what the caches have that flush empties.
func (h *Heap) cachedBytes() (bytes uintptr) {
	h.eachCache(func(id int, c *pcache) {
		if id >= 0 {
			bytes += c.bytes()
		}
	})
	return bytes
}

// bytes is about what a cache has.
func (c *pcache) bytes() (bytes uintptr) {
	for class := range c.bins {
		bytes += uintptr(c.bins[class].load().n) * uintptr(classSize[class])
	}
	return bytes
}
