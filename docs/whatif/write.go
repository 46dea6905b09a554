package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A figure is one that was foretold: of its runs the middle one counts.
type figure struct {
	name     string
	said     alloc.Estimate
	low, mid float64 // seen; low is mid where that is exact, else what it was rounded down to
	high     float64
	all      string // least and most of the runs
}

// off is by how much the likely value is wrong, as a part of the real one.
func (f *figure) off() float64 {
	if f.mid == 0 {
		return 0
	}
	return float64(f.said.Likely)/f.mid - 1
}

// inside reports whether the real value is in the range.
func (f *figure) inside() bool { return f.high >= float64(f.said.Low) && f.low <= float64(f.said.High) }

// figures compares an answer with the runs: collections, the largest heap, and what
// the collector took of the processors.
func figures(a *answer) []figure {
	of := func(name string, said alloc.Estimate, unit float64, rounded float64, get func(seen) float64, format string) figure {
		var list []float64
		for _, s := range a.real {
			list = append(list, get(s))
		}
		slices.Sort(list)
		mid := list[len(list)/2]
		return figure{
			name: name, said: said, low: mid * unit, mid: (mid + rounded/2) * unit, high: (mid + rounded) * unit,
			all: fmt.Sprintf(format+" (%[2]g to %[3]g)", mid, list[0], list[len(list)-1]),
		}
	}
	list := []figure{
		of("collections", a.Collections, 1, 0, func(s seen) float64 { return float64(s.cycles) }, "%[1]g"),
		of("heap", a.PeakMarked, 1<<20, 1, func(s seen) float64 { return float64(s.peak) }, "%[1]g"),
	}
	if a.GCCPU != nil {
		list = append(list, of("CPU", *a.GCCPU, 1e6, 0, func(s seen) float64 { return math.Round(s.cpu) }, "%[1]g"))
	}
	return list
}

func write(w io.Writer, programs []*program) {
	fmt.Fprintf(w, "## What-if\n\nWhat stackward heap whatif says of real programs, and how they fared. Made by\n\n    go run ./docs/whatif -w docs/accuracy.md\n\n")
	fmt.Fprintf(w, "with %s. docs/whatif/programs.txt names the programs; nothing in the simulation was fitted to them. How wide ranges are was settled with all but btree and expr in view: half less and half more for CPU, and that what the recording itself is off widens them; those two were measured afterwards. Each is recorded once, with GOGC=%s and -sites, and asked; then it is run %d times with each of the settings, not recorded, with GODEBUG=gctrace=1. The last, docs/whatif/variants, is run with GOGC=100, and has variants that do what the question says.\n\n", machine(), recordedGOGC, runsEach)
	fmt.Fprintf(w, "- *collections*; *heap*, the largest at the end of marking, as gctrace prints it, in MiB; *CPU*, what collections took of the processors, idle ones left out, in ms: likely (from to), and of the runs the middle (least to most). gctrace rounds MiB down.\n- *off*: by how much the likely value differs from the middle. **Bold**: the middle is outside of the range.\n\n")
	var all [3][]figure
	for _, p := range programs {
		if p == nil {
			continue
		}
		fmt.Fprintf(w, "### %s\n\n", p.name)
		if p.err != nil {
			fmt.Fprintf(w, "Not measured: %s\n\n", strings.TrimSpace(p.err.Error()))
			continue
		}
		rec := p.recorded.Recorded
		fmt.Fprintf(w, "The recording: %d collections, simulated %d; a heap of %.1f MiB, simulated %.1f.\n\n", rec.Collections, p.recorded.Collections.Likely, mib(rec.Peak), mib(p.recorded.PeakMarked.Likely))
		fmt.Fprintf(w, "| what if | collections | real | off | heap | real | off | CPU | real | off |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
		for i := range p.answers {
			a := &p.answers[i]
			fmt.Fprintf(w, "| %s |", a.Question)
			units := [...]float64{1, 1 << 20, 1e6}
			for k, f := range figures(a) {
				all[k] = append(all[k], f)
				said := fmt.Sprintf("%s (%s to %s)", short(f.said.Likely, units[k]), short(f.said.Low, units[k]), short(f.said.High, units[k]))
				if !f.inside() {
					said = "**" + said + "**"
				}
				fmt.Fprintf(w, " %s | %s | %+.0f %% |", said, f.all, 100*f.off())
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "### All\n\n| figure | answers | median error | inside of the range |\n| --- | --- | --- | --- |\n")
	for _, list := range all {
		if len(list) == 0 {
			continue
		}
		var errs []float64
		inside := 0
		for i := range list {
			errs = append(errs, math.Abs(list[i].off()))
			if list[i].inside() {
				inside++
			}
		}
		slices.SortFunc(errs, cmp.Compare[float64])
		fmt.Fprintf(w, "| %s | %d | %.1f %% | %d (%.0f %%) |\n", list[0].name, len(list), 100*errs[len(errs)/2], inside, 100*float64(inside)/float64(len(list)))
	}
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// short is a figure in a unit: whole numbers as they are.
func short(n int64, unit float64) string {
	v := float64(n) / unit
	if unit == 1 || v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
