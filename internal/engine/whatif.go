package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/whatif"
)

// A WhatIfRequest asks what would be otherwise.
type WhatIfRequest struct {
	File      string // a recording, or an execution trace
	Questions []whatif.Question
	// Progress, if not nil, is told how much of the trace is read, in bytes, and then
	// how many questions are answered.
	Progress func(step string, done, total int, what string)
}

// WhatIf answers questions about a recording.
func WhatIf(ctx context.Context, req WhatIfRequest) (*alloc.Report, error) {
	start := time.Now()
	p, err := openReplay(ctx, req.File, req.Progress)
	if err != nil {
		return nil, err
	}
	defer p.src.close()
	a := &asked{replay: p, history: whatif.NewHistory(p.trace, p.report.Header.Go)}
	p.src.take = func(s *alloctrace.Sample) {
		a.samples.Add(s.Time, workOf(s.Stack).logged())
	}
	sites := p.src.sites
	presized := presizedSites(req.Questions)
	err = p.each(func(e *alloctrace.Event) {
		site := sites.next(e)
		a.history.Add(e, site, site > 0 && sites.grows[site] && presized.has(&sites.places[site]))
		a.count(e)
	})
	if err != nil {
		return nil, err
	}
	a.history.Finish()
	a.certain, a.likely = a.history.Growths()
	a.names = typeNames(p.trace, sites)
	if err := a.settings(); err != nil {
		return nil, err
	}
	r := p.report
	var questions []asking
	for i := range req.Questions {
		q, problems := a.question(&req.Questions[i])
		if r.Problems = append(r.Problems, problems...); problems == nil {
			questions = append(questions, asking{&req.Questions[i], q})
		}
	}
	questions = withBaselines(questions)
	recorded := a.recorded()
	r.WhatIfs = append(r.WhatIfs, recorded)
	for i := range questions {
		q := &questions[i]
		text := cmp.Or(q.Text, a.settingsOf(&q.is))
		if req.Progress != nil {
			req.Progress("simulating", i, len(questions), text)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		w := a.answers(q)
		asWrong(w, recorded)
		w.Question, w.Baseline = text, q.Text == ""
		for _, c := range q.Changes {
			if !slices.ContainsFunc(w.Types, func(x alloc.WhatIfType) bool { return x.Of == c.Of }) {
				w.Types = append(w.Types, severalTypes(a.names, c.Of, a.objects)...)
			}
		}
		r.WhatIfs = append(r.WhatIfs, w)
	}
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// asking is a question, as it was asked and for the simulation.
type asking struct {
	*whatif.Question
	is heapsim.WhatIf
}

// withBaselines has one with the same settings and no change before the first that changes
// objects, unless it is asked itself: only beside that is what a change does seen. It has
// no text.
func withBaselines(questions []asking) (list []asking) {
	type settings struct {
		gogc, procs int
		limit       int64
	}
	of := func(q *asking) settings {
		return settings{q.is.Config.GOGC, q.is.Config.Procs, q.is.Config.MemoryLimit}
	}
	has := make(map[settings]bool)
	for i := range questions {
		if questions[i].is.Change == nil {
			has[of(&questions[i])] = true
		}
	}
	for i := range questions {
		q := &questions[i]
		if !has[of(q)] {
			has[of(q)] = true
			same := asking{new(whatif.Question), q.is}
			same.is.Change = nil
			list = append(list, same)
		}
		list = append(list, *q)
	}
	return list
}

// settingsOf writes settings as a question: what of them is other than recorded, and GOGC.
func (a *asked) settingsOf(w *heapsim.WhatIf) string {
	c, as := &w.Config, &a.base.Config
	text := fmt.Sprintf("GOGC=%d", c.GOGC)
	if c.GOGC < 0 {
		text = "GOGC=off"
	}
	switch {
	case c.MemoryLimit == as.MemoryLimit:
	case c.MemoryLimit == 0:
		text += ",GOMEMLIMIT=off"
	default:
		text += fmt.Sprintf(",GOMEMLIMIT=%dB", c.MemoryLimit)
	}
	if c.Procs != as.Procs {
		text += fmt.Sprintf(",GOMAXPROCS=%d", c.Procs)
	}
	return text
}

// asked is a recording that is asked about.
type asked struct {
	*replay
	history *whatif.History
	samples whatif.Samples
	base    heapsim.WhatIf // as recorded
	gogc    alloc.GOGCSource

	names   []typeName // of the types
	objects []int64    // of each type

	certain, likely *whatif.Growths // at the sites that are asked to be presized
}

// settings finds out how the recorded program ran.
func (a *asked) settings() error {
	h := a.history
	layout, err := heapsim.NewLayout(a.table, h.InlineMarks)
	if err != nil {
		return &Error{Msg: a.file + ": " + err.Error()}
	}
	c := heapsim.Config{Layout: layout, Procs: max(h.Procs, 1), GOGC: 100, Stacks: h.PeakStacks}
	a.gogc = alloc.GOGCAssumed
	var log []string
	if rec := a.src.rec; rec != nil {
		log = rec.GCLog
		c.Globals = scannedRoots(rec, h.Cycles)
		if s := rec.Start; s != nil {
			if s.GOGC != nil {
				c.GOGC, a.gogc = int(*s.GOGC), alloc.GOGCTold
			}
			if s.GOMEMLIMIT > 0 && s.GOMEMLIMIT < math.MaxInt64 {
				c.MemoryLimit = s.GOMEMLIMIT
			}
			c.NonHeap = nonHeap(rec)
		}
	}
	if a.gogc != alloc.GOGCTold {
		if percent, roots, ok := h.GOGC(); ok {
			c.GOGC, a.gogc = percent, alloc.GOGCGoals
			c.Globals = h.Rooted(roots)
		}
	}
	if len(h.Cycles) > 0 {
		c.Stacks = h.Cycles[0].Stacks
	}
	a.base = heapsim.WhatIf{Config: c, Before: h.Before, Forced: h.Forced()}
	a.base.Config.Marks, a.base.Cost = h.Marks(c.Globals, c.GOGC, log, &a.samples)
	return nil
}

// nonHeap is what a program that was recorded has of the system besides its heap, in bytes.
// What the tracer takes is not the program's: of memory of other kinds there is only what
// there was before it.
func nonHeap(rec *recording.File) int64 {
	start := &rec.Start.MemStats
	end, other := start, start.OtherSys
	if rec.Stop != nil && rec.Stop.MemStats.OtherSys > 0 {
		end = &rec.Stop.MemStats
		other = min(other, end.OtherSys) // the tracer has given its own back
	}
	if n := rec.Start.OtherSys; n > 0 {
		other = uint64(n)
	}
	return int64(end.StackSys + end.MSpanSys + end.MCacheSys + end.GCSys + other + start.BuckHashSys)
}

// scannedRoots takes from the runtime's metrics what cycles scanned of stacks, which it
// tells of the last one, and of globals, the most: bytes.
func scannedRoots(rec *recording.File, cycles []whatif.Cycle) (globals int64) {
	if rec.Start == nil {
		return 0
	}
	next := 0
	for _, s := range rec.Metrics {
		globals = max(globals, int64(s.Values["/gc/scan/globals:bytes"]))
		stacks, ok := s.Values["/gc/scan/stack:bytes"]
		for ; ok && next < len(cycles) && cycles[next].Time <= s.Time-rec.Start.Time; next++ {
			cycles[next].Stacks = int64(stacks)
		}
	}
	return globals
}

// question makes of a user's question that for the simulation. Problems are why it cannot
// be answered.
func (a *asked) question(q *whatif.Question) (_ heapsim.WhatIf, problems []*alloc.Problem) {
	w := a.base
	if q.GOGC != nil {
		w.Config.GOGC = *q.GOGC
	}
	if q.MemoryLimit != nil {
		w.Config.MemoryLimit = *q.MemoryLimit
		if *q.MemoryLimit == math.MaxInt64 {
			w.Config.MemoryLimit = 0
		}
	}
	if q.Procs > 0 {
		w.Config.Procs = q.Procs
		w.Cost.Pause *= stopping(q.Procs, a.base.Config.Procs)
	}
	var changes []objectChange
	for i := range q.Changes {
		c, problem := a.change(&q.Changes[i])
		if problem != nil {
			problem.Message = q.Text + ": " + problem.Message
			problems = append(problems, problem)
		}
		if q.Changes[i].What == whatif.Presized {
			changes = slices.Insert(changes, 0, c) // what is smaller else is so of the last capacity
		} else {
			changes = append(changes, c)
		}
	}
	if len(changes) > 0 {
		w.Change = func(o heapsim.Object) (heapsim.Object, bool) {
			stays := true
			for _, c := range changes {
				if o, stays = c(o); !stays {
					break
				}
			}
			return o, stays
		}
	}
	return w, problems
}

// An objectChange makes an object other, and says whether there still is one.
type objectChange func(heapsim.Object) (heapsim.Object, bool)

// change makes of a change what it does to an object.
func (a *asked) change(c *whatif.ObjectChange) (objectChange, *alloc.Problem) {
	is, problem := a.matches(c)
	if problem != nil {
		return nil, problem
	}
	if c.What == whatif.Smaller {
		if most := a.largest(is); c.By >= most {
			return nil, &alloc.Problem{Message: fmt.Sprintf("nothing is left: a value of %s has at most %d B", c.Of, most), Hint: "name how many bytes less each has"}
		}
	}
	return func(o heapsim.Object) (heapsim.Object, bool) {
		if !is(o) {
			return o, true
		}
		switch c.What {
		case whatif.OnStack:
			return o, false
		case whatif.OffHeap:
			o.OffHeap = true
		case whatif.Presized:
			return o.Presized()
		case whatif.Smaller:
			n := max(o.Bytes/a.value(&o), 1) // values in it
			o.Bytes = max(o.Bytes-n*c.By, 1)
		}
		return o, true
	}, nil
}

// value is how many bytes a value in an object has: all where its type is not known.
func (a *asked) value(o *heapsim.Object) int64 {
	if one := a.trace.Type(int32(o.Type)).Bytes; one > 0 {
		return one
	}
	return max(o.Bytes, 1)
}

// largest is how many bytes the largest value has in the objects that are meant.
func (a *asked) largest(is func(heapsim.Object) bool) (most int64) {
	for o := range a.history.Kinds() {
		if is(o) {
			most = max(most, a.value(&o))
		}
	}
	return most
}

// notSite is a file without a line, or a line of what is no file.
var notSite = regexp.MustCompile(`^[^\[\]]*(\.go|:[0-9]+)$`)

// matches says which objects are meant.
func (a *asked) matches(c *whatif.ObjectChange) (func(heapsim.Object) bool, *alloc.Problem) {
	site, isSite, problem := siteOf(c.Of)
	if !isSite {
		if notSite.MatchString(c.Of) {
			return nil, &alloc.Problem{Message: c.Of + " is no site", Hint: "name one as FILE.go:LINE; " + a.lists()}
		}
		list := make([]bool, len(a.names)) // by number
		for i := range list {
			list[i] = a.names[i].is(c.Of)
		}
		if !slices.Contains(list, true) {
			return nil, a.noType(c.Of)
		}
		return func(o heapsim.Object) bool { return o.Type < len(list) && list[o.Type] }, nil
	}
	if problem != nil {
		return nil, problem
	}
	sites := a.src.sites
	if sites == nil || sites.err != nil {
		return nil, &alloc.Problem{Message: a.file + " has no sites", Hint: a.withoutSites(c.What)}
	}
	list := make([]bool, len(sites.places)) // by number
	grow, maps := false, false              // slices do, in what is meant
	for i, p := range sites.places {
		list[i] = site.is(&p)
		grow = grow || list[i] && sites.grows[i]
		maps = maps || list[i] && ofMap(p.typ)
	}
	switch {
	case !slices.Contains(list, true):
		return nil, a.noSite(c.Of, site.file, site.line)
	case c.What == whatif.Presized && !grow && maps:
		return nil, &alloc.Problem{Message: "it is a map that grows there, and presized is of slices", Hint: "what a map would take that is made with its size is not simulated"}
	case c.What == whatif.Presized && !grow:
		return nil, &alloc.Problem{Message: "no slice grows there", Hint: "append grows slices; name the line of one as FILE:LINE"}
	}
	return func(o heapsim.Object) bool { return o.Site < len(list) && list[o.Site] }, nil
}

// recorded asks for what was recorded, and says what it was.
func (a *asked) recorded() *alloc.WhatIf {
	w := a.answer(&a.base, nil, true)
	rec := &alloc.WhatIfRecorded{Collections: int64(len(a.history.Cycles)), GOGC: a.gogc}
	for _, c := range a.history.Cycles {
		rec.Peak = max(rec.Peak, c.End)
	}
	rec.Bytes, rec.TracerBytes = a.history.Bytes, a.history.TracerBytes()
	if rec.GCCPU = a.history.GCCPU; rec.GCCPU > 0 {
		rec.GCCPUSource, rec.GCPauses = alloc.FromGCLog, a.history.GCPauses
		if a.history.Sampled {
			rec.GCCPUSource, rec.GCLogged = alloc.FromSamples, a.history.GCLogged
		}
	}
	w.Recorded = rec
	return w
}

// answer asks the simulation; traced is for what is in the heap of a traced program.
func (a *asked) answer(w *heapsim.WhatIf, growths *whatif.Growths, traced bool) *alloc.WhatIf {
	q := *w
	q.Traced = traced
	as := &a.base.Config
	q.Begun = a.history.Begun(as.GOGC, as.Stacks+as.Globals, traced)
	p := heapsim.Predict(a.history.ObjectsOf(traced, growths), q)
	out := &alloc.WhatIf{
		GOGC: max(w.Config.GOGC, -1), MemoryLimit: w.Config.MemoryLimit, Procs: w.Config.Procs,
		Collections: alloc.Estimate(p.Cycles), Bytes: p.TotalAlloc,
		Peak: alloc.Estimate(p.PeakLive), PeakMarked: alloc.Estimate(p.PeakMarked), PeakInuse: alloc.Estimate(p.PeakInuse),
	}
	if w.Config.Procs != as.Procs {
		otherProcs(out, as.Procs)
	}
	if w.Cost != (heapsim.Cost{}) {
		e := alloc.Estimate(p.CPU)
		out.GCCPU = &e
	}
	if p.OffHeap.High > 0 {
		e := alloc.Estimate(p.OffHeap)
		out.OffHeap = &e
	}
	if w.Change != nil {
		out.Objects, out.ObjectBytes = p.Changed, p.ChangedBytes
	}
	return out
}

// asWrong widens an answer by what the simulation of the recording itself is off: it is
// not to be trusted more where it can be held to nothing.
func asWrong(w, recorded *alloc.WhatIf) {
	real := recorded.Recorded
	by := func(e *alloc.Estimate, real, likely int64) {
		if real <= 0 || likely <= 0 {
			return
		}
		off := float64(real) / float64(likely)
		e.Low, e.High = int64(float64(e.Low)*min(off, 1)), int64(math.Ceil(float64(e.High)*max(off, 1)))
	}
	by(&w.Collections, real.Collections, recorded.Collections.Likely)
	for _, e := range []*alloc.Estimate{&w.Peak, &w.PeakMarked, &w.PeakInuse} {
		by(e, real.Peak, recorded.PeakMarked.Likely)
	}
	if w.GCCPU != nil && recorded.GCCPU != nil {
		by(w.GCCPU, real.GCCPU, recorded.GCCPU.Likely)
	}
}

// stopping is how many times as long so many processors stand still as those of the
// recording: all wait for the one that stops last, and a single one for nobody. With more
// it was hardly longer: of go-yaml's program of docs/heap.md 0.01, 1.2, 1.4 and 1.9 ms a
// cycle in sum for 1, 2, 4 and 8.
func stopping(procs, recorded int) float64 {
	if recorded < 2 {
		return 1
	}
	return min(1, float64(procs-1)/float64(recorded-1))
}

// otherProcs widens an answer about another number of processors than the recording
// had. A program that has work for all of them has so much at hand at once as there
// are: with half of them its heap may be half, and cycles twice as many, or not.
func otherProcs(w *alloc.WhatIf, recorded int) {
	part := float64(w.Procs) / float64(recorded)
	for _, e := range []*alloc.Estimate{&w.Peak, &w.PeakMarked, &w.PeakInuse} {
		e.Low, e.High = int64(float64(e.Low)*min(part, 1)), int64(float64(e.High)*max(part, 1))
	}
	counts := []*alloc.Estimate{&w.Collections}
	if w.GCCPU != nil {
		counts = append(counts, w.GCCPU)
	}
	for _, e := range counts {
		e.Low, e.High = int64(float64(e.Low)/max(part, 1)), int64(float64(e.High)/min(part, 1))
	}
}
