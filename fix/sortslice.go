package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// Sortslice sorts without reflection.
var Sortslice = newAnalyzer("sortslice", sortslice)

func sortslice(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := typeutil.StaticCallee(p.TypesInfo, call)
		if fn == nil || len(call.Args) != 2 {
			continue
		}
		s := sorting{pass: p, call: call, site: span(call.Args[0], alloc.Interface), elems: make(map[ast.Node]string)}
		switch fn.FullName() {
		case "sort.Slice":
			s.to = "SortFunc"
		case "sort.SliceStable":
			s.to = "SortStableFunc"
		default:
			continue
		}
		if why := s.rewrite(c); why != "" {
			p.refuse(s.site, "%s", why)
		}
	}
}

// A sorting is one call of sort.Slice.
type sorting struct {
	*pass
	call  *ast.CallExpr
	site  Span
	to    string // SortFunc or SortStableFunc
	elem  types.Type
	elems map[ast.Node]string // what becomes of the expressions x[i] and x[j]
}

// rewrite proposes the twin in slices, or says why not.
func (s *sorting) rewrite(cur inspector.Cursor) (why string) {
	x := s.call.Args[0]
	slice, ok := types.Unalias(s.TypesInfo.TypeOf(x)).Underlying().(*types.Slice)
	if !ok {
		return s.text(x) + " is not known to be a slice"
	}
	s.elem = slice.Elem()
	lit, ok := ast.Unparen(s.call.Args[1]).(*ast.FuncLit)
	if !ok {
		return "the order is not a function literal"
	}
	if !s.atLeast(s.call.Pos(), "go1.21") {
		return "package slices came with go1.21"
	}
	params := s.params(lit)
	if params == nil {
		return "the order does not name its parameters"
	}
	if !s.chain(x) {
		return s.text(x) + " is not a variable or a field of one"
	}
	a, b, c := s.free("a"), s.free("b"), s.free("c")
	if why := s.substitute(cur, x, params, a, b); why != "" {
		return why
	}
	keys, why := s.keys(lit.Body.List)
	if why != "" {
		return why
	}
	if s.comments(s.call.Pos(), s.call.End()) {
		return "a comment stands in the call"
	}
	pkg, edits, ok := s.imported(s.call.Pos(), "slices")
	if !ok {
		return "the name slices means something else here"
	}
	if s.natural(keys) && s.to == "SortFunc" {
		s.finish(pkg+".Sort("+s.text(x)+")", edits)
		return ""
	}
	compare, more, ok := s.compare(keys)
	if !ok {
		return "the name cmp or strings means something else here"
	}
	elem, ok := s.spelled(s.call.Pos(), s.elem)
	if !ok {
		return "the type of the elements has no name here"
	}
	var body strings.Builder
	for _, k := range keys[:len(keys)-1] {
		body.WriteString("if " + c + " := " + compare(k) + "; " + c + " != 0 {\nreturn " + c + "\n}\n")
	}
	body.WriteString("return " + compare(keys[len(keys)-1]))
	begin, end := "{\n", "\n}"
	if !strings.Contains(s.text(lit), "\n") {
		begin, end = "{ ", " }"
	}
	edits = append(edits, more...)
	s.finish(pkg+"."+s.to+"("+s.text(x)+", func("+a+", "+b+" "+elem+") int "+begin+body.String()+end+")", edits)
	return ""
}

func (s *sorting) finish(text string, imports []analysis.TextEdit) {
	s.propose(&Candidate{
		Message: "sort " + s.text(s.call.Args[0]) + " with package slices",
		Sites:   []Span{s.site}, Promise: Gone,
		Edits: append(imports, analysis.TextEdit{Pos: s.call.Pos(), End: s.call.End(), NewText: []byte(text)}),
	})
}

// free is a name like the one given that the call does not use yet.
func (s *sorting) free(name string) string {
	for {
		used := false
		ast.Inspect(s.call, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if ok && id.Name == name {
				v, _ := s.TypesInfo.Uses[id].(*types.Var)
				used = used || v == nil || !v.IsField()
			}
			return !used
		})
		if !used {
			return name
		}
		name += "2"
	}
}

// params are the two parameters of the order, nil if it does not name them.
func (s *sorting) params(lit *ast.FuncLit) (list []types.Object) {
	for _, f := range lit.Type.Params.List {
		for _, id := range f.Names {
			obj := s.TypesInfo.Defs[id]
			if obj == nil || obj.Name() == "_" {
				return nil
			}
			list = append(list, obj)
		}
	}
	if len(list) != 2 {
		return nil
	}
	return list
}

// chain reports whether an expression is a variable or a field of one, which
// means the same at each evaluation as long as nobody assigns.
func (s *sorting) chain(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		_, ok := s.TypesInfo.Uses[e].(*types.Var)
		return ok
	case *ast.SelectorExpr:
		if sel := s.TypesInfo.Selections[e]; sel != nil {
			return sel.Kind() == types.FieldVal && s.chain(e.X)
		}
		_, ok := s.TypesInfo.Uses[e.Sel].(*types.Var)
		return ok // a package's
	}
	return false
}

