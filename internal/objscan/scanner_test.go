package objscan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// allocating has one case a line: what is expected of a line stands in its
// comment.
const allocating = `package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"example.com/gopkg.v1/inner"
)

type T struct {
	a, b int64
	p    *int
}

type L[E any] struct{ items []E }

func (l *L[E]) Push(e E) {
	l.items = append(l.items, e) // growslice
}

var sink any
var sinkT *T
var sinkM map[string]int

//go:noinline
func f() *T {
	return &T{a: 1} // newobject main.T 24
}

func inlined() *T { return &T{b: 2} } // newobject main.T 24

//go:noinline
func named(n int) []inner.Node {
	s := make([]inner.Node, n) // makeslice example.com/gopkg.v1/inner.Node 16 noscan
	return append(s, inner.Node{}) // growslice example.com/gopkg.v1/inner.Node 16 noscan
}

//go:noinline
func box(n int64, s string, e [3]int32) {
	sink = n // convT64 - 8 noscan
	sink = s // convTstring - 16
	sink = e // convTnoptr [3]int32 12 noscan
}

//go:noinline
func maps(k string) {
	sinkM[k] = 1 // mapassign_faststr map[string]int
	m := make(map[string]int, len(k)*100) // makemap map[string]int
	sinkM = m
}

//go:noinline
func texts(a, b string) string {
	bs := []byte(a) // stringtoslicebyte
	sink = bs       // convTslice - 24
	return a + b    // concatstring2
}

//go:noinline
func both(n int) {
	c := make(chan T, n) // makechan chan_main.T
	go func() { c <- T{} }() // newproc
	sinkT = inlined() // = inlined
	var b strings.Builder
	b.WriteString(strings.Repeat("x", n))
	sink = errors.New(b.String())
}

//go:noinline
func recv(c chan int) int { return <-c }

func generic[E any](n int) []E {
	return make([]E, n) // makeslice
}

func main() {
	f()
	named(len(os.Args))
	box(int64(len(os.Args)), os.Args[0], [3]int32{1, 2, int32(len(os.Args))})
	maps(os.Args[0])
	fmt.Println(texts("a", os.Args[0]))
	both(len(os.Args))
	var l L[string]
	l.Push(os.Args[0])
	sink = l
	sink = generic[T](len(os.Args))
	recv(nil)
}
`

const inner = `package inner

type Node struct{ X, Y int64 }
`

func allocatingModule(tb testing.TB) string {
	return writeModule(tb, "example.com/gopkg.v1", "main.go", allocating, "inner/inner.go", inner)
}

// wanted reads the expectations in comments: line, entry, type, bytes, noscan.
func wanted(src string) map[string]bool {
	want := make(map[string]bool)
	for i, line := range strings.Split(src, "\n") {
		_, text, ok := strings.Cut(line, " // ")
		f := strings.Fields(text)
		if !ok || f[0] == "=" {
			continue
		}
		typ, bytes, noscan := "", "-1", false
		if len(f) > 1 && f[1] != "-" {
			typ = strings.ReplaceAll(f[1], "_", " ") // spaces would end the field
		}
		if len(f) > 2 {
			bytes = f[2]
		}
		noscan = len(f) > 3
		want[fmt.Sprintf("%d runtime.%s %q %s %t", i+1, f[0], typ, bytes, noscan)] = true
	}
	return want
}

func TestCalls(t *testing.T) {
	t.Parallel()
	dir := allocatingModule(t)
	envs := [][]string{
		{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=linux", "GOARCH=arm64"},
		{"GOOS=darwin", "GOARCH=arm64"}, {"GOOS=windows", "GOARCH=amd64"},
	}
	for _, env := range toolchains() {
		if env != nil {
			envs = append(envs, append([]string{"GOOS=linux", "GOARCH=amd64"}, env...), append([]string{"GOOS=linux", "GOARCH=arm64"}, env...))
		}
	}
	for _, env := range envs {
		t.Run(strings.Join(env, " "), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && env[0] != "GOOS=linux" {
				t.Skip("builds the standard library")
			}
			s, err := NewScanner(archivesOf(t, dir, env, "."))
			if err != nil {
				t.Fatal(err)
			}
			calls, err := s.Calls("example.com/gopkg.v1")
			if err != nil {
				t.Fatal(err)
			}
			checkCalls(t, calls, filepath.ToSlash(filepath.Join(dir, "main.go")))
		})
	}
}

