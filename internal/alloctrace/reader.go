package alloctrace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
)

// Options say how to read a trace.
type Options struct {
	// SlotBytes are the sizes of the runtime's size classes, from class 1 on.
	SlotBytes []int64
	// Batch takes the batches of the experiment that are of other kinds than the
	// runtime's, as their generation begins; Generation is called when it has
	// ended. Data is valid until then. Both may be nil.
	Batch      func(thread int64, data []byte)
	Generation func()
	// Sample takes those of a CPU profile, as the part of the trace begins that they
	// are in. It may be nil.
	Sample func(*Sample)
}

// A Reader reads one trace.
type Reader struct {
	src        source
	opt        Options
	layout     *layout
	types      []Type
	known      map[Type]int32
	typeIDs    []int32 // of this generation, by the trace's id; 0 none
	threads    map[uint64]*thread
	base       uint64 // lowest address of the heap
	stackAlign uint64 // bytes
	first      uint64 // tick at which the trace begins
	ns         float64
	clock      *Clock
	assists    map[int64]*assist // by goroutine
	ev         Event
	now        int64
	strict     bool // an event that does not fit is not made one, but unfit is set
	unfit      bool
}

// A thread is what runs on it.
type thread struct {
	goroutine int64
	proc      int32
	worker    worker
}

// Open reads the beginning of a trace. The error is an [Error] if it is none, or
// one that tells nothing of allocations.
func Open(r io.Reader, o Options) (*Reader, error) {
	br := bufio.NewReaderSize(r, 1<<18)
	version, err := header(br)
	if err != nil {
		return nil, err
	}
	switch {
	case version < FirstWithAllocs:
		return nil, &Error{Msg: fmt.Sprintf("a trace of go1.%d, which has no events of allocations", version), Hint: "record with go1.24 or newer"}
	case version > newest:
		return nil, &Error{Msg: fmt.Sprintf("a trace of format go1.%d, and this stackward reads up to that of go1.%d", version, newest), Hint: "a newer stackward may read it"}
	}
	return &Reader{
		src: source{r: br, version: version}, opt: o, layout: newLayout(o.SlotBytes),
		types: make([]Type, 1), known: make(map[Type]int32), threads: make(map[uint64]*thread),
	}, nil
}

// header reads the first bytes, which tell the version of the format.
func header(br *bufio.Reader) (version int, err error) {
	const hint = "one is what runtime/trace, go test -trace and /debug/pprof/trace write"
	head := make([]byte, headerBytes)
	n, err := io.ReadFull(br, head)
	switch {
	case err == io.EOF:
		return 0, &Error{Msg: "an empty file", Hint: hint}
	case err == io.ErrUnexpectedEOF && strings.HasPrefix("go 1.", string(head[:min(n, 5)])):
		return 0, &Error{Msg: "cut off in its first bytes", Hint: hint}
	case err != nil && err != io.ErrUnexpectedEOF:
		return 0, err
	}
	if n, _ := fmt.Sscanf(string(head), "go 1.%d trace\x00\x00\x00", &version); n != 1 {
		return 0, &Error{Msg: "no execution trace", Hint: hint}
	}
	return version, nil
}

// FirstWithAllocs is the first format, the minor of go1.N, that has room for events
// of allocations.
const FirstWithAllocs = 23

// HasAllocs reports whether a trace has events of allocations, and the version of its
// format, the minor of go1.N. It reads as far as that takes: the first generation
// tells, even if nothing was allocated (runtime/traceallocfree.go,
// traceSnapshotMemory). The error is an [Error] if it is no trace.
func HasAllocs(r io.Reader) (has bool, version int, err error) {
	br := bufio.NewReaderSize(r, maxBatch)
	if version, err = header(br); err != nil || version < FirstWithAllocs {
		return false, version, err
	}
	src := source{r: br, version: version}
	first := uint64(0)
	for g := new(generation); ; g.mem = g.mem[:0] {
		b, end, err := src.batch(g)
		switch {
		case b.exp == allocFree: // or the beginning of one
			return true, version, nil
		case err == io.EOF || err == errCut || end:
			return false, version, nil
		case err != nil:
			return false, version, err
		case first != 0 && b.num != first:
			return false, version, nil
		}
		first = b.num
	}
}

// Version is the version of the trace's format, "go1.26"; later versions of Go
// may write it, too.
func (r *Reader) Version() string { return fmt.Sprintf("go1.%d", r.src.version) }

