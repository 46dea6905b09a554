package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// A rounds says how often the body of a loop runs if nothing ends it early.
type rounds struct {
	// text is an expression of type int that is never negative, to be evaluated
	// right before the loop: "len(data)".
	text string
	// bytes is a simpler text that is at least as much, at most four times: the
	// length in bytes of what the loop takes the runes of.
	bytes string
	// reads are what the text evaluates.
	reads []ast.Expr
	// claimed reports that the number is not the length of something that
	// exists: a loop that ends early may never come near it.
	claimed bool
	// hoist is what the loop ranges over, if that must not be evaluated twice:
	// the text speaks of the variable named by name, which is to hold it.
	hoist ast.Expr
	name  string
	// imports make the text's packages known.
	imports []string
}

const noRounds = "the number of rounds of the loop is not known before it"

// rounds says how often a loop runs, or why that is not known.
func (p *pass) rounds(loop ast.Stmt) (r rounds, why string) {
	switch loop := loop.(type) {
	case *ast.RangeStmt:
		return p.rangeRounds(loop)
	case *ast.ForStmt:
		return p.forRounds(loop)
	}
	return r, noRounds
}

func (p *pass) rangeRounds(loop *ast.RangeStmt) (r rounds, why string) {
	t := p.TypesInfo.TypeOf(loop.X)
	if t == nil {
		return r, noRounds
	}
	if tv := p.TypesInfo.Types[loop.X]; tv.Value != nil && tv.Value.Kind() == constant.Int {
		n, ok := constant.Int64Val(tv.Value)
		if !ok || n < 0 || n > 1<<20 {
			return r, noRounds
		}
		return rounds{text: strconv.FormatInt(n, 10), claimed: true}, ""
	}
	u := t.Underlying()
	if ptr, ok := u.(*types.Pointer); ok {
		u = ptr.Elem().Underlying()
	}
	switch u := u.(type) {
	case *types.Slice, *types.Array, *types.Map:
		// []byte(text) and []rune(text) have the length of the text in its units.
		if call, ok := ast.Unparen(loop.X).(*ast.CallExpr); ok && len(call.Args) == 1 && p.TypesInfo.Types[call.Fun].IsType() && isString(p.TypesInfo.TypeOf(call.Args[0])) {
			if s, ok := u.(*types.Slice); ok && p.plain(call.Args[0]) {
				return p.textRounds(call.Args[0], isRune(s.Elem())), ""
			}
		}
		if _, ok := ast.Unparen(loop.X).(*ast.CompositeLit); ok {
			return r, "the loop ranges over a literal"
		}
		return p.lengthRounds(loop, "len(", "items"), ""
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			if !p.plain(loop.X) {
				r := p.lengthRounds(loop, "utf8.RuneCountInString(", "text")
				r.imports = []string{"unicode/utf8"}
				return r, ""
			}
			return p.textRounds(loop.X, true), ""
		case u.Info()&types.IsInteger != 0:
			if !p.plain(loop.X) {
				return r, noRounds
			}
			return p.difference(loop.X, nil, 0, 1)
		}
	}
	return r, noRounds
}

// lengthRounds are those of what a loop ranges over. The name of a variable that
// holds that is the same until a candidate has it, see [pass.hoists].
func (p *pass) lengthRounds(loop *ast.RangeStmt, length, name string) rounds {
	if p.plain(loop.X) {
		return rounds{text: length + p.text(ast.Unparen(loop.X)) + ")", reads: []ast.Expr{loop.X}}
	}
	if p.ranged == nil {
		p.ranged = make(map[ast.Expr]string)
	}
	if p.ranged[loop.X] == "" {
		p.ranged[loop.X] = p.fresh(loop.Pos(), name)
	}
	name = p.ranged[loop.X]
	return rounds{text: length + name + ")", hoist: loop.X, name: name}
}

// hoists gives what a loop ranges over to a variable: the text that declares it,
// to be put before the loop, and the edit of the loop. Another candidate for the
// loop gets another name, so that whoever applies both sees that they do not fit.
func (p *pass) hoists(x ast.Expr, name string) (before string, edit analysis.TextEdit) {
	delete(p.ranged, x)
	return name + " := " + p.text(x) + "\n", p.replace(x, name)
}

