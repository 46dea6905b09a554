package offheap

import (
	"math"
	"runtime/debug"
)

// Limits.

// SetLimit changes the bytes that the heap may have of the system at most; 0 is
// no limit. A limit below what the heap has now gives nothing back; it refuses
// what is allocated from now on, unless memory that is free already will do.
func (h *Heap) SetLimit(limit int64) {
	h.pages.mu.Lock()
	defer h.pages.mu.Unlock()
	h.pages.limit = limitBytes(limit)
}

// SetMemoryLimit sets Go's own memory limit, which does not count memory off the
// Go heap, to what a program that may have total bytes has left: total less each
// heap's limit, or for a heap without one, less what it has now. In the latter
// case it should be called again when the heap has grown. It returns the limit
// that it set, which is at least a sixteenth of total: below, the collector
// would do nothing but collect.
func SetMemoryLimit(total int64, heaps ...*Heap) int64 {
	left := total
	for _, h := range heaps {
		h.pages.mu.Lock()
		use := h.pages.limit
		if use == 0 {
			use = h.pages.committed
		}
		h.pages.mu.Unlock()
		left -= min(left, int64(min(use, math.MaxInt)))
	}
	left = max(left, total/16)
	debug.SetMemoryLimit(left)
	return left
}
