package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// TestSource checks where the caret stands: under tabs, wide characters and in
// lines that are longer than the terminal is wide.
func TestSource(t *testing.T) {
	t.Parallel()
	long := "\treturn fmt.Sprintf(\"%s and a text that goes on for long\", alpha, beta, gamma, delta, epsilon)"
	for _, tt := range []struct {
		name, line, at string // the caret stands under the first of at
		width          int
		want           string
	}{
		{"tabs", "\tx :=\t&y", "&", 0, `
x :=    &y
        ^`},
		{"first", "\t\treturn &x", "return", 0, `
return &x
^`},
		{"wide", `	s := "日本" + x`, "+", 0, `
s := "日本" + x
            ^`},
		{"combining", "\ts := \"e\u0301\" + x", "+", 0, "\ns := \"e\u0301\" + x\n         ^"},
		{"line", "\tx++", "", 0, `
x++`},
		{"cut at the end", long, "fmt", 40, `
return fmt.Sprintf("%s and a text …
       ^`},
		{"cut at the start", long, "epsilon", 40, `
…goes on for long", alpha, beta, gamma, delta, epsilon)
`},
		{"empty", "\t", "", 0, ``},
	} {
		var b strings.Builder
		pos := alloc.Pos{File: "a.go", Line: 1}
		if tt.at != "" {
			pos.Col = strings.Index(tt.line, tt.at) + 1
		}
		r := &alloc.Report{Header: alloc.Header{Command: "explain"}}
		r.Sites = []*alloc.Site{{Pos: pos}}
		err := Write(&b, r, Options{Width: tt.width, Line: func(string, int) string { return tt.line }})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, l := range strings.Split(b.String(), "\n")[1:] {
			if text, ok := strings.CutPrefix(l, "    "); ok {
				got += "\n" + text
			}
		}
		if tt.name == "cut at the start" {
			lines := strings.Split(got, "\n")
			caret := strings.Index(lines[len(lines)-1], "^")
			if r := []rune(lines[1]); len(r) > tt.width-4 || !strings.HasPrefix(string(r[caret:]), "epsilon") {
				t.Errorf("%s:\n%s", tt.name, got)
			}
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestCut checks that of two equal steps only the cut has the mark.
func TestCut(t *testing.T) {
	t.Parallel()
	step := alloc.Step{Pos: alloc.Pos{File: "a.go", Line: 1, Col: 2}, Step: "inlined call", Text: "f(p)"}
	s := &alloc.Site{Pos: step.Pos, Flow: []alloc.Step{step, {Pos: step.Pos, Step: "spill", Text: "p"}, step}}
	for i, cut := range []*alloc.Step{&s.Flow[0], nil, &s.Flow[2]} {
		if cut == nil {
			continue
		}
		s.Cut = cut
		var b strings.Builder
		if err := Write(&b, &alloc.Report{Header: alloc.Header{Command: "explain"}, Sites: []*alloc.Site{s}}, Options{}); err != nil {
			t.Fatal(err)
		}
		_, flow, _ := strings.Cut(b.String(), "because of there:\n")
		lines := strings.Split(flow, "\n")
		for j := range 3 {
			if strings.HasPrefix(lines[j], "✂") != (i == j) {
				t.Errorf("cut %d: step %d is %q", i, j, lines[j])
			}
		}
	}
}

// TestNoCause checks that of a site without a cause no page is named.
func TestNoCause(t *testing.T) {
	t.Parallel()
	for _, c := range []alloc.Cause{"", alloc.Growth} {
		var b strings.Builder
		s := &alloc.Site{Pos: alloc.Pos{File: "a.go", Line: 1, Col: 2}, Kind: alloc.Slice, Cause: c}
		if err := Write(&b, &alloc.Report{Header: alloc.Header{Command: "explain"}, Sites: []*alloc.Site{s}}, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "more on this cause") != (c != "") {
			t.Errorf("cause %q:\n%s", c, b.String())
		}
	}
}
