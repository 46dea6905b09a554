// Package text writes a report for people, and for editors that jump to
// FILE:LINE:COL.
//
//	find     one line a site: file:line:col: kind of type (bytes): cause;
//	         of stacks two tables: the largest frames, the deepest chains from entries
//	explain  the site, its flow with source lines and carets, the cut
//	diff     what appeared, changed and vanished, each with its reason
//	check    one line a finding, its chain and flow below it; nothing if there is none
//	cost     of each benchmark a table of its sites, and what is left over
//	heap     sums, a plot over time, and tables of classes, types, collections, stacks
//
// Where a terminal is narrow, long types and names are cut in the middle, never
// the place in front; the cause stays, and what stands behind it goes first, or
// on a line of its own. Colour is used only where the caller says so.
package text

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/perf/benchunit"

	"github.com/stackward-go/stackward/alloc"
)

// Options say for whom the text is.
type Options struct {
	Width int // columns of the terminal, 0 unbounded
	Top   int // rows of a benchmark's table at most, 0 all
	// Compare shows benchmarks side by side instead of their sites.
	Compare bool
	// Refused shows the fixes that were refused, too.
	Refused bool
	// Every shows the chains of all functions, not of entries only.
	Every bool
	Color bool // whether it shows colours
	// Path turns a report's file into the one to print: relative to the
	// user's directory. Nil prints it as it is.
	Path func(file string) string
	// Remedy says in a sentence what removes a cause, and Alone where to leave
	// it alone. Nil says nothing.
	Remedy, Alone func(alloc.Cause) string
	// Line is the text of a source line, "" unknown. Nil shows no source.
	Line func(file string, line int) string
}

// A writer writes one report.
type writer struct {
	*bufio.Writer
	o Options
}

// Write writes a report by its command.
func Write(w io.Writer, r *alloc.Report, o Options) error {
	if o.Path == nil {
		o.Path = func(f string) string { return f }
	}
	t := &writer{bufio.NewWriter(w), o}
	switch r.Header.Command {
	case "explain":
		t.explain(r)
	case "cost":
		if o.Compare {
			t.compare(r)
		} else {
			t.cost(r)
		}
	case "fix":
		t.fixes(r)
	case "check":
		t.check(r)
	case "diff":
		t.changes(r)
	case "heap":
		if r.WhatIfs != nil {
			t.whatIfs(r)
		} else {
			t.heap(r)
		}
	default:
		if r.Header.Stack != nil {
			t.stacks(r)
		} else {
			t.find(r)
		}
	}
	return t.Flush()
}

