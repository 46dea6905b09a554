package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
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
		return p.quietOp(e) && p.quiet(e.X) && p.quiet(e.Y)
	case *ast.CallExpr:
		if tv := p.TypesInfo.Types[e.Fun]; tv.IsType() {
			if len(e.Args) != 1 {
				return false
			}
			_, toArray := tv.Type.Underlying().(*types.Array)
			return !toArray && p.quiet(e.Args[0]) // a slice may be too short for the array
		}
		switch p.builtin(e) {
		case "len", "cap", "min", "max":
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

// quietOp reports whether an operator itself cannot panic.
func (p *pass) quietOp(e *ast.BinaryExpr) bool {
	switch e.Op {
	case token.QUO, token.REM: // by zero
		tv := p.TypesInfo.Types[e.Y]
		return !isInteger(tv.Type) || tv.Value != nil && constant.Sign(tv.Value) != 0
	case token.SHL, token.SHR: // by a negative count
		tv := p.TypesInfo.Types[e.Y]
		return tv.Value != nil || isUnsigned(tv.Type)
	case token.EQL, token.NEQ: // of interface values that cannot be compared
		t := p.TypesInfo.TypeOf(e.X)
		return !types.IsInterface(t) && !hasInterface(t)
	}
	return true
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
