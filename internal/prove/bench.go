package prove

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// weights are what benchmarks say that sites cost.
type weights struct {
	benchmarks map[benchmark]*alloc.Benchmark
	costs      map[benchmark][]*alloc.Cost
	sites      map[string]*alloc.Site // by id
}

type benchmark struct{ pkg, name string }

// weigh runs the benchmarks of the tree, all that match, with the recorder.
func (w *work) weigh(ctx context.Context) (*weights, error) {
	if w.req.Bench == "" {
		return new(weights), nil
	}
	return w.recorded(ctx, w.tree, engine.CostRequest{Patterns: w.req.Patterns, Bench: w.req.Bench})
}

// recorded runs what a request names with the recorder, on a tree.
func (w *work) recorded(ctx context.Context, tree rewrite.Tree, what engine.CostRequest) (*weights, error) {
	build := w.req.Build
	var err error
	if build.Overlay, err = w.overlay(tree); err != nil {
		return nil, err
	}
	what.Build, what.Benchtime, what.Timeout, what.Index = build, w.req.Benchtime, w.req.Timeout, "objects"
	r, err := engine.Cost(ctx, what)
	if err != nil {
		return nil, err
	}
	out := &weights{
		benchmarks: make(map[benchmark]*alloc.Benchmark), costs: make(map[benchmark][]*alloc.Cost), sites: make(map[string]*alloc.Site),
	}
	for _, b := range r.Benchmarks {
		out.benchmarks[benchmark{b.Package, b.Name}] = b
	}
	for _, c := range r.Costs {
		for i := range c.Via {
			c.Via[i].File = absolute(r.Root, c.Via[i].File)
		}
		b := benchmark{c.Package, c.Source}
		out.costs[b] = append(out.costs[b], c)
	}
	for _, s := range r.Sites {
		out.sites[s.ID] = s
	}
	return out, nil
}

// of is what a candidate's sites and calls cost in a benchmark, before it is
// applied: allocs/op, and their part of all.
func (w *weights) of(c *candidate, b benchmark) (allocs, share float64) {
	for _, cost := range w.costs[b] {
		if c.pays(cost) {
			allocs += cost.AllocsPerOp
			share += cost.Share
		}
	}
	return allocs, share
}

// pays reports whether a cost is one of a candidate's sites, or one below a line
// of its calls.
func (c *candidate) pays(cost *alloc.Cost) bool {
	if len(cost.Via) == 0 {
		return slices.ContainsFunc(c.sites, func(s *alloc.Site) bool { return s.ID == cost.Site })
	}
	at := cost.Via[0]
	return slices.ContainsFunc(c.calls, func(s *call) bool { return at.File == s.File && s.Line <= at.Line && at.Line <= s.last })
}

// share is the part that a candidate has of the allocations of the benchmark
// where it is largest.
func (w *weights) share(c *candidate) (share float64) {
	for b := range w.costs {
		_, s := w.of(c, b)
		share = max(share, s)
	}
	return share
}

// reached are the benchmarks in which a candidate's sites allocate.
func (w *weights) reached(list []*candidate) (out []benchmark) {
	for b := range w.costs {
		if slices.ContainsFunc(list, func(c *candidate) bool { allocs, _ := w.of(c, b); return allocs > 0 }) {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b benchmark) int {
		return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.name, b.name))
	})
	return out
}

// in is what a benchmark allocates at the sites of functions, and below their
// calls of what is not the user's.
func (w *weights) in(b benchmark, funcs []function) (allocs, bytes float64) {
	for _, c := range w.costs[b] {
		if slices.ContainsFunc(funcs, func(f function) bool { return w.stands(c, f) }) {
			allocs += c.AllocsPerOp
			bytes += c.BytesPerOp
		}
	}
	return allocs, bytes
}

// stands reports whether a cost arises in a function: at a site, or at a line from
// which a path leads to one. What the runtime makes for itself, as when the
// collector has a goroutine wait, comes and goes with the machine.
func (w *weights) stands(c *alloc.Cost, f function) bool {
	s := w.sites[c.Site]
	switch {
	case s != nil && s.Kind == alloc.Runtime:
		return false
	case len(c.Via) > 0:
		name, ok := strings.CutPrefix(c.Via[0].Func, f.pkg+".")
		return ok && correlate.Declared(name) == f.name
	}
	return s != nil && outer(s) == f
}

// slack is how much recorded counts of the same code may differ: the runtime and
// package testing allocate now and then for themselves.
func slack(allocs float64) float64 { return 0.05 + 0.01*allocs }

