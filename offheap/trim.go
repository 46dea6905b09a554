package offheap

import (
	"math/bits"
	"slices"
)

// Memory back to the system. See doc.go for an overview.
//
// Memory goes back in chunks of chunkSize that lie wholly in a free run. A
// chunk that was given back stays in the run; taking pages of it makes it ready
// again.

// releasedBytes is how much of an arena is given back.
func releasedBytes(a *arena) uintptr {
	return uintptr(bits.OnesCount32(a.released)) * chunkSize
}

// eachChunkRun calls f for each run of set bits of a mask of chunks.
func eachChunkRun(mask uint32, f func(chunk, n uint32) error) error {
	for mask != 0 {
		i := uint32(bits.TrailingZeros32(mask))
		n := uint32(bits.TrailingZeros32(^(mask >> i)))
		if err := f(i, n); err != nil {
			return err
		}
		mask &^= chunkMask(i, i+n)
	}
	return nil
}

// reuse makes the chunks that n free pages from i touch ready, where they were
// given back.
func (h *mheap) reuse(a *arena, i, n uint32) error {
	touched := chunksTouching(i, n)
	a.idle &^= touched
	return eachChunkRun(a.released&touched, func(chunk, n uint32) error {
		bytes := uintptr(n) * chunkSize
		if err := h.charge(bytes); err != nil {
			return err
		}
		if err := osReuse(a.page(chunk*chunkPages), bytes); err != nil {
			h.committed -= bytes
			return &oomError{size: bytes, cause: err}
		}
		h.released -= bytes
		a.released &^= chunkMask(chunk, chunk+n)
		return nil
	})
}

// releaseChunks gives free chunks back.
func (h *mheap) releaseChunks(a *arena, mask uint32) (bytes uintptr, err error) {
	err = eachChunkRun(mask&^a.released, func(chunk, n uint32) error {
		if err := osRelease(a.page(chunk*chunkPages), uintptr(n)*chunkSize); err != nil {
			return err
		}
		a.released |= chunkMask(chunk, chunk+n)
		if releaseZeroes {
			a.setDirty(chunk*chunkPages, n*chunkPages, false)
		}
		bytes += uintptr(n) * chunkSize
		return nil
	})
	h.committed -= bytes
	h.released += bytes
	return bytes, err
}

// freeChunks is the chunks of an arena that lie wholly in a free run.
func freeChunks(a *arena) (mask uint32) {
	for i := uint32(firstPage); i < a.committed; {
		s := &a.spans[i]
		if s.state == spanFree {
			mask |= chunksWithin(i, s.npages)
		}
		i += s.npages
	}
	return mask
}

// releaseFree gives free chunks back until it was want bytes or there are no
// more. Errors of the system leave a chunk as it was.
func (h *mheap) releaseFree(want uintptr) (bytes uintptr) {
	for i := len(h.arenas) - 1; i >= 0 && bytes < want; i-- {
		a := h.arenas[i]
		for mask := freeChunks(a) &^ a.released; mask != 0 && bytes < want; mask &= mask - 1 {
			n, _ := h.releaseChunks(a, mask&-mask)
			bytes += n
		}
	}
	return bytes
}

// Trim gives memory that nothing uses back to the system, in chunks of 2 MiB, and
// returns how many bytes it was. It empties the caches first, which stops the
// world for a moment.
func (h *Heap) Trim() int64 {
	h.flush(0)
	h.drainCentral()
	h.pages.mu.Lock()
	defer h.pages.mu.Unlock()
	h.pages.retryStuck()
	return int64(h.pages.releaseFree(^uintptr(0)))
}

// retryStuck gives huge objects back that the system did not take before.
func (h *mheap) retryStuck() {
	h.stuck = slices.DeleteFunc(h.stuck, h.dropArena)
}
