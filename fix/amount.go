package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// An amount is how many elements a slice gets.
type amount struct {
	n     int      // of which so many in any case
	had   int      // of which so many before the first loop
	terms []string // and so many more, none negative
	reads []read   // what the terms evaluate
	// bound reports that it may become fewer, sure that it becomes at least one.
	bound bool
	least int // appended in each case, of n
	// unsure reports that it may be wrong altogether.
	unsure bool
	// before are statements that make the terms known.
	before  string
	hoist   ast.Expr // replaced by a variable of the name
	name    string
	imports []string
	sites   []Span
}

// A read is an expression and where the loop evaluates it now.
type read struct {
	e  ast.Expr
	at token.Pos
}

// amount is what the statements of a list append, from the one at which a loop
// stands first.
func (s *sized) amount(at inspector.Cursor) (a amount, why string) {
	// What is appended before the loop, if the declaration is in the list.
	if s.decl.Valid() && s.decl.Parent() == at.Parent() {
		for c := at; ; {
			prev, ok := c.PrevSibling()
			if !ok || prev.Node().Pos() <= s.decl.Node().Pos() {
				break
			}
			c = prev
			b, w := s.adds(c)
			if w == "" && !b.bound && len(b.terms) == 0 {
				a.n, a.had = a.n+b.n, a.had+b.n
			}
		}
	}
	alone := s.result && s.returnsWithin(at)
	for c := at; ; {
		b, w := s.adds(c)
		switch {
		case w != "" && c == at:
			return a, w
		case w != "", b.bound && len(b.terms) > 0 && c != at, c != at && (b.hoist != nil || b.before != "" || s.far(b, at)):
		case b.bound && c != at:
			// a few that are appended on a condition
		default:
			a = a.plus(b)
		}
		next, ok := c.NextSibling()
		if !ok || alone || next.Node().Pos() >= s.end {
			break
		}
		c = next
	}
	if s.far(a, at) {
		return a, noRounds
	}
	return a, ""
}

// far reports whether an amount reads what is not known yet before a statement.
func (s *sized) far(a amount, at inspector.Cursor) bool {
	pos, loop := at.Node().Pos(), s.unlabeled(at).Node().Pos()
	return slices.ContainsFunc(a.reads, func(r read) bool {
		return !s.means(r.e, pos) || !s.steady(r.e, pos, r.at) || r.at != loop && !s.quiet(r.e)
	})
}

// returnsWithin reports whether the function may return while the slice grows,
// after the statement at.
func (s *sized) returnsWithin(at inspector.Cursor) bool {
	for c := range at.Parent().Preorder((*ast.ReturnStmt)(nil)) {
		if pos := c.Node().Pos(); pos > at.Node().End() && pos < s.end {
			return true
		}
	}
	return false
}

func (a amount) plus(b amount) amount {
	a.n, a.had, a.least = a.n+b.n, a.had+b.had, a.least+b.least
	a.terms = append(a.terms, b.terms...)
	a.reads = append(a.reads, b.reads...)
	a.sites = append(a.sites, b.sites...)
	a.imports = append(a.imports, b.imports...)
	a.bound, a.unsure = a.bound || b.bound, a.unsure || b.unsure
	a.before += b.before
	if b.hoist != nil {
		a.hoist, a.name = b.hoist, b.name
	}
	return a
}

// times is an amount for each of a number of rounds.
func (a amount) times(r rounds) amount {
	n, err := strconv.Atoi(r.text)
	switch {
	case err == nil:
		a.n *= n
		for i, t := range a.terms {
			a.terms[i] = r.text + "*" + factor(t)
		}
	case len(a.terms) == 0 && a.n == 1:
		a.n, a.terms = 0, []string{r.text}
	case len(a.terms) == 0:
		a.n, a.terms = 0, []string{strconv.Itoa(a.n) + "*" + factor(r.text)}
	default:
		a.n, a.terms = 0, []string{factor(r.text) + "*" + factor(a.text())}
	}
	a.imports = append(a.imports, r.imports...)
	return a
}

func factor(text string) string {
	if strings.ContainsAny(text, "+-/* ") && !(strings.HasPrefix(text, "max(") && strings.HasSuffix(text, ", 0)")) && !balanced(text) {
		return "(" + text + ")"
	}
	return text
}

