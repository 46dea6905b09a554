package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/stackward-go/stackward/alloc"
)

// listed is the number of candidates and of inlined copies that are shown.
const listed = 10

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
	t.head(s)
	fmt.Fprintf(t, "  id         %s\n", s.ID)
	fmt.Fprintf(t, "  function   %s.%s\n", s.Package, s.Func)
	t.facts(s)
	if len(s.Flow) > 0 {
		fmt.Fprintf(t, "\nallocates here, because of there:\n")
		t.flow(s)
	}
	if len(s.Candidates) > 0 {
		fmt.Fprintln(t, "  the call may mean:")
		t.list(s.Candidates, "    ")
	}
	fmt.Fprintln(t)
	if s.Cut != nil {
		t.line(t.color(red, "cut:"), 5, fmt.Sprintf("%s: %s (%s)", t.pos(s.Cut.Pos), s.Cut.Text, s.Cut.Step))
	}
	t.advice("what removes it: ", t.o.Remedy, s.Cause)
	t.advice("leave it alone ", t.o.Alone, s.Cause)
	if len(s.Inlined) > 0 {
		fmt.Fprintln(t, "inlined at:")
		var places []string
		for _, in := range s.Inlined {
			what := string(in.Allocates)
			if what != "" {
				what = ": allocates " + what
			}
			places = append(places, fmt.Sprintf("%s in %s%s", t.pos(in.Pos), in.Func, what))
		}
		t.list(places, "  ")
	}
	if s.Cause != "" {
		fmt.Fprintf(t, "more on this cause: stackward explain %s\n", s.Cause)
	}
}

func (t *writer) advice(words string, of func(alloc.Cause) string, c alloc.Cause) {
	if of == nil {
		return
	}
	if sentence := of(c); sentence != "" {
		t.fold(words + sentence)
	}
}

// head writes what is allocated and the line to jump to: where the story begins
// at an inlined copy, the line that the copy was made for.
func (t *writer) head(s *alloc.Site) {
	if len(s.Inlined) > 0 && slices.ContainsFunc(s.Flow, func(st alloc.Step) bool {
		return st.Step == "inlined call" && st.File == s.Inlined[0].File && st.Line == s.Inlined[0].Line
	}) {
		in := s.Inlined[0].Pos
		t.title(in, s, ", in "+s.Package+"."+s.Func)
		t.source(in, "    ")
		fmt.Fprintf(t, "  stands at  %s\n", t.pos(s.Pos))
		return
	}
	t.title(s.Pos, s, "")
	t.source(s.Pos, "    ")
}

// title writes a place, and what is allocated there, as much as fits.
func (t *writer) title(p alloc.Pos, s *alloc.Site, in string) {
	place := t.pos(p)
	what := describe(s, named) + in
	if t.o.Width > 0 {
		room := max(30, t.o.Width-columnsOf(place)-3)
		what = elide(describeIn(s, room-columnsOf(in), 24)+in, room)
	}
	fmt.Fprintf(t, "%s: %s\n", t.color(bold, place), what)
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

// flow writes the steps, each with its source line; of steps at one place the
// line is written once.
func (t *writer) flow(s *alloc.Site) {
	cut := cutIndex(s)
	for i, step := range s.Flow {
		mark := " "
		if i == cut {
			mark = t.color(red, "✂")
		}
		t.line(mark, 1, fmt.Sprintf("%s: %s: %s", t.pos(step.Pos), step.Step, step.Text))
		if i == len(s.Flow)-1 || s.Flow[i+1].Pos != step.Pos {
			t.source(step.Pos, "        ")
		}
	}
	if s.End != "" {
		fmt.Fprintf(t, "  end: %s\n", s.End)
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

// line writes a mark, which takes columns, and what fits beside it. Places are
// never cut, so that an editor finds them.
func (t *writer) line(mark string, columns int, s string) {
	if place, rest, ok := strings.Cut(s, ": "); ok && t.o.Width > 0 {
		s = place + ": " + elide(rest, max(30, t.o.Width-columns-3-columnsOf(place)))
	}
	fmt.Fprintf(t, "%s %s\n", mark, s)
}

// list writes the first of a long list.
func (t *writer) list(items []string, indent string) {
	for i, item := range items {
		if i == listed {
			fmt.Fprintf(t, "%s… and %s more\n", indent, count(len(items)-i))
			break
		}
		room := 0
		if t.o.Width > 0 {
			room = max(30, t.o.Width-len(indent)-1)
		}
		fmt.Fprintf(t, "%s%s\n", indent, elide(item, room))
	}
}

// source writes a source line and a caret under its column. Of a line that is
// longer than the terminal is wide it writes the part around the column.
func (t *writer) source(p alloc.Pos, indent string) {
	if t.o.Line == nil || p.Line == 0 {
		return
	}
	line := t.o.Line(p.File, p.Line)
	if strings.TrimSpace(line) == "" {
		return
	}
	col := p.Col - 1 // in bytes
	if col > len(line) {
		col = -1
	}
	before, after := line, ""
	if col >= 0 {
		before, after = line[:col], line[col:]
	}
	// The indentation of the source says nothing here.
	before = strings.ReplaceAll(strings.TrimLeft(before, " \t"), "\t", "    ")
	if before == "" {
		after = strings.TrimLeft(after, " \t")
	}
	after = strings.ReplaceAll(after, "\t", "    ")
	if room := t.o.Width - len(indent) - 1; t.o.Width > 0 && columnsOf(before)+columnsOf(after) > room {
		room = max(room, 20)
		if col < 0 {
			before = fit(before, room)
		} else {
			if most := max(room*2/3, room-columnsOf(after)); columnsOf(before) > most {
				before = "…" + fitEnd(before, most-1)
			}
			after = fit(after, room-columnsOf(before))
		}
	}
	fmt.Fprintf(t, "%s%s\n", indent, t.color(dim, before+after))
	if col >= 0 {
		fmt.Fprintf(t, "%s%s%s\n", indent, strings.Repeat(" ", columnsOf(before)), t.color(red, "^"))
	}
}

// fit is the beginning of s that takes at most n columns, with a sign where
// something is left out; fitEnd is the end, without.
func fit(s string, n int) string {
	if columnsOf(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

func fitEnd(s string, n int) string {
	for i := range s {
		if columnsOf(s[i:]) <= n {
			return s[i:]
		}
	}
	return ""
}

// columnsOf is the number of columns that a terminal gives to s.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is the number of columns that a terminal gives to a rune.
func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
