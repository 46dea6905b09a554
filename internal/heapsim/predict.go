package heapsim

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// An Object is one of a recording, with what is known of its life. Moments are
// numbers of objects that the recording has made by then.
type Object struct {
	Bytes  int64
	NoScan bool
	// Proc is the processor, negative where it is not known.
	Proc int
	// Site and Type are the caller's numbers for them, for Change.
	Site, Type int
	// Growth is of the memory of a slice that grows, nil of all else.
	Growth *Growth
	// The object was in use when Alive objects had been made, and no longer when
	// Dead had: what is seen of a death is that one cycle found the object and
	// the next one did not. Dead is Forever where none was seen. Likely is when it
	// most likely died, between the two.
	Alive, Likely, Dead uint64
	// OffHeap is for Change to set: the object is in memory that is not of the heap.
	OffHeap bool
}

// A Growth says what there is in place of an object if the slice is made with its last
// capacity at once: in that of the first memory one as large as the last, of 0 bytes no
// object, which has the last one's death.
type Growth struct {
	Bytes               int64
	Alive, Likely, Dead uint64
}

// Presized is an object as it is where slices do not grow, and whether there still is one.
func (o Object) Presized() (Object, bool) {
	g := o.Growth
	if g == nil {
		return o, true
	}
	o.Bytes, o.Alive, o.Likely, o.Dead = g.Bytes, g.Alive, g.Likely, g.Dead
	return o, g.Bytes > 0
}

// Forever is a moment that is not in the recording.
const Forever = math.MaxUint64

// A WhatIf is a question: how would the same objects have fared.
type WhatIf struct {
	// Config is the runtime with the settings asked about. Its Marks are those that
	// were seen.
	Config Config
	// Before is how many of the objects there were when the recording began: a cycle
	// that does not count has found them.
	Before uint64
	// Begun is how the pacer stood then, nil not known: the last cycle is taken to have
	// found all that there was.
	Begun *Begun
	// Forced are the moments at which the program itself asked for a cycle.
	Forced []uint64
	// Traced is for the program as it is while it is recorded.
	Traced bool
	// Cost is what cycles took.
	Cost Cost
	// Change says what is other about an object, and whether there still is one.
	// It is nil if nothing is.
	Change func(Object) (changed Object, stays bool)
}

// Begun is how the pacer of the recorded program stood as the recording began: what the
// last cycle had marked, and the goal, in bytes.
type Begun struct {
	Marked, Goal int64
	// Runway is how far from its goal the first cycle started, in bytes, and Cycles is how
	// many started so early: the pacer goes by the fastest of five cycles.
	Runway int64
	Cycles int
}

// A Cost is what a cycle takes of the processors: in ns for each, for each byte that it
// scans, and for how long they stand still.
type Cost struct{ Cycle, Byte, Pause float64 }

// A Range is a figure with its uncertainty.
type Range struct{ Low, Likely, High int64 }

// A Prediction is the answer.
type Prediction struct {
	// Cycles is how often the collector runs.
	Cycles Range
	// PeakLive is the largest heap in the pacer's view, with what Config says is
	// alive, PeakInuse that of the spans of the recording's objects.
	PeakLive, PeakInuse Range
	// PeakMarked is the largest heap at the end of a cycle's marking, which is what
	// gctrace tells: less than PeakLive where the heap is largest behind the last cycle.
	PeakMarked Range
	// OffHeap are the most bytes in objects that Change has put there.
	OffHeap Range
	// CPU is what the cycles take of the processors, in ns, 0 where Cost is.
	CPU Range
	// TotalAlloc are the bytes of all slots, but for those that there were before.
	TotalAlloc int64
	// Changed are the objects that Change has made other, and their bytes as they were.
	Changed, ChangedBytes int64
}

