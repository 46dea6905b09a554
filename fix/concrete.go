package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// Concrete gives parameters of interface types the types of what is passed.
var Concrete = newAnalyzer("concrete", concrete)

func concrete(p *pass) {
	p.functions(func(_ inspector.Cursor, decl *ast.FuncDecl, fn *types.Func) {
		if fn.Exported() {
			return
		}
		i := 0
		for _, field := range decl.Type.Params.List {
			for _, id := range field.Names {
				a := &abstract{pass: p, decl: decl, fn: fn, field: field, index: i}
				if v, ok := p.TypesInfo.Defs[id].(*types.Var); ok && types.IsInterface(v.Type()) && !isTypeParam(v.Type()) && len(p.uses(v)) > 0 {
					a.v = v
					a.look()
				}
				i++
			}
		}
	})
}

// An abstract is a parameter of an interface type.
type abstract struct {
	*pass
	decl  *ast.FuncDecl
	fn    *types.Func
	field *ast.Field
	v     *types.Var
	index int // among the parameters

	sites []Span
	types []types.Type // of the arguments, each once
	boxes bool         // an argument is boxed
}

func (a *abstract) look() {
	calls, why := a.fixed(a.decl, a.fn)
	for _, c := range calls {
		call := c.Node().(*ast.CallExpr)
		if len(call.Args) <= a.index {
			return // f(g()), with what another returns
		}
		arg := call.Args[a.index]
		if id, ok := arg.(*ast.Ident); ok && a.TypesInfo.Uses[id] == a.v {
			continue // a recursive call
		}
		t := a.TypesInfo.TypeOf(arg)
		if _, tuple := t.(*types.Tuple); tuple || a.TypesInfo.Types[arg].IsNil() {
			return
		}
		a.arguments(arg, t)
	}
	if len(a.sites) == 0 {
		return
	}
	site := a.sites[0]
	refuse := func(format string, args ...any) { a.refuse(site, format, args...) }
	if why != "" {
		refuse("%s", why)
		return
	}
	if len(a.field.Names) > 1 {
		refuse("%s shares its type with other parameters", a.v.Name())
		return
	}
	if why := a.forwards(); why != "" {
		refuse("%s", why)
		return
	}
	name := a.fn.Name()
	if len(a.types) == 1 && !types.IsInterface(a.types[0]) {
		text, ok := a.spelled(a.field.Type.Pos(), a.types[0])
		if !ok {
			refuse("the type of what is passed to %s has no name there", name)
			return
		}
		a.propose(&Candidate{
			Message: fmt.Sprintf("take %s of %s as a %s", a.v.Name(), name, text),
			Sites:   a.sites, Promise: Gone,
			Edits: []analysis.TextEdit{{Pos: a.field.Type.Pos(), End: a.field.Type.End(), NewText: []byte(text)}},
		})
		return
	}
	switch {
	case a.decl.Recv != nil:
		refuse("%s is a method and gets values of several types", name)
	case !a.atLeast(a.decl.Pos(), "go1.18"):
		refuse("the module's Go version has no type parameters")
	case !a.boxes:
		refuse("%s gets pointers to several types", name)
	case slices.ContainsFunc(calls, func(c inspector.Cursor) bool {
		_, ok := c.Node().(*ast.CallExpr).Fun.(*ast.ParenExpr)
		return ok
	}):
		refuse("a call has %s in parentheses, where its type parameters would not be inferred", name)
	default:
		a.propose(&Candidate{
			Message: fmt.Sprintf("make %s of %s a type parameter", a.v.Name(), name),
			Sites:   a.sites, Promise: Gone, Edits: a.parametrize(),
		})
	}
}

// arguments notes what is passed, and what allocates for it.
func (a *abstract) arguments(arg ast.Expr, t types.Type) {
	known := false
	for _, u := range a.types {
		known = known || types.Identical(t, u)
	}
	if !known {
		a.types = append(a.types, t)
	}
	if a.allocatesBoxed(arg) {
		a.boxes = true
		a.sites = append(a.sites, span(arg, alloc.Interface))
		return
	}
	if isPointer(t) {
		a.sites = append(a.sites, a.pointee(arg)...)
	}
}

// allocatesBoxed reports whether an expression's value is put on the heap to be
// held by an interface, if that escapes: a pointer is its own, as are constants
// and small numbers (runtime/iface.go).
func (p *pass) allocatesBoxed(e ast.Expr) bool {
	tv := p.TypesInfo.Types[e]
	if tv.Value != nil || tv.Type == nil || types.IsInterface(tv.Type) || isTypeParam(tv.Type) {
		return false
	}
	t := tv.Type
	for {
		switch u := t.Underlying().(type) {
		case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
			return false
		case *types.Basic:
			return u.Kind() != types.UnsafePointer && p.TypesSizes.Sizeof(u) > 1
		case *types.Struct:
			if u.NumFields() != 1 {
				return u.NumFields() > 0
			}
			t = u.Field(0).Type()
			continue
		case *types.Array:
			if u.Len() != 1 {
				return u.Len() > 0
			}
			t = u.Elem()
			continue
		}
		return true
	}
}

