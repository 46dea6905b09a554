package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Unchanged gives strings back as they are where nothing in them changes.
var Unchanged = newAnalyzer("unchanged", unchanged)

func unchanged(p *pass) {
	for c := range p.root.Preorder((*ast.RangeStmt)(nil)) {
		loop := c.Node().(*ast.RangeStmt)
		if !listed(c) || loop.Tok != token.DEFINE || loop.Value == nil || !types.Identical(p.TypesInfo.TypeOf(loop.X), types.Typ[types.String]) {
			continue
		}
		r, ok := p.TypesInfo.Defs[loop.Value.(*ast.Ident)].(*types.Var)
		if key, _ := loop.Key.(*ast.Ident); !ok || key == nil || key.Name != "_" || p.inTest(loop.Pos()) {
			continue
		}
		m := &mapping{pass: p, loop: loop, at: c, r: r}
		if !m.writes() {
			continue
		}
		why := m.declared()
		if why == "" {
			why = m.results()
		}
		if why == "" {
			why = m.body()
		}
		if why == "" {
			why = m.rewrite()
		}
		if why != "" && why != silent {
			p.refuse(m.sites[0], "%s", why)
		}
	}
}

// A mapping is a loop over the runes of a string that writes for each of them
// one rune or none.
type mapping struct {
	*pass
	loop  *ast.RangeStmt
	at    inspector.Cursor
	r     *types.Var
	to    *types.Var // what it writes to: a strings.Builder, a bytes.Buffer or a []rune
	sites []Span

	decl  inspector.Cursor
	edits []analysis.TextEdit
	ret   ast.Stmt // the return statement that follows and gives the result
}

// writes finds what the loop writes to.
func (m *mapping) writes() bool {
	for c := range m.at.Preorder((*ast.ExprStmt)(nil), (*ast.AssignStmt)(nil)) {
		v, _ := m.write(c.Node().(ast.Stmt))
		if v == nil || v.Pos() >= m.loop.Pos() {
			continue
		}
		m.to = v
		switch n := c.Node().(type) {
		case *ast.ExprStmt:
			m.sites = append(m.sites, span(n.X, ""))
		case *ast.AssignStmt:
			m.sites = append(m.sites, span(n.Rhs[0], alloc.Append))
		}
		return true
	}
	return false
}

// write is the variable that a statement writes to, and what it writes: one
// rune, one byte, a string.
func (m *mapping) write(s ast.Stmt) (v *types.Var, value ast.Expr) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return nil, nil
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "WriteRune" && sel.Sel.Name != "WriteByte" && sel.Sel.Name != "WriteString" {
			return nil, nil
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			return nil, nil
		}
		v, _ := m.TypesInfo.Uses[id].(*types.Var)
		if v == nil || !isLocal(v) || !isBuffer(v.Type()) && !isNamed(v.Type(), "strings.Builder") {
			return nil, nil
		}
		return v, call.Args[0]
	case *ast.AssignStmt:
		if s.Tok != token.ASSIGN || len(s.Lhs) != 1 {
			return nil, nil
		}
		call, ok := s.Rhs[0].(*ast.CallExpr)
		if !ok || m.builtin(call) != "append" || len(call.Args) != 2 || call.Ellipsis.IsValid() {
			return nil, nil
		}
		id, ok := s.Lhs[0].(*ast.Ident)
		from, _ := call.Args[0].(*ast.Ident)
		if !ok || from == nil || m.TypesInfo.Uses[id] != m.TypesInfo.Uses[from] {
			return nil, nil
		}
		v, _ := m.TypesInfo.Uses[id].(*types.Var)
		if v == nil || !isLocal(v) || !types.Identical(v.Type(), runeSlice) {
			return nil, nil
		}
		return v, call.Args[1]
	}
	return nil, nil
}

var runeSlice = types.NewSlice(types.Typ[types.Int32])

