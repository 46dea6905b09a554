package heapmap

import "strings"

// Counted is what a map has as the recorder in the program (package heapz) has read the
// runtime's counters. The world stands still for that, but the trace tells only when it was
// asked to stop, and that it goes on again: what was counted lies between From and To. All
// else of the map goes on to the trace's end, by which the program has gone on, too.
type Counted struct{ From, To Counts }

// Counts are those of a moment: what was allocated since the recorder started.
type Counts struct {
	Allocs, AllocBytes int64
	LiveBytes, Inuse   int64
}

// The recorder's functions that read the counters: as it starts, and as it ends the trace.
const (
	recorderStart  = "start"
	recorderFinish = "finish"
)

// recorderOf is the one that a stack has, "" none.
func recorderOf(stack []string) string {
	for _, f := range stack {
		_, name, _ := strings.Cut(f, ".(*stackwardRecorder).")
		if name == recorderStart || name == recorderFinish {
			return name
		}
	}
	return ""
}

// counts are those of now.
func (m *Map) counts() Counts { return Counts{m.Allocs, m.AllocBytes, m.LiveBytes, m.Inuse} }

// read notes that a function of the recorder has read the counters, since from.
func (m *Map) read(by string, from Counts) {
	c := Counted{from, m.counts()}
	if by == recorderStart {
		m.started = c
		return
	}
	c.From.Allocs -= m.started.To.Allocs
	c.From.AllocBytes -= m.started.To.AllocBytes
	c.To.Allocs -= m.started.From.Allocs
	c.To.AllocBytes -= m.started.From.AllocBytes
	m.Counted = &c
}
