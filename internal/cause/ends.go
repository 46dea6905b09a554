package cause

import (
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// ofEnd gives the cause from the end of the compiler's explanation: the last
// place the value flows to, and what takes it there.
//
//	return                                        returned, or not-inlined
//	captured by a closure                         captured
//	call parameter of a callee that keeps it      call-argument
//	… that the compiler does not know             dynamic-call
//	… of append, copy                             stored
//	… of panic                                    interface
//	only made (spill), to the heap                captured by the function literal of a go statement,
//	                                              goroutine without one, loop of a defer statement
//	assignment to a variable, not to the heap     returned of a result, loop in a loop, else stored
//	any other step                                stored
func ofEnd(e Evidence, k alloc.Kind) alloc.Cause {
	d := e.Diagnostic
	if d == nil || d.Verdict == alloc.StaysOnStack {
		return ""
	}
	dst, notes := end(d.Flow)
	if dst == "" {
		return ""
	}
	last := alloc.FlowLine{}
	if len(notes) > 0 {
		last = notes[len(notes)-1]
	}
	switch last.Step {
	case "return":
		return returned(e)
	case "captured by a closure", "reference":
		return alloc.Captured
	case "spill", "address-of", "":
		if dst == "{heap}" && (k == alloc.Closure || k == alloc.Goroutine || k == alloc.Defer) {
			return started(e)
		}
	case "call parameter":
		return passed(e, last.Text)
	}
	if isVariable(dst) {
		switch {
		case isResult(dst) || slices.Contains(e.Results, dst):
			return returned(e)
		case e.InLoop:
			return alloc.Loop
		}
	}
	return alloc.Stored
}

// end returns the last destination of an explanation and the notes on how the
// value gets there.
func end(flow []alloc.FlowLine) (dst string, notes []alloc.FlowLine) {
	for _, l := range flow {
		if l.Dst != "" {
			dst, notes = l.Dst, nil
		} else {
			notes = append(notes, l)
		}
	}
	return dst, notes
}

// isVariable reports whether a destination is a named variable rather than
// the heap or the memory of an expression.
func isVariable(dst string) bool { return !strings.HasPrefix(dst, "{") }

// isResult reports whether a destination is the compiler's name of an unnamed
// result.
func isResult(dst string) bool { return strings.HasPrefix(dst, "~r") }

// returned is [alloc.NotInlined] only where it is clear that inlining would
// keep the value on the stack: the compiler said why it does not inline, and
// the callers keep what they get.
func returned(e Evidence) alloc.Cause {
	if e.NotInlined != "" && e.CallerKeeps {
		return alloc.NotInlined
	}
	return alloc.Returned
}

// started is the cause of a function value that is made and run later. The
// compiler wraps "go f(x)" in a function literal of its own; where the source
// has the literal, the object exists because of the variables it captures.
func started(e Evidence) alloc.Cause {
	if e.Deferred || e.Hint == alloc.Defer {
		return alloc.Loop
	}
	for i := range e.Calls {
		if KindOfEntry(e.Calls[i].Entry, "") == alloc.Defer {
			return alloc.Loop
		}
	}
	if e.Started || e.Hint == alloc.Goroutine {
		return alloc.InGoroutine
	}
	return alloc.Captured
}

// passed is the cause of a value handed to the call that text shows.
func passed(e Evidence, text string) alloc.Cause {
	switch {
	case hasAnyPrefix(text, "append(", "copy("):
		return alloc.Stored
	case strings.HasPrefix(text, "panic("):
		return alloc.InInterface
	case e.DynamicCall:
		return alloc.DynamicCall
	}
	return alloc.CallArgument
}
