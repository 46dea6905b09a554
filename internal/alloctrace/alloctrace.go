// Package alloctrace knows execution traces with events of allocations, as a
// program writes them that was started with GODEBUG=traceallocfree=1: what lived
// in its heap when the trace began, and all that was allocated and freed since.
//
//	trace → Open → Reader.Events → Event: span, object, stack, collection, …
//	               Reader.Type, Reader.Clock
//
// An object is named by its span and its slot there, whatever address the
// runtime wrote: a tiny object by the slot of its block, one with a malloc header
// by the slot before the header. Types have the same number in all of the trace.
//
// The format is that of internal/trace/tracev2 and runtime/traceallocfree.go,
// go1.25 to go1.27. It is decoded here, and not by golang.org/x/exp/trace, for
// two reasons. That reader rounds the time between two events of a thread down
// to a nanosecond, so a batch of ten thousand falls microseconds behind the
// other threads', and a slot is seen to be used before it was free. And its
// greatest part, what goroutines do, says nothing of the heap. Tests compare
// the two.
//
// The order of two threads' events is that of their times, but where the clock is too
// slow to tell: see order.go.
//
// Memory is that of one generation of the trace, about a second, and of the
// spans that live.
package alloctrace

import "time"

// A Kind says what happened.
type Kind uint8

// The kinds of events. Those named Exists tell what was there when the trace
// began.
const (
	_ Kind = iota

	SpanExists // Span, Class, N pages, Addr
	SpanAlloc  // the same
	SpanFree   // the same

	ObjectExists // Span, Slot, Type, Class
	ObjectAlloc  // the same
	ObjectFree   // Span, Slot, Class: swept, some time after it died

	StackExists // Addr, N bytes, Span of it, -1 unknown
	StackAlloc  // the same
	StackFree   // Addr, Span

	MarkActive  // when the trace began a collection was marking
	MarkBegin   // a collection begins, N is its number in the trace's count; it marks from the end of the pause for sweep termination on
	MarkEnd     // and ends
	AssistBegin // Goroutine marks, since it allocates
	AssistEnd   // N ns of the time it was on a P
	WorkerEnd   // a worker has marked for N ns, on behalf of Reason: IdleMarker or another
	SweepEnd    // Proc swept: N bytes reclaimed

	PauseBegin // the world is stopped for Reason
	PauseEnd

	HeapLive // N bytes that the collector takes for live, as its pacer does
	HeapGoal // N bytes at which the next collection is to be done
	Procs    // N is GOMAXPROCS

	GoroutineExists // N is a goroutine, Start the function that it began with
	GoroutineBegin  // the same; Goroutine makes it begin
	GoroutineEnd    // Goroutine

	Misfit // an event that fits none of the above: Why

	numKinds
)

// MarkTermination is the Reason of the pause that ends marking.
const MarkTermination = "GC mark termination"

// ReadMemStats is the Reason of the pause in which a program's counters are read.
const ReadMemStats = "read mem stats"

// A Why says what is wrong with a Misfit.
type Why uint8

const (
	// NoSpan: an object where no span is known.
	NoSpan Why = iota
	// NoSlot: an object in a span without slots, or where no slot begins.
	NoSlot
	// SpanOverlap: a span where another one is.
	SpanOverlap
	// SpanUnknown: the end of a span that was not known.
	SpanUnknown
	// SpanSize: a span of no pages or of an unknown class.
	SpanSize
	// TypeUnknown: a type that the trace does not describe. The object is told, too.
	TypeUnknown
	// StackSize: a stack of an impossible size.
	StackSize

	NumWhys
)

func (w Why) String() string {
	return [...]string{"object in no span", "object in no slot", "span over another", "end of an unknown span", "impossible span", "unknown type", "impossible stack"}[w]
}

// An Event is something that happened.
type Event struct {
	Time      int64  // ns since the trace began
	N         uint64 // see the kinds
	Addr      uint64 // address in the traced process
	Thread    int64
	Goroutine int64 // on Thread, 0 none or not known
	Proc      int32 // the P of Thread, -1 none or not known
	Span      int32 // number of the span, for Reader.Span; free again after SpanFree
	Slot      int32
	Type      int32 // for Reader.Type, 0 not told
	Kind      Kind
	Class     Class
	Why       Why
	Of        Kind     // of a Misfit in place of an event: that event's kind
	Reason    string   // of a pause, or the label of a worker
	Stack     []string // of MarkBegin and a pause for ReadMemStats: the functions that began it, innermost first
	Start     *Start   // the same for equal ones of a second or so
}

// A Class is a span class: a size class and whether its objects have no
// pointers, or [Manual].
type Class uint8

// Manual is the class of spans without objects: stacks, and what the runtime
// keeps for itself.
const Manual Class = 255

// TinyClass is the class in which pointer-free objects of less than 16 bytes
// share blocks (tinySpanClass, runtime/mheap.go).
const TinyClass Class = 2<<1 | 1

// Size is the number of the size class, 0 for large objects.
func (c Class) Size() int { return int(c >> 1) }

// Noscan reports whether objects of the class have no pointers.
func (c Class) Noscan() bool { return c&1 == 1 }

// A Type is one that values were allocated of. For slices the runtime names the
// type of their elements.
type Type struct {
	Name     string // with the last part of the package's path: "types.Object"
	Addr     uint64 // of the runtime's description, which tells equal names apart
	Bytes    int64
	PtrBytes int64 // up to its last pointer
}

// A Span is a run of pages with slots of one size.
type Span struct {
	Addr  uint64
	Pages int64
	Class Class
	// SlotBytes is the size of a slot, 0 if the class is Manual; Slots is how
	// many there are.
	SlotBytes int64
	Slots     int32
}

// PageBytes is the runtime's page size (internal/runtime/gc.PageSize).
const PageBytes = 8192

// A Clock ties the trace's time to the wall's.
type Clock struct {
	Time int64 // ns since the trace began
	Wall time.Time
}

// An Error says why a file is no trace that can be read, or not all of one.
type Error struct {
	Msg  string
	Hint string
	// Partial reports that the events before it are whole: they tell all that
	// happened up to a moment.
	Partial bool
	Err     error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }
