// Package flow says why a value is on the heap, across calls: it follows the
// compiler's explanation of an escape from the value to what forces it there,
// into the callees that the explanation stops at, and names the one step to
// change.
//
//	alloc.Diagnostic → Tracer.Trace → Story (steps, cut, end)
//
// The compiler explains one function at a time. Its explanation of a value
// ends at "f(x) (call parameter)" where f keeps what it is given; why f does is
// told where f is compiled, as "parameter p leaks to {heap} for f". It ends at
// "{storage for &T{…}}" or at a variable where that is on the heap for a reason
// told elsewhere. The Tracer joins these, and so on, until the trail ends: at a
// store, a return, a channel, a goroutine, a panic, or a call whose callee the
// compiler does not know.
//
// A parameter that "leaks to result ~r0" needs no joining: the compiler goes on
// in the caller by itself. So it does within a group of functions that call
// each other, and within function literals.
//
// # The cut
//
// Every step of a path breaks it when it is taken away, but most of them only
// carry the value: making it, taking its address, naming it, putting it into a
// struct or a slice. The cut is the earliest step in the user's code that
// decides: a return, a store into what outlives the function, a send, a capture
// by a function literal, a go statement, or a call that hands the value to a
// callee which keeps it. A call that only hands the value back decides nothing.
// The earliest, because changing it helps the site asked about and no other
// caller depends on it. A callee that was inlined counts as called, so that the
// cut is the line the user wrote.
//
// Where the trail ends at a method call on the value itself, through an
// interface, the conversion to that interface is the cut if it stands on a line
// before the call.
//
// # Limits
//
// The compiler's text names no types of variables: a method call through an
// interface and a call of a function held in a field look the same, and only
// Method can tell them apart. A named result and a variable of an outer loop
// look the same without Source. A variable of function type, declared in a
// package, with the name of a function of a package of that name is taken for
// that function. A value that leaks
// on several ways is explained by the compiler for one of them.
package flow

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// A Tracer follows escapes across calls. Lookup must be set; without one of
// the other functions a Tracer knows less but works. It remembers what Lookup
// returned. Its methods may be called at the same time.
type Tracer struct {
	// Lookup returns the compiler's diagnostics of a package, which may be a
	// dependency or of the standard library.
	Lookup func(ctx context.Context, importPath string) ([]*alloc.Diagnostic, error)
	// Source knows the syntax of the files that the diagnostics name.
	Source *Source
	// Packages returns the import paths of the packages named name that the
	// package from imports, and of the others in the program: the compiler
	// writes "rand.Intn", whichever rand it is, and in a body that was inlined
	// it may be one that from does not import.
	Packages func(from, name string) (imported, other []string)
	// Name returns a package's name, "" if it is not known.
	Name func(importPath string) string
	// Files returns the source files of a package, absolute. Without it steps in
	// bodies that were inlined stay at the call.
	Files func(importPath string) []string
	// Implementations returns the methods that a call through an interface may
	// mean in the loaded program, as full function names, and Method the full
	// name of the interface's method, "io.Reader.Read"; nothing for a call of
	// a function value. [Program] has both.
	Implementations func(ctx context.Context, call Dynamic) ([]string, error)
	Method          func(ctx context.Context, call Dynamic) (string, error)
	// Makers are the places in a package that give a value to the field or package
	// variable whose name stands at pos; ok is false where there is none.
	// [Program] has it.
	Makers func(importPath string, pos alloc.Pos) (makers []alloc.Step, ok bool)
	// Local reports whether a package is the user's to change. Nil means that
	// every package is.
	Local func(importPath string) bool

	mu       sync.Mutex
	packages map[string]*said
}

// A Dynamic is a call whose callee the compiler does not know.
type Dynamic struct {
	Package string    // import path of the package whose code it stands in
	Func    string    // full name of the function it stands in
	Pos     alloc.Pos // of its opening parenthesis, or of the call that inlined Func
	Text    string    // the call in the compiler's words
	// Method is the last name of what is called: of the method, field or
	// variable.
	Method string
}

