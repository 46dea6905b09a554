package text

import (
	"fmt"
	"text/tabwriter"
	"time"

	"golang.org/x/perf/benchmath"

	"github.com/stackward-go/stackward/alloc"
)

// compare writes benchmarks side by side: the median of each figure over the
// runs, and how far the runs spread around it.
func (t *writer) compare(r *alloc.Report) {
	w := tabwriter.NewWriter(t, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\t")
	runs := 0
	for _, b := range r.Benchmarks {
		fmt.Fprintf(w, "%s\t", b.Name)
		runs = max(runs, len(b.Values["ns/op"]))
	}
	fmt.Fprintln(w)
	for _, row := range []struct {
		unit, name string
		format     func(float64) string
	}{
		{"ns", "time", func(v float64) string { return time.Duration(v).Round(10 * time.Microsecond).String() }},
		{"ns/op", "ns/op", perOp},
		{"B/op", "B/op", perOp},
		{"allocs/op", "allocs/op", perOp},
		{"gc-cycles", "GC cycles", perOp},
		{"stw-pauses", "GC pauses (STW)", perOp},
	} {
		fmt.Fprintf(w, "%s\t", row.name)
		for _, b := range r.Benchmarks {
			values := b.Values[row.unit]
			if len(values) == 0 {
				fmt.Fprint(w, "?\t")
				continue
			}
			sum := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
			fmt.Fprintf(w, "%s ±%s\t", row.format(sum.Center), sum.PctRangeString())
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	if len(r.Benchmarks) > 0 && runs > 0 {
		fmt.Fprintf(t, "\nmedian of %d runs of %d ops; times without the recorder, the rest with it\n", runs, r.Benchmarks[0].N/int64(runs))
	}
}
