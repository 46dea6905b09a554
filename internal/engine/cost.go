package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/cost"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/recorder"
)

// Cost reports what the sites of benchmarks cost: every allocation that the
// timed region made, at its site, and what could not be placed.
func Cost(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	if req.Profile != "" {
		return profiled(ctx, req)
	}
	start := time.Now()
	p, err := open(ctx, req.Build)
	if err != nil {
		return nil, err
	}
	if err := p.compile(ctx, gocmd.Request{Patterns: patterns(req.Patterns), Tests: true, Diagnose: true}); err != nil {
		return nil, err
	}
	if err := p.heard(); err != nil {
		return nil, err
	}
	r := &alloc.Report{Header: p.header("cost"), Problems: p.problems}
	r.Header.Order = "cost"
	measured, err := p.measure(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, name := range req.Compare {
		if !slices.ContainsFunc(measured, func(m measurement) bool { return m.name == name }) {
			return nil, &Error{Msg: "no benchmark " + name, Hint: "list them with: go test -run='^$' -list=Benchmark ./..."}
		}
	}
	var samples []alloc.Sample
	for _, m := range measured {
		samples = append(samples, m.samples()...)
	}
	if err := p.diagnoseDependencies(ctx, samples); err != nil {
		return nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range measured {
		for _, r := range m.runs {
			for i := range r.Samples {
				j.Sample(&r.Samples[i])
			}
		}
	}
	sites := j.Sites()
	for _, m := range measured {
		b := m.benchmark()
		r.Benchmarks = append(r.Benchmarks, b)
		p.take(r, sites, cost.Scale{Ops: float64(b.N), Place: j.Sample, Own: p.own}.Weigh(b, m.samples()), req.Filter)
	}
	p.complete(r, j, start)
	return r, nil
}

// take adds to a report the costs whose sites pass the filter, and the sites.
func (p *pipeline) take(r *alloc.Report, sites []*alloc.Site, costs []*alloc.Cost, filter Filter) {
	byID := make(map[string]*alloc.Site, len(sites))
	for _, s := range sites {
		byID[s.ID] = s
	}
	has := make(map[*alloc.Site]bool)
	for _, s := range r.Sites {
		has[s] = true
	}
	for _, c := range costs {
		s := byID[c.Site]
		if !filter.keeps(s) {
			continue
		}
		r.Costs = append(r.Costs, c)
		if !has[s] {
			has[s] = true
			r.Sites = append(r.Sites, s)
		}
	}
}

// complete fills in the sites of a cost report and its summary.
func (p *pipeline) complete(r *alloc.Report, j *correlate.Joiner, start time.Time) {
	p.fill(r.Sites, j)
	r.Summary.Packages = len(p.named)
	r.Summary.Sites, r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites), len(r.Sites)
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
}

// sortCosts ranks costs by what a profile is asked for: "objects", "bytes" or
// "inuse" bytes.
func sortCosts(costs []*alloc.Cost, index string) {
	slices.SortStableFunc(costs, func(a, b *alloc.Cost) int {
		switch index {
		case "bytes":
			return cmp.Compare(b.BytesPerOp, a.BytesPerOp)
		case "inuse":
			return cmp.Compare(b.InUseBytes, a.InUseBytes)
		}
		return cmp.Compare(b.AllocsPerOp, a.AllocsPerOp)
	})
}

// A measurement is one benchmark, with all its runs.
type measurement struct {
	pkg   string
	name  string
	runs  []*recorder.Run
	plain []recorder.Plain
}

// measure runs the benchmarks of the named packages. A package without any is
// passed over, unless none has one.
func (p *pipeline) measure(ctx context.Context, req CostRequest) ([]measurement, error) {
	var out []measurement
	var none error
	seen := make(map[string]bool)
	for i, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		path = strings.TrimSuffix(path, "_test")
		if pkg.ForTest != "" {
			path = pkg.ForTest
		}
		if seen[path] || len(pkg.Errors) > 0 {
			continue
		}
		seen[path] = true
		p.progress("measuring", i+1, len(p.named), path)
		res, err := recorder.Bench(ctx, p.cfg, path, pkg.Dir, recorder.Options{
			Bench: req.Bench, Benchtime: req.Benchtime, Count: req.Count, CPU: req.CPU, Timeout: req.Timeout,
		})
		if errors.Is(err, recorder.ErrNoBenchmarks) {
			none = err
			continue
		}
		if err != nil {
			return nil, advise(err)
		}
		at := make(map[string]int)
		for _, r := range res.Runs {
			name := r.Name
			if r.Procs > 1 {
				name += fmt.Sprintf("-%d", r.Procs)
			}
			i, ok := at[name]
			if !ok {
				i = len(out)
				at[name] = i
				out = append(out, measurement{pkg: path, name: r.Name})
			}
			out[i].runs = append(out[i].runs, r)
		}
		for _, r := range res.Plain {
			if i, ok := at[r.Name]; ok {
				out[i].plain = append(out[i].plain, r)
			}
		}
	}
	if len(out) == 0 {
		e := &Error{Msg: "no benchmarks match -bench=" + req.Bench, Hint: "list them with: go test -run='^$' -list=Benchmark ./..."}
		if none == nil {
			e.Msg = "no package with benchmarks"
		}
		return nil, e
	}
	return out, nil
}