// Predict answers a question about the objects of a recording, the oldest
// first, which it goes through once for each of several runs. They differ in what a
// recording leaves open: which of the marks that were seen near it a cycle meets, how
// much the recording held the program back while cycles marked, and when between two
// cycles objects died. The middle is the median run; the range has all of them and a
// twentieth more on either side, for what the model itself leaves out. Whether one more
// cycle begins before the end is chance, so it counts one more and one less; without a
// goal none does.
func Predict(objects iter.Seq[Object], w WhatIf) Prediction {
	results := make([]outcome, len(runs))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range runs {
		all.Go(func() error {
			results[i] = w.run(objects, r, i)
			return nil
		})
	}
	all.Wait()
	p := Prediction{
		Cycles:     rangeOf(results, func(o *outcome) int64 { return o.cycles }),
		PeakLive:   rangeOf(results, func(o *outcome) int64 { return o.peak.HeapLive }),
		PeakInuse:  rangeOf(results, func(o *outcome) int64 { return o.peak.HeapInuse }),
		PeakMarked: rangeOf(results, func(o *outcome) int64 { return o.marked }),
		OffHeap:    rangeOf(results, func(o *outcome) int64 { return o.offHeap }),
		CPU:        rangeOf(results, func(o *outcome) int64 { return o.cpu }),
		TotalAlloc: results[0].total, Changed: results[0].changed, ChangedBytes: results[0].changedBytes,
	}
	if w.Config.GOGC >= 0 || w.Config.MemoryLimit > 0 {
		p.Cycles.Low = max(p.Cycles.Low-1, 0)
		p.Cycles.High++
	}
	// What a cycle takes of the processors depends on what else they do: of four programs
	// 0.5 to 1.4 of what it took while the tracer ran (docs/accuracy.md).
	p.CPU.Low, p.CPU.High = p.CPU.Low/2, p.CPU.High+p.CPU.High/2
	return p
}

// An assumption is what a recording leaves open.
type assumption struct {
	speed float64 // of allocating, where 1 is that of the recording
	doubt bool    // Mark.Doubt is right
	death int     // 0 as early as may be, 1 likely, 2 as late as may be
}

// runs are those of a prediction. While it is recorded a program allocates more
// slowly, by a half or so (docs/heap.md), and the collector marks as fast as else.
var runs = []assumption{
	{speed: 1.4, death: 1}, {speed: 1, death: 1}, {speed: 1.2, death: 1}, {speed: 1.6, death: 1}, {speed: 2, death: 1, doubt: true},
	{speed: 1.2, death: 0}, {speed: 1.6, death: 2, doubt: true},
}

// An outcome is what one run had.
type outcome struct {
	cycles, cpu, total    int64
	marked                int64 // the largest heap at the end of a cycle
	offHeap               int64
	changed, changedBytes int64
	peak                  Peak
}

func (w *WhatIf) run(objects iter.Seq[Object], r assumption, seed int) outcome {
	c := w.Config
	var h *Heap
	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	c.draw = func() Mark {
		m := near(c.Marks, h.made, chance)
		if !w.Traced {
			m.Rate *= r.speed
			m.Over = int64(float64(m.Over) * r.speed)
			m.Busy /= r.speed
			if r.doubt && m.Doubt > 0 {
				m.Rate *= m.Doubt
			}
		}
		return m
	}
	h = New(c)
	if w.Before > 0 {
		h.hold()
	}
	o := replay(h, objects, w, r.death)
	o.total += int64(h.Stats().TotalAlloc)
	o.peak = h.peak
	cycles := h.cycles
	if w.Before > 0 && len(cycles) > 0 {
		cycles = cycles[1:]
	}
	o.cycles = int64(len(cycles))
	for _, cycle := range cycles {
		o.marked = max(o.marked, cycle.End)
		o.cpu += int64(w.Cost.Cycle + w.Cost.Byte*float64(cycle.Scan) + w.Cost.Pause)
	}
	return o
}

// nearMarks is how many of the marks that were seen before a moment, and after it, one
// is drawn from.
const nearMarks = 4

// near draws one of the marks that were seen near a moment: what a program does while a
// cycle marks is another thing in another of its phases. Where no moments are known it
// is one of all.
func near(marks []Mark, at uint64, chance *rand.Rand) Mark {
	if len(marks) == 0 {
		return Mark{}
	}
	if last := marks[len(marks)-1]; last.At > 0 {
		i, _ := slices.BinarySearchFunc(marks, at, func(m Mark, at uint64) int { return cmp.Compare(m.At, at) })
		from := min(max(i-nearMarks, 0), max(len(marks)-2*nearMarks, 0))
		marks = marks[from:min(from+2*nearMarks, len(marks))]
	}
	return marks[chance.IntN(len(marks))]
}

