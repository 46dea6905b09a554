package alloctrace

// A layout is where spans are: a table from pages to spans, and the spans.
type layout struct {
	chunks []*chunk // by page/chunkPages
	spans  []span   // by number
	free   []int32  // numbers of no span
	sizes  []sizeClass
}

const (
	chunkPages = 8192      // 64 MB, an arena
	maxChunks  = 1 << 20   // 64 TB above the lowest address; what is beyond is no address
	maxPages   = 1 << 30   // of a span: 8 TB
	slotPages  = 16        // pages of a span with more than one slot: 10 at most in sizeclasses.go
	noSpan     = int32(-1) // in events
)

// A chunk holds the numbers of spans plus one, by page.
type chunk [chunkPages]int32

type span struct {
	page  uint64
	pages uint64
	class Class
	size  uint32 // bytes of a slot, 0: large or Manual
	magic uint32 // offset*magic>>32 is offset/size, as in the runtime
	slots int32
	live  []uint64 // a bit for each slot
}

type sizeClass struct{ size, magic uint32 }

// newLayout takes the sizes of the runtime's size classes, from class 1 on.
func newLayout(sizes []int64) *layout {
	l := &layout{sizes: make([]sizeClass, 1, len(sizes)+1)}
	for _, n := range sizes {
		l.sizes = append(l.sizes, sizeClass{uint32(n), ^uint32(0)/uint32(n) + 1})
	}
	return l
}

// at is the number of the span that a page is in, noSpan if there is none.
func (l *layout) at(page uint64) int32 {
	c := page / chunkPages
	if c >= uint64(len(l.chunks)) || l.chunks[c] == nil {
		return noSpan
	}
	return l.chunks[c][page%chunkPages] - 1
}

// set enters a number for the pages of a span in which objects or stacks begin:
// those of large objects begin in the first.
func (l *layout) set(s *span, n int32) {
	for p := s.page; p < s.page+min(s.pages, slotPages); p++ {
		c := p / chunkPages
		for uint64(len(l.chunks)) <= c {
			l.chunks = append(l.chunks, nil)
		}
		if l.chunks[c] == nil {
			l.chunks[c] = new(chunk)
		}
		l.chunks[c][p%chunkPages] = n + 1
	}
}

// add makes a span. It reports whether one can be there.
func (l *layout) add(page, pages uint64, class Class) (int32, bool) {
	if pages == 0 || pages > maxPages || page/chunkPages >= maxChunks {
		return noSpan, false
	}
	s := span{page: page, pages: pages, class: class}
	if class != Manual {
		i := class.Size()
		if i >= len(l.sizes) {
			return noSpan, false
		}
		s.slots = 1
		if c := l.sizes[i]; c.size > 0 {
			if pages > slotPages {
				return noSpan, false
			}
			s.size, s.magic = c.size, c.magic
			s.slots = int32(pages * PageBytes / uint64(c.size))
		}
	}
	words := int(s.slots+63) / 64
	n := int32(len(l.spans))
	if k := len(l.free); k > 0 {
		n = l.free[k-1]
		l.free = l.free[:k-1]
		if old := l.spans[n].live; cap(old) >= words {
			s.live = old[:words]
			clear(s.live)
		} else {
			s.live = make([]uint64, words)
		}
		l.spans[n] = s
	} else {
		s.live = make([]uint64, words)
		l.spans = append(l.spans, s)
	}
	l.set(&s, n)
	return n, true
}

// remove ends a span. Its number is free from the next add on.
func (l *layout) remove(n int32) {
	s := &l.spans[n]
	for p := s.page; p < s.page+min(s.pages, slotPages); p++ {
		if l.at(p) == n { // not another's by now
			l.chunks[p/chunkPages][p%chunkPages] = 0
		}
	}
	l.free = append(l.free, n)
}

// slot is where in a span the object at an offset is, -1 if none begins there.
func (s *span) slot(offset uint64, header bool) int32 {
	if s.size == 0 {
		if s.class == Manual || offset != 0 {
			return -1
		}
		return 0
	}
	i := int32(offset * uint64(s.magic) >> 32)
	if i >= s.slots {
		return -1
	}
	switch rest := uint32(offset) - uint32(i)*s.size; {
	case rest == 0, s.class == TinyClass:
		return i
	case header && rest == headerBytesOfObject && !s.class.Noscan() && s.size > headerMin:
		return i
	}
	return -1
}

// An object with pointers of more than headerMin bytes begins behind a header
// (MallocHeaderSize and MinSizeForMallocHeader, internal/runtime/gc/malloc.go).
// A slot is chosen for both, so one of over 512 bytes has it.
const (
	headerBytesOfObject = 8
	headerMin           = 512
)
