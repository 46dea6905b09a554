package fix

import (
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

// Hoist makes once, before a loop, what each round makes anew.
var Hoist = newAnalyzer("hoist", hoist)

func hoist(p *pass) {
	for c := range p.root.Preorder((*ast.FuncLit)(nil), (*ast.SelectorExpr)(nil), (*ast.AssignStmt)(nil), (*ast.DeclStmt)(nil)) {
		loops := p.loopsAround(c)
		if len(loops) == 0 || p.inTest(c.Node().Pos()) {
			continue
		}
		if b := p.buffer(c); b != nil {
			p.hoistBuffer(b, loops)
			continue
		}
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			p.hoistLiteral(c, n, loops)
		case *ast.SelectorExpr:
			p.hoistMethod(c, n, loops)
		case *ast.AssignStmt:
			if id, ok := n.Lhs[0].(*ast.Ident); ok && n.Tok == token.DEFINE && len(n.Lhs) == 1 {
				p.hoistVariable(c, id, n.Rhs[0], loops)
			}
		case *ast.DeclStmt:
			g := n.Decl.(*ast.GenDecl)
			spec, ok := g.Specs[0].(*ast.ValueSpec)
			if !ok || g.Tok != token.VAR || len(g.Specs) != 1 || len(spec.Names) != 1 {
				continue
			}
			var value ast.Expr
			if len(spec.Values) > 0 {
				value = spec.Values[0]
			}
			p.hoistVariable(c, spec.Names[0], value, loops)
		}
	}
}

// loopsAround are the loops whose body holds an expression within the same
// function, the outermost first.
func (p *pass) loopsAround(c inspector.Cursor) (loops []inspector.Cursor) {
	for up := range c.Enclosing() {
		switch up.Node().(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			if up.Node() != c.Node() {
				slices.Reverse(loops)
				return loops
			}
		case *ast.BlockStmt:
			if k := up.ParentEdgeKind(); k == edge.ForStmt_Body || k == edge.RangeStmt_Body {
				loops = append(loops, up.Parent())
			}
		}
	}
	return nil // of a package's variable
}

// A way is how far an expression can be moved out of loops.
type way struct {
	loop inspector.Cursor // the outermost loop that it can leave
	at   inspector.Cursor // the statement before which it can stand then
}

// out is the way out of the loops, given by what depends on nothing declared at
// or behind a position, or why there is none.
func (p *pass) out(c inspector.Cursor, loops []inspector.Cursor, depends token.Pos) (w way, why string) {
	why = silent
	for range c.Enclosing((*ast.ReturnStmt)(nil)) {
		return w, silent // no other round follows
	}
	for _, loop := range loops {
		if depends >= loop.Node().Pos() {
			continue
		}
		at, ok := inList(loop)
		reason := ""
		switch {
		case !ok:
			reason = "the loop is part of another statement"
		case p.isFuncLoop(loop):
			reason = "the loop ranges over a function, which may do with its body what it likes"
		case hasGoto(loop):
			reason = "the function has a goto, which may not jump over a variable"
		case !unconditional(c, loop):
			reason = "not every round makes it"
		default:
			return way{loop, at}, ""
		}
		if why == silent {
			why = reason
		}
	}
	return w, why
}

// isFuncLoop reports whether a loop ranges over a function.
func (p *pass) isFuncLoop(loop inspector.Cursor) bool {
	r, ok := loop.Node().(*ast.RangeStmt)
	if !ok {
		return false
	}
	_, ok = p.TypesInfo.TypeOf(r.X).Underlying().(*types.Signature)
	return ok
}

// hasGoto reports whether the function around a statement has a goto.
func hasGoto(c inspector.Cursor) bool {
	for f := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for b := range f.Preorder((*ast.BranchStmt)(nil)) {
			if b.Node().(*ast.BranchStmt).Tok == token.GOTO {
				return true
			}
		}
		break
	}
	return false
}

// unconditional reports whether each round of a loop comes by a node, as far as
// the statements around the node tell.
func unconditional(c, loop inspector.Cursor) bool {
	for ; c != loop; c = c.Parent() {
		switch c.ParentEdgeKind() {
		case edge.IfStmt_Body, edge.IfStmt_Else, edge.FuncLit_Body, edge.CaseClause_Body, edge.CaseClause_List, edge.CommClause_Body, edge.CommClause_Comm:
			return false
		case edge.BinaryExpr_Y:
			if op := c.Parent().Node().(*ast.BinaryExpr).Op; op == token.LAND || op == token.LOR {
				return false
			}
		}
	}
	return true
}

// hoistLiteral moves a function literal that names nothing which the loop
// declares.
func (p *pass) hoistLiteral(c inspector.Cursor, lit *ast.FuncLit, loops []inspector.Cursor) {
	site := span(lit, alloc.Closure)
	depends, captures := p.depends(lit)
	if !captures {
		return // no closure
	}
	if c.ParentEdgeKind() == edge.CallExpr_Fun {
		call := c.Parent()
		if k := call.ParentEdgeKind(); k != edge.GoStmt_Call && k != edge.DeferStmt_Call || len(call.Node().(*ast.CallExpr).Args) > 0 {
			return // called in place, or with arguments that are captured each time
		}
	}
	w, why := p.out(c, loops, depends)
	if why != "" {
		if why != silent {
			p.refuse(site, "%s", why)
		}
		return
	}
	p.move(c, w, site, p.literalName(c), "make the function literal once, before the loop")
}