// measure keeps the candidates that benchmarks bear out: the recorder counts
// fewer allocations in their functions, by as much as was predicted where the
// sites are gone; plain runs, in turns with and without them, take no more
// allocations, no more bytes, and are not slower.
func (r *round) measure(ctx context.Context, list []*candidate) ([]*candidate, error) {
	marked := keep(list, r.marked)
	good, err := r.sift(ctx, marked, r.worse)
	return keep(list, func(c *candidate) bool { return !slices.Contains(marked, c) || slices.Contains(good, c) }), err
}

// marked reports whether a benchmark reaches a candidate.
func (r *round) marked(c *candidate) bool { return len(r.weights.reached([]*candidate{c})) > 0 }

// inTests measures candidates by what the tests of their packages allocate.
func (r *round) inTests(ctx context.Context, list []*candidate) ([]*candidate, error) {
	if len(list) == 0 {
		return nil, nil
	}
	run := func(tree rewrite.Tree, list []*candidate) (*weights, error) {
		return r.recorded(ctx, tree, engine.CostRequest{Patterns: packagesOf(list), Run: r.req.Run, AtOnce: runtime.GOMAXPROCS(0)})
	}
	before, err := run(r.tree, list)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		if errors.Is(err, benchrun.ErrNoTests) {
			r.problem("", err.Error()+" in "+strings.Join(packagesOf(list), ", "))
		}
		return list, nil // tests that fail, or cannot be recorded, measure nothing
	}
	good := make(map[string][]*candidate) // by package, with which nothing was wrong
	return r.sift(ctx, list, func(ctx context.Context, list []*candidate, _ within) (failures []failure, err error) {
		tree, err := r.apply(list)
		if err != nil {
			return nil, err
		}
		// A pool that a collection has emptied is filled again wherever that may be:
		// what is not so each time is not of the fix.
		with := concerned(list)
		suspects := keep(list, func(c *candidate) bool { return !same(with[c.pkg], good[c.pkg]) })
		for try := 0; try < 3 && len(suspects) > 0; try++ {
			after, err := run(tree, suspects)
			if err != nil {
				return nil, ctx.Err() // as before
			}
			failures = countsInTests(before, after, suspects)
			for _, pkg := range packagesOf(suspects) {
				if !slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == pkg }) {
					good[pkg] = with[pkg]
				}
			}
			suspects = keep(suspects, func(c *candidate) bool {
				return slices.ContainsFunc(failures, func(f failure) bool { return f.fault == c })
			})
		}
		return failures, nil
	})
}

// countsInTests says of which candidates the tests of their packages allocate other
// than was promised.
func countsInTests(before, after *weights, list []*candidate) (failures []failure) {
	for _, c := range list {
		for b := range before.benchmarks {
			if b.pkg != c.pkg || after.benchmarks[b] == nil {
				continue
			}
			if why := counted(before, after, c, b, "objects", false); why != "" {
				failures = append(failures, failure{why, c.pkg, c})
			}
		}
	}
	return failures
}

// worse says what benchmarks have against candidates.
func (r *round) worse(ctx context.Context, list []*candidate, _ within) (failures []failure, err error) {
	marks := r.weights.reached(list)
	tree, err := r.apply(list)
	if err != nil {
		return nil, err
	}
	after, err := r.recorded(ctx, tree, engine.CostRequest{Patterns: packagesWith(marks), Bench: namesOf(marks)})
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		for _, b := range r.weights.reached([]*candidate{c}) {
			if why := counted(r.weights, after, c, b, "allocs/op", true); why != "" {
				failures = append(failures, failure{why, c.pkg, c})
			}
		}
	}
	if len(failures) > 0 {
		return failures, nil
	}
	for _, b := range marks {
		was, is := r.weights.benchmarks[b], after.benchmarks[b]
		switch {
		case is == nil:
			return []failure{{why: b.name + " did not run"}}, nil
		case is.AllocsPerOp > was.AllocsPerOp+slack(was.AllocsPerOp):
			return []failure{{why: fmt.Sprintf("%s: %.4g allocs/op instead of %.4g", b.name, is.AllocsPerOp, was.AllocsPerOp)}}, nil
		}
	}
	effects, err := r.inTurns(ctx, r.tree, tree, marks, r.count())
	if err != nil {
		return nil, err
	}
	why := slower(effects)
	if why != "" { // once more: of many benchmarks, one in forty looks slower by chance
		if effects, err = r.inTurns(ctx, r.tree, tree, marks, 2*r.count()); err != nil {
			return nil, err
		}
		why = slower(effects)
	}
	if why != "" {
		return []failure{{why: why}}, nil
	}
	for _, c := range list {
		c.proof.Time = timed(effects, r.weights.reached([]*candidate{c}))
	}
	return nil, nil
}

