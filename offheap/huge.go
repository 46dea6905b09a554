package offheap

// Huge objects: those longer than an arena. See doc.go for an overview.
//
// Each has address space of its own, of as many arenas as it needs. The first
// arena describes all of them, with one span at firstPage; the registry has it
// at each. The pages from firstPage on lie one after the other, over the
// arenas' bounds. When the object is freed the memory goes back to the system
// at once, and the address space to all heaps.

// allocHuge returns a span of n pages, which are zero.
func (h *mheap) allocHuge(n uint32, req uintptr) (*mspan, error) {
	frames := (uintptr(n) + firstPage + arenaPages - 1) / arenaPages
	size := (uintptr(n)<<pageShift + commitUnit - 1) &^ (commitUnit - 1)
	p, err := reserveArenas(frames)
	if err != nil {
		return nil, &oomError{size: frames * arenaSize, cause: err}
	}
	a, err := h.newArena(p, uint32(frames))
	if err != nil {
		unreserveArenas(p, frames)
		return nil, err
	}
	data := a.page(uint32(firstPage))
	if err := h.commit(data, size); err != nil {
		h.giveBack(a)
		return nil, err
	}
	if h.hugePages {
		osHugePages(data, size)
	}
	s := &a.spans[firstPage]
	*s = mspan{npages: n, state: spanInUse, req: req}
	a.start[firstPage] = uint16(firstPage)
	h.huge = append(h.huge, a)
	h.pageBytes += s.bytes()
	h.large.add(s)
	h.peakInUse = max(h.peakInUse, h.inUse())
	return s, nil
}

// hugeBytes is what is committed for a huge object.
func hugeBytes(a *arena) uintptr {
	size := (a.spans[firstPage].bytes() + commitUnit - 1) &^ (commitUnit - 1)
	return uintptr(a.described) + size
}

// freeHuge gives a huge object's memory back.
func (h *mheap) freeHuge(a *arena) {
	for i := range h.huge {
		if h.huge[i] == a {
			h.huge[i] = h.huge[len(h.huge)-1]
			h.huge = h.huge[:len(h.huge)-1]
			break
		}
	}
	h.pageBytes -= a.spans[firstPage].bytes()
	a.spans[firstPage].state = spanNone
	h.giveBack(a)
}

// giveBack gives a huge object's arenas back, now or, if the system does not take
// them, when memory is trimmed.
func (h *mheap) giveBack(a *arena) {
	if !h.dropArena(a) {
		h.stuck = append(h.stuck, a)
	}
}

// heldBytes is what is committed of a huge object's arenas.
func heldBytes(a *arena) uintptr {
	if a.spans[firstPage].npages == 0 {
		return uintptr(a.described) // the object's own pages were refused
	}
	return hugeBytes(a)
}

// dropArena gives an arena of one or more frames back, with all its pages, and
// reports whether the system took it.
func (h *mheap) dropArena(a *arena) bool {
	p, frames := a.base(), uintptr(a.frames)
	bytes := uintptr(a.described) + uintptr(a.committed-uint32(firstPage))<<pageShift
	var released uintptr
	if frames > 1 {
		bytes = heldBytes(a)
	} else {
		released = releasedBytes(a)
	}
	register(p, frames, nil)
	if err := osUncommit(p, frames*arenaSize); err != nil {
		register(p, frames, a)
		return false
	}
	h.committed -= bytes - released
	h.released -= released
	unreserveArenas(p, frames)
	return true
}
