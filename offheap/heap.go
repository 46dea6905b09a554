package offheap

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Heap is memory outside the Go heap, in arenas of its own. Its methods, and
// the functions that take it as an [Allocator], may be called by any number of
// goroutines at once, except [Heap.Close].
type Heap struct {
	// caches is the per-P caches by P id, or the shards.
	caches atomic.Pointer[cacheTable]

	pages   mheap
	central [numClasses]mcentral

	mu     sync.Mutex // for changes of caches
	closed bool
	past   pcache               // counts of caches that are gone
	owned  map[*pcache]struct{} // of the Caches

	flushedAt atomic.Uint64 // growths of the page heap when stale caches were emptied

	check       checkHeap // of the checked build
	reportLeaks bool
}

// A cacheTable is replaced, not changed.
type cacheTable struct{ c []*pcache }

// noCache stands for a cache that a P does not have yet: it has no object and
// no room for any.
var noCache = new(pcache)

// Config is how a [Heap] is to be. The zero value will do.
type Config struct {
	// Limit is the bytes that the heap may have of the system at most, its own
	// bookkeeping included; 0 is no limit. An allocation that would need more
	// is an error that wraps [ErrLimit].
	Limit int64

	// HugePages asks the system to back the heap with huge pages (Linux
	// only). Random access to a big heap is faster; memory comes in larger
	// pieces.
	HugePages bool

	// ReportLeaks makes [Heap.Close] return an error with the objects that
	// were not freed, in the checked build.
	ReportLeaks bool
}

var heapIDs atomic.Uint64

// NewHeap returns an empty heap. It takes no memory until it is used.
func NewHeap(config Config) *Heap {
	h := &Heap{owned: map[*pcache]struct{}{}}
	h.pages.id = heapIDs.Add(1)
	h.pages.limit = limitBytes(config.Limit)
	h.pages.hugePages = config.HugePages
	h.reportLeaks = config.ReportLeaks
	for class := range h.central {
		h.central[class].init(&h.pages, uint8(class))
	}
	h.caches.Store(newCacheTable())
	h.check.init(h)
	return h
}

func limitBytes(limit int64) uintptr {
	if limit <= 0 || uint64(limit) > math.MaxUint64>>(64-8*ptrSize) {
		return 0
	}
	return uintptr(limit)
}

// defaultHeap is made when it is first asked for.
var defaultHeap = sync.OnceValue(func() *Heap { return NewHeap(Config{}) })

// Default is the heap of the whole program. It has no limit unless one is set,
// and cannot be closed.
func Default() *Heap { return defaultHeap() }

// newCacheTable is a table without caches: of all Ps, or of shards.
func newCacheTable() *cacheTable {
	procs := runtime.GOMAXPROCS(0)
	if usePin {
		t := &cacheTable{make([]*pcache, procs)}
		for i := range t.c {
			t.c[i] = noCache
		}
		return t
	}
	// Twice as many shards as goroutines that run, so that one is mostly free.
	n := 8
	for n < 2*procs && n < 256 {
		n *= 2
	}
	t := &cacheTable{make([]*pcache, n)}
	for i := range t.c {
		t.c[i] = newPcache()
	}
	return t
}

// acquire returns a cache that is the caller's alone until it calls let: this
// P's, pinned, or a shard, locked. It returns nil if the heap is closed.
func (h *Heap) acquire() *pcache {
	if !usePin {
		return h.lockShard()
	}
	for {
		id := procPin()
		if t := h.caches.Load(); id < len(t.c) && t.c[id] != noCache {
			return t.c[id]
		}
		procUnpin()
		if !h.addCache(id) {
			return nil
		}
	}
}

// let ends what acquire began.
func (h *Heap) let(c *pcache) {
	if usePin {
		procUnpin()
	} else {
		c.lock.Store(0)
	}
}

// addCache gives a P a cache. It reports false if the heap is closed.
func (h *Heap) addCache(id int) bool {
	c := newPcache()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	old := h.caches.Load().c
	t := &cacheTable{make([]*pcache, max(len(old), id+1, runtime.GOMAXPROCS(0)))}
	copy(t.c, old)
	for i := len(old); i < len(t.c); i++ {
		t.c[i] = noCache
	}
	if t.c[id] == noCache {
		t.c[id] = c
	}
	h.caches.Store(t)
	return true
}