// declared finds where the variable is declared, empty, in the list that the
// loop stands in.
func (m *mapping) declared() string {
	id, ok := m.root.FindByPos(m.to.Pos(), m.to.Pos()+token.Pos(len(m.to.Name())))
	if !ok {
		return silent
	}
	m.decl = declaring(id)
	only, _, value := sole(m.decl.Node())
	if only != id.Node() {
		return silent
	}
	if !listed(m.decl) || m.decl.Parent() != m.at.Parent() {
		return m.to.Name() + " is declared elsewhere"
	}
	switch e := ast.Unparen(value).(type) {
	case nil:
		return ""
	case *ast.CompositeLit:
		if len(e.Elts) == 0 {
			return ""
		}
	case *ast.CallExpr:
		if m.builtin(e) != "make" || len(e.Args) < 2 {
			break
		}
		if n, ok := m.integer(e.Args[1]); !ok || n != 0 || len(e.Args) > 2 && !m.amountOf(e.Args[2]) {
			break
		}
		m.sites = append(m.sites, span(e, alloc.Slice))
		return ""
	}
	return m.to.Name() + " does not start empty"
}

// results looks at all uses of the variable outside of the loop: they may ask
// for the text, when the loop is over.
func (m *mapping) results() string {
	name := m.to.Name()
	if m.captured(m.to).IsValid() {
		return "a function literal uses " + name
	}
	uses := m.uses(m.to)
	found := 0
	for _, c := range uses {
		if m.at.Contains(c) {
			continue
		}
		up := c.Parent()
		call := up
		for call.ParentEdgeKind() == edge.ParenExpr_X {
			call = call.Parent()
		}
		if c.ParentEdgeKind() == edge.SelectorExpr_X {
			if call.ParentEdgeKind() != edge.CallExpr_Fun {
				return m.short(up.Node()) + " is used as a value"
			}
			call = call.Parent()
		}
		n, ok := call.Node().(*ast.CallExpr)
		if !ok {
			return m.short(up.Node()) + " uses " + name
		}
		method := ""
		if sel, ok := n.Fun.(*ast.SelectorExpr); ok {
			method = sel.Sel.Name
		}
		after := c.Node().Pos() > m.loop.End()
		switch {
		case method == "Grow" && !after && call.ParentEdgeKind() == edge.ExprStmt_X && call.Parent().Parent() == m.at.Parent() && m.amountOf(n.Args[0]):
			from, to := m.ownLines(call.Parent().Node().(ast.Stmt))
			if !from.IsValid() {
				return "something else stands on the line of " + m.text(n)
			}
			m.edits = append(m.edits, analysis.TextEdit{Pos: from, End: to})
		case after && (method == "String" || method == "" && m.TypesInfo.Types[n.Fun].IsType() && types.Identical(m.TypesInfo.TypeOf(n), types.Typ[types.String])):
			found++
			if ret, ok := call.Parent().Node().(*ast.ReturnStmt); ok && len(ret.Results) == 1 && follows(m.at, call.Parent()) {
				m.ret = ret
			}
			if method == "" {
				m.sites = append(m.sites, span(n, alloc.String))
			}
			m.edits = append(m.edits, m.replace(n, name))
		case after && method == "Len":
			found++
			m.edits = append(m.edits, m.replace(n, "len("+name+")"))
			if !m.universal(n.Pos(), "len") {
				return "the name len means something else here"
			}
		default:
			return m.short(n) + " uses " + name + " in another way"
		}
	}
	if found == 0 {
		return silent
	}
	if found > 1 {
		m.ret = nil
	}
	return ""
}

// follows reports whether a statement is the next one in a list.
func follows(c, next inspector.Cursor) bool {
	n, ok := c.NextSibling()
	return ok && n == next
}

