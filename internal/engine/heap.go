package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/sizeclass"
)

// A HeapRequest asks what a trace says of the heap.
type HeapRequest struct {
	File string // a recording, or an execution trace
	// At is the moment to show, since the beginning, nil the end. At the beginning there is
	// what the trace has found as it began.
	At  *time.Duration
	Map bool // each span of that moment, too
	// Frames has the goroutines' first functions built and their frames told, with Build
	// but for its directory, which is that of the recorded program.
	Frames bool
	Build  Build
	// Approximate has sites be estimated even if the recording tells them exactly.
	Approximate bool
	// Progress, if not nil, is told how much of the trace is read, in bytes.
	Progress func(step string, done, total int, what string)
}

// Heap replays a trace. A trace that is cut off or damaged gives a report of what
// came before, with a problem.
func Heap(ctx context.Context, req HeapRequest) (*alloc.Report, error) {
	start := time.Now()
	p, err := openReplay(ctx, req.File, req.Progress)
	if err != nil {
		return nil, err
	}
	defer p.src.close()
	r, src := p.report, p.src
	if req.Approximate {
		src.sites = nil
	}
	until := int64(0) // the end
	if req.At != nil {
		until = max(int64(*req.At), 1)
	}
	samples := src.samples(until)
	m := heapmap.New(p.trace, r.Header.Go)
	var end int64
	var ends markEnds
	found := false // all that there was as the trace began
	err = p.each(func(e *alloctrace.Event) {
		m.Site = src.sites.next(e)
		found = found || opens(e)
		if end = e.Time; until == 0 || end <= until || !found {
			m.Add(e)
			ends.add(e, m, p.trace)
		} else {
			m.After(e)
		}
	})
	if err != nil {
		return nil, err
	}
	m.Finish()
	if src.sites != nil && src.sites.err != nil {
		return p.estimated(req, src.sites.err)
	}
	if until > end {
		return nil, &Error{Msg: fmt.Sprintf("%s: there is nothing at %v", req.File, *req.At), Hint: fmt.Sprintf("it is %v long", time.Duration(end).Round(time.Millisecond)), Usage: true}
	}
	fill(r, p.trace, m, src.sites)
	fillGCCPU(r, src.rec, m, until == 0)
	fillSpans(r, m, req.Map)
	fillGoroutines(r, src.rec, m, until)
	if req.Frames {
		if err := fillFrames(ctx, r, src.rec, req.Build); ctx.Err() != nil {
			return nil, context.Cause(ctx)
		} else if err != nil {
			r.Problems = append(r.Problems, noFrames(err))
		}
	}
	if src.sites.fill(r, p.trace, m); src.sites == nil && until == 0 {
		if err := estimateSites(r, src.rec, p.trace, m, &ends); err != nil {
			return nil, err
		}
	}
	samples.fill(r)
	noteSource(r, src.rec)
	r.Heap.Duration = end
	r.Heap.File = req.File
	if until == 0 {
		r.Heap.Runtime = runtimeCounts(src.rec, m.Counted)
	}
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// opens reports whether an event is behind those that tell what there was as the trace
// began: the world stands still for them (StartTrace, runtime/trace.go).
func opens(e *alloctrace.Event) bool {
	return e.Kind == alloctrace.PauseEnd || e.Kind == alloctrace.ObjectAlloc || e.Kind == alloctrace.ObjectFree
}

// A replay is a trace that is read for a report.
type replay struct {
	ctx    context.Context
	file   string
	src    *traceSource
	table  *sizeclass.Table
	trace  *alloctrace.Reader
	report *alloc.Report
}

// openReplay opens a recording or a trace; its src is to be closed.
func openReplay(ctx context.Context, file string, progress func(step string, done, total int, what string)) (*replay, error) {
	src, err := openTrace(file)
	if err != nil {
		return nil, err
	}
	goversion := "" // of the program
	if src.rec != nil && src.rec.Start != nil {
		goversion = src.rec.Start.Go
	}
	table := sizeclass.ForGo(goversion)
	if table == nil { // a trace has the version of its format only, which is one of the last
		table = sizeclass.ForGo(runtime.Version())
	}
	t, err := alloctrace.Open(&reading{ctx: ctx, r: src, size: src.size, progress: progress}, src.options(table))
	if err != nil {
		src.close()
		return nil, src.early(heapError(file, err))
	}
	if goversion == "" {
		goversion = t.Version()
	}
	r := &alloc.Report{Header: alloc.Header{Schema: alloc.Schema, Command: "heap", Go: goversion, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}}
	if src.rec != nil {
		r.Header.Module, r.Root = src.rec.Header.Package, src.rec.Header.Base()
	}
	return &replay{ctx: ctx, file: file, src: src, table: table, trace: t, report: r}, nil
}

// each calls f with the events. Where they end in damage, that is a problem of the
// report, unless there was none before it.
func (p *replay) each(f func(*alloctrace.Event)) error {
	any := false
	var partial *recording.Error
	if p.src.rec != nil {
		partial = p.src.rec.Partial
	}
	problem := func(msg, hint string) {
		p.report.Problems = append(p.report.Problems, &alloc.Problem{Pos: alloc.Pos{File: p.file}, Message: msg, Hint: hint})
	}
	for e, err := range p.trace.Events() {
		if err != nil {
			if p.ctx.Err() != nil {
				return context.Cause(p.ctx)
			}
			bad := p.src.early(heapError(p.file, err))
			if !any {
				return bad
			}
			if partial != nil && bad.Err == nil {
				break // what is missing of the recording is missing of the trace
			}
			problem(bad.Error(), bad.Hint)
			break
		}
		any = true
		f(e)
	}
	if partial != nil {
		problem(partial.Error(), partial.Hint)
	}
	return nil
}

// HeapReadable says why nothing can be read of a recording or a trace, nil if anything can.
func HeapReadable(ctx context.Context, file string) error {
	p, err := openReplay(ctx, file, nil)
	if err != nil {
		return err
	}
	defer p.src.close()
	for _, err := range p.trace.Events() {
		if err != nil {
			return p.src.early(heapError(file, err))
		}
		return nil
	}
	return &Error{Msg: file + ": it has no events"}
}

// heapError says which file an error is about.
func heapError(file string, err error) *Error {
	if e, ok := errors.AsType[*alloctrace.Error](err); ok {
		return &Error{Msg: file + ": " + e.Msg, Hint: e.Hint, Err: e.Err}
	}
	return &Error{Msg: "reading " + file, Err: err}
}

// early says of a trace that is damaged or cut off why its recording ended, where that
// is known.
func (s *traceSource) early(err *Error) *Error {
	if s.rec != nil && s.rec.Stop != nil && s.rec.Stop.Why == recording.WhyError {
		err.Hint = "the recording ended early: " + s.rec.Stop.Error
	} else if s.rec != nil && s.rec.Partial != nil {
		err.Hint = s.rec.Partial.Error() + "; record again"
	} else if s.rec != nil && strings.Contains(err.Hint, "trace.Stop") { // which is not for who records
		err.Hint = "what the process did last, up to a second, is missing"
	}
	if s.rec != nil && s.rec.TraceBytes == 0 {
		name, _ := strings.CutSuffix(err.Msg, ": an empty file") // the trace is, not the recording
		err.Msg = name + ": the recording has nothing of its trace"
	}
	return err
}

// A traceSource is where a trace is read from.
type traceSource struct {
	io.Reader
	size  int64
	rec   *recording.File // nil of a trace file
	sites *heapSites      // nil where the trace does not tell them
	take  func(*alloctrace.Sample)
	close func() error
}

// samples counts those of the trace's CPU profile up to a moment, 0 the end.
func (s *traceSource) samples(until int64) *cpuSamples {
	dir, pkg := "", ""
	if s.rec != nil {
		dir, pkg = s.rec.Header.Base(), s.rec.Header.Package
	}
	c := newCPUSamples(until, dir, pkg)
	s.take = c.add
	return c
}

// options say how to read the trace.
func (s *traceSource) options(table *sizeclass.Table) alloctrace.Options {
	o := alloctrace.Options{SlotBytes: table.Slots(), Sample: func(x *alloctrace.Sample) {
		if s.take != nil {
			s.take(x)
		}
	}}
	if s.sites != nil {
		o.Batch, o.Generation = s.sites.ids.Batch, s.sites.generation
	}
	return o
}

func openTrace(name string) (*traceSource, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &Error{Msg: "reading the recording", Err: err}
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		f.Close()
		if err == nil {
			err = errors.New("it is a directory")
		}
		return nil, &Error{Msg: "reading " + name, Err: err, Hint: "name a file of stackward heap record, or an execution trace"}
	}
	var head [5]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, &Error{Msg: "reading " + name, Err: err}
	}
	if n == 0 || string(head[:]) == "go 1." {
		return &traceSource{Reader: f, size: info.Size(), close: f.Close}, nil
	}
	if string(head[:2]) == "\x1f\x8b" {
		f.Close()
		return nil, &Error{Msg: name + ": not a recording: it is compressed, as profiles are", Hint: "stackward cost -profile " + name + " weighs sites by a heap profile"}
	}
	rec, err := recording.Read(f, info.Size(), name)
	if err != nil {
		f.Close()
		if e, ok := errors.AsType[*recording.Error](err); ok {
			return nil, &Error{Msg: e.Error(), Hint: e.Hint}
		}
		return nil, &Error{Msg: "reading " + name, Err: err}
	}
	src := &traceSource{Reader: rec.Trace(), size: rec.TraceBytes, rec: rec, close: f.Close}
	if rec.Header.Sites == recording.Exact {
		src.sites = newHeapSites(&rec.Stacks, rec.Header.Base())
	}
	return src, nil
}

