// Package flow says why a value is on the heap, across calls: it follows the
// compiler's explanation of an escape from the value to what forces it there,
// into the callees that the explanation stops at, and names the one step to
// change.
//
//	alloc.Diagnostic → Tracer.Trace → Story (steps, cut, end)
//
// The compiler explains one function at a time. Its explanation of a value
// ends at "f(x) (call parameter)" where f keeps what it is given; why f does is
// told where f is compiled, as "parameter p leaks to {heap} for f". The Tracer
// joins the two, and so on, until the trail ends: at a store, a return, a
// channel, a goroutine, a panic, or a call whose callee the compiler does not
// know.
package flow

import (
	"context"

	"github.com/stackward-go/stackward/alloc"
)

// A Tracer follows escapes across calls. Lookup must be set; without one of
// the other functions a Tracer knows less but works.
type Tracer struct {
	// Lookup returns the compiler's diagnostics of a package, which may be a
	// dependency or of the standard library.
	Lookup func(ctx context.Context, importPath string) ([]*alloc.Diagnostic, error)
	// Params returns the names of the parameters, receiver first, of the
	// function in whose parameter list pos lies; nil if it cannot tell.
	// [SourceParams] makes one.
	Params func(pos alloc.Pos) []string
	// Packages returns the import paths of the packages named name that the
	// package from imports, the direct imports first: the compiler writes
	// "rand.Intn", whichever rand it is.
	Packages func(from, name string) []string
	// Implementations returns the methods that a call through an interface
	// may mean in the loaded program, as full function names.
	// [Program.Implementations] is one.
	Implementations func(ctx context.Context, call Dynamic) ([]string, error)
	// Local reports whether a package belongs to the user: code that can be
	// changed. Nil means that every package does.
	Local func(importPath string) bool
}

// A Dynamic is a call whose callee the compiler does not know.
type Dynamic struct {
	Package string    // import path of the package with the call
	Pos     alloc.Pos // of the call's opening parenthesis
	Text    string    // the call in the compiler's words
	Method  string    // the method's name, "" where a function value is called
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
	// callee the compiler does not know, and Candidates the methods that it
	// may mean, as full function names.
	Dynamic    *Dynamic
	Candidates []string
	// Incomplete says where and why the trail was lost, "" if it was not.
	Incomplete string
}

// Trace follows the escape that d reports.
func (t *Tracer) Trace(ctx context.Context, d *alloc.Diagnostic) (*Story, error) {
	return &Story{Incomplete: "the trail is not followed yet"}, nil
}