// body turns the loop's body into that of a function: where it writes a rune it
// returns that, and where a round ends without one, -1.
func (m *mapping) body() string {
	for c := range m.at.Preorder((*ast.BranchStmt)(nil), (*ast.ReturnStmt)(nil), (*ast.DeferStmt)(nil), (*ast.GoStmt)(nil), (*ast.LabeledStmt)(nil),
		(*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SelectStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.FuncLit)(nil), (*ast.CallExpr)(nil)) {
		switch n := c.Node().(type) {
		case *ast.BranchStmt:
			if n.Tok != token.CONTINUE || n.Label != nil {
				return "the loop has a " + n.Tok.String()
			}
		case *ast.CallExpr:
			if b := m.builtin(n); b == "recover" || m.asksForCaller(n) {
				return m.short(n) + " would be called by another function"
			}
		default:
			if n != m.loop {
				return m.first(n) + " stands in the loop"
			}
		}
	}
	falls, why := m.list(m.loop.Body.List, true)
	if why == "" && falls {
		m.edits = append(m.edits, analysis.TextEdit{Pos: m.loop.Body.Rbrace, End: m.loop.Body.Rbrace, NewText: []byte("return -1\n")})
	}
	for _, c := range m.uses(m.to) {
		if why == "" && m.at.Contains(c) && !slices.ContainsFunc(m.edits, func(e analysis.TextEdit) bool { return e.Pos <= c.Node().Pos() && c.Node().Pos() < e.End }) {
			why = m.to.Name() + " is used within the loop"
		}
	}
	return why
}

// first is the first line of a node.
func (m *mapping) first(n ast.Node) string {
	line, _, _ := strings.Cut(m.text(n), "\n")
	return line
}

// list turns a list of statements. tail reports that the round ends with it.
// falls reports that control may reach its end.
func (m *mapping) list(list []ast.Stmt, tail bool) (falls bool, why string) {
	for i, s := range list {
		last := i == len(list)-1
		if v, value := m.write(s); v == m.to && v != nil {
			text, why := m.rune(s, value)
			switch {
			case why != "":
				return false, why
			case last && tail:
			case i == len(list)-2 && isContinue(list[i+1]):
				from, to := m.line(list[i+1].Pos(), list[i+1].End())
				m.edits = append(m.edits, analysis.TextEdit{Pos: from, End: to})
			default:
				return false, "a round may go on when it has written a rune"
			}
			m.edits = append(m.edits, m.replace(s, "return "+text))
			return false, ""
		}
		falls = true
		switch s := s.(type) {
		case *ast.BranchStmt:
			m.edits = append(m.edits, m.replace(s, "return -1"))
			falls = false
		case *ast.BlockStmt:
			falls, why = m.list(s.List, last && tail)
		case *ast.IfStmt:
			falls, why = m.branches(s, last && tail)
		case *ast.SwitchStmt:
			falls, why = m.clauses(s, last && tail)
		}
		if why == "" && !falls && !last {
			why = m.first(list[i+1]) + " is never reached"
		}
		if why != "" || !falls {
			return falls, why
		}
	}
	return true, ""
}

func isContinue(s ast.Stmt) bool {
	b, ok := s.(*ast.BranchStmt)
	return ok && b.Tok == token.CONTINUE
}

func (m *mapping) branches(s *ast.IfStmt, tail bool) (falls bool, why string) {
	falls, why = m.list(s.Body.List, tail)
	if why != "" {
		return falls, why
	}
	other := true
	switch e := s.Else.(type) {
	case *ast.BlockStmt:
		other, why = m.list(e.List, tail)
	case *ast.IfStmt:
		other, why = m.branches(e, tail)
	}
	return falls || other, why
}

func (m *mapping) clauses(s *ast.SwitchStmt, tail bool) (falls bool, why string) {
	falls = true // no case may apply
	for _, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		if c.List == nil {
			falls = false
		}
	}
	for _, c := range s.Body.List {
		f, why := m.list(c.(*ast.CaseClause).Body, tail)
		if why != "" {
			return false, why
		}
		falls = falls || f
	}
	return falls, ""
}

