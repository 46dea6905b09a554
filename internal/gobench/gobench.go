// Package gobench writes the costs of a report in Go's benchmark format
// (golang.org/design/14313-benchmark-format), which benchstat reads.
//
//	BenchmarkX-8 1000 52 ns/op 80 B/op 1 allocs/op 100 explained-%
//	BenchmarkX/site=m.F:new(T):1 1000 80 B/op 1 allocs/op
//
// A benchmark's sites are its sub-benchmarks, so that benchstat compares them
// one by one. Where a report has several runs of a benchmark (-count), each has
// its line; sites are the mean of all.
package gobench

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/stackward-go/stackward/alloc"
)

// Write writes a report's benchmarks and costs.
func Write(w io.Writer, r *alloc.Report) error {
	out := benchfmt.NewWriter(w)
	result := func(pkg, name string, n int64, values ...benchfmt.Value) error {
		res := &benchfmt.Result{Name: benchfmt.Name(strings.TrimPrefix(name, "Benchmark")), Iters: int(max(1, n)), Values: values}
		for _, c := range [][2]string{{"goos", r.Header.GOOS}, {"goarch", r.Header.GOARCH}, {"pkg", pkg}, {"toolchain", r.Header.Go}} {
			if c[1] != "" {
				res.Config = append(res.Config, benchfmt.Config{Key: c[0], Value: []byte(c[1]), File: true})
			}
		}
		if err := out.Write(res); err != nil {
			return fmt.Errorf("writing benchmark format: %w", err)
		}
		return nil
	}
	for _, b := range r.Benchmarks {
		runs := max(1, len(b.Values["ns/op"]))
		for i := range runs {
			values := []benchfmt.Value{
				{Value: at(b, "ns/op", i, b.NsPerOp), Unit: "ns/op"},
				{Value: at(b, "B/op", i, b.BytesPerOp), Unit: "B/op"},
				{Value: at(b, "allocs/op", i, b.AllocsPerOp), Unit: "allocs/op"},
				{Value: 100 * b.Explained, Unit: "explained-%"},
			}
			if b.GC != nil {
				values = append(values, benchfmt.Value{Value: at(b, "gc-cycles", i, b.GC.Cycles), Unit: "gc-cycles"})
			}
			if err := result(b.Package, b.Name, b.N/int64(runs), values...); err != nil {
				return err
			}
		}
		for _, c := range r.Costs {
			if c.Source != b.Name || c.Package != b.Package {
				continue
			}
			err := result(b.Package, b.Name+"/site="+word(cmp.Or(c.Site, "gone:"+c.Gone))+caller(c), b.N,
				benchfmt.Value{Value: c.BytesPerOp, Unit: "B/op"},
				benchfmt.Value{Value: c.AllocsPerOp, Unit: "allocs/op"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// at is a run's figure, or the only one.
func at(b *alloc.Benchmark, unit string, i int, only float64) float64 {
	if v := b.Values[unit]; i < len(v) {
		return v[i]
	}
	return only
}

// caller tells apart the lines that bring one site about.
func caller(c *alloc.Cost) string {
	if len(c.Via) == 0 {
		return ""
	}
	return "/from=" + word(c.Via[0].Func)
}

// word is an id as one word of a benchmark's name, in which a slash parts
// sub-benchmarks.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '/':
			return '.'
		case r == '#':
			return ':'
		case r <= ' ' || r == 0x7f:
			return '_'
		}
		return r
	}, s)
}
