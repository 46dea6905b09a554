package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// ReturnValue makes functions return values instead of pointers to them.
var ReturnValue = newAnalyzer("returnvalue", returnvalue)

// maxReturned is the size in bytes of the largest value that is returned: one
// that takes a copy of a few cache lines costs less than an allocation.
const maxReturned = 128

func returnvalue(p *pass) {
	p.functions(func(_ inspector.Cursor, decl *ast.FuncDecl, fn *types.Func) {
		if fn.Exported() && decl.Recv != nil || decl.Type.Results == nil {
			return
		}
		for k, f := range resultTypes(decl) {
			star, ok := f.(*ast.StarExpr)
			if !ok {
				continue
			}
			r := &returning{pass: p, decl: decl, fn: fn, k: k, star: star, vars: make(map[*types.Var]bool)}
			if why := r.results(); len(r.sites) == 0 {
				continue
			} else if why != "" {
				p.refuse(r.sites[0], "%s", why)
			} else if why := r.callers(); why != "" {
				p.refuse(r.sites[0], "%s", why)
			} else {
				c := &Candidate{
					Message: fmt.Sprintf("return a %s from %s instead of a pointer", p.text(star.X), fn.Name()),
					Sites:   r.sites, Promise: Gone, Edits: r.edits,
				}
				if fn.Exported() {
					c.API, c.Elsewhere = fn.Name(), elsewhere(p.name, fn, r.callsOfOthers)
				}
				p.propose(c)
			}
			return
		}
	})
}

// resultTypes are the types of a function's results, one for each.
func resultTypes(decl *ast.FuncDecl) (list []ast.Expr) {
	for _, f := range decl.Type.Results.List {
		for range max(1, len(f.Names)) {
			list = append(list, f.Type)
		}
	}
	return list
}

// A returning is a function that makes what it returns a pointer to.
type returning struct {
	*pass
	decl  *ast.FuncDecl
	fn    *types.Func
	k     int           // the result
	star  *ast.StarExpr // its type
	vars  map[*types.Var]bool
	sites []Span
	edits []analysis.TextEdit
}

func (r *returning) edit(pos, end token.Pos, text string) {
	r.edits = append(r.edits, analysis.TextEdit{Pos: pos, End: end, NewText: []byte(text)})
}

// results looks at what the function returns and edits it. It says why the
// value cannot take the place of the pointer.
func (r *returning) results() (why string) {
	note := func(format string, args ...any) {
		if why == "" {
			why = fmt.Sprintf(format, args...)
		}
	}
	name := r.fn.Name()
	for ret := range r.returns(r.decl) {
		if len(ret.Results) != r.fn.Signature().Results().Len() {
			note("line %d returns what another function or a named result holds", r.Fset.Position(ret.Pos()).Line)
			continue
		}
		e := ret.Results[r.k]
		m := &making{pass: r.pass, decl: r.decl}
		if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND && isIdent(u.X) {
			v, ok := r.TypesInfo.Uses[u.X.(*ast.Ident)].(*types.Var)
			if !ok || !r.own(v) {
				note("line %d returns a pointer to what is not its own", r.Fset.Position(ret.Pos()).Line)
				continue
			}
			if !r.vars[v] {
				r.vars[v] = true
				r.sites = append(r.sites, Span{v.Pos(), v.Pos() + token.Pos(len(v.Name())), alloc.Variable})
				if why := r.kept(v, r.isResult); why != "" {
					note("%s", why)
				}
			}
			r.edit(u.Pos(), u.X.Pos(), "")
			r.quietBut(ret, v, note)
		} else if m.makes(e) {
			r.sites = append(r.sites, m.site)
			r.value(m, e)
		} else if id, ok := e.(*ast.Ident); ok && r.TypesInfo.Types[e].IsNil() {
			note("%s may return nil", name)
		} else if v, _ := r.TypesInfo.Uses[id].(*types.Var); v != nil && r.own(v) {
			if !r.vars[v] {
				r.vars[v] = true
				note("%s", r.variable(v))
			}
			r.quietBut(ret, v, note)
		} else {
			note("line %d returns %s, which others may hold", r.Fset.Position(ret.Pos()).Line, r.text(e))
		}
	}
	if v := r.fn.Signature().Results().At(r.k); len(r.uses(v)) > 0 {
		note("%s uses its result %s", name, v.Name())
	}
	for c := range r.cursor(r.decl.Body).Preorder((*ast.DeferStmt)(nil)) {
		note("%s defers a call on line %d, which may end a panic", name, r.lineOf(c))
	}
	t := r.TypesInfo.TypeOf(r.star.X)
	switch _, isStruct := t.Underlying().(*types.Struct); {
	case !isStruct || dependsOnTypeParam(t):
		r.sites = nil
	case r.TypesSizes.Sizeof(t) > maxReturned:
		note("a %s has more than %d bytes", r.text(r.star.X), maxReturned)
	default:
		if what := uncopyable(t, r.Pkg); what != "" {
			note("a %s holds a %s, which must not be copied", r.text(r.star.X), what)
		}
	}
	r.edit(r.star.Pos(), r.star.X.Pos(), "")
	return why
}

