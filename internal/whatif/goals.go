package whatif

import (
	"math"

	"github.com/stackward-go/stackward/internal/heapsim"
)

// The heap's goal is marked + (marked + roots) · GOGC/100, and no less than 4 MiB · GOGC/100
// (commit, runtime/mgcpacer.go, go1.24 to go1.27). The trace has marked and the goal of
// each cycle. So of a process that says nothing of its settings they are known, but for
// what is scanned of globals.
const (
	heapMinimum   = 4 << 20 // bytes: defaultHeapMinimum
	sweepDistance = 1 << 20 // bytes: sweepMinHeapDistance, by which a goal is beyond what was marked whatever GOGC is
	mostGlobals   = 2 << 20 // bytes that are scanned of a program's globals: large ones have one MiB
)

// GOGC is the percentage that the goals of the trace show, where the goals of all cycles
// agree in one, and the bytes of roots that go with it. Of several percentages that
// would give these goals, with more or less of globals, it is the roundest.
func (h *History) GOGC() (percent int, roots int64, ok bool) {
	low, high := 0.0, math.Inf(1)
	type seen struct{ marked, goal int64 }
	var all []seen
	for i := 1; i < len(h.Cycles); i++ {
		s := seen{h.Cycles[i-1].Marked, h.Cycles[i].Goal}
		room := float64(s.goal - s.marked)
		if s.marked <= 0 || room <= sweepDistance {
			continue
		}
		if p := ofMinimum(s.marked, s.goal); p > 0 {
			low, high = max(low, float64(p)), min(high, float64(p))
			continue
		}
		all = append(all, s)
		low = max(low, 100*room/float64(s.marked+h.PeakStacks+mostGlobals))
		high = min(high, 100*room/float64(s.marked))
	}
	if math.IsInf(high, 1) || low > high {
		return 0, 0, false
	}
	for _, step := range [...]float64{100, 50, 25, 10, 5, 1} {
		if p := math.Floor(high/step) * step; p >= low && p > 0 {
			percent = int(p)
			break
		}
	}
	if percent == 0 {
		return 0, 0, false
	}
	for _, s := range all {
		roots += (s.goal-s.marked)*100/int64(percent) - s.marked
	}
	return percent, roots / max(int64(len(all)), 1), true
}

// Rooted has no cycle scan more of stacks than so many bytes of roots, and returns what
// they leave to globals.
func (h *History) Rooted(roots int64) (globals int64) {
	for i := range h.Cycles {
		h.Cycles[i].Stacks = min(h.Cycles[i].Stacks, roots)
	}
	return max(roots-h.PeakStacks, 0)
}

// ofMinimum is the percentage whose least goal this is, behind a cycle that marked so
// little; 0 if it is none's.
func ofMinimum(marked, goal int64) (percent int64) {
	percent = (goal*100 + heapMinimum - 1) / heapMinimum
	if goal != heapMinimum*percent/100 || marked+marked*percent/100 > goal {
		return 0
	}
	return percent
}

// Begun is how the pacer stood as the trace began: the goal, and what the last cycle had
// marked, which may have been marking then. Percent is GOGC, roots are the bytes of stacks
// and globals. Without the tracer's own buffers it is for a program that is not traced. It
// is nil where no goal is told, or GOGC is off.
func (h *History) Begun(percent int, roots int64, traced bool) *heapsim.Begun {
	b := &heapsim.Begun{Goal: h.goal}
	if len(h.Cycles) > 0 {
		b.Goal = h.Cycles[0].Goal
	}
	if b.Goal <= 0 || percent <= 0 {
		return nil
	}
	if p := int64(percent); b.Goal > heapMinimum*p/100 {
		b.Marked = max((b.Goal-roots*p/100)*100/(100+p), 0)
	}
	if own := h.tracer.Bytes(); h.wasMarking && !traced && b.Marked > own {
		b.Marked -= own // they were made while it marked
		b.Goal -= own + own*int64(percent)/100
	}
	// How fast the program has allocated before shows in how early cycles start.
	for i := range h.Cycles {
		c := &h.Cycles[i]
		early := c.Goal - c.Start
		if i == 0 {
			b.Runway = max(early, 0)
		}
		if c.Forced || early < b.Runway*9/10 {
			break
		}
		b.Cycles++
	}
	return b
}