// checkCalls holds calls of the allocating program against its comments.
func checkCalls(t *testing.T, calls []alloc.Call, file string) {
	t.Helper()
	got := make(map[string]bool)
	var inlinings [][]alloc.Frame
	for _, c := range calls {
		at := c.Frames[0]
		last := c.Frames[len(c.Frames)-1]
		if last.Inlined {
			t.Errorf("last frame %v is inlined", last)
		}
		if at.File != file {
			continue
		}
		if at.Func == "example.com/gopkg.v1.inlined" && last.Func != at.Func {
			inlinings = append(inlinings, c.Frames)
		}
		if strings.HasPrefix(c.Entry, allocators) {
			c.Entry = "runtime.newobject" // go1.27 calls the form for the size
		}
		got[fmt.Sprintf("%d %s %q %d %t", at.Line, c.Entry, c.Type, c.Bytes, c.Noscan)] = true
	}
	want := wanted(allocating)
	for w := range want {
		// The element type of generic code comes from a dictionary, or is
		// known where it was inlined.
		if generic := strings.Contains(w, `"" -1`) && (strings.Contains(w, "growslice") || strings.Contains(w, "makeslice")); generic {
			prefix := w[:strings.Index(w, `"`)]
			found := false
			for g := range got {
				found = found || strings.HasPrefix(g, prefix)
			}
			if !found {
				t.Errorf("no call %s", w)
			}
		} else if !got[w] {
			t.Errorf("no call %s", w)
		}
	}
	if t.Failed() {
		for g := range got {
			t.Log("got", g)
		}
	}
	for g := range got {
		if strings.Contains(g, "chanrecv") {
			t.Errorf("incidental call %s", g)
		}
	}
	line := func(text string) int {
		return strings.Count(allocating[:strings.Index(allocating, text)], "\n") + 1
	}
	wantFrames := [][]alloc.Frame{{
		{Func: "example.com/gopkg.v1.inlined", File: file, Line: line("func inlined()"), Inlined: true},
		{Func: "example.com/gopkg.v1.both", File: file, Line: line("// = inlined")},
	}}
	if d := cmp.Diff(wantFrames, inlinings); d != "" {
		t.Errorf("inline stack (-want +got):\n%s", d)
	}
}

// toolchains are the environments of the toolchains to test with: the
// installed one and those named in STACKWARD_TOOLCHAINS ("go1.24.9 go1.27.0").
func toolchains() map[string][]string {
	envs := map[string][]string{"installed": nil}
	for _, v := range strings.Fields(os.Getenv("STACKWARD_TOOLCHAINS")) {
		envs[v] = []string{"GOTOOLCHAIN=" + v}
	}
	return envs
}

func TestEntries(t *testing.T) {
	t.Parallel()
	for name, env := range toolchains() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeModule(t, "m", "m.go", "package m\n\nimport _ \"net/http\"\n")
			env := append([]string{"GOOS=linux", "GOARCH=amd64"}, env...)
			s, err := NewScanner(archivesOf(t, dir, env, "."))
			if err != nil {
				t.Fatal(err)
			}
			version := strings.TrimSpace(string(goCmd(t, dir, env, "env", "GOVERSION")))
			checkEntries(t, s, filepath.Join("testdata", fmt.Sprintf("entries-go1.%d.txt", goMinor(version))))
		})
	}
}

