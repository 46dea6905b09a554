package prove

import (
	"context"
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
)

// compile keeps the candidates after which the compiler does not list their
// sites, nor others. Of the candidates for one site, the first that passes.
func (r *round) compile(ctx context.Context, list []*candidate) ([]*candidate, error) {
	var kept []*candidate
	groups := make(groups)
	for todo := list; len(todo) > 0; {
		wave, rest := groups.wave(todo, kept)
		if len(wave) == 0 {
			break // what is left conflicts with what was kept
		}
		r.progress("compiling fixes", len(list)-len(todo), len(list), wave[0].pkg)
		passed, again, err := r.judge(ctx, kept, wave)
		if err != nil {
			return nil, err
		}
		kept = append(kept, passed...)
		groups.split(again)
		todo = append(again, rest...)
	}
	return kept, nil
}

// groups are the candidates that are tried apart from others of their package, since
// something was wrong with all together: half of them, half of those, and so on.
type groups map[*candidate]int

// split halves the candidates of each package.
func (g groups) split(list []*candidate) {
	for _, pkg := range packagesOf(list) {
		mates := keep(list, func(c *candidate) bool { return c.pkg == pkg })
		next := 1
		for _, n := range g {
			next = max(next, n+1)
		}
		for i, c := range mates {
			g[c] = next
			if i >= len(mates)/2 {
				g[c]++
			}
		}
	}
}

// wave chooses candidates to try at once: none that conflicts with one that was
// kept or chosen, and of a package one group. What is left can be tried later.
func (g groups) wave(todo, kept []*candidate) (wave, rest []*candidate) {
	chosen := make(map[string]int) // groups, by package
	for _, c := range todo {
		clash := func(other *candidate) bool { return conflict(c, other) }
		group, any := chosen[c.pkg]
		switch {
		case slices.ContainsFunc(kept, clash):
			// Its site is gone already, or its text is another now: the next
			// round looks again.
		case any && group != g[c], slices.ContainsFunc(wave, clash):
			rest = append(rest, c)
		default:
			wave = append(wave, c)
			chosen[c.pkg] = g[c]
		}
	}
	return wave, rest
}

// judge compiles a wave on top of what was kept: which passed, and which have to
// be tried again, apart.
func (r *round) judge(ctx context.Context, kept, wave []*candidate) (passed, again []*candidate, err error) {
	wave, err = r.applicable(wave)
	if err != nil || len(wave) == 0 {
		return nil, nil, err
	}
	tree, err := r.apply(append(kept[:len(kept):len(kept)], wave...))
	if err != nil {
		return nil, nil, err
	}
	before, err := r.before(ctx, packagesOf(wave))
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
	is := compare(before, newLedger(report.Sites), append(kept[:len(kept):len(kept)], wave...))
	mates := make(map[string]int)
	for _, c := range wave {
		mates[c.pkg]++
	}
	for _, c := range wave {
		if !r.outside(c) && broken[c.pkg] == "" && is.idle(c) {
			r.give(c, unspared)
			continue
		}
		why := ""
		if msg := broken[c.pkg]; msg != "" {
			why = "it does not compile: " + msg
		} else {
			why = is.kept(c)
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
	case c.Promise == fix.Fewer || len(c.sites) == 0:
		return "no new site"
	case c.Promise == fix.Moved:
		return "inlined into callers that have it on their stack, no new site"
	}
	said := "the site is gone, no new one"
	if len(c.sites) > 1 {
		said = fmt.Sprintf("%d sites gone, no new one", len(c.sites))
	}
	if len(c.Adds) > 0 {
		said += " beside its own"
	}
	return said
}

// together compiles all that was kept with every package that imports it, which
// may inline other bodies now.
func (r *round) together(ctx context.Context, kept []*candidate) ([]*candidate, error) {
	if len(kept) == 0 {
		return nil, nil
	}
	whole, err := r.before(ctx, r.graph.above(packagesOf(kept)))
	if err != nil {
		return nil, err
	}
	kept, err = r.sift(ctx, kept, func(ctx context.Context, list []*candidate, in within) (failures []failure, err error) {
		paths := in.of(r.graph.above(packagesOf(list)))
		if len(paths) == 0 {
			return nil, nil
		}
		r.progress("compiling importers", 0, len(paths), "")
		before, err := r.before(ctx, paths)
		if err != nil {
			return nil, err
		}
		tree, err := r.apply(list)
		if err != nil {
			return nil, err
		}
		report, err := r.find(ctx, tree, paths)
		if err != nil {
			return nil, err
		}
		broken := make(map[string]bool)
		for _, p := range report.Problems {
			if !r.knownProblem(p) {
				broken[p.Package] = true
				failures = append(failures, failure{why: fmt.Sprintf("%s does not compile: %s", p.Package, p.Message), pkg: p.Package})
			}
		}
		is := compare(before, newLedger(report.Sites), list)
		for _, c := range list {
			if broken[c.pkg] {
				continue // nothing is known of its sites
			}
			why := is.kept(c)
			if why == "" && r.all(c, paths) && len(broken) == 0 && is.idle(c) {
				why = unspared
			}
			if why != "" {
				failures = append(failures, failure{why, c.pkg, c})
			}
		}
		return append(failures, is.added(func(pkg string) bool { return r.dirs[pkg] == "" }, whole)...), nil
	})
	r.joined = len(kept)
	return kept, err
}

// unspared is why a candidate is refused that moves a site nowhere.
const unspared = "no caller has it on its stack then"

// outside reports whether other packages may call what a candidate changes.
func (r *round) outside(c *candidate) bool {
	return len(r.graph[c.pkg]) > 0 && slices.ContainsFunc(c.funcs, func(f function) bool {
		name := strings.ReplaceAll(f.name, "[...]", "") // type parameters
		return token.IsExported(name[strings.LastIndexByte(name, '.')+1:])
	})
}

// regroup compiles together what is left, where something was set aside that it was
// compiled with.
func (r *round) regroup(ctx context.Context, list []*candidate) ([]*candidate, error) {
	if len(list) == r.joined {
		return list, nil
	}
	return r.together(ctx, list)
}

// all reports whether packages are all that may have to do with a candidate.
func (r *round) all(c *candidate, in []string) bool {
	return !slices.ContainsFunc(r.graph.above([]string{c.pkg}), func(p string) bool { return !slices.Contains(in, p) })
}

// knownProblem reports whether a package had a problem before.
func (w *work) knownProblem(p *alloc.Problem) bool {
	return slices.ContainsFunc(w.report.Problems, func(q *alloc.Problem) bool { return q.Package == p.Package })
}

// before is the ledger of packages before any candidate is applied. It is always
// compared with one of the same packages: what is inlined from one that is not among
// them is told in other words.
func (r *round) before(ctx context.Context, paths []string) (ledger, error) {
	key := strings.Join(paths, " ")
	if l, ok := r.ledgers[key]; ok {
		return l, nil
	}
	report, err := r.find(ctx, r.tree, paths)
	if err != nil {
		return nil, err
	}
	r.report.Problems = append(r.report.Problems, slices.DeleteFunc(report.Problems, r.knownProblem)...)
	r.ledgers[key] = newLedger(report.Sites)
	return r.ledgers[key], nil
}
