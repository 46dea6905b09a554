package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Builder builds strings that grow in loops with a strings.Builder.
var Builder = newAnalyzer("builder", builder)

func builder(p *pass) {
	if p.Pkg.Path() == "strings" {
		return
	}
	grown := make(map[*types.Var]*built)
	var list []*built
	for c := range p.root.Preorder((*ast.AssignStmt)(nil)) {
		v, added := p.adding(c.Node().(*ast.AssignStmt))
		if v == nil {
			continue
		}
		b := grown[v]
		if b == nil {
			ident, ok := p.root.FindByPos(v.Pos(), v.Pos()+token.Pos(len(v.Name())))
			if !ok {
				continue
			}
			b = &built{pass: p, v: v, ident: ident, added: make(map[ast.Node][]ast.Expr)}
			grown[v] = b
			list = append(list, b)
		}
		b.added[c.Node()] = added
		if loop := p.outerLoop(c, v); loop.Node() != c.Node() && !p.leaves(c, loop) {
			b.sites = append(b.sites, span(c.Node(), alloc.String))
			if !slices.Contains(b.loops, loop) {
				b.loops = append(b.loops, loop)
			}
		}
	}
	for _, b := range list {
		if len(b.loops) > 0 && !b.join() {
			b.build()
		}
	}
}

// A built is a string variable that is added to in loops.
type built struct {
	*pass
	v     *types.Var
	ident inspector.Cursor // where it is declared
	// added is what each statement adds to the string, its operands.
	added map[ast.Node][]ast.Expr
	loops []inspector.Cursor
	sites []Span
}

// adding is the variable of a function, a string, that a statement adds to, and
// what it adds: s += x + y, s = s + x + y.
func (p *pass) adding(set *ast.AssignStmt) (*types.Var, []ast.Expr) {
	if len(set.Lhs) != 1 || len(set.Rhs) != 1 {
		return nil, nil
	}
	id, ok := set.Lhs[0].(*ast.Ident)
	if !ok {
		return nil, nil
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	if !ok || !isLocal(v) || !types.Identical(v.Type(), types.Typ[types.String]) {
		return nil, nil
	}
	list := p.summands(set.Rhs[0], nil)
	switch set.Tok {
	case token.ADD_ASSIGN:
		return v, list
	case token.ASSIGN:
		if len(list) > 1 && p.isVar(list[0], v) {
			return v, list[1:]
		}
	}
	return nil, nil
}

// summands are the operands of a concatenation.
func (p *pass) summands(e ast.Expr, list []ast.Expr) []ast.Expr {
	e = ast.Unparen(e)
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD && p.TypesInfo.Types[b].Value == nil {
		return p.summands(b.Y, p.summands(b.X, list))
	}
	return append(list, e)
}

// outerLoop is the outermost loop around a node that a variable's scope holds,
// the node itself where there is none.
func (p *pass) outerLoop(c inspector.Cursor, v *types.Var) inspector.Cursor {
	outer := c
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch e.Node().(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return outer
		}
		if e.Node().Pos() < v.Pos() {
			return outer
		}
		outer = e
	}
	return outer
}

// leaves reports whether the statements that follow one in its list end a loop
// around it: what runs once at most is not repeated.
func (p *pass) leaves(c, loop inspector.Cursor) bool {
	last := c
	for next, ok := c.NextSibling(); ok && next.ParentEdgeKind() == c.ParentEdgeKind(); next, ok = next.NextSibling() {
		last = next
	}
	switch n := last.Node().(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok == token.BREAK && n.Label == nil && p.target(last, n.Tok) == loop.Node()
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		return ok && p.builtin(call) == "panic"
	}
	return false
}

// build proposes a builder in the variable's place or, where it is assigned
// otherwise too, one for each loop.
func (b *built) build() {
	name := b.v.Name()
	site := b.sites[0]
	if b.captured(b.v).IsValid() {
		b.refuse(site, "a function literal uses %s", name)
		return
	}
	for _, c := range b.uses(b.v) {
		if b.addressed(c) {
			b.refuse(site, "the address of %s is taken", name)
			return
		}
	}
	if hasGoto(b.loops[0]) {
		b.refuse(site, "the function has a goto")
		return
	}
	if pkg, imports, ok := b.imported(b.v.Pos(), "strings"); ok {
		if edits, why := b.whole(pkg); why == "" {
			b.offer("build "+name+" with a strings.Builder", b.sites, append(imports, edits...))
			return
		}
	}
	for _, loop := range b.loops {
		pkg, imports, ok := b.imported(loop.Node().Pos(), "strings")
		if !ok {
			b.refuse(site, "the name of package strings means something else here")
			return
		}
		edits, sites, why := b.within(pkg, loop)
		if why != "" {
			b.refuse(sites[0], "%s", why)
			continue
		}
		b.offer("build "+name+" with a strings.Builder in the loop", sites, append(imports, edits...), alloc.String)
	}
}

