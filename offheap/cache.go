package offheap

import (
	"runtime"
	"unsafe"
)

// A Cache is a cache of free objects that one goroutine owns. It needs neither
// pinning nor a lock, and so it is the fastest way to allocate. Objects belong
// to the heap: what was allocated through a Cache may be freed through the heap
// or another Cache, and outlives the Cache.
//
// A Cache may be handed from one goroutine to another as any value without a
// lock may be.
type Cache struct {
	c    *pcache
	heap *Heap
	drop runtime.Cleanup
}

// NewCache returns a cache of the heap's objects. Where it is no longer needed,
// [Cache.Close] gives what it holds back to the heap; where that is forgotten,
// the collector sees to it some time.
func (h *Heap) NewCache() *Cache {
	c := &Cache{c: newPcache(), heap: h}
	h.mu.Lock()
	h.owned[c.c] = struct{}{}
	h.mu.Unlock()
	c.drop = runtime.AddCleanup(c, h.disown, c.c)
	return c
}

// disown takes back what a Cache held.
func (h *Heap) disown(c *pcache) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.owned[c]; !ok {
		return
	}
	delete(h.owned, c)
	if !h.closed.Load() {
		h.empty(c)
	}
	h.past.addCounts(c)
}

// Close gives what the cache holds back to the heap. An allocation from the
// cache is an error from then on; objects may still be freed through it.
func (c *Cache) Close() {
	if c.c.closed {
		return
	}
	c.drop.Stop()
	c.heap.disown(c.c)
	c.c = noCache
}

// Heap is the heap whose objects these are.
func (c *Cache) Heap() *Heap { return c.heap }

func (c *Cache) allocSmall(class uint8, size uintptr) (unsafe.Pointer, error) {
	b := &c.c.bins[class]
	if p := b.pop(); p != nil {
		b.req += size
		return p, nil
	}
	return c.allocSlow(class, size)
}

func (c *Cache) freeSmall(p unsafe.Pointer, class uint8, size uintptr) {
	b := &c.c.bins[class]
	if b.canPush(p) {
		b.push(p)
		b.req -= size
		return
	}
	c.freeSlow(p, class, size)
}

//stackward:cold
func (c *Cache) allocSlow(class uint8, size uintptr) (unsafe.Pointer, error) {
	if c.c.closed {
		return nil, ErrClosed
	}
	b := &c.c.bins[class]
	p := b.popSlow()
	if p == nil {
		want := b.max
		of, excess := c.c.miss(class)
		c.heap.release(of, excess)
		ch, err := c.heap.fetch(class, want)
		if err != nil {
			return nil, err
		}
		b.install(ch)
		p = b.pop()
	}
	b.req += size
	return p, nil
}

//stackward:cold
func (c *Cache) freeSlow(p unsafe.Pointer, class uint8, size uintptr) {
	if c.c.closed {
		c.heap.freeSmall(p, class, size)
		return
	}
	b := &c.c.bins[class]
	if b.head == uintptr(p) {
		panic(badFree(p, size, badTwice))
	}
	full := b.pushSlow(p)
	b.req -= size
	c.passOn(class, full)
}

// passOn hands the mcentral a chain that a bin of the class was too full for, if
// there is one.
func (c *Cache) passOn(class uint8, full chain) {
	if full.n > 0 {
		of, excess := c.c.miss(class)
		c.heap.release(class, full)
		c.heap.release(of, excess)
	}
}

func (c *Cache) allocTiny(size uintptr) (unsafe.Pointer, error) {
	if c.c.closed {
		return nil, ErrClosed
	}
	p := c.c.tiny.alloc(size)
	if p == nil {
		block, err := c.allocSmall(sizeClass(tinyBlockSize), 0)
		if err != nil {
			return nil, err
		}
		dead := c.c.tiny.refill(block)
		p = c.c.tiny.alloc(size)
		if dead != nil {
			c.freeSmall(dead, sizeClass(tinyBlockSize), 0)
		}
	}
	return p, nil
}

func (c *Cache) freeTiny(p unsafe.Pointer, size uintptr) {
	if c.c.closed {
		c.heap.freeTiny(p, size)
		return
	}
	switch dead, ok := c.c.tiny.free(p, size); {
	case !ok:
		panic(badFree(p, size, badTwice))
	case dead != nil:
		c.freeSmall(dead, sizeClass(tinyBlockSize), 0)
	}
}
