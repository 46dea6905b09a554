package benchrun

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"
)

// The recorder's file, in the layout of patch/recorder.go.txt.
const (
	tableMagic  = 0x32302d6472776b73 // "skwrd-02"
	tableBytes  = 512 << 20          // a sparse file: some 1,000,000 different stacks
	buckets     = 1 << 15
	headerBytes = 4096
	arenaStart  = headerBytes + buckets*8
	entryBytes  = 48
	gcBytes     = 7 * 8
	runBytes    = 10*8 + gcBytes // without name and counts
	maxDepth    = 128
	maxName     = 512
	cutOff      = 1 // flag of an entry
)

// The modes of recording.
const (
	modeBench   = 1
	modeTest    = 2
	modeProcess = 3
	modeTrace   = 4
)

// Offsets in the header.
const (
	atSize    = 8
	atMode    = 16
	atClaimed = 24
	atNext    = 32
	atText    = 40
	atDropped = 48
	atBytes   = 56
	atOn      = 64
	atLastRun = 72
	atLost    = 80
	atNow     = 88
	atFrom    = atNow + gcBytes
	atSum     = atFrom + gcBytes
)

var order = binary.LittleEndian // of amd64 and arm64

// createTable makes the file that a process records into.
func createTable(name string, mode uint64) error {
	head := make([]byte, headerBytes)
	order.PutUint64(head, tableMagic)
	order.PutUint64(head[atSize:], tableBytes)
	order.PutUint64(head[atMode:], mode)
	order.PutUint64(head[atNext:], arenaStart)
	err := os.WriteFile(name, head, 0o600)
	if err == nil {
		err = os.Truncate(name, tableBytes)
	}
	if err != nil {
		return fmt.Errorf("creating the recorder's file: %w", err)
	}
	return nil
}

// gcCounts are the collector's counters; times are ns.
type gcCounts struct {
	cycles, pauses, pause, cpu, idleGC, idle, total uint64
}

// A table is what a process recorded, at the time it was read.
type table struct {
	data           []byte // the file, up to the last entry
	text           uint64 // address of runtime.text in the process
	claimed        bool   // a process used the file
	dropped, bytes uint64
	lostRuns       uint64 // that found no space
	gc             gcCounts
	entries        map[uint64]*Record // read so far, without Allocs
}

// loadTable reads the recorder's file. It reads what was written, not the
// whole of its size.
func loadTable(name string) (*table, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the recorder's file: %w", err)
	}
	defer f.Close()
	head := make([]byte, headerBytes)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, fmt.Errorf("reading the recorder's file: %w", err)
	}
	n := min(max(order.Uint64(head[atNext:]), arenaStart), tableBytes)
	data := make([]byte, n)
	if m, err := f.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading the recorder's file: %w", err)
	} else if uint64(m) < n {
		return nil, fmt.Errorf("reading the recorder's file: %d bytes of %d: %w", m, n, io.ErrUnexpectedEOF)
	}
	return parseTable(data)
}

func parseTable(data []byte) (*table, error) {
	if len(data) < arenaStart {
		return nil, fmt.Errorf("reading the recorder's file: header: %w", io.ErrUnexpectedEOF)
	}
	u64 := func(at int) uint64 { return order.Uint64(data[at:]) }
	if u64(0) != tableMagic {
		return nil, fmt.Errorf("reading the recorder's file: not written by the recorder")
	}
	counts := func(at int) gcCounts {
		return gcCounts{u64(at), u64(at + 8), u64(at + 16), u64(at + 24), u64(at + 32), u64(at + 40), u64(at + 48)}
	}
	t := &table{
		data: data, text: u64(atText), claimed: u64(atClaimed) != 0,
		dropped: u64(atDropped), bytes: u64(atBytes), lostRuns: u64(atLost),
		gc: counts(atSum), entries: make(map[uint64]*Record),
	}
	if u64(atOn) != 0 { // the process ended while it was recording
		now, from := counts(atNow), counts(atFrom)
		t.gc.cycles += now.cycles - from.cycles
		t.gc.pauses += now.pauses - from.pauses
		t.gc.pause += now.pause - from.pause
		t.gc.cpu += now.cpu - from.cpu
		t.gc.idleGC += now.idleGC - from.idleGC
		t.gc.idle += now.idle - from.idle
		t.gc.total += now.total - from.total
	}
	return t, nil
}

