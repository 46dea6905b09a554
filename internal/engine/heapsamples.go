package engine

import (
	"cmp"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/cost"
	"github.com/stackward-go/stackward/internal/whatif"
)

// What a program's CPU time went to is told by samples of it that the trace has, each
// with its stack: the runtime's functions on it say whether memory was being made, or the
// collector worked, and who called them for whom.

// work is what a sample shows.
type work struct {
	recording bool // itself: it is no part of the program's time
	allocates bool
	collects  bool
	marks     bool // of that, what the collector's log counts too
	idle      bool // it marks on a processor that is idle
	grows     bool // a goroutine's stack
}

// The functions of the runtime that make memory, with what growing a slice copies, and
// those that collect: by the beginning of their names (go1.24 to go1.27).
var (
	allocators = []string{
		"mallocgc", "mallocTiny", "newobject", "newarray", "makeslice", "growslice", "makechan",
		"rawstring", "rawbyteslice", "rawruneslice",
	}
	collectors = []string{
		"gcBgMarkWorker", "gcAssistAlloc", "gcStart", "gcMark", "gcDrain", "gcSweep", "gcWriteBarrier", "wbBufFlush", "bulkBarrier",
		"bgsweep", "sweepone", "(*sweepLocked)", "(*mheap).reclaim", "deductSweepCredit",
		"bgscavenge", "(*scavengerState)", "(*pageAlloc).scavenge",
	}
	// markers are those of the collectors whose time its log tells: workers, assists and both pauses.
	markers = []string{"gcBgMarkWorker", "gcAssistAlloc", "gcStart", "gcMark", "gcDrain"}
	// recorders are what tracing and profiling do. Of heap profiles it is the recorder's, too:
	// it has them take 128 times as many samples as they do by themselves.
	recorders = append([]string{
		"runtime.trace", "runtime.(*trace", "runtime.readTrace", "runtime.ReadTrace", "runtime.preMallocgcDebug", "runtime.postMallocgcDebug",
		"runtime.profilealloc", "runtime.mProf_", "runtime.(*profBuf)", "runtime/trace.(*recorder)",
	}, recordingFuncs...)
)

// workOf tells it by a stack.
func workOf(stack []alloctrace.Frame) (w work) {
	for i := range stack {
		f := &stack[i]
		w.recording = w.recording || records(f)
		name, ok := strings.CutPrefix(f.Func, "runtime.")
		if !ok {
			continue
		}
		w.allocates = w.allocates || begins(name, allocators)
		w.collects = w.collects || name == "GC" || begins(name, collectors)
		w.marks = w.marks || begins(name, markers)
		w.idle = w.idle || name == "gcDrainMarkWorkerIdle"
		if name == "copystack" && i+1 < len(stack) {
			w.grows = stack[i+1].Func == "runtime.newstack" // and not to be smaller
		}
	}
	return w
}

// logged reports whether the work is of what the collector's log tells as its time.
func (w work) logged() bool { return w.marks && !w.idle && !w.recording }

// records reports whether a function is of the recording.
func records(f *alloctrace.Frame) bool {
	return strings.HasPrefix(path.Base(f.File), recorderFile) ||
		begins(f.Func, recorders) && !strings.HasPrefix(f.Func, "runtime.traceback")
}

func begins(name string, with []string) bool {
	return slices.ContainsFunc(with, func(p string) bool { return strings.HasPrefix(name, p) })
}

// cpuSamples counts the samples of a trace.
type cpuSamples struct {
	until    int64  // ns: those of later are left out
	pkg      string // import path of the main package, or of the one tested
	sites    *heapSites
	cpu      alloc.HeapCPU
	counts   map[int32]*cpuCounts // by number of the site
	allocate int64
	collect  int64
	paid     int64
	idle     int64
	grow     int64
	marking  whatif.Samples
}

type cpuCounts struct{ allocate, paid int64 }

// newCPUSamples counts up to a moment, 0 the end, of a program whose files are told relative to dir.
func newCPUSamples(until int64, dir, pkg string) *cpuSamples {
	if until == 0 {
		until = math.MaxInt64
	}
	return &cpuSamples{until: until, pkg: pkg, sites: newHeapSites(nil, dir), counts: make(map[int32]*cpuCounts)}
}

// add takes in a sample.
func (c *cpuSamples) add(s *alloctrace.Sample) {
	if s.Time > c.until {
		return
	}
	w := workOf(s.Stack)
	c.marking.Add(s.Time, w.logged())
	if c.cpu.Samples+c.cpu.Recording == 0 || s.Time < c.cpu.First {
		c.cpu.First = max(s.Time, 0)
	}
	c.cpu.Last = max(c.cpu.Last, s.Time)
	if w.recording {
		c.cpu.Recording++
		return
	}
	c.cpu.Samples++
	var at *cpuCounts
	if w.allocates {
		at = c.at(s.Stack)
	}
	switch {
	case w.collects:
		c.collect++
		if w.idle {
			c.idle++
		}
		if w.allocates {
			c.paid++
			at.paid++
		}
	case w.allocates:
		c.allocate++
		at.allocate++
	case w.grows:
		c.grow++
	}
}