// balanced reports whether a text is a name and one pair of parentheses to its end.
func balanced(text string) bool {
	open := strings.IndexByte(text, '(')
	return open > 0 && !strings.ContainsAny(text[:open], "+-/* ") && strings.IndexByte(text, ')') == len(text)-1
}

func (a amount) text() string {
	terms := a.terms
	if a.n > 0 || len(terms) == 0 {
		terms = append([]string{strconv.Itoa(a.n)}, terms...)
		if len(terms) > 1 { // len(x)+1 rather than 1+len(x)
			terms = append(terms[1:], terms[0])
		}
	}
	return strings.Join(terms, "+")
}

// describe is the amount in words.
func (a amount) describe() string {
	text := a.text()
	if x, ok := strings.CutPrefix(text, "len("); ok && balanced(text) {
		return "the length of " + strings.TrimSuffix(x, ")")
	}
	return "a capacity of " + text
}

// adds is what a statement appends.
func (s *sized) adds(c inspector.Cursor) (a amount, why string) {
	if !s.holds(c) {
		return a, ""
	}
	switch n := c.Node().(type) {
	case *ast.LabeledStmt:
		return s.adds(c.ChildAt(edge.LabeledStmt_Stmt, -1))
	case *ast.BlockStmt:
		return s.list(n.List, c, edge.BlockStmt_List)
	case *ast.AssignStmt:
		return s.one(n)
	case *ast.IfStmt:
		return s.choice(c, n)
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return s.clauses(c)
	case *ast.ForStmt, *ast.RangeStmt:
		return s.loop(c)
	}
	return a, noRounds
}

// holds reports whether a statement has one of the appends in it.
func (s *sized) holds(c inspector.Cursor) bool {
	return slices.ContainsFunc(s.appends, func(a inspector.Cursor) bool { return c.Contains(a) })
}

// list is what statements append one after the other.
func (s *sized) list(list []ast.Stmt, c inspector.Cursor, kind edge.Kind) (a amount, why string) {
	for i := range list {
		b, why := s.adds(c.ChildAt(kind, i))
		if why != "" {
			return a, why
		}
		a = a.plus(b)
	}
	return a, ""
}

// one is what one append appends.
func (s *sized) one(set *ast.AssignStmt) (a amount, why string) {
	call := set.Rhs[0].(*ast.CallExpr)
	a.sites = []Span{span(call, alloc.Append)}
	if !call.Ellipsis.IsValid() {
		a.n = len(call.Args) - 1
		a.least = a.n
		return a, ""
	}
	x := call.Args[1]
	if n := s.TypesInfo.Types[x].Value; n != nil || !s.plain(x) {
		return a, "how many elements " + s.text(x) + " has is not known before the loop"
	}
	a.terms = []string{"len(" + s.text(ast.Unparen(x)) + ")"}
	a.reads = []read{{x, set.Pos()}}
	return a, ""
}

// choice is what an if statement appends: the most of its branches.
func (s *sized) choice(c inspector.Cursor, n *ast.IfStmt) (a amount, why string) {
	a, why = s.adds(c.ChildAt(edge.IfStmt_Body, -1))
	if why != "" {
		return a, why
	}
	var b amount
	if n.Else != nil {
		if b, why = s.adds(c.ChildAt(edge.IfStmt_Else, -1)); why != "" {
			return a, why
		}
	}
	return s.most([]amount{a, b})
}

// clauses is what a switch or select statement appends.
func (s *sized) clauses(c inspector.Cursor) (a amount, why string) {
	var list []amount
	whole := false
	for body := range c.Preorder((*ast.CaseClause)(nil), (*ast.CommClause)(nil)) {
		if body.Parent().Parent() != c {
			continue
		}
		var stmts []ast.Stmt
		kind := edge.CaseClause_Body
		switch n := body.Node().(type) {
		case *ast.CaseClause:
			stmts, whole = n.Body, whole || n.List == nil
		case *ast.CommClause:
			stmts, whole, kind = n.Body, true, edge.CommClause_Body
		}
		for b := range body.Preorder((*ast.BranchStmt)(nil)) {
			if tok := b.Node().(*ast.BranchStmt).Tok; tok == token.BREAK || tok == token.FALLTHROUGH {
				return a, "which appends a case makes is not known"
			}
		}
		b, why := s.list(stmts, body, kind)
		if why != "" {
			return a, why
		}
		list = append(list, b)
	}
	if !whole {
		list = append(list, amount{})
	}
	return s.most(list)
}

