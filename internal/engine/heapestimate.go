package engine

import (
	"errors"
	"fmt"
	"iter"
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
func estimateSites(r *alloc.Report, rec *recording.File, t *alloctrace.Reader, m *heapmap.Map, ends *markEnds) error {
	if rec == nil {
		return nil
	}
	var prof *memprof.Profile
	var alive, before []alloc.Sample
	var rate int64
	emptyStart := false
	for _, name := range []string{"heap", "heap at start"} {
		i := slices.IndexFunc(rec.Profiles, func(p recording.Profile) bool { return p.Name == name })
		if i < 0 {
			continue
		}
		p, err := memprof.Parse(rec.Profiles[i].Data, r.Heap.File+": "+name)
		if errors.Is(err, memprof.ErrEmpty) {
			if prof == nil {
				r.Heap.NoSites = nothingSince(rec, r.Heap.Collections)
				return nil
			}
			emptyStart = true
			continue
		}
		if err != nil {
			return adviseProfile(err)
		}
		named := p.Samples()
		nameFrames(named, rec.Header.Package)
		if prof == nil {
			prof, alive, rate = p, named, p.Rate()
			continue
		}
		before = named
		if err := prof.Subtract(p); errors.Is(err, memprof.ErrSame) {
			r.Heap.NoSites = nothingSince(rec, r.Heap.Collections)
			return nil
		} else if err != nil {
			return adviseProfile(err)
		}
	}
	if prof == nil {
		r.Heap.NoSites = "the recording has no heap profile"
		return nil
	}
	h := sampledHeap{since: prof.Samples(), before: before, alive: alive, rate: profileRate(rate, rec)}
	nameFrames(h.since, rec.Header.Package)
	// Of a process that did not collect before its profile was written the runtime puts
	// all into the first that is asked for if it had nothing yet.
	if all := collected(rec) || emptyStart && r.Heap.Collections < 2; !all {
		h.covered, h.older = ends.lastButOne, !emptyStart
		if h.covered == nil {
			r.Heap.NoSites = nothingSince(rec, r.Heap.Collections)
			return nil
		}
	}
	sites, scope := dealOut(h, m.Classes(), livesOfSizes(m, t), rec.Header.Base())
	if r.SiteEstimates = sites; len(sites) == 0 {
		r.Heap.NoSites = nothingSince(rec, r.Heap.Collections)
		return nil
	}
	if h.covered != nil {
		scope.Until = ends.lastButOneAt
	}
	r.Heap.SiteProfile = scope
	return nil
}

// collected reports whether the heap profile has all that was allocated: since a
// collection was made for it, which programs that stackward starts have always done.
func collected(rec *recording.File) bool {
	return rec.Header.URL == "" || rec.Start != nil && rec.Start.Collected
}

// profileRate is how many bytes a sample stands for: by the profile, else by the process,
// else what runtime.MemProfileRate is if nobody has set it.
func profileRate(ofProfile int64, rec *recording.File) float64 {
	switch {
	case ofProfile > 0:
		return float64(ofProfile)
	case rec.Start != nil && rec.Start.ProfileRate > 0:
		return float64(rec.Start.ProfileRate)
	}
	return 512 << 10
}

// nothingSince says why a heap profile has no site that allocated in a recording with so
// many collections.
func nothingSince(rec *recording.File, collections int) string {
	const nothing = "the heap profile has nothing that was allocated since the beginning"
	s := fmt.Sprintf("were %d", collections)
	switch {
	case collected(rec):
		return nothing + ": record longer, or set runtime.MemProfileRate"
	case collections == 0:
		s = "was none"
	case collections == 1:
		s = "was one"
	}
	return nothing + ". It is as of the last collection but one, and there " + s + "; record longer"
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

// markEnds keeps what was allocated in slots of each size as marking ended: a heap profile
// has what came up to the last but one (mProf_NextCycle, runtime/mprof.go).
type markEnds struct {
	last, lastButOne     map[int64]heapmap.Lives // nil where there was none
	lastAt, lastButOneAt int64                   // since the beginning, ns
}

// add takes in an event that m has replayed.
func (x *markEnds) add(e *alloctrace.Event, m *heapmap.Map, t *alloctrace.Reader) {
	if e.Kind == alloctrace.MarkEnd {
		x.lastButOne, x.lastButOneAt = x.last, x.lastAt
		x.last, x.lastAt = livesOfSizes(m, t), m.Now()
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
