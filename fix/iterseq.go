package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// IterSeq ranges over the parts of a text without a slice of them.
var IterSeq = newAnalyzer("iterseq", iterseq)

// sequenced have a twin that returns an iterator: SplitSeq of Split.
var sequenced = map[string]bool{"Split": true, "SplitAfter": true, "Fields": true, "FieldsFunc": true}

func iterseq(p *pass) {
	for c := range p.root.Preorder((*ast.RangeStmt)(nil)) {
		loop := c.Node().(*ast.RangeStmt)
		if p.inTest(loop.Pos()) {
			continue
		}
		s, why := p.splitRange(c, loop)
		if s == nil || !sequenced[s.function] {
			continue
		}
		if why == "" {
			why = p.unsequenced(c, loop, s)
		}
		if why != "" {
			p.refuse(s.site(), "%s", why)
			continue
		}
		edits := []analysis.TextEdit{p.replace(s.fun.Sel, s.function+"Seq")}
		switch {
		case loop.Key == nil:
		case loop.Value == nil || isBlank(loop.Value):
			edits = append(edits, analysis.TextEdit{Pos: loop.Key.Pos(), End: loop.Range})
		default:
			edits = append(edits, analysis.TextEdit{Pos: loop.Key.Pos(), End: loop.Value.Pos()})
		}
		cand := &Candidate{
			Message: fmt.Sprintf("range over %s.%sSeq, which makes no slice", s.pkg, s.function),
			Sites:   []Span{s.site()}, Promise: Gone, Edits: edits,
		}
		if decl := p.simple(s.fun.Pos()); decl != nil && decl != loop {
			cand.units = []ast.Node{decl} // its variable gets another type
		}
		p.propose(cand)
	}
}

// splitRange is the splitting whose parts a loop ranges over: the call stands in
// the loop, or right before it as the value of a variable. why says that the
// variable is used elsewhere too.
func (p *pass) splitRange(c inspector.Cursor, loop *ast.RangeStmt) (s *splitting, why string) {
	if s := p.splitting(loop.X); s != nil {
		return s, ""
	}
	id, ok := loop.X.(*ast.Ident)
	if !ok || !listed(c) {
		return nil, ""
	}
	prev, ok := c.PrevSibling()
	if !ok {
		return nil, ""
	}
	def, ok := prev.Node().(*ast.AssignStmt)
	if !ok || def.Tok != token.DEFINE || len(def.Lhs) != 1 || len(def.Rhs) != 1 {
		return nil, ""
	}
	v := p.TypesInfo.Defs[def.Lhs[0].(*ast.Ident)]
	if v == nil || v != p.TypesInfo.Uses[id] {
		return nil, ""
	}
	if len(p.uses(v)) > 1 {
		why = v.Name() + " is used elsewhere too"
	}
	return p.splitting(def.Rhs[0]), why
}

// isBlank reports whether nothing is assigned to: it is absent or _.
func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return e == nil || ok && id.Name == "_"
}

// unsequenced says why a loop over the parts of a text cannot be one over an
// iterator of them.
func (p *pass) unsequenced(c inspector.Cursor, loop *ast.RangeStmt, s *splitting) string {
	switch {
	case loop.Key != nil && !isBlank(loop.Key):
		return "the loop uses the index"
	case !p.atLeast(loop.Pos(), "go1.24"):
		return fmt.Sprintf("%s.%sSeq came with go1.24, and the file is older", s.pkg, s.function)
	case loop.Value != nil && !isIdent(loop.Value):
		return "the loop assigns to " + p.text(loop.Value)
	case p.importsUnsafe():
		return "package unsafe may change the text while the loop looks for the next part"
	}
	if why := p.asFunction(c, loop); why != "" {
		return why
	}
	if s.function == "FieldsFunc" && !p.asksNothing(s.call.Args[len(s.call.Args)-1]) {
		return "what tells where to split may see when it is called"
	}
	if s.bytes {
		return p.disturbed(loop, s)
	}
	return ""
}

// asFunction says why the body of a loop does something else in a function of
// its own, which it becomes for the iterator.
func (p *pass) asFunction(c inspector.Cursor, loop *ast.RangeStmt) (why string) {
	body := p.cursor(loop.Body)
	body.Inspect([]ast.Node{(*ast.FuncLit)(nil), (*ast.DeferStmt)(nil), (*ast.BranchStmt)(nil), (*ast.CallExpr)(nil)}, func(c inspector.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			why = "the loop defers a call, which costs more in the function that its body becomes"
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				why = "the loop has a goto"
			}
		case *ast.CallExpr:
			if p.builtin(n) == "recover" {
				why = "the loop calls recover, which its body would call in another function"
			}
		}
		return why == ""
	})
	if why != "" {
		return why
	}
	for f := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for call := range f.Preorder((*ast.CallExpr)(nil)) {
			if n := call.Node().(*ast.CallExpr); p.asksForCaller(n) {
				return fmt.Sprintf("line %d calls %s, which tells apart who calls it", p.lineOf(call), p.text(n.Fun))
			}
		}
		break
	}
	return ""
}

