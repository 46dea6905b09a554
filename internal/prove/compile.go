package prove

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/correlate"
)

// compile keeps the candidates after which the compiler does not list their
// sites, nor others. Of the candidates for one site, the first that passes.
func (r *round) compile(ctx context.Context, list []*candidate) ([]*candidate, error) {
	var err error
	if r.ledger, err = r.around(ctx, list); err != nil {
		return nil, err
	}
	var kept []*candidate
	solo := make(map[*candidate]bool)
	for todo := list; len(todo) > 0; {
		wave, rest := r.wave(todo, kept, solo)
		if len(wave) == 0 {
			break // what is left conflicts with what was kept
		}
		r.progress("compiling fixes", len(list)-len(todo), len(list), wave[0].pkg)
		passed, again, err := r.judge(ctx, kept, wave)
		if err != nil {
			return nil, err
		}
		kept = append(kept, passed...)
		for _, c := range again {
			solo[c] = true
		}
		todo = append(again, rest...)
	}
	return r.together(ctx, kept)
}

// wave chooses candidates to try at once: none that conflicts with one that was
// kept or chosen; of a package one alone, if it has to be alone. What is left
// can be tried later.
func (r *round) wave(todo, kept []*candidate, solo map[*candidate]bool) (wave, rest []*candidate) {
	alone := make(map[string]bool)  // packages with one that has to be alone
	chosen := make(map[string]bool) // packages with any
	for _, c := range todo {
		clash := func(other *candidate) bool { return conflict(c, other) }
		switch {
		case slices.ContainsFunc(kept, clash):
			// Its site is gone already, or its text is another now: the next
			// round looks again.
		case alone[c.pkg], chosen[c.pkg] && solo[c], slices.ContainsFunc(wave, clash):
			rest = append(rest, c)
		default:
			wave = append(wave, c)
			chosen[c.pkg] = true
			alone[c.pkg] = solo[c]
		}
	}
	return wave, rest
}

// judge compiles a wave on top of what was kept: which passed, and which have to
// be tried again, alone.
func (r *round) judge(ctx context.Context, kept, wave []*candidate) (passed, again []*candidate, err error) {
	wave, err = r.applicable(wave)
	if err != nil || len(wave) == 0 {
		return nil, nil, err
	}
	tree, err := r.apply(append(kept[:len(kept):len(kept)], wave...))
	if err != nil {
		return nil, nil, err
	}
	report, err := r.find(ctx, tree, packagesOf(wave))
	if err != nil {
		return nil, nil, err
	}
	broken := make(map[string]string) // by package
	for _, p := range report.Problems {
		if broken[p.Package] == "" {
			broken[p.Package] = p.Message
		}
	}
	after := newLedger(report.Sites)
	mates := make(map[string]int)
	for _, c := range wave {
		mates[c.pkg]++
	}
	for _, c := range wave {
		why := ""
		if msg := broken[c.pkg]; msg != "" {
			why = "it does not compile: " + msg
		} else {
			why = after.kept(r.ledger, append(kept[:len(kept):len(kept)], wave...), c)
		}
		switch {
		case why == "":
			c.proof.Compiler = c.verdict()
			passed = append(passed, c)
		case mates[c.pkg] > 1:
			again = append(again, c)
		default:
			r.give(c, why)
		}
	}
	return passed, again, nil
}

