// Package pprof writes the costs of a report as a pprof profile, so that go
// tool pprof shows them: its graphs, its flame graph, its source view.
//
//	alloc.Cost (via, site) → stack, alloc_objects, alloc_space
//
// Each sample carries labels: cause, kind and site, for -tagfocus and -tags,
// and benchmark where a report has several. Counts are those of all operations
// that were timed; a count per operation would not be whole.
package pprof

import (
	"fmt"
	"io"
	"math"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
)

// Write writes a report's costs, gzipped as pprof profiles are.
func Write(w io.Writer, r *alloc.Report) error {
	p := &profile.Profile{
		SampleType:        []*profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}},
		DefaultSampleType: "alloc_objects",
		PeriodType:        &profile.ValueType{Type: "space", Unit: "bytes"},
		Period:            1,
	}
	b := builder{p: p, functions: make(map[string]*profile.Function), locations: make(map[alloc.Frame]*profile.Location)}
	sites := make(map[string]*alloc.Site, len(r.Sites))
	for _, s := range r.Sites {
		sites[s.ID] = s
	}
	type key struct{ pkg, name string }
	ops := make(map[key]float64, len(r.Benchmarks))
	for _, m := range r.Benchmarks {
		ops[key{m.Package, m.Name}] = max(1, float64(m.N))
	}
	for _, c := range r.Costs {
		s := sites[c.Site]
		if s == nil {
			return fmt.Errorf("writing pprof profile: no site %s", c.Site)
		}
		n := ops[key{c.Package, c.Source}]
		sample := &profile.Sample{
			Value: []int64{int64(math.Round(c.AllocsPerOp * n)), int64(math.Round(c.BytesPerOp * n))},
			Label: map[string][]string{
				"cause": {string(s.Cause)}, "kind": {string(s.Kind)}, "site": {s.ID}, "benchmark": {c.Source},
			},
		}
		// Innermost first: the site, then the calls that lead to it.
		frames := []alloc.Frame{{Func: s.Package + "." + s.Func, File: s.File, Line: s.Line}}
		for i := len(c.Via) - 1; i >= 0; i-- {
			if f := c.Via[i]; f.File != s.File || f.Line != s.Line {
				frames = append(frames, alloc.Frame{Func: f.Func, File: f.File, Line: f.Line})
			}
		}
		for _, f := range frames {
			sample.Location = append(sample.Location, b.location(f))
		}
		p.Sample = append(p.Sample, sample)
	}
	if err := p.CheckValid(); err != nil {
		return fmt.Errorf("writing pprof profile: %w", err)
	}
	return p.Write(w)
}

// A builder makes a profile's functions and locations once each.
type builder struct {
	p         *profile.Profile
	functions map[string]*profile.Function
	locations map[alloc.Frame]*profile.Location
}

func (b *builder) location(f alloc.Frame) *profile.Location {
	if l := b.locations[f]; l != nil {
		return l
	}
	fn := b.functions[f.Func]
	if fn == nil {
		fn = &profile.Function{ID: uint64(len(b.functions) + 1), Name: f.Func, SystemName: f.Func, Filename: f.File}
		b.functions[f.Func] = fn
		b.p.Function = append(b.p.Function, fn)
	}
	l := &profile.Location{ID: uint64(len(b.locations) + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
	b.locations[f] = l
	b.p.Location = append(b.p.Location, l)
	return l
}
