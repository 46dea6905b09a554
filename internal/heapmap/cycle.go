package heapmap

import (
	"slices"
	"strings"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// A Trigger says what began a collection.
type Trigger string

// The triggers.
const (
	ByGoal     Trigger = "goal"         // the heap came near its goal
	ByGC       Trigger = "runtime.GC"   // the program asked for it
	ByFree     Trigger = "FreeOSMemory" // the program asked for that
	ByPeriod   Trigger = "period"       // there had been none for two minutes
	ByAnything Trigger = ""             // the trace does not tell
)

// TriggerOf tells it by the functions that began the collection: of the runtime,
// those that call gcStart (go1.25 to go1.27).
func TriggerOf(stack []string) Trigger {
	is := func(names ...string) bool {
		return slices.ContainsFunc(stack, func(f string) bool { return slices.Contains(names, f) })
	}
	switch {
	case is("runtime/debug.FreeOSMemory", "runtime/debug.freeOSMemory"):
		return ByFree
	case is("runtime.GC"):
		return ByGC
	case is("runtime.forcegchelper"):
		return ByPeriod
	case slices.ContainsFunc(stack, func(f string) bool { return strings.HasPrefix(f, "runtime.mallocgc") }):
		return ByGoal
	}
	return ByAnything
}

// A Collection is one cycle of the collector. Times are in ns, sizes in bytes.
type Collection struct {
	Trigger    Trigger
	Begin, End int64 // since the beginning; End is 0 where it did not end
	Goal       int64 // at the beginning
	Live       int64 // at the beginning, as the slots say
	Pause      int64 // for which the world stood still
	Assist     int64 // for which goroutines that allocated helped, in sum
	Swept      int64 // objects' slots that were swept until the next one
	SweptBytes int64
	CPU        CPU
	Begun      int64 // live at the beginning, as the runtime counts it
	Marked     int64 // live when marking ended, as the runtime counts it
}

// A CPU is what a collection took of the processors, in ns: the time on a P, as the
// runtime counts it for itself.
type CPU struct {
	Workers, Idle int64 // that marked in the background; Idle were those that had nothing else to do
	Assists       int64 // of goroutines that allocated and helped
	Pauses        int64 // of all Ps, while the world stood still
}

// cycle is the collector's work under way.
type cycle struct {
	swept, sweptBytes int64
	stopped           int64           // since when, where stop says why
	stop              string          // "": the world does not stand still
	stopper           int64           // the thread that has stopped it
	recorder          string          // which of the recorder's functions has, "" none
	reads             Counts          // as the world was asked to stand still for it
	procs             int64           // that there are
	live              int64           // as the runtime counts it
	next              *Collection     // that has begun and does not mark yet
	assists           map[int64]int64 // since when, by goroutine
}

func (m *Map) last() *Collection {
	if len(m.Collections) == 0 {
		return nil
	}
	return &m.Collections[len(m.Collections)-1]
}

// collect replays what the collector does.
func (m *Map) collect(e *alloctrace.Event) {
	y := &m.cycle
	last := m.last()
	switch e.Kind {
	case alloctrace.MarkBegin:
		y.next = &Collection{Trigger: TriggerOf(e.Stack), Begin: m.now, Goal: m.Goal, Begun: y.live}
	case alloctrace.MarkEnd:
		m.mark() // if the pause before was not seen
		if last = m.last(); last != nil {
			last.End = m.now
		}
		m.ended++
		m.flush(0) // each P does, before it allocates again
	case alloctrace.HeapLive:
		y.live = int64(e.N)
		if last != nil && y.stop == alloctrace.MarkTermination && e.Thread == y.stopper {
			last.Marked = y.live // gcMark tells it in that pause (runtime/mgc.go)
		}
	case alloctrace.PauseBegin:
		y.stopped, y.stop, y.stopper = m.now, e.Reason, e.Thread
		y.recorder = ""
		if e.Reason == alloctrace.ReadMemStats {
			y.recorder, y.reads = recorderOf(e.Stack), m.counts()
		}
	case alloctrace.PauseEnd:
		if y.stop == "" {
			break // it began before the trace
		}
		d := m.now - y.stopped
		switch {
		case y.stop == sweepTermination && y.next != nil:
			y.next.Pause, y.next.CPU.Pauses = d, d*y.procs
			m.mark()
		case y.stop == alloctrace.MarkTermination && last != nil:
			last.Pause += d
			last.CPU.Pauses += d * y.procs
		case y.recorder != "":
			m.read(y.recorder, y.reads) // that it empties the caches is not the program's
		case y.stop == alloctrace.ReadMemStats:
			m.flush(0)
		}
		y.stop = ""
	case alloctrace.Procs:
		y.procs = int64(e.N)
		m.flush(int(e.N))
	case alloctrace.AssistBegin:
		if y.assists == nil {
			y.assists = make(map[int64]int64)
		}
		if _, ok := y.assists[e.Goroutine]; !ok { // each part of a trace tells it again
			y.assists[e.Goroutine] = m.now
		}
	case alloctrace.AssistEnd:
		if begin, ok := y.assists[e.Goroutine]; ok && last != nil {
			last.Assist += m.now - begin
			last.CPU.Assists += int64(e.N)
		}
		delete(y.assists, e.Goroutine)
	case alloctrace.WorkerEnd:
		switch {
		case last == nil: // it began before the trace
		case e.Reason == alloctrace.IdleMarker:
			last.CPU.Idle += int64(e.N)
		default:
			last.CPU.Workers += int64(e.N)
		}
	}
}

// sweepTermination is why the world stops between the beginning of a collection and
// its marking. What was allocated until then may be found dead, and what was swept
// until then the collection before has found dead (gcStart, runtime/mgc.go).
const sweepTermination = "GC sweep termination"

// mark has the collection that has begun mark from now on.
func (m *Map) mark() {
	y := &m.cycle
	if y.next == nil {
		return
	}
	if last := m.last(); last != nil {
		last.Swept, last.SweptBytes = y.swept, y.sweptBytes
	}
	m.grown(m.types)
	m.grown(m.sites)
	m.grown(m.sizes[:])
	m.marks++
	y.next.Live = m.LiveBytes
	m.Collections = append(m.Collections, *y.next)
	y.swept, y.sweptBytes, y.next = 0, 0, nil
}

// stacks are those of goroutines.
type stacks struct {
	size   map[uint64]int64 // by address
	counts [64]StackSize    // by the logarithm of the size
	thread map[uint64]bool  // by address: a thread's own
}

// A StackSize is what became of goroutine stacks of one size.
type StackSize struct {
	Bytes  int64 // of one
	Live   int64
	Most   int64 // at once
	Allocs int64 // that were seen
	// Threads counts those that were allocated for threads, and are in none of the
	// others. What threads had before the trace, it does not tell.
	Threads int64
}

func (m *Map) stack(e *alloctrace.Event) {
	st := &m.stacks
	other, ofThread := m.goroutines.threadStack(e)
	if !ofThread && (e.Kind != alloctrace.StackFree || !st.thread[e.Addr]) {
		m.goroutines.add(e, st.size[e.Addr])
	}
	if old, ok := st.size[e.Addr]; ok {
		if e.Kind != alloctrace.StackFree {
			m.Unfit.Twice++
		}
		delete(st.size, e.Addr)
		m.StackBytes -= old
		if st.thread[e.Addr] {
			delete(st.thread, e.Addr)
		} else {
			st.counts[log2(old)].Live--
		}
	} else if e.Kind == alloctrace.StackFree {
		m.Unfit.NotThere++
	}
	if e.Kind == alloctrace.StackFree || e.N == 0 {
		return
	}
	n := int64(e.N)
	if e.Span >= 0 && int(e.Span) < len(m.spans) {
		m.spans[e.Span].stack = true
	}
	st.size[e.Addr] = n
	m.StackBytes += n
	m.PeakStacks = max(m.PeakStacks, m.StackBytes)
	c := &st.counts[log2(n)]
	c.Bytes = n
	if ofThread {
		c.Threads++
		st.thread[e.Addr], st.thread[other.addr] = true, true
		c = &st.counts[log2(other.bytes)]
		c.Threads++
		if c.Most == c.Live {
			c.Most--
		}
		c.Live--
		c.Allocs--
		return
	}
	c.Live++
	c.Most = max(c.Most, c.Live)
	if e.Kind == alloctrace.StackAlloc {
		c.Allocs++
	}
}
