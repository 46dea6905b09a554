package offheap

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Close gives all the heap's memory back. Every object of it is gone: using one
// ends the program or worse, as with any object that was freed. Nothing may use
// the heap, its Caches and its Arenas while Close runs. Allocating from them
// afterwards is [ErrClosed]; freeing is nothing.
//
// An error means that the system did not take memory back, or, where
// [Config.ReportLeaks] asks for it, that objects were not freed. Closing twice
// is fine.
func (h *Heap) Close() error {
	if h == defaultHeap() {
		return errors.New("offheap: the default heap cannot be closed")
	}
	h.flushMu.Lock()
	defer h.flushMu.Unlock()
	h.mu.Lock()
	if h.closed.Swap(true) {
		h.mu.Unlock()
		return nil
	}
	for i := range h.caches {
		h.caches[i].Store(noCache)
	}
	h.shards.Store(nil)
	for c := range h.owned {
		*c = pcache{closed: true} // without objects and without room
	}
	for class := range h.central {
		h.central[class].forget()
	}
	h.mu.Unlock()
	var leaked error
	if h.reportLeaks {
		leaked = leakError(h.Leaks())
	}
	h.check.close()
	return errors.Join(leaked, h.pages.close())
}

func leakError(leaks []Leak) error {
	if len(leaks) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("offheap: not freed:")
	for _, l := range leaks {
		fmt.Fprintf(&b, "\n%d objects, %d bytes, %s\n%s", l.Objects, l.Bytes, cmp.Or(l.Type, "plain memory"), l.Stack)
	}
	return errors.New(b.String())
}

// forget makes the lists empty: what they have is about to go.
func (c *mcentral) forget() {
	c.mu.Lock()
	c.chains, c.objects, c.low = nil, 0, 0
	c.mu.Unlock()
	c.spanMu.Lock()
	c.partial, c.nonempty, c.spans, c.inSpans = [len(c.partial)]spanList{}, 0, 0, 0
	c.spanMu.Unlock()
}

// close gives all arenas back.
func (h *mheap) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	var left int
	for _, list := range [][]*arena{h.arenas, h.huge, h.stuck} {
		for _, a := range list {
			if !h.dropArena(a) {
				left++
			}
		}
	}
	h.arenas, h.growing, h.huge, h.stuck = nil, nil, nil, nil
	h.free = [numBuckets]spanList{}
	clear(h.nonempty[:])
	h.pageBytes, h.freeBytes, h.large = 0, 0, largeStats{}
	if left > 0 {
		return fmt.Errorf("offheap: the system did not take %d arenas back", left)
	}
	return nil
}
