package text

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// changes writes the sites that are not the same in two builds, by what became of
// them.
func (t *writer) changes(r *alloc.Report) {
	s := &r.Summary
	before, after := r.Header.Before, r.Header.After
	if before != nil && after != nil {
		t.fold(fmt.Sprintf("before: %s, %s", before, plural(s.SitesBefore, "site")))
		t.fold(fmt.Sprintf("after:  %s, %s", after, plural(s.Sites, "site")))
	}
	for _, status := range alloc.ChangeStatuses {
		n := s.ByStatus[status]
		if n == 0 {
			continue
		}
		head := fmt.Sprintf("%s: %s", status, count(n))
		if status == alloc.Vanished && before != nil && before.Rev != "" {
			head += ", at their places in " + before.Rev
		}
		fmt.Fprintf(t, "\n%s\n", t.color(bold, head))
		shown := 0
		for _, c := range r.Changes {
			if c.Status == status {
				t.change(c)
				shown++
			}
		}
		t.left(n - shown)
	}
	fmt.Fprintln(t)
	t.measured(r.Effects)
	t.changesSummary(r)
}

// measured writes what benchmarks say, in full of those with a difference.
func (t *writer) measured(list []*alloc.Effect) {
	differ := make(map[string]bool)
	for _, e := range list {
		differ[e.Package+" "+e.Benchmark] = differ[e.Package+" "+e.Benchmark] || differs(e)
	}
	var shown []*alloc.Effect
	var same []string
	for _, e := range list {
		switch name := strings.TrimPrefix(e.Benchmark, "Benchmark"); {
		case differ[e.Package+" "+e.Benchmark]:
			shown = append(shown, e)
		case len(same) == 0 || same[len(same)-1] != name:
			same = append(same, name)
		}
	}
	if len(shown) > 0 {
		t.effects(shown)
	}
	if len(same) > 0 {
		t.fold(fmt.Sprintf("no difference in %s: %s", plural(len(same), "benchmark"), strings.Join(same, ", ")))
		fmt.Fprintln(t)
	}
}

// change writes one of them.
func (t *writer) change(c *alloc.Change) {
	s := c.Current()
	place, in := t.place(s)
	room := 0
	if t.o.Width > 0 {
		room = max(20, t.o.Width-columnsOf(place)-2)
	}
	color := map[alloc.ChangeStatus]string{alloc.Appeared: red, alloc.Vanished: green}[c.Status]
	if color == "" {
		color = yellow
	}
	fmt.Fprintf(t, "%s: %s\n", t.color(color, place), line(s, in, room))
	var said []string
	for _, what := range c.What {
		if was, is := aspect(c.Before, what), aspect(c.After, what); was != is {
			said = append(said, fmt.Sprintf("%s: %s → %s", what, was, is))
		}
	}
	if len(said) > 0 {
		t.indented(strings.Join(said, ", "))
	}
	if c.Reason != "" {
		t.indented(c.Reason)
	}
	for _, x := range c.Costs {
		var parts []string
		for _, y := range []struct {
			unit    string
			was, is float64
		}{{"allocs/op", x.AllocsBefore, x.AllocsAfter}, {"B/op", x.BytesBefore, x.BytesAfter}} {
			if was, is := perOp(y.was), perOp(y.is); was != is {
				parts = append(parts, fmt.Sprintf("%s → %s %s", was, is, y.unit))
			}
		}
		t.indented(x.Source + ": " + strings.Join(parts, ", "))
	}
}

// indented writes a sentence below what it is about.
func (t *writer) indented(s string) {
	fmt.Fprint(t, "  ")
	t.foldAt(s, 2)
}

// aspect is what a site has of an aspect, in words.
func aspect(s *alloc.Site, what alloc.Aspect) string {
	if s == nil {
		return ""
	}
	switch what {
	case alloc.InAllocates:
		return string(s.Allocates)
	case alloc.InEscapes:
		switch {
		case s.Escapes == nil:
			return "not said"
		case *s.Escapes:
			return "yes"
		}
		return "no"
	case alloc.InKind:
		return string(s.Kind)
	case alloc.InCause:
		return cmp.Or(string(s.Cause), "not known")
	case alloc.InBytes:
		if s.Bytes != nil {
			return Bytes(float64(*s.Bytes))
		}
	}
	return ""
}

func (t *writer) changesSummary(r *alloc.Report) {
	s := &r.Summary
	if s.Found == 0 {
		t.fold(fmt.Sprintf("nothing changed in %s", plural(s.Packages, "package")))
	} else {
		said := fmt.Sprintf("%s in %s:", plural(s.Found, "change"), plural(s.Packages, "package"))
		var parts []string
		for _, status := range alloc.ChangeStatuses {
			if n := s.ByStatus[status]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %s", count(n), status))
			}
		}
		said += " " + strings.Join(parts, ", ")
		parts = nil
		for _, what := range alloc.Aspects {
			if n := s.ByAspect[what]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %s", what, count(n)))
			}
		}
		if len(parts) > 0 {
			said += " (" + strings.Join(parts, ", ") + ")"
		}
		t.fold(said)
	}
	if s.Unseen > 0 {
		t.fold(fmt.Sprintf("not known: %s where only one side inlines a function of a package that was not asked for", plural(s.Unseen, "place")))
	}
}
