package cause

import (
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// ofSilent gives the cause where the compiler says nothing of an escape, and
// something allocates nevertheless; "" where nothing tells.
//
//	in package reflect               reflection
//	chan                             runtime: it is on the heap wherever it goes
//	asked for by the runtime itself  runtime
//	slice, map that stays            unknown-size: with a constant one it would be on the stack
//	bytes for a builder              unknown-size
func ofSilent(e Evidence, k alloc.Kind) alloc.Cause {
	stays := e.Diagnostic != nil && e.Diagnostic.Verdict == alloc.StaysOnStack
	switch {
	case byReflect(e):
		return alloc.Reflection
	case k == alloc.Chan, k == alloc.Runtime && entryKind(e) == alloc.Runtime:
		return alloc.ByRuntime
	case (k == alloc.Slice || k == alloc.Map) && stays:
		return alloc.UnknownSize
	case k == alloc.Slice && slices.ContainsFunc(entryNames(e), isMakeNoZero):
		return alloc.UnknownSize
	}
	return ""
}

// entryNames are the runtime functions that were measured, or that the machine
// code calls.
func entryNames(e Evidence) []string {
	names := []string{e.Entry}
	for i := range e.Calls {
		names = append(names, e.Calls[i].Entry)
	}
	return names
}

// byReflect reports whether package reflect, or a runtime function made for
// it, allocates.
func byReflect(e Evidence) bool {
	names := entryNames(e)
	for i := range e.Calls {
		if len(e.Calls[i].Frames) > 0 {
			names = append(names, e.Calls[i].Frames[0].Func)
		}
	}
	for _, f := range e.Frames {
		if strings.HasPrefix(f.Func, "runtime.") || strings.HasPrefix(f.Func, "internal/runtime/") {
			continue
		}
		names = append(names, f.Func)
		break // only who called the runtime counts
	}
	for _, name := range names {
		if hasAnyPrefix(name, "reflect.", "internal/reflectlite.", "runtime.reflect_", "runtime.reflectlite_") {
			return true
		}
	}
	return false
}