// benchmark is what is reported of the runs, taken together.
func (m *measurement) benchmark() *alloc.Benchmark {
	b := &alloc.Benchmark{Name: m.name, Package: m.pkg, Source: "recorder", GC: new(alloc.GC)}
	values := make(map[string][]float64)
	add := func(unit string, v float64) { values[unit] = append(values[unit], v) }
	var cpu float64
	for _, r := range m.runs {
		n := float64(r.N)
		b.N += r.N
		b.AllocsPerOp += float64(r.NetAllocs)
		b.BytesPerOp += float64(r.NetBytes)
		b.GC.Cycles += r.GC.Cycles
		b.GC.Pauses += r.GC.Pauses
		b.GC.PauseNs += r.GC.PauseNs
		b.GC.TotalNs += r.GC.TotalNs
		b.GC.CPUSeconds += r.GC.CPUSeconds
		cpu += r.GC.TotalNs * float64(r.Procs)
		add("allocs/op", float64(r.NetAllocs)/n)
		add("B/op", float64(r.NetBytes)/n)
		add("gc-cycles", r.GC.Cycles)
		add("stw-pauses", r.GC.Pauses)
	}
	b.AllocsPerOp /= float64(b.N)
	b.BytesPerOp /= float64(b.N)
	if cpu > 0 {
		b.GC.CPUShare = min(1, b.GC.CPUSeconds*1e9/cpu)
	}
	for _, p := range m.plain {
		b.NsPerOp += p.NsPerOp / float64(len(m.plain))
		add("ns/op", p.NsPerOp)
		add("ns", p.NsPerOp*float64(p.N))
	}
	if len(m.runs) > 1 {
		b.Values = values
	}
	return b
}

// samples are those of all runs.
func (m *measurement) samples() []alloc.Sample {
	var out []alloc.Sample
	for _, r := range m.runs {
		out = append(out, r.Samples...)
	}
	return out
}

// diagnoseDependencies has the compiler speak of the packages outside of the
// named ones that allocate in the samples: their sites have causes, too.
func (p *pipeline) diagnoseDependencies(ctx context.Context, samples []alloc.Sample) error {
	want := make(map[string]bool)
	for i := range samples {
		for _, f := range correlate.UserFrames(samples[i].Frames) {
			path, _ := correlate.SplitFunc(f.Func)
			if p.packages[path] != nil && p.packages[path].Export != "" && len(p.diags[path]) == 0 {
				want[path] = true
			}
			if !f.Inlined {
				break
			}
		}
	}
	if len(want) == 0 {
		return nil
	}
	var paths []string
	for path := range want {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	p.progress("asking the compiler about dependencies", 0, len(paths), "")
	return p.diagnose(ctx, paths)
}
