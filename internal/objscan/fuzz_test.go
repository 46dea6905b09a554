package objscan

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// fuzzTools stands for a toolchain, so that no go command is run for inputs
// that name another version.
var fuzzTools = &toolchain{goroot: "/go", builtins: []string{"runtime.newobject", "runtime.growslice", "type:int"}, typeArg: map[string]int{"runtime.growslice": 4}}

func fuzzScanner() *Scanner {
	s := &Scanner{
		archives: map[string]string{},
		tools:    fuzzTools,
		wrapper:  23,
		entries:  map[string]entryKind{"runtime.newobject": dedicated, "runtime.growslice": dedicated},
	}
	s.types.s = s
	return s
}

// FuzzArchive: no archive makes the reader panic or take memory out of
// proportion.
func FuzzArchive(f *testing.F) {
	dir := writeModule(f, "example.com/tiny", "tiny.go", "package tiny\n\nfunc New() *int { return new(int) }\n\nfunc Grow(s []int) []int { return append(inl(s), 1) }\n\nfunc inl(s []int) []int { return append(s, 2) }\n")
	for _, goarch := range []string{"amd64", "arm64"} {
		file := archivesOf(f, dir, []string{"GOOS=linux", "GOARCH=" + goarch}, ".")["example.com/tiny"]
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		// The export data is passed over by its size: leave it out.
		seed := []byte(arMagic)
		ms, err := members(data)
		if err != nil || len(ms) == 0 {
			f.Fatalf("no seed: %v", err)
		}
		i := bytes.Index(data, []byte(compilerObj))
		seed = append(seed, data[i:]...)
		s := fuzzScanner()
		s.tools = nil
		n := 0
		if err := s.eachObject(seed, func(o *object) error {
			s.types.s = s
			calls, err := s.appendCalls(nil, "example.com/tiny", o)
			n += len(calls)
			return err
		}); err != nil || n != 4 {
			f.Fatalf("seed for %s: %d calls, %v", goarch, n, err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := fuzzScanner()
		_ = s.eachObject(data, func(o *object) error {
			g := &graph{goarch: o.goarch, nodes: make(map[string]*node)}
			g.add(o)
			_, _ = derive(g, func(string) bool { return true })
			_, err := s.appendCalls(nil, "p", o)
			return err
		})
	})
}

// FuzzPclntab: no table of functions makes the reader panic or run forever.
func FuzzPclntab(f *testing.F) {
	dir := writeModule(f, "example.com/tiny", "main.go", "package main\n\nfunc main() {}\n")
	exe := filepath.Join(f.TempDir(), "exe")
	goCmd(f, dir, []string{"GOOS=linux", "GOARCH=amd64"}, "build", "-ldflags=-s -w", "-o", exe, ".")
	b, err := OpenBinary(exe)
	if err != nil {
		f.Fatal(err)
	}
	seed := shorten(b.table, 20)
	if t, err := newPclntab(seed, binary.LittleEndian, 0); err != nil || t.nfunc != 20 || t.find(t.text+t.start(10)) != 10 {
		f.Fatalf("seed: %v", err)
	}
	f.Add(seed, uint64(0x100))
	f.Fuzz(func(t *testing.T, data []byte, pc uint64) {
		table, err := newPclntab(data, binary.LittleEndian, 0)
		if err != nil {
			return
		}
		table.gofunc = data
		b := &Binary{table: table, names: make(map[uint32]string), files: make(map[fileRef]string)}
		b.Frames(pc)
		for i := range min(table.nfunc, 100) {
			if fn, ok := table.fn(i); ok {
				if n := len(b.frames(fn, int(pc%256), false)); n > maxInline {
					t.Fatalf("%d frames", n)
				}
			}
		}
		table.inlTreesOK()
	})
}

// shorten makes a table of the first n functions of t.
func shorten(t *pclntab, n int) []byte {
	const head = 8 + 8*8
	parts := [][]byte{t.names[:min(len(t.names), 4096)], t.cus[:min(len(t.cus), 512)], t.files[:min(len(t.files), 2048)], t.pctab[:min(len(t.pctab), 8192)]}
	b := binary.LittleEndian.AppendUint32(nil, pclnMagic)
	b = append(b, 0, 0, byte(t.quantum), byte(t.ptrSize))
	words := []uint64{uint64(n), 1, t.text}
	off := uint64(head)
	for _, p := range parts {
		words = append(words, off)
		off += uint64(len(p))
	}
	for _, w := range append(words, off) {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	index := 8*n + 4
	var bodies []byte
	for i := range n {
		f, _ := t.fn(i)
		b = binary.LittleEndian.AppendUint32(b, uint32(f.off))
		b = binary.LittleEndian.AppendUint32(b, uint32(index+len(bodies)))
		size := funcSize + 4*int(f.npcdata()+f.nfuncdata())
		bodies = append(bodies, f.b[:size]...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(t.start(n)))
	return append(b, bodies...)
}

// FuzzBinary: no file makes the readers of containers panic.
func FuzzBinary(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Add([]byte("MZ"))
	f.Add([]byte{0xcf, 0xfa, 0xed, 0xfe})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := newBinary(data)
		if err != nil {
			return
		}
		for range b.Calls() {
		}
	})
}
