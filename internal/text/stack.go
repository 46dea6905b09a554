package text

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/stackward-go/stackward/alloc"
)

// stacks writes the largest frames and the deepest chains, each a table.
func (t *writer) stacks(r *alloc.Report) {
	rows := r.FuncStacks
	if !t.o.Every {
		t.frames(rows)
		rows = slices.DeleteFunc(slices.Clone(rows), func(s *alloc.Stack) bool { return s.Entry == "" })
	}
	t.chains(rows, r.Header.Stack)
	t.stackSummary(r)
}

// smallFrame is what no function is listed for among the largest: a few words.
const smallFrame = 256

// frames writes the functions whose own frames are the largest.
func (t *writer) frames(stacks []*alloc.Stack) {
	list := slices.SortedFunc(slices.Values(stacks), alloc.ByFrame)
	list = slices.DeleteFunc(list, func(s *alloc.Stack) bool { return s.Frame < smallFrame })
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(t, t.color(bold, "largest frames"))
	shown := t.rows(len(list))
	var cells []string
	for _, s := range list[:shown] {
		cells = append(cells, count(int(s.Frame))+"\t"+checked(s)+"\t")
	}
	for i, cell := range t.lineUp("frame\t\t", cells) {
		if i == 0 {
			fmt.Fprintln(t, strings.TrimRight(cell, " "))
			continue
		}
		t.stackRow(cell, list[i-1], "")
		t.frame(list[i-1], strings.IndexAny(cell, "0123456789"))
	}
	t.left(len(list) - shown)
	fmt.Fprintln(t)
}

// checked marks a function that takes its frame without asking for room.
func checked(s *alloc.Stack) string {
	if s.Check {
		return ""
	}
	return "no check"
}

// chains writes the deepest chains.
func (t *writer) chains(list []*alloc.Stack, rules *alloc.StackRules) {
	if len(list) == 0 {
		return
	}
	title := "deepest chains from where goroutines begin and others call"
	if t.o.Every {
		title = "deepest chains"
	}
	t.fold(t.color(bold, title) + fmt.Sprintf(": the stack that one new goroutine, of %s, ends with", stackSize(rules.Min)))
	shown := t.rows(len(list))
	var cells []string
	for _, s := range list[:shown] {
		cells = append(cells, fmt.Sprintf("%s\t%d\t%s\t%s\t", stackSize(s.Size), s.Copies, count(int(s.Bytes)), count(int(s.Frame))))
	}
	for i, cell := range t.lineUp("stack\tcopies\tchain\tframe\t", cells) {
		if i == 0 {
			fmt.Fprintln(t, strings.TrimRight(cell, " "))
			continue
		}
		s := list[i-1]
		t.stackRow(cell, s, chainNotes(s))
		if t.o.Every {
			t.frame(s, 0)
		}
		t.chain(s)
	}
	t.left(len(list) - shown)
	fmt.Fprintln(t)
}

func chainNotes(s *alloc.Stack) string {
	var notes []string
	if l := s.Largest; l != nil && l.Frame >= smallFrame {
		notes = append(notes, fmt.Sprintf("through %s (%s)", shortFunc(l.Func), count(int(l.Frame))))
	}
	switch n := len(s.Recursive); {
	case n == 1:
		notes = append(notes, "no bound: "+shortFunc(s.Recursive[0])+" recurs")
	case n > 1:
		notes = append(notes, fmt.Sprintf("no bound: %s and %d more recur", shortFunc(s.Recursive[0]), n-1))
	}
	if s.Dynamic > 0 {
		notes = append(notes, plural(s.Dynamic, "call")+" through pointers not followed")
	}
	return strings.Join(notes, "; ")
}

// stackRow writes a function behind its figures, and what there is to say of it
// behind it or below.
func (t *writer) stackRow(cell string, s *alloc.Stack, notes string) {
	name := shortFunc(s.Func)
	if s.CompilerMade {
		name += " [made by the compiler]"
	}
	if s.Entry != "" {
		name += " [" + string(s.Entry) + "]"
	}
	column := columnsOf(cell) + 2
	place := ""
	if s.File != "" {
		place = t.pos(s.Pos) + ": "
	}
	room := t.o.Width - column
	what := place + name
	switch {
	case t.o.Width <= 0 || columnsOf(what) <= room:
	case columnsOf(place)+24 <= room:
		what = place + elide(name, room-columnsOf(place))
	default:
		fmt.Fprintf(t, "%s  %s\n", cell, t.color(bold, strings.TrimSuffix(place, " ")))
		t.under(column+2, name)
		if notes != "" {
			t.under(column+2, notes)
		}
		return
	}
	colored := t.color(bold, strings.TrimSuffix(place, ": ")) + ": " + strings.TrimPrefix(what, place)
	if place == "" {
		colored = what
	}
	if notes == "" {
		fmt.Fprintf(t, "%s  %s\n", cell, colored)
		return
	}
	if t.o.Width <= 0 || columnsOf(what)+3+columnsOf(notes) <= room {
		fmt.Fprintf(t, "%s  %s  (%s)\n", cell, colored, notes)
		return
	}
	fmt.Fprintf(t, "%s  %s\n", cell, colored)
	t.under(column+2, notes)
}

