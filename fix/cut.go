package fix

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"strconv"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Cut searches a text where it is split for some of its parts.
var Cut = newAnalyzer("cut", cut)

func cut(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		s := p.splitting(call)
		if s == nil || p.inTest(call.Pos()) {
			continue
		}
		k := &cutting{pass: p, splitting: s, c: c, limit: -1}
		switch s.function {
		case "Split":
		case "SplitN":
			n, ok := int64(0), len(call.Args) == 3
			if ok {
				n, ok = p.integer(call.Args[2])
			}
			if !ok || n == 0 || n == 1 {
				continue
			}
			k.limit = n
		default:
			continue
		}
		if len(call.Args) < 2 {
			continue // another call gives them
		}
		why := silent
		switch c.ParentEdgeKind() {
		case edge.CallExpr_Args:
			why = k.count()
		case edge.IndexExpr_X:
			why = k.first()
		case edge.AssignStmt_Rhs:
			why = k.parts()
		}
		if why != silent && why != "" {
			p.refuse(s.site(), "%s", why)
		}
	}
}

// A cutting is a splitting that a search may take the place of.
type cutting struct {
	*pass
	*splitting
	c inspector.Cursor // the call
	// limit is the most parts that there may be, or negative.
	limit int64
}

// searched says why a search would not find the parts: the separator may be
// empty, where Split takes the runes apart, or strings.Cut is too new.
func (k *cutting) searched() string {
	sep := k.call.Args[1]
	switch n, ok := k.textLength(sep); {
	case !ok:
		return k.text(sep) + " may be empty, at which the runes are split"
	case n == 0:
		return "an empty separator splits the runes"
	case !k.atLeast(k.call.Pos(), "go1.18"):
		return k.pkg + ".Cut came with go1.18, and the file is older"
	}
	return ""
}

// calls makes the call one of another function of the package, with the first
// two of its arguments.
func (k *cutting) calls(name string) []analysis.TextEdit {
	edits := []analysis.TextEdit{k.replace(k.fun.Sel, name)}
	if len(k.call.Args) > 2 {
		edits = append(edits, analysis.TextEdit{Pos: k.call.Args[1].End(), End: k.call.Args[2].End()})
	}
	return edits
}

func (k *cutting) candidate(name string, edits ...analysis.TextEdit) string {
	k.propose(&Candidate{
		Message: fmt.Sprintf("use %s.%s in place of %[1]s.%[3]s", k.pkg, name, k.function),
		Sites:   []Span{k.site()}, Promise: Gone, Edits: edits,
	})
	return ""
}

// count is for len(strings.Split(s, sep)).
func (k *cutting) count() string {
	length := k.c.Parent()
	outer := length.Node().(*ast.CallExpr)
	if k.builtin(outer) != "len" || k.limit > 0 {
		return silent
	}
	if why := k.searched(); why != "" {
		return why
	}
	// around makes the call the whole of an expression, with text around it.
	around := func(name string, e ast.Expr, before, after string) string {
		return k.candidate(name, append(k.calls(name),
			analysis.TextEdit{Pos: e.Pos(), End: k.call.Pos(), NewText: []byte(before)},
			analysis.TextEdit{Pos: k.call.End(), End: e.End(), NewText: []byte(after)})...)
	}
	kind := length.ParentEdgeKind()
	if kind == edge.UnaryExpr_X {
		return around("Count", outer, "(", " + 1)")
	}
	bin, ok := length.Parent().Node().(*ast.BinaryExpr)
	if !ok {
		return around("Count", outer, "", " + 1")
	}
	if bin.Op == token.SUB && kind == edge.BinaryExpr_X {
		if n, ok := k.integer(bin.Y); ok && n == 1 {
			return around("Count", bin, "", "")
		}
	}
	switch set, ok := k.test(length); {
	case ok && set == several:
		return around("Contains", bin, "", "")
	case ok && set == one:
		return around("Contains", bin, "!", "")
	}
	if edit, ok := k.lessOne(length, bin); ok {
		return k.candidate("Count", append(k.calls("Count"), edit,
			analysis.TextEdit{Pos: outer.Pos(), End: k.call.Pos()}, analysis.TextEdit{Pos: k.call.End(), End: outer.End()})...)
	}
	if prec := bin.Op.Precedence(); prec > token.ADD.Precedence() || prec == token.ADD.Precedence() && kind == edge.BinaryExpr_Y && bin.Op != token.ADD {
		return around("Count", outer, "(", " + 1)")
	}
	return around("Count", outer, "", " + 1")
}

// lessOne makes the number with which a number of parts is compared one of
// separators.
func (k *cutting) lessOne(length inspector.Cursor, bin *ast.BinaryExpr) (e analysis.TextEdit, ok bool) {
	other := bin.Y
	if length.ParentEdgeKind() == edge.BinaryExpr_Y {
		other = bin.X
	}
	lit, ok := other.(*ast.BasicLit)
	if !ok || !isComparison(bin.Op) {
		return e, false
	}
	n, ok := k.integer(lit)
	return k.replace(lit, strconv.FormatInt(n-1, 10)), ok && n > 0
}

// counts is a set of numbers of parts.
type counts uint8

const (
	one counts = 1 << iota
	two
	more
	several = two | more
)

// possible are the numbers of parts that there may be.
func (k *cutting) possible() counts {
	if k.limit == 2 {
		return one | two
	}
	return one | several
}