// lockShard locks a shard: that of the goroutine's stack, or else the next that
// is free.
func (h *Heap) lockShard() *pcache {
	var here byte
	hash := uint32(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b1 >> 16
	for {
		shards := h.caches.Load().c
		if len(shards) == 0 {
			return nil
		}
		for i := range uint32(len(shards)) {
			c := shards[(hash+i)%uint32(len(shards))]
			if c.lock.CompareAndSwap(0, 1) {
				return c
			}
		}
		runtime.Gosched()
	}
}

// allocSmall returns an object of the class, for a request of size bytes. Its
// contents are undefined.
func (h *Heap) allocSmall(class uint8, size uintptr) (unsafe.Pointer, error) {
	if usePin {
		id := procPin()
		if t := h.caches.Load(); uint(id) < uint(len(t.c)) {
			b := &t.c[id].bins[class]
			if p := objectAt(&b.head); p != nil {
				b.head = *(*uintptr)(p)
				b.n--
				b.req += size
				procUnpin()
				return p, nil
			}
		}
		procUnpin()
	}
	return h.allocSlow(class, size)
}

// freeSmall takes back what allocSmall returned.
func (h *Heap) freeSmall(p unsafe.Pointer, class uint8, size uintptr) {
	if usePin {
		id := procPin()
		if t := h.caches.Load(); uint(id) < uint(len(t.c)) {
			b := &t.c[id].bins[class]
			if b.n < b.max && b.head != uintptr(p) {
				*(*uintptr)(p) = b.head
				b.head = uintptr(p)
				b.n++
				b.req -= size
				procUnpin()
				return
			}
		}
		procUnpin()
	}
	h.freeSlow(p, class, size)
}

// allocSlow is allocSmall where the loaded chain is empty.
func (h *Heap) allocSlow(class uint8, size uintptr) (unsafe.Pointer, error) {
	c := h.acquire()
	if c == nil {
		return nil, ErrClosed
	}
	b := &c.bins[class]
	if p := b.popSlow(); p != nil {
		b.req += size
		h.let(c)
		return p, nil
	}
	want := b.max
	of, excess := c.miss(class)
	h.let(c)
	if excess.n > 0 {
		h.central[of].release(excess)
	}
	ch, err := h.fetch(class, want)
	if err != nil {
		return nil, err
	}
	p := objectAt(&ch.head)
	ch.head = *(*uintptr)(p)
	ch.n--
	if c = h.acquire(); c == nil {
		return nil, ErrClosed
	}
	b = &c.bins[class]
	b.req += size
	rest := b.install(ch)
	h.let(c)
	if rest.n > 0 {
		h.central[class].release(rest)
	}
	return p, nil
}

// fetch gets a chain from the class's mcentral. Where there is no memory, it
// tries again with what the caches have.
func (h *Heap) fetch(class uint8, want uint32) (ch chain, err error) {
	ch, err = h.central[class].fetch(want)
	for stage := 0; h.reclaim(stage, err); stage++ {
		ch, err = h.central[class].fetch(want)
	}
	h.afterGrowth()
	return ch, err
}

// afterGrowth sees to the caches of Ps that are gone, if the heap has grown
// since it did so last.
func (h *Heap) afterGrowth() {
	if n := h.pages.growths.Load(); n != h.flushedAt.Load() {
		h.flushedAt.Store(n)
		h.flushStale()
	}
}

// freeSlow is freeSmall where the loaded chain is full.
func (h *Heap) freeSlow(p unsafe.Pointer, class uint8, size uintptr) {
	c := h.acquire()
	if c == nil {
		return // closed: the memory is gone already
	}
	b := &c.bins[class]
	if b.head == uintptr(p) {
		h.let(c)
		panic(badFree(p, size, badTwice))
	}
	full := b.pushSlow(p)
	b.req -= size
	var of uint8
	var excess chain
	if full.n > 0 {
		of, excess = c.miss(class)
	}
	h.let(c)
	if full.n > 0 {
		h.central[class].release(full)
	}
	if excess.n > 0 {
		h.central[of].release(excess)
	}
}

// allocTiny returns an object below maxTiny bytes.
func (h *Heap) allocTiny(size uintptr) (unsafe.Pointer, error) {
	c := h.acquire()
	if c == nil {
		return nil, ErrClosed
	}
	p := c.tiny.alloc(size)
	h.let(c)
	for p == nil {
		block, err := h.allocSmall(sizeClass(tinyBlockSize), 0)
		if err != nil {
			return nil, err
		}
		if c = h.acquire(); c == nil {
			return nil, ErrClosed
		}
		dead := c.tiny.refill(block)
		p = c.tiny.alloc(size)
		h.let(c)
		if dead != nil {
			h.freeSmall(dead, sizeClass(tinyBlockSize), 0)
		}
	}
	return p, nil
}

// freeTiny takes back what allocTiny returned.
func (h *Heap) freeTiny(p unsafe.Pointer, size uintptr) {
	c := h.acquire()
	if c == nil {
		return
	}
	dead := tinyFree(p)
	c.tiny.req -= size
	if dead != nil {
		c.tiny.blocks--
	}
	h.let(c)
	if dead != nil {
		h.freeSmall(dead, sizeClass(tinyBlockSize), 0)
	}
}

// allocLarge returns an object above maxSmallSize bytes, and whether it may not
// be zero.
func (h *Heap) allocLarge(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	n := size / pageSize
	if size%pageSize != 0 {
		n++
	}
	if uint64(n) > math.MaxUint32 || size > maxAlloc {
		return nil, false, &oomError{size: size, cause: errTooLarge}
	}
	s, dirty, err := h.pages.alloc(uint32(n), 0, size)
	for stage := 0; h.reclaim(stage, err); stage++ {
		s, dirty, err = h.pages.alloc(uint32(n), 0, size)
	}
	h.afterGrowth()
	if err != nil {
		return nil, false, err
	}
	return s.base(), dirty, nil
}

// maxAlloc is the most that one object can have: half the address space.
const maxAlloc = 1 << (addressBits - 1)

// freeLarge takes back what allocLarge returned.
func (h *Heap) freeLarge(p unsafe.Pointer, size uintptr) {
	s := spanOf(p)
	switch {
	case s == nil && h.isClosed():
		return
	case s == nil || s.arena().heap != h.pages.id:
		panic(badFree(p, size, badForeign))
	case s.base() != p:
		panic(badFree(p, size, badStart))
	case s.class != 0 || uintptr(s.npages) != (size+pageSize-1)>>pageShift:
		panic(badFree(p, size, badSize))
	}
	h.pages.freeSpan(s)
}

func (h *Heap) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// reclaim moves what the caches have to the page heap, after an allocation
// ended in err, and reports whether it is worth another try: first what the
// mcentrals have, then what the Ps have.
func (h *Heap) reclaim(stage int, err error) bool {
	if err == nil || !errors.Is(err, ErrOutOfMemory) {
		return false
	}
	switch stage {
	case 0:
		h.drainCentral()
		return true
	case 1:
		return h.flushIfWorth()
	}
	return false
}
