package flow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

const origins = `package m

import "strings"

func grow(data []string) []string {
	var items []string
	for _, v := range data {
		items = append(items, v)
	}
	return items
}

func perTurn(data [][]int) {
	for _, row := range data {
		out := []int{}
		out = append(out, row...)
		_ = out
	}
}

func made(data []int) {
	out := make([]int, 0, len(data))
	for i := 0; i < len(data); i++ {
		out = append(out, data[i])
	}
}

type T struct{ list []int }

func (t *T) add(n int) { t.list = append(t.list, n) }

func given(s []int) []int { return append(s, 1) }

func count(words []string) {
	seen := make(map[string]int)
	for _, w := range words {
		seen[w]++
	}
}

func unknown(s string, k int) []byte {
	n := len(s) * 2
	return make([]byte, n, n+k)
}

func join(words []string) string {
	s := ""
	for _, w := range words {
		s += w + ","
	}
	return s
}

func convert(b []byte) string { return string(b) }

func build(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w)
	}
	return b.String()
}

func workers(n int) {
	for range n {
		done := make(chan bool, 1)
		go work(done)
		defer close(done)
	}
}
`

// TestOrigin tells the stories of sites, each named by the text that it is
// reported at, "^" before it.
func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at     string // with "^" where the compiler reports it
		kind   alloc.Kind
		cause  alloc.Cause
		inline bool // at is a call that the site was inlined at
		want   string
	}{
		{"items = append^(items, v)", alloc.Append, alloc.Growth, false, `
* declared: var items []string
  loop: for _, v := range data
  append: append(items, v)
end: grows items, which begins without room`},
		{"append^(out, row...)", alloc.Append, alloc.Growth, false, `
* declared: out := []int{}
  append: append(out, row...)
end: grows out, which begins without room`},
		{"append^(out, data[i])", alloc.Append, alloc.Growth, false, `
  declared: out := make([]int, 0, len(data))
  loop: for i < len(data)
* append: append(out, data[i])
end: grows out, only where more is put into it than the room it was made with`},
		{"append^(t.list, n)", alloc.Append, alloc.Growth, false, `
* append: append(t.list, n)
end: grows t.list, whose room is made elsewhere`},
		{"append^(s, 1)", alloc.Append, alloc.Growth, false, `
  parameter: s []int
* append: append(s, 1)
end: grows s, whose room the caller made`},
		{"seen^[w]++", alloc.MapGrowth, alloc.Growth, false, `
* declared: seen := make(map[string]int)
  loop: for _, w := range words
  map-growth: seen[w]
end: grows seen, which begins without room`},
		{"make^([]byte, n, n+k)", alloc.Slice, alloc.UnknownSize, false, `
  size: n := len(s) * 2
  parameter: k int
* slice: make([]byte, n, n + k)
end: its size is not known when it is compiled`},
		{"s ^+= w", alloc.String, alloc.Concatenation, false, `
  loop: for _, w := range words
* string: s += w + ","
end: a new string is made of the parts; each turn of the loop copies what was joined before`},
		{"string^(b)", alloc.String, alloc.Conversion, false, `
* string: string(b)
end: the contents are copied: a string does not change, a slice may`},
		{"b.WriteString^(w)", alloc.Append, alloc.Growth, true, `
* declared: var b strings.Builder
  loop: for _, w := range words
  inlined call: b.WriteString(w)
  append: append(b.buf, s...)
end: grows when there is no room left`},
		{"make^(chan bool, 1)", alloc.Chan, alloc.ByRuntime, false, `
  loop: for range n
* chan: make(chan bool, 1)
end: a channel is on the heap wherever it goes`},
		{"^go work", alloc.Goroutine, alloc.InGoroutine, false, `
  loop: for range n
* goroutine: go work(done)
end: the runtime makes a descriptor and a stack, or takes those of a goroutine that has ended`},
		{"^defer close", alloc.Defer, alloc.Loop, false, `
  loop: for range n
* defer: defer close(done)
end: there may be any number of deferred calls: each has a record on the heap`},
	} {
		before, after, _ := strings.Cut(tt.at, "^")
		i := strings.Index(origins, before+after)
		if i < 0 {
			t.Fatalf("no %q in the source", tt.at)
		}
		i += len(before)
		pos := alloc.Pos{File: "m.go", Line: 1 + strings.Count(origins[:i], "\n"), Col: i - strings.LastIndexByte(origins[:i], '\n')}
		s := &alloc.Site{Package: "m", Func: "f", Pos: pos, Kind: tt.kind, Cause: tt.cause}
		var call alloc.Pos
		if tt.inline {
			call, s.Pos, s.Func, s.Expr = pos, alloc.Pos{File: "builder.go", Line: 1, Col: 1}, "(*Builder).WriteString", "append(b.buf, s...)"
		}
		tr := &Tracer{Source: NewSource(func(string) ([]byte, error) { return []byte(origins), nil })}
		story := tr.Origin(s, call)
		var got strings.Builder
		for i := range story.Steps {
			mark := "\n  "
			if story.Cut == &story.Steps[i] {
				mark = "\n* "
			}
			got.WriteString(mark + story.Steps[i].Step + ": " + story.Steps[i].Text)
		}
		got.WriteString("\nend: " + story.End)
		if d := cmp.Diff(tt.want, got.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.at, d)
		}
	}
}

// TestOriginUnknown checks that of a site without a cause nothing is said to end
// its story, and no step is said to be the one to change.
func TestOriginUnknown(t *testing.T) {
	t.Parallel()
	tr := &Tracer{Source: NewSource(func(string) ([]byte, error) { return []byte(origins), nil })}
	story := tr.Origin(&alloc.Site{Package: "m", Func: "F", Kind: alloc.Slice, Type: "[]T", Entries: []string{"runtime.makeslice"}}, alloc.Pos{})
	if len(story.Steps) == 0 || story.End != "" || story.Cut != nil {
		t.Errorf("%d steps, end %q, cut %v; want steps alone", len(story.Steps), story.End, story.Cut)
	}
}
