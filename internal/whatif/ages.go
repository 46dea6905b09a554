package whatif

import (
	"math"
	"math/bits"
)

// Ages say how old objects of each kind become, in objects that the program makes
// meanwhile. A cycle tells of each object that was born since the last one whether it
// still lives, and they were born at all distances from it: so of the age that they
// have at the cycle it is known how many come to it. In bins by the logarithm.
type ages struct {
	of  []uint32 // by kind: which curve
	all [][ageBins]float64
}

const (
	ageBins   = 48
	fewestOf  = 200 // objects that make a curve of a kind's own
	fewestBin = 20
)

// seen are objects of one kind in a bin.
type seen struct{ alive, all uint32 }

func ageBin(age uint64) int { return min(bits.Len64(age), ageBins-1) }

// survival makes the ages of all kinds.
func (h *History) survival() ages {
	counts := make([][ageBins]seen, len(h.kinds)+1)
	every := &counts[len(h.kinds)]
	total := make([]uint64, len(h.kinds))
	for b := range h.births() {
		n, cycle, o := b.n, b.cycle, b.object
		if cycle == len(h.marks) {
			break // no cycle has seen it
		}
		found, dead := o.found()
		if dead && found < 0 {
			continue // it was dead before the trace
		}
		k := o.kind & kindMask
		bin := ageBin(h.marks[cycle] - n)
		total[k]++
		for _, c := range [...]*seen{&counts[k][bin], &every[bin]} {
			c.all++
			if !dead || found != cycle {
				c.alive++
			}
		}
	}
	a := ages{of: make([]uint32, len(h.kinds))}
	a.all = append(a.all, curve(every))
	for k := range h.kinds {
		if total[k] >= fewestOf {
			a.of[k] = uint32(len(a.all))
			a.all = append(a.all, curve(&counts[k]))
		}
	}
	return a
}

// curve is the share of objects that come to the end of each bin's age: as far as seen
// it only falls. Bins that few were seen in take what is beside them.
func curve(counts *[ageBins]seen) [ageBins]float64 {
	var s [ageBins]float64
	// Pool adjacent violators: the best fit that does not rise.
	type block struct {
		alive, all float64
		until      int
	}
	var blocks []block
	for i, c := range counts {
		b := block{float64(c.alive), float64(c.all), i}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if b.all > 0 && last.all >= fewestBin && b.alive*last.all <= last.alive*b.all {
				break
			}
			b = block{b.alive + last.alive, b.all + last.all, i}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	from := 0
	for _, b := range blocks {
		for ; from <= b.until; from++ {
			s[from] = 1
			if b.all > 0 {
				s[from] = b.alive / b.all
			}
		}
	}
	return s
}

// gone is the share of objects of a kind that do not come to an age.
func (a *ages) gone(kind uint32, age uint64) float64 {
	return 1 - a.all[a.of[kind]][ageBin(age)]
}

// age is that of an object of a kind that was dead at an age of at most most, where
// part, from 0 to 1, chooses among all that there may be.
func (a *ages) age(kind uint32, most uint64, part float64) uint64 {
	s := &a.all[a.of[kind]]
	last := ageBin(most)
	gone := a.gone(kind, most)
	if gone <= 0 {
		return uint64(part * float64(most))
	}
	want := 1 - part*gone
	bin := 0
	before := 1.0
	for bin < last && s[bin] >= want {
		before = s[bin]
		bin++
	}
	low, high := 0.0, math.Ldexp(1, bin)
	if bin > 0 {
		low = high / 2
	}
	within := 0.5
	if before > s[bin] {
		within = (before - want) / (before - s[bin])
	}
	return min(uint64(low+within*(high-low)), most)
}