// most is the largest of amounts of which one becomes true.
func (s *sized) most(list []amount) (a amount, why string) {
	for i, b := range list {
		if len(b.terms) > 0 {
			return a, "how many elements are appended depends on a condition"
		}
		if i == 0 {
			a = b
			continue
		}
		a.bound = a.bound || b.n != a.n
		a.bound = a.bound || b.bound
		a.n = max(a.n, b.n)
		a.least = min(a.least, b.least)
		a.sites = append(a.sites, b.sites...)
	}
	return a, ""
}

// loop is what a loop appends.
func (s *sized) loop(c inspector.Cursor) (a amount, why string) {
	stmt := c.Node().(ast.Stmt)
	r, why := s.rounds(stmt)
	if why != "" {
		return a, why
	}
	x := s.exits(c)
	body := edge.RangeStmt_Body
	if _, ok := stmt.(*ast.ForStmt); ok {
		body = edge.ForStmt_Body
	}
	a, why = s.adds(c.ChildAt(body, -1))
	switch {
	case why != "":
		return a, why
	case a.hoist != nil:
		return a, "a loop within ranges over " + s.text(a.hoist) + ", which is evaluated in each round"
	case x.breaks || x.jumps:
		return a, "the loop may end early"
	case x.early() && len(a.terms) > 0:
		return a, "the loop may end early, and memory for all its rounds would be taken on trust"
	case x.early() && s.result:
		return a, "the loop may end early and leave " + s.v.Name() + " as a result"
	}
	size := s.elemSize(s.v.Type())
	for _, site := range a.sites {
		if slices.ContainsFunc(x.continues, func(at token.Pos) bool { return at < site.Pos }) {
			a.bound, a.least = true, 0
		}
	}
	switch {
	case a.bound && (r.claimed || len(a.terms) > 0):
		return a, "how many elements are appended depends on a condition"
	case a.bound && a.least == 0 && size > 4:
		return a, "only some of the rounds append, maybe few"
	}
	if r.bytes != "" && size == 1 {
		r.text, r.imports = r.bytes, nil
	}
	if r.claimed && (x.early() || !s.total(stmt)) {
		// Nobody knows that so much is going to be there.
		limit := max(min(1<<10, 1<<16/max(size, 1)), 1<<4)
		if n, err := strconv.ParseInt(r.text, 10, 64); (err != nil || n > limit) && !strings.HasPrefix(r.text, "int(") {
			if !s.atLeast(stmt.Pos(), "go1.21") || !s.universal(stmt.Pos(), "min") {
				return a, "the loop may end early, and there is no min"
			}
			r.text = "min(" + r.text + ", " + strconv.FormatInt(limit, 10) + ")"
		}
	}
	inner := slices.ContainsFunc(a.reads, func(r read) bool { return !s.means(r.e, stmt.Pos()) || !s.steady(r.e, stmt.Pos(), stmt.End()) })
	if inner {
		return s.sum(c, r, a)
	}
	a = a.times(r)
	for _, e := range r.reads {
		a.reads = append(a.reads, read{e, stmt.Pos()})
	}
	if r.hoist != nil {
		if a.before != "" {
			return a, noRounds
		}
		a.hoist, a.name = r.hoist, r.name
	}
	return a, ""
}

// total reports whether each round of a loop comes to its end: nothing in it
// panics, blocks or runs forever.
func (s *sized) total(loop ast.Stmt) bool {
	ok := true
	ast.Inspect(loop, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if tv := s.TypesInfo.Types[n.Fun]; tv.IsType() {
				_, isBasic := tv.Type.Underlying().(*types.Basic)
				ok = ok && isBasic
				break
			}
			ok = ok && slices.Contains([]string{"append", "len", "cap", "min", "max", "copy", "new"}, s.builtin(n))
		case *ast.BinaryExpr:
			ok = ok && (s.quiet(n) || n.Op == token.LAND || n.Op == token.LOR || n.Op == token.ADD)
		case *ast.SelectorExpr:
			sel := s.TypesInfo.Selections[n]
			ok = ok && (sel == nil || sel.Kind() == types.FieldVal && !sel.Indirect())
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.AssignStmt:
			switch n.Tok {
			case token.QUO_ASSIGN, token.REM_ASSIGN, token.SHL_ASSIGN, token.SHR_ASSIGN:
				ok = false
			}
		case *ast.ForStmt, *ast.RangeStmt:
			_, why := s.rounds(n.(ast.Stmt))
			ok = ok && why == ""
		case *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.TypeAssertExpr, *ast.SendStmt, *ast.SelectStmt, *ast.GoStmt, *ast.DeferStmt:
			ok = false
		}
		return ok
	})
	return ok
}

