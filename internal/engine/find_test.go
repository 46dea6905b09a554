package engine

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

var update = flag.Bool("update", false, "write what find says into testdata")

// extract writes the files of an archive into a new directory.
func extract(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said is what the comments of a fixture hold of a site.
func said(s *alloc.Site) string {
	var b strings.Builder
	b.WriteString(string(s.Kind))
	if s.Type != "" {
		b.WriteString(" of " + s.Type)
	}
	if s.Bytes != nil {
		fmt.Fprintf(&b, " (%d B)", *s.Bytes)
	}
	fmt.Fprintf(&b, ": %s, %s", s.Cause, s.Allocates)
	if s.ErrorPath {
		b.WriteString(", error path")
	}
	if filepath.IsAbs(s.File) {
		return b.String() + ", in " + s.Package + "." + s.Func
	}
	if s.Col == 0 {
		b.WriteString(", no column")
	}
	return b.String()
}

// TestProfileOrder checks that the functions that default.pgo shows to be hot
// come first, but for their error paths.
func TestProfileOrder(t *testing.T) {
	a := txtar.Parse([]byte(`
-- go.mod --
module example.com/m

go 1.24
-- main.go --
package main

import "fmt"

var sink []*int

func main() {
	for range 10 {
		sink = append(sink, new(int))
	}
	if err := hot(3); err != nil {
		panic(err)
	}
}

//go:noinline
func hot(n int) error {
	if n < 0 {
		return fmt.Errorf("%d is negative", n)
	}
	sink = append(sink, &n)
	return nil
}
`))
	dir := extract(t, a)
	fn := &profile.Function{ID: 1, Name: "main.hot", SystemName: "main.hot", Filename: "main.go", StartLine: 17}
	loc := &profile.Location{ID: 1, Line: []profile.Line{{Function: fn, Line: 21}}}
	cpu := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 10000000,
		Sample:   []*profile.Sample{{Location: []*profile.Location{loc}, Value: []int64{10, 100000000}}},
		Location: []*profile.Location{loc}, Function: []*profile.Function{fn},
	}
	w, err := os.Create(filepath.Join(dir, "default.pgo"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cpu.Write(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		flags       []string
		pgo         string
		first, last string
	}{
		{nil, "default.pgo", "hot", "hot"},
		{[]string{"-pgo=off"}, "", "main", "hot"},
	} {
		r, err := Find(t.Context(), FindRequest{Build: Build{Dir: dir, Flags: test.flags, Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")}})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Sites) < 4 {
			t.Fatalf("%v: %d sites", test.flags, len(r.Sites))
		}
		first, last := r.Sites[0], r.Sites[len(r.Sites)-1]
		if r.Header.PGO != test.pgo || first.Func != test.first || last.Func != test.last || first.ErrorPath || !last.ErrorPath {
			t.Errorf("%v: profile %q, first %s (error path %v), last %s (error path %v)",
				test.flags, r.Header.PGO, first.ID, first.ErrorPath, last.ID, last.ErrorPath)
		}
	}
}

// TestFind holds find against fixtures that say on each line what is there.
func TestFind(t *testing.T) {
	const name = "testdata/find.txtar"
	const mark = " // want "
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Find(t.Context(), FindRequest{
		Build:    Build{Dir: extract(t, a), Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")},
		Patterns: []string{"./..."}, Never: true, Generated: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	byLine := make(map[string][]*alloc.Site)
	for _, s := range r.Sites {
		place := fmt.Sprintf("%s:%d", s.File, s.Line)
		if i := slices.IndexFunc(s.Inlined, func(in alloc.Inlining) bool { return in.Allocates != alloc.Never }); filepath.IsAbs(s.File) && i >= 0 {
			place = fmt.Sprintf("%s:%d", s.Inlined[i].File, s.Inlined[i].Line)
		}
		byLine[place] = append(byLine[place], s)
	}
	for i := range a.Files {
		f := &a.Files[i]
		var out []string
		for n, line := range strings.Split(string(f.Data), "\n") {
			code, want, _ := strings.Cut(line, mark)
			place := fmt.Sprintf("%s:%d", f.Name, n+1)
			sites := byLine[place]
			delete(byLine, place)
			slices.SortStableFunc(sites, func(a, b *alloc.Site) int { return a.Col - b.Col })
			var list []string
			for _, s := range sites {
				list = append(list, said(s))
			}
			got := strings.Join(list, "; ")
			if got != want && !*update {
				t.Errorf("%s: %s\n\tgot  %s\n\twant %s", place, strings.TrimSpace(code), got, want)
			}
			if got != "" {
				code += mark + got
			}
			out = append(out, code)
		}
		f.Data = []byte(strings.Join(out, "\n"))
	}
	for place, sites := range byLine {
		t.Errorf("%s: %v at no line of the source", place, said(sites[0]))
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ids := make(map[string]bool)
	for _, s := range r.Sites {
		if ids[s.ID] {
			t.Errorf("id %s is given twice", s.ID)
		}
		ids[s.ID] = true
		if s.Package == "" || s.Func == "" {
			t.Errorf("%s:%d: package %q, function %q", s.File, s.Line, s.Package, s.Func)
		}
	}
}

// TestToolchains checks that find says the same with other toolchains, those
// that are there to be run.
func TestToolchains(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other toolchains")
	}
	a, err := txtar.ParseFile("testdata/find.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := extract(t, a)
	find := func(env ...string) []string {
		r, err := Find(t.Context(), FindRequest{
			Build:    Build{Dir: dir, Env: append(append(os.Environ(), "GOFLAGS=", "GOWORK=off"), env...)},
			Patterns: []string{"./..."}, Never: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, s := range r.Sites {
			if !filepath.IsAbs(s.File) {
				list = append(list, fmt.Sprintf("%s:%d:%d: %s", s.File, s.Line, s.Col, said(s)))
			}
		}
		slices.Sort(list)
		return list
	}
	want := find()
	for _, version := range []string{"go1.25.3", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			cmd := exec.Command("go", "version")
			cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "GOPROXY=off")
			if err := cmd.Run(); err != nil {
				t.Skip("not installed")
			}
			if diff := cmp.Diff(want, find("GOTOOLCHAIN="+version)); diff != "" {
				t.Errorf("this toolchain's (-), %s's (+):\n%s", version, diff)
			}
		})
	}
}

// TestInlinedNamedSlice inlines a make of a named slice type, whose elements
// the compiler's text does not tell, out of a package that is not asked for.
func TestInlinedNamedSlice(t *testing.T) {
	a := txtar.Parse([]byte(`
-- go.mod --
module example.com/m

go 1.24
-- a/a.go --
package a

type Word uint
type nat []Word

func (z nat) grown(n int) nat {
	if n <= cap(z) {
		return z[:n]
	}
	return make(nat, n)
}

type N struct{ abs nat }

func (n *N) Set(k int) { n.abs = n.abs.grown(k) }
-- b/b.go --
package b

import "example.com/m/a"

var sink a.N

func Set(k int) { sink.Set(k) }
`))
	// -trimpath changes nothing, neither what allocates nor the names of files.
	for _, flags := range []string{"", "-trimpath"} {
		r, err := Find(t.Context(), FindRequest{
			Build:    Build{Dir: extract(t, a), Env: append(os.Environ(), "GOFLAGS="+flags, "GOWORK=off")},
			Patterns: []string{"./b"}, Never: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range r.Sites {
			got = append(got, fmt.Sprintf("%s:%d:%d: %s: %s, %s", s.File, s.Line, s.Col, s.Kind, s.Cause, s.Allocates))
		}
		if want := []string{"a/a.go:10:13: slice: stored, always"}; !slices.Equal(got, want) {
			t.Errorf("GOFLAGS=%s: sites %q, want %q", flags, got, want)
		}
	}
}

// TestInlinedBoxes inlines two boxes, which stand on one line, into a package
// that comes before theirs in the alphabet: they are still two.
func TestInlinedBoxes(t *testing.T) {
	a := txtar.Parse([]byte(`
-- go.mod --
module example.com/m

go 1.24
-- z/z.go --
package z

import "fmt"

func Say(x, y int) string { return fmt.Sprintf("%d/%d", x, y) }
-- a/a.go --
package a

import "example.com/m/z"

func F(x, y int) { z.Say(x, y) }
`))
	r, err := Find(t.Context(), FindRequest{
		Build:    Build{Dir: extract(t, a), Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")},
		Patterns: []string{"./..."},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.Sites {
		got = append(got, fmt.Sprintf("%s:%d:%d: %s", s.File, s.Line, s.Col, s.Kind))
	}
	slices.Sort(got)
	if want := []string{"z/z.go:5:57: interface", "z/z.go:5:60: interface"}; !slices.Equal(got, want) {
		t.Errorf("sites %q, want %q", got, want)
	}
}
