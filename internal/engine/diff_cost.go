package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/compare"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A tally is what benchmarks count at the sites of one build.
type tally struct {
	report *alloc.Report
	ops    map[benchmark]int64
	sites  map[string]*alloc.Site // by id
	at     map[costKey]*amounts
}

type benchmark struct{ pkg, name string }

// A costKey is a site in a benchmark. The id is that after, where the site has one.
type costKey struct {
	benchmark
	site string
}

// An amount is of allocations and bytes, for each operation.
type amount struct{ allocs, bytes float64 }

// Amounts are what a site costs, in all and for each of the user's lines that
// bring it about, as they are after.
type amounts struct {
	amount
	callers map[string]amount
}

// differs reports whether amounts of two builds are not the same, of so many
// operations: the runtime and package testing allocate now and then for
// themselves, up to some kilobytes that are made once.
func (w amount) differs(o amount, ops int64) bool {
	far := func(a, b, slack float64) bool { return math.Abs(a-b) > slack+0.01*max(a, b) }
	n := float64(max(1, ops))
	return far(w.allocs, o.allocs, 0.05+10/n) || far(w.bytes, o.bytes, 1+8192/n)
}

// measure runs the benchmarks of both builds: with the recorder for what each site
// costs, and in turns for the totals and times.
func (d *differ) measure(ctx context.Context, r *alloc.Report) error {
	var sides [2]*tally
	var configs [2]*gocmd.Config
	for i, s := range d.sides {
		cost, err := Cost(ctx, CostRequest{
			Build: s.build, Patterns: d.req.Patterns, Bench: d.req.Bench,
			Benchtime: d.req.Benchtime, CPU: d.req.CPU, Timeout: d.req.Timeout, Index: "objects",
		})
		if err != nil {
			return err
		}
		d.partial(r, i, cost.Problems)
		sides[i], configs[i] = d.tally(i, cost), s.cfg
	}
	var err error
	r.Effects, err = benchrun.InTurns(ctx, configs, benchrun.Options{
		Packages: patterns(d.req.Patterns), Bench: d.req.Bench, Benchtime: d.req.Benchtime, Count: d.req.Count, CPU: d.req.CPU, Timeout: d.req.Timeout,
		Step: func(step, pkg string) {
			if d.req.Progress != nil {
				d.req.Progress(step, 0, 0, pkg)
			}
		},
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil && len(r.Problems) == 0 {
		return adviseRun(err, CostRequest{Bench: d.req.Bench})
	}
	exactly(r.Effects, sides)
	d.weigh(r, sides)
	return nil
}

// exactly gives effects the recorder's counts. Package testing cuts the fraction
// off: what is 3 allocs/op becomes 2 by one object in a thousand operations.
func exactly(effects []*alloc.Effect, sides [2]*tally) {
	var counted [2]map[benchmark]amount
	for i, t := range sides {
		counted[i] = make(map[benchmark]amount)
		for _, b := range t.report.Benchmarks {
			if b.Source == "recorder" {
				counted[i][benchmark{b.Package, b.Name}] = amount{b.AllocsPerOp, b.BytesPerOp}
			}
		}
	}
	for _, e := range effects {
		k := benchmark{e.Package, e.Benchmark}
		was, ok1 := counted[0][k]
		is, ok2 := counted[1][k]
		switch {
		case !ok1 || !ok2:
		case e.Unit == "allocs/op":
			e.Before, e.After = was.allocs, is.allocs
		case e.Unit == "B/op":
			e.Before, e.After = was.bytes, is.bytes
		}
		if ok1 && ok2 && e.Unit != "ns/op" && !was.differs(is, fewest(sides, k)) {
			e.After, e.P = e.Before, 1
		}
	}
}

// partial adds the problems of one side to a report.
func (d *differ) partial(r *alloc.Report, i int, problems []*alloc.Problem) {
	for _, p := range problems {
		q := *p
		q.Message = [2]string{"before: ", "after: "}[i] + p.Message
		if !slices.ContainsFunc(r.Problems, func(o *alloc.Problem) bool { return *o == q }) {
			r.Problems = append(r.Problems, &q)
		}
	}
}

// tally adds up the costs of one side.
func (d *differ) tally(i int, r *alloc.Report) *tally {
	t := &tally{report: r, ops: make(map[benchmark]int64), sites: make(map[string]*alloc.Site), at: make(map[costKey]*amounts)}
	for _, s := range r.Sites {
		t.sites[s.ID] = s
	}
	for _, b := range r.Benchmarks {
		t.ops[benchmark{b.Package, b.Name}] = b.N
	}
	for _, c := range r.Costs {
		k := costKey{benchmark{c.Package, c.Source}, c.Site}
		if i == 0 {
			k.site = cmp.Or(d.isAfter[c.Site], c.Site)
		}
		w := t.at[k]
		if w == nil {
			w = &amounts{callers: make(map[string]amount)}
			t.at[k] = w
		}
		w.allocs += c.AllocsPerOp
		w.bytes += c.BytesPerOp
		if len(c.Via) > 0 {
			at := d.callerAfter(i, c)
			sum := w.callers[at]
			w.callers[at] = amount{sum.allocs + c.AllocsPerOp, sum.bytes + c.BytesPerOp}
		}
	}
	return t
}

// callerAfter is the user's line that brings a cost about, as it is after.
func (d *differ) callerAfter(i int, c *alloc.Cost) string {
	if i == 1 {
		return c.Caller
	}
	f := c.Via[0]
	pkg, _ := correlate.SplitFunc(f.Func, d.sides[0].known)
	pos, fate := d.matcher.Elsewhere(false, pkg, alloc.Pos{File: d.sides[0].lengthen(f.File), Line: f.Line})
	if fate != compare.SameLine {
		return "before " + c.Caller
	}
	return fmt.Sprintf("%s:%d", d.sides[1].shorten(pos.File), pos.Line)
}

// weigh adds to the changes what the benchmarks that ran on both sides count
// otherwise.
func (d *differ) weigh(r *alloc.Report, sides [2]*tally) {
	keys := make(map[costKey]bool)
	for _, t := range sides {
		for k := range t.at {
			if fewest(sides, k.benchmark) > 0 {
				keys[k] = true
			}
		}
	}
	bySite := make(map[string]*alloc.Change)
	for _, c := range r.Changes {
		bySite[c.Site] = c
	}
	moved := movedOn(sides)
	for _, k := range slices.SortedFunc(maps.Keys(keys), func(a, b costKey) int {
		return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name), cmp.Compare(a.site, b.site))
	}) {
		var w [2]amount
		for i, t := range sides {
			if x := t.at[k]; x != nil {
				w[i] = x.amount
			}
		}
		if !w[0].differs(w[1], fewest(sides, k.benchmark)) || moved(k) {
			continue
		}
		c := bySite[k.site]
		if c == nil {
			if c = d.costly(k.site, sides); c == nil || !d.keeps(c) {
				continue
			}
			bySite[k.site] = c
			r.Changes = append(r.Changes, c)
		}
		if c.Status == alloc.Changed && !slices.Contains(c.What, alloc.InCost) {
			c.What = slices.Insert(c.What, 0, alloc.InCost)
		}
		c.Costs = append(c.Costs, &alloc.CostChange{
			Source: k.name, Package: k.pkg,
			AllocsBefore: w[0].allocs, AllocsAfter: w[1].allocs, BytesBefore: w[0].bytes, BytesAfter: w[1].bytes,
		})
	}
}

