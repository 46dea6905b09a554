// Package cost weighs sites: it turns what a source measured into the cost of
// each site, and holds the sum against the source's own total.
//
//	samples (stack, type, objects, bytes) → per site and user's line → share, B/op, GC share
//
// Every allocation of a source is part of one cost, or of what the source did
// not record. Explained is what has all of it: a kind, a cause, a line of the
// user's own. A site outside of the user's own packages
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
	// Gone names what a sample without a site was made in, where today's source
	// does not have it any more, else ""; nil is never.
	Gone func(*alloc.Sample) string
}

// Weigh returns the costs of samples, the largest first, and completes b, whose
// AllocsPerOp and BytesPerOp are the source's own totals and whose Index names
// what is ranked: it sets what was recorded, explained and not. A difference of
// profiles has negative samples, so that shares are of the sum of what changed
// either way.
func (sc Scale) Weigh(b *alloc.Benchmark, samples []alloc.Sample) []*alloc.Cost {
	type key struct {
		site   *alloc.Site
		caller string
	}
	costs := make(map[key]*alloc.Cost)
	largest := make(map[key]float64)
	var order []key
	var sum, explained alloc.Sample
	var all, placed float64 // of what is ranked
	for i := range samples {
		s := &samples[i]
		add(&sum, s)
		all += math.Abs(ranked(b.Index, s.Allocs, s.Bytes, s.InUseBytes))
		site := sc.Place(s)
		k := key{site: site}
		var via []alloc.Frame
		if site != nil {
			via, k.caller = sc.path(site, s.Frames)
		} else if sc.Gone != nil {
			k.caller = sc.Gone(s)
		}
		if k == (key{}) {
			continue
		}
		c := costs[k]
		if c == nil {
			c = &alloc.Cost{Source: b.Name, Package: b.Package, Caller: k.caller, Via: via}
			if site == nil {
				c.Gone, c.Caller = k.caller, ""
			}
			costs[k] = c
			order = append(order, k)
		}
		if weight := math.Abs(s.Allocs) + math.Abs(s.Bytes)/1e9 + math.Abs(s.InUseBytes)/1e9; weight > largest[k] {
			largest[k] = weight
			c.Via = via
		}
		c.AllocsPerOp += s.Allocs / sc.Ops
		c.BytesPerOp += s.Bytes / sc.Ops
		c.InUseObjects += s.InUseObjects
		c.InUseBytes += s.InUseBytes
		if site != nil && site.Kind != "" && site.Cause != "" && k.caller != "" {
			add(&explained, s)
			placed += math.Abs(ranked(b.Index, s.Allocs, s.Bytes, s.InUseBytes))
		}
	}
	b.RecordedAllocsPerOp = sum.Allocs / sc.Ops
	b.RecordedBytesPerOp = sum.Bytes / sc.Ops
	b.InUseObjects, b.InUseBytes = sum.InUseObjects, sum.InUseBytes
	b.UnexplainedAllocsPerOp = whole(max(b.AllocsPerOp, b.RecordedAllocsPerOp) - explained.Allocs/sc.Ops)
	if b.Index == "" || b.Index == "objects" {
		all = max(all, b.AllocsPerOp*sc.Ops)
	}
	b.Explained = 1
	if all > 0 {
		b.Explained = placed / all
	}

	out := make([]*alloc.Cost, 0, len(order))
	for _, k := range order {
		c := costs[k]
		if k.site != nil {
			c.Site = k.site.ID
		}
		if all > 0 {
			c.Share = ranked(b.Index, c.AllocsPerOp*sc.Ops, c.BytesPerOp*sc.Ops, c.InUseBytes) / all
		}
		if b.GC != nil && sum.Bytes > 0 {
			c.GCShare = GCShare(b.GC.CPUShare, c.BytesPerOp*sc.Ops, sum.Bytes)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(x, y *alloc.Cost) int {
		return cmp.Or(
			cmp.Compare(counted(ranked(b.Index, y.AllocsPerOp, y.BytesPerOp, y.InUseBytes)), counted(ranked(b.Index, x.AllocsPerOp, x.BytesPerOp, x.InUseBytes))),
			cmp.Compare(counted(y.AllocsPerOp), counted(x.AllocsPerOp)),
			cmp.Compare(counted(y.BytesPerOp), counted(x.BytesPerOp)),
			strings.Compare(x.Site, y.Site),
			strings.Compare(x.Caller, y.Caller),
			strings.Compare(x.Gone, y.Gone),
		)
	})
	return out
}

// GCShare is what of the collector's share of the CPU time falls to so many bytes of all
// that were allocated.
func GCShare(share, bytes, all float64) float64 { return share * bytes / all }

// ranked chooses the figure that an index names.
func ranked(index string, objects, bytes, inuse float64) float64 {
	switch index {
	case "bytes":
		return bytes
	case "inuse":
		return inuse
	}
	return objects
}

func add(sum, s *alloc.Sample) {
	sum.Allocs += s.Allocs
	sum.Bytes += s.Bytes
	sum.InUseObjects += s.InUseObjects
	sum.InUseBytes += s.InUseBytes
}

// whole is a difference without what the sums were rounded by.
func whole(n float64) float64 {
	if math.Abs(n) < 1e-9 {
		return 0
	}
	return n
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
		if f.File == site.File && (f.Line == site.Line || f.Func == site.Package+"."+site.Func) {
			return nil, caller // or on a later line of the expression
		}
		via = slices.Clone(frames[:i+1])
		slices.Reverse(via)
		// Leave out what the runtime does below the site.
		for n := len(via); n > 0; n-- {
			if via[n-1].File == site.File && via[n-1].Line == site.Line {
				return via[:n], caller
			}
		}
		n := len(via)
		for n > 1 && via[n-1].Runtime() {
			n--
		}
		// A generic function's body may be inlined without a frame of its own.
		in := alloc.Frame{Func: site.Package + "." + site.Func, File: site.File, Line: site.Line, Inlined: true}
		if n < len(via) && via[n-1].Func != in.Func {
			return append(via[:n], in), caller
		}
		return via, caller
	}
	return nil, ""
}
