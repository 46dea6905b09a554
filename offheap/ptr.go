package offheap

import "unsafe"

// A Ptr is a link to a T off the Go heap that may be stored off the Go heap. To
// the collector it is a number. The zero Ptr links to nothing. Two Ptrs are
// equal if they link to the same T.
type Ptr[T any] struct {
	_    [0]*T // so that a Ptr does not convert to one of another type
	addr uintptr
}

// PtrTo returns a link to p, which must be off the Go heap, or nil.
func PtrTo[T any](p *T) Ptr[T] { return Ptr[T]{addr: uintptr(unsafe.Pointer(p))} }

// Get returns the T, or nil.
func (p Ptr[T]) Get() *T { return *(**T)(unsafe.Pointer(&p.addr)) }

// IsNil reports whether p links to nothing.
func (p Ptr[T]) IsNil() bool { return p.addr == 0 }
