package compare

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// TestPairs matches the sites that comments mark in two texts of a package:
// "// kind shape" is one on its line, and "= name" behind it what it is called
// here, by which the wanted pairs are told.
func TestPairs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, after, want string
	}{
		{"an equal one is inserted in front", `
func F() {
	use(new(T)) // new new(T) = a
}`, `
func F() {
	keep(new(T)) // new new(T) = x
	use(new(T)) // new new(T) = a
}`, "- x, a a"},
		{"an equal line is inserted in front, above another", `
func F() {
	a := new(T) // new new(T) = a
	use(a)
}`, `
func F() {
	a := new(T) // new new(T) = x
	keep(a)
	a := new(T) // new new(T) = a
	use(a)
}`, "- x, a a"},
		{"the first of equal ones is removed", `
func F() {
	keep(new(T)) // new new(T) = x
	use(new(T)) // new new(T) = a
}`, `
func F() {
	use(new(T)) // new new(T) = a
}`, "a a, x -"},
		{"a function literal is inserted in front", `
func F() {
	run(func() { use(new(T)) }) // closure func(){...} = c
}`, `
func F() {
	run(func() {}) // closure func(){...} = x
	run(func() { use(new(T)) }) // closure func(){...} = c
}`, "- x, c c"},
		{"it moves to another file, and into a loop", `
func F() {
	use(new(T)) // new new(T) = a
}`, `
// file g.go
func F() {
	for {
		use(new(T)) // new new(T) = a
	}
}`, "a a"},
		{"the expression is edited", `
func F() {
	b := make([]byte, 2) // slice make([]byte,2) = a
}`, `
func F() {
	b := make([]byte, n) // slice make([]byte,n) = a
}`, "a a"},
		{"an edited one is not taken for one that is elsewhere", `
func F() {
	b := make([]byte, 2) // slice make([]byte,2) = a
	one()
	two()
}`, `
func F() {
	one()
	two()
	b := make([]byte, n) // slice make([]byte,n) = x
}`, "- x, a -"},
		{"a statement is moved down", `
func F() {
	use(new(T)) // new new(T) = a
	one()
	two()
	use(new(U)) // new new(U) = b
}`, `
func F() {
	one()
	two()
	use(new(U)) // new new(U) = b
	use(new(T)) // new new(T) = a
}`, "b b, a a"},
		{"two statements change places", `
func F() {
	use(new(T)) // new new(T) = a
	use(new(U)) // new new(U) = b
}`, `
func F() {
	use(new(U)) // new new(U) = b
	use(new(T)) // new new(T) = a
}`, "b b, a a"},
		{"another kind on a line that is the same", `
func F() {
	f(x) // slice []any{...} = a
}`, `
func F() {
	f(x) // variadic ...argument = a
}`, "a a"},
		{"another kind on a line that is not", `
func F() {
	f(x) // slice []any{...} = a
}`, `
func F() {
	g(x) // variadic ...argument = x
}`, "- x, a -"},
		{"the function has another name", `
func F() {
	use(new(T)) // new new(T) = a
	println("and", "more")
	return
}
func H() {
	use(new(T)) // new new(T) = b
}`, `
func H() {
	use(new(T)) // new new(T) = b
}
func G(n int) {
	use(new(T)) // new new(T) = a
	println("and", "more")
	return
}`, "b b, a a"},
		{"another function has one that is equal", `
func F() {
	use(new(T)) // new new(T) = a
	println("and", "more")
}`, `
func G() {
	println("or", "less")
	use(new(T)) // new new(T) = x
	for {
	}
}`, "- x, a -"},
		{"variables of the package", `
var a = new(T) // new new(T) = a
var b = new(T) // new new(T) = b`, `
var x = new(T) // new new(T) = x
var a = new(T) // new new(T) = a
var b = new(T) // new new(T) = b`, "- x, a a, b b"},
		{"one init of several", `
func init() {
	use(new(T)) // new new(T) = a
}
func init() {
	keep(new(T)) // new new(T) = b
}`, `
func init() {
	keep(new(T)) // new new(T) = b
}`, "b b, a -"},
		{"nothing of it is the same", `
func F() {
	use(new(T)) // new new(T) = a
	return &T{} // composite &T{...} = b
}`, `
func F() {
	x := 1
	println(&T{}) // composite &T{...} = b
}`, "b b, a -"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before, names := build(t, tt.before)
			after, more := build(t, tt.after)
			for s, name := range more {
				names[s] = name
			}
			names[nil] = "-"
			m := NewMatcher(before, after, func(string) bool { return false })
			var got []string
			for _, p := range m.Pairs() {
				got = append(got, names[p.Before]+" "+names[p.After])
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

var marks = regexp.MustCompile(` // .*`)

// build is a side with the sites that a text marks, and their names.
func build(t *testing.T, text string) (*Side, map[*alloc.Site]string) {
	t.Helper()
	name := "f.go"
	if rest, ok := strings.CutPrefix(text, "\n// file "); ok {
		name, text, _ = strings.Cut(rest, "\n")
	}
	text = "package p\n" + text + "\n"
	// The marks are no part of the source.
	f, err := expr.Parse(nil, "/p/"+name, marks.ReplaceAll([]byte(text), nil))
	if err != nil {
		t.Fatal(err)
	}
	side := &Side{Files: func(pkg string) []*expr.File {
		if pkg == "p" {
			return []*expr.File{f}
		}
		return nil
	}}
	names := make(map[*alloc.Site]string)
	ordinal := make(map[string]int)
	n := 0
	for line := range strings.Lines(text) {
		n++
		code, mark, ok := strings.Cut(strings.TrimSpace(line), "// ")
		if !ok {
			continue
		}
		mark, called, _ := strings.Cut(mark, " = ")
		kind, shape, _ := strings.Cut(mark, " ")
		fn, _, _, _ := f.FuncAt(n)
		id := fmt.Sprintf("p.%s#%s", fn, shape)
		ordinal[id]++
		typ, _, _ := strings.Cut(strings.Trim(path.Ext("."+shape), "."), "{")
		if kind == "slice" && strings.HasPrefix(shape, "make") {
			typ = "[]byte"
		}
		s := &alloc.Site{
			ID: fmt.Sprintf("%s#%d", id, ordinal[id]), Package: "p", Func: fn, Kind: alloc.Kind(kind), Type: typ,
			Pos: alloc.Pos{File: f.Name, Line: n, Col: strings.Index(line, code) + 1},
		}
		side.Sites = append(side.Sites, s)
		names[s] = called
	}
	return side, names
}

// TestElsewhere follows places of one text into another.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	before, _ := build(t, `
func F() {
	one()
	if x {
		two()
	}
	three()
}

func G() {}`)
	after, _ := build(t, `
// file g.go
func F() {
	zero()
	one()
	two()
	four()
}`)
	m := NewMatcher(before, after, func(string) bool { return false })
	for _, tt := range []struct {
		pkg       string
		line, col int
		want      string
		fate      Fate
	}{
		{"p", 4, 5, "/p/g.go:4:5", SameLine},
		{"p", 6, 6, "/p/g.go:5:5", SameLine}, // indented otherwise
		{"p", 8, 2, "", NoLine},
		{"p", 11, 1, "", NoFunction},
		{"q", 1, 1, "", NoPackage},
	} {
		got, fate := m.Elsewhere(false, tt.pkg, alloc.Pos{File: "/p/f.go", Line: tt.line, Col: tt.col})
		at := ""
		if got.File != "" {
			at = fmt.Sprintf("%s:%d:%d", got.File, got.Line, got.Col)
		}
		if at != tt.want || fate != tt.fate {
			t.Errorf("line %d: %q, fate %d; want %q, fate %d", tt.line, at, fate, tt.want, tt.fate)
		}
	}
}

func TestAspects(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	small, large := int64(16), int64(24)
	base := alloc.Site{Kind: alloc.Append, Cause: alloc.Growth, Allocates: alloc.Sometimes, Entries: []string{"runtime.growslice"}}
	for _, tt := range []struct {
		name string
		edit func(b, a *alloc.Site)
		want []alloc.Aspect
	}{
		{"the same", func(b, a *alloc.Site) {}, nil},
		{"the compiler said nothing, and that it escapes", func(b, a *alloc.Site) { a.Escapes = &yes }, nil},
		{"the compiler said nothing, and that it does not", func(b, a *alloc.Site) { a.Escapes = &no }, []alloc.Aspect{alloc.InEscapes}},
		{"of another kind it is not a statement", func(b, a *alloc.Site) { a.Escapes = &no; a.Kind, b.Kind = alloc.String, alloc.String }, nil},
		{"a buffer", func(b, a *alloc.Site) { a.Entries = []string{"runtime.growslice", "runtime.moveSliceNoCap"} }, []alloc.Aspect{alloc.InBuffer}},
		{"another function of the runtime", func(b, a *alloc.Site) {
			b.Entries, a.Entries = []string{"runtime.newobject"}, []string{"runtime.mallocgcSmallNoScanSC2"}
		}, nil},
		{"a size", func(b, a *alloc.Site) { b.Bytes, a.Bytes = &small, &large }, []alloc.Aspect{alloc.InBytes}},
		{"a size that is known", func(b, a *alloc.Site) { a.Bytes = &large }, nil},
		{"most", func(b, a *alloc.Site) {
			a.Kind, a.Cause, a.Allocates = alloc.Slice, alloc.Stored, alloc.Always
		}, []alloc.Aspect{alloc.InAllocates, alloc.InKind, alloc.InCause}},
	} {
		b, a := base, base
		tt.edit(&b, &a)
		if got := Aspects(&b, &a); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAlignLarge is a list that no table is made for.
func TestAlignLarge(t *testing.T) {
	t.Parallel()
	var before, after []line
	for i := range 3000 {
		before = append(before, line{text: fmt.Sprint("a", i)})
		after = append(after, line{text: fmt.Sprint("b", i)})
	}
	before, after = append(before, line{text: "end"}), append(after, line{text: "end"})
	to, from := alignLines(before, after)
	if to[3000] != 3000 || from[3000] != 3000 || to[0] != -1 || from[0] != -1 {
		t.Errorf("to %d, from %d", to[3000], from[3000])
	}
}