// literalName is a name for the variable that holds a function literal: of the
// parameter that takes it, of the statement, or fn.
func (p *pass) literalName(c inspector.Cursor) string {
	switch up := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		if id, ok := up.Lhs[0].(*ast.Ident); ok && len(up.Lhs) == 1 && id.Name != "_" {
			return id.Name + "Func"
		}
	case *ast.CallExpr:
		if c.ParentEdgeKind() == edge.CallExpr_Fun {
			if c.Parent().ParentEdgeKind() == edge.GoStmt_Call {
				return "run"
			}
			return "done"
		}
		sig, ok := p.TypesInfo.TypeOf(up.Fun).Underlying().(*types.Signature)
		if i := slices.Index(up.Args, c.Node().(ast.Expr)); ok && i >= 0 && i < sig.Params().Len() {
			if name := sig.Params().At(i).Name(); len(name) > 1 {
				return name
			}
		}
	}
	return "fn"
}

// depends is the last position at which something is declared that an
// expression names and that belongs to the function, and whether a function
// literal captures any.
func (p *pass) depends(e ast.Expr) (last token.Pos, captures bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := p.TypesInfo.Uses[id]
		if obj == nil || obj.Parent() == nil || obj.Pkg() != p.Pkg || obj.Parent() == p.Pkg.Scope() {
			return true
		}
		if _, ok := obj.(*types.PkgName); ok || e.Pos() <= obj.Pos() && obj.Pos() < e.End() {
			return true
		}
		if _, ok := obj.(*types.Var); ok {
			captures = true
		}
		last = max(last, obj.Pos())
		return true
	})
	return last, captures
}

// move proposes to give an expression a variable before the loop.
func (p *pass) move(c inspector.Cursor, w way, site Span, name, message string) {
	e := c.Node().(ast.Expr)
	var edits []analysis.TextEdit
	if v, from, to := p.ownVariableOf(c); v != nil {
		name, edits = v.Name(), []analysis.TextEdit{{Pos: from, End: to}}
	} else {
		if token.IsKeyword(name) || types.Universe.Lookup(name) != nil {
			name += "Func"
		}
		name = p.fresh(w.loop.Node().Pos(), name)
		edits = []analysis.TextEdit{{Pos: e.Pos(), End: e.End(), NewText: []byte(name)}}
	}
	at := p.before(w.at.Node())
	p.propose(&Candidate{
		Message: message,
		Sites:   []Span{site}, Promise: Fewer, Adds: []alloc.Kind{site.Kind},
		Edits: append([]analysis.TextEdit{
			{Pos: at, End: at, NewText: []byte(name + " := " + strings.ReplaceAll(p.text(e), "\r", "") + "\n")},
		}, edits...),
	})
}

// ownVariableOf is the variable that an expression is the only value of, if its
// declaration can move to another place of the function, and the lines of that.
func (p *pass) ownVariableOf(c inspector.Cursor) (v *types.Var, from, to token.Pos) {
	n, ok := c.Parent().Node().(*ast.AssignStmt)
	if !ok || n.Tok != token.DEFINE || len(n.Lhs) != 1 || !listed(c.Parent()) {
		return nil, 0, 0
	}
	v, ok = p.TypesInfo.Defs[n.Lhs[0].(*ast.Ident)].(*types.Var)
	if !ok || !p.constantVar(v) || p.otherwise(v) {
		return nil, 0, 0
	}
	if from, to = p.ownLines(n); !from.IsValid() {
		return nil, 0, 0
	}
	return v, from, to
}

// hoistMethod moves a method value, which holds a pointer that stays the same.
func (p *pass) hoistMethod(c inspector.Cursor, sel *ast.SelectorExpr, loops []inspector.Cursor) {
	s := p.TypesInfo.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || c.ParentEdgeKind() == edge.CallExpr_Fun {
		return
	}
	site := span(sel, alloc.Closure)
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		if _, ok := sel.X.(*ast.SelectorExpr); ok {
			p.refuse(site, "%s may be another one each round", p.text(sel.X))
		}
		return
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	if !ok || !isLocal(v) {
		p.refuse(site, "others may assign to %s", id.Name)
		return
	}
	w, why := p.out(c, loops, v.Pos())
	method := s.Obj().(*types.Func)
	switch {
	case why == silent:
		return
	case why != "":
	case !isPointer(method.Signature().Recv().Type()):
		why = "the method value holds a copy of " + id.Name + " as it is in that round"
	case len(s.Index()) > 1:
		why = method.Name() + " is a method of an embedded field"
	case isPointer(v.Type()) && !p.constantVar(v):
		why = id.Name + " may point to another one each round"
	}
	if why != "" {
		p.refuse(site, "%s", why)
		return
	}
	p.move(c, w, site, unexported(method.Name()), "make the method value "+p.text(sel)+" once, before the loop")
}