// asksNothing reports whether a function of a rune depends on nothing else: one
// of package unicode, or one that returns a simple expression of the rune.
func (p *pass) asksNothing(e ast.Expr) bool {
	if p.harmless(e) {
		return true
	}
	var typ *ast.FuncType
	var body *ast.BlockStmt
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		typ, body = e.Type, e.Body
	case *ast.Ident:
		fn, _ := p.TypesInfo.Uses[e].(*types.Func)
		if decl := p.declaration(fn); fn != nil && decl != nil && decl.Body != nil {
			typ, body = decl.Type, decl.Body
		}
	}
	if body == nil || len(body.List) != 1 {
		return false
	}
	ret, ok := body.List[0].(*ast.ReturnStmt)
	return ok && len(ret.Results) == 1 && p.ofParameter(ret.Results[0], typ)
}

// ofParameter reports whether an expression depends on nothing but the
// parameters of a function, and cannot panic.
func (p *pass) ofParameter(e ast.Expr, typ *ast.FuncType) bool {
	if p.TypesInfo.Types[e].Value != nil {
		return true
	}
	switch e := e.(type) {
	case *ast.Ident:
		obj := p.TypesInfo.Uses[e]
		return obj != nil && typ.Params.Pos() <= obj.Pos() && obj.Pos() < typ.Params.End()
	case *ast.ParenExpr:
		return p.ofParameter(e.X, typ)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && e.Op != token.AND && p.ofParameter(e.X, typ)
	case *ast.BinaryExpr:
		return p.quietOp(e) && p.ofParameter(e.X, typ) && p.ofParameter(e.Y, typ)
	case *ast.CallExpr:
		tv := p.TypesInfo.Types[e.Fun]
		return len(e.Args) == 1 && (tv.IsType() && isInteger(tv.Type) || p.harmless(e.Fun)) && p.ofParameter(e.Args[0], typ)
	}
	return false
}

// disturbed says what in the body of a loop over parts of bytes could tell that
// the bytes are looked at from round to round, and not before the first, or
// that the last part has its own capacity (bytes/iter.go).
func (p *pass) disturbed(loop *ast.RangeStmt, s *splitting) string {
	if !isBlank(loop.Value) {
		v, ok := p.TypesInfo.Defs[loop.Value.(*ast.Ident)].(*types.Var)
		if !ok {
			return "the loop assigns to " + p.text(loop.Value)
		}
		for _, use := range p.uses(v) {
			if !p.looked(use) {
				return fmt.Sprintf("line %d may keep %s, change it or see its capacity", p.lineOf(use), v.Name())
			}
		}
	}
	private := true // nobody but the loop has the bytes
	for _, a := range s.call.Args {
		call, ok := ast.Unparen(a).(*ast.CallExpr)
		_, constant := p.textLength(a)
		private = private && (constant || ok && p.isBytes(call) || p.asksNothing(a))
	}
	if private {
		return ""
	}
	if what := p.disturbs(p.cursor(loop.Body)); what != "" {
		return what + " in the loop, which may change the bytes before it looks at them"
	}
	return ""
}

// disturbs says what in the body of a loop could change bytes that others have.
func (p *pass) disturbs(body inspector.Cursor) (what string) {
	body.Inspect(nil, func(c inspector.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt, *ast.SelectStmt:
			what = "other code runs"
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				what = "other code runs"
			}
		case *ast.RangeStmt:
			switch p.TypesInfo.TypeOf(n.X).Underlying().(type) {
			case *types.Chan, *types.Signature, *types.TypeParam, *types.Interface:
				what = "other code runs"
			}
		case *ast.CallExpr:
			if !p.disturbsNot(n) {
				what = p.text(n.Fun) + " is called"
			}
		case ast.Expr:
			switch c.ParentEdgeKind() {
			case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
				if p.TypesInfo.Defs[identOf(n)] == nil && p.holdsBytesOf(n) {
					what = p.text(n) + " is assigned"
				}
			}
		}
		return what == ""
	})
	return what
}

// holdsBytesOf reports whether what is assigned to may be memory that a []byte
// refers to: a byte behind a pointer or in a slice, an array, a struct that may
// have one.
func (p *pass) holdsBytesOf(e ast.Expr) bool {
	if isBlank(e) {
		return false
	}
	if ix, ok := ast.Unparen(e).(*ast.IndexExpr); ok && isMap(p.TypesInfo.TypeOf(ix.X)) {
		return false
	}
	t := p.TypesInfo.TypeOf(e)
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return true
	}
	switch t.Underlying().(type) {
	case *types.Array, *types.Struct:
		return true
	}
	switch ast.Unparen(e).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		return false
	}
	return isByte(t)
}

// disturbsNot reports whether a call changes no bytes that others have.
func (p *pass) disturbsNot(call *ast.CallExpr) bool {
	switch p.builtin(call) {
	case "append", "copy":
		s, ok := p.TypesInfo.TypeOf(call.Args[0]).Underlying().(*types.Slice)
		if !ok {
			return false
		}
		b, ok := s.Elem().Underlying().(*types.Basic)
		return ok && b.Kind() != types.Uint8
	case "":
		if fn := typeutil.StaticCallee(p.TypesInfo, call); fn != nil && strings.HasPrefix(fn.FullName(), "(*strings.Builder).") {
			return true
		}
	}
	return p.readingOnly(call)
}
