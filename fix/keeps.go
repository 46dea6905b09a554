package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// kept says who may still have a pointer to what a local variable holds, or
// points to, when its function has returned, "" if nobody has: every use of the
// variable reads, writes or compares it, or hands it to a function of which the
// same holds. Those to return it are left to the caller, who gives them in
// returned: nil if there may be none.
func (p *pass) kept(v *types.Var, returned func(inspector.Cursor) bool) string {
	return p.keepers(v, returned, make(map[*types.Var]bool))
}

func (p *pass) keepers(v *types.Var, returned func(inspector.Cursor) bool, seen map[*types.Var]bool) string {
	if seen[v] {
		return ""
	}
	seen[v] = true
	for _, c := range p.uses(v) {
		for stmt := range c.Enclosing((*ast.DeferStmt)(nil), (*ast.GoStmt)(nil)) {
			if _, ok := stmt.Node().(*ast.DeferStmt); ok {
				return fmt.Sprintf("line %d defers a call that uses %s", p.lineOf(c), v.Name())
			}
			return fmt.Sprintf("line %d starts a goroutine that uses %s", p.lineOf(c), v.Name())
		}
		for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
			if lit.Node().Pos() > v.Pos() {
				return fmt.Sprintf("line %d uses %s in a function literal", p.lineOf(c), v.Name())
			}
		}
		if why := p.keeper(c, v.Name(), returned, seen); why != "" {
			return why
		}
	}
	return ""
}

func (p *pass) lineOf(c inspector.Cursor) int { return p.Fset.Position(c.Node().Pos()).Line }

// keeper says how one use of a variable keeps a pointer to what it holds or
// points to.
func (p *pass) keeper(c inspector.Cursor, name string, returned func(inspector.Cursor) bool, seen map[*types.Var]bool) string {
	address := isPointer(p.TypesInfo.TypeOf(c.Node().(ast.Expr))) // c is a pointer to it
	for {
		up := c.Parent()
		switch c.ParentEdgeKind() {
		case edge.ParenExpr_X:
		case edge.StarExpr_X:
			if !address {
				return "" // what it holds is a pointer to something else
			}
			address = false
		case edge.UnaryExpr_X:
			if up.Node().(*ast.UnaryExpr).Op != token.AND {
				return ""
			}
			if address {
				return fmt.Sprintf("line %d takes the address of %s", p.lineOf(c), name)
			}
			address = true
		case edge.SelectorExpr_X:
			sel := p.TypesInfo.Selections[up.Node().(*ast.SelectorExpr)]
			if sel.Kind() == types.FieldVal {
				if sel.Indirect() && !address || embedsPointer(sel) {
					return "" // of something that it points to
				}
				address = false
				break
			}
			fn := sel.Obj().(*types.Func)
			if !isPointer(fn.Signature().Recv().Type()) || !address && isPointer(p.TypesInfo.TypeOf(c.Node().(ast.Expr))) {
				return "" // a copy, or of something that it points to
			}
			if up.ParentEdgeKind() != edge.CallExpr_Fun {
				return fmt.Sprintf("line %d uses a method of %s as a value", p.lineOf(c), name)
			}
			return p.parameterKept(fn, fn.Signature().Recv(), c, name, seen)
		case edge.IndexExpr_X:
			if !isArray(p.TypesInfo.TypeOf(c.Node().(ast.Expr)), address) {
				return ""
			}
			address = false
		case edge.SliceExpr_X:
			if !isArray(p.TypesInfo.TypeOf(c.Node().(ast.Expr)), address) {
				return ""
			}
			return fmt.Sprintf("line %d slices an array of %s", p.lineOf(c), name)
		case edge.CallExpr_Args:
			if !address {
				return "" // a copy
			}
			call := up.Node().(*ast.CallExpr)
			fn, _ := typeutil.Callee(p.TypesInfo, call).(*types.Func)
			i := c.ParentEdgeIndex()
			if fn == nil || call.Ellipsis.IsValid() || i >= fn.Signature().Params().Len() || fn.Signature().Variadic() && i == fn.Signature().Params().Len()-1 {
				return fmt.Sprintf("line %d hands %s to %s, which may keep it", p.lineOf(c), name, p.text(call.Fun))
			}
			return p.parameterKept(fn, fn.Signature().Params().At(i), c, name, seen)
		case edge.ReturnStmt_Results:
			if !address || returned != nil && returned(c) {
				return ""
			}
			return fmt.Sprintf("line %d returns %s", p.lineOf(c), name)
		case edge.BinaryExpr_X, edge.BinaryExpr_Y:
			return ""
		case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value, edge.RangeStmt_X:
			return ""
		default:
			if !address {
				return ""
			}
			return fmt.Sprintf("line %d stores %s", p.lineOf(c), name)
		}
		c = up
	}
}

// isArray reports whether a type is an array, or a pointer to one.
func isArray(t types.Type, pointer bool) bool {
	if ptr, ok := t.Underlying().(*types.Pointer); ok && pointer {
		t = ptr.Elem()
	}
	_, ok := t.Underlying().(*types.Array)
	return ok
}

// embedsPointer reports whether a selection goes through a pointer in an
// embedded field: the field selected is no part of what it is selected from.
func embedsPointer(sel *types.Selection) bool {
	t := sel.Recv()
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if t = t.Underlying().(*types.Struct).Field(i).Type(); isPointer(t) {
			return true
		}
	}
	return false
}

// parameterKept says that a function, called at c, may keep one of its
// parameters.
func (p *pass) parameterKept(fn *types.Func, v *types.Var, c inspector.Cursor, name string, seen map[*types.Var]bool) string {
	if fn.Pkg() != nil && fn.Pkg().Path() == "bytes" && fn.Signature().Recv() == v {
		return "" // a Buffer or Reader keeps no pointer to itself, bytes/buffer.go
	}
	fn = fn.Origin()
	decl := p.declaration(fn)
	if decl == nil || decl.Body == nil {
		return fmt.Sprintf("line %d hands %s to %s, which may keep it", p.lineOf(c), name, fn.Name())
	}
	v = v.Origin()
	if v.Name() == "" || v.Name() == "_" {
		return ""
	}
	if why := p.keepers(v, nil, seen); why != "" {
		return fmt.Sprintf("line %d hands %s to %s, and %s", p.lineOf(c), name, fn.Name(), why)
	}
	return ""
}

// declaration is where the package declares a function, nil if it does not.
func (p *pass) declaration(fn *types.Func) *ast.FuncDecl {
	if p.decls == nil {
		p.decls = make(map[*types.Func]*ast.FuncDecl)
		for c := range p.root.Preorder((*ast.FuncDecl)(nil)) {
			decl := c.Node().(*ast.FuncDecl)
			if fn, ok := p.TypesInfo.Defs[decl.Name].(*types.Func); ok {
				p.decls[fn] = decl
			}
		}
	}
	return p.decls[fn]
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