// constantVar reports whether a variable keeps the value that it is declared
// with.
func (p *pass) constantVar(v *types.Var) bool {
	return !slices.ContainsFunc(p.uses(v), func(c inspector.Cursor) bool { return p.stored(c) || p.addressed(c) })
}

// hoistVariable moves the declaration of a variable whose address only calls
// get that do not keep it.
func (p *pass) hoistVariable(decl inspector.Cursor, id *ast.Ident, value ast.Expr, loops []inspector.Cursor) {
	v, ok := p.TypesInfo.Defs[id].(*types.Var)
	if !ok || !listed(decl) {
		return
	}
	filled, why := p.filled(v)
	if !filled {
		return
	}
	if why == "" {
		why = p.proposeVariable(decl, v, value, loops)
	}
	if why != "" {
		p.refuse(span(id, alloc.Variable), "%s", why)
	}
}

// filled reports whether a function that fills variables gets the address of
// this one, or of a part of it, and says who may keep the address, if anybody.
func (p *pass) filled(v *types.Var) (filled bool, why string) {
	if pos := p.captured(v); pos.IsValid() {
		why = "a function literal uses " + v.Name()
	}
	for _, use := range p.uses(v) {
		if up, ok := use.Parent().Node().(*ast.AssignStmt); ok && up.Tok == token.DEFINE && use.ParentEdgeKind() == edge.AssignStmt_Lhs {
			why = v.Name() + " is declared together with others later"
		}
		if !p.addressed(use) {
			continue
		}
		part := p.whole(use)
		addr := part.Parent()
		call, ok := addr.Parent().Node().(*ast.CallExpr)
		if part.ParentEdgeKind() != edge.UnaryExpr_X || addr.ParentEdgeKind() != edge.CallExpr_Args {
			why = p.short(addr.Node()) + " takes the address of " + v.Name() + " or a part of it"
			continue
		}
		if !ok {
			continue
		}
		fn := typeutil.StaticCallee(p.TypesInfo, call)
		if fn == nil {
			why = p.text(call.Fun) + " may keep the address of " + v.Name()
			continue
		}
		from, known := fills[fn.FullName()]
		k := addr.Parent().ParentEdgeKind()
		switch m := fillMethod(p.TypesInfo.TypeOf(part.Node().(ast.Expr)), 0); {
		case !known || slices.Index(call.Args, addr.Node().(ast.Expr)) < from:
			why = p.text(call.Fun) + " may keep the address of " + v.Name()
		case k == edge.GoStmt_Call || k == edge.DeferStmt_Call:
			why = "the call runs after the round"
		case m != "":
			filled, why = true, m+" may keep the address of "+v.Name()
		default:
			filled = true
		}
	}
	return filled, why
}

// proposeVariable proposes a declaration before the loop, or says why not.
func (p *pass) proposeVariable(decl inspector.Cursor, v *types.Var, value ast.Expr, loops []inspector.Cursor) (why string) {
	w, why := p.out(decl, loops, token.NoPos)
	if why != "" {
		return why
	}
	loop, node := w.loop.Node().Pos(), decl.Node()
	typ, ok := p.spelled(loop, v.Type())
	if !ok {
		return "the type of " + v.Name() + " has no name before the loop"
	}
	if p.meansAround(v) {
		return v.Name() + " means something else around it"
	}
	if p.comments(node.Pos(), node.End()) {
		return "a comment stands in the declaration"
	}
	text, ok := zero(v.Type(), typ)
	if value != nil {
		text = p.text(value)
	} else if !ok || !p.universal(v.Pos(), "nil", "false") {
		return "the zero value of " + v.Name() + " has no simple form"
	}
	if !p.claim(v.Name(), w.at) {
		return declaredTwice(v.Name())
	}
	at := p.before(w.at.Node())
	p.propose(&Candidate{
		Message: "declare " + v.Name() + " before the loop, and set it anew each round",
		Sites:   []Span{{v.Pos(), v.Pos() + token.Pos(len(v.Name())), alloc.Variable}}, Promise: Fewer, Adds: []alloc.Kind{alloc.Variable},
		Edits: []analysis.TextEdit{
			{Pos: at, End: at, NewText: []byte("var " + v.Name() + " " + typ + "\n")},
			{Pos: node.Pos(), End: node.End(), NewText: []byte(v.Name() + " = " + strings.ReplaceAll(text, "\r", ""))},
		},
	})
	return ""
}

// zero is how the zero value of a type with the name typ is written.
func zero(t types.Type, typ string) (string, bool) {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsNumeric != 0:
			return "0", true
		case u.Info()&types.IsString != 0:
			return `""`, true
		case u.Info()&types.IsBoolean != 0:
			return "false", true
		}
	case *types.Struct, *types.Array:
		return typ + "{}", true
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
		_, isParam := types.Unalias(t).(*types.TypeParam)
		return "nil", !isParam
	}
	return "", false
}
