package prove

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// importers is a graph of "package: importers" lines.
func importers(lines ...string) graph {
	g := make(graph)
	for _, line := range lines {
		to, by, _ := strings.Cut(line, ": ")
		g[to] = make(map[string]bool)
		for _, p := range strings.Fields(by) {
			g[to][p] = true
		}
	}
	return g
}

func TestReached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.ToSlash(filepath.Join(dir, "lib", "lib.go"))
	w := &work{
		coverage: newCoverage(),
		graph:    importers("lib: direct other silent", "direct: far", "other: farther"),
		tested:   map[string]bool{"direct": true, "far": true, "farther": true, "other": true, "silent": true},
		dirs:     map[string]string{"lib": filepath.ToSlash(filepath.Dir(source))},
		packages: map[string]string{filepath.ToSlash(filepath.Dir(source)): "lib"},
		original: rewrite.Tree{}, tree: rewrite.Tree{source: []byte(strings.Repeat("x\n", 9))},
	}
	w.original[source] = w.tree[source]
	w.coverage.silent["lib"] = []string{"silent"}
	for tests, counts := range map[string]string{"direct": "10", "other": "00", "far": "11", "farther": "11"} {
		profile := filepath.Join(dir, tests)
		text := "mode: set\nlib/lib.go:2.1,3.9 1 " + counts[:1] + "\nlib/lib.go:5.1,6.9 1 " + counts[1:] + "\nlib/lib.go:7.1,7.9 1 0\n"
		if err := os.WriteFile(profile, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if ok, err := w.coverage.read(profile, tests, w.dirOf); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if ok, err := w.coverage.read(filepath.Join(dir, "none"), "none", w.dirOf); ok || err != nil {
		t.Fatalf("no profile: %t, %v", ok, err)
	}
	tests := []struct {
		name        string
		lines       []int // of the edits
		own         bool  // the package has tests
		exercised   bool
		tests, near string
	}{
		{"one function", []int{2}, false, true, "direct far farther silent", "direct far farther"},
		{"fewer tests", []int{5}, false, true, "far farther silent", "far farther"},
		{"two functions", []int{3, 6}, false, true, "direct far farther silent", "direct far farther"},
		{"one that nothing runs", []int{2, 7}, false, false, "direct far farther silent", "direct far farther"},
		{"none", []int{7}, false, false, "silent", "silent"},
		{"a declaration too", []int{1, 5}, false, true, "far farther silent", "far farther"},
		{"a declaration", []int{9}, true, false, "lib silent", "lib silent"},
		{"its own do not run it", []int{5}, true, true, "far farther lib silent", "far farther"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.tested["lib"] = tt.own
			c := &candidate{Candidate: &fix.Candidate{}, pkg: "lib", edits: make(map[string][]rewrite.Edit)}
			for _, line := range tt.lines {
				at := 2 * (line - 1)
				c.edits[source] = append(c.edits[source], rewrite.Edit{Start: at, End: at + 1, New: "y"})
			}
			if err := w.reached(c); err != nil {
				t.Fatal(err)
			}
			if c.exercised != tt.exercised || strings.Join(c.tests, " ") != tt.tests || strings.Join(w.near(c), " ") != tt.near {
				t.Errorf("exercised %t, tests %v, near %v; want %t, %s, %s", c.exercised, c.tests, w.near(c), tt.exercised, tt.tests, tt.near)
			}
		})
	}
}

func TestDistances(t *testing.T) {
	t.Parallel()
	got := importers("a: b c", "b: d", "c: d a", "d: e").distances("a")
	want := map[string]int{"a": 0, "b": 1, "c": 1, "d": 2, "e": 3}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestProfileApart(t *testing.T) {
	t.Parallel()
	flag, err := profileApart("/tmp/a b's", "")
	if err != nil || !strings.HasSuffix(flag, " "+CoverCommand+` "/tmp/a b's"`) || !strings.HasPrefix(flag, "-exec='/") {
		t.Errorf("%s, %v", flag, err)
	}
	if kept, err := profileApart("/tmp/a b's", "'my emulator' -fast"); err != nil || kept != flag+" 'my emulator' -fast" {
		t.Errorf("with the user's own: %s, %v", kept, err)
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	if a, b := profileOf("x", dir), profileOf("x", link); a != b || a == profileOf("x", "/elsewhere") {
		t.Errorf("%s, by a link %s", a, b)
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	a, b, c := new(candidate), new(candidate), new(candidate)
	if !same([]*candidate{a, b}, []*candidate{b, a}) || same([]*candidate{a, b}, []*candidate{a, c}) || same([]*candidate{a}, slices.Clip([]*candidate{a, b})) {
		t.Error("lists are taken for others")
	}
}