// pointee is what makes the thing that an argument points to.
func (a *abstract) pointee(arg ast.Expr) []Span {
	m := &making{pass: a.pass, decl: a.decl}
	if u, ok := arg.(*ast.UnaryExpr); ok && u.Op == token.AND {
		if id, ok := u.X.(*ast.Ident); ok {
			if v, ok := a.TypesInfo.Uses[id].(*types.Var); ok && v.Parent() != a.Pkg.Scope() {
				return []Span{{v.Pos(), v.Pos() + token.Pos(len(v.Name())), alloc.Variable}}
			}
			return nil
		}
	}
	if m.makes(arg) {
		return []Span{m.site}
	}
	id, ok := arg.(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := a.TypesInfo.Uses[id].(*types.Var)
	if !ok || v.Parent() == a.Pkg.Scope() {
		return nil
	}
	c, ok := a.root.FindByPos(v.Pos(), v.Pos()+1)
	if !ok {
		return nil
	}
	if s, ok := c.Parent().Node().(*ast.AssignStmt); ok && len(s.Lhs) == len(s.Rhs) && m.makes(s.Rhs[c.ParentEdgeIndex()]) {
		return []Span{m.site}
	}
	return nil
}

// forwards says what else the function does with the parameter than to call its
// methods.
func (a *abstract) forwards() string {
	name := a.v.Name()
	for _, c := range a.uses(a.v) {
		line := a.lineOf(c)
		switch c.ParentEdgeKind() {
		case edge.SelectorExpr_X:
			sel := c.Parent()
			if sel.ParentEdgeKind() != edge.CallExpr_Fun {
				return fmt.Sprintf("line %d uses a method of %s as a value", line, name)
			}
			if why := a.sameMethod(sel.Node().(*ast.SelectorExpr).Sel.Name); why != "" {
				return why
			}
		case edge.CallExpr_Args:
			call := c.Parent().Node().(*ast.CallExpr)
			if fn := typeutil.StaticCallee(a.TypesInfo, call); fn != nil && fn.Origin() == a.fn && c.ParentEdgeIndex() == a.index {
				continue
			}
			return fmt.Sprintf("line %d passes %s on to %s", line, name, a.text(call.Fun))
		case edge.BinaryExpr_X, edge.BinaryExpr_Y:
			return fmt.Sprintf("line %d compares %s", line, name)
		case edge.TypeAssertExpr_X:
			return fmt.Sprintf("line %d asks %s for its type", line, name)
		case edge.AssignStmt_Lhs:
			return fmt.Sprintf("line %d gives %s another value", line, name)
		default:
			return fmt.Sprintf("line %d does something else with %s than to call a method", line, name)
		}
	}
	return ""
}

// sameMethod says what is different when a method is called on the values
// themselves: by the interface a value's method that is called with a nil
// pointer panics in its own way, and a promoted one is called by a wrapper.
func (a *abstract) sameMethod(method string) string {
	for _, t := range a.types {
		obj, index, _ := types.LookupFieldOrMethod(t, true, a.Pkg, method)
		fn, ok := obj.(*types.Func)
		if !ok {
			return fmt.Sprintf("%s is no method of what is passed", method)
		}
		if recv := fn.Signature().Recv().Type(); isPointer(t) && (!isPointer(recv) || len(index) > 1) {
			return fmt.Sprintf("%s is a method of what a pointer, which may be nil, points to", method)
		}
	}
	return ""
}

// parametrize makes the parameter's type a type parameter.
func (a *abstract) parametrize() []analysis.TextEdit {
	iface := a.text(a.field.Type)
	letter := a.fresh(a.decl.Pos(), strings.ToUpper(initial(iface)))
	edits := []analysis.TextEdit{{Pos: a.field.Type.Pos(), End: a.field.Type.End(), NewText: []byte(letter)}}
	if t := a.decl.Type.TypeParams; t != nil {
		return append(edits, analysis.TextEdit{Pos: t.Closing, End: t.Closing, NewText: []byte(", " + letter + " " + iface)})
	}
	at := a.decl.Name.End()
	return append(edits, analysis.TextEdit{Pos: at, End: at, NewText: []byte("[" + letter + " " + iface + "]")})
}

// isTypeParam reports whether a type is a type parameter, which is an interface
// to package types.
func isTypeParam(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}
