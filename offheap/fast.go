package offheap

import (
	"reflect"
	"unsafe"
)

// Fast paths. See doc.go for an overview.
//
// [New], [NewUninit] and [Free] are inlined where they are called, and what is
// left of them is one call, through one of the variables below. On the fast path
// that is the only call, since calls are most of what such an allocator costs: on
// the machine of the README one takes about 1.7 ns, going by the benchmarks' control,
// which does little else.
//
// Two calls more are those that pin a goroutine. They are not needed where the
// fast path is written in assembly, which the runtime does not preempt
// (runtime.isAsyncSafePoint): a goroutine that is in it stays on its P as if it
// was pinned, and stopping the world waits until it is out of it. So fast_amd64.s
// reads from the g which P it is on, and takes the object from, or puts it into,
// that P's bin. All else it leaves to the functions in Go, by a jump to them.
//
// Where a g has its m, and an m its P, is private to the runtime. The fast paths
// are only in builds with toolchains whose layout is known, and used only if the
// layout proves right when the program starts; see fast_asm.go. Else the variables
// are the functions in Go, which pin.

var (
	allocFn allocFunc = allocGo // undefined contents
	zeroFn  allocFunc = zeroGo
	freeFn  freeFunc  = freeGo
)

// An allocFunc returns size bytes for a T, of a nil *T.
type allocFunc = func(a Allocator, size uintptr, nilT any) (unsafe.Pointer, error)

// A freeFunc takes them back.
type freeFunc = func(a Allocator, p unsafe.Pointer, size uintptr)

// nilByte stands for the type of memory of Alloc, which may have no Go pointers.
// The type is one of its own, so that the checked build knows it.
var nilByte any = (*plainByte)(nil)

type plainByte byte

func allocGo(a Allocator, size uintptr, nilT any) (unsafe.Pointer, error) {
	p, _, err := allocTyped(a, size, nilT)
	return p, err
}

func zeroGo(a Allocator, size uintptr, nilT any) (unsafe.Pointer, error) {
	p, dirty, err := allocTyped(a, size, nilT)
	if err == nil && dirty {
		clear(unsafe.Slice((*byte)(p), size))
	}
	return p, err
}

// allocTyped allocates for a T, of a nil *T, and says whether the memory may not
// be zero. The checked build remembers the type.
func allocTyped(a Allocator, size uintptr, nilT any) (p unsafe.Pointer, dirty bool, err error) {
	if mayHavePointers(nilT) {
		refusePointers(nilT)
	}
	if checked {
		return checkedAlloc(a, size, reflect.TypeOf(nilT).Elem())
	}
	return a.allocUninit(size)
}

// freeGo does nothing for a nil p.
func freeGo(a Allocator, p unsafe.Pointer, size uintptr) {
	if p == nil {
		return
	}
	switch a := a.(type) {
	case *Heap:
		a.free(p, size)
	case *Cache:
		a.free(p, size)
	default:
		a.Free(p, size)
	}
}

// isSmall says that an object has a size class and goes straight to a bin.
func isSmall(size uintptr) bool {
	return !checked && size != 0 && size <= maxSmallSize && !isTiny(size)
}