func (p *pass) textRounds(x ast.Expr, runes bool) rounds {
	r := rounds{text: "len(" + p.text(x) + ")", reads: []ast.Expr{x}}
	if runes {
		r.bytes = r.text
		r.text, r.imports = "utf8.RuneCountInString("+p.text(x)+")", []string{"unicode/utf8"}
		if t, ok := types.Unalias(p.TypesInfo.TypeOf(x)).(*types.Basic); !ok || t.Kind() != types.String && t.Kind() != types.UntypedString {
			r.text = "utf8.RuneCountInString(string(" + p.text(x) + "))"
		}
	}
	return r
}

func isRune(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Int32
}

// forRounds are those of a loop that counts: for i := a; i < b; i += c.
func (p *pass) forRounds(loop *ast.ForStmt) (r rounds, why string) {
	init, ok := loop.Init.(*ast.AssignStmt)
	cond, _ := loop.Cond.(*ast.BinaryExpr)
	if !ok || cond == nil || init.Tok != token.DEFINE || len(init.Lhs) != 1 || len(init.Rhs) != 1 {
		return r, noRounds
	}
	id, _ := init.Lhs[0].(*ast.Ident)
	v, _ := p.TypesInfo.Defs[id].(*types.Var)
	if v == nil || !isBasicInteger(v.Type()) || !p.isVar(cond.X, v) {
		return r, noRounds
	}
	step, ok := p.step(loop.Post, v)
	if !ok || p.assigned(v, loop.Body.Pos(), loop.Body.End()) {
		return r, noRounds
	}
	from, to := init.Rhs[0], cond.Y
	if !p.plain(from) || !p.plain(to) {
		return r, noRounds
	}
	if p.moves(to, loop.Body.Pos(), loop.Body.End()) {
		return r, p.text(to) + ", which bounds the loop, changes in it"
	}
	switch {
	case cond.Op == token.LSS && step > 0, cond.Op == token.NEQ && step == 1:
		return p.difference(to, from, 0, step)
	case cond.Op == token.LEQ && step > 0:
		return p.difference(to, from, 1, step)
	case cond.Op == token.GTR && step < 0:
		return p.difference(from, to, 0, -step)
	case cond.Op == token.GEQ && step < 0:
		return p.difference(from, to, 1, -step)
	}
	return r, noRounds
}

func isBasicInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// isVar reports whether an expression is a variable's name.
func (p *pass) isVar(e ast.Expr, v *types.Var) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && p.TypesInfo.ObjectOf(id) == v
}

// step is what a loop's post statement adds to a variable.
func (p *pass) step(post ast.Stmt, v *types.Var) (int64, bool) {
	switch post := post.(type) {
	case *ast.IncDecStmt:
		if !p.isVar(post.X, v) {
			return 0, false
		}
		if post.Tok == token.DEC {
			return -1, true
		}
		return 1, true
	case *ast.AssignStmt:
		if len(post.Lhs) != 1 || !p.isVar(post.Lhs[0], v) || post.Tok != token.ADD_ASSIGN && post.Tok != token.SUB_ASSIGN {
			return 0, false
		}
		n, ok := p.integer(post.Rhs[0])
		if !ok || n < 1 || n > 1<<20 {
			return 0, false
		}
		if post.Tok == token.SUB_ASSIGN {
			n = -n
		}
		return n, true
	}
	return 0, false
}

// integer is the value of a constant.
func (p *pass) integer(e ast.Expr) (int64, bool) {
	v := p.TypesInfo.Types[e].Value
	if v == nil || v.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(v)
}