// entry returns the record at an offset, with the count of the time the file
// was read, and the offset of the next one in its chain.
func (t *table) entry(at uint64) (r Record, next uint64, err error) {
	bad := func() (Record, uint64, error) {
		return Record{}, 0, fmt.Errorf("reading the recorder's file: no entry at %#x: %w", at, io.ErrUnexpectedEOF)
	}
	if at < arenaStart || at%8 != 0 || at > uint64(len(t.data)) || uint64(len(t.data))-at < entryBytes {
		return bad()
	}
	e := t.data[at:]
	depth := int(order.Uint32(e[40:]))
	name := int(order.Uint16(e[46:]))
	if depth > maxDepth || name > maxName || len(e) < entryBytes+depth*8+name {
		return bad()
	}
	next = order.Uint64(e)
	allocs, size := order.Uint64(e[16:]), order.Uint64(e[32:])
	if allocs > math.MaxInt64 || size > math.MaxInt64 {
		return bad()
	}
	if old := t.entries[at]; old != nil {
		r = *old
	} else {
		r = Record{
			TypeAddr: order.Uint64(e[24:]), Bytes: int64(size),
			Type: string(e[entryBytes+depth*8:][:name]),
			PCs:  make([]uint64, depth),
			Cut:  order.Uint16(e[44:])&cutOff != 0,
		}
		for i := range r.PCs {
			r.PCs[i] = order.Uint64(e[entryBytes+i*8:])
		}
		t.entries[at] = &r
	}
	r.Allocs = int64(allocs)
	return r, next, nil
}

// records returns all entries with their counts of the time the file was read.
func (t *table) records() ([]Record, error) {
	var out []Record
	err := t.each(func(_ uint64, r Record) {
		if r.Allocs != 0 {
			out = append(out, r)
		}
	})
	return out, err
}

// each calls visit with all entries and their offsets.
func (t *table) each(visit func(at uint64, r Record)) error {
	left := len(t.data) / entryBytes // more than there can be: a chain has a loop
	for i := range buckets {
		for at := order.Uint64(t.data[headerBytes+i*8:]); at != 0; left-- {
			if left == 0 {
				return fmt.Errorf("reading the recorder's file: chain %d has no end", i)
			}
			r, next, err := t.entry(at)
			if err != nil {
				return err
			}
			visit(at, r)
			at = next
		}
	}
	return nil
}

// A dump is what package testing had recorded of one run.
type dump struct {
	name                  string
	procs, n              int64
	allocs, bytes         int64
	duration              time.Duration
	dropped, droppedBytes int64
	gc                    gcCounts
	records               []Record
}

// dumps returns the runs in the order in which they were made.
func (t *table) dumps() ([]dump, error) {
	var out []dump
	last := uint64(len(t.data))
	for at := order.Uint64(t.data[atLastRun:]); at != 0; {
		if at >= last { // each ends before the one that names it
			return nil, fmt.Errorf("reading recorded runs: no run at %#x", at)
		}
		d, prev, err := t.dump(at, last)
		if err != nil {
			return nil, fmt.Errorf("reading recorded runs: run at %#x: %w", at, err)
		}
		out = append(out, d)
		last, at = at, prev
	}
	slices.Reverse(out)
	return out, nil
}

// dump reads the run at an offset, which ends before end.
func (t *table) dump(at, end uint64) (d dump, prev uint64, err error) {
	if at < arenaStart || at%8 != 0 || end-at < runBytes {
		return d, 0, io.ErrUnexpectedEOF
	}
	data := t.data[at:end]
	u := func(i int) uint64 { return order.Uint64(data[i*8:]) }
	for i := 1; i < 15; i++ {
		if u(i) > math.MaxInt64 {
			return d, 0, errors.New("not a run")
		}
	}
	d = dump{
		procs: int64(u(1)), n: int64(u(2)), allocs: int64(u(3)), bytes: int64(u(4)), duration: time.Duration(u(5)),
		dropped: int64(u(6)), droppedBytes: int64(u(7)),
		gc: gcCounts{u(8), u(9), u(10), u(11), u(12), u(13), u(14)},
	}
	count, name := u(15), u(16)
	left := uint64(len(data) - runBytes)
	if count > left/16 || name > left-count*16 {
		return d, 0, io.ErrUnexpectedEOF
	}
	d.records = make([]Record, count)
	for i := range d.records {
		k := runBytes/8 + 2*i
		r, _, err := t.entry(u(k))
		if err != nil {
			return d, 0, err
		}
		if u(k+1) > math.MaxInt64 {
			return d, 0, errors.New("not a run")
		}
		r.Allocs = int64(u(k + 1))
		d.records[i] = r
	}
	d.name = string(data[runBytes+count*16:][:name])
	return d, u(0), nil
}
