package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// TestContracts checks the modules of testdata/contracts and compares the
// verdicts with the last file of each, "want".
func TestContracts(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/contracts/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var want *txtar.File
			for i := range ar.Files {
				f := &ar.Files[i]
				if f.Name == "want" {
					want = f
					continue
				}
				file := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			got := verdicts(t, dir)
			if *update {
				want.Data = got
				if err := os.WriteFile(name, txtar.Format(ar), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got, want.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
		})
	}
}

// verdicts are those of a module, a line each, with what they rest on. Chains
// leave out where in the standard library a step is.
func verdicts(t testing.TB, dir string) []byte {
	t.Helper()
	res := contractsOf(t, dir)
	var b bytes.Buffer
	rel := func(file string) string { return strings.TrimPrefix(file, filepath.ToSlash(dir)+"/") }
	for _, c := range res.Contracts {
		fmt.Fprintf(&b, "%s %s: %s\n", c.Func, c.Directive, c.Verdict)
		for _, a := range c.Assumptions {
			fmt.Fprintf(&b, "\t%s:%d: %s\n", rel(a.File), a.Line, a.Text)
		}
	}
	for _, f := range res.Findings {
		fmt.Fprintf(&b, "%s:%d: %s (%s)\n", rel(f.File), f.Line, f.Message, f.Rule)
		for _, s := range f.Chain[:max(0, len(f.Chain)-1)] {
			fmt.Fprintf(&b, "\t%s: %s %s\n", s.Func, s.Step, s.Text)
		}
	}
	return b.Bytes()
}

func contractsOf(t testing.TB, dir string) *contract.Result {
	t.Helper()
	p, f := foundIn(t, dir)
	res, err := p.contracts(t.Context(), f.Sites)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// foundIn is the module of a directory, compiled, and its sites.
func foundIn(t testing.TB, dir string) (*pipeline, *found) {
	t.Helper()
	ctx := t.Context()
	p, err := open(ctx, Build{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.compileOnly(ctx, gocmd.Request{Patterns: []string{"./..."}, Diagnose: true}, false); err != nil {
		t.Fatal(err)
	}
	f, err := p.found(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.problems) > 0 {
		t.Fatalf("%+v", p.problems[0])
	}
	return p, f
}

// BenchmarkContracts judges a function that calls a thousand others of the
// standard library, beside finding the sites of the package that it stands in.
func BenchmarkContracts(b *testing.B) {
	dir := b.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24.0\n",
		"m.go": `package m

import "net/http"

//stackward:noalloc
func Get(url string) error {
	_, err := http.Get(url)
	return err
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	p, f := foundIn(b, dir)
	for b.Loop() {
		if _, err := p.contracts(b.Context(), f.Sites); err != nil {
			b.Fatal(err)
		}
	}
}

// TestContractsKept changes a package that a contract depends on, and one that
// it does not: what is kept is used for the second alone.
func TestContractsKept(t *testing.T) {
	t.Parallel()
	dir, cache := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/m\n\ngo 1.24.0\n")
	write("a/a.go", "package a\n\nimport \"example.com/m/b\"\n\n//stackward:noalloc\nfunc F() int { return b.G() }\n")
	write("b/b.go", "package b\n\n//go:noinline\nfunc G() int { return 1 }\n")
	write("c/c.go", "package c\n\nfunc H() int { return 1 }\n")
	check := func() (verdict alloc.ContractVerdict, judged bool) {
		t.Helper()
		ctx := t.Context()
		p, err := open(ctx, Build{Dir: dir, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.compileOnly(ctx, gocmd.Request{Patterns: []string{"./..."}, Diagnose: true}, false); err != nil {
			t.Fatal(err)
		}
		f, err := p.found(ctx)
		if err != nil {
			t.Fatal(err)
		}
		directives, packages := p.directives()
		r, err := p.contractsOf(ctx, "example.com/m/a", packages, directives, func() (*contract.Checker, error) {
			judged = true
			return p.checker(ctx, directives, packages, f.Sites)
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.Contracts[0].Verdict, judged
	}
	for _, step := range []struct {
		name, file, text string
		want             alloc.ContractVerdict
		judged           bool
	}{
		{"first", "", "", alloc.Kept, true},
		{"unchanged", "", "", alloc.Kept, false},
		{"another package", "c/c.go", "package c\n\nfunc H() int { return 2 }\n", alloc.Kept, false},
		{"a dependency", "b/b.go", "package b\n\n//go:noinline\nfunc G() int { return *g() }\n\n//go:noinline\nfunc g() *int { return new(int) }\n", alloc.Broken, true},
	} {
		if step.file != "" {
			write(step.file, step.text)
		}
		if got, judged := check(); got != step.want || judged != step.judged {
			t.Errorf("%s: %s, judged %t; want %s, %t", step.name, got, judged, step.want, step.judged)
		}
	}
}
