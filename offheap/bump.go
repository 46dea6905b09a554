package offheap

import "unsafe"

// Bump allocation. See doc.go for an overview.

// The chunks that an Arena takes from its heap, which double.
const (
	minBump = 32 << 10
	maxBump = 1 << 20
)

// An Arena is for objects that all go at once: it hands out memory from one end
// of a chunk to the other, and [Arena.Reset] or [Arena.Close] frees all of it in
// one go. Freeing a single object is nothing. It is not to be used by two
// goroutines at a time.
type Arena struct {
	heap *Heap

	at    uintptr // the first byte that is free in the last chunk
	left  uintptr // bytes free there
	dirty bool    // the last chunk may not be zero

	chunks []bumpChunk
	big    []bumpChunk // objects that have a chunk each
	closed bool
}

type bumpChunk struct {
	p    unsafe.Pointer
	size uintptr
}

// NewArena returns an arena with memory of the heap. It takes none until it is
// used.
func (h *Heap) NewArena() *Arena { return &Arena{heap: h} }

// Alloc returns size zeroed bytes; see [Allocator].
func (a *Arena) Alloc(size uintptr) (unsafe.Pointer, error) { return zeroGo(a, size, nilByte) }

// AllocUninit returns size bytes of undefined contents.
func (a *Arena) AllocUninit(size uintptr) (unsafe.Pointer, error) {
	p, _, err := a.allocUninit(size)
	return p, err
}

// Free is nothing: an arena's memory goes at once.
func (a *Arena) Free(unsafe.Pointer, uintptr) {}

//stackward:noalloc
func (a *Arena) allocUninit(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	align := min(size&-size, 8)
	if size == 0 {
		return unsafe.Pointer(&zeroSized), false, nil
	}
	pad := -a.at & (align - 1)
	if pad+size > a.left || pad+size < size {
		if p, dirty, err = a.more(size); p != nil || err != nil {
			return p, dirty, err
		}
		pad = 0
	}
	p = unsafe.Add(objectAt(&a.at), pad)
	a.at += pad + size
	a.left -= pad + size
	return p, a.dirty, nil
}

// more gets a chunk with room for size bytes, or where that would waste much of
// the chunk there is, a chunk for the object alone, which it returns.
//
//stackward:cold
func (a *Arena) more(size uintptr) (p unsafe.Pointer, dirty bool, err error) {
	if a.closed {
		return nil, false, ErrClosed
	}
	chunk := uintptr(minBump) << min(len(a.chunks), 5)
	if size > chunk/4 {
		p, dirty, err = a.heap.allocUninit(size)
		if err == nil {
			a.big = append(a.big, bumpChunk{p, size})
		}
		return p, dirty, err
	}
	p, dirty, err = a.heap.allocUninit(chunk)
	if err != nil {
		return nil, false, err
	}
	a.chunks = append(a.chunks, bumpChunk{p, chunk})
	a.at, a.left, a.dirty = uintptr(p), chunk, dirty
	return nil, false, nil
}

// Reset frees all objects. The arena keeps its last chunk, which is its longest.
func (a *Arena) Reset() {
	if len(a.chunks) == 0 {
		a.free(0)
		return
	}
	last := a.chunks[len(a.chunks)-1]
	a.free(1)
	a.chunks = append(a.chunks, last)
	a.at, a.left, a.dirty = uintptr(last.p), last.size, true
}

// Close frees all objects and all memory. An allocation from the arena is an
// error from then on.
func (a *Arena) Close() {
	a.free(0)
	a.closed = true
}

// free gives the chunks back to the heap, but for the last ones.
func (a *Arena) free(keep int) {
	for _, list := range [][]bumpChunk{a.big, a.chunks[:len(a.chunks)-keep]} {
		for _, c := range list {
			a.heap.Free(c.p, c.size)
		}
	}
	a.big, a.chunks = a.big[:0], a.chunks[:0]
	a.at, a.left = 0, 0
}

// Size is the bytes that the arena has of its heap.
func (a *Arena) Size() uintptr {
	var n uintptr
	for _, list := range [][]bumpChunk{a.big, a.chunks} {
		for _, c := range list {
			n += c.size
		}
	}
	return n
}
