package benchrun

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// sampleTable is a table of two entries in one chain.
func sampleTable() []byte {
	data := make([]byte, arenaStart)
	order.PutUint64(data, tableMagic)
	order.PutUint64(data[atClaimed:], 1)
	order.PutUint64(data[atText:], 0x401000)
	order.PutUint64(data[atDropped:], 7)
	order.PutUint64(data[atBytes:], 700)
	add := func(next, allocs, typ, size uint64, name string, pcs ...uint64) uint64 {
		at := uint64(len(data))
		for _, v := range []uint64{next, 99, allocs, typ, size, uint64(len(pcs)) | uint64(len(name))<<48} {
			data = order.AppendUint64(data, v)
		}
		for _, pc := range pcs {
			data = order.AppendUint64(data, pc)
		}
		data = append(data, name...)
		data = append(data, make([]byte, -len(name)&7)...)
		return at
	}
	first := add(0, 3, 0x500000, 24, "m.T", 0x401010, 0x401020)
	second := add(first, 5, 0, 16, "", 0x401010)
	order.PutUint64(data[headerBytes+5*8:], second)
	run := func(prev uint64, name string, counts ...uint64) uint64 {
		at := uint64(len(data))
		for _, v := range []uint64{prev, 2, 100, 8, 152, 1000, 0, 0, 1, 2, 3, 4, 5, 6, 7, uint64(len(counts) / 2), uint64(len(name))} {
			data = order.AppendUint64(data, v)
		}
		for _, v := range counts {
			data = order.AppendUint64(data, v)
		}
		data = append(data, name...)
		data = append(data, make([]byte, -len(name)&7)...)
		return at
	}
	last := run(run(0, "B"), "B/x1", first, 9)
	order.PutUint64(data[atLastRun:], last)
	order.PutUint64(data[atNext:], uint64(len(data)))
	return data
}

func TestReadDump(t *testing.T) {
	tab, err := parseTable(sampleTable())
	if err != nil {
		t.Fatal(err)
	}
	recs, err := tab.records()
	if err != nil || len(recs) != 2 {
		t.Fatal(recs, err)
	}
	if r := recs[1]; r.Allocs != 3 || r.Bytes != 24 || r.Type != "m.T" || r.TypeAddr != 0x500000 || len(r.PCs) != 2 || r.PCs[1] != 0x401020 {
		t.Errorf("%+v", r)
	}
	dumps, err := tab.dumps()
	if err != nil || len(dumps) != 2 || dumps[0].name != "B" {
		t.Fatal(dumps, err)
	}
	d := dumps[1]
	if d.name != "B/x1" || d.procs != 2 || d.n != 100 || d.allocs != 8 || d.bytes != 152 || d.gc.pauses != 2 || d.gc.total != 7 ||
		len(d.records) != 1 || d.records[0].Allocs != 9 || d.records[0].Type != "m.T" {
		t.Errorf("%+v", d)
	}
	// The same stack is the same memory, with a count of its own.
	if recs[1].Allocs != 3 || &recs[1].PCs[0] != &d.records[0].PCs[0] {
		t.Error("entry was read twice")
	}
}

func TestTruncated(t *testing.T) {
	whole := sampleTable()
	for _, n := range []int{0, 100, arenaStart - 1, arenaStart + 8, len(whole) - 8} {
		name := filepath.Join(t.TempDir(), "records")
		if err := os.WriteFile(name, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadTable(name); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	tab, err := parseTable(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseTable(whole[:arenaStart-1]); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a header: %v", err)
	}
	tab.data = whole[:len(whole)-8]
	if _, err := tab.dumps(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a run: %v", err)
	}
	order.PutUint64(whole[arenaStart:], arenaStart) // a chain that has no end
	if tab, err = parseTable(whole); err != nil {
		t.Fatal(err)
	}
	if _, err := tab.records(); err == nil {
		t.Error("endless chain: no error")
	}
}

func FuzzDump(f *testing.F) {
	whole := sampleTable()
	f.Add(whole[arenaStart:], uint16(5), order.Uint64(whole[headerBytes+5*8:]), order.Uint64(whole[atLastRun:]))
	f.Add([]byte{}, uint16(0), uint64(8), uint64(1<<63))
	f.Fuzz(func(t *testing.T, arena []byte, bucket uint16, at, run uint64) {
		if len(arena) > 1<<16 {
			return
		}
		data := append(sampleTable()[:arenaStart:arenaStart], arena...)
		order.PutUint64(data[headerBytes+int(bucket%buckets)*8:], at)
		order.PutUint64(data[atLastRun:], run)
		tab, err := parseTable(data)
		if err != nil {
			t.Fatal(err)
		}
		recs, err := tab.records()
		if err == nil && len(recs) > len(arena) {
			t.Errorf("%d records of %d bytes", len(recs), len(arena))
		}
		dumps, err := tab.dumps()
		if err == nil && (len(dumps) == 0) != (run == 0) {
			t.Errorf("%d runs, the last at %d", len(dumps), run)
		}
		for _, d := range dumps {
			if len(d.records) > len(arena) {
				t.Errorf("%d records of %d bytes", len(d.records), len(arena))
			}
		}
	})
}
