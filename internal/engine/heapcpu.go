package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/whatif"
)

// fillGCCPU puts into a report what each collection took of the processors: by the
// collector's log where the recording has one that fits the trace, else by the trace's
// own events. Rec is nil of a trace alone; whole is that the collections are those of all
// of the recording, whose CPU time is known.
func fillGCCPU(r *alloc.Report, rec *recording.File, m *heapmap.Map, whole bool) {
	if len(m.Collections) == 0 {
		return
	}
	g := &alloc.GCCPU{Source: alloc.FromTrace}
	var lines []whatif.LogLine
	total := 0.0
	if rec != nil {
		lines = logOf(rec.GCLog, m.Collections)
		if rec.End != nil && whole && recordedToEnd(rec) {
			total = rec.End.CPUSeconds * 1e9
		}
	}
	if lines != nil {
		g.Source = alloc.FromGCLog
	}
	share := func(c *alloc.CollectionCPU) {
		if total > 0 {
			s := min(1, float64(c.Sum())/total) // a P may wait for a processor that others use
			c.Share = &s
		}
	}
	for i, c := range m.Collections {
		cpu := &alloc.CollectionCPU{Workers: c.CPU.Workers, Assists: c.CPU.Assists, Pauses: c.CPU.Pauses, Idle: c.CPU.Idle}
		switch {
		case lines != nil && i < len(lines):
			l := &lines[i]
			cpu = &alloc.CollectionCPU{Workers: ns(l.Workers), Assists: ns(l.Assist), Pauses: ns(l.SweepTerm + l.MarkTerm), Idle: ns(l.Idle)}
		case c.End == 0 || lines != nil:
			continue // it has not ended
		}
		share(cpu)
		r.Collections[i].CPU = cpu
		g.Workers += cpu.Workers
		g.Assists += cpu.Assists
		g.Pauses += cpu.Pauses
		g.Idle += cpu.Idle
	}
	share(&g.CollectionCPU)
	r.Heap.GCCPU = g
}

// recordedToEnd reports whether the recording is of all that its process did.
func recordedToEnd(rec *recording.File) bool {
	return rec.Stop == nil || rec.Stop.Why != recording.WhyMaxSize && rec.Stop.Why != recording.WhyDuration
}

func ns(ms float64) int64 { return int64(ms * 1e6) }

// logOf finds the lines of collections that have ended, nil if they are not there.
func logOf(log []string, list []heapmap.Collection) []whatif.LogLine {
	ended := len(list)
	if list[ended-1].End == 0 {
		ended--
	}
	if ended == 0 {
		return nil
	}
	return whatif.Align(whatif.ReadLog(log), ended, func(i int, l *whatif.LogLine) bool {
		c := &list[i]
		return l.Start == c.Begun>>20 && (l.Marked == c.Marked>>20 || c.Marked == 0)
	})
}
