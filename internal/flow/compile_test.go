package flow

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gcdiag"
)

// compile has the installed toolchain compile a package in dir and returns
// what it says of it.
func compile(t testing.TB, dir, pkg string) []*alloc.Diagnostic {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags="+pkg+"=-m=2", pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	var said []*alloc.Diagnostic
	for d, err := range gcdiag.Read(bytes.NewReader(out), dir) {
		if _, ok := errors.AsType[*gcdiag.Unknown](err); ok {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, d)
	}
	return said
}
