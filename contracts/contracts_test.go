package contracts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

// TestAnalyzer runs the analyzer under a driver that has no unit: it asks the go
// command alone.
func TestAnalyzer(t *testing.T) {
	t.Setenv("STACKWARD_CACHE", t.TempDir())
	results := analysistest.Run(t, filepath.Join(analysistest.TestData(), "module"), Analyzer, "./...")
	related := 0
	for _, r := range results {
		for _, d := range r.Action.Diagnostics {
			for _, rel := range d.Related {
				if p := r.Action.Package.Fset.Position(rel.Pos); p.IsValid() && filepath.IsAbs(p.Filename) {
					related++
				}
			}
		}
	}
	if related == 0 {
		t.Error("no diagnostic has a chain of calls")
	}
}

// TestValidate is what drivers ask of an analyzer first.
func TestValidate(t *testing.T) {
	if err := analysis.Validate([]*analysis.Analyzer{Analyzer}); err != nil {
		t.Error(err)
	}
}

// TestUnable holds that a contract which cannot be judged is a diagnostic: here
// there is no go command, as in a sandbox of a build system.
func TestUnable(t *testing.T) {
	t.Setenv("STACKWARD_CACHE", "off")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"m.go":   "package m\n\n//stackward:noalloc\nfunc F(n int) int { return n }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: dir}, ".")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	graph, err := checker.Analyze([]*analysis.Analyzer{Analyzer}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Fatal(act.Err)
		}
		if len(act.Diagnostics) != 1 || !strings.HasPrefix(act.Diagnostics[0].Message, "//stackward:noalloc: not checked: ") {
			t.Errorf("diagnostics %+v, want one that says it was not checked", act.Diagnostics)
		}
	}
}
