package recording

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// StackBatch is the first byte of the experimental batches of experiment
// "AllocFree" that hold stack ids; the runtime's own begin with 0 (types) and 1
// (how to read addresses). Who reads the trace must pass over kinds that it does
// not know.
const StackBatch = 2

// StackIDs ties the allocations of a trace to their stacks.
//
// With exact sites the recorder writes, in the section of the runtime in which
// event HeapObjectAlloc is written, and so by the same thread and in the same
// generation, an id into an experimental batch of the thread. So the n-th
// HeapObjectAlloc of a thread in a generation has the n-th id of the thread's
// batches in that generation. HeapObject, of objects that were there before,
// has none.
//
// In golang.org/x/exp/trace a generation's batches come with its Sync event,
// before the generation's other events. Use it so:
//
//	case trace.EventSync:
//		ids.Generation() // its error: ids and events do not agree
//		for _, b := range ev.Sync().ExperimentalBatches["AllocFree"] {
//			ids.Batch(int64(b.Thread), b.Data)
//		}
//	case trace.EventExperimental:
//		… of HeapObjectAlloc:
//		id, ok := ids.Next(int64(ev.Thread()))
//		stack := file.Stacks.Stack(id)
//
// and call Generation once more at the end. The first error tells that the way
// does not hold for this trace: then sites are to be found the approximate way.
type StackIDs struct {
	threads map[int64]*idQueue
	// Joined and Missing count the allocations that had an id, and those that
	// had none.
	Joined, Missing int64
}

// An idQueue holds the ids of a thread in one generation.
type idQueue struct {
	data []byte   // varints
	more [][]byte // behind data
}

// Batch takes an experimental batch of the generation that begins; others than
// those with stack ids are passed over. Data is kept until the next generation.
func (s *StackIDs) Batch(thread int64, data []byte) {
	if len(data) == 0 || data[0] != StackBatch {
		return
	}
	if s.threads == nil {
		s.threads = make(map[int64]*idQueue)
	}
	q := s.threads[thread]
	if q == nil {
		q = new(idQueue)
		s.threads[thread] = q
	}
	q.more = append(q.more, data[1:])
}

// Next is the stack id of the thread's next allocation.
func (s *StackIDs) Next(thread int64) (id uint64, ok bool) {
	if q := s.threads[thread]; q != nil {
		for len(q.data) == 0 && len(q.more) > 0 {
			q.data, q.more = q.more[0], q.more[1:]
		}
		if id, n := binary.Uvarint(q.data); n > 0 {
			q.data = q.data[n:]
			s.Joined++
			return id, true
		}
	}
	s.Missing++
	return 0, false
}

// left is how many ids were not asked for.
func (q *idQueue) left() int {
	n := 0
	for _, data := range append(q.more, q.data) {
		for _, b := range data {
			if b < 0x80 { // the last byte of a varint
				n++
			}
		}
	}
	return n
}

// ErrStackIDs says that a trace's stack ids and allocations do not agree.
var ErrStackIDs = errors.New("stack ids and allocations do not agree")

// Generation ends a generation. The error is ErrStackIDs if ids are left over,
// or if an allocation had none, in this generation or an earlier one.
func (s *StackIDs) Generation() error {
	left := 0
	for _, q := range s.threads {
		left += q.left()
	}
	clear(s.threads)
	if left > 0 || s.Missing > 0 {
		return fmt.Errorf("%w: %d ids without an allocation, %d allocations without an id", ErrStackIDs, left, s.Missing)
	}
	return nil
}

// A StackTable holds the stacks of a recording by their ids. The zero value is
// an empty one.
type StackTable struct {
	stacks map[uint64]*Site
}

// A Site is one stack that allocated values of one type and size.
type Site struct {
	Type     string
	TypePath string // as of Stack
	Bytes    int64  // of one, 0 for a tiny one in a block that is open
	Allocs   int64
	Cut      bool // the outer frames are missing

	part *FrameTable
	node int32
}

// Frames yields the frames of the stack, innermost first, the runtime's own
// included.
func (s *Site) Frames() iter.Seq[*alloc.Frame] {
	return func(yield func(*alloc.Frame) bool) {
		for n := s.node; n >= 0; n = s.part.Nodes[2*n+1] {
			if !yield(&s.part.Frames[s.part.Nodes[2*n]]) {
				return
			}
		}
	}
}

// Stack returns what an id stands for, nil where it is not known: id 0 is one
// for which the recorder had no space.
func (t *StackTable) Stack(id uint64) *Site { return t.stacks[id] }

// add takes a part of the table.
func (t *StackTable) add(part *FrameTable) error {
	if t.stacks == nil {
		t.stacks = make(map[uint64]*Site)
	}
	nodes := int32(len(part.Nodes) / 2)
	for n := range nodes {
		frame, parent := part.Nodes[2*n], part.Nodes[2*n+1]
		if frame < 0 || int(frame) >= len(part.Frames) || parent < -1 || parent >= n {
			return fmt.Errorf("node %d has frame %d of %d and parent %d", n, frame, len(part.Frames), parent)
		}
	}
	sites := make([]Site, len(part.Stacks))
	for i, s := range part.Stacks {
		if s.Node < -1 || s.Node >= nodes {
			return fmt.Errorf("stack %d names node %d of %d", s.ID, s.Node, nodes)
		}
		sites[i] = Site{Type: s.Type, TypePath: s.TypePath, Bytes: s.Bytes, Allocs: s.Allocs, Cut: s.Cut, part: part, node: s.Node}
		t.stacks[s.ID] = &sites[i]
	}
	part.Stacks = nil
	return nil
}

// A FrameTableBuilder makes a FrameTable.
type FrameTableBuilder struct {
	Table  FrameTable
	frames map[alloc.Frame]int32
	nodes  map[[2]int32]int32
}

// Add adds a stack, whose frames are innermost first; its Node is found here.
func (b *FrameTableBuilder) Add(s Stack, frames []alloc.Frame) {
	if b.frames == nil {
		b.frames, b.nodes = make(map[alloc.Frame]int32), make(map[[2]int32]int32)
	}
	s.Node = -1
	for _, f := range slices.Backward(frames) {
		i, ok := b.frames[f]
		if !ok {
			i = int32(len(b.Table.Frames))
			b.frames[f] = i
			b.Table.Frames = append(b.Table.Frames, f)
		}
		pair := [2]int32{i, s.Node}
		n, ok := b.nodes[pair]
		if !ok {
			n = int32(len(b.Table.Nodes) / 2)
			b.nodes[pair] = n
			b.Table.Nodes = append(b.Table.Nodes, pair[:]...)
		}
		s.Node = n
	}
	b.Table.Stacks = append(b.Table.Stacks, s)
}

// Full reports that the table should become a chunk, and another one begin.
func (b *FrameTableBuilder) Full() bool {
	return len(b.Table.Nodes)+8*len(b.Table.Stacks) > 2_000_000 // some 20 MB of JSON
}
