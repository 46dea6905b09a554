package benchrun

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// InTurns runs the benchmarks of two builds, as go test runs them, one after the
// other, Options.Count times each, and compares those that both have. A package
// that cannot be built or run is left out, and the error, of the first, is beside
// what the others gave.
func InTurns(ctx context.Context, sides [2]*gocmd.Config, opts Options) (effects []*alloc.Effect, err error) {
	tmp, err := tempDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	var ts [2][]target
	for i, cfg := range sides {
		if ts[i], err = targets(ctx, cfg, opts.Packages, []string{"Benchmark"}, opts.Bench); err != nil {
			return nil, err
		}
	}
	var first error
	for _, before := range ts[0] {
		i := slices.IndexFunc(ts[1], func(t target) bool { return t.pkg == before.pkg })
		if i < 0 {
			continue
		}
		list, err := inTurns(ctx, sides, [2]target{before, ts[1][i]}, tmp, opts)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		effects, first = append(effects, list...), cmp.Or(first, err)
	}
	return effects, first
}

type timing struct{ name, unit string }

// inTurns compares the benchmarks of one package.
func inTurns(ctx context.Context, sides [2]*gocmd.Config, ts [2]target, tmp string, opts Options) ([]*alloc.Effect, error) {
	var binaries [2]string
	var values [2]map[timing][]float64
	for i := range sides {
		binaries[i] = filepath.Join(tmp, fmt.Sprintf("side%d.test", i))
		os.Remove(binaries[i]) // of another package
		values[i] = make(map[timing][]float64)
		opts.step("building benchmarks", ts[i].pkg)
		if err := buildTest(ctx, sides[i], nil, ts[i], binaries[i]); err != nil {
			return nil, err
		}
	}
	var names []string
	once, n := opts, max(1, opts.Count)
	once.Count = 1
	for turn := range n {
		for _, i := range []int{turn % 2, 1 - turn%2} {
			opts.step(fmt.Sprintf("running benchmarks in turns, %d of %d", turn+1, n), ts[i].pkg)
			out, _, err := runBinary(ctx, sides[i], once, ts[i], binaries[i], modeBench)
			if err != nil {
				return nil, err
			}
			for _, res := range ts[i].results(out) {
				name, procs := splitProcs(string(res.Name))
				name = "Benchmark" + name
				if strings.Contains(opts.CPU, ",") && procs != 1 {
					name += fmt.Sprintf("-%d", procs)
				}
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
				for _, v := range res.Values {
					unit, value := v.Unit, v.Value
					if v.OrigUnit != "" {
						unit, value = v.OrigUnit, v.OrigValue
					}
					values[i][timing{name, unit}] = append(values[i][timing{name, unit}], value)
				}
			}
		}
	}
	return compared(ts[0].pkg, names, values), nil
}

// compared makes effects of what two sides measured.
func compared(pkg string, names []string, sides [2]map[timing][]float64) (out []*alloc.Effect) {
	for _, name := range names {
		for _, unit := range []string{"allocs/op", "B/op", "ns/op"} {
			key := timing{name, unit}
			if len(sides[0][key]) == 0 || len(sides[1][key]) == 0 {
				continue
			}
			th := &benchmath.DefaultThresholds
			was, is := benchmath.NewSample(sides[0][key], th), benchmath.NewSample(sides[1][key], th)
			a, z := benchmath.AssumeNothing.Summary(was, 0.95), benchmath.AssumeNothing.Summary(is, 0.95)
			out = append(out, &alloc.Effect{
				Benchmark: name, Package: pkg, Unit: unit, Before: a.Center, After: z.Center,
				Spread: spread(a, z), P: benchmath.AssumeNothing.Compare(was, is).P,
			})
		}
	}
	return out
}

// spread is half the width of the wider of two confidence intervals, as a part of
// its centre; nil where there were too few runs for one.
func spread(sides ...benchmath.Summary) *float64 {
	var widest float64
	for _, s := range sides {
		if math.IsInf(s.Hi-s.Lo, 0) {
			return nil
		}
		if s.Center != 0 {
			widest = max(widest, (s.Hi-s.Lo)/2/s.Center)
		}
	}
	return &widest
}
