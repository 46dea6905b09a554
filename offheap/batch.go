package offheap

import "unsafe"

// Many objects at once. See doc.go for an overview.

// batchMax is how many objects are taken or given back in one go: while a chain
// is cut, the goroutine is pinned.
const batchMax = 64

// AllocN sets each element of dst to a new zero T, as [New] does, and returns how
// many it has set: fewer than all only with an error. It pins, or locks, once for
// many objects.
func AllocN[T any](a Allocator, dst []*T) (n int, err error) {
	mustPointerFree[T]()
	size := unsafe.Sizeof(*new(T))
	if isSmall(size) {
		class := sizeClass(size)
		for n < len(dst) {
			var ch chain
			want := uint32(min(len(dst)-n, batchMax))
			switch a := a.(type) {
			case *Heap:
				ch, err = a.allocChain(class, want, size)
			case *Cache:
				ch, err = a.allocChain(class, want, size)
			}
			if ch.n == 0 {
				break
			}
			for range ch.n {
				p := objectAt(&ch.head)
				ch.head = *(*uintptr)(p)
				dst[n] = (*T)(p)
				clear(unsafe.Slice((*byte)(p), size))
				n++
			}
		}
		if err != nil {
			return n, err
		}
	}
	for ; n < len(dst); n++ {
		if dst[n], err = New[T](a); err != nil {
			return n, err
		}
	}
	return n, nil
}

// FreeN frees each element of ps, as [Free] does. It pins, or locks, once for
// many objects.
func FreeN[T any](a Allocator, ps []*T) {
	size := unsafe.Sizeof(*new(T))
	if !isSmall(size) || !takesChains(a) {
		for _, p := range ps {
			Free(a, p)
		}
		return
	}
	class := sizeClass(size)
	for len(ps) > 0 {
		var ch chain
		var last unsafe.Pointer
		k := min(len(ps), batchMax)
		for _, p := range ps[:k] {
			if p == nil {
				continue
			}
			if last == nil {
				last = unsafe.Pointer(p)
			}
			*(*uintptr)(unsafe.Pointer(p)) = ch.head
			ch.head = uintptr(unsafe.Pointer(p))
			ch.n++
		}
		switch a := a.(type) {
		case *Heap:
			a.freeChain(ch, last, class, size)
		case *Cache:
			a.freeChain(ch, last, class, size)
		}
		ps = ps[k:]
	}
}

// takesChains says that a is a Heap or a Cache, of a heap that is not closed:
// the memory of a closed one cannot be made a chain.
func takesChains(a Allocator) bool {
	switch a := a.(type) {
	case *Heap:
		return !a.closed.Load()
	case *Cache:
		return !a.heap.closed.Load()
	}
	return false
}

// cut takes up to n objects off the loaded chain.
func (b *bin) cut(n uint32) (ch chain) {
	if b.n <= n {
		ch = chain{b.head, b.n}
		b.head, b.n = 0, 0
		return ch
	}
	ch = chain{b.head, n}
	p := objectAt(&b.head)
	for range n - 1 {
		p = objectAt((*uintptr)(p))
	}
	b.head = *(*uintptr)(p)
	b.n -= n
	return ch
}

// join puts a chain, which ends in the object last, on the loaded chain. It
// returns the chain that must go to the mcentral, if any.
func (b *bin) join(ch chain, last unsafe.Pointer) (full chain) {
	if b.n >= b.max {
		if b.prev.n > 0 {
			full, b.prev = b.prev, chain{}
		}
		b.swap()
	}
	*(*uintptr)(last) = b.head
	b.head = ch.head
	b.n += ch.n
	return full
}

// allocChain returns a chain of 1 to n objects, for requests of size bytes each.
func (h *Heap) allocChain(class uint8, n uint32, size uintptr) (chain, error) {
	c := h.acquire()
	if c == nil {
		return chain{}, ErrClosed
	}
	b := &c.bins[class]
	if b.n == 0 && b.prev.n > 0 {
		b.swap()
	}
	ch := b.cut(n)
	b.req += uintptr(ch.n) * size
	h.let(c)
	if ch.n > 0 {
		return ch, nil
	}
	p, err := h.allocSlow(class, size)
	if err != nil {
		return chain{}, err
	}
	return chain{uintptr(p), 1}, nil
}

// freeChain takes a chain back.
func (h *Heap) freeChain(ch chain, last unsafe.Pointer, class uint8, size uintptr) {
	if ch.n == 0 {
		return
	}
	c := h.acquire()
	if c == nil {
		return
	}
	b := &c.bins[class]
	full := b.join(ch, last)
	b.req -= uintptr(ch.n) * size
	h.letWith(c, class, full)
}

func (c *Cache) allocChain(class uint8, n uint32, size uintptr) (chain, error) {
	b := &c.c.bins[class]
	if b.n == 0 && b.prev.n > 0 {
		b.swap()
	}
	ch := b.cut(n)
	b.req += uintptr(ch.n) * size
	if ch.n > 0 {
		return ch, nil
	}
	p, err := c.allocSlow(class, size)
	if err != nil {
		return chain{}, err
	}
	return chain{uintptr(p), 1}, nil
}

func (c *Cache) freeChain(ch chain, last unsafe.Pointer, class uint8, size uintptr) {
	if ch.n == 0 {
		return
	}
	if c.c.closed {
		c.heap.freeChain(ch, last, class, size)
		return
	}
	b := &c.c.bins[class]
	full := b.join(ch, last)
	b.req -= uintptr(ch.n) * size
	c.passOn(class, full)
}
