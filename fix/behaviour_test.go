package fix

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

// Each program in testdata/run, named for a fixer, prints the same before and
// after what the fixer proposes.
func TestBehaviour(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join("testdata", "run", "*.go"))
	if err != nil || len(programs) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range programs {
		name := strings.TrimSuffix(filepath.Base(file), ".go")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(Suite, func(a *analysis.Analyzer) bool { return a.Name == name })
			if i < 0 {
				t.Fatalf("no fixer %s", name)
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := program(t, src)
			before := output(t, dir)
			fixed, n := applied(t, Suite[i], dir, src)
			if want := bytes.Count(src, []byte("// fixed")); n != want {
				t.Errorf("%d rewrites, and %d lines that say // fixed", n, want)
			}
			dir = program(t, fixed)
			if after := output(t, dir); !bytes.Equal(before, after) {
				t.Errorf("before:\n%s\nafter:\n%s\nof\n%s", before, after, fixed)
			}
			if _, n := applied(t, Suite[i], dir, fixed); n > 0 {
				t.Errorf("the second time, %d rewrites of\n%s", n, fixed)
			}
		})
	}
}

// program writes a module of one file.
func program(t *testing.T, src []byte) (dir string) {
	dir = t.TempDir()
	for name, data := range map[string][]byte{"go.mod": []byte("module m\n\ngo 1.26\n"), "main.go": src} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// output is what the program in dir prints.
func output(t *testing.T, dir string) []byte {
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// applied is the program with a fixer's first candidates for each place, and
// their number.
func applied(t *testing.T, a *analysis.Analyzer, dir string, src []byte) ([]byte, int) {
	cfg := &packages.Config{Mode: packages.LoadSyntax | packages.NeedModule, Dir: dir, Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")}
	pkgs, err := packages.Load(cfg, ".")
	if err != nil || packages.PrintErrors(pkgs) > 0 {
		t.Fatalf("loading failed: %v\n%s", err, src)
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	act := graph.Roots[0]
	if act.Err != nil {
		t.Fatal(act.Err)
	}
	var edits []analysis.TextEdit
	n := 0
	for _, c := range act.Result.(*Result).Candidates {
		if slices.ContainsFunc(c.Edits, func(e analysis.TextEdit) bool {
			return slices.ContainsFunc(edits, func(o analysis.TextEdit) bool { return e.Pos < o.End && o.Pos < e.End })
		}) {
			continue
		}
		n++
		for _, e := range c.Edits {
			// Imports are put in once, at the same place.
			if !slices.ContainsFunc(edits, func(o analysis.TextEdit) bool {
				return o.Pos == e.Pos && o.End == e.End && bytes.Equal(o.NewText, e.NewText)
			}) {
				edits = append(edits, e)
			}
		}
	}
	slices.SortStableFunc(edits, func(a, b analysis.TextEdit) int { return int(a.Pos - b.Pos) })
	var out []byte
	base := act.Package.Syntax[0].FileStart
	last := base
	for _, e := range edits {
		out = append(append(out, src[last-base:e.Pos-base]...), e.NewText...)
		last = max(e.End, e.Pos)
	}
	out = append(out, src[last-base:]...)
	out, err = format.Source(out)
	if err != nil {
		t.Fatal(err)
	}
	return out, n
}
