package heapmap

import "github.com/stackward-go/stackward/internal/alloctrace"

// A Collection is one cycle of the collector. Times are in ns, sizes in bytes.
type Collection struct {
	Begin, End   int64 // of marking, since the beginning; End is 0 where it did not end
	Goal         int64 // at the beginning
	Live         int64 // at the beginning, as the slots say
	Pause        int64 // for which the world stood still
	Assist       int64 // for which goroutines that allocated helped, in sum
	Swept        int64 // objects' slots that were swept until the next one
	SweptBytes   int64
	Marked       int64 // live when marking ended, as the runtime counts it
	afterMarking bool  // the runtime is still to say that
}

// cycle is the collector's work under way.
type cycle struct {
	swept, sweptBytes int64
	marking           bool
	stopped           int64 // since when, -1 not
	stop              string
	pending           int64           // ns of a stop before marking begins
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
		if last != nil {
			last.Swept, last.SweptBytes = y.swept, y.sweptBytes
		}
		m.grown()
		m.marks++
		m.Collections = append(m.Collections, Collection{Begin: m.now, Goal: m.Goal, Live: m.LiveBytes, Pause: y.pending})
		y.swept, y.sweptBytes, y.pending, y.marking = 0, 0, 0, true
	case alloctrace.MarkEnd:
		if y.marking = false; last != nil {
			last.End, last.afterMarking = m.now, true
		}
	case alloctrace.HeapLive:
		if last != nil && last.afterMarking {
			last.Marked, last.afterMarking = int64(e.N), false
		}
	case alloctrace.PauseBegin:
		y.stopped, y.stop = m.now, e.Reason
	case alloctrace.PauseEnd:
		if y.stop == "" {
			break // it began before the trace
		}
		d := m.now - y.stopped
		switch {
		case y.stop == "GC sweep termination" && !y.marking:
			y.pending += d
		case last != nil && (y.stop == "GC sweep termination" || y.stop == "GC mark termination"):
			last.Pause += d
		}
		y.stop = ""
	case alloctrace.AssistBegin:
		if y.assists == nil {
			y.assists = make(map[int64]int64)
		}
		y.assists[e.Goroutine] = m.now
	case alloctrace.AssistEnd:
		if begin, ok := y.assists[e.Goroutine]; ok && last != nil {
			last.Assist += m.now - begin
		}
		delete(y.assists, e.Goroutine)
	}
}

// stacks are those of goroutines.
type stacks struct {
	size   map[uint64]int64 // by address
	counts [64]StackSize    // by the logarithm of the size
}

// A StackSize is what became of goroutine stacks of one size.
type StackSize struct {
	Bytes  int64 // of one
	Live   int64
	Most   int64 // at once
	Allocs int64 // that were seen
}

func (m *Map) stack(e *alloctrace.Event) {
	st := &m.stacks
	if old, ok := st.size[e.Addr]; ok {
		if e.Kind != alloctrace.StackFree {
			m.Unfit.Twice++
		}
		delete(st.size, e.Addr)
		m.StackBytes -= old
		st.counts[log2(old)].Live--
	} else if e.Kind == alloctrace.StackFree {
		m.Unfit.NotThere++
	}
	if e.Kind == alloctrace.StackFree || e.N == 0 {
		return
	}
	n := int64(e.N)
	st.size[e.Addr] = n
	m.StackBytes += n
	m.PeakStacks = max(m.PeakStacks, m.StackBytes)
	c := &st.counts[log2(n)]
	c.Bytes = n
	c.Live++
	c.Most = max(c.Most, c.Live)
	if e.Kind == alloctrace.StackAlloc {
		c.Allocs++
	}
}
