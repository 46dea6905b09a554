package engine

import (
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/stdpkg"
)

// heapSites numbers the places at which a recording's objects were allocated. Nil is
// that of a trace that does not tell them.
type heapSites struct {
	ids    recording.StackIDs
	stacks *recording.StackTable
	dir    string // that files are told relative to
	std    string // prefix of the standard library's files, "" not known, or it has none
	err    error  // ids and allocations do not agree

	known  map[uint64]int32 // by stack id
	number map[heapPlace]int32
	places []heapPlace      // by number, from 1
	grows  []bool           // by number: it makes room for what is appended
	types  map[int32]string // with the whole path, by the trace's number
}

// A heapPlace tells sites apart.
type heapPlace struct {
	fn, file, callee, typ string
	line                  int
	of                    int32 // the trace's number of the type, 0 if that has no name
}

func newHeapSites(stacks *recording.StackTable, dir string) *heapSites {
	return &heapSites{
		stacks: stacks, dir: filepath.ToSlash(dir), known: make(map[uint64]int32),
		number: make(map[heapPlace]int32), types: make(map[int32]string), places: make([]heapPlace, 1), grows: make([]bool, 1),
	}
}

// generation ends one.
func (s *heapSites) generation() {
	if err := s.ids.Generation(); err != nil && s.err == nil {
		s.err = err
	}
}

// next is the number of the place of an event, 0 if it is not known. It must be asked
// of each event, since ids are told in the order of allocations.
func (s *heapSites) next(e *alloctrace.Event) int32 {
	if s == nil || e.Kind != alloctrace.ObjectAlloc && e.Of != alloctrace.ObjectAlloc {
		return 0
	}
	id, ok := s.ids.Next(e.Thread)
	if !ok || id == 0 || e.Kind != alloctrace.ObjectAlloc {
		return 0
	}
	n, ok := s.known[id]
	if !ok {
		if stack := s.stacks.Stack(id); stack != nil {
			of := int32(0)
			if stack.Type != "" {
				of = e.Type
			}
			if stack.TypePath != "" && of > 0 {
				s.types[of] = stack.TypePath
			}
			if !runtimesOwn(stack.Frames()) {
				n = s.place(stack.Type, of, stack.Frames())
			}
		}
		s.known[id] = n
	}
	return n
}

// runtimesOwn reports whether the runtime made an object for itself, whatever line it
// was at: while it was allocating another, to start a thread (allocm, runtime/proc.go) or
// to start a collection (gcStart, runtime/mgc.go).
func runtimesOwn(frames iter.Seq[*alloc.Frame]) bool {
	inside := false // of what is not the object's own allocation
	for f := range frames {
		switch {
		case !f.Runtime():
			return false
		case strings.HasPrefix(f.Func, "runtime.mallocgc"):
			if inside {
				return true
			}
		case f.Func == "runtime.allocm", f.Func == "runtime.gcStart":
			return true
		default:
			inside = true
		}
	}
	return false
}

// place is the number of the place of a stack, and of the type allocated there: its name,
// and the trace's number of it.
func (s *heapSites) place(typ string, of int32, frames iter.Seq[*alloc.Frame]) int32 {
	p := heapPlace{typ: typ, of: of}
	inner, grows := "", false
	if s.std == "" {
		s.std = standardLibrary(frames)
	}
	for f := range frames {
		if strings.HasPrefix(path.Base(f.File), recorderFile) || begins(f.Func, recordingFuncs) || slices.Contains(pprofFuncs, f.Func) {
			return 0
		}
		grows = grows || f.Func == "runtime.growslice"
		if inner == "" && !beneath(f) {
			inner = f.Func
		}
		if !s.standard(f) {
			p.fn, p.file, p.line = f.Func, f.File, f.Line
			break
		}
		if inner == f.Func && p.file == "" { // in case the standard library is all there is
			p.file, p.line = f.File, f.Line
		}
	}
	switch {
	case p.fn == "" && inner == "":
		return 0 // the runtime's own
	case p.fn == "":
		p.fn = inner
	case inner != "" && inner != p.fn:
		p.callee = inner
	}
	n, ok := s.number[p]
	if !ok {
		n = int32(len(s.places))
		s.number[p] = n
		s.places = append(s.places, p)
		s.grows = append(s.grows, false)
	}
	s.grows[n] = s.grows[n] || grows
	return n
}

// standard reports whether a frame is of the standard library. A program that was built
// with -trimpath does not say where that lies: there the package does.
func (s *heapSites) standard(f *alloc.Frame) bool {
	if s.std == "" {
		return beneath(f) || stdpkg.Has(packageOf(f.Func))
	}
	return strings.HasPrefix(f.File, s.std)
}

// recorderFile is how the names of files begin that package benchrun adds to a
// program that is recorded.
const recorderFile = "zz_stackward"

// heapzFunc is how the functions begin of the module that records the process it is
// linked into.
const heapzFunc = "github.com/stackward-go/stackward/heapz."

// recordingFuncs begin the names of what else records: of a CPU profile the goroutine.
var recordingFuncs = []string{
	heapzFunc, "runtime/trace.Start.func", "runtime/trace.(*traceMultiplexer)", "runtime/pprof.profileWriter",
}

// pprofFuncs are what a recording by URL asks for else: a trace, a CPU profile beside it,
// and heap profiles before and behind it.
var pprofFuncs = []string{"net/http/pprof.Trace", "net/http/pprof.Profile", "net/http/pprof.handler.ServeHTTP"}

// beneath reports whether a frame is of the runtime, of reflection or of an internal
// package of the standard library: what allocates on behalf of others.
func beneath(f *alloc.Frame) bool {
	for _, p := range [...]string{"runtime.", "reflect.", "internal/"} {
		if strings.HasPrefix(f.Func, p) {
			return true
		}
	}
	return false
}

// fill puts the sites into a report.
func (s *heapSites) fill(r *alloc.Report, t *alloctrace.Reader, m *heapmap.Map) {
	if s == nil {
		return
	}
	names := typeNames(t, s)
	known := int64(0)
	wastes := m.WasteOfSites()
	for _, c := range m.Sites() {
		p := &s.places[c.N]
		known += c.Allocs
		r.HeapSites = append(r.HeapSites, &alloc.HeapSite{
			Pos: s.pos(p), Func: p.fn, Callee: p.callee, Type: p.typ, Name: names[p.of].other(), HeapLives: livesOf(&c), Waste: wasteOf(&wastes[c.N]),
		})
	}
	r.Heap.SitesUnknown = r.Heap.Objects - known
}

// pos is a place's position.
func (s *heapSites) pos(p *heapPlace) alloc.Pos {
	if s.dir == "" {
		return alloc.Pos{File: p.file, Line: p.line}
	}
	return alloc.Pos{File: strings.TrimPrefix(p.file, s.dir+"/"), Line: p.line}
}
