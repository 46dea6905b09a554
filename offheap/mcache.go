package offheap

import (
	"sync/atomic"
	"unsafe"
)

// Caches of free objects. See doc.go for an overview.
//
// A pcache belongs to a P, to a [Cache], or, without pinning, to whoever holds
// its lock; see pin.go. It has a bin for each class, and a bin has two chains:
// the loaded one, which objects are taken from and put on, and the previous
// one, which is full or empty (the magazines of Bonwick and Adams). A run of
// allocations or of frees swaps a whole chain with the mcentral once in a
// chain's length, and a program that goes up and down at a chain's end does not
// go to the mcentral at all.

// A bin is the free objects of one class in one cache.
type bin struct {
	head uintptr // the loaded chain
	n    uint32  // objects in it
	max  uint32  // it is full at this many

	// req is the bytes requested in this class through this cache, less those
	// freed through it; only the sum over all caches means anything. It wraps.
	req uintptr

	prev   chain
	recent bool // the bin had to go to the mcentral since it was looked at last

	_ [23]byte // up to a cache line, which makes an index a shift
}

// A pcache is the free objects that one P, one [Cache] or one shard has.
type pcache struct {
	bins [numClasses]bin
	tiny tinyBlock

	// used is the bytes that the bins may hold: max objects in each of two
	// chains.
	used uintptr
	hand uint8 // the bin that gives up room next

	closed bool          // the heap is closed, or the Cache
	shared bool          // a shard
	lock   atomic.Uint32 // of a shard
}

const (
	// A chain starts with startBytes of objects, and doubles as the bin goes
	// to the mcentral, up to maxChainBytes, while the cache has less than
	// cacheBudget in all.
	startBytes    = 4 << 10
	maxChainBytes = 128 << 10
	maxChain      = 1024
	cacheBudget   = 4 << 20
)

func startMax(class uint8) uint32 {
	return max(2, min(32, startBytes/uint32(classSize[class])))
}

func fullMax(class uint8) uint32 {
	return max(2, min(maxChain, maxChainBytes/uint32(classSize[class])))
}

func newPcache() *pcache {
	c := new(pcache)
	c.init()
	return c
}

func (c *pcache) init() {
	for class := uint8(1); class < numClasses; class++ {
		c.bins[class].max = startMax(class)
	}
}

// pop takes an object off the loaded chain, or returns nil.
func (b *bin) pop() unsafe.Pointer {
	p := objectAt(&b.head)
	if p != nil {
		b.head = *(*uintptr)(p)
		b.n--
	}
	return p
}

// canPush says that the loaded chain has room for p, and that p was not freed
// just now.
func (b *bin) canPush(p unsafe.Pointer) bool {
	return b.n < b.max && b.head != uintptr(p)
}

// push puts an object on the loaded chain, which has room.
func (b *bin) push(p unsafe.Pointer) {
	*(*uintptr)(p) = b.head
	b.head = uintptr(p)
	b.n++
}

// swap exchanges the chains.
func (b *bin) swap() {
	b.head, b.n, b.prev = b.prev.head, b.prev.n, chain{b.head, b.n}
}

// popSlow is pop where the loaded chain may be empty.
func (b *bin) popSlow() unsafe.Pointer {
	if b.head == 0 && b.prev.n > 0 {
		b.swap()
	}
	return b.pop()
}

// pushSlow is push where the loaded chain may be full. It returns the chain that
// must go to the mcentral, if any.
func (b *bin) pushSlow(p unsafe.Pointer) (full chain) {
	if b.n >= b.max {
		if b.prev.n > 0 {
			full, b.prev = b.prev, chain{}
		}
		b.swap()
	}
	b.push(p)
	return full
}

// install gives the bin a chain from the mcentral, and returns it where the bin
// has two already.
func (b *bin) install(ch chain) (rest chain) {
	switch {
	case b.n == 0:
		b.head, b.n = ch.head, ch.n
	case b.prev.n == 0:
		b.prev = ch
	default:
		return ch
	}
	return chain{}
}

// miss is called where the class's bin has to go to the mcentral: the bin gets
// longer chains, if need be at the cost of bins that had no need of late. It
// returns what such a bin had too much of.
func (c *pcache) miss(class uint8) (of uint8, excess chain) {
	b := &c.bins[class]
	b.recent = true
	size := uintptr(classSize[class])
	if b.max >= fullMax(class) {
		return 0, chain{}
	}
	grow := min(b.max, fullMax(class)-b.max)
	need := 2 * uintptr(grow) * size
	for range numClasses {
		if c.used+need <= cacheBudget {
			break
		}
		c.hand = c.hand%(numClasses-1) + 1 // class 0 has no bin
		v := &c.bins[c.hand]
		if v.max <= startMax(c.hand) || v.recent {
			v.recent = false
			continue
		}
		shrink := v.max - max(v.max/2, startMax(c.hand))
		v.max -= shrink
		c.used -= 2 * uintptr(shrink) * uintptr(classSize[c.hand])
		if v.prev.n > 0 {
			of, excess, v.prev = c.hand, v.prev, chain{}
			break
		}
	}
	if c.used+need <= cacheBudget {
		b.max += grow
		c.used += need
	}
	return of, excess
}