// majorVersion is the last element of a path that tells a module's version, up to the
// function: "v4.".
var majorVersion = regexp.MustCompile(`^v[0-9]+\.`)

// shortFunc is a function's name with the last element of its import path only, or the
// one before where that is a version: "badger.Open" of "x/badger/v4.Open".
func shortFunc(name string) string {
	end := len(name)
	if i := strings.IndexAny(name, "[("); i >= 0 {
		end = i
	}
	i := strings.LastIndexByte(name[:end], '/')
	if i > 0 && majorVersion.MatchString(name[i+1:]) {
		_, function, _ := strings.Cut(name[i+1:], ".")
		return name[strings.LastIndexByte(name[:i], '/')+1:i] + "." + function
	}
	return name[i+1:]
}

// chain writes one: what is in use when each function is entered, and its
// frame.
func (t *writer) chain(s *alloc.Stack) {
	if len(s.Chain) == 0 {
		return
	}
	// What is below the runtime's first function is its own affair.
	steps := s.Chain
	if i := slices.IndexFunc(steps, func(x alloc.StackStep) bool { return alloc.Frame{Func: x.Func}.Runtime() }); i >= 0 && !(alloc.Frame{Func: s.Func}).Runtime() {
		steps = steps[:i+1]
	}
	var cells []string
	for _, x := range steps {
		cells = append(cells, fmt.Sprintf("%s\t%s\t", count(int(x.Used)), count(int(x.Frame))))
	}
	for i, cell := range t.lineUp("in use\tframe\t", cells) {
		if i == 0 {
			fmt.Fprintf(t, "      %s\n", strings.TrimRight(cell, " "))
			continue
		}
		x := steps[i-1]
		line := shortFunc(x.Func)
		switch {
		case x.Deferred:
			line += "  deferred"
		case x.Line > 0 && x.File != "":
			line += "  called at " + t.pos(alloc.Pos{File: x.File, Line: x.Line})
		}
		if x.Recursive {
			line += "  recursive"
		}
		if t.o.Width > 0 {
			line = elide(line, max(t.o.Width-columnsOf(cell)-8, 20))
		}
		fmt.Fprintf(t, "      %s  %s\n", cell, line)
	}
	if n := len(s.Chain) - len(steps); n > 0 {
		last := steps[len(steps)-1]
		below := s.Bytes - (last.Used - s.Chain[0].Used) - last.Frame
		fmt.Fprintf(t, "        and %s more below in %s of the runtime\n", count(int(below)), plural(n, "function"))
	}
}

// stackSize is the size of a stack, a power of two.
func stackSize(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return count(int(n>>20)) + " MiB"
	case n%1024 == 0:
		return count(int(n>>10)) + " KiB"
	}
	return count(int(n)) + " B"
}

// lineUp lines up rows under a head: their cells, each with a tab behind it, to the
// right. What has none stands behind them as it is.
func (t *writer) lineUp(head string, rows []string) []string {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, head)
	for _, row := range rows {
		fmt.Fprintln(w, row)
	}
	w.Flush() // a strings.Builder takes all
	return strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n")
}

// left says how many rows were left out, if any.
func (t *writer) left(n int) {
	if n > 0 {
		fmt.Fprintf(t, "… and %s more: -top 0 shows all\n", count(n))
	}
}

func (t *writer) stackSummary(r *alloc.Report) {
	recursive, dynamic, copied := 0, 0, 0
	for _, s := range r.FuncStacks {
		if len(s.Recursive) > 0 {
			recursive++
		}
		if s.Dynamic > 0 {
			dynamic++
		}
		if s.Copies > 0 {
			copied++
		}
	}
	t.fold(fmt.Sprintf("%s in %s: %s need more than a new stack, %s recur, on the chains of %s are calls through pointers",
		plural(r.Summary.Found, "function"), plural(r.Summary.Packages, "package"), count(copied), count(recursive), count(dynamic)))
	t.fold("a chain is at least what it says: calls through pointers are not followed, a circle is gone round once, and in the runtime what is done now and then is left out")
}