// same reports whether two chains mean the same variable.
func (s *sorting) same(a, b ast.Expr) bool {
	switch a := a.(type) {
	case *ast.Ident:
		b, ok := b.(*ast.Ident)
		return ok && s.TypesInfo.Uses[a] == s.TypesInfo.Uses[b]
	case *ast.SelectorExpr:
		b, ok := b.(*ast.SelectorExpr)
		return ok && s.TypesInfo.Uses[a.Sel] == s.TypesInfo.Uses[b.Sel] && s.same(a.X, b.X)
	}
	return false
}

// substitute finds the expressions x[i] and x[j] in the order, which its
// parameters must be used for and nothing else.
func (s *sorting) substitute(c inspector.Cursor, x ast.Expr, params []types.Object, a, b string) (why string) {
	for use := range c.Preorder((*ast.Ident)(nil)) {
		obj := s.TypesInfo.Uses[use.Node().(*ast.Ident)]
		if obj == nil || obj != params[0] && obj != params[1] {
			continue
		}
		index, ok := use.Parent().Node().(*ast.IndexExpr)
		if !ok || index.Index != use.Node() || !s.same(x, index.X) {
			return "the order uses " + obj.Name() + " for more than to index " + s.text(x)
		}
		s.elems[index] = a
		if obj == params[1] {
			s.elems[index] = b
		}
		if up, ok := use.Parent().Parent().Node().(*ast.UnaryExpr); ok && up.Op == token.AND {
			return "the order takes the address of an element"
		}
	}
	return ""
}

// A key is one criterion of an order: less says which operand comes first.
type key struct {
	x, y   ast.Expr // in the order of their evaluation
	after  bool     // x comes first where it is greater
	method bool     // x.Before(y) or x.After(y), of times
}

// keys reads an order: comparisons of which each but the last is made where
// its operands differ, or the next ones where they are equal.
func (s *sorting) keys(body []ast.Stmt) (keys []key, why string) {
	const odd = "the order is not a row of comparisons"
	if len(body) == 0 {
		return nil, odd
	}
	cond, ok := body[0].(*ast.IfStmt)
	if !ok {
		if len(body) > 1 {
			return nil, odd
		}
		k, why := s.key(body[0])
		return []key{k}, why
	}
	if cond.Init != nil || cond.Else != nil {
		return nil, odd
	}
	test, ok := ast.Unparen(cond.Cond).(*ast.BinaryExpr)
	if !ok || test.Op != token.NEQ && test.Op != token.EQL {
		return nil, odd
	}
	first, rest := cond.Body.List, body[1:]
	if test.Op == token.EQL {
		first, rest = rest, first
	}
	if len(first) != 1 {
		return nil, odd
	}
	k, why := s.key(first[0])
	switch {
	case why != "":
		return nil, why
	case k.method, s.spell(k.x) != s.spell(test.X), s.spell(k.y) != s.spell(test.Y):
		return nil, odd
	}
	more, why := s.keys(rest)
	return append([]key{k}, more...), why
}

// key reads a statement that returns a comparison.
func (s *sorting) key(stmt ast.Stmt) (k key, why string) {
	ret, ok := stmt.(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return k, "the order is not a row of comparisons"
	}
	switch e := ast.Unparen(ret.Results[0]).(type) {
	case *ast.BinaryExpr:
		if e.Op != token.LSS && e.Op != token.GTR {
			return k, "the order is not a comparison by < or >"
		}
		k = key{x: e.X, y: e.Y, after: e.Op == token.GTR}
		t, ok := types.Unalias(s.TypesInfo.TypeOf(e.X)).Underlying().(*types.Basic)
		switch {
		case !ok || !types.Identical(s.TypesInfo.TypeOf(e.X), s.TypesInfo.TypeOf(e.Y)):
			return k, "the order compares what package cmp does not"
		case t.Info()&types.IsFloat != 0:
			return k, "NaN is less than nothing for < and than everything for package cmp"
		}
	case *ast.CallExpr:
		fn := typeutil.StaticCallee(s.TypesInfo, e)
		if fn == nil || fn.FullName() != "(time.Time).Before" && fn.FullName() != "(time.Time).After" {
			return k, "the order is not a comparison by < or >"
		}
		if !s.atLeast(e.Pos(), "go1.20") {
			return k, "Time.Compare came with go1.20"
		}
		sel := ast.Unparen(e.Fun).(*ast.SelectorExpr)
		if sel.Sel.Name != fn.Name() || s.TypesInfo.Selections[sel].Indirect() {
			return k, "the order calls " + fn.Name() + " through a pointer or an embedded field"
		}
		k = key{x: sel.X, y: e.Args[0], after: fn.Name() == "After", method: true}
	default:
		return k, "the order is not a comparison by < or >"
	}
	for _, e := range []ast.Expr{k.x, k.y} {
		if why := s.reads(e); why != "" {
			return k, why
		}
	}
	return k, ""
}