// rune is what a write writes as an expression of type rune that is not
// negative, since strings.Map drops what is.
func (m *mapping) rune(s ast.Stmt, value ast.Expr) (text, why string) {
	negative := m.text(value) + " may be negative, or no rune"
	method := "WriteRune"
	if w, ok := s.(*ast.ExprStmt); ok {
		method = w.X.(*ast.CallExpr).Fun.(*ast.SelectorExpr).Sel.Name
	}
	lit, _ := ast.Unparen(value).(*ast.BasicLit)
	c := m.TypesInfo.Types[value].Value
	switch method {
	case "WriteByte":
		if n, ok := constant.Int64Val(constant.ToInt(constantOr(c))); lit == nil || lit.Kind != token.CHAR || !ok || n < 0 || n >= utf8.RuneSelf {
			return "", m.text(value) + " is no literal of an ASCII character"
		}
		return m.text(lit), ""
	case "WriteString":
		if lit == nil || c == nil {
			return "", m.text(value) + " may be more than a rune"
		}
		str := constant.StringVal(c)
		r, n := utf8.DecodeRuneInString(str)
		if n != len(str) || n == 0 || r == utf8.RuneError {
			return "", m.text(value) + " is not one rune"
		}
		return strconv.QuoteRune(r), ""
	}
	if m.notNegative(value) {
		return m.text(value), ""
	}
	return "", negative
}

func constantOr(v constant.Value) constant.Value {
	if v == nil {
		return constant.MakeUnknown()
	}
	return v
}

// notNegative reports whether an expression of type rune is not negative.
func (m *mapping) notNegative(e ast.Expr) bool {
	if v := m.TypesInfo.Types[e].Value; v != nil {
		n, ok := constant.Int64Val(constant.ToInt(v))
		return ok && n >= 0 && n <= utf8.MaxRune
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if m.TypesInfo.Uses[e] != m.r {
			return false
		}
		for _, c := range m.uses(m.r) {
			if m.addressed(c) {
				return false
			}
			if !m.stored(c) {
				continue
			}
			set, ok := c.Parent().Node().(*ast.AssignStmt)
			if !ok || set.Tok != token.ASSIGN || len(set.Lhs) != 1 || !m.sameCase(set.Rhs[0]) && m.TypesInfo.Types[set.Rhs[0]].Value == nil {
				return false
			}
			if v := m.TypesInfo.Types[set.Rhs[0]].Value; v != nil && constant.Sign(v) < 0 {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		return m.sameCase(e)
	}
	return false
}

// sameCase reports whether an expression is the rune in upper, lower or title
// case, or another one of its kind: unicode/letter.go makes no negative one of
// one that is not negative.
func (m *mapping) sameCase(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	switch m.callee(call) {
	case "unicode.ToLower", "unicode.ToUpper", "unicode.ToTitle", "unicode.SimpleFold":
		id, ok := ast.Unparen(call.Args[0]).(*ast.Ident)
		return ok && m.TypesInfo.Uses[id] == m.r
	}
	return false
}

// rewrite makes the loop a call of strings.Map.
func (m *mapping) rewrite() string {
	from, to := m.ownLines(m.decl.Node().(ast.Stmt))
	if !from.IsValid() {
		return "something else stands on the line of " + m.text(m.decl.Node())
	}
	if hasGoto(m.at) {
		return "the function has a goto, which may not jump over a variable"
	}
	if !m.universal(m.loop.Pos(), "rune") {
		return "the name rune means something else here"
	}
	pkg, imports, ok := m.imported(m.loop.Pos(), "strings")
	if !ok {
		return "the name strings means something else here"
	}
	head := m.to.Name() + " := "
	if m.ret != nil {
		head = "return "
		m.edits = slices.DeleteFunc(m.edits, func(e analysis.TextEdit) bool { return m.ret.Pos() < e.Pos && e.Pos < m.ret.End() })
	}
	head += pkg + ".Map(func(" + m.r.Name() + " rune) rune {"
	edits := append(imports, m.edits...)
	edits = append(edits,
		analysis.TextEdit{Pos: from, End: to},
		analysis.TextEdit{Pos: m.loop.Pos(), End: m.loop.Body.Lbrace + 1, NewText: []byte(head)},
		analysis.TextEdit{Pos: m.loop.Body.Rbrace + 1, End: m.loop.Body.Rbrace + 1, NewText: []byte(", " + m.text(m.loop.X) + ")")},
	)
	if m.ret != nil {
		edits = append(edits, analysis.TextEdit{Pos: m.loop.End(), End: m.ret.End()})
	}
	c := &Candidate{Message: "have strings.Map write to " + m.to.Name(), Sites: m.sites, Promise: Fewer, Edits: edits}
	merged(c)
	m.propose(c)
	return ""
}
