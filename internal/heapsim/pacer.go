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
	maxOvershoot    = 1.1     // of revise
	leastWork       = 1000    // that revise takes to remain
	offPercent      = 100_000 // that revise takes for GOGC=off
	never           = math.MaxUint64

	mostMarking = 0.95 // what endCycle of this package believes of a cycle
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

	stacks  uint64  // that are scanned
	mark    Mark    // of the cycle that is marking
	scan    uint64  // what it has to scan, with roots
	most    uint64  // what it would have to if nothing had died, which revise reckons with
	black   uint64  // bytes with pointers that were allocated while the last one marked
	work    float64 // bytes that are scanned
	credit  float64 // of those, what nobody has had to help with yet: bgScanCredit
	helped  float64 // of them, by the program
	seen    uint64  // the most of live so far
	end     uint64  // live at which it ends, never until all is scanned
	limiter limiter

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
	p.stacks = uint64(c.Stacks)
	p.limiter.init(c)
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
		roots := p.stacks + uint64(p.config.Globals)
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

// startCycle begins one that has to scan so much, where there is so much with pointers,
// dead or alive: bytes, without roots. The runtime does not count as what may have to be
// scanned what was allocated while the last cycle marked.
func (p *pacer) startCycle(scan, most uint64, m Mark) {
	if m.Stacks > 0 {
		p.stacks = uint64(m.Stacks)
	}
	roots := p.stacks + uint64(p.config.Globals)
	p.limiter.pass(0, float64(p.live-min(p.live, p.marked)), m)
	p.limiter.update()
	p.triggered = p.live
	p.mark, p.scan, p.most = m, scan+roots, max(most-min(most, p.black), scan)+roots
	p.work, p.credit, p.helped, p.seen, p.end = 0, 0, 0, p.live, never
}

// markDone says whether all is scanned by now: the program allocates on while the
// processors that the collector has scan, and where that would not do helps
// (gcAssistAlloc).
func (p *pacer) markDone(u usage) bool {
	if p.end == never {
		p.advance(u)
		if p.work < float64(p.scan) {
			return false
		}
		p.end = p.live + uint64(p.mark.Over)
	}
	return p.live >= p.end
}

// doneBefore says whether marking ends before a large object is there: who allocates it
// helps for all of it first (deductAssistCredit, runtime/malloc.go), and of what is
// allocated by the end it would be more than half.
func (p *pacer) doneBefore(bytes uint64, u usage) bool {
	if p.end == never {
		work := 0.0
		if !p.limiter.limiting {
			work = float64(bytes)*p.assistRatio(u) - p.credit
		}
		if p.mark.Rate > 0 {
			work = max(work, float64(bytes/2)/p.mark.Rate)
		}
		if p.work+work < float64(p.scan) {
			return false
		}
		p.end = p.live + uint64(p.mark.Over)
	}
	return p.live+bytes/2 > p.end
}

// advance scans as much as goes with what was allocated since it was last called.
func (p *pacer) advance(u usage) {
	bytes := float64(p.live - min(p.live, p.seen))
	p.seen = max(p.seen, p.live)
	if p.mark.Rate <= 0 {
		p.work = float64(p.scan)
		return
	}
	work := bytes / p.mark.Rate
	p.credit += work
	if !p.limiter.limiting {
		due := bytes * p.assistRatio(u)
		if help := due - p.credit; help > 0 {
			w := p.mark.workers()
			p.helped += help
			p.credit += help / (1 - w) // workers go on meanwhile
			work += help / (1 - w)
		}
		p.credit -= due
	}
	p.work += work
	p.limiter.pass(work, bytes, p.mark)
}

// assistRatio is how many bytes have to be scanned for each that is allocated, by
// whomever (gcControllerState.revise). Where more is to be scanned than by the last
// cycle the goal goes out with it; where the heap is beyond the goal already a tenth
// more is left to it, and marking is to be done by then whatever is alive. That is
// all that there is where what lives is above the memory limit, which makes it the goal.
func (p *pacer) assistRatio(u usage) float64 {
	goal, _ := p.goal(u)
	at := min(float64(goal), math.MaxInt64)
	expected := float64(p.config.Globals)
	if p.lastScan > 0 {
		expected = float64(p.lastScan)
	}
	most := float64(p.most)
	if p.work > expected {
		gogc := p.config.GOGC
		if gogc < 0 {
			gogc = offPercent
		}
		triggered := float64(p.triggered)
		at = min((at-triggered)/max(expected, 1)*most+triggered, (1+float64(gogc)/100)*at)
		expected = most
	}
	if float64(p.live) > at {
		at *= maxOvershoot
		expected = most
	}
	return max(expected-p.work, leastWork) / max(at-float64(p.live), 1)
}

// AssistedEnd is the heap at which a cycle with such a start, goal and scan ends where
// the program allocates so fast that all is left to its help: the bytes of the goal are
// left to it, but for what revise changes about them. Last is what the cycle before has
// scanned, most what this one would if nothing had died.
func AssistedEnd(c Cycle, last, most int64, gogc int) int64 {
	p := pacer{config: &Config{GOGC: gogc}, lastScan: uint64(last), live: uint64(c.Start), goalByGOGC: uint64(c.Goal)}
	p.startCycle(uint64(c.Scan), uint64(most), Mark{Rate: math.Inf(1)})
	for step := uint64(max(c.Goal-c.Start, pageSize)/512 + 1); !p.markDone(usage{}); {
		p.live += step
	}
	return int64(p.live)
}

// endCycle takes in what a cycle found, in all and with pointers (endCycle and
// resetLive). The runtime measures how fast the program allocates compared with how
// fast it is scanned, and takes the greatest of five cycles. The time in which the
// program had to help it counts as time of scanning, and that of workers as a quarter
// of all, whatever it was.
func (p *pacer) endCycle(marked, kept uint64) {
	m, scan := p.mark, p.scan
	roots := p.stacks + uint64(p.config.Globals)
	p.black = kept - min(kept, scan-roots)
	if p.live > p.triggered {
		// Times are in bytes that the program allocates in them.
		bytes, w := float64(p.live-p.triggered), m.workers()
		help := p.helped * m.Rate * w / (1 - w)
		all := (bytes + help) / (1 - w)
		marks := min(backgroundShare+help/all, mostMarking)
		now := bytes / float64(max(scan, 1)) * (marks + m.Idle) / (1 - marks)
		p.cons = max(now, slices.Max(p.lastCons[:]))
		copy(p.lastCons[:], p.lastCons[1:])
		p.lastCons[len(p.lastCons)-1] = now
	}
	p.limiter.update()
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

// workers is the share of time that workers have.
func (m *Mark) workers() float64 {
	if m.Workers <= 0 {
		return backgroundShare
	}
	return min(m.Workers, mostMarking)
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
