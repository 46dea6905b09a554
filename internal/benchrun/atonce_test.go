package benchrun

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// TestAtOnce records several test binaries at a time: each has its own objects.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/m\n\ngo 1.24\n")
	const packages = 5
	for i := range packages {
		write(fmt.Sprintf("p%d/p_test.go", i), fmt.Sprintf(`package p

import "testing"

type thing struct{ a, b, c *int }

var sink *thing

func TestThings(t *testing.T) {
	for range %d {
		sink = new(thing)
	}
}
`, 10_000*(i+1)))
	}
	builds := 0
	rs, err := Test(t.Context(), &gocmd.Config{Dir: dir}, Options{
		Packages: []string{"./..."}, Run: ".", AtOnce: 3,
		Step: func(step, pkg string) {
			if step == "building with the recorder" {
				builds++ // the race detector sees whether this is one at a time
			}
		},
	})
	if un, ok := errors.AsType[*Unsupported](err); ok {
		t.Skip(un)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(rs)
	if len(rs) != packages || builds != packages {
		t.Fatalf("%d results, %d steps", len(rs), builds)
	}
	for i, r := range rs {
		if r.Err != nil || len(r.Runs) != 1 || r.Package != fmt.Sprintf("example.com/m/p%d", i) {
			t.Fatalf("%s: %d runs, %v", r.Package, len(r.Runs), r.Err)
		}
		var things int64
		for _, rec := range r.Runs[0].Records {
			if rec.Type == r.Package+".thing" || rec.Type == "p.thing" {
				things += rec.Allocs
			}
		}
		if want := int64(10_000 * (i + 1)); things != want {
			t.Errorf("%s: %d things, want %d", r.Package, things, want)
		}
	}
}
