package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/cost"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/memprof"
)

// profiled reports what sites cost according to a heap profile of the
// program, of this build or of an older one.
func profiled(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	start := time.Now()
	prof, err := openProfile(ctx, req)
	if err != nil {
		return nil, err
	}
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
	samples := prof.Samples()
	if err := p.diagnoseDependencies(ctx, samples); err != nil {
		return nil, err
	}
	p.keepCalls = true
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	moved := p.today().Move(thens(prof), samples, p.own)
	if !slices.ContainsFunc(samples, func(s alloc.Sample) bool {
		return slices.ContainsFunc(s.Frames, func(f alloc.Frame) bool { return p.own(f.Func) })
	}) {
		return nil, &Error{
			Msg:  fmt.Sprintf("heap profile %s holds no function of these packages", prof.Name),
			Hint: "it is of another program, most of it in " + heaviest(samples) + ": name the packages that it was taken of",
		}
	}
	j.Measured = alloc.ByProfile
	b := &alloc.Benchmark{Name: prof.Name, Source: "profile", Index: req.Index}
	place := placeOnce(j)
	for i := range samples {
		place(&samples[i])
		b.AllocsPerOp += samples[i].Allocs
		b.BytesPerOp += samples[i].Bytes
	}
	sites := j.Sites()
	r := &alloc.Report{Header: p.header("cost"), Problems: p.problems, Benchmarks: []*alloc.Benchmark{b}}
	r.Header.Order = "cost"
	p.take(r, sites, cost.Scale{Ops: 1, Place: place, Own: p.own, Gone: gone}.Weigh(b, samples), req.Filter)
	b.Note = movedNote(moved)
	p.complete(r, j, start)
	return r, nil
}

// openProfile reads the profile of a request, less its base.
func openProfile(ctx context.Context, req CostRequest) (*memprof.Profile, error) {
	if req.Profile == "-" && req.Base == "-" {
		return nil, &Error{Msg: "-profile and -base cannot both be standard input", Usage: true}
	}
	prof, err := memprof.Open(ctx, req.Profile, req.Stdin)
	if err != nil {
		return nil, adviseProfile(err)
	}
	if req.Base != "" {
		base, err := memprof.Open(ctx, req.Base, req.Stdin)
		if err == nil {
			err = prof.Subtract(base)
		}
		if err != nil {
			return nil, adviseProfile(err)
		}
	}
	if known := prof.Indexes(); !slices.Contains(known, req.Index) {
		return nil, &Error{
			Msg: fmt.Sprintf("heap profile %s does not tell %s", prof.Name, req.Index), Usage: true,
			Hint: "it can be ranked by -index " + strings.Join(known, ", "),
		}
	}
	return prof, nil
}

// adviseProfile turns a refusal of the reader into one of this package.
func adviseProfile(err error) error {
	if x, ok := errors.AsType[*memprof.Error](err); ok {
		return &Error{Msg: x.Msg, Hint: x.Hint, Err: x.Err}
	}
	return err
}

func thens(prof *memprof.Profile) []correlate.Then {
	var out []correlate.Then
	for _, f := range prof.Functions() {
		out = append(out, correlate.Then{Func: f.Name, File: f.File, Line: f.Line})
	}
	return out
}

// today is what was built, for a profile of what was.
func (p *pipeline) today() *correlate.Today {
	t := &correlate.Today{
		Files: func(importPath string) []*expr.File {
			pkg := p.packages[importPath]
			if pkg == nil || importPath == "runtime" {
				return nil
			}
			var out []*expr.File
			for _, name := range p.goFiles(importPath) {
				if f := p.file(filepath.ToSlash(name)); f != nil {
					out = append(out, f)
				}
			}
			return out
		},
		Calls: p.calls,
		Slot:  p.slot,
	}
	for path, pkg := range p.packages {
		if pkg.Name == "main" && !pkg.DepOnly && !strings.HasSuffix(path, ".test") {
			t.Mains = append(t.Mains, path)
		}
	}
	slices.Sort(t.Mains)
	return t
}

// goFiles are the files of a package, with those of its variant for its test.
func (p *pipeline) goFiles(importPath string) []string {
	files := slices.Clone(p.packages[importPath].GoFiles)
	for _, pkg := range p.named {
		if plainPath(pkg.ImportPath) != importPath {
			continue
		}
		for _, f := range pkg.GoFiles {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// slot is the size of the slot that an object takes.
func (p *pipeline) slot(bytes int64, noscan bool) int64 { return p.sizes.Class(bytes, noscan).Bytes }

// gone names the function that a sample's object was made in, if the sample has
// no site since the place is not there any more.
func gone(s *alloc.Sample) string {
	if frames := correlate.UserFrames(s.Frames); len(frames) > 0 && frames[0].Line == 0 {
		return frames[0].Func
	}
	return ""
}

// movedNote says how an older build's profile was found in today's source.
func movedNote(m correlate.Moved) string {
	all := correlate.Weight{Objects: m.Same.Objects + m.Shifted.Objects + m.Gone.Objects, Bytes: m.Same.Bytes + m.Shifted.Bytes + m.Gone.Bytes}
	if m.Shifted.Objects+m.Shifted.Bytes+m.Gone.Objects+m.Gone.Bytes == 0 {
		return ""
	}
	part := func(w correlate.Weight) string {
		switch {
		case all.Bytes == 0:
			return percent(w.Objects, all.Objects) + " of the objects"
		case all.Objects == 0:
			return percent(w.Bytes, all.Bytes) + " of the bytes"
		}
		return fmt.Sprintf("%s of the objects, %s of the bytes", percent(w.Objects, all.Objects), percent(w.Bytes, all.Bytes))
	}
	return fmt.Sprintf("of an older build: at the same lines %s; at lines found again %s; not found in today's source %s",
		part(m.Same), part(m.Shifted), part(m.Gone))
}

func percent(part, all float64) string {
	switch p := 100 * part / all; {
	case part > 0 && p < 0.1:
		return "under 0.1%"
	case part < all && p > 99.9:
		return "over 99.9%"
	default:
		return fmt.Sprintf("%.1f%%", p)
	}
}

// heaviest names the packages that most bytes were allocated for, outside of
// the standard library.
func heaviest(samples []alloc.Sample) string {
	bytes := make(map[string]float64)
	for i := range samples {
		for _, f := range samples[i].Frames {
			if path, _ := correlate.SplitFunc(f.Func, nil); strings.Contains(path, ".") || path == "main" {
				bytes[path] += samples[i].Bytes
				break
			}
		}
	}
	best := "the standard library"
	for path, n := range bytes {
		if b := bytes[best]; n > b || n == b && path < best {
			best = path
		}
	}
	return best
}
