package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cause"
)

// Sample finds the site that a measured stack stands at, or makes one from the
// sample alone. What the runtime allocates for itself, with no other frame on
// the stack, has its site in the runtime. It returns nil for a sample without a
// stack.
//
// The innermost frame outside of the runtime holds the expression. Where an
// inlined generic body shows the caller's line instead, the next frames, up to
// the first that is not inlined, are tried.
func (j *Joiner) Sample(s *alloc.Sample) *alloc.Site {
	j.settle()
	s = ofRuntime(s)
	frames := UserFrames(s.Frames)
	if len(frames) == 0 {
		if len(s.Frames) == 0 {
			return nil
		}
		f := s.Frames[len(s.Frames)-1]
		e := j.entry(f.Func, alloc.Pos{File: f.File, Line: f.Line}, nil, alloc.Runtime, s.Type)
		j.measured(e, s)
		return e.site
	}
	if frames[0].Line == 0 {
		return nil
	}
	kind := cause.KindOfEntry(s.Entry, s.Type)
	if inGenerated(frames[0]) {
		if e := best(j.byFunc[valueMethod(frames[0].Func)], kind, s.Type); e != nil {
			f := &frames[0]
			f.Func, f.File, f.Line = e.site.Package+"."+e.site.Func, e.site.File, e.site.Line
			j.measured(e, s)
			return e.site
		}
		if len(frames) > 1 {
			frames = frames[1:]
		}
	}
	for _, f := range frames {
		e := (*entry)(nil)
		if s.Entry == "" && s.Type == "" {
			e = j.matchSlot(f, s.Slot)
		} else {
			e = j.match(f, kind, s.Type)
		}
		if e != nil {
			j.measured(e, s)
			return e.site
		}
		if !f.Inlined {
			break
		}
	}
	f := frames[0]
	if kind == "" {
		kind = alloc.New
	}
	node := j.find(f.File, f.Line, kind, "", &alloc.Call{Entry: s.Entry, Type: s.Type})
	if node != nil && kind == alloc.New && node.Kind != "" {
		kind = node.Kind
	}
	e := j.entry(f.Func, alloc.Pos{File: f.File, Line: f.Line}, node, kind, s.Type)
	j.measured(e, s)
	return e.site
}

// ofRuntime is s or, of an object that the runtime made for itself while it was
// allocating another, such as at the start of a collection, what tells so: s with
// the function that the allocation called as its entry.
func ofRuntime(s *alloc.Sample) *alloc.Sample {
	inside := false // of what is not the allocation of s itself
	for i, f := range s.Frames {
		switch {
		case !f.Runtime():
			return s
		case !strings.HasPrefix(f.Func, "runtime.mallocgc"):
			inside = true
		case inside:
			own := *s
			own.Entry = s.Frames[i-1].Func
			return &own
		}
	}
	return s
}

func (j *Joiner) measured(e *entry, s *alloc.Sample) {
	if e.sample == nil {
		e.sample = s
	}
}

// match finds the site on a frame's line that best explains an allocation of
// kind (""or New: anything of constant size) and type.
func (j *Joiner) match(f alloc.Frame, kind alloc.Kind, typ string) *entry {
	return best(j.lines[lineKey{f.File, f.Line}], kind, typ)
}

// best is the site of a list that best explains an allocation.
func best(list []*entry, kind alloc.Kind, typ string) *entry {
	var best *entry
	score := 0
	for _, e := range list {
		s := 1
		switch k := e.site.Kind; {
		case k == kind:
			s += 8
		case kind == "" || kind == alloc.New:
			switch k {
			case alloc.Append, alloc.String, alloc.Bytes, alloc.MapGrowth, alloc.Goroutine, alloc.Chan:
				continue
			}
		case kind == alloc.Slice && (k == alloc.Variadic || k == alloc.Bytes || k == alloc.String || k == alloc.Append):
		case kind == alloc.Append && k == alloc.Slice:
		case kind == alloc.MapGrowth && k == alloc.Map, kind == alloc.Map && k == alloc.MapGrowth:
		default:
			continue
		}
		if typ != "" && e.site.Type != "" {
			if t := spell(e.site.Kind, typ); t == e.site.Type || sameType(t, e.site.Type) || slices.ContainsFunc(e.calls, func(c alloc.Call) bool { return c.Type == typ }) {
				s += 8
			} else if e.site.Kind == alloc.Composite || e.site.Kind == alloc.New {
				continue
			}
		}
		if e.ownCall || e.copyCall {
			s += 4
		}
		if e.diag != nil && *escapes(e.diag) {
			s += 2
		}
		if s > score {
			best, score = e, s
		}
	}
	return best
}

