package engine

import (
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
	if err := p.diagnoseDependencies(ctx, measured); err != nil {
		return nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range measured {
		for i := range m.run.Samples {
			j.Sample(&m.run.Samples[i])
		}
	}
	byID := make(map[string]*alloc.Site)
	for _, s := range j.Sites() {
		byID[s.ID] = s
	}
	for _, m := range measured {
		b := m.benchmark()
		sc := cost.Scale{Ops: float64(m.run.N), Place: j.Sample, Own: p.own}
		costs := sc.Weigh(b, m.run.Samples)
		r.Benchmarks = append(r.Benchmarks, b)
		for _, c := range costs {
			s := byID[c.Site]
			if !req.Filter.keeps(s) {
				continue
			}
			r.Costs = append(r.Costs, c)
			if !slices.Contains(r.Sites, s) {
				r.Sites = append(r.Sites, s)
			}
		}
	}
	p.fill(r.Sites, j)
	r.Summary.Packages = len(p.named)
	r.Summary.Sites, r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites), len(r.Sites)
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// A measured is one benchmark's run, with its result in the plain binary.
type measured struct {
	pkg   string
	run   *recorder.Run
	plain recorder.Plain
}

// measure runs the benchmarks of the named packages. A package without any is
// passed over, unless none has one.
func (p *pipeline) measure(ctx context.Context, req CostRequest) ([]measured, error) {
	var out []measured
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
		plain := make(map[string]recorder.Plain)
		for _, r := range res.Plain {
			plain[r.Name] = r
		}
		for _, r := range res.Runs {
			name := r.Name
			if r.Procs > 1 {
				name += fmt.Sprintf("-%d", r.Procs)
			}
			out = append(out, measured{path, r, plain[name]})
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

// benchmark is what is reported of the run.
func (m *measured) benchmark() *alloc.Benchmark {
	n := float64(m.run.N)
	gc := m.run.GC
	return &alloc.Benchmark{
		Name: m.run.Name, Package: m.pkg, Source: "recorder", N: m.run.N,
		NsPerOp:     m.plain.NsPerOp,
		AllocsPerOp: float64(m.run.NetAllocs) / n,
		BytesPerOp:  float64(m.run.NetBytes) / n,
		GC:          &gc,
	}
}

// diagnoseDependencies has the compiler speak of the packages outside of the
// named ones that allocate in the samples: their sites have causes, too.
func (p *pipeline) diagnoseDependencies(ctx context.Context, measured []measured) error {
	want := make(map[string]bool)
	for _, m := range measured {
		for i := range m.run.Samples {
			for _, f := range correlate.UserFrames(m.run.Samples[i].Frames) {
				path, _ := correlate.SplitFunc(f.Func)
				if p.packages[path] != nil && p.packages[path].Export != "" && len(p.diags[path]) == 0 {
					want[path] = true
				}
				if !f.Inlined {
					break
				}
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
