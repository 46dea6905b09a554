package prove

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/correlate"
)

// A ledger counts sites: by function and kind, and of those by expression.
type ledger map[account]map[string][]*alloc.Site

type account struct {
	function
	kind alloc.Kind
}

func newLedger(sites []*alloc.Site) ledger {
	l := make(ledger)
	seen := make(map[string]bool) // a package's site and its test variant's are one
	for _, s := range sites {
		if seen[s.ID] {
			continue
		}
		seen[s.ID] = true
		a := account{outer(s), s.Kind}
		if l[a] == nil {
			l[a] = make(map[string][]*alloc.Site)
		}
		l[a][s.Expr] = append(l[a][s.Expr], s)
	}
	return l
}

func (l ledger) count(a account) (n int) {
	for _, sites := range l[a] {
		n += len(sites)
	}
	return n
}

// outer is the declared function that holds a site: the literals in it are
// numbered, and a rewrite may number them anew.
func outer(s *alloc.Site) function { return function{s.Package, correlate.Declared(s.Func)} }

// A comparison is of the ledgers of packages before and after candidates are applied.
type comparison struct {
	before, after ledger
	list          []*candidate
	gone          map[account]map[string]int // what candidates promise, of what was there
	more          []account                  // that hold more than before, and than candidates promise
}

func compare(before, after ledger, list []*candidate) *comparison {
	is := &comparison{before: before, after: after, list: list, gone: make(map[account]map[string]int)}
	for _, c := range list {
		if c.Promise != fix.Gone {
			continue
		}
		for _, s := range c.sites {
			a := account{outer(s), s.Kind}
			if is.gone[a] == nil {
				is.gone[a] = make(map[string]int)
			}
			// A generic function that nobody here instantiates has no site here.
			is.gone[a][s.Expr] = min(is.gone[a][s.Expr]+1, len(before[a][s.Expr]))
		}
	}
	for a := range after {
		if after.count(a) > before.count(a)+adds(list, a) {
			is.more = append(is.more, a)
		}
	}
	slices.SortFunc(is.more, func(a, b account) int {
		return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.name, b.name), strings.Compare(string(a.kind), string(b.kind)))
	})
	return is
}

// kept says what is wrong with the sites of a candidate or in the functions that
// hold them; "" nothing.
func (is *comparison) kept(c *candidate) string {
	if c.Promise == fix.Gone {
		for _, s := range c.sites {
			a := account{outer(s), s.Kind}
			if left := is.after[a][s.Expr]; len(left) > len(is.before[a][s.Expr])-is.gone[a][s.Expr] {
				return fmt.Sprintf("the compiler still lists the site: %s", told(left[0]))
			}
			if is.after.count(a) > is.before.count(a)-sum(is.gone[a])+adds(is.list, a) {
				return "another site has come in its place: " + is.surplus(a)
			}
		}
	}
	for _, a := range is.more {
		if slices.Contains(c.funcs, a.function) {
			return "a new site: " + is.surplus(a)
		}
	}
	return ""
}

// idle reports whether a candidate promises that callers will have a value on their
// stack, and none does that did not before.
func (is *comparison) idle(c *candidate) bool {
	return c.Promise == fix.Moved && is.after.spared(c) <= is.before.spared(c)
}

// spared counts the places into which the functions of a candidate were inlined
// and where the values that they make are on the stack.
func (l ledger) spared(c *candidate) (n int) {
	for _, f := range c.funcs {
		for _, kind := range []alloc.Kind{alloc.New, alloc.Composite, alloc.Variable} {
			for _, sites := range l[account{f, kind}] {
				for _, s := range sites {
					for _, in := range s.Inlined {
						if in.Allocates == alloc.Never {
							n++
						}
					}
				}
			}
		}
	}
	return n
}

// added are the sites that have come anywhere, one of each package. A function that
// others have written, outside of the main modules, has its sites in the report once
// it is inlined somewhere: one may be new where a candidate is the first to call it,
// and it has promised such a kind. Where only some packages are looked at, whole is
// what there was in all.
func (is *comparison) added(outside func(pkg string) bool, whole ledger) (failures []failure) {
	for _, a := range is.more {
		f := failure{why: "a new site: " + is.surplus(a), pkg: a.pkg}
		if outside(a.pkg) {
			if whole.count(a) >= is.after.count(a) || slices.ContainsFunc(is.list, func(c *candidate) bool { return slices.Contains(c.Adds, a.kind) }) {
				continue
			}
			f.pkg = "" // it shows in whoever inlines it
		}
		if !slices.ContainsFunc(failures, func(g failure) bool { return g.pkg == f.pkg }) {
			failures = append(failures, f)
		}
	}
	return failures
}

// surplus is a site of an account that was not there before.
func (is *comparison) surplus(a account) string {
	for _, expr := range sortedKeys(is.after[a]) {
		if sites := is.after[a][expr]; len(sites) > len(is.before[a][expr]) {
			return told(sites[0])
		}
	}
	return string(a.kind) + " in " + a.name
}

// adds is how many sites of an account candidates promise to put in. A site in a
// function that was not there before, or at package level, counts by package.
func adds(list []*candidate, a account) (n int) {
	for _, c := range list {
		if c.pkg != a.pkg {
			continue
		}
		for _, kind := range c.Adds {
			if kind == a.kind {
				n++
			}
		}
	}
	return n
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// told is a site in words.
func told(s *alloc.Site) string {
	return fmt.Sprintf("%s (%s) in %s, line %d", s.Expr, s.Kind, s.Func, s.Line)
}
