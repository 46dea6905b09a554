package offheap

import (
	"math/bits"
	"slices"
	"sync"
	"time"
)

// Memory back to the system. See doc.go for an overview.
//
// Memory goes back in chunks of chunkSize that lie wholly in a free run. A
// chunk that was given back stays in the run; taking pages of it makes it ready
// again.
//
// [Heap.Trim] gives back all it can. [Heap.TrimEvery] goes by what a program does:
// it gives back what was not needed for a whole interval, which is chunks that
// were free all the time, after the chains that lay in the mcentrals all the
// time went back into their spans.

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
//
// Where a limit is reached each allocation that fails comes here, so it looks
// only at runs that can have a chunk.
func (h *mheap) releaseFree(want uintptr) (bytes uintptr) {
	for b := bucketOf(chunkPages); b < numBuckets; b++ {
		for s := h.free[b].first; s != nil && bytes < want; s = s.next {
			a := s.arena()
			for mask := chunksWithin(s.index(), s.npages) &^ a.released; mask != 0 && bytes < want; mask &= mask - 1 {
				n, _ := h.releaseChunks(a, mask&-mask)
				bytes += n
			}
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

// TrimEvery starts a goroutine that in each interval gives memory back which was
// not needed for all of the last one. It stops no world and takes little time; what
// Ps have in their caches, 4 MiB each at most, it leaves to them.
// The function that it returns ends the goroutine and waits until it is gone;
// do so before [Heap.Close].
func (h *Heap) TrimEvery(interval time.Duration) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				h.trimIdle()
			case <-done:
				return
			}
		}
	})
	end := sync.OnceFunc(func() { close(done) })
	return func() {
		end()
		wg.Wait()
	}
}

// trimIdle gives back what was idle since it was called last.
func (h *Heap) trimIdle() (bytes uintptr) {
	h.flushStale()
	for class := 1; class < numClasses; class++ {
		h.central[class].drainIdle()
	}
	for i := 0; ; i++ {
		n, more := h.pages.releaseIdle(i)
		bytes += n
		if !more {
			return bytes
		}
	}
}

// releaseIdle gives back the i-th arena's chunks that were idle, and reports
// whether there are more arenas. The lock is held for one arena at a time.
func (h *mheap) releaseIdle(i int) (bytes uintptr, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i == 0 {
		h.retryStuck()
	}
	if i >= len(h.arenas) {
		return 0, false
	}
	a := h.arenas[i]
	free := freeChunks(a) &^ a.released
	bytes, _ = h.releaseChunks(a, free&a.idle)
	a.idle = free &^ a.released
	return bytes, true
}
