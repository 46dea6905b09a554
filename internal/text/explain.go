package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stackward-go/stackward/alloc"
)

// explain writes the whole story of each site.
func (t *writer) explain(r *alloc.Report) {
	for i, s := range r.Sites {
		if i > 0 {
			fmt.Fprintln(t)
		}
		t.story(s)
	}
}

func (t *writer) story(s *alloc.Site) {
	fmt.Fprintf(t, "%s: %s\n", t.color(bold, t.pos(s.Pos)), describe(s))
	t.source(s.Pos, "")
	fmt.Fprintf(t, "  id         %s\n", s.ID)
	fmt.Fprintf(t, "  function   %s.%s\n", s.Package, s.Func)
	t.facts(s)
	if len(s.Flow) > 0 {
		fmt.Fprintf(t, "\nallocates here, because of there:\n")
		cut := cutIndex(s)
		for i := range s.Flow {
			t.step(&s.Flow[i], i == cut)
		}
		if s.End != "" {
			fmt.Fprintf(t, "  end: %s\n", s.End)
		}
	}
	if len(s.Candidates) > 0 {
		fmt.Fprintln(t, "  the call may mean:")
		for i, c := range s.Candidates {
			if i == 10 {
				fmt.Fprintf(t, "    … and %d more\n", len(s.Candidates)-i)
				break
			}
			fmt.Fprintf(t, "    %s\n", c)
		}
	}
	if s.Cut != nil {
		fmt.Fprintf(t, "\n%s %s: %s (%s)\n", t.color(red, "cut:"), t.pos(s.Cut.Pos), s.Cut.Text, s.Cut.Step)
	}
	if len(s.Inlined) > 0 {
		fmt.Fprintln(t, "\ninlined at:")
		for _, in := range s.Inlined {
			what := string(in.Allocates)
			if what != "" {
				what = ": allocates " + what
			}
			fmt.Fprintf(t, "  %s in %s%s\n", t.pos(in.Pos), in.Func, what)
		}
	}
	fmt.Fprintf(t, "\nmore on this cause: stackward explain %s\n", s.Cause)
}

// facts writes what is known of the object.
func (t *writer) facts(s *alloc.Site) {
	if s.Bytes != nil {
		size := Bytes(float64(*s.Bytes))
		if s.SizeClass != nil {
			size += fmt.Sprintf(", in a slot of %s", Bytes(float64(*s.SizeClass)))
			if s.Waste != nil && *s.Waste > 0 {
				size += fmt.Sprintf(" (%s lost)", Bytes(float64(*s.Waste)))
			}
		}
		if s.Path != "" {
			size += fmt.Sprintf(", %s", s.Path)
		}
		if s.Noscan != nil {
			if *s.Noscan {
				size += ", holds no pointers"
			} else {
				size += ", holds pointers"
			}
		}
		fmt.Fprintf(t, "  size       %s\n", size)
	}
	verdict := "the compiler says nothing"
	if s.Escapes != nil {
		verdict = "does not escape"
		if *s.Escapes {
			verdict = "escapes"
		}
	}
	fmt.Fprintf(t, "  verdict    %s; allocates %s\n", verdict, s.Allocates)
	var ev []string
	for _, e := range s.Evidence {
		ev = append(ev, string(e))
	}
	line := strings.Join(ev, ", ")
	if len(s.Entries) > 0 {
		line += ": calls " + strings.Join(s.Entries, ", ")
	}
	fmt.Fprintf(t, "  evidence   %s\n", line)
	if s.LoopDepth+s.CallDepth > 0 {
		fmt.Fprintf(t, "  loops      %d around it, %d around calls of its function\n", s.LoopDepth, s.CallDepth)
	}
}

// cutIndex is the place of a site's cut in its flow, -1 if it has none. The
// same step may be taken twice; the cut is one of them, or a copy.
func cutIndex(s *alloc.Site) int {
	if s.Cut == nil {
		return -1
	}
	for i := range s.Flow {
		if &s.Flow[i] == s.Cut {
			return i
		}
	}
	return slices.Index(s.Flow, *s.Cut)
}

func (t *writer) step(s *alloc.Step, cut bool) {
	mark := " "
	if cut {
		mark = t.color(red, "✂")
	}
	fmt.Fprintf(t, "%s %s: %s: %s\n", mark, t.pos(s.Pos), s.Step, s.Text)
	t.source(s.Pos, "    ")
}

// source writes a source line and a caret under its column.
func (t *writer) source(p alloc.Pos, indent string) {
	if t.o.Line == nil || p.Line == 0 {
		return
	}
	line := t.o.Line(p.File, p.Line)
	if strings.TrimSpace(line) == "" {
		return
	}
	fmt.Fprintf(t, "%s    %s\n", indent, strings.ReplaceAll(line, "\t", "    "))
	if p.Col > 0 && p.Col <= len(line)+1 {
		before := strings.ReplaceAll(line[:p.Col-1], "\t", "    ")
		fmt.Fprintf(t, "%s    %s%s\n", indent, strings.Repeat(" ", utf8.RuneCountInString(before)), t.color(red, "^"))
	}
}
