package engine

import (
	"context"
	"errors"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/memprof"
)

// differences measures benchmarks where the recorder cannot: by the difference
// of two heap profiles. why is what speaks against the recorder.
func (p *pipeline) differences(ctx context.Context, opts benchrun.Options, req CostRequest, why error) ([]measurement, error) {
	if len(req.Compare) > 0 {
		return nil, &Error{Msg: why.Error(), Hint: "-compare needs the recorder; go test -bench with benchstat compares times and totals"}
	}
	p.why, p.keepCalls = why.Error(), true
	results, diffs, err := benchrun.Profiles(ctx, p.cfg, opts)
	for _, res := range results {
		defer res.Close()
	}
	if err != nil {
		return nil, adviseRun(err, req)
	}
	for _, res := range results {
		p.failed(res)
	}
	var out []measurement
	for _, d := range diffs {
		m := measurement{pkg: d.Package, name: d.Name, diff: d}
		if m.samples, m.then, err = difference(ctx, d); err != nil {
			return nil, adviseProfile(err)
		}
		out = append(out, m)
	}
	return out, nil
}

// difference is what the additional iterations of the second run allocated, in
// all: nothing, if its profile does not differ from that of the first.
func difference(ctx context.Context, d *benchrun.Difference) (samples []alloc.Sample, then []correlate.Then, err error) {
	prof, err := memprof.Open(ctx, d.Profile, nil)
	if err != nil {
		return nil, nil, err
	}
	base, err := memprof.Open(ctx, d.Base, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := prof.Subtract(base); errors.Is(err, memprof.ErrSame) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	samples = prof.Samples()
	for i := range samples {
		samples[i].InUseObjects, samples[i].InUseBytes = 0, 0 // of two processes
	}
	return samples, thens(prof), nil
}

// ofDifference is what is reported of a benchmark that two profiles measured.
func (m *measurement) ofDifference(why string) *alloc.Benchmark {
	b := &alloc.Benchmark{
		Name: m.name, Package: m.pkg, Source: "profile difference", N: m.diff.Iterations,
		Note: "inexact, by two heap profiles (" + why + "): objects under 16 bytes without pointers are mostly missing, what runs while the timer is stopped is counted, and so is noise",
	}
	if s := m.diff.Stock; s != nil && len(s.AllocsPerOp) > 0 && len(s.BytesPerOp) > 0 {
		b.AllocsPerOp, b.BytesPerOp = s.AllocsPerOp[0], s.BytesPerOp[0]
	}
	return b
}
