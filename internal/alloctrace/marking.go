package alloctrace

import "strings"

// What marks, and for how long it was on a P: a worker's goroutine is labelled each time
// it starts to run (traceLocker.GoStart, runtime/traceruntime.go), and a goroutine that
// helps tells when it begins and ends, between which it may wait.

// marker is the prefix of the labels of workers (gcMarkWorkerModeStrings,
// runtime/mgc.go), IdleMarker the label of those that only use what is idle.
const (
	marker     = "GC ("
	IdleMarker = "GC (idle)"
)

// A worker marks on a thread.
type worker struct {
	label string // "" none
	since int64  // ns
	until int64  // when it stopped the world to end marking, 0 not yet
}

// An assist is the help of a goroutine.
type assist struct {
	sum   int64 // ns that it was on a P
	since int64 // since when it is, -1 it is not
	until int64 // as of worker
}

// label follows a worker that begins to run.
func (r *Reader) label(g *generation, c *cursor) {
	if text := g.text(c.args[0]); strings.HasPrefix(text, marker) {
		c.thread.worker = worker{label: text, since: r.now}
	}
}

// leaves tells of the thread's goroutine that it is on no P any more. It reports whether
// that is an event: a worker has marked.
func (r *Reader) leaves(t *thread) bool {
	if a := r.assists[t.goroutine]; a != nil && a.since >= 0 {
		a.sum, a.since = a.sum+until(a.until, r.now)-a.since, -1
	}
	if t.worker.label == "" {
		return false
	}
	e := &r.ev
	e.Kind, e.Reason, e.N = WorkerEnd, t.worker.label, uint64(until(t.worker.until, r.now)-t.worker.since)
	t.worker = worker{}
	return true
}

// arrives tells of the thread's goroutine that it runs.
func (r *Reader) arrives(t *thread) {
	if a := r.assists[t.goroutine]; a != nil && a.since < 0 {
		a.since = r.now
	}
}

// assistBegins has a goroutine help, which runs unless it did before this part of the
// trace: then it is told again.
func (r *Reader) assistBegins(goroutine int64, runs bool) {
	if r.assists[goroutine] != nil {
		return
	}
	a := &assist{since: -1}
	if runs {
		a.since = r.now
	}
	if r.assists == nil {
		r.assists = make(map[int64]*assist)
	}
	r.assists[goroutine] = a
}

// assistEnds is for how long a goroutine has helped.
func (r *Reader) assistEnds(goroutine int64) (ns int64) {
	a := r.assists[goroutine]
	if a == nil {
		return 0
	}
	delete(r.assists, goroutine)
	if a.since >= 0 {
		a.sum += until(a.until, r.now) - a.since
	}
	return a.sum
}

// stops notes that what runs on a thread stops the world to end marking: which the
// runtime does not count for marking any more (gcMarkDone, runtime/mgc.go).
func (r *Reader) stops(t *thread) {
	if t.worker.label != "" {
		t.worker.until = r.now
	}
	if a := r.assists[t.goroutine]; a != nil && a.since >= 0 {
		a.until = r.now
	}
}

// until is the earlier of two moments, of which the first may not have been.
func until(stopped, now int64) int64 {
	if stopped > 0 {
		return min(stopped, now)
	}
	return now
}
