//go:build offheapcheck && !race

package offheap

import (
	"os"
	"sync"
	"unsafe"
)

// Guarded pages of the checked build. See check.go for an overview.
//
// One object in guardEvery, if it fits, has a page of the system's for itself
// and ends where the page does. The page after it may not be accessed, and when
// the object is freed neither may its own, until guardedPages objects later: a
// read past the end, or of a freed object, ends the program where it is made.
// The race detector would not see such an object, so under -race there are none.

const (
	guardEvery   = 64
	guardedPages = 128
)

// guarded is the pages that are free, the one that was freed first in front.
var guarded struct {
	mu   sync.Mutex
	once bool
	free []*guardedPage
}

type guardedPage struct {
	p unsafe.Pointer
}

var guardPage = uintptr(os.Getpagesize())

// takeGuarded returns a page for an object, or nil.
func takeGuarded(size uintptr) *guardedPage {
	guarded.mu.Lock()
	defer guarded.mu.Unlock()
	if !guarded.once {
		guarded.once = true
		guarded.free = makeGuarded()
	}
	if size > guardPage || len(guarded.free) == 0 {
		return nil
	}
	g := guarded.free[0]
	if osGuard(g.p, guardPage, false) != nil {
		return nil
	}
	guarded.free = guarded.free[1:]
	return g
}

// makeGuarded returns the pages, which may not be accessed.
func makeGuarded() (pages []*guardedPage) {
	size := (2*guardedPages*guardPage + commitUnit - 1) &^ (commitUnit - 1)
	p, err := osReserve(size, commitUnit)
	if err != nil || osCommit(p, size) != nil || osGuard(p, size, true) != nil {
		return nil
	}
	for i := range uintptr(guardedPages) {
		pages = append(pages, &guardedPage{unsafe.Add(p, 2*i*guardPage)})
	}
	return pages
}

// memory is the end of the page, for an object of size bytes.
func (g *guardedPage) memory(size uintptr) []byte {
	n := (size + 7) &^ 7
	return unsafe.Slice((*byte)(unsafe.Add(g.p, guardPage-n)), n)
}

func (g *guardedPage) free() {
	if osGuard(g.p, guardPage, true) != nil {
		return // nobody gets it again
	}
	guarded.mu.Lock()
	defer guarded.mu.Unlock()
	guarded.free = append(guarded.free, g)
}

// osGuard takes away the access to a range, or gives it back.
func osGuard(p unsafe.Pointer, size uintptr, guard bool) error {
	if err := osMayFail(callGuard); err != nil {
		return err
	}
	return sysGuard(p, size, guard)
}
