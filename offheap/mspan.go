package offheap

import "unsafe"

// Spans. See doc.go for an overview.

// A spanState says what a run of pages is.
type spanState uint8

const (
	spanNone  spanState = iota // no span begins at this slot
	spanFree                   // a run of free pages, in a list of the page heap
	spanInUse                  // objects of one class, or one large object
)

// An mspan describes a run of pages. It lies in its arena, at the slot of its
// first page, so its address says where the pages are.
//
// The page heap's lock guards the fields of a free span; the lock of its class's
// mcentral those of a span of small objects, but for class, state and npages,
// which stand still while the span is in use.
type mspan struct {
	// The neighbours in a list: of free spans of about this length, or of
	// spans of this class with about as many free objects.
	next, prev *mspan

	// free is the list of objects that came back, through their first words.
	free uintptr

	// req is the bytes requested for a large object.
	req uintptr

	npages uint32

	// nfree counts the objects that are in the span: those in free, and those
	// from index fresh on, which were never handed out.
	nfree uint16
	fresh uint16

	class  uint8
	state  spanState
	bucket uint8 // the list that the span is in
}

// arena is the arena that describes s.
func (s *mspan) arena() *arena {
	p := unsafe.Pointer(s)
	return (*arena)(unsafe.Add(p, -int(uintptr(p)&(arenaSize-1))))
}

// index is the number of the span's first page in its arena.
func (s *mspan) index() uint32 {
	at := uintptr(unsafe.Pointer(s))&(arenaSize-1) - unsafe.Offsetof(arena{}.spans)
	return uint32(at / unsafe.Sizeof(mspan{}))
}

// base is the address of the span's first page.
func (s *mspan) base() unsafe.Pointer {
	return s.arena().page(s.index())
}

// bytes is the span's length.
func (s *mspan) bytes() uintptr { return uintptr(s.npages) << pageShift }

// A spanList is a list of spans; the zero value is empty.
type spanList struct{ first *mspan }

func (l *spanList) push(s *mspan) {
	s.next, s.prev = l.first, nil
	if l.first != nil {
		l.first.prev = s
	}
	l.first = s
}

func (l *spanList) remove(s *mspan) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev = nil, nil
}
