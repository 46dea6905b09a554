// Package whatif makes of a trace what the simulated heap is asked about: when each
// object was made, which cycle found it dead, and what the program did while cycles
// marked.
//
//	alloctrace.Reader, its events → History.Add → Objects, Marks, Forced → heapsim.Predict
//
// A trace tells of a death only between which two cycles it was. The objects that were
// born between the same two tell more: they have all ages at the second, and so show
// how many come to each.
package whatif

import (
	"iter"
	"math"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/heapsim"
)

// A History is what became of the objects of a trace, in the order of their births.
// It takes 8 bytes for each.
type History struct {
	reader *alloctrace.Reader
	kinds  []kind
	number map[kind]uint32
	list   [][]object // in parts of partSize
	made   uint64

	spans []liveSpan // by number
	// memories are those that slices grow into, in the order of births, by site.
	memories   map[int32][]memory
	goroutines map[int64]uint32 // numbers of those that made them
	// marks are how many objects there were as each cycle began to mark.
	marks []uint64
	ages  ages
	begun *Cycle // has begun and does not mark yet
	// wasMarking is that a cycle marked as the trace began.
	wasMarking bool
	// ending is the thread that has stopped the world to end marking, which then says what
	// the last cycle marked; 0 none.
	ending int64

	live, goal int64 // the pacer's
	tracer     heapmap.Tracer
	liveStacks map[uint64]int64
	stackBytes int64

	// Cycles are those that began to mark, in order.
	Cycles []Cycle
	// Before counts the objects that lived as the trace began, Bytes those that were
	// allocated since, in slots.
	Before uint64
	Bytes  int64
	// PeakStacks are the most bytes of goroutines' stacks, Procs is the first GOMAXPROCS.
	PeakStacks int64
	Procs      int
	// InlineMarks is that spans hold their marks (Green Tea).
	InlineMarks bool
	// GCCPU is what the cycles took of the processors, in ns, where Marks has found them
	// in the log, or by the samples: then it is Sampled, and GCLogged is what the log has of
	// marking, 0 without one. GCPauses is what of GCCPU the processors stood still for while
	// the world was stopped, by the log.
	GCCPU, GCPauses, GCLogged int64
	Sampled                   bool
}

// A Cycle is one of the collector that the trace shows, as the pacer sees it, in bytes.
type Cycle struct {
	Start, Goal int64 // as it began
	End         int64 // the most while it marked
	Marked      int64 // what it found alive, with what was allocated meanwhile
	Scan        int64 // slots with pointers that it found alive
	Forced      bool  // not begun by the heap's size
	Done        bool
	At          uint64 // objects made before it marked
	Time        int64  // ns since the trace began, when it was done
	// Stacks are the bytes of goroutines' stacks as it began to mark, what is not in use
	// of them, too.
	Stacks int64
	// Began is when it began to mark, in ns since the trace did, Clock for how long it
	// marked, in which workers had the processors for so long, for some of it since they
	// were idle, and goroutines helped: ns.
	Began, Clock          int64
	Workers, Idle, Assist int64
}

// A kind is what objects have in common.
type kind struct {
	bytes  int64
	typ    int32
	site   int32
	noscan bool
}

// An object packs one: the number of its kind, the P that made it, and which cycle
// found it dead.
type object struct {
	kind uint32 // 24 bits, then what it is
	// fate is foundBefore of what the last cycle before the trace had found dead, one more
	// for each cycle behind that, 0 of what lives. While it lives and shares a block it is
	// by how much the one before it in the block is older.
	fate uint32
}

const foundBefore = 1

// found is the index of the cycle that found an object dead, -1 of the last one before the
// trace; of one that lives it is no index.
func (o *object) found() (cycle int, dead bool) { return int(o.fate) - foundBefore - 1, o.fate > 0 }

const (
	partSize = 1 << 16
	kindMask = 1<<24 - 1
	ofTracer = 1 << 31
	procMask = 1<<6 - 1
)

// A liveSpan knows the objects in it by number + 1, the youngest of a tiny block.
type liveSpan struct {
	slots  []uint64
	bytes  int64
	noscan bool
	tiny   bool
	room   int32 // objects, where spans hold their marks
}

// NewHistory returns an empty one. goversion is the program's: "go1.26".
func NewHistory(r *alloctrace.Reader, goversion string) *History {
	return &History{reader: r, InlineMarks: heapmap.HoldMarks(goversion), number: make(map[kind]uint32), memories: make(map[int32][]memory), goroutines: make(map[int64]uint32), liveStacks: make(map[uint64]int64)}
}