// checkEntries holds the entries against a golden file.
func checkEntries(t *testing.T, s *Scanner, golden string) {
	t.Helper()
	var b strings.Builder
	for _, kind := range []entryKind{dedicated, incidental} {
		for _, e := range sortedEntries(s.entries, kind) {
			if s.Incidental(e) != (kind == incidental) {
				t.Errorf("Incidental(%q) = %t", e, s.Incidental(e))
			}
			if strings.HasPrefix(e, allocators) && e != allocators {
				continue // some eighty forms
			}
			fmt.Fprintf(&b, "%s%s\n", map[entryKind]string{incidental: "incidental "}[kind], e)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if os.IsNotExist(err) {
		t.Skipf("no %s", golden)
	} else if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Errorf("%s (-want +got), see go test ./internal/objscan -run TestEntries -update:\n%s", golden, d)
	}
}

func TestTrimpath(t *testing.T) {
	t.Parallel()
	dir := allocatingModule(t)
	s, err := NewScanner(archivesOf(t, dir, nil, "-trimpath", "."))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := s.Calls("example.com/gopkg.v1")
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) == 0 {
		t.Fatal("no calls")
	}
	if got, want := calls[0].Frames[0].File, "example.com/gopkg.v1/main.go"; got != want {
		t.Errorf("file %q, want %q", got, want)
	}
}

// TestVariants reads the packages of a test: the package with its test files,
// the external tests and the generated main package.
func TestVariants(t *testing.T) {
	t.Parallel()
	dir := writeModule(t, "example.com/v",
		"v.go", "package v\n\ntype T struct{ A [5]int32 }\n\nfunc New() *T { return new(T) }\n",
		"v_test.go", "package v\n\nimport \"testing\"\n\nvar sink *T\n\ntype U struct{ P *T }\n\nfunc BenchmarkIn(b *testing.B) { sink = &T{} }\n",
		"x_test.go", "package v_test\n\nimport (\n\t\"testing\"\n\n\t\"example.com/v\"\n)\n\nvar sink *v.U\n\nfunc BenchmarkOut(b *testing.B) { sink = &v.U{} }\n",
	)
	out := goCmd(t, dir, nil, "list", "-test", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".")
	archives := make(map[string]string)
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if path, file, _ := strings.Cut(line, "\t"); file != "" && path != "example.com/v" {
			archives[path] = file
		}
	}
	s, err := NewScanner(archives)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"example.com/v [example.com/v.test]":      `example.com/v: example.com/v.BenchmarkIn runtime.newobject example.com/v.T 20 true`,
		"example.com/v_test [example.com/v.test]": `example.com/v_test: example.com/v_test.BenchmarkOut runtime.newobject example.com/v.U 8 false`,
	} {
		calls, err := s.Calls(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range calls {
			if strings.HasPrefix(c.Entry, allocators) {
				c.Entry = "runtime.newobject"
			}
			got = append(got, fmt.Sprintf("%s: %s %s %s %d %t", c.Package, c.Frames[len(c.Frames)-1].Func, c.Entry, c.Type, c.Bytes, c.Noscan))
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if _, err := s.Calls("example.com/v.test"); err != nil {
		t.Error(err)
	}
}

func BenchmarkArchive(b *testing.B) {
	archives := archivesOf(b, ".", nil, "net/http")
	var bytes int64
	for _, file := range archives {
		if fi, err := os.Stat(file); err == nil {
			bytes += fi.Size()
		}
	}
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		s, err := NewScanner(archives)
		if err != nil {
			b.Fatal(err)
		}
		for path := range archives {
			if _, err := s.Calls(path); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestInlinedName checks that a function of another package has its name where
// all calls of it were inlined, so that the object does not spell it out.
func TestInlinedName(t *testing.T) {
	t.Parallel()
	dir := writeModule(t, "example.com/gopkg.v1", "m.go", `package m

import (
	_ "runtime"

	"example.com/gopkg.v1/in.ner"
)

func F() *inner.T { return inner.New() }
`, "in.ner/inner.go", `package inner

type T struct{ X, Y int }

func New() *T { return new(T) }
`)
	s, err := NewScanner(archivesOf(t, dir, []string{"GOOS=linux", "GOARCH=amd64"}, "."))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := s.Calls("example.com/gopkg.v1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range calls {
		for _, f := range c.Frames {
			got = append(got, f.Func)
		}
	}
	if d := cmp.Diff([]string{"example.com/gopkg.v1/in.ner.New", "example.com/gopkg.v1.F"}, got); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
}
