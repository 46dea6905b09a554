package baseline

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A place is one of the expressions that a line of a baseline stands for: a
// site of the user's own or a copy of another package's.
type place struct {
	Site
	alloc.Pos
	fn   string // the user's function that it stands in, full name
	site *alloc.Site
}

// A group are the places that only their ordinals tell apart: equal expressions
// of one function.
type group struct {
	id, in string // without the ordinal that counts
}

func (s *Site) group() group {
	if s.In != "" {
		return group{s.ID, cut(s.In)}
	}
	return group{cut(s.ID), ""}
}

// cut is an id or a name without its ordinal.
func cut(s string) string { return s[:strings.LastIndexByte(s, '#')] }

// ordinal is the number that a place counts with in its group.
func (s *Site) ordinal() int {
	n, _ := strconv.Atoi(s.place()[strings.LastIndexByte(s.place(), '#')+1:])
	return n
}

func (s *Site) place() string { return cmp.Or(s.In, s.ID) }

// places are those of sites, in their order, by groups. A site of another
// package counts where it is inlined into a function of these.
func places(sites []*alloc.Site, own func(importPath string) bool) map[group][]place {
	all := make(map[group][]place)
	for _, s := range sites {
		plain := Site{ID: s.ID, Kind: s.Kind, Cause: s.Cause}
		if own(s.Package) {
			p := place{plain, s.Pos, s.Package + "." + s.Func, s}
			all[p.group()] = append(all[p.group()], p)
			continue
		}
		for _, in := range s.Inlined {
			if in.Allocates == alloc.Never || !ownFunc(in.Func, own) {
				continue
			}
			p := place{plain, in.Pos, in.Func, s}
			p.In = in.Func + "#" + strconv.Itoa(len(all[group{s.ID, in.Func}])+1)
			all[p.group()] = append(all[p.group()], p)
		}
	}
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b place) int { return a.ordinal() - b.ordinal() })
	}
	return all
}

// ownFunc reports whether a function is of one of these packages: its path is
// what stands before one of the dots behind the last slash.
func ownFunc(fn string, own func(string) bool) bool {
	from := strings.LastIndexByte(fn, '/') + 1
	if i := strings.IndexByte(fn, '['); i >= 0 { // type arguments have paths of their own
		from = strings.LastIndexByte(fn[:i], '/') + 1
	}
	for i := from; i < len(fn); i++ {
		if fn[i] == '.' && own(fn[:i]) {
			return true
		}
	}
	return false
}

// A Now is what a build has, to be held against a baseline.
type Now struct {
	Report   *alloc.Report // sites that may allocate, contracts, benchmarks and costs
	Packages []string      // that were checked
}

func (n Now) own(importPath string) bool {
	return slices.Contains(n.Packages, importPath) || slices.Contains(n.Packages, strings.TrimSuffix(importPath, "_test"))
}

// Findings are what is worse than the baseline allows: sites that it does not
// have, what costs more, and what it has that was not looked at. Positions are
// those of the report's sites or, of what has none, the baseline's own lines.
func (b *Baseline) Findings(now Now) []*alloc.Finding {
	list := b.missing(now)
	list = append(list, newSites(b.Sites, now)...)
	return append(list, b.limits(now)...)
}

// Gone counts the sites that a build has not any more.
func (b *Baseline) Gone(now Now) int {
	have := places(now.Report.Sites, now.own)
	allowed := make(map[group]int)
	gone := 0
	for _, s := range b.Sites {
		if allowed[s.group()]++; allowed[s.group()] > len(have[s.group()]) {
			gone++
		}
	}
	return gone
}

// New are the sites of a build that an older one does not have.
func New(old, now Now) []*alloc.Finding {
	var was []Site
	for _, list := range places(old.Report.Sites, now.own) {
		for _, p := range list {
			was = append(was, p.Site)
		}
	}
	return newSites(was, now)
}

// newSites are findings of those that are not allowed, in the order of the
// report.
func newSites(allowed []Site, now Now) []*alloc.Finding {
	was := make(map[group][]Site)
	for _, s := range allowed {
		was[s.group()] = append(was[s.group()], s)
	}
	have := places(now.Report.Sites, now.own)
	// What a function lost may have moved into another one.
	lost := make(map[string][]Site)
	for g, list := range was {
		for range max(0, len(list)-len(have[g])) {
			lost[shape(&list[0])] = append(lost[shape(&list[0])], list[0])
		}
	}
	var out []*alloc.Finding
	for g, list := range have {
		for _, p := range added(was[g], list) {
			f := &alloc.Finding{
				Rule: alloc.RuleNewSite, Site: p.ID, Pos: p.Pos, Func: p.fn,
				Message: describe(p.site), Kind: p.Kind, Cause: p.Cause,
			}
			if p.In != "" {
				f.Message += ", of " + path.Base(p.site.Package+"."+p.site.Func) + " inlined here"
			}
			if n := len(list); n > 1 && len(was[g]) > 0 {
				f.Message += fmt.Sprintf(", one of %d equal ones in this function, where %d were", n, len(was[g]))
			}
			if from := lost[shape(&p.Site)]; len(from) == 1 {
				f.Message += ", perhaps moved from " + path.Base(holder(&from[0]))
			}
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *alloc.Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col, strings.Compare(a.Site, b.Site))
	})
	return out
}

// added are the places of a group that are more than were: first those whose
// ordinals were not there.
func added(was []Site, list []place) []place {
	n := len(list) - len(was)
	if n <= 0 {
		return nil
	}
	known := func(p place) bool {
		return slices.ContainsFunc(was, func(s Site) bool { return s.ordinal() == p.ordinal() })
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b place) int { return compareBool(!known(a), !known(b)) })
	return list[len(list)-n:]
}