// Type returns a type by its number in events.
func (r *Reader) Type(n int32) Type { return r.types[n] }

// Types is how many numbers of types there are so far; 0 stands for no type.
func (r *Reader) Types() int { return len(r.types) }

// Span returns a span by its number in events, until the one behind its SpanFree.
func (r *Reader) Span(n int32) Span {
	s := &r.layout.spans[n]
	size := int64(s.size)
	if size == 0 && s.class != Manual {
		size = int64(s.pages) * PageBytes
	}
	return Span{Addr: r.base + s.page*PageBytes, Pages: int64(s.pages), Class: s.class, SlotBytes: size, Slots: s.slots}
}

// SlotBytes is the size of the slots of a size class, 0 of those that have none.
func (r *Reader) SlotBytes(class int) int64 {
	if class <= 0 || class >= len(r.layout.sizes) {
		return 0
	}
	return int64(r.layout.sizes[class].size)
}

// Clock tells the wall's time at a moment of the trace, nil unknown.
func (r *Reader) Clock() *Clock { return r.clock }

// Events are all events, in order. An event is valid until the next. An error is
// the last: an [Error] that is partial tells that those before it are whole.
func (r *Reader) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		g := new(generation)
		for n := 0; ; n++ {
			err := r.src.next(g)
			if n > 0 && r.opt.Generation != nil {
				r.opt.Generation()
			}
			if err == io.EOF && n > 0 {
				return
			}
			if err == nil {
				err = r.begin(g, n == 0)
			}
			if err != nil {
				yield(nil, partial(err, n))
				return
			}
			more, err := r.merge(g, func() bool { return yield(&r.ev, nil) })
			if err != nil {
				yield(nil, partial(err, n+1))
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// partial says what an error means for who reads, behind that many generations.
func partial(err error, generations int) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	e := &Error{Msg: "damaged", Err: err, Partial: generations > 0, Hint: "record again"}
	switch {
	case errors.Is(err, errCut):
		e.Msg, e.Err = "cut off", nil
		e.Hint = "let the program come to trace.Stop: what it did last, about a second, is missing"
	case err == io.EOF:
		e.Msg, e.Err, e.Hint = "a trace without events", nil, "let the program come to trace.Stop"
	}
	if generations == 0 && errors.Is(err, errCut) {
		e.Msg, e.Hint = "cut off before the end of its first part", "let the program run longer, and come to trace.Stop"
	}
	return e
}

// begin prepares for a generation's events.
func (r *Reader) begin(g *generation, first bool) error {
	r.ns = g.freq
	if first {
		r.first = g.minTick
	}
	if c := g.clock; c != nil && r.clock == nil {
		r.clock = &Clock{Time: r.time(c.tick), Wall: c.wall}
	}
	clear(r.typeIDs)
	r.typeIDs = r.typeIDs[:0]
	info := !first
	for _, b := range g.exp {
		if len(b.data) == 0 {
			continue
		}
		d := decoder{data: b.data[1:]}
		switch b.data[0] {
		case typesBatch:
			if err := r.addTypes(&d); err != nil {
				return err
			}
		case infoBatch:
			base, page, align, stack := d.uvarint(), d.uvarint(), d.uvarint(), d.uvarint()
			if d.bad || page != PageBytes || align != objectAlign || stack == 0 || stack > PageBytes {
				return &Error{Msg: fmt.Sprintf("a runtime with pages of %d bytes, objects at %d and stacks at %d", page, align, stack), Hint: "record on a platform with 64-bit pointers"}
			}
			r.base, info = base, true
			r.stackAlign = stack
		default:
			if r.opt.Batch != nil {
				r.opt.Batch(int64(b.thread), b.data)
			}
		}
	}
	if err := r.samples(g); err != nil {
		return err
	}
	if !info {
		return &Error{Msg: "it has no events of allocations", Hint: "trace a process that was started with GODEBUG=traceallocfree=1, from the moment at which tracing starts"}
	}
	return nil
}

// addTypes reads a batch of types. Their ids hold for one generation.
func (r *Reader) addTypes(d *decoder) error {
	for len(d.data) > 0 {
		id := d.uvarint()
		t := Type{Addr: d.uvarint(), Bytes: int64(d.uvarint()), PtrBytes: int64(d.uvarint())}
		name := d.bytes(d.uvarint())
		if d.bad || id > maxTypes || t.Bytes < 0 || t.PtrBytes < 0 {
			return errors.New("damaged types")
		}
		t.Name = string(name)
		n, ok := r.known[t]
		if !ok {
			n = int32(len(r.types))
			r.types = append(r.types, t)
			r.known[t] = n
		}
		for uint64(len(r.typeIDs)) <= id {
			r.typeIDs = append(r.typeIDs, 0)
		}
		r.typeIDs[id] = n
	}
	return nil
}

const (
	objectAlign = 8 // MinHeapAlign, bytes
	perPage     = PageBytes / objectAlign
	tinyBlock   = 16      // maxTinySize, bytes
	maxTypes    = 1 << 24 // of a generation; the runtime numbers them from 1
)

// time is a tick in ns since the trace began.
func (r *Reader) time(tick uint64) int64 { return int64(float64(int64(tick-r.first)) * r.ns) }

// A cursor reads the events of a thread.
type cursor struct {
	key     uint64 // of the event that is read: see order
	tick    uint64
	exact   uint64 // tick of the last event of which it is the true time: see order.go
	data    []byte
	batches []batch
	thread  *thread
	id      int64
	args    [4]uint64
	typ     byte
	busy    bool // its event waits for those of other threads
}

// ended reports whether there is no event.
func (c *cursor) ended() bool { return c.key == math.MaxUint64 }

// next reads an event; at the end its key is the greatest.
func (c *cursor) next() error {
	for len(c.data) == 0 {
		if len(c.batches) == 0 {
			c.key = math.MaxUint64
			return nil
		}
		c.tick, c.data = c.batches[0].tick, c.batches[0].data
		c.batches = c.batches[1:]
	}
	data := c.data
	c.typ = data[0]
	n := int(argsOf[c.typ])
	if n < 0 {
		return fmt.Errorf("an event of unknown kind %d", c.typ)
	}
	data = data[1:]
	dt, k := uvarint(data)
	if k <= 0 {
		return errEvent
	}
	data = data[k:]
	for i := range n {
		v, k := uvarint(data)
		if k <= 0 {
			return errEvent
		}
		c.args[i&3] = v
		data = data[k:]
	}
	c.data = data
	c.tick += dt
	if dt > 1 {
		c.exact = c.tick
	}
	c.key = c.tick<<1 | uint64(late[c.typ])
	return nil
}

var errEvent = errors.New("an event that its batch cuts off")

// late tells which of two events at one tick, the clock's least step, is
// second: memory is freed before it is used again.
var late = func() (n [256]uint8) {
	for i := range n {
		n[i] = 1
	}
	n[evSpanFree], n[evHeapObjectFree], n[evStackFree], n[evSpanAlloc] = 0, 0, 0, 0
	return n
}()

// uvarint is binary.Uvarint, with the short ones first.
func uvarint(data []byte) (uint64, int) {
	if len(data) > 0 && data[0] < 0x80 {
		return uint64(data[0]), 1
	}
	if len(data) > 1 && data[1] < 0x80 {
		return uint64(data[0]&0x7f) | uint64(data[1])<<7, 2
	}
	return binary.Uvarint(data)
}

// merge brings the events of all threads in order. It reports whether more are
// wanted.
func (r *Reader) merge(g *generation, yield func() bool) (bool, error) {
	cursors := make([]cursor, len(g.threads))
	for i := range g.threads {
		t := &g.threads[i]
		th := r.threads[t.id]
		if th == nil {
			th = &thread{proc: -1}
			r.threads[t.id] = th
		}
		cursors[i] = cursor{batches: t.batches, thread: th, id: int64(t.id), exact: t.batches[0].tick}
		if err := cursors[i].next(); err != nil {
			return false, err
		}
	}
	a := arrival{r, g, cursors, yield, looksPerByte * g.bytes}
	for {
		c, until := least(cursors)
		if c == nil || c.ended() {
			return true, nil
		}
		for c.key <= until && !c.ended() {
			if more, err := a.deliver(c); !more || err != nil {
				return false, err
			}
			if err := c.next(); err != nil {
				return false, err
			}
		}
	}
}

// least is the cursor with the least key, and the second least key.
func least(cursors []cursor) (c *cursor, second uint64) {
	second = math.MaxUint64
	for i := range cursors {
		switch o := &cursors[i]; {
		case c == nil:
			c = o
		case o.key < c.key:
			second, c = c.key, o
		case o.key < second:
			second = o.key
		}
	}
	return c, second
}
