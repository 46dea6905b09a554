package fix

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// StackArray puts small slices on the stack.
var StackArray = newAnalyzer("stackarray", stackarray)

const (
	arrayLimit   = 1024 // bytes of an array that takes the place of a slice that is made: it must be cleared, too
	appendLimit  = 256  // bytes that appends may need for sure to fill them
	scratchBytes = 64   // of a []byte that is appended to, nobody knows how much
)

func stackarray(p *pass) {
	grown := make(map[*types.Var][]inspector.Cursor)
	var vars []*types.Var
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if p.inTest(call.Pos()) {
			continue
		}
		if p.builtin(call) == "make" {
			p.boundedMake(c, call)
			continue
		}
		v := p.growth(c)
		if v == nil {
			continue
		}
		if grown[v] == nil {
			vars = append(vars, v)
		}
		grown[v] = append(grown[v], c)
	}
	for _, v := range vars {
		if s := p.slice(v, grown[v]); s != nil && !s.result {
			s.onStack()
		}
	}
}

// onStack gives a slice that stays in the function a small constant capacity,
// which the compiler can put on the stack.
func (s *sized) onStack() {
	size := s.elemSize(s.v.Type())
	if size == 0 || s.start == nil || !s.decl.Valid() || !fixedSize(s.v.Type().Underlying().(*types.Slice).Elem()) || !s.stays() {
		return
	}
	room, why := s.few()
	if why != "" {
		if !isByte(s.v.Type().Underlying().(*types.Slice).Elem()) {
			return // presize's, or nobody's
		}
		if s.room > 0 {
			return // somebody has thought of it
		}
		room = scratchBytes
	}
	if room <= s.room || room*size > appendLimit {
		return
	}
	site := s.sites()[0]
	if s.comments(s.decl.Node().Pos(), s.decl.Node().End()) {
		s.refuse(site, "a comment is in the declaration of %s", s.v.Name())
		return
	}
	if !s.universal(s.decl.Node().Pos(), "make") {
		s.refuse(site, "make means something else here")
		return
	}
	text := fmt.Sprintf("make(%s, 0, %d)", s.typ, room)
	edit := s.replace(s.start, text)
	if spec, ok := s.start.(*ast.ValueSpec); ok { // var s []T
		decl, ok := s.decl.Node().(*ast.DeclStmt)
		if !ok || decl.Decl.(*ast.GenDecl).Lparen.IsValid() {
			return
		}
		edit = analysis.TextEdit{Pos: decl.Pos(), End: spec.End(), NewText: []byte(s.v.Name() + " := " + text)}
	}
	s.propose(&Candidate{
		Message: fmt.Sprintf("start %s with room for %d elements on the stack", s.v.Name(), room),
		Sites:   s.sites(), Promise: Fewer, Edits: []analysis.TextEdit{edit},
	})
}

// sites are the calls that grow the slice, the last append first: the compiler
// may have put on the stack what an early one needs.
func (s *sized) sites() (list []Span) {
	var others []Span
	for _, c := range slices.Backward(s.appends) {
		if s.builtin(c.Node().(*ast.CallExpr)) == "append" {
			list = append(list, span(c.Node(), alloc.Append))
		} else {
			others = append(others, span(c.Node(), ""))
		}
	}
	return append(list, others...)
}

// few is how many elements are appended at most, if no append is in a loop and
// each has a known number of them.
func (s *sized) few() (n int64, why string) {
	for _, c := range s.appends {
		call := c.Node().(*ast.CallExpr)
		if s.site.Kind != "" || s.builtin(call) != "append" || hasGoto(c) {
			return 0, "how many elements are appended is not known"
		}
		if call.Ellipsis.IsValid() {
			text, ok := s.textLength(call.Args[1])
			if !ok {
				return 0, "how many elements are appended is not known"
			}
			n += int64(text)
			continue
		}
		n += int64(len(call.Args) - 1)
	}
	return n, ""
}