// matchSlot finds the site on a frame's line that best explains an object of
// which only the size of its slot is known, 0 not even that: a heap profile
// hides what the runtime was called for. Sites of which the machine code has
// nothing are out, unless there are no others.
func (j *Joiner) matchSlot(f alloc.Frame, slot int64) *entry {
	var best *entry
	score := 0
	for _, e := range j.lines[lineKey{f.File, f.Line}] {
		s := 1
		for i := range e.calls {
			if fit := fitsSlot(&e.calls[i], slot, j.Slot); fit > 0 {
				s = max(s, 8*fit)
			} else {
				s = max(s, 2)
			}
		}
		if e.diag != nil && *escapes(e.diag) {
			s += 2
		}
		// Rather than an expression that only reaches to this line, such as a
		// call around a function literal.
		if e.site.Line == f.Line {
			s += 3
		}
		if e.site.Package+"."+e.site.Func == f.Func {
			s += 5
		}
		if s > score {
			best, score = e, s
		}
	}
	return best
}

// UserFrames drops the leading frames of the runtime itself: what is left
// begins at the frame that asked for memory.
func UserFrames(frames []alloc.Frame) []alloc.Frame {
	for i, f := range frames {
		if !f.Runtime() {
			return frames[i:]
		}
	}
	return nil
}

// Sites returns all sites with their ids, kinds and causes, in source order.
func (j *Joiner) Sites() []*alloc.Site {
	j.settle()
	// Where a position holds several sites, as that of a call does whose body was
	// inlined without types, the order of the evidence decides: ids must not
	// change from run to run.
	entries := slices.Clone(j.entries)
	slices.SortStableFunc(entries, func(a, b *entry) int {
		return cmp.Or(
			strings.Compare(a.site.Package, b.site.Package),
			strings.Compare(a.site.File, b.site.File),
			a.site.Line-b.site.Line, a.site.Col-b.site.Col,
			strings.Compare(string(a.site.Kind), string(b.site.Kind)),
			strings.Compare(a.site.Type, b.site.Type),
			strings.Compare(a.site.Expr, b.site.Expr),
		)
	})
	ordinal := make(map[string]int)
	sites := make([]*alloc.Site, len(entries))
	for i, e := range entries {
		j.finish(e)
		id := e.site.Package + "." + e.site.Func + "#" + e.shape
		ordinal[id]++
		e.site.ID = id + "#" + strconv.Itoa(ordinal[id])
		sites[i] = e.site
	}
	return sites
}

// Diagnostic is the compiler's statement that a site's cause was read from,
// nil where the compiler is silent.
func (j *Joiner) Diagnostic(s *alloc.Site) *alloc.Diagnostic {
	for _, e := range j.lines[lineKey{s.File, s.Line}] {
		if e.site == s {
			return e.said()
		}
	}
	return nil
}

// DiagnosticAt is the compiler's statement about the copy of a site at one of the
// places that it was inlined at, nil where the compiler is silent.
func (j *Joiner) DiagnosticAt(s *alloc.Site, in alloc.Inlining) *alloc.Diagnostic {
	for _, e := range j.lines[lineKey{s.File, s.Line}] {
		if e.site == s {
			return e.copies[placeKey{in.Func, in.File, in.Line, in.Col}]
		}
	}
	return nil
}

