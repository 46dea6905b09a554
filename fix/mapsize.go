package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// presizeMaps gives maps room for what loops are going to put into them.
//
// The room that make gives a map is seen by nobody: a wrong one is as good a
// program, so that names may be compared as texts here, and who else has the map
// does not matter. What is proposed must be worth it, and must not panic.
func presizeMaps(p *pass) {
	for c := range p.root.Preorder((*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil)) {
		var to, from []ast.Expr
		stmt := c
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			to, from = n.Lhs, n.Rhs
		case *ast.ValueSpec:
			for _, id := range n.Names {
				to = append(to, id)
			}
			from = n.Values
			stmt = c.Parent().Parent()
		}
		if at, ok := inList(stmt); !ok || at != stmt || len(to) != len(from) {
			continue
		}
		for i, e := range from {
			if typ := p.emptyMap(e); typ != "" && p.plain(to[i]) {
				f := &filled{pass: p, stmt: stmt, to: to[i], name: p.text(to[i]), start: e, typ: typ, alone: len(to) == 1}
				f.presize()
			}
		}
	}
}

// emptyMap is the text of the type of which an expression makes an empty map
// without a size, "" for other expressions.
func (p *pass) emptyMap(e ast.Expr) string {
	t := p.TypesInfo.TypeOf(e)
	if t == nil || !isMap(t) {
		return ""
	}
	switch key := t.Underlying().(*types.Map).Key().Underlying().(type) {
	case *types.Basic:
		switch key.Kind() {
		case types.Bool, types.Int8, types.Uint8:
			return "" // it has few entries
		}
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		if len(e.Elts) == 0 {
			return p.text(e.Type)
		}
	case *ast.CallExpr:
		if p.builtin(e) != "make" {
			return ""
		}
		if len(e.Args) == 2 {
			if n, ok := p.integer(e.Args[1]); !ok || n > 0 {
				return "" // somebody has thought of it
			}
		}
		return p.text(e.Args[0])
	}
	return ""
}

// A filled is a map that is made empty by a statement of a list, and filled by
// loops after it.
type filled struct {
	*pass
	stmt  inspector.Cursor
	to    ast.Expr
	name  string // the map, as code calls it: "m", "t.m"
	start ast.Expr
	typ   string
	alone bool // the statement makes nothing else
}

// A filling is a loop that fills a map.
type filling struct {
	loop    inspector.Cursor
	inserts []Span
	text    string // how many entries it makes
	reads   []ast.Expr
	hoist   ast.Expr // what it ranges over, to be kept in a variable of the name
	name    string
}

// presize proposes a size for the map, or says why not.
func (f *filled) presize() {
	var list []filling
	for c, ok := f.stmt.NextSibling(); ok && c.ParentEdgeKind() == f.stmt.ParentEdgeKind(); c, ok = c.NextSibling() {
		if f.makes(c) {
			break
		}
		l, found, why := f.fills(c)
		switch {
		case slices.ContainsFunc(append(slices.Clip(l.reads), l.hoist), f.self):
			f.refuse(l.inserts[0], "the size is not known yet where %s is made, and it is used before it is filled", f.name)
			return
		case why != "" && len(list) == 0:
			f.refuse(l.inserts[0], "%s", why)
			return
		case found && why == "":
			list = append(list, l)
		}
	}
	if len(list) == 0 {
		return
	}
	pos := f.stmt.Node().Pos()
	next, _ := f.stmt.NextSibling()
	known := slices.DeleteFunc(slices.Clone(list), func(l filling) bool { return !f.known(l, pos, next) })
	if len(known) > 0 && known[0].loop == list[0].loop && list[0].hoist == nil && f.universal(pos, "make", "len") {
		f.propose(f.candidate(known, f.replace(f.start, f.made(known))))
		return
	}
	f.later(list)
}

// self reports whether an expression reads the map.
func (f *filled) self(e ast.Expr) bool {
	switch to := f.to.(type) {
	case *ast.Ident:
		return e != nil && f.refersTo(e, f.TypesInfo.ObjectOf(to))
	default:
		return e != nil && strings.Contains(f.text(e), f.name)
	}
}

