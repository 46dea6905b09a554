package cause

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// kindOf names what a site allocates. A variable "moved to heap" is one,
// whatever moves it. Otherwise a runtime function that serves one kind of
// expression decides, then the syntax, then the compiler's text, and last what
// is known of a function that serves several (runtime.newobject).
func kindOf(e Evidence) alloc.Kind {
	d := e.Diagnostic
	if d != nil && d.Verdict == alloc.MovedToHeap {
		return alloc.Variable
	}
	entry := entryKind(e)
	general := entry == "" || entry == alloc.New || entry == alloc.Slice || entry == alloc.Runtime
	vague := e.Hint == "" || e.Hint == alloc.New || e.Hint == alloc.Runtime
	if !vague {
		return e.Hint
	}
	if !general {
		return entry
	}
	if d != nil {
		if k := KindOfText(d.Expr); k != "" {
			return k
		}
		if e.Hint != "" {
			return e.Hint
		}
		if d.Verdict == alloc.EscapesToHeap && entry != alloc.Slice {
			return alloc.Interface // any other expression that escapes is boxed
		}
	}
	if e.Hint != "" {
		return e.Hint
	}
	if entry == "" {
		return alloc.Runtime
	}
	return entry
}

// entryKind is the kind that the measured runtime function or, where nothing
// was measured, the calls in the machine code speak for.
func entryKind(e Evidence) alloc.Kind {
	k := KindOfEntry(e.Entry, e.Type)
	for i := range e.Calls {
		if k != "" && k != alloc.New {
			break
		}
		if c := KindOfEntry(e.Calls[i].Entry, e.Calls[i].Type); c != "" {
			k = c
		}
	}
	return k
}

// entries are the runtime's allocating functions by the kind of expression
// that they serve: the beginning of their names, as in go1.24 to go1.26, the
// longer before the shorter. New functions of a family take its name
// (growsliceBuf, mapassign_fast32, mallocgcSmallNoScanSC3).
var entries = []struct {
	prefix string
	kind   alloc.Kind
}{
	{"newobject", alloc.New},
	{"mallocgc", alloc.New},
	{"mallocTiny", alloc.New},
	{"newarray", alloc.Slice},
	{"makeslice", alloc.Slice},
	{"growslice", alloc.Append},
	{"moveSlice", alloc.Append}, // a slice grown in a stack buffer is moved to the heap, go1.26
	{"convT", alloc.Interface},
	{"concatbyte", alloc.Bytes},
	{"concatstring", alloc.String},
	{"slicebytetostring", alloc.String},
	{"slicerunetostring", alloc.String},
	{"intstring", alloc.String},
	{"rawstring", alloc.String},
	{"gostring", alloc.String},
	{"stringtoslice", alloc.Bytes},
	{"rawbyteslice", alloc.Bytes},
	{"rawruneslice", alloc.Bytes},
	{"gobytes", alloc.Bytes},
	{"makemap", alloc.Map},
	{"mapclone", alloc.Map},
	{"mapassign", alloc.MapGrowth},
	{"makechan", alloc.Chan},
	{"newproc", alloc.Goroutine},
	{"deferproc", alloc.Defer},
	{"newdefer", alloc.Defer},
}

// maps are those of internal/runtime/maps, of which the first match decides.
var maps = []struct {
	part string
	kind alloc.Kind
}{
	{"New", alloc.Map},
	{"new", alloc.Map},
	{"Clone", alloc.Map},
	{"PutSlot", alloc.MapGrowth},
	{"grow", alloc.MapGrowth},
	{"split", alloc.MapGrowth},
	{"rehash", alloc.MapGrowth},
	{"mapassign", alloc.MapGrowth},
}

// reflects are the runtime's functions that package reflect and
// internal/reflectlite get by linkname (go1.24 to go1.27).
var reflects = []struct {
	prefix string
	kind   alloc.Kind
}{
	{"unsafe_NewArray", alloc.Slice},
	{"unsafe_New", alloc.New},
	{"growslice", alloc.Append},
	{"makemap", alloc.Map},
	{"mapclone", alloc.Map},
	{"mapassign", alloc.MapGrowth},
	{"makechan", alloc.Chan},
}