// at is the count of the place for which a stack allocates, that of number 0 where there
// is none of the program's.
func (c *cpuSamples) at(stack []alloctrace.Frame) *cpuCounts {
	n := c.sites.place("", 0, func(yield func(*alloc.Frame) bool) {
		for _, f := range stack {
			frame := alloc.Frame{Func: f.Func, File: f.File, Line: f.Line}
			if inPackage(&frame, c.pkg); !yield(&frame) {
				return
			}
		}
	})
	at := c.counts[n]
	if at == nil {
		at = new(cpuCounts)
		c.counts[n] = at
	}
	return at
}

// inPackage names a function of a program's main package, which profiles and traces call
// so, by its import path. The tests of a package have a main package, too, which is
// generated.
func inPackage(f *alloc.Frame, pkg string) {
	if rest, ok := strings.CutPrefix(f.Func, "main."); ok && pkg != "" && path.Base(f.File) != "_testmain.go" {
		f.Func = pkg + "." + rest
	}
}

// A cpuPlace is a line, and what it calls to allocate.
type cpuPlace struct {
	alloc.Pos
	callee string
}

// fill puts into a report, which has its sites, what the samples tell. Without any that
// is nothing.
func (c *cpuSamples) fill(r *alloc.Report) {
	if c.cpu.Samples == 0 {
		return
	}
	share := func(k int64) alloc.CPUShare { return shareOf(k, c.cpu.Samples) }
	c.cpu.Allocation, c.cpu.Collection, c.cpu.Paid, c.cpu.Idle = share(c.allocate), share(c.collect), share(c.paid), share(c.idle)
	c.cpu.Stacks = share(c.grow)
	r.Heap.CPU = &c.cpu
	if g := r.Heap.GCCPU; g != nil && g.Source == alloc.FromGCLog {
		logged := int64(0)
		for _, x := range r.Collections {
			if x.CPU != nil && x.Begin <= c.cpu.Last {
				logged += x.CPU.Sum()
			}
		}
		if _, likely, most := c.marking.Marking(); most < float64(logged) {
			g.SampledNs = int64(likely)
		}
	}
	list := make(map[cpuPlace]*alloc.HeapCPUSite)
	at := func(p cpuPlace, fn string) *alloc.HeapCPUSite {
		s := list[p]
		if s == nil {
			s = &alloc.HeapCPUSite{Pos: p.Pos, Func: fn, Callee: p.callee}
			list[p] = s
		}
		return s
	}
	for n, k := range c.counts {
		if n == 0 {
			continue // the runtime's own
		}
		p := &c.sites.places[n]
		s := at(cpuPlace{c.sites.pos(p), p.callee}, p.fn)
		s.Allocation, s.Paid = share(k.allocate), share(k.paid)
	}
	if r.Heap.Bytes > 0 {
		collects := func(s *alloc.HeapCPUSite, bytes float64) {
			part := cost.GCShare(c.cpu.Collection.Likely, bytes, float64(r.Heap.Bytes))
			if s.Collection != nil {
				part += *s.Collection
			}
			s.Collection = &part
		}
		for _, s := range r.HeapSites {
			collects(at(cpuPlace{s.Pos, s.Callee}, s.Func), float64(s.Bytes))
		}
		for _, e := range r.SiteEstimates {
			collects(at(cpuPlace{e.Pos, e.Callee}, e.Func), float64(e.Bytes.Likely))
		}
	}
	const least = 0.001 // of the CPU time, for a site without a sample
	for _, s := range list {
		if s.Allocation.Samples+s.Paid.Samples == 0 {
			if s.Sum() < least {
				continue
			}
			s.Allocation, s.Paid = share(0), share(0)
		}
		r.CPUSites = append(r.CPUSites, s)
	}
	slices.SortFunc(r.CPUSites, func(a, b *alloc.HeapCPUSite) int {
		return cmp.Or(cmp.Compare(b.Sum(), a.Sum()), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Callee, b.Callee))
	})
}

// shareOf is what k of n samples tell of a part: Wilson's interval, which holds for few
// samples and for none, too.
func shareOf(k, n int64) alloc.CPUShare {
	const z = 1.96 // 95 of 100 cases
	p, all := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*all)) / (1 + z*z/all)
	off := z * math.Sqrt(p*(1-p)/all+z*z/(4*all*all)) / (1 + z*z/all)
	return alloc.CPUShare{Samples: k, Low: max(0, min(p, middle-off)), Likely: p, High: min(1, max(p, middle+off))}
}
