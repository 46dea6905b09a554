package whatif

import (
	"fmt"
	"math"
	"strings"

	"github.com/stackward-go/stackward/internal/heapsim"
)

// Marks makes of the cycles that were seen what the program did while they marked,
// and what they took of the processors. Globals are the bytes that each scans of globals,
// gogc is the percentage, negative for off. Log are the lines of GODEBUG=gctrace=1, if
// there are any: without them nothing is known of the limiter's time, and of the cost only
// what samples tell.
func (h *History) Marks(globals int64, gogc int, log []string, samples *Samples) (marks []heapsim.Mark, cost heapsim.Cost) {
	lines := h.align(ReadLog(log))
	var fit line
	var paces []pace
	var pauses float64 // of all processors
	// Of the cycles that samples were taken in. Pauses are left out of it: for them all
	// processors are held, and next to none is used, on a quiet machine, too.
	var logged, scanned float64
	for i, c := range h.Cycles {
		scan := c.Scan + c.Stacks + globals
		if !c.Done || scan <= 0 {
			continue
		}
		marked := 0.0
		if lines != nil {
			marked = lines[i].marking()
			pauses += lines[i].pauses()
		}
		fit.add(float64(scan), marked)
		if c.Time <= samples.last {
			logged += marked
			scanned += float64(scan)
		}
		if c.Forced {
			continue
		}
		m := heapsim.Mark{At: c.At, Stacks: c.Stacks}
		m.Over = max(c.End-max(h.assistedEnd(i, globals, gogc), c.Goal, c.Start), 0)
		m.Rate = float64(c.End-m.Over-c.Start) / float64(scan)
		if s := h.shares(i); s.workers > 0 {
			m.Workers, m.Idle = s.workers, s.idle
			more := s.unhelped()
			m.Rate *= more
			m.Doubt = math.Sqrt(more)
		}
		if lines != nil {
			paces = append(paces, pace{lines[i].program(), float64(c.End - c.Start), lines[i].limited(), float64(scan)})
		}
		marks = append(marks, m)
	}
	for i := range paces {
		marks[i].Scan, marks[i].Busy = limits(paces[max(i-nearPaces, 0):min(i+nearPaces+1, len(paces))])
	}
	cost.Cycle, cost.Byte = fit.solve()
	all := fit.y
	least, likely, most := samples.Marking()
	switch {
	case lines == nil && least > 0 && scanned > 0:
		h.Sampled = true
		cost.Byte = likely / scanned
		all = cost.Byte * fit.x
	case lines != nil && most < logged:
		h.Sampled = true
		part := likely / logged
		cost.Cycle, cost.Byte = cost.Cycle*part, cost.Byte*part
		h.GCLogged = int64(all)
		// What was used in pauses the samples have. How much longer others made them does
		// not follow from what they did to marking (docs/heapsim.md).
		all, pauses = all*part, 0
	}
	cost.Pause = pauses / max(fit.n, 1)
	h.GCCPU, h.GCPauses = int64(all+pauses), int64(pauses)
	return marks, cost
}

// Samples counts the samples of a CPU profile that a trace has. What the collector's log
// tells is for how long processors of the runtime were held, which is too long where
// other programs have the machine's: a sample is of time that was used.
type Samples struct {
	mark int64
	last int64 // ns since the trace began
}

// samplePeriod is what is used between two samples, in ns (pprof.StartCPUProfile).
const samplePeriod = 10e6

// Add takes in one, of a moment since the trace began in ns: marks is that it is of what
// the log tells.
func (s *Samples) Add(time int64, marks bool) {
	s.last = max(s.last, time)
	if marks {
		s.mark++
	}
}

// Marking is what marking used, in ns, and between what it is in 95 of 100 cases: the
// square root of how often a rare thing is seen is spread evenly. Nothing is known where
// there are no samples.
func (s *Samples) Marking() (least, likely, most float64) {
	if s.last == 0 {
		return 0, 0, math.Inf(1)
	}
	root := math.Sqrt(float64(s.mark))
	return square(max(root-0.98, 0)) * samplePeriod, (float64(s.mark) + 0.5) * samplePeriod, square(root+0.98) * samplePeriod
}

func square(x float64) float64 { return x * x }

// assistedEnd is how far a cycle goes at most.
func (h *History) assistedEnd(i int, globals int64, gogc int) int64 {
	c := &h.Cycles[i]
	if i == 0 || !h.Cycles[i-1].Done || h.Cycles[i-1].Marked <= 0 {
		return c.Goal
	}
	// The part of the heap that has pointers is taken to be what it was.
	before := &h.Cycles[i-1]
	most := int64(float64(before.Scan) * float64(c.Start) / float64(before.Marked))
	roots := c.Stacks + globals
	return heapsim.AssistedEnd(heapsim.Cycle{Start: c.Start, Goal: c.Goal, Scan: c.Scan + roots}, before.Scan+before.Stacks+globals, max(most, c.Scan)+roots, gogc)
}

// shares are what of the processors' time while a cycle marked workers had, with that
// which was idle, and goroutines that had to help.
type shares struct{ workers, idle, help float64 }

// shares are those of the i-th cycle and the ones near it.
func (h *History) shares(i int) (s shares) {
	all := 0.0
	for _, c := range h.Cycles[max(i-nearPaces, 0):min(i+nearPaces+1, len(h.Cycles))] {
		if c.Done && c.Clock > 0 {
			all += float64(c.Clock) * float64(max(h.Procs, 1))
			s.workers += float64(c.Workers)
			s.idle += float64(c.Idle)
			s.help += float64(c.Assist)
		}
	}
	if all == 0 || s.workers+s.help == 0 {
		return shares{}
	}
	s.workers = min(max(s.workers/all, leastWorkers), mostShare)
	s.idle /= all
	s.help = min(s.help/all, mostShare-s.workers)
	return s
}