func isIdent(e ast.Expr) bool {
	_, ok := e.(*ast.Ident)
	return ok
}

// own reports whether a variable is one that the function declares in its body.
func (r *returning) own(v *types.Var) bool {
	return r.decl.Body.Pos() <= v.Pos() && v.Pos() < r.decl.Body.End() && !v.IsField()
}

// isResult reports whether c is what becomes a value.
func (r *returning) isResult(c inspector.Cursor) bool {
	if c.ParentEdgeIndex() != r.k {
		return false
	}
	for f := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		return f.Node() == r.decl
	}
	return false
}

// quietBut notes where another result may change what is copied: a call of it.
func (r *returning) quietBut(ret *ast.ReturnStmt, v *types.Var, note func(string, ...any)) {
	for i, other := range ret.Results {
		mentions := slices.ContainsFunc(r.uses(v), func(c inspector.Cursor) bool {
			return other.Pos() <= c.Node().Pos() && c.Node().Pos() < other.End()
		})
		if i != r.k && mentions && !r.quiet(other) {
			note("line %d uses %s in a call as it returns it", r.Fset.Position(ret.Pos()).Line, v.Name())
		}
	}
}

// value makes the expression that makes a pointer one that makes the value.
func (r *returning) value(m *making, e ast.Expr) {
	if u, ok := e.(*ast.UnaryExpr); ok {
		r.edit(u.Pos(), u.X.Pos(), "")
		return
	}
	r.edit(e.Pos(), e.End(), r.text(m.typ)+"{}")
}

// variable edits a variable that holds the pointer to hold the value.
func (r *returning) variable(v *types.Var) (why string) {
	m := &making{pass: r.pass, decl: r.decl}
	c, ok := r.cursor(r.decl.Body).FindByPos(v.Pos(), v.Pos()+1)
	if !ok {
		return "its declaration is not found"
	}
	var value ast.Expr
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		switch c.Parent().ParentEdgeKind() {
		case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body:
			if n.Tok == token.DEFINE && len(n.Lhs) == 1 && len(n.Rhs) == 1 {
				value = n.Rhs[0]
			}
		}
	case *ast.ValueSpec:
		if len(n.Names) == 1 && len(n.Values) == 1 && n.Type == nil {
			value = n.Values[0]
		}
	}
	if value == nil || !m.makes(value) {
		return fmt.Sprintf("%s, which it returns, may point to what others hold", v.Name())
	}
	r.sites = append(r.sites, m.site)
	if why := r.once(v); why != "" {
		return why
	}
	if why := r.kept(v, r.isResult); why != "" {
		return why
	}
	r.value(m, value)
	for _, use := range r.uses(v) {
		if use.ParentEdgeKind() != edge.ReturnStmt_Results {
			r.addressed(use)
		}
	}
	return ""
}

