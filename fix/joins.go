package fix

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"

	"github.com/stackward-go/stackward/alloc"
)

// join proposes strings.Join in place of the one loop that does the same, and
// reports whether there is such a loop.
func (b *built) join() bool {
	if len(b.loops) != 1 {
		return false
	}
	c := b.loops[0]
	loop, ok := c.Node().(*ast.RangeStmt)
	if !ok || c.ParentEdgeKind() == edge.LabeledStmt_Stmt {
		return false
	}
	sep, ok := b.joins(loop)
	if !ok || b.comments(loop.Pos(), loop.End()) {
		return false
	}
	if b.ident.ParentEdgeKind() != edge.Field_Names && !b.isRead() {
		return false
	}
	if !b.quiet(loop.X) && !b.confined(b.v) {
		return false // what the loop ranges over may change the string first
	}
	pkg, edits, ok := b.imported(loop.Pos(), "strings")
	if !ok {
		return false
	}
	text := pkg + ".Join(" + b.text(ast.Unparen(loop.X)) + ", " + sep + ")"
	decl, value, declared := b.declaration()
	edit := b.replace(loop, b.v.Name()+" = "+text)
	var adds []alloc.Kind
	if next, ok := decl.NextSibling(); declared && value == nil && ok && next == c && !names(loop.X, b.v.Name()) && !b.comments(decl.Node().Pos(), loop.Pos()) {
		edit = analysis.TextEdit{Pos: decl.Node().Pos(), End: loop.End(), NewText: []byte(b.v.Name() + " := " + text)}
	} else if b.begins(c) {
		edit = b.replace(loop, b.v.Name()+" += "+text)
		adds = []alloc.Kind{alloc.String}
	}
	b.propose(&Candidate{
		Message: "make " + b.v.Name() + " with strings.Join",
		Sites:   b.sites, Promise: Gone, Adds: adds,
		Edits: append(edits, edit),
	})
	return true
}

// joins is the separator that a loop puts between the strings of a slice, all of
// which it adds one after the other. Nothing that it evaluates can panic or
// call anything, so that nobody sees the string meanwhile.
func (b *built) joins(loop *ast.RangeStmt) (sep string, ok bool) {
	s, isSlice := b.TypesInfo.TypeOf(loop.X).Underlying().(*types.Slice)
	if !isSlice || !types.Identical(s.Elem(), types.Typ[types.String]) || loop.Tok != token.DEFINE {
		return "", false
	}
	item, _ := loop.Value.(*ast.Ident)
	if item == nil || item.Name == "_" {
		return "", false
	}
	isItem := func(stmt ast.Stmt) bool {
		e := b.only(stmt)
		id, ok := e.(*ast.Ident)
		return ok && b.TypesInfo.Uses[id] == b.TypesInfo.Defs[item]
	}
	list := loop.Body.List
	if len(list) == 1 && isItem(list[0]) {
		return `""`, true
	}
	if len(list) != 2 {
		return "", false
	}
	first, last := list[0], list[1]
	if isItem(last) && b.isBetween(first, loop, false) {
		sep, ok = b.separator(first, loop)
	} else if isItem(first) && b.isBetween(last, loop, true) {
		sep, ok = b.separator(last, loop)
	}
	return sep, ok
}

// only is what a statement adds to the string, if that is one thing.
func (b *built) only(stmt ast.Stmt) ast.Expr {
	if list := b.added[stmt]; len(list) == 1 {
		return list[0]
	}
	return nil
}

// isBetween reports whether a statement does something in each round but the
// first, or the last: if i > 0 { }, if i < len(x)-1 { }.
func (b *built) isBetween(stmt ast.Stmt, loop *ast.RangeStmt, last bool) bool {
	n, ok := stmt.(*ast.IfStmt)
	if !ok || n.Init != nil || n.Else != nil || len(n.Body.List) != 1 {
		return false
	}
	cond, ok := ast.Unparen(n.Cond).(*ast.BinaryExpr)
	key, isIdent := loop.Key.(*ast.Ident)
	if !ok || !isIdent || key.Name == "_" {
		return false
	}
	i, _ := b.TypesInfo.Defs[key].(*types.Var)
	if i == nil || !b.isVar(cond.X, i) || b.measures(cond.Y, loop.X) {
		return false
	}
	if !last {
		n, ok := b.integer(cond.Y)
		return ok && (n == 0 && (cond.Op == token.GTR || cond.Op == token.NEQ) || n == 1 && cond.Op == token.GEQ)
	}
	end, ok := ast.Unparen(cond.Y).(*ast.BinaryExpr)
	if !ok || end.Op != token.SUB || cond.Op != token.LSS && cond.Op != token.NEQ {
		return false
	}
	one, ok := b.integer(end.Y)
	x := b.length(end.X)
	return ok && one == 1 && x != nil && b.text(end.X)[0] == 'l' && b.same(x, loop.X)
}

// measures reports whether an expression names a variable besides the one given,
// as len(array) does, a constant: it may be the only use of it.
func (p *pass) measures(e, besides ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if ok {
			_, isVar := p.TypesInfo.Uses[id].(*types.Var)
			found = found || isVar && !p.same(id, besides)
		}
		return !found
	})
	return found
}

// same reports whether two expressions are the same variable.
func (p *pass) same(x, y ast.Expr) bool {
	v, ok := p.TypesInfo.ObjectOf(identOf(x)).(*types.Var)
	return ok && p.isVar(y, v)
}

func identOf(e ast.Expr) *ast.Ident {
	id, _ := ast.Unparen(e).(*ast.Ident)
	return id
}

// separator is the text of what the body of an if statement adds, a constant or
// a variable.
func (b *built) separator(stmt ast.Stmt, loop *ast.RangeStmt) (string, bool) {
	e := b.only(stmt.(*ast.IfStmt).Body.List[0])
	if e == nil {
		return "", false
	}
	id, isIdent := e.(*ast.Ident)
	if b.TypesInfo.Types[e].Value == nil && (!isIdent || b.TypesInfo.Uses[id] == b.v) {
		return "", false
	}
	return b.text(e), b.means(e, loop.Pos())
}
