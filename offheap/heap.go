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
	// caches is the caches by P id. An entry is noCache until the P needs a
	// cache, and again when the cache was taken away. The last entry, which
	// stands for all Ps from maxPinned on, always is.
	caches [maxPinned + 1]atomic.Pointer[pcache]

	// shards is the caches with a lock, for where there is no pinning and for
	// Ps beyond maxPinned. It is made when it is needed.
	shards atomic.Pointer[[]*pcache]

	pages   mheap
	central [numClasses]mcentral

	flushMu sync.Mutex // held by who empties caches; see flush.go

	mu      sync.Mutex // for what follows, and changes of caches and shards
	leaving []*pcache  // caches that were taken out of the table, and are not empty yet
	flushes uint64     // how often caches were emptied
	closed  atomic.Bool
	past    pcache               // counts of caches that are gone
	owned   map[*pcache]struct{} // of the Caches

	flushedAt atomic.Uint64 // growths of the page heap when stale caches were emptied

	check       checkHeap // of the checked build
	reportLeaks bool
}

// maxPinned is how many Ps may have a cache of their own. The table is of one
// size, so that finding the cache is one load.
const maxPinned = 512

// noCache stands for a cache that a P does not have yet: it has no object and
// no room for any.
var noCache = &pcache{closed: true}

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
	for i := range h.caches {
		h.caches[i].Store(noCache)
	}
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

// acquire returns a cache that is the caller's alone until it calls let: this
// P's, pinned, or a shard, locked. It returns nil if the heap is closed.
func (h *Heap) acquire() *pcache {
	for usePin {
		id := procPin()
		if id >= maxPinned {
			procUnpin()
			break
		}
		if c := h.caches[id].Load(); c != noCache {
			return c
		}
		procUnpin()
		if !h.addCache(id) {
			return nil
		}
	}
	return h.lockShard()
}

// let ends what acquire began.
func (h *Heap) let(c *pcache) {
	if c.shared {
		c.lock.Store(0)
	} else {
		procUnpin()
	}
}

// letWith is let where a bin of the class may have been too full for a chain,
// which goes to the mcentral.
func (h *Heap) letWith(c *pcache, class uint8, full chain) {
	var of uint8
	var excess chain
	if full.n > 0 {
		of, excess = c.miss(class)
	}
	h.let(c)
	h.release(class, full)
	h.release(of, excess)
}

// release hands a chain to the mcentral; an empty one is fine.
func (h *Heap) release(class uint8, ch chain) {
	if ch.n > 0 {
		h.central[class].release(ch)
	}
}

// addCache gives a P a cache. It reports false if the heap is closed.
//
//stackward:cold
func (h *Heap) addCache(id int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed.Load() {
		return false
	}
	if h.caches[id].Load() == noCache {
		h.caches[id].Store(newPcache())
	}
	return true
}

// lockShard locks a shard: that of the goroutine's stack, or else the next that
// is free.
func (h *Heap) lockShard() *pcache {
	shards := h.shards.Load()
	if shards == nil {
		if shards = h.addShards(); shards == nil {
			return nil
		}
	}
	var here byte
	n := uint32(len(*shards))
	i := uint32(uintptr(unsafe.Pointer(&here))>>11) * 0x9e3779b1 >> 16 % n
	for tries := uint32(1); ; tries++ {
		if c := (*shards)[i]; c.lock.CompareAndSwap(0, 1) {
			return c
		}
		if i = (i + 1) % n; tries%n == 0 {
			runtime.Gosched()
		}
	}
}

// addShards makes the shards. It returns nil if the heap is closed.
//
//stackward:cold
func (h *Heap) addShards() *[]*pcache {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed.Load() {
		return nil
	}
	if s := h.shards.Load(); s != nil {
		return s
	}
	// Twice as many as run at a time, so that one is mostly free.
	n := min(max(8, 2*runtime.GOMAXPROCS(0)), 256)
	s := make([]*pcache, n)
	for i := range s {
		s[i] = newPcache()
		s[i].shared = true
	}
	h.shards.Store(&s)
	return &s
}

// pinnedCache pins the goroutine and returns its P's cache, or noCache. The caller
// unpins. usePin holds.
func (h *Heap) pinnedCache() *pcache {
	return h.caches[min(uint(procPin()), maxPinned)].Load()
}

// pinned pins the goroutine and returns the bin of its P's cache for a class. The
// caller unpins. usePin holds.
//
// The bin has neither an object nor room for one where the P has no cache: the
// slow path gives it one.
func (h *Heap) pinned(class uint8) *bin {
	return &h.caches[min(uint(procPin()), maxPinned)].Load().bins[class]
}

// allocSmall returns an object of the class, for a request of size bytes. Its
// contents are undefined.
func (h *Heap) allocSmall(class uint8, size uintptr) (unsafe.Pointer, error) {
	if usePin {
		b := h.pinned(class)
		if p := b.pop(); p != nil {
			b.req += size
			procUnpin()
			return p, nil
		}
		procUnpin()
	}
	return h.allocSlow(class, size)
}

// freeSmall takes back what allocSmall returned.
func (h *Heap) freeSmall(p unsafe.Pointer, class uint8, size uintptr) {
	if usePin {
		b := h.pinned(class)
		if b.canPush(p) {
			b.push(p)
			b.req -= size
			procUnpin()
			return
		}
		procUnpin()
	}
	h.freeSlow(p, class, size)
}

// allocSlow is allocSmall where the loaded chain is empty.
//
//stackward:cold
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
	h.release(of, excess)
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
	h.release(class, rest)
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
// since it did so last. A goroutine does it, since it may have to wait for the
// collector.
func (h *Heap) afterGrowth() {
	if n := h.pages.growths.Load(); n != h.flushedAt.Load() {
		h.flushedAt.Store(n)
		if h.hasStale() {
			go h.flushStale()
		}
	}
}

// freeSlow is freeSmall where the loaded chain is full.
//
//stackward:cold
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
	h.letWith(c, class, full)
}

// allocTiny returns an object below maxTiny bytes.
func (h *Heap) allocTiny(size uintptr) (p unsafe.Pointer, err error) {
	if usePin {
		p = h.pinnedCache().tiny.alloc(size)
		procUnpin()
	}
	for p == nil {
		block, err := h.allocSmall(sizeClass(tinyBlockSize), 0)
		if err != nil {
			return nil, err
		}
		c := h.acquire()
		if c == nil {
			return nil, ErrClosed
		}
		if p = c.tiny.alloc(size); p != nil { // a shard, or another P
			h.let(c)
			h.freeSmall(block, sizeClass(tinyBlockSize), 0)
			break
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
	dead, ok := c.tiny.free(p, size)
	h.let(c)
	switch {
	case !ok:
		panic(badFree(p, size, badTwice))
	case dead != nil:
		h.freeSmall(dead, sizeClass(tinyBlockSize), 0)
	}
}

// allocLarge returns an object above maxSmallSize bytes, and whether it may not
// be zero.
//
//stackward:cold
func (h *Heap) allocLarge(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	n := size / pageSize
	if size%pageSize != 0 {
		n++
	}
	if uint64(n) > math.MaxUint32 || size >= maxAlloc {
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

// maxAlloc is more than one object can have: a quarter of the address space.
const maxAlloc = 1 << (addressBits - 2)

// freeLarge takes back what allocLarge returned.
//
//stackward:cold
func (h *Heap) freeLarge(p unsafe.Pointer, size uintptr) {
	s := spanOf(p)
	switch {
	case s == nil && h.closed.Load():
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