// applicable leaves out candidates whose edits make no Go at all.
func (r *round) applicable(wave []*candidate) ([]*candidate, error) {
	var out []*candidate
	for _, c := range wave {
		if _, err := r.apply([]*candidate{c}); err != nil {
			r.give(c, "its edits do not apply: "+err.Error())
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// verdict is what the compiler said of a candidate that passed.
func (c *candidate) verdict() string {
	switch {
	case c.unseen():
		return "no new site"
	case c.Promise == fix.Moved:
		return "inlined into callers that have it on their stack, no new site"
	case len(c.sites) > 1:
		return fmt.Sprintf("%d sites gone, no new one", len(c.sites))
	}
	return "the site is gone, no new one"
}

// together compiles all that was kept with every package that imports it, which
// may inline other bodies now.
func (r *round) together(ctx context.Context, kept []*candidate) ([]*candidate, error) {
	return r.keep(ctx, kept, func(ctx context.Context, list []*candidate) (string, error) {
		r.progress("compiling importers", 0, 0, "")
		tree, err := r.apply(list)
		if err != nil {
			return "", err
		}
		report, err := r.find(ctx, tree, r.graph.above(packagesOf(list)))
		if err != nil {
			return "", err
		}
		for _, p := range report.Problems {
			if !r.knownProblem(p) {
				return fmt.Sprintf("%s does not compile: %s", p.Package, p.Message), nil
			}
		}
		after := newLedger(report.Sites)
		for _, c := range list {
			if why := after.kept(r.ledger, list, c); why != "" {
				return why, nil
			}
			if c.Promise == fix.Moved && after.spared(c) <= r.ledger.spared(c) {
				return "no caller has it on its stack then", nil
			}
		}
		return after.added(r.ledger, list, func(pkg string) bool { return r.dirs[pkg] == "" }), nil
	})
}

// knownProblem reports whether a package had a problem before.
func (w *work) knownProblem(p *alloc.Problem) bool {
	return slices.ContainsFunc(w.report.Problems, func(q *alloc.Problem) bool { return q.Package == p.Package })
}

// around is the ledger of the packages that candidates change and of those that
// import them, before any is applied.
func (r *round) around(ctx context.Context, list []*candidate) (ledger, error) {
	sites := r.before
	have := make(map[string]bool)
	for _, s := range sites {
		have[s.Package] = true
	}
	var more []string
	for _, path := range r.graph.above(packagesOf(list)) {
		if !have[path] {
			more = append(more, path)
		}
	}
	if len(more) > 0 {
		report, err := r.find(ctx, r.tree, more)
		if err != nil {
			return nil, err
		}
		sites = append(slices.Clip(sites), report.Sites...)
		r.report.Problems = append(r.report.Problems, slices.DeleteFunc(report.Problems, r.knownProblem)...)
	}
	return newLedger(sites), nil
}

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

// kept says what is wrong after candidates were applied, with the sites of one
// of them or in the functions that hold them; "" nothing.
func (l ledger) kept(before ledger, list []*candidate, c *candidate) string {
	if c.Promise == fix.Gone {
		gone := make(map[account]map[string]int) // by all of them
		for _, other := range list {
			if other.Promise != fix.Gone {
				continue
			}
			for _, s := range other.sites {
				a := account{outer(s), s.Kind}
				if gone[a] == nil {
					gone[a] = make(map[string]int)
				}
				gone[a][s.Expr]++
			}
		}
		for _, s := range c.sites {
			a := account{outer(s), s.Kind}
			if left := l[a][s.Expr]; len(left) > len(before[a][s.Expr])-gone[a][s.Expr] {
				return fmt.Sprintf("the compiler still lists the site: %s", told(left[0]))
			}
			if l.count(a) > before.count(a)-sum(gone[a])+adds(list, a) {
				return "another site has come in its place: " + l.surplus(before, a)
			}
		}
	}
	for _, f := range c.funcs {
		if why := l.more(before, list, func(a account) bool { return a.function == f }); why != "" {
			return why
		}
	}
	return ""
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

// added says which site has come anywhere, "" none. A function that others have
// written, outside of the main modules, has its sites in the report once it is
// inlined somewhere: one may be new where a candidate is the first to call it, and
// it has promised such a kind.
func (l ledger) added(before ledger, list []*candidate, outside func(pkg string) bool) string {
	return l.more(before, list, func(a account) bool {
		return !outside(a.pkg) || !slices.ContainsFunc(list, func(c *candidate) bool { return slices.Contains(c.Adds, a.kind) })
	})
}

func (l ledger) more(before ledger, list []*candidate, in func(account) bool) string {
	for _, a := range slices.SortedFunc(maps.Keys(l), func(a, b account) int {
		return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.name, b.name), strings.Compare(string(a.kind), string(b.kind)))
	}) {
		if in(a) && l.count(a) > before.count(a)+adds(list, a) {
			return "a new site: " + l.surplus(before, a)
		}
	}
	return ""
}

// surplus is a site of an account that was not there before.
func (l ledger) surplus(before ledger, a account) string {
	for _, expr := range sortedKeys(l[a]) {
		if sites := l[a][expr]; len(sites) > len(before[a][expr]) {
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
