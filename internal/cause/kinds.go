package cause

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// ofKind gives the cause of the kinds that allocate whatever becomes of the
// value.
//
//	append, map-growth      growth         the old room is too small
//	string                  concatenation  of "a + b"; conversion otherwise
//	bytes                   conversion
//	interface               interface      the box is the allocation
//	goroutine               goroutine
//	defer                   loop           outside of a loop the record is on the stack
//
// What the compiler is silent on and package reflect asks for is reflection.
func ofKind(e Evidence, k alloc.Kind) alloc.Cause {
	switch k {
	case alloc.Append, alloc.MapGrowth:
		if e.Diagnostic == nil && byReflect(e) {
			return alloc.Reflection
		}
		return alloc.Growth
	case alloc.String:
		if concatenates(e) {
			return alloc.Concatenation
		}
		return alloc.Conversion
	case alloc.Bytes:
		return alloc.Conversion
	case alloc.Interface:
		if e.Diagnostic == nil && byReflect(e) {
			return alloc.Reflection
		}
		return alloc.InInterface
	case alloc.Goroutine:
		return alloc.InGoroutine
	case alloc.Defer:
		return alloc.Loop
	}
	return ""
}

// concatenates reports whether a string is made of others, rather than of
// bytes, runes or a number. An entry tells for sure; else the text does.
func concatenates(e Evidence) bool {
	for _, name := range entryNames(e) {
		switch {
		case strings.HasPrefix(name, "runtime.concat"):
			return true
		case KindOfEntry(name, "") == alloc.String:
			return false
		}
	}
	return e.Diagnostic == nil || KindOfText(e.Diagnostic.Expr) != alloc.String || isSum(e.Diagnostic.Expr)
}
