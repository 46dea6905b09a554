//go:build linux && amd64 && !nolinkname && !offheapcheck && !race && !go1.28

package offheap

//lint:file-ignore U1000 fast_amd64.s uses what Go does not

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The fast paths in assembly. See fast.go for why they may do what they do.
//
// The functions in assembly take and give their values in registers, as a
// compiled function does, and not on the stack, as assembly else must: that would
// cost another call. They are called through func values only, which are pointers
// to where a function's address is.

// Offsets in the runtime's structures, those of the toolchain's version apart.
const (
	offsetGM      = 48 // g.m
	offsetPID     = 0  // p.id, an int32
	offsetPStatus = 4  // p.status, a uint32
	offsetPM      = 48 // p.m
	statusRunning = 1  // _Prunning
)

// getm is another of the functions that the runtime keeps for others to use; see
// pin.go.
//
//go:linkname getm runtime.getm
func getm() uintptr

// entries returns the addresses of the functions in assembly.
func entries() (alloc, zero, free, gm uintptr)

var (
	allocEntry, zeroEntry, freeEntry, gmEntry = entries()

	allocAsm = *funcAt[allocFunc](&allocEntry)
	zeroAsm  = *funcAt[allocFunc](&zeroEntry)
	freeAsm  = *funcAt[freeFunc](&freeEntry)
	gmAsm    = *funcAt[func() uintptr](&gmEntry)
)

// funcAt is the func value of the function at an address.
func funcAt[F any](entry *uintptr) *F { return (*F)(unsafe.Pointer(&entry)) }

// What the functions in assembly do where they cannot go on.
var (
	allocSlow allocFunc
	zeroSlow  allocFunc
	freeSlow  freeFunc
)

// The types that an Allocator may have, as in an interface value's first word.
var (
	heapTab  = tabOf((*Heap)(nil))
	cacheTab = tabOf((*Cache)(nil))
)

func tabOf(a Allocator) uintptr { return *(*uintptr)(unsafe.Pointer(&a)) }

// fastMax is the largest size that the functions in assembly handle, and zeroMax
// the largest that they clear: above, the runtime's way to clear is faster.
const (
	fastMax = 1024
	zeroMax = 1024
)

// binOffset is where a size's bin is in a pcache; that of class 0, which has no
// object and no room, for sizes that have none.
var binOffset = fillOffsets()

func fillOffsets() (table [fastMax + 1]uint16) {
	for size := range uintptr(fastMax + 1) {
		if isSmall(size) {
			table[size] = uint16(sizeClass(size)) * uint16(unsafe.Sizeof(bin{}))
		}
	}
	return table
}

// fastWorks says that the functions in assembly do.
var fastWorks = usePin && abiKnown && layoutKnown()

func init() { useFast(fastWorks) }

// fast says that they are used.
var fast bool

// useFast uses them, or no longer, where they work, and reports whether they were
// used before.
func useFast(on bool) (before bool) {
	allocSlow, zeroSlow, freeSlow = allocGo, zeroGo, freeGo
	allocFn, zeroFn, freeFn = allocGo, zeroGo, freeGo
	before, fast = fast, on && fastWorks
	if fast {
		allocFn, zeroFn, freeFn = allocAsm, zeroAsm, freeAsm
	}
	return before
}

// layoutKnown reports whether the runtime's structures are laid out as expected:
// whether what is found to be this goroutine's P has the id that pinning tells,
// runs, and belongs to this m. Nothing else in memory does.
func layoutKnown() bool {
	if !plausible() {
		return false
	}
	const goroutines, rounds = 4, 50
	var wrong atomic.Bool
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				id := procPin()
				ok := gmAsm() == getm() && isP(*runtimeWord(gmAsm(), offsetMP), id)
				procUnpin()
				if !ok {
					wrong.Store(true)
					return
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	return !wrong.Load()
}

// plausible is a first try of the layout. What is read by way of it may not be
// memory at all, which must not be the program's end. That is no matter while
// pinned, so the first look is without.
func plausible() (ok bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	m := getm()
	if gmAsm() != m {
		return false
	}
	for range 100 {
		p := *runtimeWord(m, offsetMP)
		if p == 0 || p%ptrSize != 0 || *runtimeWord(p, offsetPM) == 0 {
			return false
		}
		// It can be read, and Ps are never freed.
		id := procPin()
		same := *runtimeWord(m, offsetMP) == p
		ok = same && isP(p, id)
		procUnpin()
		if same {
			return ok
		}
	}
	return false
}

// isP reports whether p is the P of an id, and runs on this m. The caller is
// pinned.
func isP(p uintptr, id int) bool {
	return *(*int32)(unsafe.Pointer(runtimeWord(p, offsetPID))) == int32(id) &&
		*(*uint32)(unsafe.Pointer(runtimeWord(p, offsetPStatus))) == statusRunning &&
		*runtimeWord(p, offsetPM) == getm()
}

// runtimeWord is the word at an address of the runtime's.
func runtimeWord(address, offset uintptr) *uintptr {
	return (*uintptr)(unsafe.Add(objectAt(&address), offset))
}
