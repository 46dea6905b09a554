package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

const (
	green  = "32"
	cyan   = "36"
	yellow = "33"
)

// fixes writes each fix with its proof and its diff, then what all of them do
// together and how many were refused.
func (t *writer) fixes(r *alloc.Report) {
	counts, taken := make(map[alloc.FixStatus]int), make(map[alloc.FixStatus]int)
	for _, f := range r.Fixes {
		if counts[f.Status]++; f.Reason == "" { // nothing was in its way
			taken[f.Status]++
		}
		if f.Status == alloc.Refused && !t.o.Refused {
			continue
		}
		t.fix(f)
	}
	left := unfixed(r)
	if t.o.Refused {
		t.unfixed(left)
	}
	if len(r.Effects) > 0 {
		t.effects(r.Effects)
	}
	t.fixSummary(counts, taken, len(left))
}

// unfixed are the sites that no fixer had anything to say of.
func unfixed(r *alloc.Report) (left []*alloc.Site) {
	spoken := make(map[string]bool)
	for _, f := range r.Fixes {
		spoken[f.Site] = true
		for _, id := range f.Sites {
			spoken[id] = true
		}
	}
	for _, s := range r.Sites {
		if !spoken[s.ID] {
			left = append(left, s)
		}
	}
	return left
}

// mostUnfixed is how many sites of a cause are listed that no fixer looks for; find
// lists all.
const mostUnfixed = 20

// unfixed lists sites that no fixer looks for, by cause, each with what may remove
// it.
func (t *writer) unfixed(sites []*alloc.Site) {
	for _, cause := range slices.Concat(alloc.Causes, []alloc.Cause{""}) {
		listed := 0
		for _, s := range sites {
			if s.Cause != cause {
				continue
			}
			if listed++; listed > mostUnfixed {
				continue
			}
			if listed == 1 {
				fmt.Fprintf(t, "no fixer for: %s\n", t.color(bold, cmp.Or(string(cause), "cause not known")))
				t.advice("  what removes it: ", t.o.Remedy, cause)
			}
			place, in := t.place(s)
			room := 0
			if t.o.Width > 0 {
				room = max(20, t.o.Width-columnsOf(place)-4)
			}
			fmt.Fprintf(t, "  %s: %s\n", place, line(s, in, room))
		}
		if listed > mostUnfixed {
			fmt.Fprintf(t, "  and %s, which stackward find lists\n", count(listed-mostUnfixed))
		}
		if listed > 0 {
			fmt.Fprintln(t)
		}
	}
}

// fix writes one fix.
func (t *writer) fix(f *alloc.Fix) {
	color := map[alloc.FixStatus]string{alloc.Proved: green, alloc.Refused: red}[f.Status]
	if color == "" {
		color = yellow
	}
	what := f.Message
	if what == "" {
		what = f.Fixer
	} else {
		what += " [" + f.Fixer + "]"
	}
	fmt.Fprintf(t, "%s: %s: %s\n", t.color(bold, t.pos(f.Pos)), t.color(color, string(f.Status)), what)
	if f.Reason != "" {
		fmt.Fprint(t, "  ")
		t.fold(f.Reason)
	}
	if f.Proof != nil && f.Status != alloc.Refused {
		for step, found := range f.Proof.Steps() {
			fmt.Fprintf(t, "  %-10s  %s\n", step, found)
		}
	}
	if f.Diff != "" {
		t.diff(f.Diff)
		fmt.Fprintln(t)
	}
}

// diff writes a unified diff, coloured as git does.
func (t *writer) diff(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			line = t.color(bold, line)
		case strings.HasPrefix(line, "@@"):
			line = t.color(cyan, line)
		case strings.HasPrefix(line, "-"):
			line = t.color(red, line)
		case strings.HasPrefix(line, "+"):
			line = t.color(green, line)
		}
		fmt.Fprintln(t, line)
	}
}

// effects writes a table of what benchmarks say.
func (t *writer) effects(list []*alloc.Effect) {
	rows := [][]string{{"", "before", "after", "change", "", ""}}
	last := ""
	for _, e := range list {
		if e.Benchmark != last {
			rows = append(rows, []string{e.Benchmark, "", "", "", "", ""})
			last = e.Benchmark
		}
		change := "~"
		if differs(e) {
			change = "new"
			if e.Before != 0 {
				change = fmt.Sprintf("%+.1f%%", 100*(e.After/e.Before-1))
			}
		}
		spread := ""
		if e.Spread != nil {
			spread = fmt.Sprintf("± %.0f%%", 100**e.Spread)
		}
		rows = append(rows, []string{
			"  " + e.Unit, fmt.Sprintf("%.4g", e.Before), fmt.Sprintf("%.4g", e.After), change,
			spread, fmt.Sprintf("p=%.3f", e.P),
		})
	}
	t.columns(rows)
	fmt.Fprintln(t)
}

// differs reports whether a benchmark shows a difference: counts have no chance in
// them.
func differs(e *alloc.Effect) bool { return e.Before != e.After && (e.P < 0.05 || e.Unit != "ns/op") }

// columns writes rows with the first column to the left and the others to the
// right.
func (t *writer) columns(rows [][]string) {
	var width []int
	for _, row := range rows {
		for i, s := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			if i > 0 || len(row) > 1 && row[1] != "" {
				width[i] = max(width[i], columnsOf(s))
			}
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, s := range row {
			pad := strings.Repeat(" ", max(0, width[i]-columnsOf(s)))
			if i == 0 {
				b.WriteString(s + pad)
			} else {
				b.WriteString("  " + pad + s)
			}
		}
		fmt.Fprintln(t, strings.TrimRight(b.String(), " "))
	}
}

func (t *writer) fixSummary(counts, taken map[alloc.FixStatus]int, left int) {
	said := count(counts[alloc.Proved]) + " fixes"
	if counts[alloc.Proved] == 1 {
		said = "1 fix"
	}
	said += " proved"
	for _, s := range []struct {
		status alloc.FixStatus
		flag   string
	}{{alloc.Unexercised, "-unexercised"}, {alloc.Unmeasured, "-bench, -run or -unmeasured"}} {
		if n := taken[s.status]; n > 0 {
			said += fmt.Sprintf(", %s %s and taken", count(n), s.status)
		}
		if n := counts[s.status] - taken[s.status]; n > 0 {
			said += fmt.Sprintf(", %s %s (%s)", count(n), s.status, s.flag)
		}
	}
	refused := counts[alloc.Refused]
	if refused > 0 {
		said += fmt.Sprintf(", %s refused", count(refused))
		if !t.o.Refused {
			said += " (-explain-refused)"
		}
	}
	t.fold(said)
	if left > 0 {
		t.fold(fmt.Sprintf("%s that no fixer looks for", plural(left, "site")))
	}
}
