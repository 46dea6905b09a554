package offheap

import (
	"fmt"
	"io"
	"strings"
)

// WriteMap writes what each page of the heap's arenas is for, as lines of text:
//
//	offheap map 1
//	arena 0x7f1c40000000 pages 8192 committed 512
//	72 1 objects 64 free 12
//	73 5 large 40000
//	78 434 free
//	256 256 released
//
// The first line names the format and its version. An arena has a line with its
// address, how many pages of 8192 bytes it has, and how many of them, from the
// first on, may be in use; then a line for each run of pages, in order, which
// begins with the number of the first page in the arena and how many they are:
//
//	objects S free N   a span of objects of S bytes, of which N are free in it;
//	                   objects in caches count as not free
//	large N            an object of N bytes
//	free               free pages
//	released           free pages that were given back to the system
//
// Pages before the first run are the arena's description; pages from the
// committed ones on have never been used. Memory of the heap may come and go
// while WriteMap runs; each arena is as it was at one moment.
//
// In the checked build there are no arenas.
func (h *Heap) WriteMap(w io.Writer) error {
	if _, err := io.WriteString(w, "offheap map 1\n"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		text, ok := h.pages.mapOf(i)
		if !ok {
			return nil
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
}

// mapOf is the lines of the i-th arena.
func (h *mheap) mapOf(i int) (text string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var a *arena
	var committed, pages uint32
	if i < len(h.arenas) {
		a = h.arenas[i]
		committed, pages = a.committed, arenaPages
	} else if i -= len(h.arenas); i < len(h.huge) {
		a = h.huge[i]
		committed, pages = uint32(firstPage)+a.spans[firstPage].npages, a.frames*arenaPages
	} else {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "arena %p pages %d committed %d\n", a, pages, committed)
	for at := uint32(firstPage); at < committed; {
		s := &a.spans[at]
		switch {
		case s.state == spanFree:
			writeFree(&b, a, at, s.npages)
		case s.class == 0:
			fmt.Fprintf(&b, "%d %d large %d\n", at, s.npages, s.req)
		default:
			fmt.Fprintf(&b, "%d %d objects %d free %d\n", at, s.npages, classSize[s.class], s.nfree)
		}
		at += s.npages
	}
	return b.String(), true
}

// writeFree writes a free run, in parts where some of its chunks are released.
func writeFree(b *strings.Builder, a *arena, at, n uint32) {
	released := func(page uint32) bool { return a.released>>(page/chunkPages)&1 == 1 }
	for end := at + n; at < end; {
		to := min(end, (at/chunkPages+1)*chunkPages)
		for to < end && released(to) == released(at) {
			to = min(end, to+chunkPages)
		}
		what := "free"
		if released(at) {
			what = "released"
		}
		fmt.Fprintf(b, "%d %d %s\n", at, to-at, what)
		at = to
	}
}
