package alloctrace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Events of internal/trace/tracev2/events.go (go1.24 to go1.27).
const (
	evEventBatch        = 1
	evStacks            = 2
	evOneStack          = 3
	evStrings           = 4
	evString            = 5
	evCPUSamples        = 6
	evCPUSample         = 7
	evFrequency         = 8
	evProcsChange       = 9
	evProcStart         = 10
	evProcStop          = 11
	evProcSteal         = 12
	evProcStatus        = 13
	evGoCreate          = 14
	evGoStart           = 16
	evGoDestroy         = 17
	evGoDestroySyscall  = 18
	evGoStop            = 19
	evGoBlock           = 20
	evGoSyscallBlocked  = 24
	evGoStatus          = 25
	evSTWBegin          = 26
	evSTWEnd            = 27
	evGCActive          = 28
	evGCBegin           = 29
	evGCEnd             = 30
	evGCSweepEnd        = 33
	evAssistActive      = 34
	evAssistBegin       = 35
	evAssistEnd         = 36
	evHeapAlloc         = 37
	evHeapGoal          = 38
	evGoLabel           = 39
	evGoSwitch          = 45
	evGoSwitchDestroy   = 46
	evGoCreateBlocked   = 47
	evGoStatusStack     = 48
	evExperimentalBatch = 49
	evSync              = 50
	evClockSnapshot     = 51
	evEndOfGeneration   = 52
	evSpan              = 128
	evSpanAlloc         = 129
	evSpanFree          = 130
	evHeapObject        = 131
	evHeapObjectAlloc   = 132
	evHeapObjectFree    = 133
	evStack             = 134
	evStackAlloc        = 135
	evStackFree         = 136

	statusRunning = 2 // GoRunning
	procRunning   = 1 // ProcRunning
	maxBatch      = 64 << 10
	allocFree     = 1 // the experiment
	typesBatch    = 0 // traceAllocFreeTypesBatch
	infoBatch     = 1 // traceAllocFreeInfoBatch
	headerBytes   = 16
	newest        = 26 // of the format; go1.24 writes that of go1.23, go1.27 that of go1.26
)

// argsOf is how many numbers follow an event's time, -1 for what is no timed
// event: tracev2.Specs.
var argsOf = func() (n [256]int8) {
	for i := range n {
		n[i] = -1
	}
	for i, k := range [...]int8{
		2, 2, 0, 3, 2, // 9 ProcsChange …
		3, 1, 2, 0, 0, 2, 2, 3, 2, 0, 0, 3, // 14 GoCreate …
		2, 0, // 26 STWBegin, STWEnd
		1, 2, 1, 1, 1, 2, 1, 1, 0, 1, 1, // 28 GCActive …
		1, 4, 2, 3, 3, 4, // 39 GoLabel …
		2, 2, 3, 4, // 45 GoSwitch …
	} {
		n[evProcsChange+i] = k
	}
	for i, k := range [...]int8{3, 3, 1, 2, 2, 1, 2, 2, 1} {
		n[evSpan+i] = k
	}
	return n
}()

// A generation is a part of the trace, about a second of all threads.
type generation struct {
	num     uint64
	threads []threadBatches
	index   map[uint64]int // in threads
	freq    float64        // ns for a tick
	clock   *snapshot
	strings [][]byte
	stacks  [][]byte
	samples [][]byte
	texts   map[uint64]string // of strings, nil: not looked at yet
	frames  map[uint64][]byte // of stacks, the same
	starts  map[startKey]*Start
	exp     []expBatch
	minTick uint64
	bytes   int64
	mem     []byte // what the batches are in
}

type threadBatches struct {
	id      uint64
	batches []batch
}

type batch struct {
	tick uint64 // before its first event
	data []byte
}

// An expBatch belongs to the experiment of allocations.
type expBatch struct {
	thread uint64
	data   []byte
}

type snapshot struct {
	tick uint64
	wall time.Time
}

// A spilled batch is the first of the next generation, which before go1.26 is
// what ends one.
type spilled struct {
	num, thread, tick uint64
	exp               byte
	data              []byte
}

// errCut says that a trace ends within a generation.
var errCut = errors.New("it ends within a part of the trace")

// A source reads the batches of a trace.
type source struct {
	r       *bufio.Reader
	version int // of the format, the minor of go1.N
	spill   *spilled
	done    bool
}

// next reads a generation, into the memory of an old one; io.EOF is the end.
func (s *source) next(g *generation) error {
	*g = generation{mem: g.mem[:0], threads: g.threads[:0], index: g.index, exp: g.exp[:0], strings: g.strings[:0], stacks: g.stacks[:0], samples: g.samples[:0]}
	clear(g.index)
	if g.index == nil {
		g.index = make(map[uint64]int)
	}
	if s.done {
		return io.EOF
	}
	if b := s.spill; b != nil {
		g.num = b.num
		s.spill = nil
		if err := g.add(b.thread, b.tick, b.exp, b.data); err != nil {
			return err
		}
	}
	for {
		b, end, err := s.batch(g)
		switch {
		case err == io.EOF:
			s.done = true
			if g.num == 0 {
				return io.EOF
			}
			if s.version >= 26 {
				return errCut
			}
			return g.check()
		case err != nil:
			return err
		case end:
			if g.num == 0 {
				return errors.New("the end of a part that has not begun")
			}
			return g.check()
		case b.num == 0:
			return errors.New("part number 0")
		case g.num == 0:
			g.num = b.num
		case b.num != g.num && s.version < 26 && b.num == g.num+1:
			b.data = append([]byte(nil), b.data...)
			s.spill = &b
			return g.check()
		case b.num != g.num:
			return fmt.Errorf("part %d within part %d", b.num, g.num)
		}
		if err := g.add(b.thread, b.tick, b.exp, b.data); err != nil {
			return err
		}
	}
}

