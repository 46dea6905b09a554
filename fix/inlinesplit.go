package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// InlineSplit takes functions apart so that what they allocate is on their
// callers' stacks.
var InlineSplit = newAnalyzer("inlinesplit", inlinesplit)

func inlinesplit(p *pass) {
	p.functions(func(_ inspector.Cursor, decl *ast.FuncDecl, fn *types.Func) {
		m := p.making(decl)
		if m == nil || p.small(decl.Body) {
			return
		}
		if why := m.refusal(fn); why != "" {
			p.refuse(m.site, "%s", why)
			return
		}
		typ := p.text(m.typ)
		rest := p.declarable(restName(fn.Name(), typ))
		if rest == "" {
			p.refuse(m.site, "a file of another build cannot be read")
			return
		}
		p.propose(&Candidate{
			Message: fmt.Sprintf("split %s, so that its %s can be on the caller's stack", fn.Name(), typ),
			Sites:   []Span{m.site}, Promise: Moved, Adds: []alloc.Kind{alloc.New, alloc.Composite},
			Edits:  m.split(rest),
			relies: []Span{{Pos: m.decl.Name.Pos(), End: m.decl.Body.Lbrace}}, // the new function has the same signature
		})
	})
}

// A making is a function that makes a value and returns a pointer to it.
type making struct {
	*pass
	decl *ast.FuncDecl
	site Span
	stmt ast.Stmt // that makes it, in the function's outermost block
	at   int      // its index there
	name string   // of the variable, or for it
	// obj is the variable, nil where the value is made as it is returned;
	// pointer reports that it holds the pointer, not the value.
	obj     types.Object
	pointer bool
	typ     ast.Expr          // the type of the value
	lit     *ast.CompositeLit // what it is set to, nil for the zero value
}

// making is what a function makes and returns, nil if it makes nothing. It is
// nil too for a function that returns one of its own parameters, which has its
// result made by others.
func (p *pass) making(decl *ast.FuncDecl) *making {
	if decl.Type.Results == nil {
		return nil
	}
	returned := make(map[types.Object]bool) // variables
	address := make(map[types.Object]bool)  // and those whose address is
	for ret := range p.returns(decl) {
		for _, r := range ret.Results {
			set := returned
			if u, ok := r.(*ast.UnaryExpr); ok && u.Op == token.AND {
				r, set = u.X, address
			}
			if id, ok := r.(*ast.Ident); ok {
				set[p.TypesInfo.Uses[id]] = true
			}
		}
	}
	for _, list := range []*ast.FieldList{decl.Recv, decl.Type.Params} {
		for id := range fieldNames(list) {
			if _, ok := p.TypesInfo.TypeOf(id).Underlying().(*types.Pointer); ok && returned[p.TypesInfo.Defs[id]] {
				return nil
			}
		}
	}
	for i, stmt := range decl.Body.List {
		m := &making{pass: p, decl: decl, stmt: stmt, at: i}
		if m.declares() && (m.pointer && returned[m.obj] || !m.pointer && address[m.obj]) || i == len(decl.Body.List)-1 && m.onReturn() {
			if t, ok := p.TypesInfo.TypeOf(m.typ).Underlying().(*types.Struct); ok && t.NumFields() > 0 {
				return m
			}
			return nil
		}
	}
	return nil
}

// declares reports whether the statement declares one variable and makes its
// value: new(T), &T{…}, T{…}, or that of var v T.
func (m *making) declares() bool {
	var id *ast.Ident
	var value, typ ast.Expr
	switch s := m.stmt.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE || len(s.Lhs) != 1 || len(s.Rhs) != 1 {
			return false
		}
		id, value = s.Lhs[0].(*ast.Ident), s.Rhs[0]
	case *ast.DeclStmt:
		g := s.Decl.(*ast.GenDecl)
		if g.Tok != token.VAR || len(g.Specs) != 1 {
			return false
		}
		v := g.Specs[0].(*ast.ValueSpec)
		if len(v.Names) != 1 || len(v.Values) > 1 || v.Type != nil && v.Values != nil {
			return false
		}
		id, typ = v.Names[0], v.Type
		if v.Values != nil {
			value = v.Values[0]
		}
	default:
		return false
	}
	m.obj = m.TypesInfo.Defs[id]
	if m.obj == nil {
		return false
	}
	m.name = id.Name
	if m.pointer = m.makes(value); m.pointer {
		return true
	}
	m.site = span(id, alloc.Variable)
	if m.typ = typ; typ != nil {
		return true
	}
	m.lit, _ = value.(*ast.CompositeLit)
	if m.lit == nil || m.lit.Type == nil {
		return false
	}
	m.typ = m.lit.Type
	return true
}

