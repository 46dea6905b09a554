package compare

import (
	"cmp"
	"path"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// most is the largest table that is filled to align two lists.
const most = 1 << 20

// A groupKey names a declared function or, where a site is in none, a file.
type groupKey struct{ pkg, name string }

// A group is a declared function in both builds. A package may have several
// functions of a name: init, and one for each target.
type group struct {
	lines [2][]line
	at    [2]map[fileLine]int // where in lines
	to    [2][]int            // of each line, the same one in the other build, -1 none
	gaps  [2][]int            // of each line, how many in front of it are the same
}

type fileLine struct {
	file string
	line int
}

type line struct {
	fileLine
	text   string // trimmed
	indent int
}

type extent struct {
	file       *expr.File
	start, end int
}

// groupOf is the group that a site belongs to.
func (m *Matcher) groupOf(side int, s *alloc.Site) groupKey {
	name, ok := m.funcAt(side, s.Package, s.Pos)
	if !ok {
		name = path.Base(s.File)
	}
	return groupKey{s.Package, name}
}

// funcAt is the declared function around a place.
func (m *Matcher) funcAt(side int, pkg string, pos alloc.Pos) (name string, ok bool) {
	for _, f := range m.files(side, pkg) {
		if f.Name == pos.File {
			name, _, _, ok = f.FuncAt(pos.Line)
			return name, ok
		}
	}
	return "", false
}

func (m *Matcher) files(side int, pkg string) []*expr.File {
	return [2]*Side{m.before, m.after}[side].Files(pkg)
}

// extents are the places of a declared function, or the file of a name.
func (m *Matcher) extents(side int, k groupKey) []extent {
	byName := m.functions[side][k.pkg]
	if byName == nil {
		byName = make(map[string][]extent)
		m.functions[side][k.pkg] = byName
		for _, f := range m.files(side, k.pkg) {
			base := path.Base(f.Name)
			byName[base] = append(byName[base], extent{f, 1, f.Lines()})
			for _, fn := range f.Functions() {
				byName[fn.Name] = append(byName[fn.Name], extent{f, fn.Start, fn.End})
			}
		}
	}
	return byName[k.name]
}

// group is a function in both builds, named as it is before or, where it is only
// there, after.
func (m *Matcher) group(k groupKey) *group {
	k = cmp.Or(m.then[k], k)
	g := m.groups[k]
	if g == nil {
		g = m.align(k, cmp.Or(m.now[k], k))
		m.groups[k] = g
	}
	return g
}

// align is the group of a function before and one after.
func (m *Matcher) align(before, after groupKey) *group {
	g := new(group)
	for side, k := range []groupKey{before, after} {
		g.at[side] = make(map[fileLine]int)
		for _, e := range m.extents(side, k) {
			for n := e.start; n <= e.end; n++ {
				text := e.file.SourceLine(n)
				trimmed := strings.TrimLeft(text, " \t")
				at := fileLine{e.file.Name, n}
				g.at[side][at] = len(g.lines[side])
				g.lines[side] = append(g.lines[side], line{at, strings.TrimRight(trimmed, " \t\r"), len(text) - len(trimmed)})
			}
		}
	}
	g.to[0], g.to[1] = alignLines(g.lines[0], g.lines[1])
	for side := range g.gaps {
		n := 0
		for _, to := range g.to[side] {
			g.gaps[side] = append(g.gaps[side], n)
			if to >= 0 {
				n++
			}
		}
	}
	return g
}

// alike is the part of a function's text that is the same in both builds, 0 to 1.
func (g *group) alike() float64 {
	same, all := 0, [2]int{}
	for side := range g.lines {
		for i, l := range g.lines[side] {
			all[side] += worth(l.text)
			if side == 0 && g.to[0][i] >= 0 {
				same += worth(l.text)
			}
		}
	}
	return float64(same) / float64(max(1, all[0], all[1]))
}

// rename finds functions that have another name after, of those that only one
// build has: most of their text is the same.
func (m *Matcher) rename(keys []groupKey) {
	only := func(side int, k groupKey) bool {
		return len(m.extents(side, k)) > 0 && len(m.extents(1-side, k)) == 0
	}
	for _, b := range keys {
		if !only(0, b) {
			continue
		}
		best, alike := groupKey{}, 0.6
		for _, a := range keys {
			if a.pkg != b.pkg || !only(1, a) || m.then[a] != (groupKey{}) {
				continue
			}
			if n := m.align(b, a).alike(); n > alike {
				best, alike = a, n
			}
		}
		if best != (groupKey{}) {
			m.now[b], m.then[best] = best, b
		}
	}
}

// index is the line of a place in the group, -1 if it is none of its lines.
func (g *group) index(side int, pos alloc.Pos) int {
	if i, ok := g.at[side][fileLine{pos.File, pos.Line}]; ok {
		return i
	}
	return -1
}

// alignLines finds lines that are the same in both lists, in order: as much text
// as there is, in as few pieces as can be. So an equal line that is inserted in
// front of another is told from it by what follows.
func alignLines(before, after []line) (to, from []int) {
	to, from = make([]int, len(before)), make([]int, len(after))
	for i := range to {
		to[i] = -1
	}
	for i := range from {
		from[i] = -1
	}
	join := func(b, a int) { to[b], from[a] = a, b }
	start, bEnd, aEnd := 0, len(before), len(after)
	if bEnd*aEnd > most {
		for start < bEnd && start < aEnd && before[start].text == after[start].text {
			join(start, start)
			start++
		}
		for bEnd > start && aEnd > start && before[bEnd-1].text == after[aEnd-1].text {
			bEnd, aEnd = bEnd-1, aEnd-1
			join(bEnd, aEnd)
		}
	}
	b, a := before[start:bEnd], after[start:aEnd]
	if len(b)*len(a) > most {
		return to, from
	}
	// best is what can be had from two lines on, joined what if these two are the
	// same, 0 if they are not.
	best, joined := table(len(b), len(a)), table(len(b), len(a))
	const together = 4 // what it is worth that two lines follow each other
	for i := len(b) - 1; i >= 0; i-- {
		for k := len(a) - 1; k >= 0; k-- {
			best[i][k] = max(best[i+1][k], best[i][k+1])
			if b[i].text != a[k].text {
				continue
			}
			joined[i][k] = best[i+1][k+1]
			if next := joined[i+1][k+1]; next > 0 {
				joined[i][k] = max(joined[i][k], next+together)
			}
			joined[i][k] += worth(b[i].text)
			best[i][k] = max(best[i][k], joined[i][k])
		}
	}
	follows := false // the lines before these were joined
	for i, k := 0, 0; i < len(b) && k < len(a); {
		n := joined[i][k]
		switch {
		case n > 0 && (n == best[i][k] || follows && n+together > best[i][k]):
			join(start+i, start+k)
			i, k, follows = i+1, k+1, true
			continue
		case best[i][k] == best[i+1][k]:
			i++
		default:
			k++
		}
		follows = false
	}
	return to, from
}

// worth is what a line counts for: one that says much, more than a brace.
func worth(text string) int { return 1 + min(len(text), 20) }

// table is one more in both directions.
func table(rows, columns int) [][]int {
	t := make([][]int, rows+1)
	for i := range t {
		t[i] = make([]int, columns+1)
	}
	return t
}

// A Fate says what became of a place in the other build.
type Fate int

// The fates, from the farthest.
const (
	NoPackage  Fate = iota // its package is not there
	NoFunction             // its function is not there
	NoLine                 // its line is not there, or not the same
	SameLine               // its line is there
)

// Elsewhere says where a place of a package is in the other build: in that after
// for one of before, and the other way round.
func (m *Matcher) Elsewhere(isAfter bool, pkg string, pos alloc.Pos) (alloc.Pos, Fate) {
	side, other := 0, 1
	if isAfter {
		side, other = 1, 0
	}
	if len(m.files(other, pkg)) == 0 {
		return alloc.Pos{}, NoPackage
	}
	k := groupKey{pkg, path.Base(pos.File)}
	if name, ok := m.funcAt(side, pkg, pos); ok {
		k.name = name
	}
	there := cmp.Or([2]map[groupKey]groupKey{m.now, m.then}[side][k], k)
	if len(m.extents(other, there)) == 0 {
		return alloc.Pos{}, NoFunction
	}
	g := m.group(k)
	i := g.index(side, pos)
	if i < 0 || g.to[side][i] < 0 {
		return alloc.Pos{}, NoLine
	}
	to := g.lines[other][g.to[side][i]]
	at := alloc.Pos{File: to.file, Line: to.line, Col: pos.Col}
	if pos.Col > 0 {
		at.Col += to.indent - g.lines[side][i].indent
	}
	return at, SameLine
}
