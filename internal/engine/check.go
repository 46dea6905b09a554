package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/baseline"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/flow"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A CheckRequest asks what is not as it must be in packages: contracts that are
// broken, and what allocates that did not before.
type CheckRequest struct {
	Build
	Patterns []string
	// Tests adds the packages' tests, Generated the generated files.
	Tests, Generated bool
	// Baseline is what is allowed, nil where no file says so. Update changes it.
	Baseline *baseline.Baseline
	Update   Update
	// NewFrom is the git revision whose sites are allowed, "" none.
	NewFrom string
	// Bench are benchmarks to measure besides those that the baseline limits,
	// the rest says how, as of a CostRequest.
	Bench, Benchtime string
	Count            int
	Timeout          time.Duration

	planted map[string]string // files that only a self-test has
}

// An Update says what becomes of a baseline.
type Update int

// The updates.
const (
	Keep    Update = iota
	Tighten        // forget what is gone, lower what costs less
	Accept         // allow what there is
)

// Check reports what is not as it must be, each finding with its flow. What
// cannot be known is a problem or an error, never a pass.
func Check(ctx context.Context, req CheckRequest) (*alloc.Report, error) {
	start := time.Now()
	build, cleanup, err := req.Build.with(req.planted)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	p, f, err := look(ctx, FindRequest{Build: build, Patterns: req.Patterns, Tests: req.Tests})
	if err != nil {
		return nil, err
	}
	held, err := p.contracts(ctx, f.Sites)
	if err != nil {
		return nil, err
	}
	now := baseline.Now{
		Report:   &alloc.Report{Header: p.header("check"), Sites: req.counted(f.Sites), Contracts: held.Contracts},
		Packages: p.testedPackages(),
	}
	r := &alloc.Report{Header: now.Report.Header, Contracts: held.Contracts, Findings: held.Findings}
	if req.Baseline == nil && req.NewFrom == "" && len(held.Contracts)+len(held.Findings) == 0 && len(p.problems) == 0 {
		return nil, &Error{
			Msg:  "there is nothing to check: no contract in the source, no -baseline and no -new-from-rev",
			Hint: "write //stackward:noalloc above a function, or begin a baseline: stackward check -baseline allocs.txt -update=all ./...",
		}
	}
	if req.Baseline != nil {
		list, err := p.held(ctx, req, now)
		if err != nil {
			return nil, err
		}
		r.Findings = append(r.Findings, list...)
		r.Summary.Gone = req.Baseline.Gone(now)
	}
	if req.NewFrom != "" {
		list, err := p.newSince(ctx, req, now)
		if err != nil {
			return nil, err
		}
		r.Findings = append(r.Findings, list...)
	}
	type identity struct {
		rule alloc.Rule
		site string
		pos  alloc.Pos
		text string
	}
	seen := make(map[identity]bool)
	r.Findings = slices.DeleteFunc(r.Findings, func(f *alloc.Finding) bool {
		id := identity{f.Rule, f.Site, f.Pos, f.Message}
		if f.Rule == alloc.RuleNewSite {
			id.text = "" // a baseline and a revision say it in other words
		}
		twice := seen[id]
		seen[id] = true
		return twice
	})
	if err := p.tell(ctx, r, f.Sites); err != nil {
		return nil, err
	}
	r.Header.PGO, r.Problems = strings.Join(p.pgo, ", "), p.problems
	r.Summary.Packages, r.Summary.Sites = p.packagesAsked(), len(now.Report.Sites)
	r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites)
	r.Summary.Contracts, r.Summary.Findings = len(r.Contracts), len(r.Findings)
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// with is a build that has files more.
func (b Build) with(files map[string]string) (Build, func(), error) {
	if files == nil {
		return b, func() {}, nil
	}
	tmp, err := os.MkdirTemp("", "stackward-check-")
	if err != nil {
		return b, nil, err
	}
	cleanup := func() { os.RemoveAll(tmp) }
	replace := make(map[string]string)
	for name, text := range files {
		to := filepath.Join(tmp, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			cleanup()
			return b, nil, err
		}
		replace[name] = to
	}
	file := filepath.Join(tmp, "overlay.json")
	if err := gocmd.MergeOverlay(file, b.Overlay, replace); err != nil {
		cleanup()
		return b, nil, advise(err)
	}
	b.Overlay = file
	return b, cleanup, nil
}