// Add takes in an event. Site is the caller's number of an allocation's place, 0
// unknown; grows says that it makes room for a slice that had too little, which Growths
// is to tell of: it takes 16 bytes more.
func (h *History) Add(e *alloctrace.Event, site int32, grows bool) {
	switch e.Kind {
	case alloctrace.ObjectExists:
		h.Before++
		h.alloc(e, 0, false)
	case alloctrace.ObjectAlloc:
		h.alloc(e, site, grows)
	case alloctrace.ObjectFree:
		if s := h.at(e); s != nil && s.slots[e.Slot] > 0 {
			h.die(s, e.Slot)
		}
	case alloctrace.GoroutineBegin:
		if data, tags, ok := h.tracer.Profile(e); ok {
			h.object(data - 1).kind |= ofTracer
			h.object(tags - 1).kind |= ofTracer
		}
	case alloctrace.SpanAlloc, alloctrace.SpanExists:
		h.addSpan(e)
	case alloctrace.SpanFree:
		if int(e.Span) < len(h.spans) && e.Span >= 0 {
			s := &h.spans[e.Span]
			for i := range s.slots {
				if s.slots[i] > 0 {
					h.die(s, int32(i))
				}
			}
			s.slots = nil
		}
	case alloctrace.Procs:
		if h.Procs == 0 {
			h.Procs = int(e.N)
		}
	case alloctrace.StackExists, alloctrace.StackAlloc:
		h.stackBytes += int64(e.N) - h.liveStacks[e.Addr]
		h.liveStacks[e.Addr] = int64(e.N)
		h.PeakStacks = max(h.PeakStacks, h.stackBytes)
	case alloctrace.StackFree:
		h.stackBytes -= h.liveStacks[e.Addr]
		delete(h.liveStacks, e.Addr)
	default:
		h.collect(e)
	}
}

func (h *History) at(e *alloctrace.Event) *liveSpan {
	if e.Span < 0 || int(e.Span) >= len(h.spans) {
		return nil
	}
	if s := &h.spans[e.Span]; int(e.Slot) < len(s.slots) {
		return s
	}
	return nil
}

func (h *History) addSpan(e *alloctrace.Event) {
	for int(e.Span) >= len(h.spans) {
		h.spans = append(h.spans, liveSpan{})
	}
	is := h.reader.Span(e.Span)
	if is.Class == alloctrace.Manual {
		h.spans[e.Span] = liveSpan{}
		return
	}
	h.spans[e.Span] = liveSpan{
		room:  heapmap.Room(is.Pages*alloctrace.PageBytes, is.SlotBytes, is.Class.Noscan(), true),
		slots: make([]uint64, is.Slots), bytes: is.SlotBytes, noscan: is.Class.Noscan(), tiny: is.Class == alloctrace.TinyClass,
	}
}

// header is what a slot of more bytes holds beside an object with pointers
// (mallocHeaderSize and minSizeForMallocHeader, internal/runtime/gc).
const (
	header     = 8
	headerFrom = 512
)

func (h *History) alloc(e *alloctrace.Event, site int32, grows bool) {
	s := h.at(e)
	if s == nil {
		return
	}
	if e.Slot >= s.room {
		h.InlineMarks = false
	}
	k := kind{bytes: h.asked(e, s), typ: e.Type, site: site, noscan: s.noscan}
	o := object{kind: h.kindOf(k) | uint32(max(e.Proc, 0)&procMask)<<24}
	if e.Kind == alloctrace.ObjectExists {
		if h.tracer.Add(h.reader, e, s.bytes) {
			o.kind |= ofTracer
		}
	}
	if old := s.slots[e.Slot]; old > 0 {
		if !s.tiny {
			return
		}
		o.fate = uint32(h.made + 1 - old)
	}
	if grows {
		h.grows(site, e.Goroutine, s.tiny)
	}
	if h.made%partSize == 0 {
		h.list = append(h.list, make([]object, 0, partSize))
	}
	part := &h.list[len(h.list)-1]
	*part = append(*part, o)
	if e.Kind == alloctrace.ObjectAlloc && s.slots[e.Slot] == 0 {
		h.Bytes += s.bytes
	}
	h.made++
	s.slots[e.Slot] = h.made
	if e.Kind == alloctrace.ObjectAlloc {
		h.tracer.Alloc(h.reader, e, s.bytes, h.made)
	}
}

