package text

import (
	"fmt"

	"github.com/stackward-go/stackward/alloc"
)

// whatIfs writes what was recorded, and what would be.
func (t *writer) whatIfs(r *alloc.Report) {
	var rows, questions []string
	var objects bool
	for _, w := range r.WhatIfs {
		if rec := w.Recorded; rec != nil {
			fmt.Fprintf(t, "%s  %s, %s, %s allocated\n", t.color(bold, "recorded"), r.Header.Go, settings(w), size(rec.Bytes))
			t.recorded(w, rec)
			continue
		}
		cpu, gone := "", ""
		if w.GCCPU != nil {
			cpu = estimate(w.GCCPU, duration)
		}
		if w.Objects > 0 {
			objects = true
			gone = count(int(w.Objects))
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t", estimate(&w.Collections, number), estimate(&w.Peak, size), cpu, size(w.Bytes), gone))
		q := w.Question
		if w.OffHeap != nil {
			q += fmt.Sprintf(" (off the heap at most %s)", size(w.OffHeap.High))
		}
		questions = append(questions, q)
	}
	t.table("collections\theap at most\tcollector's CPU\tallocated\tobjects changed\t  what if", rows, questions)
	t.fold("likely, with the range in which it should be; the heap as the pacer counts it and GODEBUG=gctrace=1 prints it; all else as recorded, but for GOGC=100")
	_ = objects
}

// recorded holds what was recorded to what is said of it.
func (t *writer) recorded(w *alloc.WhatIf, rec *alloc.WhatIfRecorded) {
	line := func(name, is, said string) {
		fmt.Fprintf(t, "  %-16s  ", name)
		t.foldAt(is+", simulated "+said, 20)
	}
	line("collections", number(rec.Collections), estimate(&w.Collections, number))
	line("heap at most", size(rec.Peak), estimate(&w.Peak, size))
	if w.GCCPU != nil {
		line("collector's CPU", duration(rec.GCCPU), estimate(w.GCCPU, duration))
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

func number(n int64) string { return count(int(n)) }

// estimate is a figure and its range.
func estimate(e *alloc.Estimate, show func(int64) string) string {
	return fmt.Sprintf("%s (%s to %s)", show(e.Likely), show(e.Low), show(e.High))
}