// counted are the sites that a baseline or a revision may allow.
func (req *CheckRequest) counted(sites []*alloc.Site) []*alloc.Site {
	return slices.DeleteFunc(slices.Clone(sites), func(s *alloc.Site) bool {
		return s.Allocates == alloc.Never || s.Generated && !req.Generated || s.Test && !req.Tests
	})
}

// decides matches the go command's flags that change what is compiled, and so
// what allocates.
var decides = regexp.MustCompile(`^--?(tags|race|msan|asan|gcflags|pgo)(=|$)`)

// target is what a baseline of the request is of.
func (p *pipeline) target(req CheckRequest, h *alloc.Header) baseline.Target {
	var flags []string
	for _, f := range slices.Concat(strings.Fields(p.env.GOFLAGS), req.Flags) {
		if decides.MatchString(f) && !slices.Contains(flags, f) {
			flags = append(flags, f)
		}
	}
	if req.Tests {
		flags = append(flags, "-tests")
	}
	if req.Generated {
		flags = append(flags, "-generated")
	}
	return baseline.TargetOf(h, flags)
}

// held compares what there is with the request's baseline, and updates that.
func (p *pipeline) held(ctx context.Context, req CheckRequest, now baseline.Now) ([]*alloc.Finding, error) {
	b, target := req.Baseline, p.target(req, &now.Report.Header)
	if d := b.Differs(target); d != "" && req.Update != Accept {
		return nil, &Error{Msg: d, Hint: "check with what it is of, or make it anew: -update=all; several files serve several toolchains"}
	}
	if err := p.budgets(ctx, req, now); err != nil {
		return nil, err
	}
	if req.Update != Keep {
		if len(p.problems) > 0 {
			return nil, &Error{Msg: "a baseline is updated from a whole build: " + p.problems[0].Package + ": " + p.problems[0].Message}
		}
		if err := p.allAsked(ctx, b, now); err != nil {
			return nil, err
		}
	}
	switch req.Update {
	case Tighten:
		b.Tighten(now)
	case Accept:
		b.Accept(target, now)
	}
	list := b.Findings(now)
	for _, f := range list {
		if f.File == b.Name {
			if name, err := filepath.Abs(b.Name); err == nil {
				f.File = filepath.ToSlash(name)
			}
		}
	}
	return list, nil
}