// shape is what stays of a site that moves into another function.
func shape(s *Site) string {
	_, shape, _ := strings.Cut(cut(s.ID), "#")
	if s.In != "" {
		return s.ID
	}
	return string(s.Kind) + " " + shape
}

// holder is the function that a site stands in.
func holder(s *Site) string {
	if s.In != "" {
		return cut(s.In)
	}
	fn, _, _ := strings.Cut(s.ID, "#")
	return fn
}

// describe says what a site allocates and why.
func describe(s *alloc.Site) string {
	text := "new allocation: " + string(s.Kind)
	if s.Type != "" {
		text += " of " + s.Type
	}
	if s.Bytes != nil {
		text += fmt.Sprintf(" (%d B)", *s.Bytes)
	}
	if s.Cause != "" {
		text += ": " + string(s.Cause)
	}
	return text
}

// missing are the packages, contracts and benchmarks of the baseline that the
// build does not have. A gate that looks at less than it did is none.
func (b *Baseline) missing(now Now) []*alloc.Finding {
	var out []*alloc.Finding
	gone := func(e Entry, fn, msg string) {
		out = append(out, &alloc.Finding{Rule: alloc.RuleMissing, Pos: b.at(e), Func: fn, Message: msg})
	}
	for _, p := range b.Packages {
		if !now.own(p.Path) {
			gone(p.Entry, "", "package "+p.Path+" is in the baseline, and was not checked")
		}
	}
	for _, c := range b.Contracts {
		if !slices.ContainsFunc(now.Report.Contracts, func(is *alloc.Contract) bool { return is.Func == c.Func && is.Directive == c.Directive }) {
			gone(c.Entry, c.Func, "the contract "+c.Directive+" of "+c.Func+" is in the baseline, and not in the source")
		}
	}
	told := make(map[string]bool)
	for _, l := range b.Limits {
		name := l.Package + "." + l.Benchmark
		if find(now.Report, l) == nil && !told[name] {
			told[name] = true
			gone(l.Entry, name, l.Benchmark+" of "+l.Package+" is in the baseline, and did not run")
		}
	}
	return out
}

// at is the place of an entry in the baseline itself.
func (b *Baseline) at(e Entry) alloc.Pos { return alloc.Pos{File: b.Name, Line: e.Line, Col: 1} }

// find is the benchmark of a limit, nil if it did not run.
func find(r *alloc.Report, l Limit) *alloc.Benchmark {
	for _, is := range r.Benchmarks {
		if is.Package == l.Package && is.Name == l.Benchmark {
			return is
		}
	}
	return nil
}

// limits are the benchmarks, and the sites in them, that cost more than they may.
func (b *Baseline) limits(now Now) []*alloc.Finding {
	var out []*alloc.Finding
	for _, l := range b.Limits {
		bench := find(now.Report, l)
		if bench == nil {
			continue // missing
		}
		if l.Site == "" {
			if is := best(bench, l.Unit); exceeds(is, l) {
				out = append(out, &alloc.Finding{
					Rule: alloc.RuleBudget, Pos: b.at(l.Entry), Func: l.Package + "." + l.Benchmark,
					Message: fmt.Sprintf("%s: %s %s, and its budget is %s", l.Benchmark, figure(is), l.Unit, figure(l.Max)),
					Was:     l.Max, Is: is, Unit: l.Unit,
				})
			}
			continue
		}
		is := costs(now.Report, l)
		if !exceeds(is, l) {
			continue
		}
		f := &alloc.Finding{
			Rule: alloc.RuleCost, Site: l.Site, Pos: b.at(l.Entry), Func: l.Package + "." + l.Benchmark,
			Message: fmt.Sprintf("%s: %s %s here, and the baseline has %s", l.Benchmark, figure(is), l.Unit, figure(l.Max)),
			Was:     l.Max, Is: is, Unit: l.Unit,
		}
		if i := slices.IndexFunc(now.Report.Sites, func(s *alloc.Site) bool { return s.ID == l.Site }); i >= 0 {
			s := now.Report.Sites[i]
			f.Pos, f.Kind, f.Cause = s.Pos, s.Kind, s.Cause
		}
		out = append(out, f)
	}
	return out
}

// best is the least that any run of a benchmark allocated per operation: what
// other goroutines do in the meantime only ever adds.
func best(b *alloc.Benchmark, unit string) float64 {
	if v := b.Values[unit]; len(v) > 0 {
		return slices.Min(v)
	}
	if unit == "B/op" {
		return b.BytesPerOp
	}
	return b.AllocsPerOp
}

// worst is the most.
func worst(b *alloc.Benchmark, unit string) float64 {
	if v := b.Values[unit]; len(v) > 0 {
		return slices.Max(v)
	}
	return best(b, unit)
}

// costs is what a site allocates in a benchmark, by all paths that lead to it.
func costs(r *alloc.Report, l Limit) float64 {
	sum := 0.0
	for _, c := range r.Costs {
		if c.Site == l.Site && c.Source == l.Benchmark && c.Package == l.Package {
			if l.Unit == "B/op" {
				sum += c.BytesPerOp
			} else {
				sum += c.AllocsPerOp
			}
		}
	}
	return sum
}

// step is the least difference of two figures that means something: what is
// allocated once in a run, as a pool is filled, is a part of each operation that
// depends on their number.
func step(unit string) float64 {
	if unit == "B/op" {
		return 1
	}
	return 0.01
}

func exceeds(is float64, l Limit) bool { return is-l.Max >= step(l.Unit)*(1-1e-6) }

// figure spells an amount to a hundredth.
func figure(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
