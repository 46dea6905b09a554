package expr

import (
	"go/token"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

const typed = `package p

import "lost"

type T struct{ n int }

func (t T) M() int { return t.n }

type Labels map[string]string

func F(t T, k string, n int, l lost.T, s []any, e error) (any, error) {
	f := t.M
	m := make(Labels)
	m[k] = "v"
	s[n] = n + 1
	k += string([]byte(k))
	_ = t.M() + l.N
	const c = 3
	s = append(s, c, n, f, l, nil)
	if e != nil && n > 0 {
		return T{n}, e
	}
	return l, lost.E("x")
}
`

// TestCheck checks what types add to syntax, and that what cannot be imported
// takes nothing away.
func TestCheck(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	f, err := Parse(fset, "/m/a.go", []byte(typed))
	if err != nil {
		t.Fatal(err)
	}
	Check("example.com/p", fset, []*File{f}, NewImporter(func(string) string { return "" }), "amd64")
	for _, test := range []struct {
		line, col int
		text      string
		kind      alloc.Kind
		typ, word string
		boxless   bool
		size      int64
	}{
		{12, 8, "t.M", alloc.Closure, "func() int", "pointer", true, 8},
		{13, 11, "make(Labels)", alloc.Map, "p.Labels", "pointer", true, 8},
		{15, 11, "n + 1", "", "int", "", false, 8},
		{16, 20, "string(([]byte)(k))", alloc.String, "string", "string", false, 16},
		{19, 16, "3", "", "int", "", true, 8},
		{19, 19, "n", "", "int", "", false, 8},
		{19, 25, "l", "", "", "", false, 0},
		{21, 11, "T{...}", "", "p.T", "", false, 8},
	} {
		n := f.At(test.line, test.col, test.text)
		if n == nil {
			t.Errorf("At(%d, %d, %q) = nil", test.line, test.col, test.text)
			continue
		}
		v := n.Value
		if n.Kind != test.kind || v.Type != test.typ || v.Word != test.word || v.Boxless() != test.boxless || v.Size != test.size {
			t.Errorf("%q: kind %q, value %+v, boxless %v; want %+v", test.text, n.Kind, v, v.Boxless(), test)
		}
	}
	if got := f.OnLine(15, alloc.MapGrowth); len(got) != 0 {
		t.Errorf("s[n] of a slice grows a map: %v", got[0])
	}
	if got := f.OnLine(14, alloc.MapGrowth); len(got) != 1 {
		t.Errorf("m[k] grows %d maps", len(got))
	}
	for line, want := range map[int]bool{20: false, 21: true, 23: false} {
		if got := f.ErrorPath(line); got != want {
			t.Errorf("line %d on an error path: %v, want %v", line, got, want)
		}
	}
}