// difference is the number of steps from an integer up to another, both plain;
// from is nil for 0, more is added.
func (p *pass) difference(to, from ast.Expr, more, step int64) (r rounds, why string) {
	low, constLow := int64(0), true
	if from != nil {
		low, constLow = p.integer(from)
	}
	high, constHigh := p.integer(to)
	if constLow && constHigh {
		n := max(high-low+more+step-1, 0) / step
		if n > 1<<20 {
			return r, noRounds
		}
		return rounds{text: strconv.FormatInt(n, 10), claimed: true}, ""
	}
	// The length of something from its start on needs no more than itself.
	if constLow && low == more && step == 1 {
		if x := p.length(to); x != nil {
			return rounds{text: p.asInt(to), reads: []ast.Expr{to}}, ""
		}
	}
	// from len(x)-1 down to 0
	if b, ok := ast.Unparen(to).(*ast.BinaryExpr); ok && b.Op == token.SUB && constLow && step == 1 && more == 1 && low == 0 {
		if one, ok := p.integer(b.Y); ok && one == 1 && p.length(b.X) != nil {
			return rounds{text: p.asInt(b.X), reads: []ast.Expr{b.X}}, ""
		}
	}
	r.claimed = true
	text := p.asInt(to)
	if !constHigh {
		r.reads = append(r.reads, to)
	} else {
		text = strconv.FormatInt(high, 10)
	}
	switch {
	case constLow:
		more += step - 1 - low
	case from != nil:
		r.reads = append(r.reads, from)
		text += "-" + p.operand(p.asInt(from), from)
		more += step - 1
		if step > 1 {
			return r, noRounds
		}
	}
	switch {
	case more > 0:
		text += "+" + strconv.FormatInt(more, 10)
	case more < 0:
		text += strconv.FormatInt(more, 10)
	}
	if p.length(to) != nil && constLow && more >= 0 {
		r.claimed = false
		switch {
		case step > 1 && more > 0:
			text = "(" + text + ")/" + strconv.FormatInt(step, 10)
		case step > 1:
			text += "/" + strconv.FormatInt(step, 10)
		}
		r.text = text
		return r, ""
	}
	if !p.atLeast(to.Pos(), "go1.21") || !p.universal(to.Pos(), "max") {
		return r, p.text(to) + " may be negative, and there is no max"
	}
	if r.text = "max(" + text + ", 0)"; step > 1 {
		r.text += "/" + strconv.FormatInt(step, 10)
	}
	if b, ok := p.TypesInfo.TypeOf(to).Underlying().(*types.Basic); ok && (b.Kind() == types.Uint8 || b.Kind() == types.Uint16) && constLow && more == 0 && step == 1 {
		r.text = text
	}
	return r, ""
}

// length is x where an expression is len(x) or cap(x) of something that is not
// constant, nil otherwise.
func (p *pass) length(e ast.Expr) ast.Expr {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && (id.Name == "len" || id.Name == "cap") {
		if _, ok := p.TypesInfo.Uses[id].(*types.Builtin); ok {
			return call.Args[0]
		}
	}
	return nil
}

// asInt is the text of an integer expression as an int.
func (p *pass) asInt(e ast.Expr) string {
	t, ok := types.Unalias(p.TypesInfo.TypeOf(e)).(*types.Basic)
	if ok && (t.Kind() == types.Int || t.Kind() == types.UntypedInt) {
		return p.text(e)
	}
	return "int(" + p.text(e) + ")"
}

// operand puts an expression that is not a single operand in parentheses.
func (p *pass) operand(text string, e ast.Expr) string {
	if _, ok := e.(*ast.BinaryExpr); ok && !strings.HasPrefix(text, "int(") {
		return "(" + text + ")"
	}
	return text
}

