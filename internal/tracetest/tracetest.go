// Package tracetest has traces for the tests of who reads them: of programs that trace
// themselves, and of the tests' own process.
package tracetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/trace"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// Run builds the program of a directory and runs it, with environment variables beside
// those there are, and GODEBUG=traceallocfree=1. It returns the trace that the program
// writes to the file that is its argument, and what it prints. The runtime damages a
// trace now and then where stacks grow (docs/heap.md), so a run whose trace is not sound
// is repeated. slots are the sizes of the runtime's size classes.
func Run(prog string, slots []int64, env ...string) (trace, printed []byte, err error) {
	dir, err := os.MkdirTemp("", "tracetest-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	// The test itself opens what the go command reads, or its result would be kept where
	// only that changes.
	if _, err := os.ReadFile(filepath.Join(prog, "main.go")); err != nil {
		return nil, nil, err
	}
	bin, file := filepath.Join(dir, "prog.exe"), filepath.Join(dir, "trace")
	if out, err := exec.Command("go", "build", "-o", bin, "./"+prog).CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("building %s: %w\n%s", prog, err, out)
	}
	for range 5 {
		cmd := exec.Command(bin, file)
		cmd.Env = append(os.Environ(), append([]string{"GODEBUG=traceallocfree=1"}, env...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if printed, err = cmd.Output(); err != nil {
			return nil, nil, fmt.Errorf("running %s: %w\n%s", prog, err, &stderr)
		}
		if trace, err = os.ReadFile(file); err != nil {
			return nil, nil, err
		}
		if sound(trace, slots) {
			return trace, printed, nil
		}
	}
	return nil, nil, fmt.Errorf("running %s: each of five traces is damaged", prog)
}

// Own takes a trace of the tests' process, of one part and with next to nothing in it. Tests
// that are traced themselves are skipped.
func Own(t testing.TB) []byte {
	t.Helper()
	if trace.IsEnabled() {
		t.Skip("the tests are traced themselves: go test -trace")
	}
	t.Setenv("GODEBUG", "traceallocfree=1")
	var b bytes.Buffer
	if err := trace.Start(&b); err != nil {
		t.Fatal(err)
	}
	trace.Stop()
	return b.Bytes()
}

// sound reports whether a trace can be read, and next to all of it fits.
func sound(trace []byte, slots []int64) bool {
	r, err := alloctrace.Open(bytes.NewReader(trace), alloctrace.Options{SlotBytes: slots})
	if err != nil {
		return false
	}
	all, misfits := 0, 0
	for e, err := range r.Events() {
		if err != nil {
			return false
		}
		if all++; e.Kind == alloctrace.Misfit {
			misfits++
		}
	}
	return misfits*2000 <= all
}