// count is how often each side of a comparison runs.
func (w *work) count() int {
	if w.req.Count > 0 {
		return w.req.Count
	}
	return 6 // the fewest for p < 0.05 with room for one outlier
}

// counted compares what was recorded in a candidate's functions, before and
// after, with what it promised. Where it makes no difference that speaks against
// it only if what ran stands for real use.
func counted(before, after *weights, c *candidate, b benchmark, unit string, real bool) string {
	wasAllocs, wasBytes := before.in(b, c.funcs)
	isAllocs, isBytes := after.in(b, c.funcs)
	predicted, _ := before.of(c, b)
	if predicted == 0 {
		return "" // it does not come there
	}
	said := fmt.Sprintf("%s: %.4g %s instead of %.4g in %s", b.name, isAllocs, unit, wasAllocs, c.funcs[0].name)
	switch {
	case c.Promise == fix.Gone && len(c.Adds)+len(c.calls) == 0 && isAllocs > wasAllocs-predicted+slack(wasAllocs):
		return fmt.Sprintf("%s, predicted was %.4g", said, wasAllocs-predicted)
	case isAllocs > wasAllocs+slack(wasAllocs), isBytes > wasBytes*1.01+1:
		return fmt.Sprintf("%s, and %.4g B instead of %.4g", said, isBytes, wasBytes)
	case isAllocs > wasAllocs-slack(wasAllocs) && isBytes > wasBytes*0.99-1 && predicted > slack(wasAllocs):
		if real {
			return "it makes no difference: " + said
		}
		return ""
	}
	c.proof.Benchmarks = said
	if c.Promise == fix.Gone && len(c.calls) == 0 {
		c.proof.Benchmarks = said + ", as predicted"
	}
	return ""
}

func packagesWith(marks []benchmark) []string {
	return distinct(marks, func(b benchmark) string { return b.pkg })
}

// namesOf is a regular expression of the benchmarks, with all their
// sub-benchmarks.
func namesOf(marks []benchmark) string {
	var names []string
	for _, b := range marks {
		name, _, _ := strings.Cut(b.name, "/")
		if name = regexp.QuoteMeta(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// inTurns runs benchmarks of two trees one after the other, n times each, as go
// test runs them.
func (w *work) inTurns(ctx context.Context, before, after rewrite.Tree, marks []benchmark, n int) ([]*alloc.Effect, error) {
	var sides [2]*gocmd.Config
	for i, tree := range []rewrite.Tree{before, after} {
		var err error
		if sides[i], err = w.config(tree); err != nil {
			return nil, err
		}
	}
	effects, err := benchrun.InTurns(ctx, sides, benchrun.Options{
		Packages: packagesWith(marks), Bench: namesOf(marks), Benchtime: w.req.Benchtime, Count: n, Timeout: w.req.Timeout,
		Step: func(step, pkg string) { w.progress(step, 0, 0, pkg) },
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(effects, func(e *alloc.Effect) bool {
		return !slices.Contains(marks, benchmark{e.Package, e.Benchmark})
	}), nil
}

// slower says which effect speaks against fixes.
func slower(effects []*alloc.Effect) string {
	for _, e := range effects {
		if e.P < 0.05 && e.After > e.Before*1.01+1e-9 || e.Unit == "allocs/op" && e.After > e.Before+slack(e.Before) {
			return fmt.Sprintf("%s: %.4g %s instead of %.4g (p=%.3f)", e.Benchmark, e.After, e.Unit, e.Before, e.P)
		}
	}
	return ""
}

// timed is the time of the benchmarks that reach a candidate, in words.
func timed(effects []*alloc.Effect, marks []benchmark) string {
	var said []string
	for _, e := range effects {
		if e.Unit == "ns/op" && slices.Contains(marks, benchmark{e.Package, e.Benchmark}) {
			verdict := "no change"
			if e.P < 0.05 {
				verdict = fmt.Sprintf("%+.1f%%", 100*(e.After/e.Before-1))
			}
			said = append(said, fmt.Sprintf("%s %s (p=%.3f)", e.Benchmark, verdict, e.P))
		}
	}
	return strings.Join(said, ", ")
}
