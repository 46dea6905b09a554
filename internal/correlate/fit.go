package correlate

import (
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cause"
	"github.com/stackward-go/stackward/internal/expr"
)

// kindOfCall is the kind of what a call makes, given the claim that explains
// it, nil none: where the runtime function serves one kind of expression it
// decides, else the expression.
func kindOfCall(c *claim, call *alloc.Call) alloc.Kind {
	kind := cause.KindOfEntry(call.Entry, call.Type)
	if c == nil {
		if kind == "" {
			return alloc.New
		}
		return kind
	}
	switch kind {
	case alloc.Interface, alloc.MapGrowth, alloc.Goroutine, alloc.Defer, alloc.Runtime, alloc.Chan, alloc.Closure, alloc.Map:
		return kind
	}
	return c.kind
}

// fit says how well claim c explains call, 0 not at all.
func fit(c *claim, call *alloc.Call, outer alloc.Frame) int {
	kind := cause.KindOfEntry(call.Entry, call.Type)
	score := 1
	switch {
	case kind == c.kind:
		score += 4
	case kind == "" || kind == alloc.New:
		// runtime.newobject makes anything of constant size.
		switch c.kind {
		case alloc.Append, alloc.MapGrowth, alloc.Goroutine, alloc.Defer, alloc.Chan, alloc.Closure:
			return 0
		}
	case kind == alloc.Closure && c.kind == alloc.Interface && strings.Contains(c.d.Expr, ".") && (c.node == nil || c.node.Value.Type == ""):
		// a method value: the compiler prints it like a field
	case kind == alloc.Interface && (c.kind == alloc.String || c.kind == alloc.Slice || c.kind == alloc.Bytes || c.kind == alloc.Append):
		// a value that is made and boxed: the compiler prints both alike
	case kind == alloc.Map && c.kind == alloc.Slice, kind == alloc.Chan && c.kind == alloc.Slice:
		// make of a named type
	case kind == alloc.MapGrowth && c.kind == alloc.Map && strings.HasSuffix(c.d.Expr, "}"):
		// a literal is made, then filled
	case kind == alloc.Slice && (c.kind == alloc.Variadic || c.kind == alloc.Append || c.kind == alloc.Bytes || c.kind == alloc.String):
	case kind == alloc.Append && c.kind == alloc.Slice && !strings.HasSuffix(c.d.Expr, "}"):
		// append(s, make([]T, n)...); of what a literal is appended to, go1.24 says
		// that it escapes, and nothing of the append
	default:
		return 0
	}
	s, ok := fitType(c, kind, call)
	if !ok {
		return 0
	}
	score += s
	inlined := len(call.Frames) > 1
	switch {
	case inlined == (c.node == nil):
		score += 3
		if inlined && slices.ContainsFunc(c.inlines, func(name string) bool { return named(call.Frames[len(call.Frames)-2].Func, name) }) {
			score += 5
		}
	case len(c.inlines) == 0 && inlined:
		return 0 // nothing was inlined there
	}
	if c.d.Pos.Line == outer.Line {
		score += 2
	}
	if c.kind == alloc.String && strings.Contains(call.Entry, "concat") == !strings.HasPrefix(c.d.Expr, "string(") {
		score += 4 // a concatenation by its operator, a conversion by its name
	}
	if c.d.Verdict != alloc.StaysOnStack {
		score++
	} else if !canAllocateOnStack(c.kind) {
		return 0 // it is on the stack, and its size is known
	}
	return score
}

// named reports whether the function's full name is what the compiler calls
// name: "F", "(*T).M", "pkg.F".
func named(full, name string) bool {
	full = full[strings.LastIndexByte(full, '/')+1:]
	return full == name || strings.HasSuffix(full, "."+name)
}

// fitType compares the type of a claim's value with what the call is handed;
// ok is false where they exclude each other.
func fitType(c *claim, kind alloc.Kind, call *alloc.Call) (score int, ok bool) {
	v := expr.Value{}
	if c.node != nil {
		v = c.node.Value
	}
	switch {
	case kind == alloc.Closure:
		return fitClosure(c, call)
	case kind == alloc.Interface || c.kind == alloc.Interface:
		return fitBox(c, &v, call)
	case call.Type == "":
		return fitUntyped(c, &v, call), true
	case c.kind == alloc.String || c.kind == alloc.Bytes:
		t := canon(call.Type)
		if kind == alloc.New {
			t = elem(t)
		}
		return 1, t == "uint8" || t == "int32"
	case v.Type == "":
		t := typeOfText(c.d.Expr)
		switch {
		case t == "":
			return 0, true
		case sameType(t, call.Type) || lastName(elem(canon(t))) == lastName(elem(canon(call.Type))):
			return 8, true
		case c.kind == alloc.Slice && !strings.HasPrefix(t, "["):
			return 0, true // of a named type, whose elements the text does not tell
		}
		return 0, c.kind != alloc.Composite && c.kind != alloc.New && c.kind != alloc.Slice
	}
	want, got := v.Path, canon(call.Type)
	if want == "" { // with type parameters
		if lastName(elem(canon(v.Type))) == lastName(elem(got)) {
			return 4, true
		}
		return 0, true
	}
	want = canon(want)
	switch c.kind {
	case alloc.Slice, alloc.Variadic, alloc.Append:
		if kind == alloc.Map || kind == alloc.Chan {
			break
		}
		if !strings.HasPrefix(want, "[]") {
			return 0, true // of a named type
		}
		want = elem(want)
		if kind == alloc.New {
			if !strings.HasPrefix(got, "[") {
				return 0, false
			}
			got = elem(got)
		}
	}
	if want == got {
		return 8, true
	}
	return 0, !simple(want) || !simple(got)
}