// plain reports whether an expression is as good evaluated twice: it has no
// effects and costs little. Where it panics, it panics the first time.
func (p *pass) plain(e ast.Expr) bool {
	if p.comments(e.Pos(), e.End()) || strings.Contains(p.text(e), "\n") {
		return false
	}
	switch e := e.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return p.plain(e.X)
	case *ast.StarExpr:
		return p.plain(e.X)
	case *ast.SelectorExpr:
		sel := p.TypesInfo.Selections[e]
		return sel == nil || sel.Kind() == types.FieldVal && p.plain(e.X)
	case *ast.IndexExpr:
		t := p.TypesInfo.TypeOf(e.X)
		return t != nil && !isMap(t) && p.TypesInfo.Types[e.Index].IsValue() && p.plain(e.X) && p.plain(e.Index)
	case *ast.SliceExpr:
		for _, x := range []ast.Expr{e.X, e.Low, e.High, e.Max} {
			if x != nil && !p.plain(x) {
				return false
			}
		}
		return true
	case *ast.UnaryExpr:
		return (e.Op == token.SUB || e.Op == token.ADD) && p.plain(e.X)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.ADD, token.SUB, token.MUL, token.QUO, token.REM, token.SHL, token.SHR, token.AND:
			return isBasicInteger(p.TypesInfo.TypeOf(e)) && p.plain(e.X) && p.plain(e.Y)
		}
		return false
	case *ast.CallExpr:
		if tv := p.TypesInfo.Types[e.Fun]; tv.IsType() {
			return len(e.Args) == 1 && isBasicInteger(tv.Type) && isBasicInteger(p.TypesInfo.TypeOf(e.Args[0])) && p.plain(e.Args[0])
		}
		x := p.length(e)
		return x != nil && p.plain(x)
	}
	return false
}

// An exits says how control leaves the body of a loop other than at its end.
type exits struct {
	breaks    bool
	jumps     bool        // goto, or a label outside of the loop
	continues []token.Pos // of the loop itself
	returns   []*ast.ReturnStmt
}

// early reports whether the loop may end before its last round.
func (x exits) early() bool { return x.breaks || x.jumps || len(x.returns) > 0 }

// exits looks for what leaves the body of a loop.
func (p *pass) exits(loop inspector.Cursor) (x exits) {
	label := ""
	if l, ok := loop.Parent().Node().(*ast.LabeledStmt); ok {
		label = l.Label.Name
	}
	inside := make(map[string]bool) // labels
	for c := range loop.Preorder((*ast.LabeledStmt)(nil)) {
		inside[c.Node().(*ast.LabeledStmt).Label.Name] = true
	}
	loop.Inspect([]ast.Node{(*ast.FuncLit)(nil), (*ast.ReturnStmt)(nil), (*ast.BranchStmt)(nil)}, func(c inspector.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			x.returns = append(x.returns, n)
		case *ast.BranchStmt:
			own := n.Label == nil && p.target(c, n.Tok) == loop.Node() || n.Label != nil && n.Label.Name == label
			switch {
			case n.Tok == token.GOTO:
				x.jumps = true
			case own && n.Tok == token.BREAK:
				x.breaks = true
			case own && n.Tok == token.CONTINUE:
				x.continues = append(x.continues, n.Pos())
			case n.Label != nil && !inside[n.Label.Name]:
				x.jumps = true
			}
		}
		return true
	})
	return x
}

// target is the statement that an unlabelled break or continue is about.
func (p *pass) target(c inspector.Cursor, tok token.Token) ast.Node {
	types := []ast.Node{(*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)}
	if tok == token.BREAK {
		types = append(types, (*ast.SwitchStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.SelectStmt)(nil))
	}
	for e := range c.Enclosing(types...) {
		return e.Node()
	}
	return nil
}

// inList is the statement of a list, or its label, that holds a loop or
// another statement directly: where more can be inserted before it.
func inList(c inspector.Cursor) (inspector.Cursor, bool) {
	for c.ParentEdgeKind() == edge.LabeledStmt_Stmt {
		c = c.Parent()
	}
	return c, listed(c)
}

// before is where a statement can be inserted before another of a list, above
// the comment that belongs to it.
func (p *pass) before(s ast.Node) token.Pos {
	f, tf := p.fileOf(s.Pos()), p.Fset.File(s.Pos())
	line := tf.Line(s.Pos())
	for _, g := range f.Comments {
		if g.End() < s.Pos() && tf.Line(g.End())+1 == line {
			if _, _, ok := p.alone(g.Pos(), g.End()); ok {
				return g.Pos()
			}
		}
	}
	return s.Pos()
}