// makes reports whether a statement of the list gives the map another value.
func (f *filled) makes(c inspector.Cursor) bool {
	n, ok := c.Node().(*ast.AssignStmt)
	return ok && slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return f.text(e) == f.name })
}

// known reports whether what tells the number of a loop's entries can be asked
// at pos, before a statement: it is the same there, and where it panics nobody
// can see that the map is not made yet.
func (f *filled) known(l filling, pos token.Pos, next inspector.Cursor) bool {
	if l.hoist != nil && next != l.loop {
		return false
	}
	_, v := f.variable()
	from := max(pos, f.stmt.Node().End()) // to store the map changes nothing that counts
	return !slices.ContainsFunc(l.reads, func(e ast.Expr) bool {
		return !f.means(e, pos) || !f.steady(e, from, l.loop.Node().Pos()) ||
			!f.quiet(e) && (next != l.loop || !f.alone || v == nil && !f.owns(e))
	})
}

// owns reports whether an expression is a field of what the map is a field of:
// if one panics because that is nil, so does the other.
func (f *filled) owns(e ast.Expr) bool {
	to, ok1 := f.to.(*ast.SelectorExpr)
	from, ok2 := e.(*ast.SelectorExpr)
	if !ok1 || !ok2 || !f.same(to.X, from.X) {
		return false
	}
	sel := f.TypesInfo.Selections[from]
	return sel != nil && len(sel.Index()) == 1
}

func (f *filled) made(list []filling) string {
	var terms []string
	for _, l := range list {
		terms = append(terms, l.text)
	}
	return "make(" + f.typ + ", " + strings.Join(terms, "+") + ")"
}

func (f *filled) candidate(list []filling, edits ...analysis.TextEdit) *Candidate {
	c := &Candidate{Promise: Fewer, Adds: []alloc.Kind{alloc.Map}, Edits: edits}
	var terms []string
	for _, l := range list {
		c.Sites = append(c.Sites, l.inserts...)
		terms = append(terms, l.text)
	}
	c.Message = "make " + f.name + " with " + amount{terms: terms}.describe()
	return c
}

// later proposes to make the map right before the first of the loops, where
// nothing uses it earlier.
func (f *filled) later(list []filling) {
	first := list[0].loop
	at := list[0].inserts[0]
	id, v := f.variable()
	switch {
	case !f.universal(first.Node().Pos(), "make", "len"):
		f.refuse(at, "make or len means something else before the loop")
		return
	case v == nil || !f.alone:
		f.refuse(at, "the size is not known yet where %s is made", f.name)
		return
	case slices.ContainsFunc(f.uses(v), func(c inspector.Cursor) bool { return c.Node().Pos() < first.Node().Pos() }),
		list[0].hoist != nil && f.refersTo(list[0].hoist, v):
		f.refuse(at, "the size is not known yet where %s is made, and it is used before it is filled", f.name)
		return
	case hasGoto(first):
		f.refuse(at, "the function has a goto")
		return
	}
	from, to := f.ownLines(f.stmt.Node().(ast.Stmt))
	pos := f.before(first.Node())
	list = slices.DeleteFunc(list, func(l filling) bool { return !f.known(l, first.Node().Pos(), first) })
	switch {
	case len(list) == 0 || list[0].loop != first:
		f.refuse(at, "the size is not known before the loop")
	case !from.IsValid():
		f.refuse(at, "a comment, or something else on its line, belongs to the statement that makes %s", f.name)
	case !f.means(f.typeExpr(), first.Node().Pos()):
		f.refuse(at, "the type of %s means something else before the loop", f.name)
	default:
		text := id.Name + " := " + f.made(list) + "\n"
		edits := []analysis.TextEdit{{Pos: from, End: to}, {Pos: pos, End: pos, NewText: []byte(text)}}
		if x := list[0].hoist; x != nil {
			before, edit := f.hoists(x, list[0].name)
			edits[1].NewText = []byte(before + text)
			edits = append(edits, edit)
		}
		f.propose(f.candidate(list, edits...))
	}
}