// fitUntyped judges a call that is handed no type. Of runtime.mallocgc, it makes
// a slice of no pointers that is then copied to, or one object of several small
// variables without pointers (cmd/compile/internal/walk, walkMakeSliceCopy, and
// ssagen, newHeapaddr).
func fitUntyped(c *claim, v *expr.Value, call *alloc.Call) int {
	if !strings.HasPrefix(call.Entry, "runtime.mallocgc") {
		return 0
	}
	switch c.kind {
	case alloc.Slice, alloc.Bytes:
		return 2
	case alloc.Variable:
		if v.Size < 16 {
			return 4
		}
	}
	return -20
}

// fitBox compares a value with the call that boxes it.
func fitBox(c *claim, v *expr.Value, call *alloc.Call) (int, bool) {
	if c.kind == alloc.Interface && (v.Boxless() || v.Type == "" && isConstant(c.d.Expr)) {
		return 0, false
	}
	name := strings.TrimPrefix(call.Entry, "runtime.")
	word, size := "", int64(-1)
	switch name {
	case "convTstring":
		word = "string"
	case "convTslice":
		word = "slice"
	case "convT64":
		size = 8
	case "convT32":
		size = 4
	case "convT16":
		size = 2
	default:
		switch {
		case call.Type == "":
			// A box is made of a type.
			return 0, !strings.HasPrefix(name, "mallocgc")
		case v.Path != "":
			if want, got := canon(v.Path), canon(call.Type); want == got {
				return 8, true
			} else if simple(want) && simple(got) {
				return 0, false
			}
		}
		return 0, !strings.HasPrefix(call.Type, "[") || strings.HasPrefix(canon(v.Path), "[") || v.Type == "" && strings.HasPrefix(c.d.Expr, "[")
	}
	switch {
	case c.kind == alloc.String:
		return 4, word == "string"
	case c.kind != alloc.Interface:
		return 4, word == "slice"
	case v.Type == "" || v.Size < 0:
		if word == "string" && cause.KindOfText(c.d.Expr) == alloc.String {
			return 4, true
		}
		return 0, true
	case word != "":
		return 6, v.Word == word
	}
	return 6, v.Word == "" && v.Size == size
}

// fitClosure tells method values, whose object holds the receiver as R, from
// function literals and the compiler's own wrappers.
func fitClosure(c *claim, call *alloc.Call) (int, bool) {
	literal := c.d.Expr == "func literal"
	return 4, literal != strings.Contains(call.Type, "; R ")
}

// find returns the expression that the machine code means by a line: of a
// kind, for New of any that has a constant size. text is the compiler's, where
// it has one.
func (j *Joiner) find(file string, line int, kind alloc.Kind, text string, call *alloc.Call) *expr.Node {
	f := j.files(file)
	if f == nil {
		return nil
	}
	var best *expr.Node
	score, ties := 0, 0
	for _, k := range kindsOn(kind, call) {
		for _, n := range f.OnLine(line, k) {
			c := &claim{d: &alloc.Diagnostic{Expr: text, Pos: n.Pos}, node: n, kind: kindOf(&alloc.Diagnostic{Expr: text, Verdict: alloc.EscapesToHeap}, n)}
			if k == alloc.Interface {
				c.kind = k
			}
			if text == "" {
				c.d.Expr = n.Text
			}
			s, ok := fitType(c, cause.KindOfEntry(call.Entry, call.Type), call)
			if !ok {
				continue
			}
			switch s += 1; {
			case s > score:
				best, score, ties = n, s, 0
			case s == score && best.Kind == n.Kind:
				ties++
			}
		}
		if best != nil && kind != alloc.New {
			break
		}
	}
	if kind == alloc.Interface && ties > 0 {
		return nil // any of them may be the one that is boxed
	}
	return best
}

// kindsOn are the kinds of expressions that a call of one kind may stand for,
// the likelier first.
func kindsOn(kind alloc.Kind, call *alloc.Call) []alloc.Kind {
	switch kind {
	case alloc.Closure:
		return []alloc.Kind{alloc.Closure, alloc.Goroutine, alloc.Defer}
	case alloc.Map:
		return []alloc.Kind{alloc.Map, alloc.Slice}
	case alloc.MapGrowth:
		return []alloc.Kind{alloc.MapGrowth, alloc.Map}
	case alloc.Slice:
		return []alloc.Kind{alloc.Slice, alloc.Variadic, alloc.Bytes}
	case alloc.New, "":
		if strings.HasPrefix(call.Type, "[") {
			return []alloc.Kind{alloc.Slice, alloc.Variadic, alloc.Bytes, alloc.Composite, alloc.New, alloc.Variable}
		}
		return []alloc.Kind{alloc.Composite, alloc.New, alloc.Map, alloc.Variable, alloc.Slice}
	}
	return []alloc.Kind{kind}
}
