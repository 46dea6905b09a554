package engine

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// A sampledHeap is what heap profiles tell of a recording.
type sampledHeap struct {
	since         []alloc.Sample // what was allocated in it
	before, alive []alloc.Sample // what was in use as it began, and at its end
	rate          float64        // bytes that a sample stands for
	// covered is what was allocated up to where the profile goes, by size of a slot; nil
	// is all of the recording.
	covered map[int64]heapmap.Lives
	older   bool // since may begin before the recording
}

// A slotSum is of objects and the bytes of their slots.
type slotSum struct{ objects, bytes float64 }

func (a slotSum) plus(objects, bytes float64) slotSum {
	return slotSum{a.objects + objects, a.bytes + bytes}
}

// A dealtSize is the slots of one size, or the large objects.
type dealtSize struct {
	traced  slotSum // in the whole recording
	covered slotSum // up to where the profile goes
	sampled slotSum // by the profile
	samples float64
	older   float64 // of the samples, those that are likely of before the recording
	own     float64 // of the bytes sampled, those of the runtime and the recorder
	square  float64 // variance of the bytes sampled
	step    float64 // as of siteTally
}

// settle puts right what is not dealt out as it was sampled. What the recorder allocates
// once the trace has ended is in the profile only; and what the profile should have by
// far more samples of, is of nobody who was sampled, such as the tracer's buffers.
func (c *dealtSize) settle(older bool) {
	if !older {
		c.sampled.bytes -= min(c.own, max(0, c.sampled.bytes-c.covered.bytes))
	}
	most := gammaQuantile(c.sampled.bytes+c.step, c.square+c.step*c.step, z95)
	if known := c.covered.bytes; known > most {
		c.covered = slotSum{c.covered.objects * most / known, most}
		c.traced = slotSum{c.traced.objects * most / known, c.traced.bytes * most / known}
	}
}

// A siteTally is what samples say of one place and one size of slots.
type siteTally struct {
	samples float64
	bytes   float64 // by the profile
	own     float64 // bytes of the objects that were sampled themselves
	square  float64 // variance of bytes
	step    float64 // the most that one sample more or less makes, in bytes
}

// seen is the probability that an object is sampled (nextSample, runtime/malloc.go).
func seen(size, rate float64) float64 { return -math.Expm1(-size / rate) }

func (x *siteTally) add(s *alloc.Sample, rate float64) float64 {
	size := s.Bytes / s.Allocs
	q := seen(size, rate)
	k := math.Round(s.Allocs * q)
	w := size / q
	x.samples += k
	x.bytes += s.Bytes
	x.own += k * size
	x.square += k * (1 - q) * w * w
	x.step = max(x.step, w*(1-q))
	return k
}

// leastLarge is how many bytes of a slot are large: objects of the last size class and
// the smallest large ones (above 32,760 bytes, mallocgc) both have 32 KiB, so that a
// profile does not tell them apart.
const leastLarge = 32 << 10

// dealtAs is the size of slots among which an object is dealt out, 0 large.
func dealtAs(slot int64) int64 {
	if slot >= leastLarge {
		return 0
	}
	return slot
}

// dealtSizes are the classes by bytes of a slot, 0 large, and their sums in the whole
// recording and up to where the profile goes.
func dealtSizes(h sampledHeap, classes []heapmap.Class) (sizes map[int64]*dealtSize, all, covered slotSum) {
	sizes = make(map[int64]*dealtSize)
	for _, c := range classes {
		size := dealtAs(c.Size)
		x := sizes[size]
		if x == nil {
			x = new(dealtSize)
			sizes[size] = x
		}
		x.traced = x.traced.plus(float64(c.Allocs), float64(c.Bytes))
		all = all.plus(float64(c.Allocs), float64(c.Bytes))
	}
	for size, x := range sizes {
		if x.covered = x.traced; h.covered != nil {
			c := h.covered[size]
			x.covered = slotSum{float64(c.Allocs), float64(c.AllocBytes)}
		}
		covered = covered.plus(x.covered.objects, x.covered.bytes)
	}
	return sizes, all, covered
}