// variable is the variable that the statement declares, nil if it does not.
func (f *filled) variable() (*ast.Ident, *types.Var) {
	var id *ast.Ident
	switch n := f.stmt.Node().(type) {
	case *ast.AssignStmt:
		id, _ = n.Lhs[0].(*ast.Ident)
	case *ast.DeclStmt:
		g := n.Decl.(*ast.GenDecl)
		if g.Lparen.IsValid() || g.Specs[0].(*ast.ValueSpec).Type != nil {
			return nil, nil
		}
		id = g.Specs[0].(*ast.ValueSpec).Names[0]
	}
	if id == nil {
		return nil, nil
	}
	v, _ := f.TypesInfo.Defs[id].(*types.Var)
	return id, v
}

// typeExpr is the type in the expression that makes the map.
func (f *filled) typeExpr() ast.Expr {
	if call, ok := f.start.(*ast.CallExpr); ok {
		return call.Args[0]
	}
	return f.start.(*ast.CompositeLit).Type
}

// fills says how many entries a statement puts into the map, if it is a loop
// that puts some. The loop has an entry of its own in each round at most: more
// than that would be memory taken on a guess.
func (f *filled) fills(c inspector.Cursor) (l filling, found bool, why string) {
	loop := f.unlabeled(c)
	l.loop = c
	var body *ast.BlockStmt
	switch n := loop.Node().(type) {
	case *ast.RangeStmt:
		body = n.Body
		if _, ok := f.TypesInfo.TypeOf(n.X).Underlying().(*types.Basic); ok {
			return l, false, "" // the characters of a text are not many
		}
	case *ast.ForStmt:
		body = n.Body
	default:
		return l, false, ""
	}
	x := f.exits(loop)
	var keys []string
	shared := false
	for e := range loop.Preorder((*ast.IndexExpr)(nil)) {
		n := e.Node().(*ast.IndexExpr)
		if f.text(n.X) != f.name {
			continue
		}
		set, _ := e.Parent().Node().(*ast.AssignStmt)
		if e.ParentEdgeKind() != edge.AssignStmt_Lhs || set.Tok != token.ASSIGN {
			shared = true // what is there already is looked at, or changed
			if e.ParentEdgeKind() == edge.AssignStmt_Lhs || e.ParentEdgeKind() == edge.IncDecStmt_X {
				l.inserts = append(l.inserts, span(e.Parent().Node(), alloc.MapGrowth))
			}
			continue
		}
		l.inserts = append(l.inserts, span(set, alloc.MapGrowth))
		every := slices.Contains(body.List, ast.Stmt(set)) && !slices.ContainsFunc(x.continues, func(at token.Pos) bool { return at < set.Pos() })
		if key := f.text(n.Index); every && f.varies(n.Index, loop.Node()) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(l.inserts) == 0 {
		return l, false, ""
	}
	r, why := f.rounds(loop.Node().(ast.Stmt))
	switch {
	case shared:
		why = "rounds that have the same key share an entry of " + f.name
	case len(keys) == 0:
		why = "the loop does not add an entry to " + f.name + " in each round"
	case x.breaks || x.jumps:
		why = "the loop may end early"
	case why != "":
	case r.claimed || len(r.imports) > 0:
		why = noRounds
	case r.hoist != nil && loop != c:
		why = "the loop has a label, and what it ranges over is evaluated once a round of that"
	}
	if r.hoist != nil {
		// A name of its own, see hoists.
		r.name = f.fresh(loop.Node().Pos(), "list")
		r.text = "len(" + r.name + ")"
	}
	l.text, l.reads, l.hoist, l.name = r.text, r.reads, r.hoist, r.name
	if len(keys) > 1 {
		l.text = strconv.Itoa(len(keys)) + "*" + factor(r.text)
	}
	return l, why == "", why
}

// varies reports whether an expression names what a loop declares.
func (f *filled) varies(e ast.Expr, loop ast.Node) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			v, isVar := f.TypesInfo.Uses[id].(*types.Var)
			found = found || isVar && !v.IsField() && loop.Pos() <= v.Pos() && v.Pos() < loop.End()
		}
		return !found
	})
	return found
}