// fewest is the number of operations that a benchmark ran on the side where it ran
// less, 0 where one did not.
func fewest(sides [2]*tally, b benchmark) int64 { return min(sides[0].ops[b], sides[1].ops[b]) }

// movedOn reports the costs of others' sites whose sum, below each of the user's
// lines, is the same on both sides: another version of the standard library has
// its functions elsewhere, and allocates no more and no less.
func movedOn(sides [2]*tally) func(costKey) bool {
	type line struct {
		benchmark
		caller string
	}
	var sums [2]map[line]amount
	for i, t := range sides {
		sums[i] = make(map[line]amount)
		for k, w := range t.at {
			for caller, x := range w.callers {
				l := line{k.benchmark, caller}
				sums[i][l] = amount{sums[i][l].allocs + x.allocs, sums[i][l].bytes + x.bytes}
			}
		}
	}
	return func(k costKey) bool {
		some := false
		for _, t := range sides {
			if t.at[k] == nil {
				continue
			}
			for caller := range t.at[k].callers {
				l := line{k.benchmark, caller}
				if sums[0][l].differs(sums[1][l], fewest(sides, k.benchmark)) {
					return false
				}
				some = true
			}
		}
		return some
	}
}

// whyCost says where only one side inlines the function of a site that costs
// otherwise, of a few places.
func (d *differ) whyCost(c *alloc.Change) (said []string) {
	if c.Before == nil || c.After == nil {
		return nil
	}
	for i, s := range [2]*alloc.Site{c.Before, c.After} {
		for _, in := range s.Inlined {
			pkg, _ := correlate.SplitFunc(in.Func, d.sides[i].known)
			there, fate := d.matcher.Elsewhere(i == 1, pkg, in.Pos)
			if fate != compare.SameLine || d.sides[1-i].inlines(there, s.Package+"."+s.Func) || len(said) == 3 {
				continue
			}
			at := [2]alloc.Pos{}
			at[i], at[1-i] = in.Pos, there
			said = append(said, d.inlining(at)...)
		}
	}
	return said
}

// costly is the change of a site that only costs otherwise, or is one of a
// dependency; nil where no side has it.
func (d *differ) costly(id string, sides [2]*tally) *alloc.Change {
	was := cmp.Or(d.wasBefore[id], id)
	c := &alloc.Change{
		Status: alloc.Changed, Site: id,
		Before: cmp.Or(d.byID[0][was], sides[0].sites[was]), After: cmp.Or(d.byID[1][id], sides[1].sites[id]),
	}
	switch {
	case c.Before == nil && c.After == nil:
		return nil
	case c.Before == nil:
		c.Status = alloc.Appeared
	case c.After == nil:
		c.Status = alloc.Vanished
	}
	return c
}
