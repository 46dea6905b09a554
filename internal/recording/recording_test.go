package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// sample writes a recording with a chunk of each kind and returns its file.
func sample(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "run.heap")
	w, err := Create(name, &Header{Command: []string{"go", "run", "."}, Time: time.Unix(1, 0).UTC(), Sites: Exact})
	if err != nil {
		t.Fatal(err)
	}
	var frames FrameTableBuilder
	frames.Add(Stack{ID: 5, Type: "int", Allocs: 2}, []alloc.Frame{{Func: "runtime.newobject"}, {Func: "m.F", Line: 3}, {Func: "m.main"}})
	frames.Add(Stack{ID: 9, Type: "int", Allocs: 1}, []alloc.Frame{{Func: "m.G"}, {Func: "m.main"}})
	for _, c := range []struct {
		kind Kind
		v    any
	}{
		{KindStart, Start{PID: 7, Go: "go1.26.8", MemStats: runtime.MemStats{Mallocs: 3}}},
		{KindTrace, "go 1.26 trace"},
		{KindMetrics, Sample{Time: 2, Values: map[string]float64{"/gc/heap/live:bytes": 1024}}},
		{KindTrace, " and more"},
		{'?', "of another version"},
		{KindProfile, "heap\n\x1f\x8b"},
		{KindStop, Stop{Why: WhyExit, TraceBytes: 22}},
		{KindGCLog, "gc 1 @0.1s\ngc 2 @0.2s\n"},
		{KindFrames, frames.Table},
		{KindEnd, End{Exit: "exit status 3", Seconds: 1.5}},
	} {
		if s, ok := c.v.(string); ok {
			err = w.Write(c.kind, []byte(s))
		} else {
			err = w.JSON(c.kind, c.v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRead(t *testing.T) {
	t.Parallel()
	f, err := Open(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Partial != nil {
		t.Errorf("partial: %v", f.Partial)
	}
	trace, err := io.ReadAll(f.Trace())
	if err != nil {
		t.Fatal(err)
	}
	site := f.Stacks.Stack(5)
	if site == nil || f.Stacks.Stack(6) != nil {
		t.Fatalf("stack 5 is %v, stack 6 %v", site, f.Stacks.Stack(6))
	}
	got := fmt.Sprintln(f.Header.Command, f.Header.Sites, f.Start.PID, f.Start.MemStats.Mallocs, string(trace), f.TraceBytes, f.Skipped,
		len(f.Metrics), f.Profiles[0].Name, f.Stop.Why, f.GCLog, funcs(site), funcs(f.Stacks.Stack(9)), site.Allocs, f.End.Exit)
	want := "[go run .] exact 7 3 go 1.26 trace and more 22 1 1 heap exit [gc 1 @0.1s gc 2 @0.2s] runtime.newobject,m.F,m.main m.G,m.main 2 exit status 3\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func funcs(s *Site) string {
	var all []string
	for f := range s.Frames() {
		all = append(all, f.Func)
	}
	return strings.Join(all, ",")
}

// A file that ends anywhere is read up to its last whole chunk.
func TestTruncated(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for n := range data {
		f, err := Read(bytes.NewReader(data[:n]), int64(n), "f")
		var bad *Error
		if err != nil {
			if !errors.As(err, &bad) || last > 0 {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		if f.Partial == nil {
			t.Fatalf("%d of %d bytes are taken for whole", n, len(data))
		}
		if f.TraceBytes < last {
			t.Fatalf("%d bytes have less of the trace than before", n)
		}
		last = f.TraceBytes
	}
	if last != 22 {
		t.Errorf("%d bytes of the trace", last)
	}
}

// A bit that is not what it was is seen, and nothing behind it is taken.
func TestDamaged(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	for at := range data {
		broken := bytes.Clone(data)
		broken[at] ^= 0x10
		f, err := Read(bytes.NewReader(broken), int64(len(broken)), "f")
		if err == nil && f.Partial == nil {
			t.Fatalf("a changed byte %d is not seen", at)
		}
	}
}

func TestNoRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct{ text, want string }{
		{"", "an empty file"},
		{"stackward he", "cut off within its first line"},
		{"stackward heap recording 2\nmore and more", "a recording of format 2, and this stackward reads format 1"},
		{"stackward heap recording x\nmore and more", "not a recording"},
		{"go 1.26 trace\x00\x00\x00more and more", "an execution trace, not a recording"},
		{"package main\n", "not a recording"},
		{Magic, "a recording without its header"},
	} {
		name := filepath.Join(dir, "f")
		if err := os.WriteFile(name, []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(name)
		if err == nil || err.Error() != name+": "+tt.want {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, err := Open(dir); err == nil || !strings.HasSuffix(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What a process leaves of a chunk as it dies is taken back.
func TestResume(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f")
	w, err := Create(name, &Header{Time: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	chunk := AppendChunk(nil, KindTrace, []byte("trace"))
	other.Write(chunk)
	other.Write(chunk[:len(chunk)-2])
	other.Close()
	if err := w.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := w.JSON(KindEnd, End{}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	f, err := Open(name)
	if err != nil || f.Partial != nil || f.TraceBytes != 5 {
		t.Fatalf("%v, %v, %d bytes of the trace", err, f.Partial, f.TraceBytes)
	}
	f.Close()
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	if _, err := Create("/dev/full", &Header{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Error("the device was removed")
	}
}

func TestStackIDs(t *testing.T) {
	t.Parallel()
	batch := func(ids ...uint64) []byte {
		b := []byte{StackBatch}
		for _, id := range ids {
			b = binary.AppendUvarint(b, id)
		}
		return b
	}
	var ids StackIDs
	next := func(thread int64, want uint64) {
		t.Helper()
		if got, ok := ids.Next(thread); !ok || got != want {
			t.Errorf("thread %d: id %d, %v, want %d", thread, got, ok, want)
		}
	}
	ids.Batch(1, batch(300, 2))
	ids.Batch(2, batch(7))
	ids.Batch(1, []byte{1, 9, 9}) // the runtime's own
	ids.Batch(1, batch(4))
	next(1, 300)
	next(2, 7)
	next(1, 2)
	next(1, 4)
	if err := ids.Generation(); err != nil {
		t.Error(err)
	}
	ids.Batch(1, batch(8, 1000))
	next(1, 8)
	if err := ids.Generation(); !errors.Is(err, ErrStackIDs) || !strings.Contains(err.Error(), "1 ids without an allocation, 0 allocations") {
		t.Error(err)
	}
	if _, ok := ids.Next(1); ok {
		t.Error("an id of the generation before")
	}
	if err := ids.Generation(); !errors.Is(err, ErrStackIDs) || ids.Joined != 5 || ids.Missing != 1 {
		t.Errorf("%v, %d joined, %d missing", err, ids.Joined, ids.Missing)
	}
}

// FuzzRead reads what is no recording, and, since no checksum is guessed,
// a recording with any one chunk.
func FuzzRead(f *testing.F) {
	whole, err := os.ReadFile(sample(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, byte(KindTrace), []byte("go 1.26"))
	f.Add(whole[:len(whole)/2], byte(KindFrames), []byte(`{"frames":[{"func":"f"}],"nodes":[0,-1,0,0],"stacks":[{"id":1,"node":1}]}`))
	f.Add([]byte(Magic), byte(KindMetrics), []byte(`{"values":{"a":1},"histograms":{"b":[{"lo":null,"count":1}]}}`))
	f.Add([]byte{}, byte(KindProfile), []byte("heap\nx"))
	f.Fuzz(func(t *testing.T, data []byte, kind byte, payload []byte) {
		chunk := AppendChunk([]byte(Magic), KindHeader, []byte(`{"time":"2026-11-26T00:00:00Z"}`))
		chunk = AppendChunk(chunk, Kind(kind), payload)
		for _, data := range [][]byte{data, chunk} {
			file, err := Read(bytes.NewReader(data), int64(len(data)), "f")
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, file.Trace())
			if err != nil || n != file.TraceBytes {
				t.Errorf("%d of %d bytes of the trace: %v", n, file.TraceBytes, err)
			}
			for _, s := range file.Stacks.stacks {
				for range s.Frames() { // which ends
				}
			}
			if file.Partial != nil && file.Partial.At > int64(len(data)) {
				t.Errorf("damaged at %d of %d", file.Partial.At, len(data))
			}
		}
	})
}