// check says what a generation lacks.
func (g *generation) check() error {
	if g.freq == 0 {
		return errors.New("a part without its clock")
	}
	return nil
}

// batch reads a batch into the generation's memory, or the end of the generation.
func (s *source) batch(g *generation) (b spilled, end bool, err error) {
	kind, err := s.r.ReadByte()
	if err != nil {
		return b, false, err // io.EOF: between batches
	}
	switch {
	case kind == evEndOfGeneration && s.version >= 26:
		return b, true, nil
	case kind == evExperimentalBatch:
		if b.exp, err = s.r.ReadByte(); err != nil {
			return b, false, unexpected(err)
		}
	case kind != evEventBatch:
		return b, false, fmt.Errorf("no batch begins with %d", kind)
	}
	var size uint64
	for _, p := range []*uint64{&b.num, &b.thread, &b.tick, &size} {
		if *p, err = binary.ReadUvarint(s.r); err != nil {
			return b, false, unexpected(err)
		}
	}
	if size > maxBatch {
		return b, false, fmt.Errorf("a batch of %d bytes", size)
	}
	b.data = g.room(int(size))
	if _, err := io.ReadFull(s.r, b.data); err != nil {
		return b, false, unexpected(err)
	}
	g.bytes += int64(size)
	return b, false, nil
}

// unexpected makes an end within something an errCut.
func unexpected(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}

// room is memory for n bytes, which stays where it is until the generation ends.
func (g *generation) room(n int) []byte {
	if cap(g.mem)-len(g.mem) < n {
		g.mem = make([]byte, 0, min(max(2*cap(g.mem), maxBatch), 64<<20)) // batches keep the old one
	}
	g.mem = g.mem[:len(g.mem)+n]
	return g.mem[len(g.mem)-n : len(g.mem) : len(g.mem)]
}

// add takes a batch.
func (g *generation) add(thread, tick uint64, exp byte, data []byte) error {
	if g.minTick == 0 || tick < g.minTick {
		g.minTick = tick
	}
	if exp == allocFree {
		g.exp = append(g.exp, expBatch{thread, data})
		return nil
	}
	if exp != 0 || len(data) == 0 {
		return nil // of another experiment
	}
	switch data[0] {
	case evCPUSamples:
		g.samples = append(g.samples, data[1:])
		return nil
	case evStacks:
		g.stacks = append(g.stacks, data[1:])
		return nil
	case evStrings:
		g.strings = append(g.strings, data[1:])
		return nil
	case evSync:
		return g.sync(tick, data[1:])
	case evFrequency: // before go1.25
		return g.sync(tick, data)
	}
	i, ok := g.index[thread]
	if !ok {
		i = len(g.threads)
		g.index[thread] = i
		if cap(g.threads) > i {
			g.threads = g.threads[:i+1]
			g.threads[i] = threadBatches{id: thread, batches: g.threads[i].batches[:0]}
		} else {
			g.threads = append(g.threads, threadBatches{id: thread})
		}
	}
	g.threads[i].batches = append(g.threads[i].batches, batch{tick, data})
	return nil
}

// sync reads how time is told.
func (g *generation) sync(tick uint64, data []byte) error {
	d := decoder{data: data}
	for len(d.data) > 0 && !d.bad {
		switch kind := d.byte(); kind {
		case evFrequency:
			f := d.uvarint()
			if f == 0 || d.bad {
				return errors.New("a clock without a frequency")
			}
			g.freq = 1e9 / float64(f)
		case evClockSnapshot:
			tick += d.uvarint()
			d.uvarint() // monotonic
			sec, nsec := d.uvarint(), d.uvarint()
			g.clock = &snapshot{tick, time.Unix(int64(sec), int64(nsec))}
		default:
			return fmt.Errorf("event %d where the clock is told", kind)
		}
	}
	if d.bad {
		return errors.New("a damaged clock")
	}
	return nil
}

// text looks up a string of the generation, "" if there is none.
func (g *generation) text(id uint64) string {
	if g.texts == nil {
		g.texts = make(map[uint64]string)
		for _, data := range g.strings {
			d := decoder{data: data}
			for len(d.data) > 0 && d.byte() == evString {
				n := d.uvarint()
				if s := d.bytes(d.uvarint()); !d.bad {
					g.texts[n] = string(s)
				}
			}
		}
	}
	return g.texts[id]
}

// stackData looks up the frames of a stack of the generation, innermost first: of each
// the PC, the function, the file and the line.
func (g *generation) stackData(id uint64) []byte {
	if g.frames == nil {
		g.frames = make(map[uint64][]byte)
		for _, data := range g.stacks {
			d := decoder{data: data}
			for len(d.data) > 0 && d.byte() == evOneStack {
				n, frames := d.uvarint(), d.uvarint()
				begin := d.data
				for range min(frames, uint64(len(d.data))) {
					d.uvarint() // PC
					d.uvarint() // function
					d.uvarint() // file
					d.uvarint() // line
				}
				if !d.bad {
					g.frames[n] = begin[:len(begin)-len(d.data)]
				}
			}
		}
	}
	return g.frames[id]
}

// stack looks up the functions of a stack of the generation, innermost first.
func (g *generation) stack(id uint64) (list []string) {
	for _, f := range g.positions(id) {
		list = append(list, f.Func)
	}
	return list
}

// A decoder takes values off the front of data.
type decoder struct {
	data []byte
	bad  bool // there was not enough
}

func (d *decoder) byte() byte {
	if len(d.data) == 0 {
		d.bad = true
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.bad, d.data = true, nil
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.data)) {
		d.bad, d.data = true, nil
		return nil
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}
