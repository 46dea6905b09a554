package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// TestFoundIsKept finds the sites of a package again and again: what was kept is
// used as long as nothing has changed, and equals what would be found anew.
func TestFoundIsKept(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const source = `package m

func F() *int { return new(int) }

func G[T any]() *T { return new(T) }
`
	write("go.mod", "module example.com/m\n\ngo 1.24\n")
	write("m.go", source)
	store := t.TempDir()
	// kept reports whether found reads what was kept, and what it returns.
	kept := func(b Build) (bool, *found) {
		t.Helper()
		b.Dir, b.Cache = dir, store
		p, err := open(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.compileOnly(t.Context(), gocmd.Request{Patterns: []string{"."}, Diagnose: true}, false); err != nil {
			t.Fatal(err)
		}
		f, err := p.found(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return p.scanner == nil, f
	}
	steps := []struct {
		name   string
		change func()
		build  Build
		kept   bool
		sites  int
	}{
		{name: "the first time", sites: 1},
		{name: "again", kept: true, sites: 1},
		{name: "other flags", build: Build{Flags: []string{"-gcflags=-l"}}, sites: 1},
		{name: "a comment", change: func() { write("m.go", source+"// A comment.\n") }, sites: 1},
		{name: "a site more", change: func() { write("m.go", source+"func H() *int { return new(int) }\n") }, sites: 2},
		{name: "as at first", change: func() { write("m.go", source) }, kept: true, sites: 1},
		{name: "a broken entry", change: func() { truncate(t, store) }, sites: 1},
		{name: "an expression in a file that is no source of the package", change: func() {
			write("m.go", source+"//line other.txt:3\nfunc H() *int { return new(int) }\n")
			write("other.txt", "package m\n\nfunc H() *int { return new(int) }\n")
		}, sites: 2},
		{name: "which may have changed", sites: 2},
		{name: "does not compile", change: func() { write("m.go", source+"func H() { x }\n") }},
		{name: "still does not", sites: 0},
	}
	var first *found
	for _, s := range steps {
		if s.change != nil {
			s.change()
		}
		got, f := kept(s.build)
		if got != s.kept || len(f.Sites) != s.sites {
			t.Errorf("%s: kept %t, %d sites; want %t, %d", s.name, got, len(f.Sites), s.kept, s.sites)
		}
		if first == nil {
			first = f
			if len(f.Generic) != 1 {
				t.Errorf("%d generic functions without an instance, want 1", len(f.Generic))
			}
		} else if s.kept {
			if diff := cmp.Diff(first, f); diff != "" {
				t.Errorf("%s: found anew (-) and kept (+):\n%s", s.name, diff)
			}
		}
	}
}

// truncate cuts all entries of a cache short.
func truncate(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*-d"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no entries in %s: %v", dir, err)
	}
	for _, f := range files {
		if err := os.Truncate(f, 10); err != nil {
			t.Fatal(err)
		}
	}
}
