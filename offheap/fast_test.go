//go:build linux && amd64 && !nolinkname && !offheapcheck && !race && !go1.28

package offheap

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"testing"
)

// With this toolchain the fast paths in assembly are used.
func TestFastWorks(t *testing.T) {
	if !fastWorks {
		t.Error("the runtime is not laid out as expected: the fast paths pin")
	}
}

// The offsets are the installed runtime's, as it describes itself to debuggers.
func TestFastOffsets(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module m\n",
		"main.go": "package main\n\nfunc main() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-o", "m", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("no go command")
	} else if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	f, err := elf.Open(filepath.Join(dir, "m"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := f.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{
		"runtime.g.m": offsetGM, "runtime.m.p": offsetMP,
		"runtime.p.id": offsetPID, "runtime.p.status": offsetPStatus, "runtime.p.m": offsetPM,
	}
	for r := d.Reader(); ; {
		e, err := r.Next()
		if e == nil || err != nil {
			break
		}
		if e.Tag != dwarf.TagStructType {
			continue
		}
		typ, err := d.Type(e.Offset)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := typ.(*dwarf.StructType)
		if !ok {
			continue
		}
		for _, field := range s.Field {
			name := s.StructName + "." + field.Name
			if offset, ok := want[name]; ok {
				if field.ByteOffset != offset {
					t.Errorf("%s is at %d, not %d", name, field.ByteOffset, offset)
				}
				delete(want, name)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// Where the layout is not as expected, the fast paths pin.
func TestFastFallback(t *testing.T) {
	defer useFast(useFast(false))
	stress(t, stressOps(t)/8, func(i int) int { return 1 + i%6 })
}

// A signal may arrive in the midst of a fast path.
func TestFastWithProfile(t *testing.T) {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Skip(err) // go test -cpuprofile has begun one
	}
	defer pprof.StopCPUProfile()
	stress(t, stressOps(t)/8, func(i int) int { return 1 + i%6 })
}
