package text

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchunit"

	"github.com/stackward-go/stackward/alloc"
)

// whatIfs writes what was recorded, and what would be.
func (t *writer) whatIfs(r *alloc.Report) {
	var asked []*alloc.WhatIf
	tracer := int64(0)
	for _, w := range r.WhatIfs {
		if w.Recorded != nil {
			tracer = w.Recorded.TracerBytes
			t.recorded(r, w)
		} else {
			asked = append(asked, w)
		}
	}
	if len(asked) == 0 {
		return
	}
	columns := []column[*alloc.WhatIf]{
		{"collections", func(w *alloc.WhatIf) string { return numbers(&w.Collections) }},
		{"heap at most", func(w *alloc.WhatIf) string { return estimate(&w.Peak, 1, benchunit.Binary, "B") }},
		{"collector's CPU", func(w *alloc.WhatIf) string {
			if w.GCCPU == nil {
				return ""
			}
			return estimate(w.GCCPU, 1e9, benchunit.Decimal, "s")
		}},
		{"allocated", func(w *alloc.WhatIf) string { return size(w.Bytes) }},
		{"objects", func(w *alloc.WhatIf) string {
			if w.Objects == 0 {
				return ""
			}
			return count(int(w.Objects))
		}},
		{"off the heap", func(w *alloc.WhatIf) string {
			if w.OffHeap == nil {
				return ""
			}
			return size(w.OffHeap.Likely)
		}},
	}
	columns = slices.DeleteFunc(columns, func(c column[*alloc.WhatIf]) bool {
		return !slices.ContainsFunc(asked, func(w *alloc.WhatIf) bool { return c.cell(w) != "" })
	})
	head, rows := fitting(columns, asked, []string{"allocated", "objects"}, func(head string, rows []string) bool {
		return t.o.Width == 0 || columnsOf(t.lineUp(head, rows)[0]) <= t.o.Width
	})
	longest := 0
	for _, w := range asked {
		longest = max(longest, columnsOf(question(w)))
	}
	lines := t.lineUp(head, rows)
	apart := t.o.Width > 0 && columnsOf(lines[0])+2+longest >= t.o.Width
	fmt.Fprintf(t, "\n%s\n", t.color(dim, strings.TrimRight(lines[0], " ")))
	for i, w := range asked {
		if apart {
			fmt.Fprintf(t, "%s\n%s\n", question(w), strings.TrimRight(lines[i+1], " "))
		} else {
			fmt.Fprintf(t, "%s  %s\n", lines[i+1], question(w))
		}
	}
	for _, w := range asked {
		t.severalTypes(w)
		t.grown(w)
	}
	without := "that it slows the program down."
	if tracer > 0 {
		without = "its " + size(tracer) + " in the heap, and " + without
	}
	t.fold("Likely, and the range in which it should be. The heap is as the pacer counts it. All else is as recorded, but for GOGC=100 where nothing else is said, and without the recorder: " + without)
}

// question is what is asked in a row.
func question(w *alloc.WhatIf) string {
	if w.Baseline {
		return w.Question + ", nothing changed"
	}
	return w.Question
}

