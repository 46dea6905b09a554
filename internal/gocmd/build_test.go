package gocmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// module writes an archive into a directory of its own and returns a
// configuration for it that never uses the network.
func module(t testing.TB, archive string, env ...string) *Config {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return &Config{
		Dir: dir,
		Env: append(os.Environ(), append([]string{"GOPROXY=off", "GOFLAGS=", "GOWORK=", "GO111MODULE=", "GOTOOLCHAIN=local"}, env...)...),
	}
}

// below is the configuration for a directory below that of c.
func below(c *Config, dir string) *Config {
	return &Config{Dir: filepath.Join(c.Dir, filepath.FromSlash(dir)), Env: c.Env, BuildFlags: c.BuildFlags, Overlay: c.Overlay}
}

// diagnose builds with -m=2 and returns the text as well.
func diagnose(t *testing.T, c *Config, req Request) (*Build, string) {
	t.Helper()
	req.Diagnose = true
	b, err := c.Build(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, p := range b.Packages {
		text.Write(p.Text)
	}
	return b, text.String()
}

func find(b *Build, path string) *Package {
	for _, p := range b.Packages {
		if p.ImportPath == path {
			return p
		}
	}
	return nil
}

// named are the import paths of the packages that the patterns match.
func named(b *Build) []string {
	var paths []string
	for _, p := range b.Packages {
		if !p.DepOnly {
			paths = append(paths, p.ImportPath)
		}
	}
	slices.Sort(paths)
	return paths
}

const twoPackages = `
-- go.mod --
module example.com/m

go 1.24
-- a/a.go --
package a

func New() *int { x := 1; return &x }
-- b/c/c.go --
package c

import "example.com/m/a"

func C() *int { return a.New() }
-- b/c/c_test.go --
package c

import "testing"

func TestC(t *testing.T) { t.Log(C()) }
-- b/c/x_test.go --
package c_test

import (
	"testing"

	"example.com/m/b/c"
)

func TestX(t *testing.T) { t.Log(c.C()) }
`

func TestBuild(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	b, text := diagnose(t, c, Request{Patterns: []string{"./..."}})
	if got, want := named(b), []string{"example.com/m/a", "example.com/m/b/c"}; !slices.Equal(got, want) {
		t.Fatalf("packages = %q, want %q", got, want)
	}
	for _, p := range b.Packages {
		if _, err := os.Stat(p.Export); err != nil {
			t.Errorf("%s: archive: %v", p.ImportPath, err)
		}
		if len(p.Text) == 0 {
			t.Errorf("%s: no text", p.ImportPath)
		}
		if len(p.GoFiles) != 1 || !filepath.IsAbs(p.GoFiles[0]) {
			t.Errorf("%s: files %q", p.ImportPath, p.GoFiles)
		}
		if p.Module == nil || !p.Module.Main || p.Module.Path != "example.com/m" {
			t.Errorf("%s: module %+v", p.ImportPath, p.Module)
		}
	}
	if !strings.Contains(text, "a/a.go:3:19: moved to heap: x\n") {
		t.Errorf("text:\n%s", text)
	}
}

// TestReplay is about the trap in the package comment: the text comes from the
// cache, which was filled from another directory.
func TestReplay(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	for _, at := range []struct{ dir, pattern, want string }{
		{".", "./a", "a/a.go"},
		{"a", ".", "./a.go"},
		{"b", "../a", "../a/a.go"},
		{".", "example.com/m/a", "a/a.go"},
		{"b/c", "example.com/m/a", "../../a/a.go"},
		{"a", "example.com/m/a", "./a.go"},
	} {
		_, text := diagnose(t, below(c, at.dir), Request{Patterns: []string{at.pattern}})
		if !strings.Contains(text, "\n"+at.want+":3:19: moved to heap: x\n") {
			t.Errorf("in %s: no %s in\n%s", at.dir, at.want, text)
		}
	}
}

// TestLinkedDir runs in a directory that has another name, too: file names are
// spelled with the one in Config.Dir.
func TestLinkedDir(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(c.Dir, link); err != nil {
		t.Skip(err)
	}
	for _, dir := range []string{c.Dir, link} {
		at := &Config{Dir: filepath.Join(dir, "b"), Env: c.Env}
		b, text := diagnose(t, at, Request{Patterns: []string{"../a"}})
		if want := filepath.Join(dir, "a"); b.Packages[0].Dir != want {
			t.Errorf("package in %s, want %s", b.Packages[0].Dir, want)
		}
		if !strings.Contains(text, "\n../a/a.go:3:19: moved to heap: x\n") {
			t.Errorf("in %s:\n%s", at.Dir, text)
		}
	}
}

// TestFiles names files rather than packages.
func TestFiles(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	b, text := diagnose(t, c, Request{Patterns: []string{"a/a.go"}})
	if p := b.Packages[0]; p.ImportPath != "command-line-arguments" || len(p.Text) == 0 || p.Export == "" {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(text, "\na/a.go:3:19: moved to heap: x\n") {
		t.Errorf("text:\n%s", text)
	}
}

func TestDeps(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	b, _ := diagnose(t, c, Request{Patterns: []string{"./b/..."}, Deps: true})
	a := find(b, "example.com/m/a")
	if a == nil || !a.DepOnly || a.Export == "" || len(a.Text) != 0 {
		t.Errorf("dependency a = %+v, want an archive and no text", a)
	}
}

func TestTestVariants(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	b, text := diagnose(t, c, Request{Patterns: []string{"./b/..."}, Tests: true})
	want := []string{
		"example.com/m/b/c",
		"example.com/m/b/c [example.com/m/b/c.test]",
		"example.com/m/b/c_test [example.com/m/b/c.test]",
	}
	if got := named(b); !slices.Equal(got, want) {
		t.Errorf("packages = %q, want %q", got, want)
	}
	for _, p := range b.Packages {
		if p.Export == "" || len(p.Text) == 0 {
			t.Errorf("%s: archive %q, %d bytes of text", p.ImportPath, p.Export, len(p.Text))
		}
	}
	if !strings.Contains(text, "b/c/x_test.go:9:") {
		t.Errorf("no external test in\n%s", text)
	}
}

func TestDoesNotCompile(t *testing.T) {
	t.Parallel()
	c := module(t, `
-- go.mod --
module example.com/m

go 1.24
-- ok/ok.go --
package ok

func New() *int { return new(int) }
-- bad/bad.go --
package bad

func F() int {
	x := 1
	return "s" + undefined
}
-- syntax/s.go --
package syntax

func F( {
-- dep/dep.go --
package dep

import "example.com/m/bad"

var F = bad.F
-- late/late.go --
package late

type T [1 << 29]byte

func F(a, b, c T) *int { return new(int) }
-- missing/m.go --
package missing

import _ "example.org/nowhere/x"
-- cycle1/c.go --
package cycle1

import _ "example.com/m/cycle2"
-- cycle2/c.go --
package cycle2

import _ "example.com/m/cycle1"
-- other/o_plan8.go --
//go:build plan8

package other
`)
	file := func(name string) string { return filepath.ToSlash(filepath.Join(c.Dir, name)) }
	b, text := diagnose(t, c, Request{Patterns: []string{"./...", "./other", "./nowhere"}, Deps: true})
	if ok := find(b, "example.com/m/ok"); ok == nil || ok.Export == "" || len(ok.Errors) > 0 {
		t.Errorf("ok = %+v", ok)
	}
	if strings.Contains(text, "undefined") {
		t.Errorf("errors in the text:\n%s", text)
	}
	for path, want := range map[string][]PackageError{
		"bad": {
			{file("bad/bad.go") + ":4:2", "declared and not used: x"},
			{file("bad/bad.go") + ":5:15", "undefined: undefined"},
		},
		"dep":     {{"", "not compiled, since it depends on example.com/m/bad, which is not"}},
		"late":    {{file("late/late.go") + ":5:6", "stack frame too large (>1GB): 0 MB locals + 1536 MB args"}},
		"missing": {{file("missing/m.go") + ":3:8", "no required module provides package example.org/nowhere/x"}},
		"cycle1":  {{"", "import cycle not allowed"}},
		"other":   {{"", "build constraints exclude all Go files"}},
		"syntax":  {{file("syntax/s.go") + ":3:9", "syntax error"}},
	} {
		p := find(b, "example.com/m/"+path)
		if p == nil {
			t.Errorf("%s: not listed", path)
			continue
		}
		if p.Export != "" {
			t.Errorf("%s: has an archive", path)
		}
		for _, w := range want {
			if !slices.ContainsFunc(p.Errors, func(e PackageError) bool {
				return strings.HasPrefix(e.Pos, w.Pos) && strings.Contains(e.Message, w.Message)
			}) {
				t.Errorf("%s: errors = %+v, want %+v", path, p.Errors, w)
			}
		}
		if path == "late" && len(p.Errors) != 1 {
			t.Errorf("%s: diagnostics among the errors: %+v", path, p.Errors)
		}
	}
	if p := find(b, "./nowhere"); p == nil || len(p.Errors) == 0 {
		t.Errorf("./nowhere = %+v, want an error", p)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages+`
-- empty/README --
-- plan8/p.go --
//go:build plan8

package p
-- alone/go.mod --
module example.com/alone
`)
	outside := module(t, "")
	for _, test := range []struct {
		cfg     *Config
		pattern string
		want    error
	}{
		{c, "./nowhere", ErrNoPackages},
		{c, "./nowhere/...", ErrNoPackages},
		{c, "./empty", ErrNoPackages},
		{c, "./empty/...", ErrNoPackages},
		{c, "./plan8", ErrNoPackages},
		{c, "net/htttp", ErrNoPackages},
		{c, "example.org/nowhere", ErrNoPackages},
		{below(c, "alone"), "./...", ErrNoPackages},
		{outside, ".", ErrNoModule},
		{outside, "./...", ErrNoModule},
	} {
		_, err := test.cfg.Build(t.Context(), Request{Patterns: []string{test.pattern}, Diagnose: true})
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, test.want) || e.Hint == "" || strings.Contains(e.Msg, "\n") {
			t.Errorf("%s: error %#v, want %v with a hint", test.pattern, err, test.want)
		}
	}
	// Outside of a module the standard library is there all the same.
	if _, text := diagnose(t, outside, Request{Patterns: []string{"errors"}}); !strings.Contains(text, "errors.go:") {
		t.Errorf("errors outside of a module: %q", text)
	}
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	env, err := module(t, twoPackages).Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if env.GOROOT == "" || env.GOOS != runtime.GOOS || !strings.HasPrefix(env.GOVERSION, "go1.") || env.GOCACHE == "" {
		t.Errorf("%+v", env)
	}

	_, err = module(t, "-- go.mod --\nmodule m\n\ngo 1.99\n").Build(t.Context(), Request{})
	if e, ok := errors.AsType[*Error](err); !ok || e.Hint == "" {
		t.Errorf("go 1.99: %v, want an error with a hint", err)
	}
	_, err = (&Config{Dir: t.TempDir(), gobin: filepath.Join(t.TempDir(), "go")}).Environ(t.Context())
	if err == nil {
		t.Error("no error without a go command")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := module(t, twoPackages).Environ(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