func (b *built) offer(message string, sites []Span, edits []analysis.TextEdit, adds ...alloc.Kind) {
	b.propose(&Candidate{Message: message, Sites: sites, Promise: Gone, Adds: append(adds, alloc.Append), Measure: true, Edits: edits, around: true})
}

// whole makes the variable a builder.
func (b *built) whole(pkg string) (edits []analysis.TextEdit, why string) {
	edits, why = b.declare(pkg)
	if why != "" {
		return nil, why
	}
	if !b.isRead() {
		return nil, "nothing reads " + b.v.Name()
	}
	list, why := b.rewrite(b.uses(b.v), b.v.Name())
	return append(edits, list...), why
}

// rewrite makes uses of the string those of a builder.
func (b *built) rewrite(uses []inspector.Cursor, to string) (edits []analysis.TextEdit, why string) {
	for _, c := range uses {
		set, isSet := c.Parent().Node().(*ast.AssignStmt)
		switch {
		case !b.stored(c):
			edits = append(edits, b.reads(c, to)...)
		case isSet && b.added[set] != nil:
			list, why := b.writes(c.Parent(), to)
			if why != "" {
				return nil, why
			}
			edits = append(edits, list...)
		case isSet && set.Tok == token.ASSIGN && len(set.Lhs) == 1 && b.isEmpty(set.Rhs[0]):
			edits = append(edits, b.replace(set, to+".Reset()"))
		default:
			return nil, b.v.Name() + " is assigned otherwise too"
		}
	}
	return edits, ""
}

// isRead reports whether anything uses the string other than to add to it: a
// variable needs that.
func (b *built) isRead() bool {
	return slices.ContainsFunc(b.uses(b.v), func(c inspector.Cursor) bool { return !b.stored(c) && !b.isFirst(c) })
}

func (p *pass) isEmpty(e ast.Expr) bool {
	v := p.TypesInfo.Types[e].Value
	return v != nil && v.Kind() == constant.String && constant.StringVal(v) == ""
}

// declare makes the variable's declaration that of a builder.
func (b *built) declare(pkg string) (edits []analysis.TextEdit, why string) {
	name := b.v.Name()
	c, value, ok := b.declaration()
	if !ok {
		return nil, name + " is not declared by a statement of its own"
	}
	decl := c.Node()
	text := "var " + name + " " + pkg + ".Builder"
	if value == nil {
		if b.comments(decl.Pos(), decl.End()) {
			return nil, "a comment is in the declaration of " + name
		}
		return []analysis.TextEdit{b.replace(decl, text)}, ""
	}
	switch {
	case b.comments(decl.Pos(), value.Pos()):
		return nil, "a comment is in the declaration of " + name
	case names(value, name):
		return nil, "the declaration of " + name + " uses another " + name
	case b.TypesInfo.Types[value].Value == nil && !slices.ContainsFunc(b.loops, b.sure):
		return nil, b.copies()
	}
	if list := b.summands(value, nil); len(list) > 1 && b.interleaves(list) && !b.comments(value.Pos(), value.End()) {
		return []analysis.TextEdit{b.replace(decl, text+"\n"+b.lines(list, name))}, ""
	}
	return []analysis.TextEdit{
		{Pos: decl.Pos(), End: value.Pos(), NewText: []byte(text + "\n" + name + ".WriteString(")},
		{Pos: decl.End(), End: decl.End(), NewText: []byte(")")},
	}, ""
}

// declaration is the statement that declares the string and nothing else, and
// what it begins with, nil for nothing.
func (b *built) declaration() (decl inspector.Cursor, value ast.Expr, ok bool) {
	decl = declaring(b.ident)
	id, _, value := sole(decl.Node())
	if value != nil && b.isEmpty(value) {
		value = nil
	}
	return decl, value, id == b.ident.Node() && !grouped(decl.Node()) && listed(decl)
}

