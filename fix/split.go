package fix

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// A splitting is a call of a function of package strings or bytes that makes a
// slice of the parts of a text.
type splitting struct {
	call *ast.CallExpr
	fun  *ast.SelectorExpr // strings.Split
	pkg  string            // "strings" or "bytes"
	// function is its name, "Split"
	function string
	bytes    bool // the text and its parts are of type []byte
}

// splitting is what a call splits, nil for other calls.
func (p *pass) splitting(e ast.Expr) *splitting {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	pkg, name, _ := cutLast(p.callee(call), ".")
	if pkg != "strings" && pkg != "bytes" || !strings.HasPrefix(name, "Split") && !strings.HasPrefix(name, "Fields") {
		return nil
	}
	return &splitting{call: call, fun: fun, pkg: pkg, function: name, bytes: pkg == "bytes"}
}

// site is the call: what allocates is in the function that it calls.
func (s *splitting) site() Span { return span(s.call, "") }

// textLength is the length in bytes of a constant text, or of bytes that are
// made of one; ok is false for others.
func (p *pass) textLength(e ast.Expr) (n int, ok bool) {
	if v := p.TypesInfo.Types[e].Value; v != nil && v.Kind() == constant.String {
		return len(constant.StringVal(v)), true
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		if p.isBytes(e) {
			return p.textLength(e.Args[0])
		}
	case *ast.CompositeLit: // []byte{'\n'}
		for _, elt := range e.Elts {
			if p.TypesInfo.Types[elt].Value == nil {
				return 0, false // evaluated, or with an index
			}
		}
		return len(e.Elts), true
	}
	return 0, false
}

// looked reports whether a use of a slice only looks at its elements or copies
// them: nobody changes or keeps it, sees its capacity or whether it is nil.
func (p *pass) looked(c inspector.Cursor) bool {
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	up := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.RangeStmt_X:
		return true
	case edge.IndexExpr_X:
		return !p.stored(up) && !p.addressed(up)
	case edge.SliceExpr_X: // up to a bound, it may tell the capacity
		e := up.Node().(*ast.SliceExpr)
		return e.High == nil && p.looked(up)
	case edge.CallExpr_Args:
		call, i := up.Node().(*ast.CallExpr), c.ParentEdgeIndex()
		switch p.builtin(call) {
		case "len":
			return true
		case "append":
			return i == 1 && call.Ellipsis.IsValid()
		case "copy":
			return i == 1
		case "":
			pkg, name, _ := cutLast(p.callee(call), ".")
			if _, ok := trims[name]; ok && pkg == "bytes" && i == 0 {
				return p.looked(up)
			}
			return p.readsOnly(call)
		}
	}
	return false
}

// isByte reports whether a type's values are single bytes.
func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}
