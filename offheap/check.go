package offheap

// The checked build, under -tags offheapcheck and always under -race.
//
// The hierarchy of doc.go is not used. Each object is memory of the Go heap of
// its own, so the race detector and checkptr see it, and a table has where it
// was allocated. An object ends in a canary, which is looked at when it is
// freed; then it is poisoned and put in a quarantine, where double frees find it
// with both stacks, and when it leaves the quarantine the poison is looked at.
// Sizes and types are compared at the free: a T is not a []T of one, nor a string
// a []byte, and memory of Alloc has no type. An object that New did not zero is
// poisoned too. Without -race, some objects have a page of the system's with one
// behind it that may not be accessed; see check_guard.go.
//
// The functions are the same and the rules are the same; it costs some
// microseconds an object.

// Checked says whether this is the checked build.
const Checked = checked

// A Leak is objects that were allocated at one place and not freed.
type Leak struct {
	Objects int
	Bytes   int64
	Type    string // "[]T" for slices, "" for memory of Alloc
	Stack   string // where they were allocated
}

// Leaks is the objects of the heap that live, those with the most bytes first.
// In the normal build nobody remembers: it is nil, and [Heap.Stats] has the
// numbers.
func (h *Heap) Leaks() []Leak { return h.check.leaks() }

// Verify panics with a [Misuse] if an object was written past its end, or after
// it was freed and before its memory had another use. In the normal build
// it does nothing.
func (h *Heap) Verify() { h.check.verify() }
