// Package pprof writes the costs of a report as a pprof profile, so that go
// tool pprof shows them: its graphs, its flame graph, its source view.
//
//	alloc.Cost (via, site) → stack, alloc_objects, alloc_space
//
// Each sample carries labels: cause, kind and site, for -tagfocus and -tags,
// and benchmark where a report has several. Counts are those of all operations
// that were timed; a count per operation would not be whole. What was retained
// is there, too, where the report is of a heap profile. What has no site is a
// sample in function "(unexplained)" of the benchmark, so that totals are the
// benchmark's; filters leave their sites out.
package pprof

import (
	"fmt"
	"io"
	"math"
	"path"
	"path/filepath"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
)

// Write writes a report's costs, gzipped as pprof profiles are.
func Write(w io.Writer, r *alloc.Report) error {
	b := newBuilder(r)
	sites := make(map[string]*alloc.Site, len(r.Sites))
	for _, s := range r.Sites {
		sites[s.ID] = s
	}
	for _, m := range r.Benchmarks {
		rest := max(m.AllocsPerOp, m.RecordedAllocsPerOp)
		for _, c := range r.Costs {
			if c.Source != m.Name || c.Package != m.Package {
				continue
			}
			rest -= c.AllocsPerOp
			s := sites[c.Site]
			if s == nil && c.Gone == "" {
				return fmt.Errorf("writing pprof profile: no site %s", c.Site)
			}
			b.cost(m, c, s)
		}
		if rest = min(rest, m.UnexplainedAllocsPerOp); rest > 0 {
			b.add(m, &alloc.Cost{AllocsPerOp: rest}, []alloc.Frame{{Func: "(unexplained)"}}, nil)
		}
	}
	if err := b.p.CheckValid(); err != nil {
		return fmt.Errorf("writing pprof profile: %w", err)
	}
	return b.p.Write(w)
}

// A builder makes a profile's functions and locations once each.
type builder struct {
	p         *profile.Profile
	root      string
	inuse     bool
	functions map[[2]string]*profile.Function // by name and file
	locations map[alloc.Frame]*profile.Location
}

func newBuilder(r *alloc.Report) *builder {
	b := &builder{
		p: &profile.Profile{
			SampleType:        []*profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}},
			DefaultSampleType: "alloc_objects",
			PeriodType:        &profile.ValueType{Type: "space", Unit: "bytes"},
			Period:            1,
			// All is named already: go tool pprof needs no program.
			Mapping: []*profile.Mapping{{ID: 1, File: "stackward", HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true}},
		},
		root:      r.Root,
		functions: make(map[[2]string]*profile.Function), locations: make(map[alloc.Frame]*profile.Location),
	}
	for _, m := range r.Benchmarks {
		b.inuse = b.inuse || m.InUseObjects != 0 || m.InUseBytes != 0
		switch m.Index {
		case "bytes":
			b.p.DefaultSampleType = "alloc_space"
		case "inuse":
			b.p.DefaultSampleType = "inuse_space"
		}
	}
	if b.inuse {
		b.p.SampleType = append(b.p.SampleType, &profile.ValueType{Type: "inuse_objects", Unit: "count"}, &profile.ValueType{Type: "inuse_space", Unit: "bytes"})
	}
	return b
}

// cost adds a cost, s nil for one that has no site.
func (b *builder) cost(m *alloc.Benchmark, c *alloc.Cost, s *alloc.Site) {
	if s == nil {
		b.add(m, c, []alloc.Frame{{Func: c.Gone}}, nil)
		return
	}
	// Innermost first: the site, then the calls that lead to it.
	frames := []alloc.Frame{{Func: s.Package + "." + s.Func, File: s.File, Line: s.Line}}
	for i := len(c.Via) - 1; i >= 0; i-- {
		if f := c.Via[i]; f.File != s.File || f.Line != s.Line {
			frames = append(frames, alloc.Frame{Func: f.Func, File: f.File, Line: f.Line})
		}
	}
	b.add(m, c, frames, map[string][]string{"cause": {string(s.Cause)}, "kind": {string(s.Kind)}, "site": {s.ID}})
}

func (b *builder) add(m *alloc.Benchmark, c *alloc.Cost, frames []alloc.Frame, labels map[string][]string) {
	n := max(1, float64(m.N))
	s := &profile.Sample{
		Value: []int64{int64(math.Round(c.AllocsPerOp * n)), int64(math.Round(c.BytesPerOp * n))},
		Label: map[string][]string{"benchmark": {m.Name}},
	}
	if b.inuse {
		s.Value = append(s.Value, int64(math.Round(c.InUseObjects)), int64(math.Round(c.InUseBytes)))
	}
	for k, v := range labels {
		if v[0] != "" {
			s.Label[k] = v
		}
	}
	for _, f := range frames {
		s.Location = append(s.Location, b.location(f))
	}
	b.p.Sample = append(b.p.Sample, s)
}

func (b *builder) location(f alloc.Frame) *profile.Location {
	if l := b.locations[f]; l != nil {
		return l
	}
	// Absolute, so that sources are found from any directory.
	file := f.File
	if file != "" && !path.IsAbs(file) && !filepath.IsAbs(file) {
		file = path.Join(filepath.ToSlash(b.root), file)
	}
	fn := b.functions[[2]string{f.Func, file}]
	if fn == nil {
		fn = &profile.Function{ID: uint64(len(b.p.Function) + 1), Name: f.Func, SystemName: f.Func, Filename: file}
		b.functions[[2]string{f.Func, file}] = fn
		b.p.Function = append(b.p.Function, fn)
	}
	l := &profile.Location{ID: uint64(len(b.p.Location) + 1), Mapping: b.p.Mapping[0], Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
	b.locations[f] = l
	b.p.Location = append(b.p.Location, l)
	return l
}
