package sizeclass

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// installed is the table of the toolchain that the test runs with.
func installed(t *testing.T) *Table {
	t.Helper()
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	table, err := Load(strings.TrimSpace(string(goroot)))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestConfirm compares the table with the runtime that the test runs on, for
// every size: append grows a slice to what its slot holds.
func TestConfirm(t *testing.T) {
	table := installed(t)
	step := int64(1)
	if testing.Short() || race() {
		step = 7
	}
	const most = 100_000
	bytes := make([]byte, most)
	for n := int64(16); n <= most; n += step {
		s := append([]byte(nil), bytes[:n]...)
		if got := table.Class(n, true).Bytes; got != int64(cap(s)) {
			t.Fatalf("Class(%d, noscan) = %d bytes, the runtime makes %d", n, got, cap(s))
		}
	}
	pointers := make([]*byte, most/8)
	for n := int64(8); n <= most; n += 8 {
		s := append([]*byte(nil), pointers[:n/8]...)
		got := table.Class(n, false)
		// The capacity leaves out the header.
		want := int64(cap(s)) * 8
		if n > headerMin && got.Path == alloc.Small {
			want += headerSize
		}
		if got.Bytes != want {
			t.Fatalf("Class(%d, pointers) = %d bytes, the runtime makes %d", n, got.Bytes, want)
		}
	}
}

var (
	sinkBytes    []byte
	sinkPointers []*byte
)

// TestConfirmCounted compares the table with what the runtime counts, around
// the limits of every class.
func TestConfirmCounted(t *testing.T) {
	table := installed(t)
	for _, size := range append(slices.Clone(table.sizes), 40960, 49152) {
		for _, n := range []int64{size - 16, size - 9, size - 8, size - 7, size - 1, size, size + 1} {
			if n >= tinySize {
				want := table.Class(n, true).Bytes
				if got := counted(want, func() { sinkBytes = make([]byte, n) }); got != want {
					t.Errorf("Class(%d, noscan) = %d bytes, the runtime counts %d", n, want, got)
				}
			}
			if n > 0 && n%8 == 0 {
				want := table.Class(n, false).Bytes
				if got := counted(want, func() { sinkPointers = make([]*byte, n/8) }); got != want {
					t.Errorf("Class(%d, pointers) = %d bytes, the runtime counts %d", n, want, got)
				}
			}
		}
	}
	if race() {
		return // the race detector gives every object a block
	}
	// 16 objects of one byte share one block.
	got := counted(tinySize, func() {
		for range tinySize {
			sinkBytes = make([]byte, one)
		}
	})
	if got != tinySize {
		t.Errorf("%d objects of one byte take %d bytes, want %d", tinySize, got, tinySize)
	}
}

var one = 1 // not a constant, so that the object is made

// race reports whether the test was built with the race detector.
func race() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// counted returns the bytes that one call of f allocates according to the
// runtime. Others may allocate meanwhile, so that it tries more than once for
// what is expected.
func counted(want int64, f func()) int64 {
	var got int64
	for range 5 {
		const calls = 8
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range calls {
			f()
		}
		runtime.ReadMemStats(&after)
		got = int64(after.TotalAlloc-before.TotalAlloc) / calls
		if got == want {
			break
		}
	}
	return got
}

func TestClass(t *testing.T) {
	table := installed(t)
	for _, test := range []struct {
		bytes  int64
		noscan bool
		want   Class
	}{
		{0, true, Class{Path: alloc.Tiny}},
		{0, false, Class{Path: alloc.Tiny}},
		{1, true, Class{Index: 2, Bytes: 16, Path: alloc.Tiny}},
		{15, true, Class{Index: 2, Bytes: 16, Path: alloc.Tiny}},
		{8, false, Class{Index: 1, Bytes: 8, Path: alloc.Small}},
		{16, true, Class{Index: 2, Bytes: 16, Path: alloc.Small}},
		{17, true, Class{Index: 3, Bytes: 24, Waste: 7, Path: alloc.Small}},
		{512, false, Class{Index: 26, Bytes: 512, Path: alloc.Small}},
		{520, false, Class{Index: 27, Bytes: 576, Waste: 56, Path: alloc.Small}},
		{576, true, Class{Index: 27, Bytes: 576, Path: alloc.Small}},
		{576, false, Class{Index: 28, Bytes: 640, Waste: 64, Path: alloc.Small}},
		{32760, true, Class{Index: 67, Bytes: 32768, Waste: 8, Path: alloc.Small}},
		{32760, false, Class{Index: 67, Bytes: 32768, Waste: 8, Path: alloc.Small}},
		{32768, true, Class{Bytes: 32768, Path: alloc.Large}},
		{32768, false, Class{Bytes: 32768, Path: alloc.Large}},
		{32769, true, Class{Bytes: 40960, Waste: 8191, Path: alloc.Large}},
	} {
		if got := table.Class(test.bytes, test.noscan); got != test.want {
			t.Errorf("Class(%d, %v) = %+v, want %+v", test.bytes, test.noscan, got, test.want)
		}
	}
}

// TestLoad is about what a toolchain may lack.
func TestLoad(t *testing.T) {
	t.Parallel()
	write := func(file, content string) (goroot string) {
		goroot = t.TempDir()
		file = filepath.Join(goroot, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return goroot
	}
	for _, test := range []struct {
		file, content string
		first         int64 // size of the first class, 0 for an error
	}{
		{"src/internal/runtime/gc/sizeclasses.go", "package gc\nvar SizeClassToSize = [3]uint16{0, 24, 8192}\nvar SizeClassToNPages = [3]uint8{0, 1, 1}", 24},
		{"src/runtime/sizeclasses.go", "package runtime\nvar class_to_size = [3]uint16{0, 32, 8192}\nvar class_to_allocnpages = [3]uint8{0, 1, 1}", 32},
		{"src/runtime/sizeclasses.go", "package runtime\nvar class_to_size = [3]uint16{0, 32, 16}", 0},
		{"src/runtime/sizeclasses.go", "package runtime\nvar class_to_size = [3]uint16{0, 32, 8192}", 0},
		{"src/runtime/sizeclasses.go", "package runtime\nvar other = [3]uint16{0, 32, 8192}", 0},
		{"src/runtime/sizeclasses.go", "not Go", 0},
		{"VERSION", "go1.26.8\ntime 2026-11-03T00:00:00Z\n", 8},
		{"VERSION", "go1.12\n", 0},
		{"VERSION", "devel +abc\n", 0},
		{"README.md", "", 0},
	} {
		table, err := Load(write(test.file, test.content))
		switch {
		case test.first == 0 && err == nil:
			t.Errorf("%s %q: no error", test.file, test.content)
		case test.first == 0 && !strings.HasPrefix(err.Error(), "reading the runtime's size classes: "):
			t.Errorf("%s %q: error %v", test.file, test.content, err)
		case test.first != 0 && (err != nil || table.sizes[0] != test.first):
			t.Errorf("%s %q: %v, %v", test.file, test.content, table, err)
		}
	}
}

// TestKnown holds the generated table against the toolchain's.
func TestKnown(t *testing.T) {
	t.Parallel()
	table := ForGo(runtime.Version())
	if table == nil {
		t.Skipf("%s is not known", runtime.Version())
	}
	if want := installed(t); !slices.Equal(table.sizes, want.sizes) || !slices.Equal(table.pages, want.pages) {
		t.Errorf("known.go has %d, the toolchain %d: run go generate", *table, *want)
	}
	if slot, span := table.Span(table.Len() - 1); slot != 32768 || span != 32768 {
		t.Errorf("spans of the last class have %d bytes, slots %d; want 32768", span, slot)
	}
}
