package prove

import (
	"go/parser"
	"go/token"
	"math/bits"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

func site(fn string, kind alloc.Kind, expr string, line, col int) *alloc.Site {
	return &alloc.Site{
		ID: "m." + fn + "#" + expr + "#" + string(kind), Package: "m", Func: fn, Kind: kind, Expr: expr,
		Pos: alloc.Pos{File: "/m.go", Line: line, Col: col},
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	a := site("F", alloc.Append, "append(s, v)", 7, 13)
	b := site("F.func1", alloc.Closure, "func literal", 9, 3)
	c := site("G", alloc.New, "new(T)", 20, 3)
	renumbered := site("F.func2", alloc.Closure, "func literal", 12, 3)
	other := site("F", alloc.Slice, "make([]int, n)", 5, 3)
	respelled := site("F", alloc.Append, "append(buf, v)", 7, 13)
	gone := func(adds []alloc.Kind, sites ...*alloc.Site) *candidate {
		return &candidate{Candidate: &fix.Candidate{Promise: fix.Gone, Adds: adds}, pkg: "m", sites: sites, funcs: []function{outer(sites[0])}}
	}
	fewer := func(adds []alloc.Kind, sites ...*alloc.Site) *candidate {
		c := gone(adds, sites...)
		c.Promise = fix.Fewer
		return c
	}
	inlined := site("(*Builder).WriteString", alloc.Append, "append(b.buf, s...)", 114, 16)
	inlined.Package = "strings"
	before := []*alloc.Site{a, b, c}
	tests := []struct {
		name  string
		after []*alloc.Site
		c     *candidate
		why   string // of this candidate
		added string // anywhere
	}{
		{"gone", []*alloc.Site{b, c}, gone(nil, a), "", ""},
		{"literal numbered anew", []*alloc.Site{renumbered, c}, gone(nil, a), "", ""},
		{"still there", before, gone(nil, a), "the compiler still lists the site: append(s, v)", ""},
		{"respelled", []*alloc.Site{respelled, b, c}, gone(nil, a), "another site has come in its place: append(buf, v)", ""},
		{"another kind", []*alloc.Site{other, b, c}, gone(nil, a), "a new site: make([]int, n)", "a new site"},
		{"that was promised", []*alloc.Site{other, b, c}, gone([]alloc.Kind{alloc.Slice}, a), "", ""},
		{"less often", []*alloc.Site{a, other, b, c}, fewer([]alloc.Kind{alloc.Slice}, a), "", ""},
		{"less often, but more", []*alloc.Site{a, other, b, c}, fewer(nil, a), "a new site", "a new site"},
		{"inlined", []*alloc.Site{b, c, inlined}, gone([]alloc.Kind{alloc.Append}, a), "", ""},
		{"inlined, of another kind", []*alloc.Site{b, c, inlined}, gone([]alloc.Kind{alloc.Slice}, a), "", "a new site: append(b.buf, s...)"},
		{"elsewhere", []*alloc.Site{b, c, site("H", alloc.New, "new(T)", 30, 3)}, gone(nil, a), "", "a new site: new(T) (new) in H, line 30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := compare(newLedger(before), newLedger(tt.after), []*candidate{tt.c})
			if why := is.kept(tt.c); !strings.HasPrefix(why, tt.why) || (why == "") != (tt.why == "") {
				t.Errorf("kept: %q, want %q", why, tt.why)
			}
			added := ""
			for _, f := range is.added(func(pkg string) bool { return pkg != "m" }, nil) {
				added = f.why
			}
			if !strings.HasPrefix(added, tt.added) || (added == "") != (tt.added == "") {
				t.Errorf("added: %q, want %q", added, tt.added)
			}
		})
	}
}

func TestFewest(t *testing.T) {
	t.Parallel()
	for all := range 40 {
		for culprit := range all + 1 { // the last: nobody
			asked := 0
			n, why, err := fewest(all, func(n int) (string, error) {
				if asked++; n < 1 || n > all {
					t.Fatalf("asks for %d of %d", n, all)
				}
				if n > culprit {
					return "wrong", nil
				}
				return "", nil
			})
			want, said := culprit+1, "wrong"
			if culprit == all {
				want, said = 0, ""
			}
			if n != want || why != said || err != nil {
				t.Errorf("of %d, number %d is at fault: got %d, %q, %v", all, culprit, n, why, err)
			}
			if most := 2 + 2*bits.Len(uint(culprit)); asked > most {
				t.Errorf("of %d, number %d: asked %d times, more than %d", all, culprit, asked, most)
			}
		}
	}
}

func TestFindSite(t *testing.T) {
	t.Parallel()
	const src = "package p\n\nvar x = outer(\n\tinner(1), y(2))\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "/m.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	from := f.FileStart + token.Pos(strings.Index(src, "outer"))
	span := fix.Span{Pos: from, End: from + token.Pos(len("outer(\n\tinner(1), y(2))")), Kind: alloc.Interface}
	outside := site("F", alloc.Interface, "later", 5, 1)
	inside := site("F", alloc.Interface, "inner(1)", 4, 7)
	own := site("F", alloc.Interface, "outer(inner(1), y(2))", 4, 15)
	otherKind := site("F", alloc.String, "outer(inner(1), y(2)) and more", 3, 9)
	if got := newIndex([]*alloc.Site{outside, inside, own, otherKind}).find(fset, span); got != own {
		t.Errorf("found %v", got)
	}
	if got := newIndex([]*alloc.Site{outside, otherKind}).find(fset, span); got != nil {
		t.Errorf("found %v", got)
	}
}

func TestOriginalLine(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 60 {
		lines = append(lines, strings.Repeat("x", i+1)+"\n")
	}
	was := strings.Join(lines, "")
	is := strings.Join(lines[:5], "") + "new\nnewer\n" + strings.Join(lines[5:30], "") + strings.Join(lines[33:50], "") + "changed\n" + strings.Join(lines[51:], "")
	w := &work{original: rewrite.Tree{"f": []byte(was)}, tree: rewrite.Tree{"f": []byte(is)}}
	for line, want := range map[int]int{1: 1, 5: 5, 6: 5, 7: 5, 8: 6, 20: 18, 32: 30, 33: 34, 40: 41, 49: 50, 50: 51, 51: 52} {
		if got := w.originalLine("f", line); got != want {
			t.Errorf("line %d was %d, want %d", line, got, want)
		}
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	a, b := site("F", alloc.New, "new(T)", 3, 3), site("F", alloc.New, "new(U)", 4, 3)
	edit := func(s *alloc.Site, start, end int) *candidate {
		return &candidate{about: s, sites: []*alloc.Site{s}, edits: map[string][]rewrite.Edit{"f": {{Start: start, End: end, New: "x"}}}}
	}
	if conflict(edit(a, 1, 3), edit(b, 4, 5)) {
		t.Error("edits of two places conflict")
	}
	if !conflict(edit(a, 1, 3), edit(a, 4, 5)) {
		t.Error("two fixes of one site do not conflict")
	}
	if !conflict(edit(a, 1, 3), edit(b, 2, 5)) {
		t.Error("edits of one text do not conflict")
	}
}

func TestImportName(t *testing.T) {
	t.Parallel()
	w := &work{importNames: map[string]string{"gopkg.in/yaml.v3": "yaml"}}
	for p, want := range map[string]string{"gopkg.in/yaml.v3": "yaml", "strings": "strings", "net/http": path.Base("net/http")} {
		if got := w.importName(p); got != want {
			t.Errorf("%s is %s, want %s", p, got, want)
		}
	}
}

// TestGroups finds the candidates that make a package fail, by trying halves.
func TestGroups(t *testing.T) {
	t.Parallel()
	for size := range 20 {
		for culprit := range size + 1 { // the last: nobody
			var list, kept, bad []*candidate
			for i := range size {
				s := site("F", alloc.New, "new(T)", i+1, 3)
				s.ID += string(rune('a' + i))
				list = append(list, &candidate{Candidate: &fix.Candidate{}, pkg: "m", about: s})
			}
			g, waves := make(groups), 0
			for todo := list; len(todo) > 0; waves++ {
				wave, rest := g.wave(todo, kept)
				var again []*candidate
				switch {
				case culprit == size || !slices.Contains(wave, list[culprit]):
					kept = append(kept, wave...)
				case len(wave) == 1:
					bad = append(bad, wave...)
				default:
					again = wave
					g.split(again)
				}
				todo = append(again, rest...)
			}
			if len(kept)+len(bad) != size || len(bad) > 1 || culprit < size && (len(bad) != 1 || bad[0] != list[culprit]) {
				t.Errorf("of %d, number %d is at fault: %d kept, %d found", size, culprit, len(kept), len(bad))
			}
			if most := 2 + 2*bits.Len(uint(size)); waves > most {
				t.Errorf("of %d, number %d: %d waves, more than %d", size, culprit, waves, most)
			}
		}
	}
}

// TestOutside tells what other packages may call.
func TestOutside(t *testing.T) {
	t.Parallel()
	r := &round{work: &work{graph: graph{"m": {"n": true}}}}
	for name, want := range map[string]bool{
		"f": false, "F": true, "(*T).f": false, "(*t).F": true, "T.F": true, "f[...]": false, "F[...]": true, "(*T[...]).F": true, "(*T[...]).f": false,
	} {
		if got := r.outside(&candidate{pkg: "m", funcs: []function{{"m", name}}}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if r.outside(&candidate{pkg: "n", funcs: []function{{"n", "F"}}}) {
		t.Error("nobody imports n")
	}
}