func rangeOf(results []outcome, of func(*outcome) int64) Range {
	list := make([]int64, len(results))
	for i := range results {
		list[i] = of(&results[i])
	}
	slices.Sort(list)
	return Range{list[0] - list[0]/20, list[len(list)/2], list[len(list)-1] + list[len(list)-1]/20}
}

// replay makes the objects in a heap; death is 0 for as early as may be, 1 for
// likely, 2 for as late as may be.
func replay(h *Heap, objects iter.Seq[Object], w *WhatIf, death int) (out outcome) {
	var due, away deaths
	procs := len(h.procs)
	forced := w.Forced
	bytes := int64(0)
	bring := func(r Ref) { bytes -= int64(r) }
	for o := range objects {
		if h.made == w.Before && h.made > 0 {
			out.total = -int64(h.Stats().TotalAlloc)
			h.GC()
			h.begin(&w.Config, w.Begun)
		}
		for len(forced) > 0 && forced[0] <= h.made {
			h.GC()
			forced = forced[1:]
		}
		h.made++
		due.until(h.made, h.Free)
		away.until(h.made, bring)
		if w.Change != nil {
			c, stays := w.Change(o)
			if !stays || c != o {
				out.changed++
				out.changedBytes += o.Bytes
			}
			if !stays {
				continue
			}
			o = c
		}
		at := [...]uint64{o.Alive, o.Likely, o.Dead}[death]
		if o.Dead == Forever {
			at = Forever
		}
		if o.OffHeap {
			bytes += o.Bytes
			out.offHeap = max(out.offHeap, bytes)
			away.add(at, Ref(o.Bytes))
			continue
		}
		due.add(at, h.Alloc(max(o.Proc, 0)%procs, o.Bytes, o.NoScan))
	}
	for range forced {
		h.GC()
	}
	return out
}

// deaths are what will die, by the moment: in steps of deathStep objects, and those of
// the step that is going on by their moments in it.
type deaths struct {
	now   uint64            // of which all are dead
	first []uint32          // by step, an index of list; 0 none
	soon  [deathStep]uint32 // as first, by moment of the step
	list  []deadAt
	free  uint32
}

type deadAt struct {
	ref  Ref
	next uint32
	in   uint32 // the step: which moment of it
}

const deathStep = 32

// add has a ref die at a moment, unless it is Forever.
//
//stackward:noalloc
func (d *deaths) add(at uint64, ref Ref) {
	if at == Forever || ref == 0 {
		return
	}
	at = max(at, d.now+1)
	step := at / deathStep
	list := &d.soon[at%deathStep]
	if step > d.now/deathStep {
		for step >= uint64(len(d.first)) {
			d.first = append(d.first, 0)
		}
		list = &d.first[step]
	}
	n := d.free
	if n == 0 {
		if len(d.list) == 0 {
			d.list = append(d.list, deadAt{})
		}
		n = uint32(len(d.list))
		d.list = append(d.list, deadAt{})
	} else {
		d.free = d.list[n].next
	}
	d.list[n] = deadAt{ref, *list, uint32(at % deathStep)}
	*list = n
}

// until has all die that are dead at a moment.
func (d *deaths) until(moment uint64, free func(Ref)) {
	for d.now < moment {
		d.now++
		if step := d.now / deathStep; d.now%deathStep == 0 && step < uint64(len(d.first)) {
			for n := d.first[step]; n != 0; {
				x := &d.list[n]
				list := &d.soon[x.in]
				n, x.next, *list = x.next, *list, n
			}
		}
		list := &d.soon[d.now%deathStep]
		for n := *list; n != 0; {
			x := &d.list[n]
			free(x.ref)
			n, x.next, d.free = x.next, d.free, n
		}
		*list = 0
	}
}