// sum is what a loop appends if each round appends another number of elements:
// a loop before it adds them up.
func (s *sized) sum(c inspector.Cursor, r rounds, per amount) (a amount, why string) {
	loop, ok := c.Node().(*ast.RangeStmt)
	const differs = "how many elements a round appends differs from round to round"
	if !ok || loop.Tok != token.DEFINE || r.hoist != nil || per.hoist != nil || per.before != "" || s.outer(c) || isString(s.TypesInfo.TypeOf(loop.X)) || isBasicInteger(s.TypesInfo.TypeOf(loop.X)) {
		return a, differs
	}
	vars := map[types.Object]bool{}
	names := [2]string{"_", "_"}
	for i, e := range []ast.Expr{loop.Key, loop.Value} {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			v := s.TypesInfo.Defs[id]
			vars[v] = true
			for _, rd := range per.reads {
				if s.refersTo(rd.e, v) {
					names[i] = id.Name
				}
			}
			if s.assigned(v.(*types.Var), loop.Body.Pos(), loop.Body.End()) {
				return a, differs
			}
		}
	}
	for _, rd := range per.reads {
		// Only the loop's variables may be new, and nothing in the loop changes
		// what is behind them.
		ok := true
		ast.Inspect(rd.e, func(n ast.Node) bool {
			if sel, isSel := n.(*ast.SelectorExpr); isSel {
				n = sel.X
				ok = ok && s.known(sel.X, loop, vars)
				return false
			}
			if id, isIdent := n.(*ast.Ident); isIdent {
				ok = ok && s.known(id, loop, vars)
			}
			return ok
		})
		if !ok || s.moves(rd.e, loop.Body.Pos(), loop.Body.End()) || !s.quiet(rd.e) && !s.only(loop.Body, per.reads) {
			return a, differs
		}
	}
	name := s.fresh(loop.Pos(), "n")
	header := "range "
	switch {
	case names[1] != "_":
		header = names[0] + ", " + names[1] + " := range "
	case names[0] != "_":
		header = names[0] + " := range "
	}
	a = amount{sites: per.sites, terms: []string{name}, imports: per.imports, unsure: !s.calm(loop.Body.Pos(), loop.Body.End())}
	a.before = fmt.Sprintf("%s := 0\nfor %s%s {\n%s += %s\n}\n", name, header, s.text(loop.X), name, per.text())
	for _, e := range r.reads {
		a.reads = append(a.reads, read{e, loop.Pos()})
	}
	return a, ""
}

// known reports whether names mean before a loop what they mean in it, but for
// some variables.
func (s *sized) known(e ast.Expr, loop ast.Stmt, but map[types.Object]bool) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		if sel, isSel := n.(*ast.SelectorExpr); isSel {
			ok = ok && s.known(sel.X, loop, but)
			return false
		}
		if id, isIdent := n.(*ast.Ident); isIdent && !but[s.TypesInfo.Uses[id]] {
			ok = ok && s.means(id, loop.Pos())
		}
		return ok
	})
	return ok
}

// only reports whether a body does nothing but append what is quiet, or is read
// by the sum in the same order.
func (s *sized) only(body *ast.BlockStmt, reads []read) bool {
	for _, stmt := range body.List {
		set, ok := stmt.(*ast.AssignStmt)
		if !ok || !s.grows(set) {
			return false
		}
		for _, a := range set.Rhs[0].(*ast.CallExpr).Args {
			if !s.quiet(a) && !slices.ContainsFunc(reads, func(r read) bool { return r.e == a }) {
				return false
			}
		}
	}
	return true
}

// outer reports whether a loop is within another one of the variable's scope.
func (s *sized) outer(c inspector.Cursor) bool { return s.outermost(c).Node() != c.Node() }
