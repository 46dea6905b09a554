package offheap

import (
	"errors"
	"fmt"
	"unsafe"
)

// ErrOutOfMemory is what every error of an allocation that got no memory wraps:
// the system refused it, or the heap's limit did.
var ErrOutOfMemory = errors.New("offheap: out of memory")

// ErrLimit is what an error wraps, besides [ErrOutOfMemory], where it was the
// heap's own limit that refused.
var ErrLimit = errors.New("offheap: limit of the heap reached")

// ErrClosed is the error of an allocation from a closed [Heap], [Cache] or
// [Arena].
var ErrClosed = errors.New("offheap: heap is closed")

var (
	errTooLarge   = errors.New("larger than the address space")
	errBadAddress = errors.New("address space beyond 48 bits")
)

// An oomError says what refused how much.
type oomError struct {
	size  uintptr // bytes wanted
	limit uintptr // the heap's limit where that refused, else 0
	cause error   // the system's error where that refused
}

func (e *oomError) Error() string {
	if e.limit > 0 {
		return fmt.Sprintf("offheap: out of memory: %d more bytes would exceed the heap's limit of %d", e.size, e.limit)
	}
	return fmt.Sprintf("offheap: out of memory: %d bytes: %v", e.size, e.cause)
}

func (e *oomError) Unwrap() []error {
	if e.limit > 0 {
		return []error{ErrOutOfMemory, ErrLimit}
	}
	return []error{ErrOutOfMemory, e.cause}
}

// A Misuse is what the package panics with where the program used memory in a
// way that cannot be right. In the checked build it has the stacks.
type Misuse struct {
	What string  // what is wrong, of the object at Addr
	Addr uintptr // the object
	Size uintptr // its size in bytes, as far as is known

	// Where the object was allocated, and freed, as text; "" if not known.
	Allocated, Freed string
}

func (m *Misuse) Error() string {
	s := fmt.Sprintf("offheap: object at %#x of %d bytes %s", m.Addr, m.Size, m.What)
	if m.Allocated != "" {
		s += "\n\nallocated at:\n" + m.Allocated
	}
	if m.Freed != "" {
		s += "\n\nfreed at:\n" + m.Freed
	}
	return s
}

// badFree is what a free that cannot be right panics with.
func badFree(p unsafe.Pointer, size uintptr, what string) *Misuse {
	return &Misuse{What: what, Addr: uintptr(p), Size: size}
}

// What is wrong with a free.
const (
	badForeign = "is freed, but is not of this heap or was freed before"
	badTwice   = "is freed twice"
	badSize    = "is freed as one of another size"
	badStart   = "is freed, but no object starts there"
)
