// Package cause names what a site allocates and why, from the evidence that
// was joined for it.
//
//	diagnostic, calls, sample, syntax → Of → kind, cause
//
// What allocates decides the kind: the runtime function that is called and the
// type it is handed, then the compiler's text and the syntax (kind.go). The
// diagnostic gives the reason. The two are apart because they differ: "a + b
// does not escape" allocates all the same, and its cause is the concatenation.
//
// The rules for the cause, the first that fits:
//
//  1. Some kinds allocate whatever becomes of the value, so that their cause
//     is what they do: append and map growth grow, strings are concatenated or
//     converted, a go statement starts a goroutine, a value is boxed in an
//     interface (kinds.go).
//  2. The compiler's reason in words: too large for the stack, or of a size
//     that is not constant (size.go).
//  3. The end of the compiler's explanation (ends.go): how the value leaves
//     what the stack can keep. Only the end counts; on its way a value passes
//     through conversions, fields and variables that keep nothing by
//     themselves.
//  4. Where the compiler is silent or says "does not escape", but the machine
//     code or a measurement shows the allocation: package reflect, a size that
//     is not constant, or the runtime's own needs (silent.go).
//
// Where none fits, the cause is unknown, "": there is no default.
//
// The flow of one function cannot tell everything: that a callee is unknown to
// the compiler, or that callers would keep a returned value on their stack, is
// told in Evidence by who looked.
package cause

import "github.com/stackward-go/stackward/alloc"

// Evidence is all that is known of one site. The zero value of a field means
// that it is not known.
type Evidence struct {
	// Diagnostic is the compiler's statement, nil where it is silent.
	Diagnostic *alloc.Diagnostic
	// Calls are the allocating calls left in the machine code.
	Calls []alloc.Call
	// Entry and Type are those of a measured sample, Frames its stack,
	// innermost first.
	Entry  string
	Type   string
	Frames []alloc.Frame
	// Hint is the kind that the expression's syntax shows: a composite
	// literal, a go statement, …
	Hint alloc.Kind
	// InLoop reports that the expression stands in a loop of its function.
	InLoop bool
	// Deferred reports that the expression is what a defer statement calls.
	Deferred bool
	// Started reports that the expression is a function literal that the
	// compiler makes of a go statement's call.
	Started bool
	// Results are the names of the results of the function that holds the
	// site: an assignment to one returns the value.
	Results []string
	// NotInlined is the compiler's reason why that function is not inlined.
	NotInlined string
	// CallerKeeps reports that every known caller of that function would keep
	// the value on its stack, were the function inlined.
	CallerKeeps bool
	// DynamicCall reports that the call at the end of the explanation is one
	// whose callee the compiler does not know.
	DynamicCall bool
}

// Of names the kind and the cause of a site. Evidence of nothing is of kind
// [alloc.Runtime]; a cause that the evidence does not tell is "".
func Of(e Evidence) (alloc.Kind, alloc.Cause) {
	k := kindOf(e)
	for _, rule := range []func(Evidence, alloc.Kind) alloc.Cause{ofKind, ofSize, ofEnd} {
		if c := rule(e, k); c != "" {
			return k, c
		}
	}
	return k, ofSilent(e, k)
}
