package alloc

import (
	"path"
	"strings"
)

// A Pos is a place in a source file.
//
// Inside the pipeline File is the absolute, slash-separated path; the engine
// makes it relative to the module root when it writes a [Report]. Line and Col
// count from 1, Col in bytes; 0 means unknown.
type Pos struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

// A Frame is one logical function activation of a call stack, physical or
// inlined.
type Frame struct {
	// Func is the function's full name: import path, dot, name as the linker
	// writes it with escapes undone and type arguments folded to "[...]":
	// "net/http.(*Server).Serve", "example.com/m.Map[...]", "example.com/m.F.func1".
	// A function of a main package carries its import path, not "main".
	Func string `json:"func"`
	// File and Line are the place of the call within Func, or of the
	// allocation in the innermost frame.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Inlined reports that Func was inlined into the next frame.
	Inlined bool `json:"inlined,omitempty"`
}

// Runtime reports whether the frame belongs to the runtime's machinery, which
// allocates on behalf of its caller: by its package, or by its file where the
// runtime gives a function to another package by linkname (reflect.unsafe_New).
// Packages such as runtime/pprof allocate for themselves.
func (f Frame) Runtime() bool {
	dir := path.Dir(f.File)
	return strings.HasPrefix(f.Func, "runtime.") || strings.HasPrefix(f.Func, "internal/runtime/") ||
		strings.HasPrefix(f.Func, "internal/bytealg.MakeNoZero") ||
		strings.HasSuffix(dir, "/src/runtime") || strings.Contains(f.File, "/src/internal/runtime/") ||
		dir == "runtime" || strings.HasPrefix(f.File, "internal/runtime/") // -trimpath
}

// A Verdict is what the compiler says of one expression, variable or call.
type Verdict string

// The verdicts of cmd/compile's -m=2 text (go1.24 to go1.27).
const (
	EscapesToHeap Verdict = "escapes to heap" // an expression's value may be put on the heap
	MovedToHeap   Verdict = "moved to heap"   // a variable is
	StaysOnStack  Verdict = "does not escape" // an expression or parameter does not; it may allocate all the same
	Leaks         Verdict = "leaking param"   // a parameter's pointee outlives the call, see Diagnostic.To
	InlinesCall   Verdict = "inlining call"   // the call at Pos was replaced by the body of Expr
	CannotInline  Verdict = "cannot inline"   // function Expr stays a call, for Reason
	CanInline     Verdict = "can inline"      // function Expr may be inlined
	ZeroCopy      Verdict = "zero-copy"       // a string/[]byte conversion that copies nothing
	Devirtualizes Verdict = "devirtualizing"  // the interface call at Pos goes to Expr for sure
	IgnoresEscape Verdict = "ignoring self-assignment"
)

// A Diagnostic is one statement of the compiler about one expression: the
// explained ("in F:" with its flow) and the plain line merged.
type Diagnostic struct {
	// Package is the import path of the package that was being compiled,
	// without a test variant's suffix.
	Package string
	// Func is the function the compiler names ("in F:"), without its package
	// and with type arguments folded to "[...]"; "" where it names none.
	Func string
	Pos  Pos
	// Verdict says which kind of statement this is.
	Verdict Verdict
	// Expr is the compiler's own text of the expression, the name of the
	// variable or parameter, or the function inlined or not inlined.
	Expr string
	// To is where a leaking parameter leaks to: "{heap}", a result such as
	// "~r0" or "result 0", or "{storage for …}"; "" otherwise.
	To string
	// Derefs is the number of dereferences on the way of a leak.
	Derefs int
	// Content reports "leaking param content": what the parameter points to
	// leaks, the pointer itself does not.
	Content bool
	// Reason is the compiler's reason where it gives one in words: of
	// [CannotInline], or of a value "too large for stack", "non-constant size".
	Reason string
	// Flow is the compiler's explanation, in its own order from the value to
	// where it must be on the heap.
	Flow []FlowLine
}

// A FlowLine is one line of the compiler's explanation of an escape: either
// "flow: Dst ← Src" or "from Text (Step) at Pos".
type FlowLine struct {
	// Dst and Src are set on a "flow:" line; Src keeps its & and * signs.
	Dst, Src string
	// Text and Step are set on a "from" line: the expression or statement and
	// the compiler's word for what happens ("return", "call parameter",
	// "interface-converted", "captured by a closure", …).
	Text, Step string
	Pos        Pos
}

// A Call is a call left in the machine code that may allocate: evidence that
// a site exists in the compiled program.
type Call struct {
	// Package is the import path of the compiled package.
	Package string
	// Entry is the function called, such as "runtime.newobject".
	Entry string
	// Type is the Go type handed to Entry (of the object, or of the element of
	// a slice, map or channel), "" where none is.
	Type string
	// Bytes is that type's size in bytes, -1 where it is not known.
	Bytes int64
	// Noscan reports that the type holds no pointers; only with Bytes >= 0.
	Noscan bool
	// Frames are the inline stack at the call: innermost first, the physical
	// function last.
	Frames []Frame
}

// A Sample is what a cost source measured for one call stack, type and size.
type Sample struct {
	// Type is the allocated type as the runtime prints it, "" where the
	// allocation had none (pointer-free memory) or the source cannot tell.
	Type string
	// Allocs is the number of objects. It is a float because sampled profiles
	// are scaled; the recorder's are whole.
	Allocs float64
	// Bytes is the total of bytes of all these objects, as the runtime counts
	// them: size class sizes, 0 for a tiny object put into an open block.
	Bytes float64
	// InUseObjects and InUseBytes are the live share, where the source tells.
	InUseObjects, InUseBytes float64
	// Slot is the size in bytes of the slot that each object took, 0 unknown.
	// It helps where Entry and Type are hidden.
	Slot int64
	// Frames are the whole stack, innermost first, runtime frames included
	// where the source has them. A frame without a line is of a place that the
	// source does not have any more.
	Frames []Frame
	// Entry is the runtime function that the innermost frame outside of the
	// runtime called ("runtime.growslice"), "" where the source hides it.
	Entry string
}

// FoldFunc replaces the type arguments in a function's name by "...":
// "m.Map[go.shape.int]" and "m.Map[string]" are both m.Map[...], one function
// in the source.
func FoldFunc(name string) string {
	if strings.IndexByte(name, '[') < 0 {
		return name
	}
	var b strings.Builder
	depth := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '[':
			if depth == 0 {
				b.WriteString("[...]")
			}
			depth++
		case c == ']':
			depth = max(0, depth-1)
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
