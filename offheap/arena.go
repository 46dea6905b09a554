package offheap

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Arenas. See doc.go for an overview.
//
// Address space comes in arenas of arenaSize bytes, aligned to arenaSize. An
// arena begins with its own description, the struct arena: what each of its
// pages belongs to, and the mspan of each span at the slot of the span's first
// page. So an arena needs no other memory, and from an object's address to its
// span it is two loads: the slot of the page's span, and the mspan there.
//
// The description reaches over many pages of which most are never touched. It
// is committed as far as the arena's pages are.
//
// An object longer than an arena has as many arenas as it needs, of which the
// first describes all; see huge.go.

const (
	ptrSize = 4 << (^uintptr(0) >> 63)
	is64bit = ptrSize == 8

	// 64 MiB, and 4 MiB where addresses are scarce, as in the runtime.
	logArenaSize  = 22 + 4*(ptrSize/8)
	arenaSize     = 1 << logArenaSize
	arenaPages    = arenaSize / pageSize
	addressBits   = 32 + 16*(ptrSize/8)
	numArenaSlots = 1 << (addressBits - logArenaSize)

	// commitUnit is what memory is committed in: a multiple of every page
	// size that Go supports.
	commitUnit  = 64 << 10
	commitPages = commitUnit / pageSize

	// chunkSize is what memory is given back in: a huge page, so that giving
	// back splits none. On 32 bits a fraction of an arena.
	logChunkSize = 18 + 3*(ptrSize/8)
	chunkSize    = 1 << logChunkSize
	chunkPages   = chunkSize / pageSize
	arenaChunks  = arenaSize / chunkSize

	// firstPage is the first page of an arena that an object can have.
	firstPage = (unsafe.Sizeof(arena{}) + commitUnit - 1) / commitUnit * commitPages
)

// An arena describes arenaSize bytes of address space, and lies at their start.
// The heap's lock guards it, but for what spans in use say of themselves.
type arena struct {
	heap   uint64 // the id of the heap that has it
	frames uint32 // arenas that this one describes: more than 1 for a huge object

	described uint32 // bytes of this struct that are committed
	committed uint32 // pages below this are committed, but for the rest of this struct

	// Chunks by bit: given back to the system; and free since the trimmer
	// looked last (see trim.go).
	released uint32
	idle     uint32

	// dirty has a bit for each page that may not be zero.
	dirty [arenaPages / 64]uint64

	// start is, for a page of a span in use and for the first and last page of
	// a free one, the span's first page; else 0.
	start [arenaPages]uint16

	spans [arenaPages]mspan
}

func (a *arena) base() unsafe.Pointer { return unsafe.Pointer(a) }

func (a *arena) page(i uint32) unsafe.Pointer {
	return unsafe.Add(a.base(), uintptr(i)<<pageShift)
}

// describedBytes is how much of the struct must be committed for pages below
// end to be used.
func describedBytes(end uint32) uintptr {
	n := unsafe.Offsetof(arena{}.spans) + uintptr(end)*unsafe.Sizeof(mspan{})
	return (n + commitUnit - 1) &^ (commitUnit - 1)
}

// isDirty reports whether one of n pages from i may not be zero.
func (a *arena) isDirty(i, n uint32) bool {
	for n > 0 {
		k := min(n, 64-i%64)
		if a.dirty[i/64]&(^uint64(0)>>(64-k)<<(i%64)) != 0 {
			return true
		}
		i, n = i+k, n-k
	}
	return false
}

// setDirty says of n pages from i that they may not be zero, or that they are.
func (a *arena) setDirty(i, n uint32, dirty bool) {
	for n > 0 {
		k := min(n, 64-i%64)
		mask := ^uint64(0) >> (64 - k) << (i % 64)
		if dirty {
			a.dirty[i/64] |= mask
		} else {
			a.dirty[i/64] &^= mask
		}
		i, n = i+k, n-k
	}
}

// chunksWithin is the chunks that lie wholly in n pages from i.
func chunksWithin(i, n uint32) uint32 {
	from, to := (i+chunkPages-1)/chunkPages, (i+n)/chunkPages
	return chunkMask(from, to)
}

// chunksTouching is the chunks that n pages from i touch.
func chunksTouching(i, n uint32) uint32 {
	return chunkMask(i/chunkPages, (i+n+chunkPages-1)/chunkPages)
}

func chunkMask(from, to uint32) uint32 {
	if from >= to {
		return 0
	}
	return uint32(1<<to - 1<<from) // of uint64s
}