func (t *writer) color(code, s string) string {
	if !t.o.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

const (
	bold = "1"
	dim  = "2"
	red  = "31"
)

// find writes a line a site and a summary.
func (t *writer) find(r *alloc.Report) {
	for _, s := range r.Sites {
		place, in := t.place(s)
		room := 0
		if t.o.Width > 0 {
			room = max(20, t.o.Width-columnsOf(place)-2)
		}
		fmt.Fprintf(t, "%s: %s\n", t.color(bold, place), line(s, in, room))
	}
	t.summary(r)
}

// line says in at most room columns, 0 unbounded, what a site allocates and why,
// and in which function, if in is not "". What it says is shortened before the
// cause is: the type, then what stands behind the cause.
func line(s *alloc.Site, in string, room int) string {
	tail := ""
	if in != "" {
		tail = ", in " + in
	}
	if n := len(s.Inlined); n > 1 {
		tail += fmt.Sprintf(" (inlined at %d places)", n)
	}
	notes := notes(s)
	if notes != "" {
		notes = " [" + notes + "]"
	}
	if room <= 0 {
		return describe(s, named) + tail + notes
	}
	what := describeIn(s, room-columnsOf(tail+notes), 24)
	if left := room - columnsOf(what+notes); columnsOf(tail) > left {
		tail = elide(tail, max(left, 1))
	}
	if what = describeIn(s, room-columnsOf(tail+notes), 12); columnsOf(what+tail+notes) <= room {
		return what + tail + notes
	}
	because := ": " + whyOf(s)
	what = shrink(room-columnsOf(because), 4, named, func(n int) string { return subject(s, n) })
	if columnsOf(what+because) > room {
		what = string(s.Kind)
	}
	return elide(what+because, room)
}

// whyOf is a site's cause in words.
func whyOf(s *alloc.Site) string { return cmp.Or(string(s.Cause), "cause not known") }

// notes say what a site is ranked by.
func notes(s *alloc.Site) string {
	var list []string
	if s.Heat >= 0.0005 {
		list = append(list, fmt.Sprintf("%.1f%% of CPU", 100*s.Heat))
	}
	if d := s.LoopDepth + s.CallDepth; d > 0 {
		list = append(list, fmt.Sprintf("loop %d", d))
	}
	if s.ErrorPath {
		list = append(list, "error path")
	}
	return strings.Join(list, ", ")
}

// place is where to jump to: the expression or, where that is not the user's
// own, the first of their lines that it was inlined into; in is then the
// function that holds it.
func (t *writer) place(s *alloc.Site) (place, in string) {
	pos := s.Pos
	if filepath.IsAbs(filepath.FromSlash(s.File)) {
		for _, i := range s.Inlined {
			if !filepath.IsAbs(filepath.FromSlash(i.File)) && i.Allocates != alloc.Never {
				pos, in = i.Pos, s.Package+"."+s.Func
				break
			}
		}
	}
	return t.pos(pos), in
}

func (t *writer) pos(p alloc.Pos) string {
	s := t.o.Path(p.File)
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Col > 0 {
		s += fmt.Sprintf(":%d", p.Col)
	}
	return s
}

// named is how many columns of a type or an expression are shown at most.
const named = 48

// describe says what a site allocates and why, "composite of m.T (16 B): returned",
// with n columns for the type or the expression.
func describe(s *alloc.Site, n int) string {
	var b strings.Builder
	b.WriteString(string(s.Kind))
	switch {
	case s.Type != "" && s.Kind != alloc.Closure:
		b.WriteString(" of " + elide(s.Type, n))
	case s.Expr != "" && s.Expr != "func literal":
		b.WriteString(" " + elide(s.Expr, n))
	}
	if s.Bytes != nil {
		fmt.Fprintf(&b, " (%s)", Bytes(float64(*s.Bytes)))
	}
	b.WriteString(": " + whyOf(s))
	switch s.Allocates {
	case alloc.Never:
		b.WriteString(", but allocates nothing")
	case alloc.Sometimes:
		b.WriteString(", sometimes")
	}
	return b.String()
}

// describeIn is describe in room columns, where that takes no type or
// expression below least columns.
func describeIn(s *alloc.Site, room, least int) string {
	return shrink(room, least, named, func(n int) string { return describe(s, n) })
}

// shrink is what of gives for the largest n, from most down to least, that takes
// no more than room columns; that for least, if none does.
func shrink(room, least, most int, of func(n int) string) string {
	for n := most; n > least; n-- {
		if what := of(n); columnsOf(what) <= room {
			return what
		}
	}
	return of(least)
}

// Bytes is a number of bytes with its unit.
func Bytes(n float64) string {
	if n < 0 {
		return "-" + Bytes(-n)
	}
	if n < 1024 {
		return fmt.Sprintf("%.4g B", n)
	}
	return benchunit.Scale(n, benchunit.Binary) + "B"
}

// elide shortens s to n columns by cutting its middle; 0 is unbounded.
func elide(s string, n int) string {
	if n <= 0 || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

func (t *writer) summary(r *alloc.Report) {
	s := &r.Summary
	t.left(s.Found - s.Shown)
	found := fmt.Sprintf("%s in %s", plural(s.Found, "site"), plural(s.Packages, "package"))
	type causeCount struct {
		cause alloc.Cause
		n     int
	}
	var list []causeCount
	for c, n := range s.ByCause {
		list = append(list, causeCount{c, n})
	}
	slices.SortFunc(list, func(a, b causeCount) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.cause, b.cause))
	})
	for i, c := range list {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		found += fmt.Sprintf("%s%s %s", sep, cmp.Or(string(c.cause), "cause not known"), count(c.n))
	}
	fmt.Fprintln(t)
	t.fold(found)
	var left []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{s.Never, "that the machine code shows not to allocate (-never)"},
		{s.Generated, "in generated files (-generated)"},
		{s.Tests, "in tests (-tests)"},
	} {
		if x.n > 0 {
			left = append(left, count(x.n)+" "+x.what)
		}
	}
	if len(left) > 0 {
		t.fold("left out: " + strings.Join(left, ", "))
	}
	if n := s.NotInstantiated; n > 0 {
		t.fold(fmt.Sprintf("not known: what %s allocate, which nothing here instantiates (-tests adds what tests do)", plural(n, "generic function")))
	}
	if r.Header.Order == "static" && s.Shown > 1 {
		by := "loop depth, call depth and size, error paths last"
		if r.Header.PGO != "" {
			by = "CPU time of functions in " + r.Header.PGO + ", then " + by
		}
		t.fold("ranked by " + by + ": a static order; stackward cost measures one")
	}
}

// fold writes a sentence, broken between words where the terminal ends.
func (t *writer) fold(s string) { t.foldAt(s, 0) }

// foldAt is fold where that many columns of the line are used.
func (t *writer) foldAt(s string, used int) { t.wrap(s, used, 2) }

// hang is fold beside a label of that many columns, below which nothing stands.
func (t *writer) hang(s string, label int) { t.wrap(s, label, label) }

// wrap is fold where that many columns of the line are used, and that many are left free
// on those that follow.
func (t *writer) wrap(s string, used, indent int) {
	for i, word := range strings.Fields(s) {
		n := columnsOf(word)
		switch {
		case i == 0:
		case t.o.Width > 0 && used+1+n >= t.o.Width:
			fmt.Fprint(t, "\n"+strings.Repeat(" ", indent))
			used = indent
		default:
			fmt.Fprint(t, " ")
			used++
		}
		fmt.Fprint(t, word)
		used += n
	}
	fmt.Fprintln(t)
}

func count(n int) string {
	if n < 0 {
		return "-" + count(-n)
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}
