// Package compare finds the sites of one build in another: of another
// revision, by another toolchain, for another target.
//
//	sites before, sites after, their source → Match → Pairs → Aspects → what changed
//
// An id alone is not enough. An equal expression that is inserted in front
// makes #1 of a function its #2, and a function literal F.func1 its F.func2. So
// the sites of a declared function, with its literals, are matched together:
//
//   - those at one place of a file that is the same, with one id, are the same;
//   - else the lines of the function are aligned, and on a line that is the same
//     an expression is;
//   - else what is left is put side by side in its order: equal expressions of
//     the same kind, and between the same lines those that make the same type;
//   - last, an equal expression that is somewhere else in the function.
//
// A function that only one build has is taken for one that only the other has if
// most of their text is the same: it has another name.
package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// A Side is one of the two builds.
type Side struct {
	Sites []*alloc.Site
	// Files are the source files of a package, none where it is not known.
	Files func(importPath string) []*expr.File
}

// A Pair is a site in both builds; one of them is nil where it is only in the
// other.
type Pair struct{ Before, After *alloc.Site }

// A Matcher knows which places of two builds are the same.
type Matcher struct {
	before, after *Side
	same          func(file string) bool
	groups        map[groupKey]*group
	now, then     map[groupKey]groupKey             // functions that have another name
	functions     [2]map[string]map[string][]extent // by package and name
}

// NewMatcher returns a Matcher of two builds. same reports whether a file of both
// has the same text in both.
func NewMatcher(before, after *Side, same func(file string) bool) *Matcher {
	m := &Matcher{
		before: before, after: after, same: same,
		groups: make(map[groupKey]*group), now: make(map[groupKey]groupKey), then: make(map[groupKey]groupKey),
	}
	for i := range m.functions {
		m.functions[i] = make(map[string]map[string][]extent)
	}
	return m
}

// Pairs matches all sites, those of after in their order and then those that
// only before has.
func (m *Matcher) Pairs() []Pair {
	was := make(map[*alloc.Site]*alloc.Site) // by that of after
	is := make(map[*alloc.Site]*alloc.Site)  // by that of before
	join := func(b, a *alloc.Site) { was[a], is[b] = b, a }

	byID := make(map[string]*alloc.Site, len(m.before.Sites))
	for _, b := range m.before.Sites {
		byID[b.ID] = b
	}
	for _, a := range m.after.Sites {
		if b := byID[a.ID]; b != nil && m.samePlace(b, a) {
			join(b, a)
		}
	}
	type lists struct{ before, after []*alloc.Site }
	open := make(map[groupKey]*lists)
	var order []groupKey
	list := func(k groupKey) *lists {
		if open[k] == nil {
			open[k] = new(lists)
			order = append(order, k)
		}
		return open[k]
	}
	for _, b := range m.before.Sites {
		if is[b] == nil {
			l := list(m.groupOf(0, b))
			l.before = append(l.before, b)
		}
	}
	for _, a := range m.after.Sites {
		if was[a] == nil {
			l := list(m.groupOf(1, a))
			l.after = append(l.after, a)
		}
	}
	m.rename(order)
	for _, k := range order {
		l := open[k]
		if a := m.now[k]; a != (groupKey{}) {
			l = &lists{l.before, open[a].after}
		}
		if len(l.before) > 0 && len(l.after) > 0 {
			m.group(k).match(l.before, l.after, join)
		}
	}
	var pairs []Pair
	for _, a := range m.after.Sites {
		pairs = append(pairs, Pair{was[a], a})
	}
	for _, b := range m.before.Sites {
		if is[b] == nil {
			pairs = append(pairs, Pair{b, nil})
		}
	}
	return pairs
}

// samePlace reports whether a site stands at the same place of a file that is the
// same in both builds, as most do where the source is the same.
func (m *Matcher) samePlace(b, a *alloc.Site) bool {
	return b.Pos == a.Pos && b.Kind == a.Kind && m.same(a.File)
}

