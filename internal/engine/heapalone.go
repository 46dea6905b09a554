package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// What became of the objects of an estimated site is known where no other can allocate
// much in slots of that size: then it is what became of these slots.

// livesOfSizes are the lives in a map by size of a slot as they are dealt out, 0 large.
func livesOfSizes(m *heapmap.Map, t *alloctrace.Reader) map[int64]heapmap.Lives {
	list := make(map[int64]heapmap.Lives)
	for _, c := range m.Sizes() {
		size := dealtAs(t.SlotBytes(int(c.N)))
		sum := list[size]
		addLives(&sum, &c)
		list[size] = sum
	}
	return list
}

// onlySites are the places that are the only ones that were sampled of a size of slots, 0
// where there are several, or the runtime's own, or the recorder.
type onlySites map[int64]int32

func (o onlySites) add(size int64, place int32) {
	if old, ok := o[size]; ok && old != place {
		place = 0
	}
	o[size] = place
}

// lifeShare is how much of a site's bytes has to be in slots of which it is the only
// site for their lives to be told as its own.
const lifeShare = 0.9

// tell says what became of the slots of which sites are nearly for sure the only ones to
// allocate them.
func (o onlySites) tell(sites map[int32]*alloc.HeapSiteEstimate, lives map[int64]heapmap.Lives) {
	sums := make(map[int32]*heapmap.Lives)
	for size, n := range o {
		if n == 0 {
			continue
		}
		c := lives[size]
		if sums[n] == nil {
			sums[n] = new(heapmap.Lives)
		}
		addLives(sums[n], &c)
	}
	for n, sum := range sums {
		if e := sites[n]; e != nil && e.Alone >= lifeShare {
			l := livesOf(sum)
			e.Lives = &l
		}
	}
}

func addLives(to, c *heapmap.Lives) {
	to.Allocs += c.Allocs
	to.AllocBytes += c.AllocBytes
	to.Live += c.Live
	to.LiveBytes += c.LiveBytes
	to.Freed += c.Freed
	to.Temporary += c.Temporary
	to.TemporaryBytes += c.TemporaryBytes
	to.Survived += c.Survived
	to.Grows += c.Grows
	for i, n := range c.Ages {
		to.Ages[i] += n
	}
}

// estimated is the report of a recording whose exact sites are damaged, with estimates.
func (p *replay) estimated(req HeapRequest, why error) (*alloc.Report, error) {
	req.Approximate = true
	r, err := Heap(p.ctx, req)
	if err != nil {
		return nil, err
	}
	msg := why.Error() + ": sites are estimated"
	if len(r.SiteEstimates) == 0 {
		msg = why.Error() + ": sites are left out"
	}
	r.Problems = append(r.Problems, &alloc.Problem{Pos: alloc.Pos{File: req.File}, Message: msg, Hint: "record again"})
	return r, nil
}