// A Story is why one value is on the heap.
type Story struct {
	// Steps go from the value to what forces it to the heap.
	Steps []alloc.Step
	// Cut is the step to change; it points into Steps. Nil where no step is
	// the user's to change.
	Cut *alloc.Step
	// End says in words how the trail ends: "returned", "stored in sink", …
	End string
	// Dynamic is the call that the trail ends at, if it ends at one whose
	// callee the compiler does not know, and Candidates the methods it may
	// mean. Received reports that the method is one of the value itself.
	Dynamic    *Dynamic
	Candidates []string
	Received   bool
	// Incomplete says where and why the trail was lost, "" if it was not.
	Incomplete string
}

// Then is the story of what makes a value allocate, which may be nil, and then
// that of its escape.
func (s *Story) Then(escape *Story) *Story {
	if s == nil {
		return escape
	}
	all := &Story{
		Steps: s.Steps, End: s.End, Incomplete: escape.Incomplete,
		Dynamic: escape.Dynamic, Candidates: escape.Candidates, Received: escape.Received,
	}
	cut := -1
	for i := range s.Steps {
		if s.Cut == &s.Steps[i] {
			cut = i
		}
	}
	for _, e := range escape.Steps {
		if !slices.ContainsFunc(all.Steps, func(o alloc.Step) bool { return o.Pos == e.Pos && (e.Step == "spill" || o.Step == e.Step) }) {
			all.Steps = append(all.Steps, e)
		}
	}
	if cut >= 0 {
		all.Cut = &all.Steps[cut]
	}
	if escape.End != "" {
		all.End += "; escapes: " + escape.End
	}
	return all
}

// A Holder is the function whose source holds the expression that a diagnostic
// is about. The zero Holder means the function that the compiler names.
type Holder struct {
	Package, Func string
	// Inlined reports that the diagnostic is about a copy, in the function that
	// the compiler names, of Func's body.
	Inlined bool
}

// Trace follows the escape that d reports, of an expression of h.
func (t *Tracer) Trace(ctx context.Context, d *alloc.Diagnostic, h Holder) (*Story, error) {
	tr := &trail{Tracer: t, ctx: ctx, story: new(Story), seen: make(map[*alloc.Diagnostic]bool)}
	here, err := t.said(ctx, d.Package)
	if err != nil {
		return nil, err
	}
	at := place{pkg: d.Package, path: d.Package, fn: here.fn(d)}
	if h.Inlined {
		tr.start = place{pkg: d.Package, path: h.Package, fn: h.Func}
	} else if h.Package != "" && sameFunc(alloc.FoldFunc(h.Func), at.fn) {
		at.path = h.Package // an instance is compiled where it is used
	}
	if err := tr.follow(d, at); err != nil {
		return nil, err
	}
	tr.settle()
	tr.sayWhere()
	tr.cut()
	return tr.story, nil
}

// Dynamic reports whether the explanation of d ends at a call whose callee the
// compiler does not know. It looks only at what the compiler says of d's own
// package: a name that may be a package's is taken for one.
func (t *Tracer) Dynamic(ctx context.Context, d *alloc.Diagnostic) (bool, error) {
	blocks := blocksOf(d.Flow)
	if len(blocks) == 0 {
		return false, nil
	}
	b := blocks[len(blocks)-1]
	if b.dst != heap || len(b.notes) == 0 || b.notes[len(b.notes)-1].Step != "call parameter" {
		return false, nil
	}
	n := b.notes[len(b.notes)-1]
	call, ok := parseCall(n.Text)
	if !ok || builtins[call.callee] != "" {
		return false, nil
	}
	if t.isVariable(n.Pos, call.callee) {
		return true, nil
	}
	here, err := t.said(ctx, d.Package)
	if err != nil {
		return false, err
	}
	for _, n := range readings(call.callee) {
		imported, other := t.paths(d.Package, n.qualifier)
		if n.certain || len(imported) > 0 || len(other) > 0 && here.inlined[b.notes[len(b.notes)-1].Pos] != nil {
			return false, nil
		}
		if _, ok := here.declared[n.fn]; n.qualifier == "" && (ok || here.leaks[n.fn] != nil) {
			return false, nil
		}
	}
	return true, nil
}

// isVariable reports whether the callee's text begins with the name of a
// variable of a function around pos: it then names a function held in that
// variable, or a method of it, whatever package has the same name.
func (t *Tracer) isVariable(pos alloc.Pos, callee string) bool {
	first, _, _ := strings.Cut(callee, ".")
	return t.Source != nil && isName(first) && t.Source.Declares(pos, first)
}
