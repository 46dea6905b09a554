package text

import (
	"fmt"
	"math"
	"path"
	"strings"
	"text/tabwriter"

	"github.com/stackward-go/stackward/alloc"
)

// cost writes each benchmark with the table of its sites.
func (t *writer) cost(r *alloc.Report) {
	sites := make(map[string]*alloc.Site)
	for _, s := range r.Sites {
		sites[s.ID] = s
	}
	for i, b := range r.Benchmarks {
		if i > 0 {
			fmt.Fprintln(t)
		}
		var costs []*alloc.Cost
		for _, c := range r.Costs {
			if c.Source == b.Name && c.Package == b.Package {
				costs = append(costs, c)
			}
		}
		t.benchmark(b, costs, sites)
	}
}

// units are what a table's figures are told in: per operation, or in all.
type units struct {
	objectsName, bytesName string
	objects, bytes         func(float64) string
	more                   string // a column between bytes and share
}

func unitsOf(b *alloc.Benchmark) units {
	inuse := ""
	if b.Source == "profile" {
		inuse = "in use\t"
	}
	if b.Source == "profile" || b.N == 1 && b.NsPerOp == 0 {
		return units{"objects", "bytes", func(n float64) string { return count(int(math.Round(n))) }, Bytes, inuse}
	}
	return units{"allocs/op", "B/op", perOp, perOp, ""}
}

// crumb is what is too little per operation to take a row of its own: what a
// run does once, such as filling a pool.
const crumb = 0.005

// smallestSlot is the least that an object takes on its own, in bytes
// (runtime/sizeclasses.go, go1.26).
const smallestSlot = 8

