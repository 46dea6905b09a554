package alloctest

import (
	"cmp"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

const (
	rounds  = 5                      // of counting, at most
	windows = 3                      // of profiling
	roundNs = time.Second            // for one round, unless three runs take longer
	allNs   = 2 * time.Second        // after which no further round of counting begins
	growth  = 1 << 30                // bytes by which the program may grow before it is collected
	tiny    = 16                     // bytes of the blocks that small objects share (runtime/malloc.go)
	most    = 10000                  // runs in a round
	usual   = 100                    // runs in a round
	fewest  = 3                      // runs in a round
	settle  = 100 * time.Microsecond // the least time for which others are watched
)

// A measurement is what f allocated in the best round.
type measurement struct {
	runs, rounds int
	allocs       uint64
	sites        []site // none where allocs is within the limit
}

func (m measurement) perRun() float64 { return float64(m.allocs) / float64(m.runs) }

// alone is held by who measures: counters and settings are the process's.
var alone sync.Mutex

// measure counts what f allocates, until a round has at most limit a run.
func measure(limit float64, f func()) measurement {
	if measuring() {
		panic("alloctest: called by a function that is being measured")
	}
	alone.Lock()
	defer alone.Unlock()
	defer quiet()()

	start := time.Now()
	uncounted(f)
	m := measurement{runs: runsOf(time.Since(start), limit), allocs: math.MaxUint64}
	within := func() bool { return float64(m.allocs) <= limit*float64(m.runs) }
	for start = time.Now(); m.rounds < rounds && (m.rounds < 2 || time.Since(start) < allNs); {
		m.rounds++
		if m.allocs = min(m.allocs, count(f, m.runs)); within() {
			return m
		}
	}
	m.judge(f)
	if within() {
		m.sites = nil
	}
	return m
}

// runsOf is how many runs a round has, of a function whose first run took d.
func runsOf(d time.Duration, limit float64) int {
	n := usual
	if limit > 0 && limit < 1./usual {
		n = int(min(math.Ceil(1/limit), most))
	}
	if d > 0 {
		n = min(n, int(min(roundNs/d, most)))
	}
	return max(n, fewest)
}

// quiet makes the process as quiet as it can be, and returns what undoes that.
func quiet() (undo func()) {
	procs := runtime.GOMAXPROCS(1)
	percent := debug.SetGCPercent(-1) // a collection empties pools and starts goroutines
	limit := debug.SetMemoryLimit(-1)
	runtime.ReadMemStats(&before)
	debug.SetMemoryLimit(min(limit, int64(before.Sys-before.HeapReleased)+growth))
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
		runtime.GOMAXPROCS(procs)
	}
}

var before, after runtime.MemStats // guarded by alone

// count returns how many objects the process made while f ran n times: never
// fewer than f did. With one processor others run only where f waits, or where
// the round is longer than a time slice, which Gosched makes begin here.
func count(f func(), n int) uint64 {
	runtime.Gosched()
	runtime.ReadMemStats(&before)
	counted(f, n)
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// counted runs f. What is below it in a stack is f's.
//
//go:noinline
func counted(f func(), n int) {
	for range n {
		f()
	}
}

// phase runs f below n calls of itself, so that the stacks of its allocations
// tell n.
//
//go:noinline
func phase(n int, f func()) {
	if n > 0 {
		phase(n-1, f)
		return
	}
	counted(f, 1)
}

// uncounted runs f to warm it up. What is below it in a stack is nobody's.
//
//go:noinline
func uncounted(f func()) { f() }

const (
	self    = "github.com/stackward-go/stackward/alloctest"
	counter = self + ".counted"
	warmer  = self + ".uncounted"
	phaser  = self + ".phase"
	judging = self + ".(*measurement).judge"
)

// measuring reports whether a measurement is above in the stack.
func measuring() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if f.Function == counter || f.Function == warmer {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// judge counts f's allocations by their stacks, in a few windows, and finds
// their sites. It lowers m.allocs.
//
// A record of the profile is exact, but objects under 16 bytes without pointers
// have one only where they opened the block that they share (mallocgcTiny in
// runtime/malloc.go, go1.26). ReadMemStats closes the open block (flushallmcaches
// in runtime/mstats.go), so the first such object of a run always has one; a
// block that is partly filled before the run lets others open the next. How full
// it was is told by the stack, see phase.
func (m *measurement) judge(f func()) {
	rate := runtime.MemProfileRate
	defer func() { runtime.MemProfileRate = rate }()

	upper := m.allocs
	var during, between []profile
	var bounds []uint64 // of f's and its goroutines' objects in each window
	last := published()
	for range windows {
		runtime.MemProfileRate = 1
		uncounted(f) // the collection in published has emptied pools
		start := time.Now()
		bound := uint64(0)
		for i := range m.runs {
			runtime.Gosched()
			runtime.ReadMemStats(&before)
			own := uint64(min(len(fill(i%tiny)), 1))
			phase(i%tiny, f)
			runtime.ReadMemStats(&after)
			bound += after.Mallocs - before.Mallocs - own
		}
		took := time.Since(start)
		now := published()
		runtime.MemProfileRate = 1
		during = append(during, now.since(last))
		bounds = append(bounds, min(bound, upper))

		// Who allocates now is not f.
		time.Sleep(max(took, settle))
		last = published()
		between = append(between, last.since(now))
	}
	others := onlyDuring(during, between)
	for i, p := range during {
		sites := sitesOf(p, others, m.runs)
		if n := total(sites, bounds[i]); n <= m.allocs || m.sites == nil {
			m.allocs, m.sites = min(n, m.allocs), sites
		}
	}
	share(m.sites, m.allocs, m.runs)
}

// total is the number of objects made at sites, given that there are at most
// bound. Where some are small enough to share blocks, it is bound.
func total(sites []site, bound uint64) uint64 {
	n := uint64(0)
	for _, s := range sites {
		if s.size == tiny {
			return bound
		}
		n += s.allocs
	}
	return n
}

// share gives the objects that have no record to the sites of small objects,
// where it is known whose they are: there is but one such site, or the phases in
// which each site has most records add up to all. Sites that stay with the
// records they have are marked as having at least so many.
func share(sites []site, all uint64, runs int) {
	var small []*site
	rest, best := all, uint64(0)
	for i := range sites {
		if s := &sites[i]; s.size == tiny {
			small = append(small, s)
			best += s.best(runs)
		} else {
			rest -= min(s.allocs, rest)
		}
	}
	for _, s := range small {
		switch {
		case len(small) == 1:
			s.allocs = rest
		case best == rest:
			s.allocs = s.best(runs)
		default:
			s.atLeast = true
		}
	}
	slices.SortStableFunc(sites, func(a, b site) int { return cmp.Compare(b.allocs, a.allocs) })
}

// best is how many objects a site makes in all runs, if it makes as many in each
// run as in those of the phase in which it has most records.
func (s *site) best(runs int) uint64 {
	most := 0.
	for p, n := range s.phases {
		if in := (runs - p + tiny - 1) / tiny; in > 0 {
			most = max(most, float64(n)/float64(in))
		}
	}
	return uint64(math.Round(most * float64(runs)))
}

// fill makes the open block of small objects have n bytes, if none is open: by
// one object, unless n is 0.
//
//go:noinline
func fill(n int) []byte { return make([]byte, n) }