// allAsked refuses to update a baseline from a part of its packages: those that
// were not named would be forgotten.
func (p *pipeline) allAsked(ctx context.Context, b *baseline.Baseline, now baseline.Now) error {
	var absent []string
	for _, pkg := range b.Packages {
		if !slices.Contains(now.Packages, pkg.Path) {
			absent = append(absent, pkg.Path)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	list, err := p.cfg.List(ctx, gocmd.Request{Patterns: absent})
	if err != nil {
		return ctx.Err() // there is none of them
	}
	for _, pkg := range list.Packages {
		if len(pkg.GoFiles) > 0 && !pkg.DepOnly {
			return &Error{
				Msg:  "package " + pkg.ImportPath + " is in " + b.Name + ", and was not named",
				Hint: "name all packages that the baseline has, such as ./..., to update it",
			}
		}
	}
	return nil
}

// budgets runs the benchmarks that the baseline limits and those that the
// request names, and adds what they cost to what there is.
func (p *pipeline) budgets(ctx context.Context, req CheckRequest, now baseline.Now) error {
	cost := CostRequest{Build: req.Build, Patterns: req.Patterns, Bench: req.Bench, Benchtime: req.Benchtime, Count: req.Count, Timeout: req.Timeout}
	if cost.Bench == "" {
		var names []string
		cost.Patterns = nil
		for _, l := range req.Baseline.Limits {
			name, _, _ := strings.Cut(l.Benchmark, "/")
			if name = regexp.QuoteMeta(name); !slices.Contains(names, name) {
				names = append(names, name)
			}
			if slices.Contains(now.Packages, l.Package) && !slices.Contains(cost.Patterns, l.Package) {
				cost.Patterns = append(cost.Patterns, l.Package)
			}
		}
		cost.Bench = "^(" + strings.Join(names, "|") + ")$"
	}
	if len(cost.Patterns) == 0 && req.Bench == "" || req.planted != nil {
		return nil
	}
	r, err := Cost(ctx, cost)
	if req.Bench == "" && errors.Is(err, benchrun.ErrNoBenchmarks) {
		return nil // all that the baseline has are missing
	}
	if err != nil {
		return err
	}
	now.Report.Benchmarks, now.Report.Costs = r.Benchmarks, r.Costs
	p.problems = append(p.problems, r.Problems...)
	return nil
}

// newSince are the sites that a git revision does not have.
func (p *pipeline) newSince(ctx context.Context, req CheckRequest, now baseline.Now) ([]*alloc.Finding, error) {
	rev, err := req.Build.at(ctx, req.NewFrom, false)
	if err != nil {
		return nil, err
	}
	defer rev.close()
	if old := rev.Build; old.Progress != nil {
		rev.Progress = func(step string, done, total int, what string) {
			old.Progress("revision: "+step, done, total, what)
		}
	}
	had, err := p.existed(rev)
	if err != nil {
		return nil, err
	}
	old := baseline.Now{Report: new(alloc.Report), Packages: now.Packages}
	if len(had) > 0 {
		q, f, err := look(ctx, FindRequest{Build: rev.Build, Patterns: had, Tests: req.Tests})
		if err != nil {
			if e, ok := err.(*Error); ok {
				return nil, &Error{Msg: "at revision " + req.NewFrom + ": " + e.Msg, Hint: e.Hint, Err: e.Err}
			}
			return nil, fmt.Errorf("at revision %s: %w", req.NewFrom, err)
		}
		old.Report.Sites = req.counted(f.Sites)
		for _, x := range q.problems {
			x.Message = "at revision " + req.NewFrom + ": " + x.Message
			if x.Hint == "" {
				x.Hint = "compare with a revision that compiles, or with a baseline file"
			}
			p.problems = append(p.problems, x)
		}
	}
	return baseline.New(old, now), nil
}

// existed are the named packages that a revision has files of.
func (p *pipeline) existed(rev *revision) ([]string, error) {
	overlay, err := gocmd.ReadOverlay(rev.Overlay)
	if err != nil {
		return nil, advise(err)
	}
	was := func(name string) bool {
		name = filepath.FromSlash(name)
		if to, ok := overlay[name]; ok {
			return to != ""
		}
		if rel, err := filepath.Rel(p.cfg.Dir, name); err == nil {
			name = filepath.Join(rev.Dir, rel)
		}
		_, err := os.Stat(name)
		return err == nil
	}
	dirs := make(map[string]bool) // that have a file of Go in the revision
	for name, to := range overlay {
		if to != "" && strings.HasSuffix(name, ".go") {
			dirs[filepath.Dir(name)] = true
		}
	}
	var list []string
	for _, path := range p.testedPackages() {
		pkg := p.packages[path]
		if pkg == nil || !dirs[pkg.Dir] && !slices.ContainsFunc(pkg.GoFiles, was) {
			continue
		}
		if path == "command-line-arguments" {
			return pkg.GoFiles, nil
		}
		list = append(list, path)
	}
	return list, nil
}

// tell adds to findings the flows of their sites, and the sites to the report.
// Only then is there anything to read that was not read for the sites.
func (p *pipeline) tell(ctx context.Context, r *alloc.Report, found []*alloc.Site) error {
	byID := make(map[string]*alloc.Site)
	for _, s := range found {
		byID[s.ID] = s
	}
	var j *correlate.Joiner
	var tracer *flow.Tracer
	joined := make(map[string]*alloc.Site)
	for _, f := range r.Findings {
		s := byID[f.Site]
		if s == nil {
			continue
		}
		if !slices.Contains(r.Sites, s) {
			r.Sites = append(r.Sites, s)
		}
		if f.Flow != nil {
			continue
		}
		if j == nil {
			if err := p.read(); err != nil {
				return err
			}
			var err error
			if j, err = p.join(ctx); err != nil {
				return err
			}
			for _, s := range j.Sites() {
				joined[s.ID] = s
			}
			tracer = p.tracer()
		}
		now := joined[f.Site]
		if now == nil {
			continue
		}
		p.progress("following the flow", 0, 0, s.ID)
		at := target{pos: f.Pos}
		if !at.means(now) {
			at = target{id: s.ID}
		}
		if err := p.explain(ctx, tracer, j, now, at); err != nil {
			return err
		}
		f.Flow = slices.Clone(now.Flow)
		if now.Cut != nil {
			c := *now.Cut
			f.Cut = &c
		}
		if s.Flow == nil {
			s.Flow, s.End, s.Candidates = slices.Clone(now.Flow), now.End, now.Candidates
			if now.Cut != nil {
				c := *now.Cut
				s.Cut = &c
			}
		}
	}
	return nil
}