// asked is how many bytes an object was asked for with: of those that its slot is for,
// the most that are a multiple of its type's.
func (h *History) asked(e *alloctrace.Event, s *liveSpan) int64 {
	most, less := s.bytes, s.bytes-alloctrace.PageBytes
	if class := e.Class.Size(); class > 0 {
		less = h.reader.SlotBytes(class - 1)
		if !s.noscan && most > headerFrom {
			most -= header
			less -= header
		}
	}
	if one := h.reader.Type(e.Type).Bytes; one > 0 {
		if n := most / one * one; n > less {
			return n
		}
	}
	return most
}

func (h *History) object(n uint64) *object { return &h.list[n/partSize][n%partSize] }

// Kinds are objects of each size, type and site that there were.
func (h *History) Kinds() iter.Seq[heapsim.Object] {
	return func(yield func(heapsim.Object) bool) {
		for _, k := range h.kinds {
			if !yield(heapsim.Object{Bytes: k.bytes, NoScan: k.noscan, Type: int(k.typ), Site: int(k.site)}) {
				return
			}
		}
	}
}

// kindOf numbers a kind.
func (h *History) kindOf(k kind) uint32 {
	n, ok := h.number[k]
	if !ok && len(h.kinds) >= kindMask/2 && k.site+k.typ != 0 {
		return h.kindOf(kind{bytes: k.bytes, noscan: k.noscan}) // there are too many
	}
	if !ok {
		n = uint32(len(h.kinds))
		h.number[k] = n
		h.kinds = append(h.kinds, k)
	}
	return n
}

// die ends the lives in a slot. Those that share a tiny block share its bytes: how
// many they asked for is not in a trace.
func (h *History) die(s *liveSpan, slot int32) {
	h.settle(s, s.slots[slot]-1, uint32(len(h.marks)+foundBefore))
	s.slots[slot] = 0
}

func (h *History) settle(s *liveSpan, youngest uint64, fate uint32) {
	if !s.tiny {
		h.object(youngest).fate = fate
		return
	}
	n := int64(1)
	for i := youngest; h.object(i).fate > 0; i -= uint64(h.object(i).fate) {
		n++
	}
	bytes := max(s.bytes/n, 1)
	for i := youngest; ; {
		o := h.object(i)
		back := o.fate
		k := h.kinds[o.kind&kindMask]
		k.bytes = bytes
		o.kind = o.kind&^kindMask | h.kindOf(k)
		o.fate = fate
		if back == 0 {
			break
		}
		i -= uint64(back)
	}
}

// collect follows the collector.
func (h *History) collect(e *alloctrace.Event) {
	var last *Cycle
	if len(h.Cycles) > 0 {
		last = &h.Cycles[len(h.Cycles)-1]
	}
	switch e.Kind {
	case alloctrace.HeapGoal:
		h.goal = int64(e.N)
	case alloctrace.HeapLive:
		h.live = int64(e.N)
		switch {
		case h.ending == e.Thread && last != nil:
			last.Marked = h.live
		case last != nil && !last.Done:
			last.End = max(last.End, h.live)
		}
	case alloctrace.MarkBegin:
		h.begun = &Cycle{Start: h.live, Goal: h.goal, End: h.live, Forced: heapmap.TriggerOf(e.Stack) != heapmap.ByGoal}
	case alloctrace.PauseBegin:
		if h.ending = 0; e.Reason == alloctrace.MarkTermination {
			h.ending = e.Thread
			if last != nil && !last.Done {
				last.Clock = e.Time - last.Began
			}
		}
	case alloctrace.PauseEnd:
		h.ending = 0
		h.mark(e.Time)
	case alloctrace.AssistEnd:
		if last != nil {
			last.Assist += int64(e.N)
		}
	case alloctrace.WorkerEnd:
		if last != nil {
			last.Workers += int64(e.N)
			if e.Reason == alloctrace.IdleMarker {
				last.Idle += int64(e.N)
			}
		}
	case alloctrace.MarkEnd:
		h.mark(e.Time)
		if len(h.Cycles) == 0 {
			h.wasMarking = true
		} else {
			h.Cycles[len(h.Cycles)-1].Done = true
			h.Cycles[len(h.Cycles)-1].Time = e.Time
		}
	}
}

