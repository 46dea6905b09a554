package alloctrace

import "strings"

// A Start is where a goroutine begins.
type Start struct {
	Func string // its first function, "" not known
	// By is the function that had it begin through Func's package: the innermost of
	// another one. "" where Func's own package did by itself, or that is not known.
	By string
	// Called is the outermost function that the trace has of one whose stack it cuts
	// off, so that Func is not known.
	Called string
}

// maxFrames is how many frames a trace has of a stack (MaxFramesPerStack,
// internal/trace/tracev2): of one with so many the outermost may be missing.
const maxFrames = 128

// The main goroutine is the first (runtime/proc.go). Of its stacks a trace has not the
// function that it began with (traceStack, runtime/tracestack.go).
const mainGoroutine = 1

var mainStart = &Start{Func: "runtime.main"}

type startKey struct{ first, stack uint64 }

// start looks up where a goroutine begins: by the stack of its first function, and that
// of the go statement; or, where first is 0, by its own stack.
func (g *generation) start(first, stack uint64) *Start {
	k := startKey{first, stack}
	if s := g.starts[k]; s != nil {
		return s
	}
	s := &Start{}
	frames := g.stack(stack)
	if first == 0 {
		if n := len(frames); n >= maxFrames {
			s.Called = frames[n-1]
		} else if n > 0 {
			s.Func = frames[n-1]
		}
	} else {
		if f := g.stack(first); len(f) > 0 {
			s.Func = f[0]
		}
		s.By = by(s.Func, frames)
	}
	if g.starts == nil {
		g.starts = make(map[startKey]*Start)
	}
	g.starts[k] = s
	return s
}

// by is the function that is Start.By.
func by(first string, frames []string) string {
	of := packageOf(first)
	for i, f := range frames {
		switch p := packageOf(f); {
		case p == of:
		case i == 0 || p == "runtime":
			return ""
		default:
			return f
		}
	}
	return ""
}

// packageOf is the path of a function's package: "a/b" of "a/b.(*T).F".
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	if i := strings.IndexByte(function[slash:], '.'); i >= 0 {
		return function[:slash+i]
	}
	return function
}
