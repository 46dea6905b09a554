package sizeclass

import (
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"github.com/stackward-go/stackward/alloc"
)

// TestConfirm compares the table with the runtime that the test runs on: the
// size it rounds a pointer-free slice's growth up to, and the bytes it counts
// for arrays with pointers.
func TestConfirm(t *testing.T) {
	table, err := Load(goroot(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(16); n <= 70000; n += 1 + n/100 {
		s := append([]byte(nil), make([]byte, n)...)
		if got := table.Class(n, true).Bytes; got != int64(cap(s)) {
			t.Errorf("Class(%d, noscan) = %d bytes, the runtime makes %d", n, got, cap(s))
		}
		words := n / int64(unsafe.Sizeof(uintptr(0)))
		p := append([]*byte(nil), make([]*byte, words)...)
		// The capacity leaves out the header.
		c := table.Class(words*8, false)
		want := int64(cap(p)) * 8
		if words*8 > headerMin && c.Path == alloc.Small {
			want += headerSize
		}
		if c.Bytes != want {
			t.Errorf("Class(%d, pointers) = %d bytes, the runtime makes %d", words*8, c.Bytes, want)
		}
	}
}

func TestClass(t *testing.T) {
	table, err := Load(goroot(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		bytes  int64
		noscan bool
		want   Class
	}{
		{0, true, Class{Path: alloc.Tiny}},
		{1, true, Class{Index: 2, Bytes: 16, Path: alloc.Tiny}},
		{15, true, Class{Index: 2, Bytes: 16, Path: alloc.Tiny}},
		{8, false, Class{Index: 1, Bytes: 8, Path: alloc.Small}},
		{16, true, Class{Index: 2, Bytes: 16, Path: alloc.Small}},
		{17, true, Class{Index: 3, Bytes: 24, Waste: 7, Path: alloc.Small}},
		{32768, true, Class{Index: 67, Bytes: 32768, Path: alloc.Small}},
		{32769, true, Class{Bytes: 40960, Waste: 8191, Path: alloc.Large}},
		{32761, false, Class{Bytes: 32768, Waste: 7, Path: alloc.Large}},
	} {
		if got := table.Class(test.bytes, test.noscan); got != test.want {
			t.Errorf("Class(%d, %v) = %+v, want %+v", test.bytes, test.noscan, got, test.want)
		}
	}
}

// goroot is that of the toolchain that runs the test.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
