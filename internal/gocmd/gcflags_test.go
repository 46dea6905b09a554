package gocmd

import (
	"slices"
	"strings"
	"testing"
)

func TestUsersGcflags(t *testing.T) {
	t.Parallel()
	const src = `
-- go.mod --
module example.com/m

go 1.24
-- a/a.go --
package a

func A() *int { return new(int) }
-- b/b.go --
package b

import "example.com/m/a"

func B() *int { return a.A() }
-- b/b_test.go --
package b

import "testing"

func TestB(t *testing.T) { t.Log(B()) }
`
	const inlined = "inlining call to a.A"
	for _, test := range []struct {
		goflags string
		flags   []string
		inlines bool
	}{
		{"", nil, true},
		{"-gcflags=-l", nil, false},
		{"'-gcflags=-N -l'", nil, false},
		{"-gcflags=-l", []string{"-gcflags=-e"}, true},
		{"", []string{"-gcflags=-l"}, false},
		{"", []string{"-gcflags=all=-l"}, false},
		{"-gcflags=all=-l", nil, false},
		{"-gcflags=all=-l", []string{"-gcflags=example.com/m/b="}, false}, // a is told -l
		{"", []string{"-gcflags=example.com/m/...=-l"}, false},
		{"", []string{"-gcflags=./b=-l"}, false},
		{"", []string{"-gcflags=./b/c=-l"}, true},
		{"-x -json -v -gcflags=-l", nil, false},
		{"-n", nil, true},
		{"-f={{.Dir}}", nil, true},
		{"-m", nil, true},
	} {
		c := module(t, src, "GOFLAGS="+test.goflags)
		c.BuildFlags = test.flags
		b, text := diagnose(t, c, Request{Patterns: []string{"./b"}, Tests: true})
		if got := strings.Contains(text, inlined); got != test.inlines {
			t.Errorf("GOFLAGS=%s %q: inlines = %v, want %v:\n%s", test.goflags, test.flags, got, test.inlines, text)
		}
		for _, p := range b.Packages {
			// With -l the compiler has nothing to say of B.
			if p.Export == "" || len(p.Text) == 0 && p.ForTest != "" {
				t.Errorf("GOFLAGS=%s %q: %s: %d bytes of text, archive %q", test.goflags, test.flags, p.ImportPath, len(p.Text), p.Export)
			}
		}
		if strings.Contains(text, "b.test\n") {
			t.Errorf("GOFLAGS=%s %q: text of the test's main package", test.goflags, test.flags)
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && !strings.Contains(line, ": ") {
				t.Errorf("GOFLAGS=%s: not the compiler's: %s", test.goflags, line)
			}
		}
	}
}

func TestUnknownCompilerFlag(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	c.BuildFlags = []string{"-gcflags=-nosuchflag"}
	b, err := c.Build(t.Context(), Request{Patterns: []string{"./a"}, Diagnose: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []PackageError{{Message: "flag provided but not defined: -nosuchflag"}}
	if got := b.Packages[0].Errors; !slices.Equal(got, want) {
		t.Errorf("errors = %+v, want %+v", got, want)
	}
}

func TestSplitQuoted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" -a  -b=c\t", []string{"-a", "-b=c"}},
		{`'-gcflags=-N -l' "-tags=a b"`, []string{"-gcflags=-N -l", "-tags=a b"}},
		{`"it's"`, []string{"it's"}},
	} {
		if got, err := splitQuoted(test.in); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("splitQuoted(%s) = %q, %v, want %q", test.in, got, err, test.want)
		}
	}
	if _, err := splitQuoted(`'-a`); err == nil {
		t.Error("no error for an unterminated quote")
	}
}

func TestMatchPackage(t *testing.T) {
	t.Parallel()
	p := &Package{ImportPath: "example.com/m/b/c", Dir: "/m/b/c"}
	for pattern, want := range map[string]bool{
		"all": true, "...": true, "std": false, "cmd": false,
		"example.com/m/...": true, "example.com/m/b/c/...": true, "example.com/...c": true,
		"example.com/m/b": false, "example.com/m/b/c": true, "example.com/m/b/cd": false,
		"./...": true, "./b/...": true, "./b/c": true, "./b": false, ".": false,
	} {
		if got := matchPackage(pattern, p, "/m"); got != want {
			t.Errorf("matchPackage(%s) = %v, want %v", pattern, got, want)
		}
	}
}