// The registry says of every address whether it is in an arena, and in which.
// It is a table of tables, and neither ever goes away. Reading takes no lock.
const (
	logRegistryLeaf = 10 + ptrSize/8
	registryLeaf    = 1 << logRegistryLeaf
)

var registry [numArenaSlots / registryLeaf]atomic.Pointer[[registryLeaf]unsafe.Pointer]

// arenaOf is the arena that p is in, or nil. p may be any address.
//
//stackward:noalloc
func arenaOf(p unsafe.Pointer) *arena {
	slot := uintptr(p) >> logArenaSize
	if slot >= numArenaSlots {
		return nil
	}
	leaf := registry[slot/registryLeaf].Load()
	if leaf == nil {
		return nil
	}
	return (*arena)(atomic.LoadPointer(&leaf[slot%registryLeaf]))
}

// spanOf is the span in use that p points into, or nil. p may be any address.
//
//stackward:noalloc
func spanOf(p unsafe.Pointer) *mspan {
	a := arenaOf(p)
	if a == nil {
		return nil
	}
	if a.frames > 1 {
		return &a.spans[firstPage]
	}
	page := uint32(uintptr(p) % arenaSize >> pageShift)
	i := uint32(a.start[page])
	if s := &a.spans[i]; s.state == spanInUse && page < i+s.npages {
		return s
	}
	return nil // what start says of a page that is free may be old
}

// space hands out address space in arenas. It is one for the whole program, so
// that what a heap leaves when it is closed serves the next one.
var space struct {
	mu   sync.Mutex
	free []frameRun // by address, none adjacent
}

// A frameRun is reserved address space of n arenas.
type frameRun struct {
	base unsafe.Pointer
	n    uintptr
}

func (r frameRun) end() uintptr { return uintptr(r.base) + r.n*arenaSize }

// reserveArenas returns reserved address space of n arenas that nobody has.
func reserveArenas(n uintptr) (unsafe.Pointer, error) {
	space.mu.Lock()
	defer space.mu.Unlock()
	best := -1
	for i, r := range space.free {
		if r.n >= n && (best < 0 || r.n < space.free[best].n) {
			best = i
		}
	}
	if best >= 0 {
		r := &space.free[best]
		p := r.base
		r.base, r.n = unsafe.Add(p, n*arenaSize), r.n-n
		if r.n == 0 {
			space.free = slices.Delete(space.free, best, best+1)
		}
		return p, nil
	}
	if n > ^uintptr(0)/arenaSize-1 {
		return nil, errTooLarge
	}
	p, err := osReserve(n*arenaSize, arenaSize)
	if err != nil {
		return nil, err
	}
	if (uintptr(p)+n*arenaSize-1)>>logArenaSize >= numArenaSlots {
		// An address that the registry cannot name. The space stays reserved,
		// which costs nothing.
		return nil, errBadAddress
	}
	return p, nil
}

// unreserveArenas takes back what reserveArenas gave, uncommitted.
func unreserveArenas(p unsafe.Pointer, n uintptr) {
	space.mu.Lock()
	defer space.mu.Unlock()
	i, _ := slices.BinarySearchFunc(space.free, uintptr(p), func(r frameRun, p uintptr) int {
		if uintptr(r.base) < p {
			return -1
		}
		return 1
	})
	space.free = slices.Insert(space.free, i, frameRun{p, n})
	if i+1 < len(space.free) && space.free[i].end() == uintptr(space.free[i+1].base) {
		space.free[i].n += space.free[i+1].n
		space.free = slices.Delete(space.free, i+1, i+2)
	}
	if i > 0 && space.free[i-1].end() == uintptr(p) {
		space.free[i-1].n += space.free[i].n
		space.free = slices.Delete(space.free, i, i+1)
	}
}

// register enters an arena's frames in the registry, or removes them (a nil).
func register(base unsafe.Pointer, n uintptr, a *arena) {
	space.mu.Lock()
	defer space.mu.Unlock()
	for i := range n {
		slot := uintptr(base)>>logArenaSize + i
		leaf := registry[slot/registryLeaf].Load()
		if leaf == nil {
			leaf = new([registryLeaf]unsafe.Pointer)
			registry[slot/registryLeaf].Store(leaf)
		}
		atomic.StorePointer(&leaf[slot%registryLeaf], unsafe.Pointer(a))
	}
}

// log2 is the position of the highest bit of n, which is not 0.
func log2(n uint32) int { return bits.Len32(n) - 1 }
