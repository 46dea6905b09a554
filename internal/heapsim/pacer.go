package heapsim

import (
	"math"
	"slices"
)

// Constants of runtime/mgcpacer.go and runtime/mgcsweep.go.
const (
	heapMinimum     = 4 << 20 // defaultHeapMinimum, for GOGC=100
	minRunway       = 64 << 10
	limitHeadroom   = 1 << 20 // memoryLimitMinHeapGoalHeadroom
	limitPercent    = 3       // memoryLimitHeapGoalHeadroomPercent
	triggerDen      = 64
	minTriggerNum   = 45
	maxTriggerNum   = 61
	sweepDistance   = 1 << 20 // sweepMinHeapDistance, and the margin of gcPaceSweeper
	backgroundShare = 0.25    // gcBackgroundUtilization
	never           = math.MaxUint64
)

// A pacer decides when cycles start, as gcControllerState does. It is plain
// arithmetic, which the reference and the fast heap share.
type pacer struct {
	config *Config

	live      uint64 // heapLive
	marked    uint64 // heapMarked
	triggered uint64 // heapLive at the start of the cycle that is marking, else never
	lastScan  uint64 // bytes that the last cycle scanned, with roots
	cons      float64
	lastCons  [4]float64 // of the cycles before

	goalByGOGC   uint64
	sweepTrigger uint64 // sweepDistMinTrigger
	runway       uint64

	sweepRatio     float64 // sweepPagesPerByte
	sweepLiveBasis uint64
	sweptBasis     int64
}

// usage is what the memory limit looks at, in bytes.
type usage struct {
	ready uint64 // mapped and not released: spans, free pages, what is not heap
	heap  uint64 // of it, spans and free pages
	free  uint64 // free pages that are not released
	alloc uint64 // objects
}

func (p *pacer) init(c *Config) {
	p.config = c
	p.triggered = never
	p.live = uint64(c.Live)
	p.commit(true)
}

// commit computes the goal for GOGC and the runway (gcControllerState.commit).
func (p *pacer) commit(swept bool) {
	p.sweepTrigger = 0
	if !swept {
		p.sweepTrigger = p.live + sweepDistance
	}
	p.goalByGOGC = never
	if gogc := p.config.GOGC; gogc >= 0 {
		roots := uint64(p.config.Stacks + p.config.Globals)
		if p.marked == 0 {
			roots = uint64(p.config.Globals) // no stack was scanned yet
		}
		goal := p.marked + (p.marked+roots)*uint64(gogc)/100
		p.goalByGOGC = max(goal, heapMinimum*uint64(gogc)/100)
	}
	p.runway = uint64(p.cons * (1 - backgroundShare) / backgroundShare * float64(p.lastScan))
}

// goal is the heap at which a cycle should end, and what the trigger may not be
// below (heapGoalInternal).
func (p *pacer) goal(u usage) (goal, minTrigger uint64) {
	goal = p.goalByGOGC
	if p.config.MemoryLimit > 0 {
		if limited := p.limitGoal(u); limited < goal {
			return limited, 0
		}
	}
	goal = max(goal, p.sweepTrigger)
	if p.triggered != never {
		goal = max(goal, p.triggered+minRunway)
	}
	return goal, p.sweepTrigger
}

// limitGoal is the goal that keeps the memory limit (memoryLimitHeapGoal).
func (p *pacer) limitGoal(u usage) uint64 {
	limit := p.config.limit()
	other := u.ready - u.free - u.alloc
	over := uint64(0)
	if u.ready > limit {
		over = u.ready - limit
	}
	if other+over >= limit {
		return p.marked
	}
	goal := limit - (other + over)
	headroom := max(goal/100*limitPercent, limitHeadroom)
	if goal < headroom || goal-headroom < headroom {
		goal = headroom
	} else {
		goal -= headroom
	}
	return max(goal, p.marked)
}

// trigger is the heap at which a cycle starts, and its goal.
func (p *pacer) trigger(u usage) (trigger, goal uint64) {
	goal, low := p.goal(u)
	if p.marked >= goal {
		return goal, goal
	}
	low = max(low, p.marked, (goal-p.marked)/triggerDen*minTriggerNum+p.marked)
	high := (goal-p.marked)/triggerDen*maxTriggerNum + p.marked
	if goal > heapMinimum {
		high = max(high, goal-heapMinimum)
	}
	high = max(high, low)
	if p.runway <= goal {
		low = max(low, goal-p.runway)
	}
	return min(low, high), goal
}

// markEnd is the heap at which a cycle that starts now ends its marking: the
// program allocates on while so much is scanned, and as it comes near the goal
// it has to help.
func (p *pacer) markEnd(scan, goal uint64, m Mark) uint64 {
	end := p.triggered + uint64(m.Rate*float64(scan))
	return min(end, max(goal, p.triggered+minRunway)) + uint64(m.Over)
}

// endCycle takes in what a cycle found (endCycle and resetLive). The runtime
// measures how fast the program allocates compared with how fast it is scanned,
// takes the greatest of five cycles, and counts the time in which the program
// had to help as time of scanning: so it finds Mark.Rate, whether or not the
// goal cut the cycle short.
func (p *pacer) endCycle(marked, scan uint64, m Mark) {
	if p.live > p.triggered {
		now := (m.Rate + float64(m.Over)/float64(max(scan, 1))) * max(m.Lead, 1) * backgroundShare / (1 - backgroundShare)
		p.cons = max(now, slices.Max(p.lastCons[:]))
		copy(p.lastCons[:], p.lastCons[1:])
		p.lastCons[len(p.lastCons)-1] = now
	}
	p.lastScan = scan
	p.marked = marked
	p.live = marked
	p.triggered = never
}

// allocated has the next cycles start as far from their goals as a program has it that
// allocated faster before: so many of them, of which the pacer looks at five.
func (p *pacer) allocated(runway int64, cycles int) {
	if cycles == 0 || p.lastScan == 0 {
		return
	}
	p.cons = float64(runway) / float64(p.lastScan) * backgroundShare / (1 - backgroundShare)
	if i := min(cycles-2, len(p.lastCons)-1); i >= 0 {
		p.lastCons[i] = p.cons
	}
}

// mark is how the n-th cycle marks, which is asked once as it starts.
func (c *Config) mark(n int) Mark {
	switch {
	case c.draw != nil:
		return c.draw()
	case len(c.Marks) == 0:
		return Mark{}
	}
	return c.Marks[n%len(c.Marks)]
}

// paceSweeper computes how much of what is to be swept goes with each byte that
// is allocated (gcPaceSweeper).
func (p *pacer) paceSweeper(trigger uint64, pagesInUse, pagesSwept int64) {
	distance := max(int64(min(trigger, math.MaxInt64))-int64(p.live)-sweepDistance, pageSize)
	p.sweepRatio = 0
	if todo := pagesInUse - pagesSwept; todo > 0 {
		p.sweepRatio = float64(todo) / float64(distance)
		p.sweepLiveBasis = p.live
		p.sweptBasis = pagesSwept
	}
}

// sweepTarget is how many pages must have been swept before a span of so many
// bytes is allocated (deductSweepCredit).
func (p *pacer) sweepTarget(bytes uint64) int64 {
	if p.sweepLiveBasis < p.live {
		bytes += p.live - p.sweepLiveBasis
	}
	return p.sweptBasis + int64(p.sweepRatio*float64(bytes))
}

// clamp is for what may be never.
func clamp(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
