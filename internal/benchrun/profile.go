package benchrun

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A Difference is the fallback's measurement of one benchmark: heap profiles
// of two runs, at a sample rate of 1, of which the second makes more
// iterations. What differs is what the additional iterations allocated, up to
// noise, and with two known errors: objects under 16 bytes without pointers
// are mostly missing, and what runs while the timer is stopped is not.
type Difference struct {
	Package, Name string
	Procs         int
	// Iterations is how many iterations Profile has more than Base.
	Iterations    int64
	Base, Profile string // files, kept until the Result's Close
	// Stock is what the run of the second profile printed; its times are those
	// of a profiled run.
	Stock *Stock
}

// Profiles measures benchmarks without the recorder. The iterations of the
// second run are those of -benchtime=Nx, or as many as take some 20 ms
// unprofiled, at most 10,000.
func Profiles(ctx context.Context, cfg *gocmd.Config, opts Options) (_ []*Result, diffs []*Difference, err error) {
	ts, err := targets(ctx, cfg, opts.Packages, []string{"Benchmark"}, opts.Bench)
	if err != nil {
		return nil, nil, err
	}
	var rs []*Result
	defer func() {
		if err != nil {
			closeAll(rs)
		}
	}()
	for _, t := range ts {
		r := &Result{Package: t.pkg, Dir: t.dir}
		rs = append(rs, r)
		if r.tmp, err = tempDir(); err != nil {
			return nil, nil, err
		}
		r.Binary = filepath.Join(r.tmp, "profiled.test")
		opts.step("building", t.pkg)
		if r.Err = buildTest(ctx, cfg, nil, t, r.Binary); r.Err == nil {
			var d []*Difference
			d, r.Err = r.profile(ctx, cfg, opts, t)
			diffs = append(diffs, d...)
		}
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
	}
	if len(diffs) == 0 {
		for _, r := range rs {
			if r.Err != nil {
				return rs, nil, nil
			}
		}
		return nil, nil, noBenchmarks(opts)
	}
	return rs, diffs, nil
}

func (r *Result) profile(ctx context.Context, cfg *gocmd.Config, opts Options, t target) ([]*Difference, error) {
	first := opts
	first.Count = 1
	fixed := int64(0)
	if n, ok := strings.CutSuffix(opts.Benchtime, "x"); ok {
		fixed, _ = strconv.ParseInt(n, 10, 64)
	} else {
		first.Benchtime = "20ms"
	}
	opts.step("timing", t.pkg)
	stdout, all, err := runBinary(ctx, cfg, first, t, r.Binary, modeBench)
	r.Output = all
	var diffs []*Difference
	seen := make(map[string]bool)
	for _, res := range t.results(stdout) {
		name, procs := splitProcs(string(res.Name))
		if seen[string(res.Name)] {
			continue
		}
		seen[string(res.Name)] = true
		many := fixed
		if many == 0 {
			many = int64(res.Iters)
		}
		many = max(2, min(many, 10_000))
		few := max(1, many/10)
		d := &Difference{Package: t.pkg, Name: "Benchmark" + name, Procs: procs, Iterations: many - few}
		one := opts
		one.Count, one.CPU = 1, strconv.Itoa(procs)
		one.Bench = exactly(d.Name)
		opts.step("profiling", t.pkg+"."+d.Name)
		for _, n := range []int64{few, many} {
			file := filepath.Join(r.tmp, fmt.Sprintf("%d-%d.pprof", len(diffs), n))
			one.Benchtime = strconv.FormatInt(n, 10) + "x"
			one.TestFlags = append(opts.TestFlags[:len(opts.TestFlags):len(opts.TestFlags)],
				"-test.memprofilerate=1", "-test.memprofile="+file)
			stdout, _, perr := runBinary(ctx, cfg, one, t, r.Binary, modeBench)
			if perr != nil {
				return diffs, perr
			}
			if ctx.Err() != nil {
				return diffs, context.Cause(ctx)
			}
			if _, perr := os.Stat(file); perr != nil {
				return diffs, fmt.Errorf("profiling %s: %w", d.Name, perr)
			}
			d.Base, d.Profile = d.Profile, file
			d.Stock = &Stock{Extra: make(map[string][]float64)}
			for _, res := range t.results(stdout) {
				d.Stock.add(res)
			}
		}
		diffs = append(diffs, d)
	}
	return diffs, err
}

// exactly is the -bench pattern of one benchmark. Slashes in it separate the
// levels, so that each is quoted by itself.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// splitProcs splits the suffix -8 off a printed benchmark's name.
func splitProcs(name string) (string, int) {
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil && n > 1 {
			return name[:i], n
		}
	}
	return name, 1
}
