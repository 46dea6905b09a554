package cause

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// ofSilent gives the cause where the compiler says nothing of an escape, and
// something allocates nevertheless.
//
//	in package reflect            reflection
//	slice, map that stays         unknown-size: with a constant one it would be on the stack
//	any other kind that stays     interface of a box, else runtime
//	chan, runtime helpers         runtime
//	told of, but not explained    stored
func ofSilent(e Evidence, k alloc.Kind) alloc.Cause {
	if byReflect(e) {
		return alloc.Reflection
	}
	d := e.Diagnostic
	switch k {
	case alloc.Chan, alloc.Runtime:
		return alloc.ByRuntime
	case alloc.Slice, alloc.Map, alloc.Variadic:
		if d == nil || d.Verdict == alloc.StaysOnStack {
			return alloc.UnknownSize
		}
	}
	if d == nil || d.Verdict == alloc.StaysOnStack {
		return alloc.ByRuntime
	}
	return alloc.Stored
}

// byReflect reports whether package reflect, or a runtime function made for
// it, allocates.
func byReflect(e Evidence) bool {
	names := []string{e.Entry}
	for i := range e.Calls {
		names = append(names, e.Calls[i].Entry)
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
