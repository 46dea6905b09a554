package heaprecord

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/tracetest"
)

// TestLeftOnDisk says whether what a full disk has left can be read.
func TestLeftOnDisk(t *testing.T) {
	whole := tracetest.Own(t)
	for _, tt := range []struct {
		name string
		part int // bytes of the trace
		read bool
	}{
		{"whole", len(whole), true},
		{"half", len(whole) / 2, false},
		{"none", 0, false},
	} {
		req := Request{Out: filepath.Join(t.TempDir(), "run.heap")}
		w, err := req.create(recording.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(recording.KindTrace, whole[:tt.part]); err != nil {
			t.Fatal(err)
		}
		w.Close()
		x, ok := errors.AsType[*engine.Error](req.advise(&fs.PathError{Op: "write", Path: req.Out, Err: syscall.ENOSPC}))
		if !ok {
			t.Fatal("not told to the user")
		}
		if got := strings.Contains(x.Hint, "; what was written until then can be read: stackward heap "+req.Out); got != tt.read {
			t.Errorf("%s: %v, hint: %s", tt.name, x, x.Hint)
		}
	}
}
