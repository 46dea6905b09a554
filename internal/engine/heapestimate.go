package engine

import (
	"cmp"
	"iter"
	"math"
	"path"
	"path/filepath"
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
	for _, name := range []string{"heap", "heap at start"} {
		i := slices.IndexFunc(rec.Profiles, func(p recording.Profile) bool { return p.Name == name })
		if i < 0 {
			continue
		}
		p, err := memprof.Parse(rec.Profiles[i].Data, r.Heap.File+": "+name)
		if err != nil {
			return adviseProfile(err)
		}
		if prof == nil {
			prof = p
		} else if err := prof.Subtract(p); err != nil {
			return nil // nothing came since
		}
	}
	if prof == nil {
		return nil
	}
	rate := 512 << 10 // runtime.MemProfileRate, if nobody has set it
	if rec.Start != nil && rec.Start.ProfileRate > 0 {
		rate = rec.Start.ProfileRate
	}
	samples := prof.Samples()
	for i := range samples {
		for j := range samples[i].Frames {
			inPackage(&samples[i].Frames[j], rec.Header.Package)
		}
	}
	r.SiteEstimates = dealOut(samples, m.Classes(), livesOfSizes(m, t), rec.Header.Dir, float64(rate))
	r.Root = filepath.FromSlash(rec.Header.Dir)
	return nil
}

// dealOut deals the allocations of the classes out to the sites of samples, the most
// bytes first. Lives are those of all slots of a size, rate is how many bytes a sample
// stands for.
func dealOut(samples []alloc.Sample, classes []heapmap.Class, lives map[int64]heapmap.Lives, dir string, rate float64) []*alloc.HeapSiteEstimate {
	type sum struct{ objects, bytes float64 }
	traced, sampled := make(map[int64]sum), make(map[int64]sum) // by bytes of a slot, 0 large
	for _, c := range classes {
		x := traced[c.Size]
		traced[c.Size] = sum{x.objects + float64(c.Allocs), x.bytes + float64(c.Bytes)}
	}
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
		n := sites.place("", 0, func(yield func(*alloc.Frame) bool) {
			for i := range s.Frames {
				if !yield(&s.Frames[i]) {
					return
				}
			}
		})
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
		e.LiveBytes += int64(s.InUseBytes)
		seen[n] += s.Allocs * (1 - math.Exp(-s.Bytes/s.Allocs/rate))
	}
	for n, e := range at {
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
