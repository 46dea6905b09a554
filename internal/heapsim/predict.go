package heapsim

import (
	"cmp"
	"iter"
	"math"
	"slices"
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
	// The object was in use when Alive objects had been made, and no longer when
	// Dead had: what is seen of a death is that one cycle found the object and
	// the next one did not. Dead is Forever where none was seen.
	Alive, Dead uint64
}

// Forever is a moment that is not in the recording.
const Forever = math.MaxUint64

// A WhatIf is a question: how would the same objects have fared.
type WhatIf struct {
	// Config is the runtime with the settings asked about. Its Mark is not used.
	Config Config
	// Mark is the least, the likely and the most that the program allocates for
	// each byte scanned (Config.Mark); Marks makes it of cycles that were seen.
	Mark [3]float64
	// Change says what is other about an object, and whether there still is one.
	// It is nil if nothing is.
	Change func(*Object) bool
}

// A Range is a figure with its uncertainty.
type Range struct{ Lo, Mid, Hi int64 }

// A Prediction is the answer.
type Prediction struct {
	// Cycles is how often the collector runs.
	Cycles Range
	// PeakLive is the largest heap in the pacer's view, with what Config says is
	// alive, PeakInuse that of the spans of the recording's objects.
	PeakLive, PeakInuse Range
	// Scanned are the bytes that all cycles scan: the work of marking.
	Scanned Range
	// TotalAlloc are the bytes of all slots.
	TotalAlloc int64
}

// Predict answers a question about the objects of a recording, the oldest
// first, which it goes through several times. The middle is a run in which
// deaths are spread evenly over the time in which they may have been; the range
// is that of runs in which all objects die as early, or as late, as they may
// have, with the least and the most time for marking. Whether one more cycle
// begins before the end is chance, so it counts one more and one less.
func Predict(objects iter.Seq[Object], w WhatIf) Prediction {
	var p Prediction
	for i, run := range []struct{ death, mark int }{{1, 1}, {0, 0}, {0, 2}, {2, 0}, {2, 2}} {
		c := w.Config
		c.Mark = w.Mark[run.mark]
		h := New(c)
		replay(h, objects, w.Change, run.death)
		var scanned int64
		for _, cycle := range h.cycles {
			scanned += cycle.Scan
		}
		first := i == 0
		p.Cycles.take(int64(len(h.cycles)), first)
		p.PeakLive.take(h.peak.HeapLive, first)
		p.PeakInuse.take(h.peak.HeapInuse, first)
		p.Scanned.take(scanned, first)
		if first {
			p.TotalAlloc = int64(h.Stats().TotalAlloc)
		}
	}
	p.Cycles.Lo = max(p.Cycles.Lo-1, 0)
	p.Cycles.Hi++
	return p
}

func (r *Range) take(n int64, first bool) {
	if first {
		*r = Range{n, n, n}
	}
	r.Lo, r.Hi = min(r.Lo, n), max(r.Hi, n)
}

// replay makes the objects in a heap; death is 0 for as early as may be, 1 for
// spread out, 2 for as late as may be.
func replay(h *Heap, objects iter.Seq[Object], change func(*Object) bool, death int) {
	var due deaths
	procs := len(h.procs)
	made := uint64(0)
	for o := range objects {
		if due.next <= made {
			due.until(made, h)
		}
		made++
		alive, dead := o.Alive, o.Dead
		if change != nil && !change(&o) {
			continue
		}
		ref := h.Alloc(max(o.Proc, 0)%procs, o.Bytes, o.NoScan)
		if dead == Forever {
			continue
		}
		at := max(alive, made)
		switch {
		case death == 2:
			at = max(at, dead)
		case death == 1 && dead > at:
			// Multiples of the golden ratio are spread more evenly than chance.
			_, part := math.Modf(float64(made) * math.Phi)
			at += uint64(part * float64(dead-at))
		}
		due.add(at, ref)
	}
}

// deaths are the objects that will die, the next one first: a binary heap.
type deaths struct {
	next uint64 // when the first one dies, Forever if there is none
	list []deadAt
}

type deadAt struct {
	at  uint64
	ref Ref
}

func (d *deaths) add(at uint64, ref Ref) {
	d.list = append(d.list, deadAt{at, ref})
	i := len(d.list) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if d.list[parent].at <= at {
			break
		}
		d.list[i] = d.list[parent]
		i = parent
	}
	d.list[i] = deadAt{at, ref}
	d.next = d.list[0].at
}

// until frees all that are dead at a moment.
func (d *deaths) until(moment uint64, h *Heap) {
	for len(d.list) > 0 && d.list[0].at <= moment {
		h.Free(d.list[0].ref)
		last := d.list[len(d.list)-1]
		d.list = d.list[:len(d.list)-1]
		i := 0
		for child := 1; child < len(d.list); child = 2*i + 1 {
			if child+1 < len(d.list) && d.list[child+1].at < d.list[child].at {
				child++
			}
			if last.at <= d.list[child].at {
				break
			}
			d.list[i] = d.list[child]
			i = child
		}
		if len(d.list) > 0 {
			d.list[i] = last
		}
	}
	d.next = Forever
	if len(d.list) > 0 {
		d.next = d.list[0].at
	}
}

// Marks makes of cycles that were seen what the program allocated for each byte
// scanned: the tenth, the half and nine tenths of them. Their End must be the
// most that the heap was while they marked: in a trace the pacer's heap is set to
// what was marked before the event of the end. Forced cycles say nothing of it,
// and one that came to its goal may have been held back there, so that it says
// only the least. Without any it is 0, 0 and 1.
func Marks(cycles []Cycle) [3]float64 {
	var seen []float64
	for _, c := range cycles {
		if !c.Forced && c.Scan > 0 && c.End >= c.Start {
			seen = append(seen, float64(c.End-c.Start)/float64(c.Scan))
		}
	}
	if len(seen) == 0 {
		return [3]float64{0, 0, 1}
	}
	slices.SortFunc(seen, cmp.Compare)
	at := func(part float64) float64 { return seen[int(part*float64(len(seen)-1)+0.5)] }
	return [3]float64{at(0.1), at(0.5), at(0.9)}
}