// Little time, and much, is taken to be no less and no more: in it is too little to reckon
// with.
const (
	leastWorkers = backgroundShare / 10
	mostShare    = 0.95
)

// unhelped is how many times as much the program would have allocated for each byte that
// is scanned if workers alone had scanned it.
func (s *shares) unhelped() float64 {
	return (s.help + s.workers) / (1 - s.help - s.workers) * (1 - s.workers) / s.workers
}

// A pace is what the program took of the processors while a cycle marked, and what it
// allocated, and what the collector took and scanned: ns and bytes.
type pace struct{ program, allocated, collector, scanned float64 }

// nearPaces is how many cycles before one and after it say how fast the program
// allocates then: a single one may not have let it.
const nearPaces = 4

// limits are Scan and Busy of heapsim.Mark.
func limits(paces []pace) (scan, busy float64) {
	var all pace
	for _, p := range paces {
		all.program += p.program
		all.allocated += p.allocated
		all.collector += p.collector
		all.scanned += p.scanned
	}
	return all.collector / max(all.scanned, 1), all.program / max(all.allocated, 1)
}

// Forced are the moments of the cycles that the heap's size did not begin.
func (h *History) Forced() []uint64 {
	var at []uint64
	for _, c := range h.Cycles {
		if c.Forced {
			at = append(at, c.At)
		}
	}
	return at
}

// A LogLine is a cycle as gctrace tells it (gcMarkTermination, runtime/mgc.go): its
// number in its process, MiB rounded down, ms on the clock and of the processors, and
// how many of these there are.
type LogLine struct {
	N                                          int
	Start, End, Marked                         int64
	Clock                                      float64 // of marking
	SweepTerm, Assist, Workers, Idle, MarkTerm float64
	Procs                                      int
}

// ReadLog reads the lines of gctrace among some.
func ReadLog(log []string) []LogLine {
	var list []LogLine
	for _, text := range log {
		head, text, _ := strings.Cut(text, "%: ")
		var l LogLine
		if i := strings.LastIndex(head, "gc "); i >= 0 {
			fmt.Sscanf(head[i:], "gc %d @", &l.N)
		}
		var ignore float64
		if _, err := fmt.Sscanf(text, "%f+%f+%f ms clock, %f+%f/%f/%f+%f ms cpu, %d->%d->%d MB",
			&ignore, &l.Clock, &ignore, &l.SweepTerm, &l.Assist, &l.Workers, &l.Idle, &l.MarkTerm, &l.Start, &l.End, &l.Marked); err != nil {
			continue
		}
		for field := range strings.SplitSeq(text, ", ") {
			fmt.Sscanf(field, "%d P", &l.Procs)
		}
		list = append(list, l)
	}
	return list
}

// align finds the lines of the cycles.
func (h *History) align(lines []LogLine) []LogLine {
	return Align(lines, len(h.Cycles), func(i int, l *LogLine) bool {
		c := &h.Cycles[i]
		return l.Start == c.Start>>20 && l.Marked == c.Marked>>20
	})
}

// Align finds the lines of so many cycles in a log that may have begun before them and
// gone on behind them, nil if they are not there. Same reports whether a line may be of
// the i-th: nearly all have to be.
func Align(lines []LogLine, cycles int, same func(i int, l *LogLine) bool) []LogLine {
	most, at := 0, -1
	for from := 0; from+cycles <= len(lines); from++ {
		n := 0
		for i := range cycles {
			if same(i, &lines[from+i]) {
				n++
			}
		}
		if n > most {
			most, at = n, from
		}
	}
	if at < 0 || most < cycles*9/10 {
		return nil
	}
	return lines[at : at+cycles]
}

// marking is what a cycle took of the processors without its pauses, in ns.
func (l *LogLine) marking() float64 { return (l.Assist + l.Workers) * 1e6 }

// CPU is what a cycle took of the processors, in ns, but for those that were idle: marking,
// and the pauses.
func (l *LogLine) CPU() float64 { return l.marking() + l.pauses() }

// pauses is for how long processors stood still while a cycle stopped the world, in ns.
func (l *LogLine) pauses() float64 { return (l.SweepTerm + l.MarkTerm) * 1e6 }

// program is what a program had of the processors while a cycle marked, in ns.
func (l *LogLine) program() float64 {
	return max(l.Clock*float64(l.Procs)-l.Assist-l.Workers-l.Idle, 0) * 1e6
}

// limited is what gcCPULimiter of runtime/mgclimit.go counts of a cycle, in ns: the share
// of the processors that should mark, whether or not it does.
func (l *LogLine) limited() float64 {
	return (l.SweepTerm + backgroundShare*l.Clock*float64(l.Procs) + l.Assist + l.MarkTerm) * 1e6
}

const backgroundShare = 0.25 // gcBackgroundUtilization, runtime/mgcpacer.go

// A line is fitted to points by least squares.
type line struct{ n, x, y, xx, xy float64 }

func (l *line) add(x, y float64) {
	l.n++
	l.x += x
	l.y += y
	l.xx += x * x
	l.xy += x * y
}

// solve returns where it begins and how it rises, neither less than 0.
func (l *line) solve() (at0, rise float64) {
	if l.n == 0 {
		return 0, 0
	}
	if d := l.n*l.xx - l.x*l.x; d > 0 {
		rise = max((l.n*l.xy-l.x*l.y)/d, 0)
	}
	at0 = (l.y - rise*l.x) / l.n
	if at0 < 0 && l.xx > 0 {
		at0, rise = 0, l.xy/l.xx
	}
	return max(at0, 0), rise
}
