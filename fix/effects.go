package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// quiet reports whether evaluating an expression once more, once less, earlier
// or later makes no difference but to what it reads: it calls nothing, cannot
// panic, and receives from no channel. What it reads may change between; see
// [pass.assigned].
func (p *pass) quiet(e ast.Expr) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return p.quiet(e.X)
	case *ast.SelectorExpr:
		sel := p.TypesInfo.Selections[e]
		if sel == nil {
			return true // a package's
		}
		// Through a pointer it may panic.
		return sel.Kind() == types.FieldVal && !sel.Indirect() && p.quiet(e.X)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && e.Op != token.AND && p.quiet(e.X)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.QUO, token.REM:
			if tv := p.TypesInfo.Types[e.Y]; isInteger(tv.Type) && (tv.Value == nil || constant.Sign(tv.Value) == 0) {
				return false // by zero
			}
		case token.SHL, token.SHR:
			if tv := p.TypesInfo.Types[e.Y]; tv.Value == nil && !isUnsigned(tv.Type) {
				return false // by a negative count
			}
		case token.EQL, token.NEQ:
			if t := p.TypesInfo.TypeOf(e.X); types.IsInterface(t) || hasInterface(t) {
				return false // of interface values that cannot be compared
			}
		}
		return p.quiet(e.X) && p.quiet(e.Y)
	case *ast.CallExpr:
		if tv := p.TypesInfo.Types[e.Fun]; tv.IsType() {
			if len(e.Args) != 1 {
				return false
			}
			_, toArray := tv.Type.Underlying().(*types.Array)
			return !toArray && p.quiet(e.Args[0]) // a slice may be too short for the array
		}
		switch b, _ := typeutil.Callee(p.TypesInfo, e).(*types.Builtin); {
		case b == nil:
			return false
		case b.Name() == "len", b.Name() == "cap", b.Name() == "min", b.Name() == "max":
			for _, a := range e.Args {
				if !p.quiet(a) {
					return false
				}
			}
			return true
		}
		return false
	}
	return p.TypesInfo.Types[e].Value != nil
}

func isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return !ok || b.Info()&types.IsInteger != 0 // of a type parameter, maybe
}

func isUnsigned(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsUnsigned != 0
}

// hasInterface reports whether values of a type hold interface values that a
// comparison looks at.
func hasInterface(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Interface:
		return true
	case *types.Array:
		return hasInterface(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if hasInterface(f.Type()) {
				return true
			}
		}
	}
	return false
}
