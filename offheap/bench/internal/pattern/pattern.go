// Package pattern has the allocation patterns that allocators are compared in.
//
// All patterns reach the allocator in one way, through the functions of [Ops]
// and [SizedOps], so what the harness itself costs is the same for all: it is
// what the null allocator costs. Each object's first 8 bytes are written.
//
// Pair, batch and prodcons have objects of one size. The others are ports of
// the accepted suite's patterns, written from what those programs do, and in
// their proportions; they are not those programs, and their figures are of use
// only against each other.
package pattern

import (
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Ops allocates and frees objects of one size.
type Ops struct {
	Alloc func() unsafe.Pointer
	Free  func(unsafe.Pointer)
}

// SizedOps allocates and frees objects of any size.
type SizedOps struct {
	Alloc func(size uintptr) unsafe.Pointer
	Free  func(p unsafe.Pointer, size uintptr)
}

// An Allocator is what is measured. A pattern asks for its functions once for
// each goroutine.
type Allocator interface {
	Ops(size int) Ops
	SizedOps() SizedOps
}

// A Pattern is one way to use an allocator.
type Pattern struct {
	Name  string
	Fixed bool // objects have one size, which is given

	// Threads is the numbers of goroutines that it is run with.
	Threads []int

	// Flow says that one goroutine allocates and another frees, so that both
	// together do N pairs.
	Flow bool

	run func(r *run)
}

// Patterns is all of them.
var Patterns = []Pattern{
	{Name: "pair", Fixed: true, Threads: []int{1, 2}, run: pair},
	{Name: "batch", Fixed: true, Threads: []int{1, 2}, run: batch},
	{Name: "prodcons", Fixed: true, Threads: []int{2}, Flow: true, run: prodcons},
	{Name: "larson", Threads: []int{1, 2}, run: larson},
	{Name: "xmalloc", Threads: []int{2}, Flow: true, run: xmalloc},
	{Name: "mstress", Threads: []int{1, 2}, run: mstress},
	{Name: "rptest", Threads: []int{1, 2}, run: rptest},
	{Name: "alloctest", Threads: []int{1, 2}, run: allocTest},
	{Name: "glibc-simple", Threads: []int{1}, run: glibcSimple},
	{Name: "glibc-thread", Threads: []int{2}, run: glibcThread},
	{Name: "cache-scratch", Threads: []int{2}, run: cacheScratch},
}

// ByName returns the pattern of a name, or nil.
func ByName(name string) *Pattern {
	for i := range Patterns {
		if Patterns[i].Name == name {
			return &Patterns[i]
		}
	}
	return nil
}

// Params is how a pattern is run.
type Params struct {
	Size    int // of an object, where the pattern is fixed
	Threads int // goroutines
	N       int // pairs of an allocation and a free, of each goroutine
	Scale   int // factor on the number of live objects of larson, mstress and rptest; 0 is 1

	// AtEnd, if set, is called when the work is done and the objects that live
	// then, of so many bytes requested, are not freed yet.
	AtEnd func(live int)
}

// A Result is what a run took.
type Result struct {
	N    int           // pairs that each goroutine did
	Wall time.Duration // of all
	CPU  time.Duration // user and system, of the whole process
}

// run is a run of a pattern.
type run struct {
	Params
	allocator Allocator
	result    Result
}

// Run runs the pattern. The collector runs before, outside of the time.
func (p *Pattern) Run(a Allocator, params Params) Result {
	if params.Scale == 0 {
		params.Scale = 1
	}
	r := &run{Params: params, allocator: a}
	p.run(r)
	return r.result
}

// measure runs f in each goroutine, which does so many pairs, and takes the time
// of all.
func (r *run) measure(pairs int, f func(id int)) {
	runtime.GC()
	cpu, start := cpuTime(), time.Now()
	var wg sync.WaitGroup
	for id := range r.Threads {
		wg.Go(func() { f(id) })
	}
	wg.Wait()
	r.result = Result{N: pairs, Wall: time.Since(start), CPU: cpuTime() - cpu}
}

// end tells of what lives at the end.
func (r *run) end(live int) {
	if r.AtEnd != nil {
		r.AtEnd(live)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// CPUTime is the user and system time of this process.
func CPUTime() time.Duration { return cpuTime() }

// rng is a small fast generator (SplitMix64), so that its cost is not that of
// the pattern. Its zero value is a seed.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n), for n < 1<<32.
func (r *rng) below(n int) int { return int(r.next() >> 32 * uint64(n) >> 32) }

// shuffle returns the numbers below n in random order.
func (r *rng) shuffle(n int) []int {
	s := make([]int, n)
	for i := range s {
		j := r.below(i + 1)
		s[i], s[j] = s[j], i
	}
	return s
}

// touch writes an object's first word.
func touch(p unsafe.Pointer) { *(*uint64)(p) = 1 }

// An object is memory of an allocator that lives.
type object struct {
	p    unsafe.Pointer
	size uintptr
}

// put frees what the slot has and gives it an object of size bytes.
func (o *object) put(ops *SizedOps, size uintptr) {
	o.drop(ops)
	o.p, o.size = ops.Alloc(size), size
	touch(o.p)
}

// drop frees what the slot has, if anything.
func (o *object) drop(ops *SizedOps) {
	if o.p != nil {
		ops.Free(o.p, o.size)
		*o = object{}
	}
}

// liveBytes adds up what the slots have.
func liveBytes(slots ...[]object) (n int) {
	for _, s := range slots {
		for _, o := range s {
			n += int(o.size)
		}
	}
	return n
}

func dropAll(ops SizedOps, slots ...[]object) {
	for _, s := range slots {
		for i := range s {
			s[i].drop(&ops)
		}
	}
}
