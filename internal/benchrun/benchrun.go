// Package benchrun knows the recorder and the runs it makes: it builds a
// program with the recorder in its runtime, runs it, and returns every heap
// allocation with its stack, type and size, counted to the last one.
//
//	packages, flags ──→ Bench     benchmarks: inside their timed regions
//	                    Test      all tests of a run
//	                    Exec      a whole program, however it ends
//	                      └─→ Result: Runs of Records: PCs, type, bytes, allocs
//	                    Profiles  the fallback: two heap profiles, inexact
//	command ──→ BuildTraced ──→ Traced.Run: a process that records its own heap
//
// # How it records
//
// Every path of the allocator ends in "if debug.malloc { postMallocgcDebug(x,
// elemsize, typ) }" (runtime/malloc.go, go1.24 to go1.27). One statement there
// hands frame pointer, size and type to the recorder, a lock-free table keyed
// by raw stack, size and type. elemsize is what the runtime's own statistics
// add: 0 for a tiny object put into a block that is open. So the sums equal
// MemStats.Mallocs and TotalAlloc, and thereby allocs/op and B/op.
//
// The table is a shared mapping of a file. There is no dump: whatever way the
// process ends, return from main, os.Exit, panic, fatal error, any signal,
// SIGKILL included, the file holds all that was recorded.
//
// Recording goes on and off while ReadMemStats, which package testing calls at
// these points anyway, has the world stopped: the statistics and the record
// count the same allocations. What is left is a goroutine that is preempted
// between counting its object and recording it: an allocation now and then.
// Run.Recorded against Run.NetAllocs tells.
//
// PCs are those of the linked binary, return addresses, innermost first, the
// runtime's own frames included; inlined frames are the reader's to expand. A
// function that calls another on the system stack (newproc) is not among them,
// the function literal that it runs there is (newproc.func1).
//
// # Limits
//
// Needed: linux, darwin or a BSD on amd64 or arm64 (measured on linux/amd64
// only), and the statements of the runtime and of package testing that the
// recorder is tied to; else the error is [Unsupported]. Stacks deeper than 128
// frames lose the outer ones and are marked. A callback from C ends a stack.
// Arenas of package arena are not recorded. Types made by package reflect at
// run time have an address and no name.
//
// -race works, and changes allocations like the race detector itself does.
package benchrun

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
)

// Options say what to run.
type Options struct {
	Packages  []string
	Bench     string // regular expression of benchmarks, for Bench and Profiles
	Run       string // of tests, for Test
	Benchtime string // as -benchtime: "1s", "100x"; "" is go test's
	Count     int    // as -count
	CPU       string // as -cpu
	// Timeout ends each test binary; 0 is go test's 10 minutes.
	Timeout time.Duration
	// Stock runs the benchmarks in an unpatched binary, too, for their times.
	Stock bool
	// AtOnce is how many test binaries are built and run at a time; 0 is one, since
	// times mean something only where nobody else wants the machine.
	AtOnce int
	// TestFlags are handed to the test binary, verbatim.
	TestFlags []string
	// Step, if not nil, is told what is being done, by one goroutine at a time.
	Step func(step, pkg string)
}

// A Result is what was recorded of one binary.
type Result struct {
	Package string // import path
	Dir     string
	// Binary is the program that ran, kept until Close. It names files of the
	// standard library below GOROOT, which may stand for the user's.
	Binary string
	GOROOT string
	Runs   []*Run
	// Output is what the test binary printed, its end if it is long.
	Output string
	// Err says why the program failed, or why not all runs are there. Runs
	// that were complete are there all the same.
	Err error
	// Exit is how the program of Exec ended, "" with status 0: "exit status
	// 3", "signal: interrupt".
	Exit string
	// Interrupted reports that Exec's context ended the program.
	Interrupted bool

	tmp string
	tc  *toolchain
}

// Close removes the binary.
func (r *Result) Close() error {
	r.tc.close()
	if r.tmp == "" {
		return nil
	}
	return os.RemoveAll(r.tmp)
}

// A Run is what was recorded of one benchmark, or of a whole process.
type Run struct {
	Package string
	Name    string // "BenchmarkX/sub", without the suffix for procs; "" for a process
	Procs   int    // GOMAXPROCS
	N       int64  // operations timed, 1 for a process

	// NetAllocs and NetBytes are what the run's own runtime.MemStats counted
	// in the timed region; Checked reports that they are known, and Recorded
	// may be compared with them.
	Checked             bool
	NetAllocs, NetBytes int64
	Duration            time.Duration
	// Recorded and RecordedBytes are the sums of Records; Dropped and
	// DroppedBytes what found no place in the table.
	Recorded, RecordedBytes int64
	Dropped, DroppedBytes   int64
	Records                 []Record
	GC                      alloc.GC
	// Busy is how many processors worked on average, from the first GC cycle
	// that ended in the run to the last, the collector's work included; 0 is
	// unknown.
	Busy float64
	// Stock is what the unpatched binary measured, nil without Options.Stock.
	Stock *Stock
}

