package engine

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/memprof"
	"github.com/stackward-go/stackward/internal/recording"
)

// estimateSites tells of a recording without stacks where objects come from: what the
// trace counts of each size of slots is dealt out to the sites as its heap profile has
// them. The profile is sampled, so that each figure has a range.
func estimateSites(r *alloc.Report, rec *recording.File, t *alloctrace.Reader, m *heapmap.Map) error {
	if rec == nil {
		return nil
	}
	var prof *memprof.Profile
	var alive, before []alloc.Sample
	for _, name := range []string{"heap", "heap at start"} {
		i := slices.IndexFunc(rec.Profiles, func(p recording.Profile) bool { return p.Name == name })
		if i < 0 {
			continue
		}
		p, err := memprof.Parse(rec.Profiles[i].Data, r.Heap.File+": "+name)
		if errors.Is(err, memprof.ErrEmpty) {
			if prof == nil {
				r.Heap.NoSites = nothingSince(r.Heap.Collections)
				return nil
			}
			continue
		}
		if err != nil {
			return adviseProfile(err)
		}
		named := p.Samples()
		nameFrames(named, rec.Header.Package)
		if prof == nil {
			prof, alive = p, named
			continue
		}
		before = named
		if err := prof.Subtract(p); errors.Is(err, memprof.ErrSame) {
			r.Heap.NoSites = nothingSince(r.Heap.Collections)
			return nil
		} else if err != nil {
			return adviseProfile(err)
		}
	}
	if prof == nil {
		r.Heap.NoSites = "the recording has no heap profile"
		return nil
	}
	rate := 512 << 10 // runtime.MemProfileRate, if nobody has set it
	if rec.Start != nil && rec.Start.ProfileRate > 0 {
		rate = rec.Start.ProfileRate
	}
	samples := prof.Samples()
	nameFrames(samples, rec.Header.Package)
	r.SiteEstimates = dealOut(sampledHeap{samples, before, alive}, m.Classes(), livesOfSizes(m, t), rec.Header.Base(), float64(rate))
	if len(r.SiteEstimates) == 0 {
		r.Heap.NoSites = nothingSince(r.Heap.Collections)
	}
	return nil
}

// nothingSince says why a heap profile has no site that allocated in a recording with so
// many collections.
func nothingSince(collections int) string {
	s := fmt.Sprintf("were %d", collections)
	switch collections {
	case 0:
		s = "was none"
	case 1:
		s = "was one"
	}
	return "the heap profile has nothing that was allocated since the beginning. It is as of the last collection but one, and there " + s + "; record longer"
}

// nameFrames names the functions of samples by the program's package.
func nameFrames(samples []alloc.Sample, pkg string) {
	for i := range samples {
		for j := range samples[i].Frames {
			inPackage(&samples[i].Frames[j], pkg)
		}
	}
}

// framesOf are the frames of a sample, the innermost first.
func framesOf(x *alloc.Sample) iter.Seq[*alloc.Frame] {
	return func(yield func(*alloc.Frame) bool) {
		for i := range x.Frames {
			if !yield(&x.Frames[i]) {
				return
			}
		}
	}
}

// inUse is how many bytes samples have in use at each site.
func inUse(samples []alloc.Sample, sites *heapSites) map[int32]float64 {
	sums := make(map[int32]float64)
	for i := range samples {
		sums[sites.place("", 0, framesOf(&samples[i]))] += samples[i].InUseBytes
	}
	return sums
}

// A sampledHeap is what heap profiles tell of a recording.
type sampledHeap struct {
	since         []alloc.Sample // what was allocated in it
	before, alive []alloc.Sample // what was in use as it began, and at its end
}

// dealOut deals the allocations of the classes out to the sites of a sampled heap, the
// most bytes first. Lives are those of all slots of a size, rate is how many bytes a
// sample stands for.
func dealOut(h sampledHeap, classes []heapmap.Class, lives map[int64]heapmap.Lives, dir string, rate float64) []*alloc.HeapSiteEstimate {
	type sum struct{ objects, bytes float64 }
	traced, sampled := make(map[int64]sum), make(map[int64]sum) // by bytes of a slot, 0 large
	for _, c := range classes {
		x := traced[c.Size]
		traced[c.Size] = sum{x.objects + float64(c.Allocs), x.bytes + float64(c.Bytes)}
	}
	samples := h.since
	sizeOf := func(s *alloc.Sample) int64 {
		if _, ok := traced[s.Slot]; ok {
			return s.Slot
		}
		return 0
	}
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
	var list []*alloc.HeapSiteEstimate
	at := make(map[int32]*alloc.HeapSiteEstimate)
	seen := make(map[int32]float64) // how often it was sampled
	only := make(onlySites)
	for i := range samples {
		s := &samples[i]
		if s.Bytes <= 0 {
			continue
		}
		size := sizeOf(s)
		sampled[size] = sum{sampled[size].objects + s.Allocs, sampled[size].bytes + s.Bytes}
	}
	for i := range samples {
		s := &samples[i]
		n := sites.place("", 0, framesOf(s))
		if s.Bytes <= 0 {
			continue
		}
		size := sizeOf(s)
		if only.add(size, n); n == 0 {
			continue
		}
		e := at[n]
		if e == nil {
			p := &sites.places[n]
			e = &alloc.HeapSiteEstimate{Pos: sites.pos(p), Func: p.fn, Callee: p.callee}
			at[n] = e
			list = append(list, e)
		}
		part := s.Bytes / sampled[size].bytes
		e.Objects += int64(part * traced[size].objects)
		e.Bytes.Likely += int64(part * traced[size].bytes)
		seen[n] += s.Allocs * (1 - math.Exp(-s.Bytes/s.Allocs/rate))
	}
	before, alive := inUse(h.before, sites), inUse(h.alive, sites)
	for n, e := range at {
		// Each is sampled by itself, so that what lives could be more than there ever was.
		e.LiveBytes = int64(max(min(alive[n], before[n]+float64(e.Bytes.Likely)), 0))
		// What was sampled k times is known to twice the square root of k in 95 of 100.
		off := min(2/math.Sqrt(max(seen[n], 1)), 1)
		e.Bytes.Low, e.Bytes.High = int64(float64(e.Bytes.Likely)*(1-off)), int64(float64(e.Bytes.Likely)*(1+off))
	}
	only.tell(at, lives)
	slices.SortStableFunc(list, func(a, b *alloc.HeapSiteEstimate) int {
		return cmp.Or(cmp.Compare(b.Bytes.Likely, a.Bytes.Likely), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return list
}

// standardLibrary is the prefix of its files' names, by the first function of the
// runtime's own; "" where there is none.
func standardLibrary(frames iter.Seq[*alloc.Frame]) string {
	for f := range frames {
		if std := standardOf(f.Func, f.File); std != "" {
			return std
		}
	}
	return ""
}

// standardOf is the prefix of the standard library's files, by a function of the runtime's;
// "" by another. Functions of that name may be of internal/runtime/maps, too.
func standardOf(fn, file string) string {
	before, ok := strings.CutSuffix(path.Dir(file), "/runtime")
	if !ok || path.Base(before) == "internal" || !strings.HasPrefix(fn, "runtime.") {
		return ""
	}
	return before + "/"
}