// once says where a variable is given another value, and where its own address
// is taken.
func (r *returning) once(v *types.Var) string {
	for _, use := range r.uses(v) {
		switch use.ParentEdgeKind() {
		case edge.AssignStmt_Lhs, edge.RangeStmt_Key, edge.RangeStmt_Value:
			return fmt.Sprintf("%s is given another value on line %d", v.Name(), r.lineOf(use))
		case edge.UnaryExpr_X:
			if use.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				return fmt.Sprintf("line %d takes the address of %s", r.lineOf(use), v.Name())
			}
		case edge.ParenExpr_X:
			return fmt.Sprintf("%s stands in parentheses on line %d", v.Name(), r.lineOf(use))
		}
	}
	return ""
}

// addressed edits a use of a variable that held a pointer.
func (r *returning) addressed(use inspector.Cursor) {
	pos := use.Node().Pos()
	switch use.ParentEdgeKind() {
	case edge.SelectorExpr_X:
	case edge.StarExpr_X:
		r.edit(use.Parent().Node().Pos(), pos, "")
	default:
		r.edit(pos, pos, "&")
	}
}

// callers edits the calls. It says why one cannot be edited.
func (r *returning) callers() (why string) {
	calls, why := r.fixedHere(r.decl, r.fn)
	if why == "" {
		why = r.each(calls)
	}
	return why
}

// callsOfOthers edits the calls that another package has.
func (r *returning) callsOfOthers(p *pass, calls []inspector.Cursor) ([]analysis.TextEdit, string) {
	there := &returning{pass: p, fn: r.fn, k: r.k}
	why := there.each(calls)
	return there.edits, why
}

func (r *returning) each(calls []inspector.Cursor) (why string) {
	for _, c := range calls {
		if why := r.caller(c); why != "" {
			return why
		}
	}
	return ""
}

func (r *returning) caller(c inspector.Cursor) string {
	name := r.fn.Name()
	line := r.lineOf(c)
	switch up := c.Parent(); c.ParentEdgeKind() {
	case edge.ExprStmt_X:
		return ""
	case edge.StarExpr_X:
		r.edit(up.Node().Pos(), c.Node().Pos(), "")
		return ""
	case edge.SelectorExpr_X:
		sel := r.TypesInfo.Selections[up.Node().(*ast.SelectorExpr)]
		if sel.Kind() == types.FieldVal && r.readOnly(up) || sel.Kind() == types.MethodVal && !isPointer(sel.Obj().(*types.Func).Signature().Recv().Type()) {
			return ""
		}
		return fmt.Sprintf("line %d needs the address of what %s returns", line, name)
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		var id *ast.Ident
		switch n := up.Node().(type) {
		case *ast.AssignStmt:
			if up.ParentEdgeKind() == edge.ForStmt_Init {
				return fmt.Sprintf("line %d starts a loop with a variable of what %s returns, and each round copies it", line, name)
			}
			id, _ = n.Lhs[r.k+c.ParentEdgeIndex()].(*ast.Ident)
			if id == nil || n.Tok != token.DEFINE {
				id = blank(id)
			}
		case *ast.ValueSpec:
			if id = n.Names[r.k+c.ParentEdgeIndex()]; n.Type != nil {
				id = blank(id)
			}
		}
		if id != nil && id.Name == "_" {
			return ""
		}
		v, _ := r.TypesInfo.Defs[id].(*types.Var)
		if v == nil || v.Parent() == r.Pkg.Scope() {
			return fmt.Sprintf("line %d stores what %s returns in a variable that may hold something else", line, name)
		}
		if why := r.once(v); why != "" {
			return why
		}
		for _, use := range r.uses(v) {
			switch use.ParentEdgeKind() {
			case edge.SelectorExpr_X, edge.StarExpr_X, edge.CallExpr_Args:
			case edge.BinaryExpr_X, edge.BinaryExpr_Y:
				return fmt.Sprintf("line %d compares %s, which %s returned", r.lineOf(use), v.Name(), name)
			default:
				return fmt.Sprintf("line %d keeps %s, which %s returned", r.lineOf(use), v.Name(), name)
			}
			if call, ok := use.Parent().Node().(*ast.CallExpr); ok && r.builtin(call) == "append" {
				return fmt.Sprintf("line %d keeps %s, which %s returned", r.lineOf(use), v.Name(), name)
			}
			r.addressed(use)
		}
		return ""
	}
	return fmt.Sprintf("line %d keeps what %s returns", line, name)
}