// A reading tells how far it is, and ends with its context.
type reading struct {
	ctx        context.Context
	r          io.Reader
	done, size int64
	progress   func(step string, done, total int, what string)
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if r.done += int64(n); r.progress != nil {
		r.progress("reading the trace", int(r.done>>20), int(r.size>>20), "")
	}
	return n, err
}

// fill puts into a report what a replay has found.
func fill(r *alloc.Report, t *alloctrace.Reader, m *heapmap.Map, sites *heapSites) {
	h := &alloc.Heap{
		At: m.Now(), Events: int(m.Events), Unfit: m.Unfit.Sum(), Unfits: m.Unfit.Reasons(),
		Objects: m.Allocs, Bytes: m.AllocBytes, Tiny: m.Tiny, FreedObjects: m.Frees, FreedBytes: m.FreedBytes,
		LiveObjects: m.Live, LiveBytes: m.LiveBytes, PeakLiveBytes: m.PeakLive, PeakAt: m.PeakTime,
		Arenas: m.Arenas(), Spans: m.Spans, InuseBytes: m.Inuse, ManualBytes: m.Manual,
		StackBytes: m.StackBytes, PeakStacks: m.PeakStacks, GoalBytes: m.Goal, Collections: len(m.Collections),
	}
	if h.Collections < heapmap.GrowsFrom {
		h.GrowsFrom = heapmap.GrowsFrom
	}
	r.Heap = h
	if m.DeadKnown {
		h.Dead, h.DeadBytes = &m.Dead, &m.DeadBytes
	}
	h.Tracer = m.Tracer()
	ofClasses, ofTypes := m.Rounding()
	occupied := m.Occupied()
	for _, c := range m.Classes() {
		h.FreeBytes += c.Free
		h.TailBytes += c.Tail
		lost := ofClasses[c.Class]
		h.Rounding.Min += lost.Min
		h.Rounding.Max += lost.Max
		r.Classes = append(r.Classes, &alloc.HeapClass{
			Size: c.Size, Noscan: c.Noscan, Spans: c.Spans, Inuse: c.Inuse, Slots: c.Slots, Live: c.Live,
			Full: c.Full, Empty: c.Empty, Free: c.Free, Tail: c.Tail, Objects: c.Allocs, Bytes: c.Bytes, Rounding: alloc.HeapRange(lost), Occupied: occupied[c.Class],
		})
	}
	fillTypes(r, t, m, sites, ofTypes)
	for i, c := range m.Collections {
		h.PauseNs += c.Pause
		h.AssistNs += c.Assist
		if c.End > 0 {
			h.MarkNs += c.End - c.Begin
		}
		r.Collections = append(r.Collections, &alloc.Collection{
			N: i + 1, Trigger: string(c.Trigger), Begin: c.Begin, End: c.End, Goal: c.Goal, Live: c.Live, Marked: c.Marked,
			Pause: c.Pause, Assist: c.Assist, Freed: c.Swept, FreedBytes: c.SweptBytes,
		})
	}
	for _, p := range m.Points() {
		r.Moments = append(r.Moments, &alloc.HeapMoment{At: p.Time, Live: p.Live, Inuse: p.Inuse, Goal: p.Goal, Stacks: p.Stacks})
	}
	for _, s := range m.Stacks() {
		r.Stacks = append(r.Stacks, &alloc.StackSize{Size: s.Bytes, Live: s.Live, Most: s.Most, Allocs: s.Allocs, Threads: s.Threads})
	}
}

// livesOf are lives as a report has them.
func livesOf(c *heapmap.Lives) alloc.HeapLives {
	l := alloc.HeapLives{
		Objects: c.Allocs, Bytes: c.AllocBytes, LiveObjects: c.Live, LiveBytes: c.LiveBytes, FreedObjects: c.Freed,
		Temporary: c.Temporary, TemporaryBytes: c.TemporaryBytes, Ages: c.Ages, Grows: c.Grows,
	}
	if c.Freed > 0 {
		l.Survived = float64(c.Survived) / float64(c.Freed)
		l.FreedShare = float64(c.Freed) / float64(c.Freed+max(c.Live, 0))
	}
	return l
}
