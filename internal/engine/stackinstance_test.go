package engine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// An instance of a generic function has one row, with what it is of, however many
// packages have it.
func TestStackInstances(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	user := "import \"example.com/m/g\"\n\nfunc F(n int) { g.Fill(n); g.Fill(\"x\"); new(g.Pair[int]).Fill(n) }\n"
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n",
		"a/a.go": "package a\n\n" + user,
		"b/b.go": "package b\n\n" + user,
		"g/g.go": `package g

type Pair[T any] struct{ a, b T }

//go:noinline
func Fill[T any](v T) {
	var buf [100]T
	buf[len(out)] = v
	out = append(out, buf)
}

var out []any

//go:noinline
func (p *Pair[T]) Fill(v T) { p.a, p.b = v, v }

func Unused[T any](v T) { out = append(out, v) }
`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Stack(t.Context(), StackRequest{Build: Build{Dir: dir}, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range r.FuncStacks {
		if s.Instance != "" {
			got = append(got, s.Func+" of "+s.Instance)
			if filepath.Base(s.File) != "g.go" || s.Line == 0 {
				t.Errorf("%s is at %s:%d", s.Func, s.File, s.Line)
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"example.com/m/g.(*Pair[...]).Fill of go.shape.int",
		"example.com/m/g.Fill[...] of go.shape.int",
		"example.com/m/g.Fill[...] of go.shape.string",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