// match pairs the sites of a function that are not at the same place.
func (g *group) match(before, after []*alloc.Site, join func(b, a *alloc.Site)) {
	bs, as := g.spots(0, before), g.spots(1, after)
	pair := func(fits func(b, a *spot) bool) {
		for _, b := range bs {
			if b.taken {
				continue
			}
			for _, a := range as {
				if !a.taken && fits(b, a) {
					a.taken, b.taken = true, true
					join(b.site, a.site)
					break
				}
			}
		}
	}
	sameLine := func(b, a *spot) bool { return b.line >= 0 && g.to[0][b.line] == a.line }
	pair(func(b, a *spot) bool { return sameLine(b, a) && b.column == a.column && b.equal(a) })
	pair(func(b, a *spot) bool { return sameLine(b, a) && b.equal(a) })
	pair(func(b, a *spot) bool { return sameLine(b, a) && b.column == a.column && b.site.Col > 0 })
	g.inOrder(bs, as, join)
	pair(func(b, a *spot) bool { return b.equal(a) })
}

// A spot is a site in its function.
type spot struct {
	site   *alloc.Site
	line   int // index of the line in the function, -1 unknown
	column int // without the line's indentation
	gap    int // of the lines that are the same in both builds, how many are in front
	taken  bool
}

// equal reports whether the expressions are equal, and allocate the same kind of
// thing.
func (b *spot) equal(a *spot) bool {
	return b.site.Kind == a.site.Kind && shape(b.site) == shape(a.site)
}

// shape is the part of an id that tells of the expression.
func shape(s *alloc.Site) string {
	_, rest, _ := strings.Cut(s.ID, "#")
	if i := strings.LastIndexByte(rest, '#'); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func (g *group) spots(side int, sites []*alloc.Site) []*spot {
	list := make([]*spot, len(sites))
	for i, s := range sites {
		sp := &spot{site: s, line: g.index(side, s.Pos), column: s.Col}
		if sp.line >= 0 {
			sp.column -= g.lines[side][sp.line].indent
			sp.gap = g.gaps[side][sp.line]
		}
		list[i] = sp
	}
	slices.SortStableFunc(list, func(a, b *spot) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return list
}

// inOrder aligns what is left of two lists, so that the most is alike.
func (g *group) inOrder(bs, as []*spot, join func(b, a *alloc.Site)) {
	left := func(s *spot) bool { return s.taken }
	bs, as = slices.DeleteFunc(slices.Clone(bs), left), slices.DeleteFunc(slices.Clone(as), left)
	if len(bs)*len(as) > most {
		return
	}
	table := table(len(bs), len(as))
	for i := len(bs) - 1; i >= 0; i-- {
		for k := len(as) - 1; k >= 0; k-- {
			table[i][k] = max(table[i+1][k], table[i][k+1])
			if n := bs[i].alike(as[k]); n > 0 {
				table[i][k] = max(table[i][k], n+table[i+1][k+1])
			}
		}
	}
	for i, k := 0, 0; i < len(bs) && k < len(as); {
		n := bs[i].alike(as[k])
		switch {
		case n > 0 && table[i][k] == n+table[i+1][k+1]:
			bs[i].taken, as[k].taken = true, true
			join(bs[i].site, as[k].site)
			i, k = i+1, k+1
		case table[i][k] == table[i+1][k]:
			i++
		default:
			k++
		}
	}
}

// alike says how much speaks for two sites being the same, 0 nothing.
func (b *spot) alike(a *spot) int {
	n := 0
	switch {
	case b.equal(a):
		n = 8
	case b.gap != a.gap:
	case b.site.Kind == a.site.Kind && b.site.Type == a.site.Type:
		n = 4
	case shape(b.site) == shape(a.site):
		n = 4
	}
	if n > 0 && b.site.Cause == a.site.Cause {
		n++
	}
	if n > 0 && b.gap == a.gap {
		n++
	}
	return n
}