// A Record is one stack that allocated objects of one type and size.
type Record struct {
	// PCs are return addresses in the binary, innermost first, at most 128;
	// Cut reports that there were more.
	PCs []uint64
	Cut bool
	// Type is the type allocated, "" where the allocator was told none (memory
	// without pointers) or reflect made it; TypeAddr is its address in the
	// binary, 0 for none.
	Type     string
	TypeAddr uint64
	// Bytes is the size of one object as MemStats.TotalAlloc counts it: that of
	// its size class, 0 for a tiny object that shares a block.
	Bytes  int64
	Allocs int64
}

// A Stock holds the results of an unpatched benchmark, one element a count.
type Stock struct {
	N                                []int64
	NsPerOp, BytesPerOp, AllocsPerOp []float64
	// Extra are the metrics that the benchmark reports itself, by unit.
	Extra map[string][]float64
}

// An Error is a run that did not come about or failed, with advice.
type Error struct {
	Msg  string
	Hint string
	// Output is the end of what the program printed.
	Output string
	// Usage reports that the request was wrong, not the work.
	Usage bool
	Err   error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// Told is the message, and below it what the program printed: without the lines that
// the message has, and the heads that the go command puts before the compiler's.
func (e *Error) Told() string {
	msg := e.Error()
	told := []string{msg}
	for line := range strings.Lines(strings.TrimSpace(e.Output)) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && strings.Contains(msg, strings.TrimPrefix(line, "go: ")) || strings.HasPrefix(line, "# ") {
			continue
		}
		told = append(told, line)
	}
	return strings.TrimSpace(strings.Join(told, "\n"))
}

// The situations that a caller may want to tell apart, found with errors.Is.
var (
	ErrNoBenchmarks = errors.New("no benchmarks match")
	ErrNoTests      = errors.New("no tests match")
	ErrTimeout      = errors.New("timed out")
	ErrNotGo        = errors.New("not a Go program")
)

// gcOf converts the collector's counters. A cycle stops the world twice, at
// the end of sweeping and of marking, or more often where marking turns out not
// to be at its end (runtime/mgc.go, gcMarkDone); the pauses are counted. The
// counters move when a cycle ends, all of them, so that the share is that of
// whole cycles; marking on processors that nobody else wanted is left out on
// both sides.
func gcOf(c gcCounts, wall time.Duration) alloc.GC {
	g := alloc.GC{
		Cycles: float64(c.cycles), Pauses: float64(c.pauses), PauseNs: float64(c.pause),
		TotalNs: float64(wall), CPUSeconds: (float64(c.cpu) - float64(c.idleGC)) / 1e9,
	}
	if used := c.used(); used > 0 {
		g.CPUShare = min(1, max(0, g.CPUSeconds*1e9/used))
	}
	return g
}

// used is the CPU time that was neither idle nor spent on marking that nobody
// else wanted the processor for.
func (c gcCounts) used() float64 {
	return max(0, float64(c.total)-float64(c.idle)-float64(c.idleGC))
}

// newRun makes a run of a dump; addresses are moved from where the process was
// loaded to where it was linked.
func newRun(pkg string, d dump, slide uint64, checked bool) *Run {
	r := &Run{
		Package: pkg, Name: d.name, Procs: int(d.procs), N: d.n,
		Checked: checked, NetAllocs: d.allocs, NetBytes: d.bytes, Duration: d.duration,
		Dropped: d.dropped, DroppedBytes: d.droppedBytes,
		Records: d.records, GC: gcOf(d.gc, d.duration),
	}
	if d.gc.total > 0 {
		r.Busy = d.gc.used() / float64(d.gc.total) * float64(d.procs)
	}
	for i := range r.Records {
		rec := &r.Records[i]
		r.Recorded += rec.Allocs
		r.RecordedBytes += rec.Allocs * rec.Bytes
		rec.unslide(slide)
	}
	return r
}

// unslide moves addresses from where the process was loaded to where it was
// linked. The PCs may be those of other Records, too: they are not changed in
// place.
func (r *Record) unslide(slide uint64) {
	if slide == 0 {
		return
	}
	pcs := make([]uint64, len(r.PCs))
	for i, pc := range r.PCs {
		pcs[i] = pc - slide
	}
	r.PCs = pcs
	if r.TypeAddr != 0 {
		r.TypeAddr -= slide
	}
}