// mark has the cycle that has begun mark from now on.
func (h *History) mark(now int64) {
	if h.begun == nil {
		return
	}
	h.begun.At, h.begun.Stacks, h.begun.Began = h.made, h.stackBytes, now
	h.Cycles = append(h.Cycles, *h.begun)
	h.marks = append(h.marks, h.made)
	h.begun = nil
}

// A birth is an object, how many were made before it, and how many cycles had marked.
type birth struct {
	n      uint64
	cycle  int
	object *object
}

// births are all, in order.
func (h *History) births() iter.Seq[birth] {
	return func(yield func(birth) bool) {
		b := birth{}
		for ; b.n < h.made; b.n++ {
			for b.cycle < len(h.marks) && h.marks[b.cycle] <= b.n {
				b.cycle++
			}
			if b.object = h.object(b.n); !yield(b) {
				return
			}
		}
	}
}

// Finish settles what the end of the trace leaves open.
func (h *History) Finish() {
	for i := range h.spans {
		s := &h.spans[i]
		if !s.tiny {
			continue
		}
		for slot, n := range s.slots {
			if n > 0 {
				h.settle(s, n-1, 0)
				s.slots[slot] = 0
			}
		}
	}
	h.ages = h.survival()
	// What each cycle scanned: those with pointers that were born before it marked
	// and that it did not find dead.
	change := make([]int64, len(h.marks)+2)
	for b := range h.births() {
		k := &h.kinds[b.object.kind&kindMask]
		if k.noscan {
			continue
		}
		end := len(h.marks)
		if found, dead := b.object.found(); dead {
			end = found
		}
		if end > b.cycle {
			change[b.cycle] += k.bytes
			change[end] -= k.bytes
		}
	}
	sum := int64(0)
	for i := range h.Cycles {
		sum += change[i]
		h.Cycles[i].Scan = sum
	}
}

// Objects are those of the trace, the oldest first. The tracer's own buffers, which it
// makes as it starts, are among them for a program that is traced, else of no size.
func (h *History) Objects(traced bool) iter.Seq[heapsim.Object] { return h.ObjectsOf(traced, nil) }

// ObjectsOf are Objects, with what growths say of them.
func (h *History) ObjectsOf(traced bool, growths *Growths) iter.Seq[heapsim.Object] {
	without := !traced && h.tracer.Bytes() > 0
	return func(yield func(heapsim.Object) bool) {
		var members []member
		if growths != nil {
			members = growths.members
		}
		for b := range h.births() {
			var o heapsim.Object
			h.lived(&b, &o)
			if b.object.kind&ofTracer != 0 && without {
				o.Bytes = 0
			}
			if len(members) > 0 && members[0].n == b.n {
				o.Growth, members = members[0].growth, members[1:]
			}
			if !yield(o) {
				return
			}
		}
	}
}

// lived makes o an object with what is known of its life.
func (h *History) lived(b *birth, o *heapsim.Object) {
	n, p := b.n, b.object
	k := &h.kinds[p.kind&kindMask]
	*o = heapsim.Object{Bytes: k.bytes, NoScan: k.noscan, Proc: int(p.kind >> 24 & procMask), Site: int(k.site), Type: int(k.typ), Dead: heapsim.Forever}
	if found, dead := p.found(); dead && found < 0 {
		// Before the recording, of which the simulation asks at its beginning.
		o.Alive = n + 1
		o.Likely, o.Dead = o.Alive, max(o.Alive, min(h.Before, h.made))
	} else if dead {
		o.Alive = n + 1
		first := found-1 < b.cycle
		if !first {
			o.Alive = h.marks[found-1]
		}
		o.Dead = max(h.marks[found], o.Alive)
		// Multiples of the golden ratio are spread more evenly than chance.
		_, part := math.Modf(float64(n) * math.Phi)
		if o.Likely = o.Alive + uint64(part*float64(o.Dead-o.Alive)); first {
			o.Likely = o.Alive + h.ages.age(p.kind&kindMask, o.Dead-o.Alive, part)
		}
	} else if b.cycle == len(h.marks) && p.kind&ofTracer == 0 {
		// No cycle has seen it: as many of its kind as else do not live to the end.
		_, part := math.Modf(float64(n) * math.Phi)
		if gone := h.ages.gone(p.kind&kindMask, h.made-n); part < gone {
			o.Alive, o.Dead = n+1, h.made
			o.Likely = min(n+1+h.ages.age(p.kind&kindMask, h.made-n, part/gone), h.made)
		}
	}
}