// test are the numbers of parts for which a comparison is true of which one
// side, at c, is that number. ok is false for other expressions, and where it
// tells apart more than two parts.
func (k *cutting) test(c inspector.Cursor) (set counts, ok bool) {
	bin, ok := c.Parent().Node().(*ast.BinaryExpr)
	if !ok {
		return 0, false
	}
	other := bin.Y
	if c.ParentEdgeKind() == edge.BinaryExpr_Y {
		other = bin.X
	}
	v := k.TypesInfo.Types[other].Value
	n, ok := k.integer(other)
	if !ok || n < 0 || n > 3 || !isComparison(bin.Op) {
		return 0, false
	}
	is := func(parts int64) bool {
		x, y := constant.MakeInt64(parts), v
		if other == bin.X {
			x, y = y, x
		}
		return constant.Compare(x, bin.Op, y)
	}
	if is(1) {
		set |= one
	}
	if is(2) {
		set |= two
	}
	if is(3) {
		set |= more
	}
	return set & k.possible(), is(3) == is(4)
}

func isComparison(op token.Token) bool {
	return op.Precedence() == token.EQL.Precedence()
}

// first is for strings.Split(s, sep)[0].
func (k *cutting) first() string {
	ix := k.c.Parent()
	index := ix.Node().(*ast.IndexExpr)
	n, ok := k.integer(index.Index)
	switch {
	case !ok:
		return silent
	case n > 0:
		return fmt.Sprintf("%s panics where there are fewer parts", k.text(index))
	case k.stored(ix) || k.addressed(ix):
		return silent
	}
	if why := k.searched(); why != "" {
		return why
	}
	if k.bytes && !k.looked(ix) {
		return "who gets the part may see its capacity, or keep it"
	}
	edits := append(k.calls("Cut"), analysis.TextEdit{Pos: k.call.End(), End: index.End()})
	rest := func(at token.Pos) string {
		return k.candidate("Cut", append(edits, analysis.TextEdit{Pos: at, End: at, NewText: []byte(", _, _")})...)
	}
	switch up := ix.Parent().Node().(type) {
	case *ast.AssignStmt:
		if len(up.Lhs) == 1 && (up.Tok == token.ASSIGN || up.Tok == token.DEFINE) {
			return rest(up.Lhs[0].End())
		}
	case *ast.ValueSpec:
		if len(up.Names) == 1 && up.Type == nil {
			return rest(up.Names[0].End())
		}
	}
	return k.ahead(ix, index)
}

// ahead cuts in a statement of its own, before the one that uses the first part.
func (k *cutting) ahead(ix inspector.Cursor, index *ast.IndexExpr) string {
	at, why := statementOnce(ix)
	if why != "" {
		return why
	}
	if k.bytes {
		return "it matters when " + k.text(k.call.Args[0]) + " is looked at"
	}
	pos := at.Node().Pos()
	for _, a := range k.call.Args[:2] {
		if !k.demands(a).settled() {
			return "it matters when " + k.text(a) + " is evaluated"
		}
		if !k.means(a, pos) {
			return k.text(a) + " means something else before the statement"
		}
	}
	switch {
	case !k.means(k.fun.X, pos):
		return silent
	case hasGoto(at):
		return "the function has a goto, which may not jump over a variable"
	case k.comments(index.Pos(), index.End()):
		return "a comment stands in the call"
	}
	list := at.Parent().Node()
	name := k.freshIn(list.Pos(), list.End(), "before")
	pos = k.before(at.Node())
	text := fmt.Sprintf("%s, _, _ := %s.Cut(%s, %s)\n", name, k.text(k.fun.X), k.text(k.call.Args[0]), k.text(k.call.Args[1]))
	return k.candidate("Cut", k.replace(index, name), analysis.TextEdit{Pos: pos, End: pos, NewText: []byte(text)})
}

// statementOnce is the statement of a list that evaluates an expression once,
// whatever else it does; why says that there is none.
func statementOnce(c inspector.Cursor) (stmt inspector.Cursor, why string) {
	for {
		up := c.Parent()
		switch n := up.Node().(type) {
		case *ast.BinaryExpr:
			if c.ParentEdgeKind() == edge.BinaryExpr_Y && (n.Op == token.LAND || n.Op == token.LOR) {
				return stmt, "it is evaluated on a condition"
			}
		case *ast.IfStmt:
			if c.ParentEdgeKind() == edge.IfStmt_Cond && n.Init != nil {
				return stmt, "another statement comes before it in the head of the if statement"
			}
		case *ast.SwitchStmt:
			if c.ParentEdgeKind() == edge.SwitchStmt_Tag && n.Init != nil {
				return stmt, "another statement comes before it in the head of the switch statement"
			}
		case *ast.ForStmt:
			return stmt, "each round evaluates it"
		case *ast.RangeStmt:
			if c.ParentEdgeKind() != edge.RangeStmt_X {
				return stmt, "each round evaluates it"
			}
		case *ast.CaseClause, *ast.CommClause:
			return stmt, "it is evaluated on a condition"
		case *ast.TypeSwitchStmt, *ast.File:
			return stmt, silent
		}
		if _, ok := up.Node().(ast.Stmt); ok {
			if !listed(up) {
				return stmt, "it is no part of a statement before which another can stand"
			}
			return up, ""
		}
		c = up
	}
}