func (t *writer) benchmark(b *alloc.Benchmark, costs []*alloc.Cost, sites map[string]*alloc.Site) {
	u := unitsOf(b)
	fmt.Fprintf(t, "%s  %s %s  %s %s", t.color(bold, b.Name), u.objects(b.AllocsPerOp), u.objectsName, u.bytes(b.BytesPerOp), u.bytesName)
	if b.NsPerOp > 0 {
		fmt.Fprintf(t, "  %s ns/op", perOp(b.NsPerOp))
	}
	if b.InUseObjects != 0 || b.InUseBytes != 0 {
		fmt.Fprintf(t, "  in use %s objects %s bytes", u.objects(b.InUseObjects), u.bytes(b.InUseBytes))
	}
	fmt.Fprintln(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\t%s\t%sshare\tsum\t\n", u.objectsName, u.bytesName, u.more)
	var rows []row
	var sum, crumbs, crumbBytes, crumbInUse float64
	shown, few := 0, 0
	tiny, harness := false, false
	for _, c := range costs {
		sum += c.Share
		if b.Source != "profile" && c.AllocsPerOp < crumb || t.o.Top > 0 && shown == t.o.Top {
			crumbs += c.AllocsPerOp
			crumbBytes += c.BytesPerOp
			crumbInUse += c.InUseBytes
			few++
			continue
		}
		shown++
		inuse := ""
		if u.more != "" {
			inuse = u.bytes(c.InUseBytes) + "\t"
		}
		fmt.Fprintf(w, "%s\t%s\t%s%.1f%%\t%.1f%%\t\n", u.objects(c.AllocsPerOp), u.bytes(c.BytesPerOp), inuse, 100*c.Share, 100*sum)
		rows = append(rows, t.row(c, sites[c.Site]))
		tiny = tiny || b.Source != "profile" && c.BytesPerOp < 0.99*smallestSlot*c.AllocsPerOp
		harness = harness || len(c.Via) > 0 && path.Base(c.Via[0].File) == "_testmain.go"
	}
	if few > 0 {
		inuse := ""
		if u.more != "" {
			inuse = u.bytes(crumbInUse) + "\t"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t\t\n", u.objects(crumbs), u.bytes(crumbBytes), inuse)
		what := "smaller site"
		if t.o.Top > 0 && shown == t.o.Top {
			what = "more site" // maybe no smaller
		}
		rows = append(rows, row{what: words(plural(few, what))})
	}
	fmt.Fprintf(w, "%s\t\t%s%.1f%%\t\t\n", u.objects(b.UnexplainedAllocsPerOp), strings.Repeat("\t", strings.Count(u.more, "\t")), 100*(1-b.Explained))
	rows = append(rows, unexplained(b, costs, sites))
	w.Flush()
	lines := strings.Split(strings.TrimRight(table.String(), "\n"), "\n")
	fmt.Fprintf(t, "%s\n", t.color(dim, lines[0]))
	for i, line := range lines[1:] {
		t.writeRow(line, rows[i])
	}
	if b.Source == "profile" {
		fmt.Fprintln(t, "profile: sampled and scaled; objects under 16 bytes without pointers are undercounted")
	} else {
		fmt.Fprintf(t, "%s: recorded %s of %s %s\n", b.Source, u.objects(b.RecordedAllocsPerOp), u.objects(b.AllocsPerOp), u.objectsName)
	}
	if tiny {
		t.fold(u.bytesName + ": objects under 16 bytes without pointers share blocks, each counted where it was opened")
	}
	if harness {
		t.fold("_testmain.go: what go test writes to call the tests; package testing allocates there")
	}
	if b.Note != "" {
		fmt.Fprintln(t, b.Note)
	}
	if g := b.GC; g != nil && g.Cycles > 0 {
		fmt.Fprintf(t, "GC: %.0f cycles, %.0f pauses, %.1f%% of CPU", g.Cycles, g.Pauses, 100*g.CPUShare)
		if b.NsPerOp > 0 { // of a benchmark; a test or a program has no operations
			fmt.Fprintf(t, " in %d ops", b.N)
		}
		fmt.Fprintln(t)
	}
}

// A row is what stands beside the figures of a table.
type row struct {
	place  string             // where to look, "" nowhere
	what   func(n int) string // with n columns for a type or an expression
	behind string             // where that lies
}

// words are what does not become shorter.
func words(s string) func(int) string { return func(int) string { return s } }

// row is where to look: the user's own line, and what it brings about where that
// lies elsewhere.
func (t *writer) row(c *alloc.Cost, s *alloc.Site) row {
	if s == nil {
		return row{what: words("at a place that is not in today's source"), behind: "in " + c.Gone}
	}
	r := row{what: func(n int) string {
		return subject(s, n) + ": " + whyOf(s)
	}}
	if len(c.Via) > 0 {
		f := c.Via[len(c.Via)-1]
		r.behind = "in " + f.Func + " " + shortPos(f)
		if n := len(c.Via) - 2; n > 0 {
			r.behind += fmt.Sprintf(" (%d calls down)", n+1)
		}
	} else if c.Caller == "" {
		r.behind = "in " + s.Package + "." + s.Func + ", no line of yours on the stack"
	}
	switch {
	case len(c.Via) > 0 && c.Via[0].Line == 0:
		r.place = c.Via[0].Func // at a line that is not in today's source
	case len(c.Via) > 0:
		r.place = t.o.Path(c.Via[0].File) + fmt.Sprintf(":%d", c.Via[0].Line)
	case s.File != "":
		r.place = t.pos(s.Pos)
	default:
		r.place = c.Caller
	}
	return r
}

// writeRow writes figures and what stands beside them: on one line where that
// fits, else what lies behind on one of its own, and what no longer fits beside
// its place, too.
func (t *writer) writeRow(figures string, r row) {
	const most, least = 40, 20
	place := r.place
	if place != "" {
		place += ": "
	}
	what, behind := r.what(most), r.behind
	if behind != "" {
		behind = ", " + behind
	}
	room := t.o.Width - columnsOf(figures) - 2
	if t.o.Width == 0 || columnsOf(place+what+behind) <= room {
		fmt.Fprintf(t, "%s  %s%s%s\n", figures, place, what, behind)
		return
	}
	what = shrink(room-columnsOf(place), least, most, r.what)
	if columnsOf(place+what) <= room {
		fmt.Fprintf(t, "%s  %s%s\n", figures, place, what)
	} else {
		fmt.Fprintf(t, "%s  %s\n", figures, strings.TrimSuffix(place, " "))
		t.under(columnsOf(figures)+4, shrink(room-2, least, most, r.what))
	}
	if r.behind != "" {
		t.under(columnsOf(figures)+4, r.behind)
	}
}

// under writes a line that goes on from the one before: at a column, or as far to
// the left of it as takes to show all.
func (t *writer) under(column int, s string) {
	s = elide(s, max(t.o.Width-4, 20))
	indent := min(column, max(4, t.o.Width-columnsOf(s)))
	fmt.Fprintf(t, "%s%s\n", strings.Repeat(" ", indent), s)
}

// unexplained says what the last row of a table holds.
func unexplained(b *alloc.Benchmark, costs []*alloc.Cost, sites map[string]*alloc.Site) row {
	var noCause, noLine, gone float64
	for _, c := range costs {
		switch s := sites[c.Site]; {
		case s == nil:
			gone += c.AllocsPerOp
		case s.Cause == "":
			noCause += c.AllocsPerOp
		case c.Caller == "":
			noLine += c.AllocsPerOp
		}
	}
	var parts []string
	for _, p := range []struct {
		n    float64
		what string
	}{
		{b.AllocsPerOp - b.RecordedAllocsPerOp, "not recorded"},
		{gone, "not in today's source"},
		{noCause, "without a cause"},
		{noLine, "without a line of yours"},
	} {
		if p.n >= crumb {
			parts = append(parts, unitsOf(b).objects(p.n)+" "+p.what)
		}
	}
	if len(parts) == 0 {
		return row{what: words("unexplained")}
	}
	return row{what: words("unexplained: " + strings.Join(parts, ", "))}
}

// subject says what a site allocates; the kind is left out where it is the
// beginning of what follows, as of map[string]int and string(b).
func subject(s *alloc.Site, width int) string {
	kind := string(s.Kind)
	switch {
	case s.Kind == alloc.Closure:
		return kind
	case s.Type != "" && strings.HasPrefix(s.Type, kind):
		return elide(s.Type, width)
	case s.Type != "":
		return kind + " of " + elide(s.Type, width)
	case strings.HasPrefix(s.Expr, kind+"("):
		return elide(s.Expr, width)
	case s.Expr != "":
		return kind + " " + elide(s.Expr, width)
	}
	return kind
}

// shortPos is the place of a frame outside of the user's packages, without the
// directory of its package.
func shortPos(f alloc.Frame) string {
	return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
}

// perOp is a figure per operation; what a run does once is nearly none of it.
func perOp(n float64) string {
	switch {
	case math.Abs(n) < 1e-12:
		return "0"
	case math.Abs(n) < crumb:
		return "~0"
	case n < 100:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", n), "0"), ".")
	}
	return fmt.Sprintf("%.0f", n)
}