// sure reports whether each round of a loop adds to the string.
func (b *built) sure(loop inspector.Cursor) bool {
	for set := range loop.Preorder((*ast.AssignStmt)(nil)) {
		if b.added[set.Node()] != nil && unconditional(set, loop) {
			return true
		}
	}
	return false
}

// copies says that a builder, which copies what it begins with, may be worse than
// to add nothing.
func (b *built) copies() string {
	return "what " + b.v.Name() + " begins with would be copied, and the loop may add nothing to it"
}

// names reports whether an expression has an identifier of a name.
func names(e ast.Expr, name string) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

// isFirst reports whether a use of the string is the first s of s = s + x.
func (b *built) isFirst(c inspector.Cursor) bool {
	for set := range c.Enclosing((*ast.AssignStmt)(nil)) {
		n := set.Node().(*ast.AssignStmt)
		return b.added[n] != nil && n.Tok == token.ASSIGN && b.summands(n.Rhs[0], nil)[0] == c.Node()
	}
	return false
}

// reads makes a use of the string's value one of a builder's.
func (b *built) reads(c inspector.Cursor, to string) []analysis.TextEdit {
	if b.isFirst(c) {
		return nil
	}
	n, text := c.Node(), to+".String()"
	switch parent := c.Parent(); c.ParentEdgeKind() {
	case edge.CallExpr_Args:
		if call := parent.Node().(*ast.CallExpr); b.builtin(call) == "len" && !b.comments(call.Pos(), call.End()) {
			n, text = call, to+".Len()"
		}
	case edge.BinaryExpr_X:
		e := parent.Node().(*ast.BinaryExpr)
		if (e.Op == token.EQL || e.Op == token.NEQ) && b.isEmpty(e.Y) && !b.comments(e.Pos(), e.End()) {
			n, text = e, to+".Len() == 0"
			if e.Op == token.NEQ {
				text = to + ".Len() > 0"
			}
		}
	}
	return []analysis.TextEdit{b.replace(n, text)}
}

// writes makes a statement that adds to the string write to a builder.
func (b *built) writes(c inspector.Cursor, to string) (edits []analysis.TextEdit, why string) {
	set := c.Node().(*ast.AssignStmt)
	list := b.added[set]
	if len(list) == 1 {
		begin, arg, end := b.write(list[0])
		if b.comments(set.Pos(), arg.Pos()) || b.comments(arg.End(), set.End()) {
			return nil, "a comment is in what is added to " + b.v.Name()
		}
		return []analysis.TextEdit{
			{Pos: set.Pos(), End: arg.Pos(), NewText: []byte(to + begin)},
			{Pos: arg.End(), End: set.End(), NewText: []byte(end)},
		}, ""
	}
	_, ok := inList(c)
	switch {
	case !ok || c.ParentEdgeKind() == edge.LabeledStmt_Stmt:
		return nil, "more than one thing is added to " + b.v.Name() + " where only one statement can be"
	case b.comments(set.Pos(), set.End()):
		return nil, "a comment is in what is added to " + b.v.Name()
	case slices.ContainsFunc(list, func(e ast.Expr) bool { return b.refersTo(e, b.v) }):
		return nil, b.v.Name() + " is added to itself"
	case !b.interleaves(list):
		return nil, "when what is added to " + b.v.Name() + " is evaluated may make a difference"
	}
	return []analysis.TextEdit{b.replace(set, b.lines(list, to))}, ""
}

// lines are the statements that write operands to a builder.
func (p *pass) lines(list []ast.Expr, to string) string {
	var lines []string
	for _, e := range list {
		begin, arg, end := p.write(e)
		lines = append(lines, to+begin+p.text(arg)+end)
	}
	return strings.Join(lines, "\n")
}

// write is the call that writes an operand: what stands before its argument, and
// behind it.
func (p *pass) write(e ast.Expr) (begin string, arg ast.Expr, end string) {
	conv, ok := e.(*ast.CallExpr)
	if !ok || p.TypesInfo.Types[e].Value != nil || !p.TypesInfo.Types[conv.Fun].IsType() || len(conv.Args) != 1 {
		return ".WriteString(", e, ")"
	}
	t := p.TypesInfo.TypeOf(conv.Args[0])
	if types.Identical(t, types.Typ[types.Int32]) {
		return ".WriteRune(", conv.Args[0], ")"
	}
	if types.AssignableTo(t, byteSlice) && !types.IsInterface(t) {
		return ".Write(", conv.Args[0], ")"
	}
	return ".WriteString(", e, ")"
}