// boundedMake is for v := make([]T, n), where n is never more than a small
// constant.
func (p *pass) boundedMake(c inspector.Cursor, call *ast.CallExpr) {
	typ, ok := call.Args[0].(*ast.ArrayType)
	if !ok || typ.Len != nil || len(call.Args) < 2 || c.ParentEdgeKind() != edge.AssignStmt_Rhs {
		return
	}
	elem := p.TypesInfo.TypeOf(typ.Elt)
	if !fixedSize(elem) {
		return
	}
	size := p.TypesSizes.Sizeof(elem)
	n := call.Args[len(call.Args)-1]
	length := "0"
	if len(call.Args) == 3 {
		if low, ok := p.integer(call.Args[1]); !ok || low != 0 {
			return
		}
	}
	most, ok := p.atMost(n, c.Parent(), 4)
	if !ok || p.TypesInfo.Types[n].Value != nil || size == 0 || most == 0 || most > arrayLimit/size {
		return
	}
	def := c.Parent().Node().(*ast.AssignStmt)
	if def.Tok != token.DEFINE || len(def.Lhs) != 1 || !listed(c.Parent()) {
		return
	}
	v, ok := p.TypesInfo.Defs[def.Lhs[0].(*ast.Ident)].(*types.Var)
	if !ok {
		return
	}
	site := span(call, alloc.Slice)
	if why := p.goesOut(v); why != "" {
		p.refuse(site, "%s", why)
		return
	}
	array := p.fresh(def.Pos(), "array")
	text := fmt.Sprintf("%s[:%s]", array, p.text(n))
	if len(call.Args) == 3 || p.seesCapacity(v) {
		if len(call.Args) == 2 {
			length = p.text(n)
		}
		if !p.quiet(n) {
			p.refuse(site, "%s would be evaluated twice", p.text(n))
			return
		}
		text = fmt.Sprintf("%s[:%s:%s]", array, length, p.text(n))
	}
	at := p.before(def)
	p.propose(&Candidate{
		Message: fmt.Sprintf("make %s of an array on the stack", v.Name()),
		Sites:   []Span{site}, Promise: Gone,
		Edits: []analysis.TextEdit{
			{Pos: at, End: at, NewText: fmt.Appendf(nil, "var %s [%d]%s\n", array, most, p.text(typ.Elt))},
			p.replace(call, text),
		},
	})
}

// goesOut says how a slice in a variable leaves the function as far as the
// function itself shows: it would be on the heap all the same.
func (p *pass) goesOut(v *types.Var) string {
	if p.captured(v).IsValid() {
		return "a function literal uses " + v.Name()
	}
	for _, c := range p.uses(v) {
		switch c.ParentEdgeKind() {
		case edge.ReturnStmt_Results:
			return fmt.Sprintf("line %d returns %s", p.lineOf(c), v.Name())
		case edge.AssignStmt_Rhs, edge.ValueSpec_Values, edge.SendStmt_Value, edge.CompositeLit_Elts, edge.KeyValueExpr_Value:
			return fmt.Sprintf("line %d stores %s", p.lineOf(c), v.Name())
		}
		for range c.Enclosing((*ast.GoStmt)(nil), (*ast.DeferStmt)(nil)) {
			return fmt.Sprintf("line %d uses %s later", p.lineOf(c), v.Name())
		}
	}
	return ""
}

// seesCapacity reports whether something may see the capacity of the slice in a
// variable.
func (p *pass) seesCapacity(v *types.Var) bool {
	for _, c := range p.uses(v) {
		switch c.ParentEdgeKind() {
		case edge.IndexExpr_X, edge.RangeStmt_X:
			continue
		case edge.CallExpr_Args:
			call := c.Parent().Node().(*ast.CallExpr)
			switch b := p.builtin(call); {
			case b == "len", b == "copy", b == "clear", b == "" && p.readsOnly(call), b == "append" && c.ParentEdgeIndex() == 1 && call.Ellipsis.IsValid():
				continue
			}
		}
		return true
	}
	return false
}