// makes reports whether an expression is new(T) or &T{…}.
func (m *making) makes(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.UnaryExpr:
		m.lit, _ = e.X.(*ast.CompositeLit)
		if e.Op != token.AND || m.lit == nil || m.lit.Type == nil {
			return false
		}
		m.typ, m.site = m.lit.Type, span(e, alloc.Composite)
		return true
	case *ast.CallExpr:
		if m.builtin(e) != "new" || !m.TypesInfo.Types[e.Args[0]].IsType() {
			return false
		}
		m.typ, m.site = e.Args[0], span(e, alloc.New)
		return true
	}
	return false
}

// onReturn reports whether the statement returns what it makes: &T{…} with
// elements, as the first result.
func (m *making) onReturn() bool {
	m.obj = nil
	ret, ok := m.stmt.(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 || !m.makes(ret.Results[0]) || m.lit == nil || len(m.lit.Elts) == 0 {
		return false
	}
	for _, r := range ret.Results[1:] {
		if !m.quiet(r) {
			return false
		}
	}
	m.name = m.fresh(m.decl.Pos(), initial(m.text(m.typ)))
	m.pointer = true
	return true
}

// initial is a name for a variable of a type.
func initial(typ string) string {
	typ, _, _ = strings.Cut(typ, "[")
	r, _ := utf8.DecodeRuneInString(typ[strings.LastIndex(typ, ".")+1:])
	return string(unicode.ToLower(r))
}

// small reports whether a body is inlined for sure as it stands: it is short
// and calls nothing.
func (p *pass) small(body *ast.BlockStmt) bool {
	n := 0
	for c := range p.cursor(body).Preorder() {
		n++
		switch node := c.Node().(type) {
		case *ast.CallExpr:
			if b, _ := typeutil.Callee(p.TypesInfo, node).(*types.Builtin); b == nil && !p.TypesInfo.Types[node.Fun].IsType() {
				return false
			}
		case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt, *ast.SelectStmt:
			return false
		}
	}
	return n < 40
}

// refusal says why the function is not taken apart.
func (m *making) refusal(fn *types.Func) string {
	name := fn.Name()
	if list := directives(m.decl.Doc); len(list) > 0 {
		return fmt.Sprintf("%s has a //%s directive", name, list[0])
	}
	if recv := m.decl.Recv; recv != nil && !named(recv.List[0]) {
		return "the receiver of " + name + " has no name"
	}
	for id := range fieldNames(m.decl.Type.TypeParams) {
		if id.Name == "_" {
			return "a type parameter of " + name + " has no name"
		}
	}
	if m.comments(m.decl.Type.Pos(), m.decl.Body.Lbrace) {
		return "a comment stands in the signature of " + name
	}
	for c := range m.cursor(m.typ).Preorder((*ast.Ident)(nil)) {
		if obj := m.TypesInfo.Uses[c.Node().(*ast.Ident)]; obj != nil && m.decl.Body.Pos() <= obj.Pos() && obj.Pos() < m.decl.Body.End() {
			return m.text(m.typ) + " is declared in " + name
		}
	}
	for ret := range m.returns(m.decl) {
		if ret.Pos() < m.stmt.Pos() {
			return fmt.Sprintf("%s may return before it makes the %s, which would be made in vain", name, m.text(m.typ))
		}
	}
	for c := range m.cursor(m.decl.Body).Preorder((*ast.Ident)(nil), (*ast.BranchStmt)(nil), (*ast.CallExpr)(nil)) {
		switch n := c.Node().(type) {
		case *ast.Ident:
			// The parameter would shadow it.
			if n.Name == m.name && m.at > 0 && n.Pos() < m.stmt.Pos() && m.TypesInfo.Uses[n] != nil && !isField(m.TypesInfo.Uses[n]) {
				return m.name + " means something else before it is declared"
			}
			if m.lit != nil && n.Name == m.name && m.lit.Pos() <= n.Pos() && n.Pos() < m.lit.End() && m.TypesInfo.Uses[n] != nil && !isField(m.TypesInfo.Uses[n]) {
				return m.name + " means something else in what it is set to"
			}
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				return name + " has a goto"
			}
		case *ast.CallExpr:
			if m.asksForCaller(n) || m.recovers(c) {
				return fmt.Sprintf("%s calls %s, which tells apart who calls it", name, m.text(n.Fun))
			}
		}
	}
	if m.obj != nil && !m.pointer {
		for _, use := range m.uses(m.obj) {
			if s, ok := use.Parent().Node().(*ast.AssignStmt); ok && s.Tok == token.DEFINE && slices.Contains(s.Lhs, ast.Expr(use.Node().(*ast.Ident))) {
				return m.name + " is set by a declaration of other variables"
			}
		}
	}
	return ""
}

