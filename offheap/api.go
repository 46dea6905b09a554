package offheap

import (
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

// An Allocator is where memory comes from: a [Heap], a [Cache], or an [Arena].
// The functions of this package take one as their first argument, since methods
// cannot have type parameters.
type Allocator interface {
	// Alloc returns size zeroed bytes, aligned to 8 bytes if size is a multiple
	// of 8, else to the power of two that divides it.
	Alloc(size uintptr) (unsafe.Pointer, error)

	// AllocUninit is Alloc, but the contents are undefined.
	AllocUninit(size uintptr) (unsafe.Pointer, error)

	// Free takes back memory of Alloc or AllocUninit, and of nothing else. The
	// size must be the one that was asked for.
	Free(p unsafe.Pointer, size uintptr)

	// allocUninit is AllocUninit that says whether the memory may not be zero.
	allocUninit(size uintptr) (p unsafe.Pointer, dirty bool, err error)
}

// New returns a new zero T. Each is freed with [Free], by any goroutine, and
// through any [Heap] or [Cache] of the same heap. T must have no Go pointers, or
// New panics; see [CheckType], and [Ptr] for links.
func New[T any](a Allocator) (*T, error) {
	p, err := zeroFn(a, unsafe.Sizeof(*new(T)), (*T)(nil))
	return (*T)(p), err
}

// NewUninit is [New], but the contents are undefined.
func NewUninit[T any](a Allocator) (*T, error) {
	p, err := allocFn(a, unsafe.Sizeof(*new(T)), (*T)(nil))
	return (*T)(p), err
}

// Free takes back what [New] or [NewUninit] returned. A nil p is fine.
func Free[T any](a Allocator, p *T) {
	if checked {
		freeTyped(a, unsafe.Pointer(p), unsafe.Sizeof(*p), (*T)(nil))
		return
	}
	freeFn(a, unsafe.Pointer(p), unsafe.Sizeof(*p))
}

// freeTyped is Free, which in the checked build compares the type: that of the
// object, of the slice, or string.
func freeTyped(a Allocator, p unsafe.Pointer, size uintptr, nilT any) {
	switch {
	case p == nil:
	case checked:
		checkedFree(a, p, size, reflect.TypeOf(nilT).Elem())
	default:
		freeFn(a, p, size)
	}
}

// MakeSlice returns a slice of n zero Ts with room for capacity. It is freed with
// [FreeSlice].
func MakeSlice[T any](a Allocator, n, capacity int) ([]T, error) {
	s, dirty, err := makeSlice[T](a, n, capacity)
	if err == nil && dirty {
		clear(s[:capacity])
	}
	return s, err
}

// MakeSliceUninit is [MakeSlice], but the contents are undefined.
func MakeSliceUninit[T any](a Allocator, n, capacity int) ([]T, error) {
	s, _, err := makeSlice[T](a, n, capacity)
	return s, err
}

func makeSlice[T any](a Allocator, n, capacity int) (s []T, dirty bool, err error) {
	if n < 0 || n > capacity {
		panic(fmt.Sprintf("offheap: MakeSlice of %d elements with a capacity of %d", n, capacity))
	}
	size := unsafe.Sizeof(*new(T))
	if size > 0 && uintptr(capacity) > math.MaxInt/size {
		return nil, false, &oomError{size: math.MaxInt, cause: errTooLarge}
	}
	var p unsafe.Pointer
	if checked {
		mustPointerFree[T]()
		p, dirty, err = checkedAlloc(a, uintptr(capacity)*size, reflect.TypeFor[[]T]())
	} else {
		p, dirty, err = allocTyped(a, uintptr(capacity)*size, (*T)(nil))
	}
	if err != nil {
		return nil, false, err
	}
	return unsafe.Slice((*T)(p), capacity)[:n], dirty, nil
}

// FreeSlice takes back a slice of [MakeSlice] or [AppendSlice]. Its length does
// not matter, but it must begin where it began, and have the capacity it had. A
// nil slice is fine.
func FreeSlice[T any](a Allocator, s []T) {
	if cap(s) > 0 {
		freeTyped(a, unsafe.Pointer(unsafe.SliceData(s)), uintptr(cap(s))*unsafe.Sizeof(*new(T)), (*[]T)(nil))
	}
}

// AppendSlice is append for a slice of [MakeSlice], or nil. Where the capacity
// does not do, the elements move and s is freed. After an error s is as before.
func AppendSlice[T any](a Allocator, s []T, values ...T) ([]T, error) {
	n := len(s) + len(values)
	if n <= cap(s) {
		return append(s, values...), nil
	}
	grown, _, err := makeSlice[T](a, n, growCap(cap(s), n, unsafe.Sizeof(*new(T))))
	if err != nil {
		return s, err
	}
	copy(grown, s)
	copy(grown[len(s):], values)
	clear(grown[n:cap(grown)])
	FreeSlice(a, s)
	return grown, nil
}

// growCap is the capacity, for elements of size bytes, of a slice that had room
// for old and must have for n: by half more, and what the size class has room
// for.
func growCap(old, n int, size uintptr) int {
	if size == 0 {
		return n
	}
	want := max(n, old+old/2, 4)
	if uintptr(want) > math.MaxInt/2/size {
		return n
	}
	return int(roundSize(uintptr(want)*size) / size)
}

// CloneString copies s. The copy is freed with [FreeString].
func CloneString(a Allocator, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	var p unsafe.Pointer
	var err error
	if checked {
		p, _, err = checkedAlloc(a, uintptr(len(s)), reflect.TypeFor[string]())
	} else {
		p, err = a.AllocUninit(uintptr(len(s)))
	}
	if err != nil {
		return "", err
	}
	copy(unsafe.Slice((*byte)(p), len(s)), s)
	return unsafe.String((*byte)(p), len(s)), nil
}

// FreeString takes back a string of [CloneString]: that very string, not a part.
func FreeString(a Allocator, s string) {
	if s != "" {
		freeTyped(a, unsafe.Pointer(unsafe.StringData(s)), uintptr(len(s)), (*string)(nil))
	}
}

// Must returns v, and panics if there is an error: for programs without a limit,
// where no memory is the end anyway.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// zeroSized is the address of all objects of no size.
var zeroSized uint64

// Alloc returns size zeroed bytes; see [Allocator].
func (h *Heap) Alloc(size uintptr) (unsafe.Pointer, error) { return zeroFn(h, size, nilByte) }

// AllocUninit returns size bytes of undefined contents.
func (h *Heap) AllocUninit(size uintptr) (unsafe.Pointer, error) {
	return allocFn(h, size, nilByte)
}

// Free takes back size bytes.
func (h *Heap) Free(p unsafe.Pointer, size uintptr) { freeFn(h, p, size) }

//stackward:noalloc
func (h *Heap) free(p unsafe.Pointer, size uintptr) {
	switch {
	case checked:
		h.check.free(p, size, nil)
	case size > maxSmallSize:
		h.freeLarge(p, size)
	case !isTiny(size):
		h.freeSmall(p, sizeClass(size), size)
	case size > 0:
		h.freeTiny(p, size)
	}
}

//stackward:noalloc
func (h *Heap) allocUninit(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	switch {
	case checked:
		p, err = h.check.alloc(size, nil)
		return p, true, err
	case size > maxSmallSize:
		return h.allocLarge(size)
	case !isTiny(size):
		p, err = h.allocSmall(sizeClass(size), size)
		return p, true, err
	case size > 0:
		p, err = h.allocTiny(size)
		return p, true, err
	}
	return unsafe.Pointer(&zeroSized), false, nil
}

// Alloc returns size zeroed bytes; see [Allocator].
func (c *Cache) Alloc(size uintptr) (unsafe.Pointer, error) { return zeroFn(c, size, nilByte) }

// AllocUninit returns size bytes of undefined contents.
func (c *Cache) AllocUninit(size uintptr) (unsafe.Pointer, error) {
	return allocFn(c, size, nilByte)
}

// Free takes back size bytes.
func (c *Cache) Free(p unsafe.Pointer, size uintptr) { freeFn(c, p, size) }

//stackward:noalloc
func (c *Cache) free(p unsafe.Pointer, size uintptr) {
	switch {
	case checked:
		c.heap.check.free(p, size, nil)
	case size > maxSmallSize:
		c.heap.freeLarge(p, size)
	case !isTiny(size):
		c.freeSmall(p, sizeClass(size), size)
	case size > 0:
		c.freeTiny(p, size)
	}
}

//stackward:noalloc
func (c *Cache) allocUninit(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	switch {
	case c.c.closed:
		return nil, false, ErrClosed
	case checked:
		p, err = c.heap.check.alloc(size, nil)
		return p, true, err
	case size > maxSmallSize:
		return c.heap.allocLarge(size)
	case !isTiny(size):
		p, err = c.allocSmall(sizeClass(size), size)
		return p, true, err
	case size > 0:
		p, err = c.allocTiny(size)
		return p, true, err
	}
	return unsafe.Pointer(&zeroSized), false, nil
}