// said is the diagnostic that tells most of the site.
func (e *entry) said() *alloc.Diagnostic {
	if e.diag != nil {
		return e.diag
	}
	return e.inlinedDiag
}

// finish fills in what all evidence of a site says together.
func (j *Joiner) finish(e *entry) {
	s := e.site
	d := e.said()
	s.Evidence = nil
	if d != nil {
		s.Evidence = append(s.Evidence, alloc.ByCompiler)
		s.Escapes = escapes(d)
	}
	if len(e.calls) > 0 {
		s.Evidence = append(s.Evidence, alloc.ByBinary)
	}
	if e.sample != nil {
		s.Evidence = append(s.Evidence, cmp.Or(j.Measured, alloc.ByTrace))
	}

	s.Bytes, s.Noscan = nil, nil
	ev := cause.Evidence{Diagnostic: d, Calls: e.calls, Hint: s.Kind, InLoop: s.LoopDepth > 0}
	if e.sample != nil {
		ev.Entry, ev.Type, ev.Frames = e.sample.Entry, e.sample.Type, e.sample.Frames
	}
	if f := j.files(s.File); f != nil {
		ev.Results = f.Results(s.Line)
	}
	if e.node != nil {
		ev.Deferred = e.node.Deferred || e.node.Kind == alloc.Defer
		ev.Started = e.node.Kind == alloc.Goroutine
	}
	kind, why := cause.Of(ev)
	if why == alloc.CallArgument && d != nil && j.Dynamic != nil && j.Dynamic(d) {
		ev.DynamicCall = true
		kind, why = cause.Of(ev)
	}
	if kind != "" {
		s.Kind = kind
	}
	s.Cause = why

	s.Entries = nil
	sized := true
	for i := range e.calls {
		c := &e.calls[i]
		if !slices.Contains(s.Entries, c.Entry) {
			s.Entries = append(s.Entries, c.Entry)
		}
		if s.Type == "" && s.Kind != alloc.String && s.Kind != alloc.Bytes {
			s.Type = spell(s.Kind, c.Type)
		}
		if c.Bytes < 0 || !ofConstantSize(c.Entry) {
			sized = false
			continue
		}
		// Instantiations of a generic function may differ in size.
		if s.Bytes != nil && (*s.Bytes != c.Bytes || *s.Noscan != c.Noscan) {
			sized = false
		}
		bytes, noscan := c.Bytes, c.Noscan
		s.Bytes, s.Noscan = &bytes, &noscan
	}
	if !sized {
		s.Bytes, s.Noscan = nil, nil
	}
	slices.Sort(s.Entries)
	if s.Type == "" && e.sample != nil && s.Kind != alloc.String && s.Kind != alloc.Bytes {
		s.Type = spell(s.Kind, e.sample.Type)
	}
	s.Inlined = sortedPlaces(e.inlined)
	s.Allocates = e.allocates(j.judged[s.Package])
}

// ofConstantSize reports whether a runtime function allocates one object of
// exactly the type it is handed.
func ofConstantSize(entry string) bool {
	return entry == "runtime.newobject" || strings.HasPrefix(entry, "runtime.mallocgc") || strings.HasPrefix(entry, "runtime.convT")
}

// allocates says how often executing the site allocates.
func (e *entry) allocates(judged bool) alloc.Allocates {
	if len(e.calls) == 0 && e.sample == nil {
		if judged {
			return alloc.Never
		}
		return alloc.Sometimes
	}
	if e.copyStack || !e.ownCall && e.copyCall && e.diag != nil {
		return alloc.Sometimes
	}
	for i := range e.calls {
		if how(&e.calls[i], e.explained[i]) == alloc.Always {
			return alloc.Always
		}
	}
	if len(e.calls) == 0 && e.sample != nil {
		switch e.site.Kind {
		case alloc.New, alloc.Composite, alloc.Variable, alloc.Closure:
			return alloc.Always
		}
	}
	return alloc.Sometimes
}
