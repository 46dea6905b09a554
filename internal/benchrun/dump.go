package benchrun

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

// The recorder's file, in the layout of patch/recorder.go.txt.
const (
	tableMagic  = 0x31302d6472776b73 // "skwrd-01"
	tableBytes  = 128 << 20          // a sparse file: some 300,000 different stacks
	buckets     = 1 << 15
	headerBytes = 4096
	arenaStart  = headerBytes + buckets*8
	entryBytes  = 48
	maxDepth    = 128
	maxName     = 512
	cutOff      = 1 // flag of an entry
)

// The modes of recording.
const (
	modeBench   = 1
	modeTest    = 2
	modeProcess = 3
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
	atNow     = 72
	atFrom    = atNow + 48
	atSum     = atFrom + 48
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
	cycles, pause, cpu, idleGC, idle, total uint64
}

// A table is what a process recorded, at the time it was read.
type table struct {
	data           []byte // the file, up to the last entry
	text           uint64 // address of runtime.text in the process
	claimed        bool   // a process used the file
	dropped, bytes uint64
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
		return gcCounts{u64(at), u64(at + 8), u64(at + 16), u64(at + 24), u64(at + 32), u64(at + 40)}
	}
	t := &table{
		data: data, text: u64(atText), claimed: u64(atClaimed) != 0,
		dropped: u64(atDropped), bytes: u64(atBytes),
		gc: counts(atSum), entries: make(map[uint64]*Record),
	}
	if u64(atOn) != 0 { // the process ended while it was recording
		now, from := counts(atNow), counts(atFrom)
		t.gc.cycles += now.cycles - from.cycles
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
	left := len(t.data) / entryBytes // more than there can be: a chain has a loop
	for i := range buckets {
		for at := order.Uint64(t.data[headerBytes+i*8:]); at != 0; left-- {
			if left == 0 {
				return nil, fmt.Errorf("reading the recorder's file: chain %d has no end", i)
			}
			r, next, err := t.entry(at)
			if err != nil {
				return nil, err
			}
			if r.Allocs != 0 {
				out = append(out, r)
			}
			at = next
		}
	}
	return out, nil
}

// A dump is what package testing wrote of one run.
type dump struct {
	name                  string
	procs, n              int64
	allocs, bytes         int64
	duration              time.Duration
	dropped, droppedBytes int64
	gc                    gcCounts
	records               []Record
}

// parseDumps reads the file of runs beside t's.
func parseDumps(data []byte, t *table) ([]dump, error) {
	var out []dump
	for len(data) > 0 {
		if len(data) < 8 {
			return out, fmt.Errorf("reading recorded runs: run %d: %w", len(out)+1, io.ErrUnexpectedEOF)
		}
		n := order.Uint64(data)
		data = data[8:]
		if n > uint64(len(data)) {
			return out, fmt.Errorf("reading recorded runs: run %d: %d bytes of %d: %w", len(out)+1, len(data), n, io.ErrUnexpectedEOF)
		}
		d, err := parseDump(data[:n], t)
		if err != nil {
			return out, fmt.Errorf("reading recorded runs: run %d: %w", len(out)+1, err)
		}
		out = append(out, d)
		data = data[n:]
	}
	return out, nil
}

func parseDump(data []byte, t *table) (d dump, err error) {
	next := func() uint64 {
		v, n := binary.Uvarint(data)
		if n <= 0 || v > math.MaxInt64 {
			err = io.ErrUnexpectedEOF
			data = nil
			return 0
		}
		data = data[n:]
		return v
	}
	length := next()
	if length > uint64(len(data)) {
		return d, io.ErrUnexpectedEOF
	}
	d.name = string(data[:length])
	data = data[length:]
	d.procs, d.n = int64(next()), int64(next())
	d.allocs, d.bytes, d.duration = int64(next()), int64(next()), time.Duration(next())
	d.dropped, d.droppedBytes = int64(next()), int64(next())
	d.gc = gcCounts{next(), next(), next(), next(), next(), next()}
	count := next()
	if err != nil {
		return d, err
	}
	if count > uint64(len(data))/2 {
		return d, io.ErrUnexpectedEOF
	}
	d.records = make([]Record, 0, count)
	for range count {
		at, allocs := next(), next()
		if err != nil {
			return d, err
		}
		r, _, err := t.entry(at * 8)
		if err != nil {
			return d, err
		}
		r.Allocs = int64(allocs)
		d.records = append(d.records, r)
	}
	return d, nil
}
