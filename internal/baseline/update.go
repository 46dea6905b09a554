package baseline

import (
	"math"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// Tighten takes from the baseline what the build has not any more, lowers
// limits to what was measured, and adds the packages and contracts that are
// new: all of it can only make the gate stricter. A contract or a benchmark that
// is gone stays, and goes on being missed.
func (b *Baseline) Tighten(now Now) { b.update(now, false) }

// Accept makes the baseline that of the build: new sites are allowed, and what
// is gone is forgotten. Budgets stay, raised where they are exceeded.
func (b *Baseline) Accept(target Target, now Now) {
	b.Target = target
	b.update(now, true)
}

func (b *Baseline) update(now Now, all bool) {
	b.Packages = slices.DeleteFunc(b.Packages, func(p Package) bool { return !now.own(p.Path) })
	for _, path := range now.Packages {
		if !slices.ContainsFunc(b.Packages, func(p Package) bool { return p.Path == path }) {
			b.Packages = append(b.Packages, Package{Path: path})
		}
	}
	has := func(c Contract) func(*alloc.Contract) bool {
		return func(is *alloc.Contract) bool { return is.Func == c.Func && is.Directive == c.Directive }
	}
	if all {
		b.Contracts = slices.DeleteFunc(b.Contracts, func(c Contract) bool { return !slices.ContainsFunc(now.Report.Contracts, has(c)) })
	}
	for _, is := range now.Report.Contracts {
		if !slices.ContainsFunc(b.Contracts, func(c Contract) bool { return has(c)(is) }) {
			b.Contracts = append(b.Contracts, Contract{Func: is.Func, Directive: is.Directive})
		}
	}
	b.updateSites(now, all)
	b.updateLimits(now, all)
}

// updateSites keeps what is said of a group's first places with them.
func (b *Baseline) updateSites(now Now, all bool) {
	was := make(map[group][]Entry)
	for _, s := range b.Sites {
		was[s.group()] = append(was[s.group()], s.Entry)
	}
	b.Sites = nil
	for g, list := range places(now.Report.Sites, now.own) {
		for i, p := range list {
			s := p.Site
			switch {
			case i < len(was[g]):
				s.Entry = was[g][i]
			case !all:
				continue
			}
			b.Sites = append(b.Sites, s)
		}
	}
}

// updateLimits sets limits to the most that a run allocated, and with all makes
// them for the benchmarks that have none.
func (b *Baseline) updateLimits(now Now, all bool) {
	var list []Limit
	for _, l := range b.Limits {
		bench := find(now.Report, l)
		switch {
		case bench == nil && all:
			continue
		case bench == nil:
		case l.Site == "":
			l.Max = lower(l, worst(bench, l.Unit), all)
		default:
			is := costs(now.Report, l)
			if is == 0 {
				continue
			}
			l.Max = lower(l, is, all)
		}
		list = append(list, l)
	}
	b.Limits = list
	if !all {
		return
	}
	for _, bench := range now.Report.Benchmarks {
		for _, unit := range []string{"allocs/op", "B/op"} {
			l := Limit{Package: bench.Package, Benchmark: bench.Name, Unit: unit}
			b.add(l, worst(bench, unit))
			if unit == "B/op" {
				continue
			}
			for _, c := range now.Report.Costs {
				if c.Source == bench.Name && c.Package == bench.Package && c.Site != "" {
					l.Site = c.Site
					// Less is start-up, such as a pool that is filled.
					if is := costs(now.Report, l); is >= 0.05 {
						b.add(l, is)
					}
				}
			}
		}
	}
}

// add adds a limit that the baseline does not have.
func (b *Baseline) add(l Limit, is float64) {
	if !slices.ContainsFunc(b.Limits, func(o Limit) bool {
		return o.Package == l.Package && o.Benchmark == l.Benchmark && o.Site == l.Site && o.Unit == l.Unit
	}) {
		l.Max = up(is, l.Unit)
		b.Limits = append(b.Limits, l)
	}
}

// lower is a limit that was, lowered to what is; with all raised to it, too.
func lower(l Limit, is float64, all bool) float64 {
	if is = up(is, l.Unit); all {
		return is
	}
	return min(l.Max, is)
}

// up rounds up to the next step, so that what was measured keeps its own limit.
func up(v float64, unit string) float64 {
	perUnit := math.Round(1 / step(unit))
	return math.Ceil(v*perUnit-1e-6) / perUnit
}
