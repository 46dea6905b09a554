package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/cost"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// Cost reports what the sites of benchmarks, tests or a program cost: every
// allocation that was made, at its site, and what could not be placed.
func Cost(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	if req.Profile != "" {
		return profiled(ctx, req)
	}
	start := time.Now()
	what, prog, err := subject(&req)
	if err != nil {
		return nil, err
	}
	p, err := open(ctx, req.Build)
	if err != nil {
		return nil, err
	}
	p.program = prog
	if err := p.compile(ctx, what); err != nil {
		if x, ok := errors.AsType[*Error](err); ok && len(req.Command) > 0 {
			x.Hint = "only Go programs can be recorded: name a main package, or its files"
		}
		return nil, err
	}
	if err := p.heard(); err != nil {
		return nil, err
	}
	measured, err := p.measure(ctx, req)
	if err != nil {
		return nil, err
	}
	if len(req.Command) > 0 {
		// Ctrl-C ended the program, not the report of what it did.
		ctx = context.WithoutCancel(ctx)
	}
	for _, name := range req.Compare {
		if !slices.ContainsFunc(measured, func(m measurement) bool { return m.name == name }) {
			return nil, &Error{Msg: "no benchmark " + name, Hint: "list them with: go test -run='^$' -list=Benchmark ./..."}
		}
	}
	var samples []alloc.Sample
	for _, m := range measured {
		samples = append(samples, m.samples...)
	}
	if err := p.diagnoseDependencies(ctx, samples); err != nil {
		return nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	if p.why != "" {
		j.Measured = alloc.ByProfile
		for _, m := range measured {
			p.today().Move(m.then, m.samples, p.own) // names and files as elsewhere
		}
	}
	place := placeOnce(j)
	for _, m := range measured {
		for i := range m.samples {
			place(&m.samples[i])
		}
	}
	r := &alloc.Report{Header: p.header("cost"), Problems: p.problems}
	r.Header.Order = "cost"
	sites := j.Sites()
	for _, m := range measured {
		b := m.benchmark(p.why)
		r.Benchmarks = append(r.Benchmarks, b)
		p.take(r, sites, cost.Scale{Ops: float64(b.N), Place: place, Own: p.own}.Weigh(b, m.samples), req.Filter)
	}
	p.complete(r, j, start)
	return r, nil
}

// placeOnce places samples, each once: with all that the joiner is told, it may
// answer otherwise the second time.
func placeOnce(j *correlate.Joiner) func(*alloc.Sample) *alloc.Site {
	at := make(map[*alloc.Sample]*alloc.Site)
	return func(s *alloc.Sample) *alloc.Site {
		site, ok := at[s]
		if !ok {
			site = j.Sample(s)
			at[s] = site
		}
		return site
	}
}

// subject is what a request has compiled, and the program that it runs, if it
// runs one, whose flags and directory become those of the request.
func subject(req *CostRequest) (gocmd.Request, benchrun.Program, error) {
	what := gocmd.Request{Patterns: patterns(req.Patterns), Tests: true, Diagnose: true}
	if len(req.Command) == 0 {
		return what, benchrun.Program{}, nil
	}
	prog, err := benchrun.ParseRun(req.Command)
	if err != nil {
		return what, prog, adviseRun(err, *req)
	}
	req.Flags = append(slices.Clip(req.Flags), prog.Flags...)
	if prog.Dir != "" && !filepath.IsAbs(prog.Dir) {
		prog.Dir = filepath.Join(req.Dir, prog.Dir)
	}
	req.Dir = cmp.Or(prog.Dir, req.Dir)
	name := prog.Package[0]
	if !filepath.IsAbs(name) {
		name = filepath.Join(req.Dir, name)
	}
	if st, err := os.Stat(name); err == nil && st.Mode().IsRegular() && !strings.HasSuffix(name, ".go") {
		return what, prog, &Error{
			Msg: prog.Package[0] + " is a file, not a package", Usage: true,
			Hint: "a program that is built already cannot be recorded: name its package, or weigh by its heap profile, -profile",
		}
	}
	what.Tests = false
	if len(req.Patterns) == 0 {
		what.Patterns = prog.Package
	}
	return what, prog, nil
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
		if s != nil && !p.keeps(&filter, s) {
			continue
		}
		r.Costs = append(r.Costs, c)
		if s != nil && !has[s] {
			has[s] = true
			r.Sites = append(r.Sites, s)
		}
	}
}

// complete fills in the sites of a cost report and its summary.
func (p *pipeline) complete(r *alloc.Report, j *correlate.Joiner, start time.Time) {
	p.fill(r.Sites, j)
	r.Summary.Packages = p.packagesAsked()
	r.Summary.Sites, r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites), len(r.Sites)
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
}

// diagnoseDependencies has the compiler speak of the packages outside of the
// named ones that allocate in the samples: their sites have causes, too.
func (p *pipeline) diagnoseDependencies(ctx context.Context, samples []alloc.Sample) error {
	want := make(map[string]bool)
	for i := range samples {
		for _, f := range correlate.UserFrames(samples[i].Frames) {
			path, _ := correlate.SplitFunc(f.Func, p.known)
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
