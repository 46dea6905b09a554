package flow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

const makers = `package m

type T struct {
	list, other []int
	names       map[string]int
	G[string]
}

type G[E any] struct{ all []E }

var cache = []int{}

func New() *T {
	t := &T{list: make([]int, 0, 8)}
	t.other = nil
	return t
}

func (t *T) Add(n int, name string) {
	t.list = append(t.list, n) // 1
	t.other = append(t.other[:0], n) // 2
	t.names[name] = n // 3
	cache = append(cache, n) // 4
	t.all = append(t.all, name) // 5
	other := struct{ list []int }{}
	other.list = nil
}

func (t *T) Reset() { t.list = t.list[:0] }

func (g *G[E]) init() { g.all = make([]E, 0, 1) }
`

// TestMakers tells what gives room to fields and package variables that grow.
func TestMakers(t *testing.T) {
	t.Parallel()
	read := func(string) ([]byte, error) { return []byte(makers), nil }
	prog := NewProgram([]Package{{ImportPath: "m", Asked: true, GoFiles: []string{"m.go"}}}, read)
	tr := &Tracer{Source: NewSource(read), Makers: prog.Makers}
	for _, tt := range []struct {
		at   string
		kind alloc.Kind
		want string
	}{
		{"append^(t.list, n)", alloc.Append, "  made list: make([]int, 0, 8)\n  made t.list = t.list[:0]\n* append append(t.list, n)\n" +
			"end grows t.list, which is used again: with [:0] it keeps the room that it has"},
		{"append^(t.other[:0], n)", alloc.Append, "  made t.other = nil\n* append append(t.other[:0], n)\n" +
			"end grows t.other, which is used again: with [:0] it keeps the room that it has"},
		{"t.names^[name]", alloc.MapGrowth, "* map-growth t.names[name]\nend grows t.names, which its package nowhere makes with room"},
		{"append^(cache, n)", alloc.Append, "* made var cache = []int{}\n  append append(cache, n)\nend grows cache, with the room that is made there"},
		{"append^(t.all, name)", alloc.Append, "* made g.all = make([]E, 0, 1)\n  append append(t.all, name)\nend grows t.all, with the room that is made there"},
	} {
		before, after, _ := strings.Cut(tt.at, "^")
		i := strings.Index(makers, before+after) + len(before)
		pos := alloc.Pos{File: "m.go", Line: 1 + strings.Count(makers[:i], "\n"), Col: i - strings.LastIndexByte(makers[:i], '\n')}
		story := tr.Origin(&alloc.Site{Package: "m", Func: "(*T).Add", Pos: pos, Kind: tt.kind, Cause: alloc.Growth}, alloc.Pos{})
		var got strings.Builder
		for i := range story.Steps {
			mark := "  "
			if story.Cut == &story.Steps[i] {
				mark = "* "
			}
			got.WriteString(mark + story.Steps[i].Step + " " + story.Steps[i].Text + "\n")
		}
		got.WriteString("end " + story.End)
		if d := cmp.Diff(tt.want, got.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.at, d)
		}
	}
}
