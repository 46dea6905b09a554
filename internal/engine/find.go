package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// Find reports the heap allocation sites of packages, ranked by a static
// order. A package that does not compile is a problem of the report; the
// others are analysed all the same.
func Find(ctx context.Context, req FindRequest) (*alloc.Report, error) {
	start := time.Now()
	p, f, err := look(ctx, req)
	if err != nil {
		return nil, err
	}
	r := &alloc.Report{Header: p.header("find"), Problems: p.problems}
	r.Header.Order = "static"
	r.Summary.Packages = p.packagesAsked()
	r.Summary.ByCause = make(map[alloc.Cause]int)
	r.Summary.ByKind = make(map[alloc.Kind]int)
	for _, s := range f.Sites {
		switch {
		case s.Allocates == alloc.Never:
			r.Summary.Never++
			if !req.Never {
				continue
			}
		case s.Generated && !req.Generated:
			r.Summary.Generated++
			continue
		case s.Test && !req.Tests:
			r.Summary.Tests++
			continue
		default:
			r.Summary.Sites++
		}
		if !p.keeps(&req.Filter, s) {
			continue
		}
		r.Summary.ByCause[s.Cause]++
		r.Summary.ByKind[s.Kind]++
		r.Sites = append(r.Sites, s)
	}
	for _, g := range f.Generic {
		if (!g.Generated || req.Generated) && (!g.Test || req.Tests) {
			r.Summary.NotInstantiated++
		}
	}
	r.Header.PGO, r.Problems = strings.Join(p.pgo, ", "), p.problems
	r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites)
	rank(r.Sites)
	if n := req.Filter.Top; n > 0 && len(r.Sites) > n {
		r.Sites = r.Sites[:n]
		r.Summary.Shown = n
	}
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// look compiles the packages of a request and finds all their sites.
func look(ctx context.Context, req FindRequest) (*pipeline, *found, error) {
	p, err := open(ctx, req.Build)
	if err != nil {
		return nil, nil, err
	}
	if err := p.compileOnly(ctx, gocmd.Request{Patterns: patterns(req.Patterns), Tests: req.Tests, Diagnose: true}, false); err != nil {
		return nil, nil, err
	}
	if err := p.heard(); err != nil {
		return nil, nil, err
	}
	f, err := p.found(ctx)
	return p, f, err
}

// packagesAsked counts the packages that the patterns match. A package and its
// tests, which are packages of their own, are one.
func (p *pipeline) packagesAsked() int {
	dirs := make(map[string]bool)
	for _, pkg := range p.named {
		dirs[pkg.Dir] = true
	}
	return len(dirs)
}

// patterns is the go command's default for none.
func patterns(list []string) []string {
	if len(list) == 0 {
		return []string{"."}
	}
	return list
}

// heard refuses an answer of the compiler that cannot be true: a package with
// functions, and not a word about any of them. Where other packages were heard
// of it is a problem of the one, else an error.
func (p *pipeline) heard() error {
	const hint = "an empty answer is not \"no allocations\": look for -l or -toolexec in GOFLAGS and the flags"
	var silent []string
	heard := false
	for _, pkg := range p.named {
		if p.spoken[pkg] {
			heard = true
		} else if pkg.Export != "" && p.hasFuncs(pkg) {
			silent = append(silent, pkg.ImportPath)
		}
	}
	if len(silent) > 0 && !heard {
		return &Error{Msg: "the compiler said nothing about " + silent[0] + ", which has functions", Hint: hint}
	}
	for _, path := range silent {
		p.problems = append(p.problems, &alloc.Problem{
			Package: path, Message: "the compiler said nothing about it, and it has functions", Hint: hint,
		})
	}
	return nil
}

func (p *pipeline) hasFuncs(pkg *gocmd.Package) bool {
	return slices.ContainsFunc(pkg.GoFiles, func(name string) bool {
		f := p.file(name)
		return f != nil && f.HasFuncs()
	})
}

// Keeps reports whether a site passes the filter; main is that its package is a program's.
func (f *Filter) Keeps(s *alloc.Site, main bool) bool {
	return (len(f.Causes) == 0 || slices.Contains(f.Causes, s.Cause)) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, s.Kind)) &&
		f.Func.Match(s.Package, s.Func, main)
}
