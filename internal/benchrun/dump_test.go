package benchrun

import (
	"encoding/binary"
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
	order.PutUint64(data[atNext:], uint64(len(data)))
	return data
}

func sampleRuns() []byte {
	var b []byte
	b = binary.AppendUvarint(b, 4)
	b = append(b, "B/x1"...)
	for _, v := range []uint64{2, 100, 8, 152, 1000, 0, 0, 1, 2, 3, 4, 5, 6, 1, arenaStart / 8, 9} {
		b = binary.AppendUvarint(b, v)
	}
	return append(order.AppendUint64(nil, uint64(len(b))), b...)
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
	dumps, err := parseDumps(sampleRuns(), tab)
	if err != nil || len(dumps) != 1 {
		t.Fatal(dumps, err)
	}
	d := dumps[0]
	if d.name != "B/x1" || d.procs != 2 || d.n != 100 || d.allocs != 8 || d.bytes != 152 || d.gc.total != 6 ||
		len(d.records) != 1 || d.records[0].Allocs != 9 || d.records[0].Type != "m.T" {
		t.Errorf("%+v", d)
	}
	// The same stack is the same memory, with a count of its own.
	if recs[1].Allocs != 3 || &recs[1].PCs[0] != &d.records[0].PCs[0] {
		t.Error("entry was read twice")
	}
}

func TestTruncated(t *testing.T) {
	whole, runs := sampleTable(), sampleRuns()
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
	for n := 1; n < len(runs); n++ {
		if _, err := parseDumps(runs[:n], tab); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes of runs: %v", n, err)
		}
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
	f.Add(sampleTable()[arenaStart:], sampleRuns(), uint16(5), uint32(arenaStart+64))
	f.Add([]byte{}, []byte{}, uint16(0), uint32(8))
	f.Fuzz(func(t *testing.T, arena, runs []byte, bucket uint16, at uint32) {
		if len(arena) > 1<<16 {
			return
		}
		data := append(sampleTable()[:arenaStart:arenaStart], arena...)
		order.PutUint64(data[headerBytes+int(bucket%buckets)*8:], uint64(at))
		tab, err := parseTable(data)
		if err != nil {
			t.Fatal(err)
		}
		recs, err := tab.records()
		if err == nil && len(recs) > len(data) {
			t.Errorf("%d records of %d bytes", len(recs), len(data))
		}
		dumps, err := parseDumps(runs, tab)
		for _, d := range dumps {
			if len(d.records) > len(runs) {
				t.Errorf("%d records of %d bytes", len(d.records), len(runs))
			}
		}
		if err == nil && len(runs) > 0 && len(dumps) == 0 {
			t.Error("nothing read, no error")
		}
	})
}
