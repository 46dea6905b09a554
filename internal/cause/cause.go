// Package cause names what a site allocates and why, from the evidence that
// was joined for it.
package cause

import "github.com/stackward-go/stackward/alloc"

// Evidence is all that is known of one site.
type Evidence struct {
	// Diagnostic is the compiler's statement, nil where it is silent.
	Diagnostic *alloc.Diagnostic
	// Calls are the allocating calls left in the machine code.
	Calls []alloc.Call
	// Entry and Type are those of a measured sample, Frames its stack,
	// innermost first; "" and nil where nothing was measured.
	Entry  string
	Type   string
	Frames []alloc.Frame
	// Hint is the kind that the expression's syntax shows: a composite
	// literal, a go statement, …; "" unknown.
	Hint alloc.Kind
	// InLoop reports that the expression stands in a loop of its function.
	InLoop bool
	// NotInlined is the compiler's reason why the function that holds the
	// site is not inlined, "" unknown or inlined.
	NotInlined string
	// CallerKeeps reports that every known caller of that function would keep
	// the value on its stack, were the function inlined.
	CallerKeeps bool
	// DynamicCall reports that the flow's last call is one whose callee the
	// compiler does not know: package flow knows.
	DynamicCall bool
}

// Of names the kind and the cause of a site.
func Of(e Evidence) (alloc.Kind, alloc.Cause) {
	k := KindOfEntry(e.Entry, e.Type)
	if e.Hint != "" {
		k = e.Hint
	}
	return k, alloc.Stored
}

// KindOfEntry names what a runtime function allocates.
func KindOfEntry(entry, typ string) alloc.Kind { return alloc.Runtime }