// recorded holds what was recorded to what the simulation says of it.
func (t *writer) recorded(r *alloc.Report, w *alloc.WhatIf) {
	rec := w.Recorded
	fmt.Fprintf(t, "%s  %s, %s, %s allocated\n", t.color(bold, "recorded"), r.Header.Go, settings(w), size(rec.Bytes))
	line := func(name, is, said string) {
		fmt.Fprintf(t, "  %-15s  ", name)
		t.foldAt(is+", simulated "+said, 19)
	}
	line("collections", count(int(rec.Collections)), numbers(&w.Collections))
	line("heap at most", size(rec.Peak), estimate(&w.Peak, 1, benchunit.Binary, "B"))
	if w.GCCPU != nil {
		by := " by the log"
		switch {
		case rec.GCLogged > 0:
			by = fmt.Sprintf(" by samples (%s of marking by the log: others kept the machine busy)", duration(rec.GCLogged))
		case rec.GCCPUSource == alloc.FromSamples:
			by = " by samples"
		case rec.GCPauses > 0:
			by += fmt.Sprintf(" (marking took %s, all processors stood still for %s)", duration(rec.GCCPU-rec.GCPauses), duration(rec.GCPauses))
		}
		line("collector's CPU", duration(rec.GCCPU)+by, estimate(w.GCCPU, 1e9, benchunit.Decimal, "s"))
	}
	switch rec.GOGC {
	case alloc.GOGCGoals:
		t.fold("GOGC is not in the recording: it is what the collector's goals show.")
	case alloc.GOGCAssumed:
		t.fold("GOGC is not in the recording, nor do the collector's goals show it: it is taken to be 100.")
	}
	outside := func(n int64, e *alloc.Estimate) bool { return n < e.Low || n > e.High }
	if outside(rec.Collections, &w.Collections) || outside(rec.Peak, &w.PeakMarked) {
		t.fold("  The simulation does not agree with what was recorded: what follows is as uncertain, and its ranges are as much wider.")
	}
}

// settings are those of the runtime.
func settings(w *alloc.WhatIf) string {
	s := fmt.Sprintf("GOGC=%d", w.GOGC)
	if w.GOGC < 0 {
		s = "GOGC=off"
	}
	if w.MemoryLimit > 0 {
		s += " GOMEMLIMIT=" + size(w.MemoryLimit)
	}
	return s + fmt.Sprintf(" GOMAXPROCS=%d", w.Procs)
}

// numbers is a count and its range.
func numbers(e *alloc.Estimate) string {
	return fmt.Sprintf("%s (%s–%s)", count(int(e.Likely)), count(int(e.Low)), count(int(e.High)))
}

// estimate is a figure and its range in one unit, of which there are per in what the
// figure counts.
func estimate(e *alloc.Estimate, per float64, class benchunit.Class, unit string) string {
	if e.High == 0 {
		return "0"
	}
	likely, low, high := float64(e.Likely)/per, float64(e.Low)/per, float64(e.High)/per
	s := benchunit.CommonScale([]float64{likely}, class)
	show := func(v float64) string { return fmt.Sprintf("%.*f", max(s.Prec-1, 0), v/s.Factor) }
	return fmt.Sprintf("%s (%s–%s) %s%s", show(likely), show(low), show(high), s.Prefix, unit)
}

// severalTypes says which types are meant by a name that several have.
func (t *writer) severalTypes(w *alloc.WhatIf) {
	for i, x := range w.Types {
		if i > 0 && x.Of == w.Types[i-1].Of {
			continue
		}
		var list []string
		for _, y := range w.Types {
			if y.Of == x.Of {
				list = append(list, fmt.Sprintf("%s (%s)", y.Type, plural(int(y.Objects), "object")))
			}
		}
		t.fold(fmt.Sprintf("%s: %s are %d types: %s", w.Question, x.Of, len(list), strings.Join(list, ", ")))
	}
}

// grown says how many slices grow that a question presizes, and by what that is known.
func (t *writer) grown(w *alloc.WhatIf) {
	g := w.Grown
	if g == nil {
		return
	}
	slices, memories := plural(int(g.Slices.Likely), "slice"), plural(int(g.Memories.Likely), "object")
	switch {
	case g.Memories.High == 0:
		t.fold(w.Question + ": by sizes and deaths no object there took the place of a smaller one: nothing is presized.")
	case g.Memories.Low == 0:
		t.fold(fmt.Sprintf("%s: %s seem to have grown, of %s. Sizes and deaths do not tell for certain, so the range has that none did, too.", w.Question, slices, memories))
	case g.Memories.Low < g.Memories.High:
		t.fold(fmt.Sprintf("%s: %s seem to have grown, of %s, %s of them for certain: the range has both.", w.Question, slices, memories, count(int(g.Memories.Low))))
	default:
		t.fold(fmt.Sprintf("%s: by sizes and deaths %s grew, of %s: one is left of each.", w.Question, slices, memories))
	}
}