func isField(obj types.Object) bool {
	v, ok := obj.(*types.Var)
	return ok && v.IsField()
}

// asksForCaller reports whether a call's result or effect depends on how deep
// in the stack it is.
func (p *pass) asksForCaller(call *ast.CallExpr) bool {
	fn, _ := typeutil.Callee(p.TypesInfo, call).(*types.Func)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "runtime":
		return fn.Name() == "Caller" || fn.Name() == "Callers"
	case "runtime/debug":
		return fn.Name() == "Stack" || fn.Name() == "PrintStack"
	case "log":
		return fn.Name() == "Output"
	case "testing":
		return fn.Name() == "Helper"
	}
	return false
}

// recovers reports whether a call is one of recover in the outermost function.
func (m *making) recovers(c inspector.Cursor) bool {
	if m.builtin(c.Node().(*ast.CallExpr)) != "recover" {
		return false
	}
	for f := range c.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		return f.Node() == m.decl
	}
	return false
}

// restName is the name of what is left of a function that makes a typ.
func restName(name, typ string) string {
	for _, prefix := range []string{"New", "new", "Make", "make"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if r, _ := utf8.DecodeRuneInString(rest); !ok || rest != "" && !unicode.IsUpper(r) {
			continue
		}
		if rest == "" {
			rest, _, _ = strings.Cut(typ[strings.LastIndex(typ, ".")+1:], "[")
			r, n := utf8.DecodeRuneInString(rest)
			rest = string(unicode.ToUpper(r)) + rest[n:]
		}
		return "init" + rest
	}
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:] + "Into"
}