// reads says why evaluating an operand may do more than read, "" if it does not.
func (s *sorting) reads(e ast.Expr) (why string) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.CompositeLit:
			why = "the order does more than to read"
		case *ast.UnaryExpr:
			if n.Op == token.ARROW || n.Op == token.AND {
				why = "the order does more than to read"
			}
		case *ast.CallExpr:
			if !s.readingCall(n) {
				why = s.text(n.Fun) + " may do more than read"
			}
		}
		return why == ""
	})
	return why
}

// readingCall reports whether a call is a conversion, of len or cap, of package
// strings, or of a function of this package that returns what it reads.
func (s *sorting) readingCall(call *ast.CallExpr) bool {
	if s.TypesInfo.Types[call.Fun].IsType() {
		return true
	}
	switch fn := typeutil.Callee(s.TypesInfo, call).(type) {
	case *types.Builtin:
		return fn.Name() == "len" || fn.Name() == "cap"
	case *types.Func:
		sig := fn.Signature()
		if sig.Recv() == nil && fn.Pkg() != nil && fn.Pkg().Path() == "strings" {
			for v := range sig.Params().Variables() {
				if _, ok := v.Type().Underlying().(*types.Basic); !ok {
					return false
				}
			}
			return true
		}
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && sig.Recv() != nil {
			_, toPointer := sig.Recv().Type().(*types.Pointer)
			_, ofPointer := s.TypesInfo.TypeOf(sel.X).Underlying().(*types.Pointer)
			if toPointer && !ofPointer {
				return false // of an element's address, where there is a copy now
			}
		}
		return s.accessor(fn)
	}
	return false
}

// accessor reports whether a function of this package only returns a variable,
// parameter or field.
func (s *sorting) accessor(fn *types.Func) bool {
	for c := range s.root.Preorder((*ast.FuncDecl)(nil)) {
		decl := c.Node().(*ast.FuncDecl)
		if s.TypesInfo.Defs[decl.Name] != fn.Origin() {
			continue
		}
		if decl.Body == nil || len(decl.Body.List) != 1 {
			return false
		}
		ret, ok := decl.Body.List[0].(*ast.ReturnStmt)
		return ok && len(ret.Results) == 1 && s.chain(ret.Results[0])
	}
	return false
}

// spell is the text of an expression with a and b for the elements.
func (s *sorting) spell(e ast.Expr) string {
	var text strings.Builder
	at := e.Pos()
	ast.Inspect(e, func(n ast.Node) bool {
		name, ok := s.elems[n]
		if ok {
			text.WriteString(s.between(at, n.Pos()) + name)
			at = n.End()
		}
		return !ok
	})
	return text.String() + s.between(at, e.End())
}

// natural reports whether the only key is the element itself.
func (s *sorting) natural(keys []key) bool {
	x, y := s.elems[ast.Unparen(keys[0].x)], s.elems[ast.Unparen(keys[0].y)]
	return len(keys) == 1 && x != "" && x < y && !keys[0].method && !keys[0].after // a comes before b
}

// compare makes the function that spells the three-way comparison of a key,
// and the imports that it needs.
func (s *sorting) compare(keys []key) (spell func(key) string, edits []analysis.TextEdit, ok bool) {
	names := make(map[string]string)
	pkg := func(k key) string {
		t := types.Unalias(s.TypesInfo.TypeOf(k.x))
		if t == types.Typ[types.String] && s.atLeast(s.call.Pos(), "go1.23") {
			return "strings" // one comparison, package cmp makes two
		}
		return "cmp"
	}
	for _, k := range keys {
		if k.method || names[pkg(k)] != "" {
			continue
		}
		name, more, ok := s.imported(s.call.Pos(), pkg(k))
		if !ok {
			return nil, nil, false
		}
		names[pkg(k)], edits = name, append(edits, more...)
	}
	return func(k key) string {
		x, y, sign := k.x, k.y, ""
		switch {
		case k.after && s.selects(x) && s.selects(y):
			x, y = y, x
		case k.after:
			sign = "-" // to keep the order in which they may panic
		}
		if k.method {
			return sign + s.spell(x) + ".Compare(" + s.spell(y) + ")"
		}
		return sign + names[pkg(k)] + ".Compare(" + s.spell(x) + ", " + s.spell(y) + ")"
	}, edits, true
}

// selects reports whether an expression is an element or selects fields of one:
// whatever it may panic with, its counterpart panics with the same.
func (s *sorting) selects(e ast.Expr) bool {
	if _, ok := s.elems[e]; ok {
		return true
	}
	sel, ok := e.(*ast.SelectorExpr)
	return ok && s.TypesInfo.Selections[sel] != nil && s.selects(sel.X)
}
