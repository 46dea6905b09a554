package expr

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// An error path is code that runs only on the way to a panic or where an error
// has come back. Syntax shows three forms of it:
//
//	panic(…)                            its arguments
//	if err != nil { …; return … }       the body, where it leaves: by return,
//	                                    panic, break, continue or goto
//	return …, fmt.Errorf(…)             an error that is made to be returned
//
// Where "err" is any expression of an error's type; without types a name that
// ends in "err".

// ErrorPath reports whether all of a line is on an error path.
func (f *File) ErrorPath(line int) bool {
	f.index()
	for _, r := range f.errorPaths {
		if r[0] <= line && line <= r[1] {
			return true
		}
	}
	return false
}

// onErrorPath walks a node that is on an error path.
func (w *walker) onErrorPath(n ast.Node, s *scope) {
	from, _, ok := w.f.place(n.Pos())
	to, _, _ := w.f.place(n.End())
	if ok && !s.errorPath {
		if block, isBlock := n.(*ast.BlockStmt); isBlock && len(block.List) > 0 {
			from, _, _ = w.f.place(block.List[0].Pos()) // not the line of the condition
			to, _, _ = w.f.place(block.List[len(block.List)-1].End())
		}
		w.f.errorPaths = append(w.f.errorPaths, [2]int{from, to})
	}
	in := *s
	in.errorPath = true
	w.walk(n, &in)
}

// failed reports the test of an error: "err != nil", alone or in a
// conjunction.
func (w *walker) failed(cond ast.Expr) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	switch b.Op {
	case token.LAND:
		return w.failed(b.X) || w.failed(b.Y)
	case token.NEQ:
		return isNilIdent(b.Y) && w.isError(b.X) || isNilIdent(b.X) && w.isError(b.Y)
	}
	return false
}

func isNilIdent(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && id.Name == "nil"
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

func (w *walker) isError(e ast.Expr) bool {
	if w.f.info != nil {
		t := w.f.info.TypeOf(e)
		return !isInvalid(t) && types.Implements(t, errorType)
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(e.Name), "err")
	case *ast.SelectorExpr:
		return strings.HasSuffix(strings.ToLower(e.Sel.Name), "err")
	}
	return false
}

// leaves reports whether a block ends by leaving.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch last := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		return ok && isPanic(call)
	}
	return false
}

func isPanic(call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	return ok && id.Name == "panic"
}

// makesError reports an expression that makes an error: a call of fmt.Errorf,
// of errors.New or Join, or the literal of an error's type.
func (w *walker) makesError(e ast.Expr) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
		if !ok {
			return false
		}
		pkg, ok := sel.X.(*ast.Ident)
		return ok && (pkg.Name == "fmt" && sel.Sel.Name == "Errorf" || pkg.Name == "errors" && (sel.Sel.Name == "New" || sel.Sel.Name == "Join"))
	case *ast.UnaryExpr:
		_, lit := ast.Unparen(x.X).(*ast.CompositeLit)
		return lit && x.Op == token.AND && w.f.info != nil && w.isError(x)
	case *ast.CompositeLit:
		return w.f.info != nil && w.isError(x)
	}
	return false
}