// isMakeNoZero reports whether a runtime function is the make([]byte, n) of
// strings.Builder and package bytes that leaves the bytes as they are
// (runtime/slice.go, go1.26).
func isMakeNoZero(entry string) bool {
	return strings.HasPrefix(entry, "internal/bytealg.MakeNoZero")
}

// KindOfEntry names what the runtime function entry, such as
// "runtime.growslice", allocates when it is handed typ. A function that serves
// many expressions is of kind [alloc.New], or of [alloc.Closure] where the type
// is that of a function literal's variables; an unknown function of kind
// [alloc.Runtime]. The answer is "" where both are "".
func KindOfEntry(entry, typ string) alloc.Kind {
	if isClosureType(typ) && (entry == "" || strings.HasPrefix(entry, "runtime.newobject") || strings.HasPrefix(entry, "runtime.mallocgc")) {
		return alloc.Closure
	}
	if entry == "" {
		return ""
	}
	if name, ok := strings.CutPrefix(entry, "internal/runtime/maps."); ok {
		for _, m := range maps {
			if strings.Contains(name, m.part) {
				return m.kind
			}
		}
		return alloc.Runtime
	}
	if isMakeNoZero(entry) {
		return alloc.Slice
	}
	if name, ok := cutAnyPrefix(entry, "reflect.", "internal/reflectlite."); ok {
		for _, f := range reflects {
			if strings.HasPrefix(name, f.prefix) {
				return f.kind
			}
		}
		return alloc.Runtime
	}
	name, ok := strings.CutPrefix(entry, "runtime.")
	if !ok {
		return alloc.Runtime
	}
	for _, f := range entries {
		if strings.HasPrefix(name, f.prefix) {
			return f.kind
		}
	}
	return alloc.Runtime
}

// isClosureType reports whether typ is the struct of a function literal: its
// code pointer, then its variables.
func isClosureType(typ string) bool {
	typ = strings.TrimPrefix(strings.TrimPrefix(typ, "type:"), "noalg.")
	return strings.HasPrefix(typ, "struct { F uintptr") || strings.HasPrefix(typ, "struct { .F uintptr")
}

// KindOfText names what the expression that the compiler prints as text
// allocates, "" where its form does not tell: a value boxed in an interface or
// a method value may be any expression.
func KindOfText(text string) alloc.Kind {
	switch {
	case text == "func literal":
		return alloc.Closure
	case text == "... argument":
		return alloc.Variadic
	case text == "append" || strings.HasPrefix(text, "append("):
		return alloc.Append
	case strings.HasPrefix(text, "new("):
		return alloc.New
	case strings.HasPrefix(text, "make(map["):
		return alloc.Map
	case strings.HasPrefix(text, "make(chan "), strings.HasPrefix(text, "make(<-chan "):
		return alloc.Chan
	case strings.HasPrefix(text, "make("):
		return alloc.Slice
	case strings.HasPrefix(text, "&") && strings.HasSuffix(text, "}"):
		return alloc.Composite
	case strings.HasPrefix(text, "map[") && strings.HasSuffix(text, "}"):
		return alloc.Map
	case strings.HasPrefix(text, "[]") && strings.HasSuffix(text, "}"):
		return alloc.Slice
	case strings.HasPrefix(text, "string("):
		return alloc.String
	case hasAnyPrefix(text, "([]byte)(", "([]rune)(", "([]uint8)(", "([]int32)("):
		return alloc.Bytes
	case isSum(text):
		return alloc.String
	}
	return ""
}

// isSum reports whether text is an addition at its top level. Sums of numbers
// are boxed with a call of runtime.convT…, which has decided before.
func isSum(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"', '\'':
			i = skipQuoted(text, i)
		case '+':
			if depth == 0 && i > 0 && text[i-1] == ' ' && strings.HasPrefix(text[i:], "+ ") {
				return true
			}
		}
	}
	return false
}

// skipQuoted returns the index of the quote that ends the literal that starts
// at i, or the last index: the compiler cuts long strings short.
func skipQuoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(text) - 1
}

func cutAnyPrefix(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return s, false
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
