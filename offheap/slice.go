package offheap

import (
	"fmt"
	"unsafe"
)

// Growable vectors.
//
// A Slice is one contiguous object, as Go's slices are, and not a list of
// chunks. The price is a copy when it grows, of all elements; the gain is that
// its elements are a []T, for package slices, for reading and writing, and for
// everything else. Capacity grows by half, so an element is copied three times
// at most in the mean. Where one long copy would be too long, Grow beforehand:
// memory of a large object that was never written costs the system nothing, as
// long as the heap's limit has room for it. Or use a [Map] by index, which grows
// in small steps.

// A Slice is a vector of Ts off the Go heap that grows. It has no Go pointers:
// it may itself be off the heap, as a value of a [Map] or a field of an object.
// What changes its memory is told the [Allocator], which must be the same each
// time, or another of the same heap.
//
// The zero Slice is empty. A Slice is not to be copied, except to move it: two
// copies do not know of each other's growth. T must have no Go pointers.
type Slice[T any] struct {
	data     Ptr[T]
	len, cap int
}

// Len returns the number of elements.
func (s *Slice[T]) Len() int { return s.len }

// Cap returns the number of elements that there is memory for.
func (s *Slice[T]) Cap() int { return s.cap }

// View returns the elements, where they are. It is valid until the Slice grows,
// is clipped or is freed, and has no spare capacity.
func (s *Slice[T]) View() []T { return s.whole()[:s.len:s.len] }

// whole is the elements with the spare capacity.
func (s *Slice[T]) whole() []T { return unsafe.Slice(s.data.Get(), s.cap)[:s.len] }

func (s *Slice[T]) setWhole(w []T) {
	s.data, s.len, s.cap = PtrTo(unsafe.SliceData(w)), len(w), cap(w)
}

// At returns where element i is. It is valid as long as [Slice.View] is.
func (s *Slice[T]) At(i int) *T { return &s.View()[i] }

// Append appends values, which may be elements of s. After an error, which wraps
// [ErrOutOfMemory], s is as before.
func (s *Slice[T]) Append(a Allocator, values ...T) error {
	w, err := AppendSlice(a, s.whole(), values...)
	if err != nil {
		return err
	}
	s.setWhole(w)
	return nil
}

// Grow sees to it that n more elements can be appended without another
// allocation. Errors are those of Append.
func (s *Slice[T]) Grow(a Allocator, n int) error {
	if n < 0 {
		panic("offheap: Slice.Grow by a negative number")
	}
	if n <= s.cap-s.len {
		return nil
	}
	if s.len+n < n {
		return &oomError{size: ^uintptr(0), cause: errTooLarge}
	}
	return s.setCap(a, growCap(s.cap, s.len+n, unsafe.Sizeof(*new(T))))
}

// setCap moves the elements to memory for n of them.
func (s *Slice[T]) setCap(a Allocator, n int) error {
	w, _, err := makeSlice[T](a, s.len, n)
	if err != nil {
		return err
	}
	copy(w, s.View())
	FreeSlice(a, s.whole())
	s.setWhole(w)
	return nil
}

// Resize makes the length n. New elements are zero; those beyond n are gone, but
// not their memory: see [Slice.Clip]. Errors are those of Append.
func (s *Slice[T]) Resize(a Allocator, n int) error {
	if n < 0 {
		panic(fmt.Sprintf("offheap: Slice.Resize to %d", n))
	}
	old := s.len
	if n > old {
		if err := s.Grow(a, n-old); err != nil {
			return err
		}
	}
	s.len = n
	if n > old {
		clear(s.View()[old:])
	}
	return nil
}

// Clip gives back the memory for more elements than there are. Errors are those
// of Append.
func (s *Slice[T]) Clip(a Allocator) error {
	size := unsafe.Sizeof(*new(T))
	if s.len == 0 {
		s.Free(a)
		return nil
	}
	if roundSize(uintptr(s.len)*size) == roundSize(uintptr(s.cap)*size) {
		return nil
	}
	return s.setCap(a, s.len)
}

// Free frees the memory. The Slice is empty afterwards.
func (s *Slice[T]) Free(a Allocator) {
	FreeSlice(a, s.whole())
	*s = Slice[T]{}
}
