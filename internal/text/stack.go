package text

import (
	"cmp"
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
	t.asides(rows)
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
		t.stackRow(cell, list[i-1], nil)
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
	t.chainTable(list, func(s *alloc.Stack) (*alloc.StackChain, string) { return &s.StackChain, "" }, func(s *alloc.Stack) {
		if t.o.Every {
			t.frame(s, 0)
		}
	})
}

// asides writes the chains that are deeper where they leave the ordinary way, and so
// need a larger stack.
func (t *writer) asides(list []*alloc.Stack) {
	list = slices.DeleteFunc(slices.Clone(list), func(s *alloc.Stack) bool {
		return s.Aside == nil || s.Aside.Size <= s.Size && !t.o.Every
	})
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b *alloc.Stack) int {
		return cmp.Or(cmp.Compare(b.Aside.Size, a.Aside.Size), cmp.Compare(b.Aside.Bytes, a.Aside.Bytes))
	})
	t.fold(t.color(bold, "deeper off the ordinary way") + ": to a panic, for an error, to format text")
	t.chainTable(list, func(s *alloc.Stack) (*alloc.StackChain, string) { return &s.Aside.StackChain, t.leaves(s.Aside) }, func(*alloc.Stack) {})
}

// aside is a reason in words.
func aside(why alloc.StackAside) string {
	switch why {
	case alloc.AsidePanic:
		return "to a panic"
	case alloc.AsideError:
		return "for an error"
	case alloc.AsideFormat:
		return "to format text"
	}
	return string(why)
}

// leaves says where a chain leaves the ordinary way.
func (t *writer) leaves(a *alloc.AsideChain) string {
	place := ""
	if a.Leave.File != "" {
		place = " at " + t.pos(alloc.Pos{File: a.Leave.File, Line: a.Leave.Line})
	}
	return aside(a.Why) + place + ", into " + shortFunc(a.Leave.Func)
}

// chainTable writes a chain of each function, what there is to say of it first, and
// below it what more writes.
func (t *writer) chainTable(list []*alloc.Stack, chain func(*alloc.Stack) (*alloc.StackChain, string), more func(*alloc.Stack)) {
	shown := t.rows(len(list))
	var cells []string
	for _, s := range list[:shown] {
		c, _ := chain(s)
		cells = append(cells, fmt.Sprintf("%s\t%d\t%s\t%s\t", stackSize(c.Size), c.Copies, count(int(c.Bytes)), count(int(s.Frame))))
	}
	for i, cell := range t.lineUp("stack\tcopies\tchain\tframe\t", cells) {
		if i == 0 {
			fmt.Fprintln(t, strings.TrimRight(cell, " "))
			continue
		}
		s := list[i-1]
		c, note := chain(s)
		notes := chainNotes(c)
		if note != "" {
			notes = append([]string{note}, notes...)
		}
		t.stackRow(cell, s, notes)
		more(s)
		t.chain(c, alloc.Frame{Func: s.Func}.Runtime())
	}
	t.left(len(list) - shown)
	fmt.Fprintln(t)
}

func chainNotes(s *alloc.StackChain) []string {
	var notes []string
	if l := s.Largest; l != nil && l.Frame >= smallFrame {
		notes = append(notes, fmt.Sprintf("through %s (%s)", shortFunc(l.Func), count(int(l.Frame))))
	}
	return append(notes, limitNotes(s.Recursive, s.RecursiveOff, s.Dynamic, s.DynamicOff)...)
}

// limitNotes say why a chain may be longer than it is told to be: functions on it
// recur, or off it where the same function leads, or call through so many pointers.
func limitNotes(recursive, off []string, dynamic int, dynamicOff bool) []string {
	var notes []string
	if len(recursive) > 0 {
		notes = append(notes, "no bound: "+recur(recursive))
	}
	switch {
	case len(off) > 0 && len(recursive) > 0:
		notes = append(notes, recur(off)+" off this chain")
	case len(off) > 0:
		notes = append(notes, "no bound: "+recur(off)+" off this chain")
	}
	switch {
	case dynamic > 0:
		notes = append(notes, plural(dynamic, "call")+" through pointers not followed")
	case dynamicOff:
		notes = append(notes, "calls through pointers off this chain not followed")
	}
	return notes
}

// recur says that functions do: one or two by name, of more the first.
func recur(names []string) string {
	switch len(names) {
	case 1:
		return shortFunc(names[0]) + " recurs"
	case 2:
		return shortFunc(names[0]) + " and " + shortFunc(names[1]) + " recur"
	}
	return fmt.Sprintf("%s and %d more recur", shortFunc(names[0]), len(names)-1)
}