// dealOut deals the allocations of the classes out to the sites of a sampled heap, those
// first that allocated or retain the most bytes. Lives are those of all slots of a size.
func dealOut(h sampledHeap, classes []heapmap.Class, lives map[int64]heapmap.Lives, dir string) ([]*alloc.HeapSiteEstimate, *alloc.HeapSiteProfile) {
	sizes, all, covered := dealtSizes(h, classes)
	samples := slices.DeleteFunc(slices.Clone(h.since), func(s alloc.Sample) bool { return s.Bytes <= 0 || s.Allocs <= 0 })
	sites := newHeapSites(nil, dir)
	sites.std = standardLibrary(func(yield func(*alloc.Frame) bool) {
		for i := range samples {
			for j := range samples[i].Frames {
				if !yield(&samples[i].Frames[j]) {
					return
				}
			}
		}
	})
	type placeSize struct {
		place int32
		size  int64
	}
	tallies := make(map[placeSize]*siteTally)
	var keys []placeSize // in order, for sums that do not differ from run to run
	only := make(onlySites)
	scope := &alloc.HeapSiteProfile{Rate: int64(h.rate), Bytes: int64(covered.bytes), Unseen: int64(unseen * h.rate)}
	for i := range samples {
		s := &samples[i]
		size := dealtAs(s.Slot)
		key := placeSize{sites.place("", 0, framesOf(s)), size}
		x := tallies[key]
		if x == nil {
			x = new(siteTally)
			tallies[key] = x
			keys = append(keys, key)
		}
		k := x.add(s, h.rate)
		scope.Samples += int64(k)
		c := sizes[size]
		if c == nil { // nothing of that size was allocated in the recording
			c = new(dealtSize)
			sizes[size] = c
		}
		c.samples += k
		c.sampled = c.sampled.plus(s.Allocs, s.Bytes)
		only.add(size, key.place)
	}
	for _, key := range keys {
		c, x := sizes[key.size], tallies[key]
		c.square += x.square
		c.step = max(c.step, x.step)
		if key.place == 0 {
			c.own += x.bytes
		}
	}
	for _, c := range sizes {
		if n := c.covered.objects; h.older {
			c.older = c.samples
			if n > 0 {
				c.older = max(0, c.samples-n*seen(c.covered.bytes/n, h.rate))
			}
		}
		if c.samples > 0 {
			c.settle(h.older)
		}
	}
	list := make(map[int32]*alloc.HeapSiteEstimate)
	ranges := make(map[int32]*siteRange)
	for _, key := range keys {
		if key.place == 0 {
			continue
		}
		x, e := tallies[key], list[key.place]
		if e == nil {
			p := &sites.places[key.place]
			e = &alloc.HeapSiteEstimate{Pos: sites.pos(p), Func: p.fn, Callee: p.callee}
			list[key.place], ranges[key.place] = e, new(siteRange)
		}
		c := sizes[key.size]
		part := x.bytes / c.sampled.bytes
		e.Objects += int64(part * c.traced.objects)
		e.Bytes.Likely += int64(part * c.traced.bytes)
		ranges[key.place].add(x, c, h.older)
		if only[key.size] == key.place {
			ranges[key.place].alone += c.alone(float64(key.size), h.rate)
		}
	}
	before, alive := inUse(h.before, sites), inUse(h.alive, sites)
	for n, e := range list {
		// Each is sampled by itself, so that what lives could be more than there ever was.
		e.LiveBytes = int64(max(min(alive[n], before[n]+float64(e.Bytes.Likely)), 0))
		low, high := ranges[n].bounds(h, all.bytes, covered.bytes)
		e.Bytes.Low, e.Bytes.High = min(e.Bytes.Likely, int64(low)), max(e.Bytes.Likely, int64(high))
		if e.Bytes.Likely > 0 {
			e.Alone = min(1, ranges[n].alone/float64(e.Bytes.Likely))
		}
	}
	only.tell(list, lives)
	sorted := slices.SortedFunc(maps.Values(list), func(a, b *alloc.HeapSiteEstimate) int {
		return cmp.Or(cmp.Compare(max(b.Bytes.Likely, b.LiveBytes), max(a.Bytes.Likely, a.LiveBytes)), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Callee, b.Callee))
	})
	return sorted, scope
}
