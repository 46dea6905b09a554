package compare

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// Aspects names what is not the same of a site that allocates in both builds, but
// for its copies and its cost.
func Aspects(b, a *alloc.Site) (list []alloc.Aspect) {
	add := func(what alloc.Aspect, differs bool) {
		if differs {
			list = append(list, what)
		}
	}
	add(alloc.InAllocates, b.Allocates != a.Allocates)
	add(alloc.InEscapes, b.Escapes != nil && a.Escapes != nil && *b.Escapes != *a.Escapes ||
		a.Kind == alloc.Append && b.Kind == alloc.Append && stays(b) != stays(a))
	add(alloc.InBuffer, Buffered(b) != Buffered(a))
	add(alloc.InKind, b.Kind != a.Kind)
	add(alloc.InCause, b.Cause != a.Cause)
	add(alloc.InBytes, b.Bytes != nil && a.Bytes != nil && *b.Bytes != *a.Bytes)
	return list
}

// stays reports whether the compiler says that a value does not escape. Of append
// it says nothing before go1.25, and puts nothing on the stack.
func stays(s *alloc.Site) bool { return s.Escapes != nil && !*s.Escapes }

// Buffered reports whether an append that escapes begins in a buffer on the stack
// all the same, and is moved to the heap where the slice leaves the function
// (cmd/compile/internal/slice, go1.26).
func Buffered(s *alloc.Site) bool {
	for _, e := range s.Entries {
		if strings.HasPrefix(e, "runtime.growsliceBuf") || strings.HasPrefix(e, "runtime.moveSlice") {
			return true
		}
	}
	return false
}