// stackRow writes a function behind its figures, and what there is to say of it
// behind it, or below where the line is full.
func (t *writer) stackRow(cell string, s *alloc.Stack, notes []string) {
	tags := ""
	if s.CompilerMade {
		tags += " [by the compiler]"
	}
	if s.Entry != "" {
		tags += " [" + string(s.Entry) + "]"
	}
	name := shortFunc(s.Func)
	if s.Instance != "" {
		name = strings.Replace(name, "[...]", "["+s.Instance+"]", 1)
	}
	column := columnsOf(cell) + 2
	place := ""
	if s.File != "" {
		place = t.pos(s.Pos) + ": "
	}
	room := t.o.Width - column
	fits := func(what string) bool { return t.o.Width <= 0 || columnsOf(what) <= room }
	below := false // the name is
	if !fits(place + name + tags) {
		if left := room - columnsOf(place+tags); left >= 16 {
			name = elide(name, left)
		} else {
			below = true
		}
	}
	name += tags
	fmt.Fprint(t, cell, "  ")
	if place != "" {
		fmt.Fprint(t, t.color(bold, strings.TrimSuffix(place, ": ")), ":")
	}
	if below {
		fmt.Fprintln(t)
		t.under(column+2, name)
	} else {
		if place != "" {
			fmt.Fprint(t, " ")
		}
		fmt.Fprint(t, name)
		if joined := "  (" + strings.Join(notes, "; ") + ")"; len(notes) > 0 && fits(place+name+joined) {
			fmt.Fprint(t, joined)
			notes = nil
		}
		fmt.Fprintln(t)
	}
	for _, note := range notes {
		t.under(column+2, note)
	}
}

var (
	// version is the last element of a path that tells a version, up to the function:
	// "v4.", "v1.0.0.".
	version = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)*\.`)
	// versioned is one that ends in a version: "yaml.v3.".
	versioned = regexp.MustCompile(`^([^.]+)\.v[0-9]+\.`)
)

// shortFunc is a function's name with the last element of its import path only, without
// a version, as most packages are named: "badger.Open" of "x/badger/v4.Open",
// "yaml.Unmarshal" of "gopkg.in/yaml.v3.Unmarshal".
func shortFunc(name string) string {
	end := len(name)
	if i := strings.IndexAny(name, "[("); i >= 0 {
		end = i
	}
	i := strings.LastIndexByte(name[:end], '/')
	last := name[i+1:]
	if v := version.FindString(last); i > 0 && v != "" {
		return name[strings.LastIndexByte(name[:i], '/')+1:i] + "." + last[len(v):]
	}
	if i > 0 {
		return versioned.ReplaceAllString(last, "$1.")
	}
	return last
}

// chain writes one: what is in use when each function is entered, and its
// frame.
func (t *writer) chain(s *alloc.StackChain, ofRuntime bool) {
	if len(s.Chain) == 0 {
		return
	}
	// What is below the runtime's first function is its own affair.
	steps := s.Chain
	if i := slices.IndexFunc(steps, func(x alloc.StackStep) bool { return alloc.Frame{Func: x.Func}.Runtime() }); i >= 0 && !ofRuntime {
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

// recurNames are how many functions that recur the summary names.
const recurNames = 3

func (t *writer) stackSummary(r *alloc.Report) {
	if len(r.FuncStacks) == 0 && t.o.Every {
		t.fold(fmt.Sprintf("none of %s in %s is named so", plural(r.Summary.Functions, "function"), plural(r.Summary.Packages, "package")))
		return
	}
	var names []string // of functions that recur
	recursive, dynamic, copied := 0, 0, 0
	for _, s := range r.FuncStacks {
		if len(s.Recursive)+len(s.RecursiveOff) > 0 {
			recursive++
		}
		for _, name := range slices.Concat(s.Recursive, s.RecursiveOff) {
			if name = shortFunc(name); !slices.Contains(names, name) && len(names) <= recurNames {
				names = append(names, name)
			}
		}
		if s.Dynamic > 0 {
			dynamic++
		}
		if s.Copies > 0 {
			copied++
		}
	}
	unbound := count(recursive) + " without a bound"
	switch {
	case len(names) > recurNames:
		unbound += " (" + strings.Join(names[:recurNames], ", ") + " and others recur)"
	case len(names) > 1:
		unbound += " (" + strings.Join(names, ", ") + " recur)"
	case len(names) == 1:
		unbound += " (" + names[0] + " recurs)"
	}
	t.fold(fmt.Sprintf("%s in %s: %s need more than a new stack, %s, on the chains of %s are calls through pointers",
		plural(r.Summary.Found, "function"), plural(r.Summary.Packages, "package"), count(copied), unbound, count(dynamic)))
	t.fold("a chain is at least what it says: calls through pointers are not followed, a circle is gone round once, and in the runtime what is done now and then is left out; calls to a panic, for an error and to format text are told apart")
}
