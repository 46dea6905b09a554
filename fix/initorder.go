package fix

import (
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// initCalls says which variable of the package is set, before the program
// starts, by what may call back into the package without a reference that the
// language's order of initialization knows of: through an interface, a function
// value, or another package that is given one. Such a call could find a new
// variable not yet set. It is "" if there is none.
func (p *pass) initCalls() (why string) {
	if p.initWhy != nil {
		return *p.initWhy
	}
	p.initWhy = &why
	w := initWalk{pass: p, bodies: make(map[types.Object]*ast.BlockStmt), seen: make(map[types.Object]bool)}
	for c := range p.root.Preorder((*ast.FuncDecl)(nil)) {
		decl := c.Node().(*ast.FuncDecl)
		w.bodies[p.TypesInfo.Defs[decl.Name]] = decl.Body
	}
	for _, f := range p.Files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for _, e := range v.Values {
					if call := w.outside(e); call != nil && why == "" {
						why = fmt.Sprintf("%s may come back to this package, and sets %s before the program starts", p.short(call), v.Names[0].Name)
					}
				}
			}
		}
	}
	return why
}

// An initWalk follows what initializers call.
type initWalk struct {
	*pass
	bodies map[types.Object]*ast.BlockStmt
	seen   map[types.Object]bool
}

// outside is a call in a node, or in what it calls of this package, that may
// come back to this package in a way that types do not show.
func (w *initWalk) outside(n ast.Node) (found *ast.CallExpr) {
	ast.Inspect(n, func(n ast.Node) bool {
		if found != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // called, it is walked below
		case *ast.CallExpr:
			if w.callsBack(n) {
				found = n
			}
		case *ast.RangeStmt:
			if t := w.TypesInfo.TypeOf(n.X); t != nil {
				if _, ok := t.Underlying().(*types.Signature); ok {
					found = &ast.CallExpr{Fun: n.X, Lparen: n.X.Pos(), Rparen: n.X.End()}
				}
			}
		}
		return found == nil
	})
	return found
}

func (w *initWalk) callsBack(call *ast.CallExpr) bool {
	if w.TypesInfo.Types[call.Fun].IsType() {
		return false
	}
	if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
		return w.outside(lit.Body) != nil
	}
	var fn *types.Func
	switch f := typeutil.Callee(w.TypesInfo, call).(type) {
	case *types.Builtin:
		return false
	case *types.Func:
		fn = f.Origin()
	}
	if fn == nil {
		return true // a function value
	}
	sig := fn.Signature()
	if sig.Recv() != nil && types.IsInterface(sig.Recv().Type()) {
		return true
	}
	if fn.Pkg() == w.Pkg {
		if w.seen[fn] {
			return false
		}
		w.seen[fn] = true
		body := w.bodies[fn]
		return body == nil || w.outside(body) != nil
	}
	switch fn.FullName() {
	case "text/template.Must", "html/template.Must", "errors.New", "sync.OnceValue", "sync.OnceFunc", "sync.OnceValues":
		return false // they call nothing, or not yet
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && sig.Recv() != nil && w.carries(w.TypesInfo.TypeOf(sel.X), 0) {
		return true
	}
	for _, a := range call.Args {
		if tv := w.TypesInfo.Types[a]; !tv.IsNil() && !tv.IsType() && w.carries(tv.Type, 0) {
			return true
		}
	}
	return false
}

// carries reports whether who has a value of a type may call a function of this
// package by it.
func (w *initWalk) carries(t types.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.Obj().Pkg() == w.Pkg && (t.NumMethods() > 0 || types.IsInterface(t)) {
			return true
		}
		return w.carries(t.Underlying(), depth+1)
	case *types.Pointer:
		return w.carries(t.Elem(), depth+1)
	case *types.Slice:
		return w.carries(t.Elem(), depth+1)
	case *types.Array:
		return w.carries(t.Elem(), depth+1)
	case *types.Chan:
		return w.carries(t.Elem(), depth+1)
	case *types.Map:
		return w.carries(t.Key(), depth+1) || w.carries(t.Elem(), depth+1)
	case *types.Struct:
		for f := range t.Fields() {
			if w.carries(f.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Tuple:
		for v := range t.Variables() {
			if w.carries(v.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Basic:
		return t.Kind() == types.UnsafePointer || t.Kind() == types.Invalid
	}
	return true // interfaces, functions, type parameters
}
