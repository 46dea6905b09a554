package golangci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

// TestPlugin does what golangci-lint does: gets the plugin by its name, builds its
// analyzers and runs them.
func TestPlugin(t *testing.T) {
	t.Setenv("STACKWARD_CACHE", t.TempDir())
	create, err := register.GetPlugin("stackward")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(map[string]any{"colour": "blue"}); err == nil {
		t.Error("a setting that does not exist is accepted")
	}
	p, err := create(nil)
	if err != nil {
		t.Fatal(err)
	}
	if mode := p.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("load mode %q", mode)
	}
	analyzers, err := p.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	if err := analysis.Validate(analyzers); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"m.go":   "package m\n\n//stackward:noalloc\nfunc F(n int) []int { return make([]int, n) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: dir}, ".")
	if err != nil {
		t.Fatal(err)
	}
	graph, err := checker.Analyze(analyzers, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Fatal(act.Err)
		}
		if len(act.Diagnostics) != 1 || !strings.Contains(act.Diagnostics[0].Message, "make([]int, n) allocates") {
			t.Errorf("diagnostics %+v, want the slice", act.Diagnostics)
		}
	}
}
