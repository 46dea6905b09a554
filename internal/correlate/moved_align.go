package correlate

import (
	"cmp"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// align finds the lines of an old function in what it is today.
func (m *mover) align(o *old) {
	if o.fn == nil {
		return
	}
	needs := make([]*need, 0, len(o.needs))
	for _, n := range o.needs {
		needs = append(needs, n)
	}
	slices.SortFunc(needs, func(a, b *need) int { return cmp.Compare(a.line, b.line) })
	o.now = o.fn.extent
	if o.literal != "" && !m.pick(o, needs) {
		return
	}
	if o.now.start == 0 {
		// Of the initialisation of variables the lines are all that is known.
		o.now.file = m.file(o.fn.pkg, path.Base(o.file))
	}
	if len(needs) > 0 && needs[0].line == 0 {
		m.withoutLine(o, needs[0])
		needs = needs[1:]
	}
	delta := 0
	if o.start > 0 && o.now.start > 0 {
		delta = o.now.start - o.start
	}
	if m.unmoved(o, needs, delta) {
		for _, n := range needs {
			o.to[n.line] = n.line + delta
		}
		return
	}
	m.match(o, needs, delta)
}

// file is today's file of a package by its base name.
func (m *mover) file(importPath, base string) string {
	for _, f := range m.today.Files(importPath) {
		if path.Base(f.Name) == base {
			return f.Name
		}
	}
	return ""
}

// withoutLine places what a profile tells no line of where only one line of the
// function does it.
func (m *mover) withoutLine(o *old, n *need) {
	only := 0
	for l := o.now.start; l <= o.now.end; l++ {
		if m.good(o.now, n, l) == 0 {
			continue
		}
		if only > 0 {
			return
		}
		only = l
	}
	o.to[0] = only
}

// pick finds the literal that an old one is today: at the same distance from
// the begin of its function, or else the one that does most of what it did.
func (m *mover) pick(o *old, needs []*need) bool {
	best, score := -1, 0.0
	for i, e := range o.fn.literals {
		s := 0.0
		if e.name == o.literal {
			s += 0.5
		}
		if o.offset >= 0 && e.start-o.fn.start == o.offset {
			s += 2
		}
		if o.fn.start == 0 && path.Base(e.file) == path.Base(o.file) {
			s += 3 // of a variable; its number is one of the package's
		}
		for _, n := range needs {
			line := n.line
			if o.start > 0 {
				line += e.start - o.start
			}
			s += 4 * float64(m.good(e, n, line))
		}
		if s > score {
			best, score = i, s
		}
	}
	if best < 0 {
		return false
	}
	o.now = o.fn.literals[best]
	return true
}

// good counts what a line of a function does of what is needed.
func (m *mover) good(e extent, n *need, line int) int {
	good := 0
	if line < e.start || line > e.end {
		return 0
	}
	e.start, e.end = line, line
	for name := range n.callees {
		if m.callsIn(e, name) {
			good++
		}
	}
	for slot := range n.slots {
		if m.allocatesIn(e, slot) {
			good++
		}
	}
	return good
}

// support is what speaks for a line of old being this one. What may be allocated
// anywhere, a string or a slice that grows, does so only close to where the line
// is expected.
type support struct{ sure, maybe float64 }

func (s support) at(off int) float64 {
	return s.sure + s.maybe*max(0, 0.5-0.2*math.Abs(float64(off)))
}

func (m *mover) support(e extent, n *need, line int) support {
	s := support{sure: float64(m.good(e, n, line))}
	e.start, e.end = line, line
	for slot := range n.slots {
		if m.bestFit(e, slot) == 1 {
			s.sure--
			s.maybe++
		}
	}
	return s
}

// callsIn reports whether a function calls one of a name in the source, besides
// in a defer statement, which runs elsewhere.
func (m *mover) callsIn(e extent, name string) bool {
	for line := e.start; line <= e.end; line++ {
		if slices.Contains(m.names[lineKey{e.file, line}], calling{e.name, name}) {
			return true
		}
	}
	return false
}

// allocatesIn reports whether the machine code of a function allocates
// something that fits into a slot.
func (m *mover) allocatesIn(e extent, slot int64) bool { return m.bestFit(e, slot) > 0 }

// bestFit is the best of fitsSlot in a function.
func (m *mover) bestFit(e extent, slot int64) int {
	best := 0
	for line := e.start; line <= e.end; line++ {
		for _, c := range m.calls[lineKey{e.file, line}] {
			best = max(best, fitsSlot(c, slot, m.today.Slot))
		}
	}
	return best
}

// unmoved reports whether nothing speaks against that all lines of a function
// keep their distance: what one did and does not do there, no other line of the
// function does. An allocation may be the runtime's own, of which the machine
// code shows no call: it stays between lines that do, where the line does what
// else it did, and in a function that is as long as it was.
func (m *mover) unmoved(o *old, needs []*need, delta int) bool {
	calls := make([]bool, len(needs))
	allocs := make([]bool, len(needs))
	for i, n := range needs {
		line := n.line + delta
		if line < o.now.start || line > o.now.end {
			return o.now.start == 0
		}
		here := extent{o.now.name, o.now.file, line, line}
		calls[i], allocs[i] = true, true
		for name := range n.callees {
			calls[i] = calls[i] && (m.callsIn(here, name) || !m.callsIn(o.now, name))
		}
		for slot := range n.slots {
			allocs[i] = allocs[i] && (m.allocatesIn(here, slot) || !m.allocatesIn(o.now, slot))
		}
		if !calls[i] {
			return false
		}
	}
	if m.asLong(o, delta) {
		return true
	}
	for i, n := range needs {
		between := i > 0 && i+1 < len(needs) && allocs[i-1] && allocs[i+1]
		if !allocs[i] && !between && m.good(o.now, n, n.line+delta) == 0 {
			return false
		}
	}
	return true
}

// asLong reports whether the next function in the file moved by as many lines:
// then neither this one nor what is between them is shorter or longer.
func (m *mover) asLong(o *old, delta int) bool {
	file := m.inFile[o.file]
	i, _ := slices.BinarySearchFunc(file, o.start+1, func(f Then, line int) int { return cmp.Compare(f.Line, line) })
	if o.start == 0 || i == len(file) {
		return false
	}
	_, name := m.split(file[i].Func)
	next, _ := m.lookup(o.fn.pkg, name)
	return next != nil && next.file == o.now.file && next.start == file[i].Line+delta
}

// match aligns the lines of an edited function: in their order, so that most
// of what they did is done, and as few of them as possible move against their
// neighbours. Lines of which nothing is left are not placed.
func (m *mover) match(o *old, needs []*need, delta int) {
	type place struct {
		score float64
		need  int // before this one, -1 none
		line  int // and its place
	}
	const skip = 4 // lines that may be missing in a row
	apart := func(d int) float64 { return 0.01 * math.Min(math.Abs(float64(d)), 50) }
	lines := o.now.end - o.now.start + 1
	table := make([][]place, len(needs))
	best, at, atLine := 0.0, -1, 0
	for i, n := range needs {
		table[i] = make([]place, lines)
		for l := range lines {
			line := o.now.start + l
			good := m.support(o.now, n, line)
			if good == (support{}) {
				continue
			}
			off := line - n.line - delta
			p := place{good.at(off) - apart(off), -1, 0}
			for k := max(0, i-skip); k < i; k++ {
				for q := range l {
					if table[k][q].score <= 0 {
						continue
					}
					off := (line - n.line) - (o.now.start + q - needs[k].line)
					if s := table[k][q].score + good.at(off) - apart(off); good.at(off) > 0 && s > p.score {
						p = place{s, k, q}
					}
				}
			}
			if p.score <= 0 {
				continue
			}
			table[i][l] = p
			if p.score > best {
				best, at, atLine = p.score, i, l
			}
		}
	}
	for at >= 0 {
		o.to[needs[at].line] = o.now.start + atLine
		p := table[at][atLine]
		at, atLine = p.need, p.line
	}
	m.between(o, needs)
}

// between places lines that nothing speaks for where they are expected by a
// neighbour: a call of a function value, an object that is of another size now.
func (m *mover) between(o *old, needs []*need) {
	placed := func(i int) (delta int, ok bool) {
		if i < 0 || i >= len(needs) || o.to[needs[i].line] == 0 {
			return 0, false
		}
		return o.to[needs[i].line] - needs[i].line, true
	}
	for i, n := range needs {
		if o.to[n.line] != 0 || len(n.callees) > 0 {
			continue
		}
		before, ok1 := placed(i - 1)
		after, ok2 := placed(i + 1)
		var line int
		switch {
		case len(n.slots) == 0 && ok1 && ok2 && before == after:
			line = n.line + before
		case len(n.slots) == 0:
			continue
		case ok1 && len(m.calls[lineKey{o.now.file, n.line + before}]) > 0:
			line = n.line + before
		case ok2 && len(m.calls[lineKey{o.now.file, n.line + after}]) > 0:
			line = n.line + after
		default:
			continue
		}
		if line >= o.now.start && line <= o.now.end {
			o.to[n.line] = line
		}
	}
}

// fitsSlot says how well an allocating call explains an object of a slot's
// size: 0 not at all, 1 it may, 2 it allocates just that. Without a size
// anything may.
func fitsSlot(c *alloc.Call, slot int64, slotOf func(int64, bool) int64) int {
	if slot <= 0 || slotOf == nil {
		return 1
	}
	size, noscan := int64(-1), c.Noscan
	switch {
	case c.Bytes >= 0 && ofConstantSize(c.Entry):
		size = c.Bytes
	case c.Entry == "runtime.convT16", c.Entry == "runtime.convT32", c.Entry == "runtime.convT64":
		size, noscan = 8, true
	case c.Entry == "runtime.convTstring":
		size, noscan = 16, false
	case c.Entry == "runtime.convTslice":
		size, noscan = 24, false
	case strings.HasPrefix(c.Entry, "runtime.growslice"), strings.HasPrefix(c.Entry, "runtime.makeslice"):
		if c.Bytes > slot {
			return 0
		}
		return 1
	default:
		return 1
	}
	if slotOf(size, noscan) == slot {
		return 2
	}
	return 0
}
