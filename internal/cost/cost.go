// Package cost weighs sites: it turns what a source measured into the cost of
// each site, and holds the sum against the source's own total.
//
//	samples (stack, type, objects, bytes) → per site and user's line → share, B/op, GC share
//
// Every allocation of a source ends in exactly one place: a cost, or the
// benchmark's unexplained remainder. A site outside of the user's own packages
// is weighed once for each line of theirs that brings it about, with the call
// path between.
//
// The GC share is an estimate: the collector's CPU time is divided among the
// sites by bytes, since it is the bytes allocated that make it run
// (runtime/mgcpacer.go, go1.26); that pointer-free objects are cheaper to mark
// is not counted.
package cost

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A Scale says how the samples of a source become a benchmark's figures.
type Scale struct {
	// Ops divides the samples' objects and bytes: operations timed, 1 for a
	// profile or a whole command.
	Ops float64
	// Place finds the site of a sample, nil where there is none.
	Place func(*alloc.Sample) *alloc.Site
	// Own reports whether a function belongs to the user's own packages.
	Own func(fn string) bool
}

// Weigh returns the costs of samples, the largest first, and completes b, whose
// AllocsPerOp and BytesPerOp are the source's own totals: it sets what was
// recorded, explained and not.
func (sc Scale) Weigh(b *alloc.Benchmark, samples []alloc.Sample) []*alloc.Cost {
	type key struct {
		site   *alloc.Site
		caller string
	}
	costs := make(map[key]*alloc.Cost)
	largest := make(map[key]float64)
	var order []key
	var objects, bytes, explained float64
	for i := range samples {
		s := &samples[i]
		objects += s.Allocs
		bytes += s.Bytes
		site := sc.Place(s)
		if site == nil {
			continue
		}
		via, caller := sc.path(site, s.Frames)
		k := key{site, caller}
		c := costs[k]
		if c == nil {
			c = &alloc.Cost{Source: b.Name, Package: b.Package, Caller: caller, Via: via}
			costs[k] = c
			order = append(order, k)
		}
		if weight := s.Allocs + s.Bytes/1e9 + s.InUseBytes/1e9; weight > largest[k] {
			largest[k] = weight
			c.Via = via
		}
		c.AllocsPerOp += s.Allocs / sc.Ops
		c.BytesPerOp += s.Bytes / sc.Ops
		c.InUseObjects += s.InUseObjects
		c.InUseBytes += s.InUseBytes
		if site.Kind != "" && site.Cause != "" && (caller != "" || site.Line > 0) {
			explained += s.Allocs
		}
	}
	b.RecordedAllocsPerOp = objects / sc.Ops
	b.RecordedBytesPerOp = bytes / sc.Ops
	total := max(b.AllocsPerOp, b.RecordedAllocsPerOp)
	b.UnexplainedAllocsPerOp = max(0, total-explained/sc.Ops)
	b.Explained = 1
	if total > 0 {
		b.Explained = 1 - b.UnexplainedAllocsPerOp/total
	}

	out := make([]*alloc.Cost, 0, len(order))
	for _, k := range order {
		c := costs[k]
		c.Site = k.site.ID
		if total > 0 {
			c.Share = c.AllocsPerOp / total
		}
		if b.GC != nil && bytes > 0 {
			c.GCShare = b.GC.CPUShare * c.BytesPerOp * sc.Ops / bytes
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b *alloc.Cost) int {
		return cmp.Or(
			cmp.Compare(counted(b.AllocsPerOp), counted(a.AllocsPerOp)),
			cmp.Compare(counted(b.BytesPerOp), counted(a.BytesPerOp)),
			strings.Compare(a.Site, b.Site),
			strings.Compare(a.Caller, b.Caller),
		)
	})
	return out
}

// counted is a figure per operation without what a run allocates once: so that
// sites that allocate equally often stand in the same order in each run.
func counted(perOp float64) float64 { return math.Round(perOp*100) / 100 }

// path returns the user's own line that brought the site about, and the frames
// from it down to the site. Both are empty where the site is itself the
// innermost own line.
func (sc Scale) path(site *alloc.Site, frames []alloc.Frame) (via []alloc.Frame, caller string) {
	for i, f := range frames {
		if !sc.Own(f.Func) {
			continue
		}
		caller = f.File + ":" + strconv.Itoa(f.Line)
		if f.File == site.File && f.Line == site.Line {
			return nil, caller
		}
		via = slices.Clone(frames[:i+1])
		slices.Reverse(via)
		// Leave out what the runtime does below the site.
		for n := len(via); n > 0; n-- {
			if via[n-1].File == site.File && via[n-1].Line == site.Line {
				return via[:n], caller
			}
		}
		return via, caller
	}
	return nil, ""
}