// within makes a loop build what it adds with a builder of its own.
func (b *built) within(pkg string, loop inspector.Cursor) (edits []analysis.TextEdit, sites []Span, why string) {
	name, n := b.v.Name(), loop.Node().(ast.Stmt)
	for _, s := range b.sites {
		if n.Pos() <= s.Pos && s.End <= n.End() {
			sites = append(sites, s)
		}
	}
	at, ok := inList(loop)
	x := b.exits(loop)
	begin := b.begins(loop)
	switch {
	case !ok:
		return nil, sites, "the loop is not a statement of a list"
	case x.jumps:
		return nil, sites, "the loop is left by a jump"
	case b.isResult() && len(x.returns) > 0:
		return nil, sites, "the loop may leave " + name + " as a result"
	case b.isResult() && b.defers(at):
		return nil, sites, name + " is a result, and a deferred call may see it while it grows"
	}
	var uses []inspector.Cursor
	read := b.isResult() || !b.once() // outside of the loop
	plain := true                     // the loop does no more than to add
	for _, c := range b.uses(b.v) {
		switch pos := c.Node().Pos(); {
		case pos < n.Pos() || n.End() <= pos:
			read = read || !b.stored(c)
		default:
			uses = append(uses, c)
			plain = plain && (b.isFirst(c) || b.stored(c) && b.added[c.Parent().Node()] != nil)
		}
	}
	apart := begin && plain && read // what the loop adds is put together first
	if begin && !apart && !b.sure(loop) {
		return nil, sites, b.copies()
	}
	to := b.fresh(n.Pos(), "b")
	edits, why = b.rewrite(uses, to)
	if why != "" {
		return nil, sites, why
	}
	text := "var " + to + " " + pkg + ".Builder\n"
	if begin && !apart || !read {
		text += to + ".WriteString(" + name + ")\n"
	}
	pos := b.before(at.Node())
	edits = append(edits, analysis.TextEdit{Pos: pos, End: pos, NewText: []byte(text)})
	if f, ok := n.(*ast.ForStmt); read && (!ok || f.Cond != nil || x.breaks) {
		end, next := at.Node().End(), b.lineEnd(at.Node().End())
		after := "\n" + name + map[bool]string{true: " += ", false: " = "}[apart] + to + ".String()"
		if rest := strings.TrimSpace(b.between(end, next)); strings.HasPrefix(rest, "//") {
			end, after = next, after[1:]+"\n"
		}
		edits = append(edits, analysis.TextEdit{Pos: end, End: end, NewText: []byte(after)})
	}
	return edits, sites, ""
}

// begins reports whether the string may hold something where a loop begins.
func (b *built) begins(loop inspector.Cursor) bool {
	for _, c := range b.uses(b.v) {
		if b.stored(c) && c.Node().Pos() < loop.Node().Pos() {
			return true
		}
	}
	var values []ast.Expr
	switch parent := b.ident.Parent().Node().(type) {
	case *ast.Field:
		return !b.isResult()
	case *ast.ValueSpec:
		if values = parent.Values; len(values) == 0 {
			return false
		}
	case *ast.AssignStmt:
		values = parent.Rhs
	}
	i := b.ident.ParentEdgeIndex()
	return !b.once() || i >= len(values) || !b.isEmpty(values[i])
}

// once reports whether each of the loops is run once at most, after the string's
// declaration: what the header of a loop declares lives for many of its rounds.
func (b *built) once() bool {
	switch b.ident.ParentEdgeKind() {
	case edge.Field_Names, edge.ValueSpec_Names:
		return true
	case edge.AssignStmt_Lhs:
		_, ok := inList(b.ident.Parent())
		return ok
	}
	return false
}

// isResult reports whether the variable is a result of its function.
func (b *built) isResult() bool {
	return b.ident.ParentEdgeKind() == edge.Field_Names && b.ident.Parent().Parent().ParentEdgeKind() == edge.FuncType_Results
}