// atMost is the largest value that an expression of an integer type may have in
// the statement at, if it has one that is known and is never negative.
func (p *pass) atMost(e ast.Expr, at inspector.Cursor, depth int) (most int64, ok bool) {
	e = ast.Unparen(e)
	if n, ok := p.integer(e); ok {
		return n, n >= 0
	}
	if depth == 0 || !isBasicInteger(p.TypesInfo.TypeOf(e)) {
		return 0, false
	}
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := p.TypesInfo.Uses[e].(*types.Var); ok && p.confined(v) {
			if most, ok := p.valueAtMost(v, at, depth); ok {
				return most, true
			}
		}
	case *ast.BinaryExpr:
		x, xok := p.atMost(e.X, at, depth-1)
		y, yok := p.atMost(e.Y, at, depth-1)
		switch {
		case e.Op == token.AND && yok && (!xok || y < x):
			return y, true
		case e.Op == token.AND && xok:
			return x, true
		case e.Op == token.REM && p.neverNegative(e.X) && yok && p.TypesInfo.Types[e.Y].Value != nil && y > 0:
			return y - 1, true
		case (e.Op == token.ADD || e.Op == token.MUL) && xok && yok && x < 1<<20 && y < 1<<20 && isInt(p.TypesInfo.TypeOf(e)):
			if e.Op == token.ADD {
				return x + y, true
			}
			return x * y, true
		}
	case *ast.CallExpr:
		if p.builtin(e) == "min" {
			for _, a := range e.Args {
				n, known := p.atMost(a, at, depth-1)
				if !known && !p.neverNegative(a) {
					return 0, false
				}
				if known && (!ok || n < most) {
					most, ok = n, true
				}
			}
			return most, ok
		}
		if p.TypesInfo.Types[e.Fun].IsType() && len(e.Args) == 1 && isInt(p.TypesInfo.TypeOf(e)) {
			return p.atMost(e.Args[0], at, depth-1)
		}
	}
	if isByte(p.TypesInfo.TypeOf(e)) {
		return 255, true
	}
	return 0, false
}

// isInt reports whether a type's values have the size of int.
func isInt(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Int || b.Kind() == types.Uint || b.Kind() == types.Int64 || b.Kind() == types.Uint64)
}

// neverNegative reports whether an expression is never negative.
func (p *pass) neverNegative(e ast.Expr) bool {
	e = ast.Unparen(e)
	if v := p.TypesInfo.Types[e].Value; v != nil {
		return v.Kind() == constant.Int && constant.Sign(v) >= 0
	}
	if isUnsigned(p.TypesInfo.TypeOf(e)) {
		return true
	}
	switch e := e.(type) {
	case *ast.CallExpr:
		b := p.builtin(e)
		return b == "len" || b == "cap"
	case *ast.Ident:
		v, ok := p.TypesInfo.Uses[e].(*types.Var)
		if !ok || !p.constantVar(v) {
			return false
		}
		value, _ := p.onlyValue(v)
		return value != nil && p.neverNegative(value)
	}
	return false
}

// onlyValue is what a variable is declared with, and by what, nil if that is not
// told by one expression.
func (p *pass) onlyValue(v *types.Var) (value ast.Expr, by inspector.Cursor) {
	id, ok := p.root.FindByPos(v.Pos(), v.Pos()+token.Pos(len(v.Name())))
	if !ok {
		return nil, by
	}
	switch n := id.Parent().Node().(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
			return n.Rhs[id.ParentEdgeIndex()], id.Parent()
		}
	case *ast.ValueSpec:
		if len(n.Names) == len(n.Values) {
			return n.Values[id.ParentEdgeIndex()], id.Parent()
		}
	}
	return nil, by
}

// valueAtMost is atMost for a variable: what it is declared with if nothing else
// is assigned to it, or what an if statement right before limits it to.
func (p *pass) valueAtMost(v *types.Var, at inspector.Cursor, depth int) (int64, bool) {
	value, by := p.onlyValue(v)
	if value == nil {
		return 0, false
	}
	if p.constantVar(v) {
		return p.atMost(value, by, depth-1)
	}
	// n := len(s)
	// if n > 64 {
	//	n = 64
	// }
	prev, ok := at.PrevSibling()
	if !ok || !p.neverNegative(value) {
		return 0, false
	}
	limit, ok := prev.Node().(*ast.IfStmt)
	if !ok || limit.Init != nil || limit.Else != nil || len(limit.Body.List) != 1 {
		return 0, false
	}
	set, ok := limit.Body.List[0].(*ast.AssignStmt)
	cond, isCond := limit.Cond.(*ast.BinaryExpr)
	if !ok || !isCond || set.Tok != token.ASSIGN || len(set.Lhs) != 1 || !p.isVar(set.Lhs[0], v) || !p.isVar(cond.X, v) || cond.Op != token.GTR {
		return 0, false
	}
	above, known := p.integer(cond.Y)
	to, same := p.integer(set.Rhs[0])
	stores := 0
	for _, c := range p.uses(v) {
		if p.stored(c) {
			stores++
		}
	}
	return max(above, to), known && same && stores == 1 && above >= 0 && to >= 0
}