// split takes the function apart: what it was is a call of rest.
func (m *making) split(rest string) []analysis.TextEdit {
	typ := m.text(m.typ)
	first := m.at == 0 && m.obj != nil && m.cheap()
	from := m.decl.Body.Lbrace + 1
	made := "new(" + typ + ")"
	if first {
		from = m.stmt.End()
		if m.lit != nil {
			made = "&" + m.text(m.lit)
		}
	}
	params, args := m.passedOn(from)
	fun, recv := rest, ""
	if r := m.decl.Recv; r != nil {
		fun = r.List[0].Names[0].Name + "." + rest
		recv = m.text(r) + " "
	}
	tparams := ""
	if t := m.decl.Type.TypeParams; t != nil {
		tparams = m.text(t)
		var names []string
		for id := range fieldNames(t) {
			names = append(names, id.Name)
		}
		fun += "[" + strings.Join(names, ", ") + "]"
	}
	call := fmt.Sprintf("return %s(%s)", fun, strings.Join(append([]string{made}, args...), ", "))
	head := fmt.Sprintf(`
}

// %s is the rest of %s, apart so that %[2]s is inlined and the %[3]s
// can be on the stack of a caller that does not keep it.
func %s%[1]s%[5]s(%[6]s) %[7]s {`,
		rest, m.decl.Name.Name, typ, recv, tparams, strings.Join(append([]string{m.name + " *" + typ}, params...), ", "), m.text(m.decl.Type.Results))

	edits := m.dereferences()
	if first {
		comment := m.trailing(from)
		edit := analysis.TextEdit{Pos: m.stmt.Pos(), End: from + token.Pos(len(comment)), NewText: []byte(call + comment + head)}
		return append(edits, edit)
	}
	edits = append(edits, analysis.TextEdit{Pos: from, End: from, NewText: []byte("\n\t" + call + head)})
	switch {
	case m.obj == nil:
		end := m.stmt.End()
		edits = append(edits,
			analysis.TextEdit{Pos: m.stmt.Pos(), End: m.lit.Pos(), NewText: []byte("*" + m.name + " = ")},
			analysis.TextEdit{Pos: m.lit.End(), End: end, NewText: []byte("\n\treturn " + m.name + m.between(m.lit.End(), end))})
	case m.lit != nil && len(m.lit.Elts) > 0:
		edits = append(edits, analysis.TextEdit{Pos: m.stmt.Pos(), End: m.lit.Pos(), NewText: []byte("*" + m.name + " = ")})
	default:
		pos, end := m.line(m.stmt.Pos(), m.stmt.End())
		edits = append(edits, analysis.TextEdit{Pos: pos, End: end})
	}
	return edits
}

// cheap reports whether what the value is set to leaves the function small
// enough to be inlined: a call of another function costs most of what it may.
func (m *making) cheap() bool {
	if m.lit == nil {
		return true
	}
	n := 0
	for c := range m.cursor(m.lit).Preorder() {
		n++
		switch node := c.Node().(type) {
		case *ast.CallExpr:
			if b, _ := typeutil.Callee(m.TypesInfo, node).(*types.Builtin); b == nil && !m.TypesInfo.Types[node.Fun].IsType() {
				return false
			}
		case *ast.FuncLit:
			return false
		}
	}
	return n < 20
}

// passedOn are the parameters that are used after from, declared and as
// arguments.
func (m *making) passedOn(from token.Pos) (params, args []string) {
	for _, f := range m.decl.Type.Params.List {
		var names []string
		for _, id := range f.Names {
			used := slices.ContainsFunc(m.uses(m.TypesInfo.Defs[id]), func(c inspector.Cursor) bool { return c.Node().Pos() >= from })
			if !used || id.Name == "_" {
				continue
			}
			names = append(names, id.Name)
			arg := id.Name
			if _, ok := f.Type.(*ast.Ellipsis); ok {
				arg += "..."
			}
			args = append(args, arg)
		}
		if names != nil {
			params = append(params, strings.Join(names, ", ")+" "+m.text(f.Type))
		}
	}
	return params, args
}

// dereferences are the edits by which a variable that held the value holds a
// pointer to it.
func (m *making) dereferences() (edits []analysis.TextEdit) {
	if m.obj == nil || m.pointer {
		return nil
	}
	for _, use := range m.uses(m.obj) {
		id := use.Node().(*ast.Ident)
		switch up := use.Parent().Node().(type) {
		case *ast.SelectorExpr:
		case *ast.UnaryExpr:
			if up.Op == token.AND {
				edits = append(edits, analysis.TextEdit{Pos: up.Pos(), End: id.Pos()})
				continue
			}
			edits = append(edits, analysis.TextEdit{Pos: id.Pos(), End: id.Pos(), NewText: []byte("*")})
		default:
			edits = append(edits, analysis.TextEdit{Pos: id.Pos(), End: id.Pos(), NewText: []byte("*")})
		}
	}
	return edits
}
