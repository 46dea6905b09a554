package offheap

import (
	"sync/atomic"
	"unsafe"
)

// The tiny allocator. See doc.go for an overview.
//
// Objects below 16 bytes, but for those of 8, which have a class that fits,
// share blocks of a cache line. A block's last word counts the objects in it
// that live: freeing one takes it down, and who takes it to 0 frees the block.
// While a cache fills a block the count is higher by tinyBias, so that nobody
// frees the block meanwhile and the owner need not count each object it hands
// out: when the block is full it adds their number and takes the bias away, in
// one step.
//
// Blocks are aligned to their size, so an object's block is in its address, and
// freeing needs no span. The price: one object that lives keeps the whole
// block, and freed bytes are of use again only with the block.

const (
	maxTiny       = 16
	tinyBlockSize = 64
	tinyRoom      = tinyBlockSize - 4
	tinyBias      = 1 << 16
)

// A tinyBlock is the block that a cache fills.
type tinyBlock struct {
	block uintptr // 0 for none
	off   uintptr // bytes handed out
	n     uint32  // objects handed out

	req    uintptr // bytes requested through this cache, less those freed; wraps
	blocks uintptr // blocks taken by this cache, less those freed; wraps
}

func isTiny(size uintptr) bool { return size < maxTiny && size != 8 }

// tinyAlign is the alignment that an object of a size below maxTiny may need: the
// power of two that divides it.
func tinyAlign(size uintptr) uintptr { return size & -size }

// alloc returns room for an object, or nil where the block has none.
func (t *tinyBlock) alloc(size uintptr) unsafe.Pointer {
	align := tinyAlign(size)
	off := (t.off + align - 1) &^ (align - 1)
	if t.block == 0 || off+size > tinyRoom {
		return nil
	}
	t.off = off + size
	t.n++
	t.req += size
	return unsafe.Add(objectAt(&t.block), off)
}

// free takes an object out of its block, which may be any cache's. It returns the
// block where it must be freed, and false where the object was freed before.
func (t *tinyBlock) free(p unsafe.Pointer, size uintptr) (dead unsafe.Pointer, ok bool) {
	t.req -= size
	if dead, ok = tinyFree(p); dead != nil {
		t.blocks--
	}
	return dead, ok
}

// refill makes a fresh block the one to fill, and returns the old one where it
// must be freed.
func (t *tinyBlock) refill(block unsafe.Pointer) (dead unsafe.Pointer) {
	dead = t.retire()
	*tinyCount(block) = tinyBias
	t.block, t.off, t.n = uintptr(block), 0, 0
	t.blocks++
	return dead
}

// retire lets the block go, and returns it where no object in it lives.
func (t *tinyBlock) retire() unsafe.Pointer {
	if t.block == 0 {
		return nil
	}
	p, n := objectAt(&t.block), t.n
	t.block = 0
	if atomic.AddUint32(tinyCount(p), n-tinyBias) != 0 {
		return nil
	}
	t.blocks--
	return p
}

// tinyCount is the block's count of live objects.
func tinyCount(block unsafe.Pointer) *uint32 {
	return (*uint32)(unsafe.Add(block, tinyRoom))
}

// tinyFree takes an object out of its block. It returns the block where it was
// the last, and reports whether the block had an object at all.
func tinyFree(p unsafe.Pointer) (dead unsafe.Pointer, ok bool) {
	block := unsafe.Add(p, -int(uintptr(p)%tinyBlockSize))
	switch n := atomic.AddUint32(tinyCount(block), ^uint32(0)); {
	case n == 0:
		return block, true
	case n > 2*tinyBias:
		return nil, false
	}
	return nil, true
}