// blank is an identifier if it is the blank one.
func blank(id *ast.Ident) *ast.Ident {
	if id != nil && id.Name == "_" {
		return id
	}
	return nil
}

// readOnly reports whether an operand's value is all that is wanted of it.
func (r *returning) readOnly(c inspector.Cursor) bool {
	for {
		up := c.Parent()
		switch c.ParentEdgeKind() {
		case edge.ParenExpr_X:
		case edge.SelectorExpr_X:
			sel := r.TypesInfo.Selections[up.Node().(*ast.SelectorExpr)]
			if isPointer(r.TypesInfo.TypeOf(c.Node().(ast.Expr))) {
				return true
			}
			if sel.Kind() != types.FieldVal {
				return !isPointer(sel.Obj().(*types.Func).Signature().Recv().Type())
			}
		case edge.IndexExpr_X:
			if !isArray(r.TypesInfo.TypeOf(c.Node().(ast.Expr)), false) {
				return true
			}
		case edge.SliceExpr_X:
			return !isArray(r.TypesInfo.TypeOf(c.Node().(ast.Expr)), false)
		case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.UnaryExpr_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
			return false
		default:
			return true
		}
		c = up
	}
}

// dependsOnTypeParam reports whether a type has no size of its own.
func dependsOnTypeParam(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Named:
		return t.TypeParams().Len() > 0
	case *types.Struct:
		return slices.ContainsFunc(slices.Collect(t.Fields()), func(f *types.Var) bool { return dependsOnTypeParam(f.Type()) })
	case *types.Array:
		return dependsOnTypeParam(t.Elem())
	}
	return false
}

// uncopyable is the type of a part of a value that is not to be copied, "" if
// it can be: one with methods Lock and Unlock, as go vet has it, and one that
// may hide a pointer to itself from the compiler, as strings.Builder does.
func uncopyable(t types.Type, pkg *types.Package) string {
	switch u := t.Underlying().(type) {
	case *types.Array:
		return uncopyable(u.Elem(), pkg)
	case *types.Struct:
		if named, ok := types.Unalias(t).(*types.Named); ok {
			if types.NewMethodSet(types.NewPointer(named)).Lookup(named.Obj().Pkg(), "Unlock") != nil || hidesSelf(named, u, pkg) {
				return types.TypeString(named, func(p *types.Package) string { return p.Name() })
			}
		}
		for f := range u.Fields() {
			if what := uncopyable(f.Type(), pkg); what != "" {
				return what
			}
		}
	}
	return ""
}

// hidesSelf reports whether a type has a pointer to its own type or an address
// as a number, and may set them by package unsafe.
func hidesSelf(t *types.Named, s *types.Struct, pkg *types.Package) bool {
	if t.Obj().Pkg() == pkg && !slices.Contains(pkg.Imports(), types.Unsafe) {
		return false
	}
	for f := range s.Fields() {
		switch u := f.Type().Underlying().(type) {
		case *types.Pointer:
			if types.Identical(u.Elem(), t) {
				return true
			}
		case *types.Basic:
			if u.Kind() == types.Uintptr || u.Kind() == types.UnsafePointer {
				return true
			}
		}
	}
	return false
}
