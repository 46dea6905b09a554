package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cost"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/memprof"
)

// profiled reports what sites cost according to a heap profile of the
// program, of this build or of an older one.
func profiled(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	start := time.Now()
	prof, err := memprof.Open(ctx, req.Profile, req.Stdin)
	if err != nil {
		return nil, &Error{Msg: err.Error(), Hint: "write one with -memprofile or from net/http/pprof's /debug/pprof/allocs"}
	}
	if req.Base != "" {
		base, err := memprof.Open(ctx, req.Base, req.Stdin)
		if err != nil {
			return nil, &Error{Msg: err.Error()}
		}
		if err := prof.Subtract(base); err != nil {
			return nil, &Error{Msg: err.Error(), Hint: "both must be heap profiles of the same program"}
		}
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
	moved := p.relocate(prof, samples)
	if moved.known == 0 {
		return nil, &Error{
			Msg:  fmt.Sprintf("heap profile %s holds no function of these packages", prof.Name),
			Hint: "it may be of another program: name the packages that it was taken of",
		}
	}
	if err := p.diagnoseDependencies(ctx, samples); err != nil {
		return nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	b := &alloc.Benchmark{Name: prof.Name, Source: "profile"}
	for i := range samples {
		j.Sample(&samples[i])
		b.AllocsPerOp += samples[i].Allocs
		b.BytesPerOp += samples[i].Bytes
	}
	sites := j.Sites()
	r := &alloc.Report{Header: p.header("cost"), Problems: p.problems, Benchmarks: []*alloc.Benchmark{b}}
	r.Header.Order = "cost"
	p.take(r, sites, cost.Scale{Ops: 1, Place: j.Sample, Own: p.own}.Weigh(b, samples), req.Filter)
	sortCosts(r.Costs, req.Index)
	b.Note = moved.String()
	p.complete(r, j, start)
	return r, nil
}

// A relocation counts how a profile's lines were found in today's source.
type relocation struct {
	known   int     // frames in functions of the user's packages
	same    float64 // bytes whose innermost own frame is in a function that begins where it did
	shifted float64 // in one that begins elsewhere now
	gone    float64 // in one that is not there any more
}

func (m relocation) String() string {
	all := m.same + m.shifted + m.gone
	if all == 0 || m.shifted+m.gone == 0 {
		return ""
	}
	return fmt.Sprintf("of the bytes, %.1f%% are at unmoved lines, %.1f%% at lines found again, %.1f%% in functions that are gone",
		100*m.same/all, 100*m.shifted/all, 100*m.gone/all)
}

// relocate moves the frames of the user's own functions to where those
// functions are today: a line keeps its distance from the line that its
// function begins at.
func (p *pipeline) relocate(prof *memprof.Profile, samples []alloc.Sample) relocation {
	type place struct {
		file  string
		start int
	}
	today := make(map[string]place)
	for _, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		for _, name := range pkg.GoFiles {
			if f := p.file(name); f != nil {
				for fn, line := range f.Starts() {
					today[path+"."+fn] = place{name, line}
				}
			}
		}
	}
	then := make(map[string]int)
	for _, s := range prof.Starts() {
		then[s.Func] = s.Line
	}
	var m relocation
	for i := range samples {
		first := true
		for k := range samples[i].Frames {
			f := &samples[i].Frames[k]
			if !p.own(f.Func) {
				continue
			}
			m.known++
			weight := &m.same
			switch now, ok := today[declared(f.Func)]; {
			case !ok:
				weight = &m.gone
			case then[declared(f.Func)] == 0:
				// the profile does not tell where the function began
			case then[declared(f.Func)] != now.start || now.file != f.File:
				f.Line += now.start - then[declared(f.Func)]
				f.File = now.file
				if then[declared(f.Func)] != now.start {
					weight = &m.shifted
				}
			}
			if first {
				*weight += math.Abs(samples[i].Bytes)
				first = false
			}
		}
	}
	return m
}
