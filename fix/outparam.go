package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// OutParam lets callers give functions the slice to fill.
var OutParam = newAnalyzer("outparam", outparam)

func outparam(p *pass) {
	p.functions(func(_ inspector.Cursor, decl *ast.FuncDecl, fn *types.Func) {
		sig := fn.Signature()
		results := sig.Results()
		if sig.TypeParams() != nil || sig.RecvTypeParams() != nil || fn.Exported() || results.Len() != 1 || results.At(0).Name() != "" || p.inTest(decl.Pos()) {
			return
		}
		if _, ok := results.At(0).Type().Underlying().(*types.Slice); !ok {
			return
		}
		f := &filler{pass: p, decl: decl, fn: fn}
		if !f.fills() || len(f.sites) == 0 {
			return
		}
		if why := f.callers(); why != "" {
			p.refuse(f.sites[0], "%s", why)
			return
		}
		if len(f.lookers) == 0 {
			return // nobody gains
		}
		if f.why != "" {
			p.refuse(f.sites[0], "%s", f.why)
			return
		}
		f.onStack()
		f.inLoops()
	})
}

// A filler is a function that makes a slice, appends to it and returns it.
type filler struct {
	*pass
	decl  *ast.FuncDecl
	fn    *types.Func
	v     *types.Var // the slice
	stmt  ast.Stmt   // that declares it
	made  ast.Expr   // what it is at first, nil for nil
	room  int64      // its constant capacity, 0 if none is told, -1 if it is not constant
	why   string     // why it cannot be another's slice
	sites []Span
	calls []*ast.CallExpr
	// lookers are the calls whose result is only looked at.
	lookers map[*ast.CallExpr]*looker
}

// A looker is a call whose result the function around it only looks at.
type looker struct {
	inspector.Cursor
	typ string // of the slice, as it is written there
	// In a loop, stmt declares the variable v that has the result, of which
	// nothing is left when the round ends; loop is the outermost of its loops.
	stmt    *ast.AssignStmt
	v       *types.Var
	loop    ast.Stmt
	loopTyp string // as it is written before the loop
}

// fills reports whether the function returns nothing but one slice that it
// declares empty. why says what it does with it that may show that it is
// another's.
func (f *filler) fills() bool {
	var appends []*ast.CallExpr
	for ret := range f.returns(f.decl) {
		e := ast.Unparen(ret.Results[0])
		if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
			appends = append(appends, call)
			e = call.Args[0]
		}
		if slice, ok := e.(*ast.SliceExpr); ok {
			e = slice.X
		}
		id, ok := e.(*ast.Ident)
		if !ok {
			return false
		}
		v, ok := f.TypesInfo.Uses[id].(*types.Var)
		if !ok || f.v != nil && f.v != v {
			return false
		}
		f.v = v
	}
	if f.v == nil || !f.declared() || !types.Identical(f.v.Type(), f.fn.Signature().Results().At(0).Type()) {
		return false
	}
	for _, call := range appends {
		if !f.appended(call) {
			return false
		}
	}
	for _, c := range f.uses(f.v) {
		if why := f.use(c); why != "" && f.why == "" {
			f.why = why
		}
	}
	if f.why == "" && hasGoto(f.cursor(f.stmt)) {
		f.why = f.fn.Name() + " has a goto, which may come by the declaration twice"
	}
	return true
}

// declared finds the statement of the function's outermost block that declares
// the slice empty.
func (f *filler) declared() bool {
	for _, stmt := range f.decl.Body.List {
		id, _, value := sole(stmt)
		if _, decl := stmt.(*ast.DeclStmt); id == nil || f.TypesInfo.Defs[id] != f.v || decl && value != nil {
			continue
		}
		f.stmt, f.made = stmt, value
		switch e := value.(type) {
		case nil:
			return true
		case *ast.CompositeLit:
			return len(e.Elts) == 0
		case *ast.CallExpr:
			return f.makes(e)
		}
		return false
	}
	return false
}

// makes reports whether a call makes an empty slice.
func (f *filler) makes(call *ast.CallExpr) bool {
	if f.builtin(call) != "make" || len(call.Args) < 2 {
		return false
	}
	if n, ok := f.integer(call.Args[1]); !ok || n != 0 {
		return false
	}
	if len(call.Args) == 3 {
		n, ok := f.integer(call.Args[2])
		if !ok && !f.amountOf(call.Args[2]) {
			return false // a capacity that panics must go on to
		}
		if f.room = n; !ok {
			f.room = -1
		}
		f.sites = append(f.sites, span(call, alloc.Slice))
	}
	return true
}

// use says what a use of the slice does that may show that it is another's.
func (f *filler) use(c inspector.Cursor) string {
	other := fmt.Sprintf("line %d does something else with %s than to append to it", f.lineOf(c), f.v.Name())
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		if lit.Node().Pos() > f.v.Pos() {
			return fmt.Sprintf("line %d uses %s in a function literal", f.lineOf(c), f.v.Name())
		}
	}
	switch up := c.Parent(); c.ParentEdgeKind() {
	case edge.ReturnStmt_Results:
		return ""
	case edge.RangeStmt_X:
		for _, use := range f.uses(f.v) {
			if up.Contains(use) && f.stored(use) {
				return fmt.Sprintf("line %d ranges over %s, which the loop changes", f.lineOf(c), f.v.Name())
			}
		}
		return ""
	case edge.IndexExpr_X:
		if f.addressed(up) {
			return other
		}
		return ""
	case edge.SliceExpr_X:
		if f.shortens(up) {
			return ""
		}
	case edge.AssignStmt_Lhs:
		s := up.Node().(*ast.AssignStmt)
		if s.Tok == token.ASSIGN && len(s.Lhs) == 1 && (f.appended(s.Rhs[0]) || f.isSlicing(s.Rhs[0])) {
			return ""
		}
	case edge.CallExpr_Args:
		call := up.Node().(*ast.CallExpr)
		if f.builtin(call) == "len" {
			return ""
		}
		if f.appended(call) && c.ParentEdgeIndex() == 0 && (up.ParentEdgeKind() == edge.ReturnStmt_Results || f.regained(up)) {
			kind := alloc.Kind("")
			if f.builtin(call) == "append" {
				kind = alloc.Append
			}
			f.sites = append(f.sites, span(call, kind))
			return ""
		}
	}
	return other
}

// regained reports whether an expression is all that is assigned to the slice.
func (f *filler) regained(c inspector.Cursor) bool {
	s, ok := c.Parent().Node().(*ast.AssignStmt)
	return ok && c.ParentEdgeKind() == edge.AssignStmt_Rhs && s.Tok == token.ASSIGN && len(s.Lhs) == 1 && f.isVar(s.Lhs[0], f.v)
}

// isSlicing reports whether an expression slices the slice.
func (f *filler) isSlicing(e ast.Expr) bool {
	s, ok := e.(*ast.SliceExpr)
	return ok && f.isVar(s.X, f.v)
}

// shortens reports whether a slice expression takes elements from the end of
// the slice, for the slice itself or to return it.
func (f *filler) shortens(c inspector.Cursor) bool {
	e := c.Node().(*ast.SliceExpr)
	within := (&sized{pass: f.pass, v: f.v}).within(e.High)
	return e.Low == nil && !e.Slice3 && within && (c.ParentEdgeKind() == edge.ReturnStmt_Results || f.regained(c))
}

// appended reports whether an expression appends to the slice and does nothing
// else with it.
func (f *filler) appended(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || !f.isVar(call.Args[0], f.v) || !f.appends(call) {
		return false
	}
	for _, a := range call.Args[1:] {
		if f.refersTo(a, f.v) && !f.amountOf(a) {
			return false // what is appended may be its own memory
		}
	}
	return true
}

// callers looks at all calls. It says why they cannot be edited.
func (f *filler) callers() string {
	calls, why := f.fixed(f.decl, f.fn)
	if why != "" {
		return why
	}
	for _, field := range f.decl.Type.Params.List {
		if len(field.Names) == 0 {
			return "a parameter of " + f.fn.Name() + " has no name"
		}
	}
	f.lookers = make(map[*ast.CallExpr]*looker)
	kept := ""
	for _, c := range calls {
		call := c.Node().(*ast.CallExpr)
		if len(call.Args) == 1 {
			if _, ok := f.TypesInfo.TypeOf(call.Args[0]).(*types.Tuple); ok {
				return fmt.Sprintf("line %d calls %s with what another function returns", f.lineOf(c), f.fn.Name())
			}
		}
		f.calls = append(f.calls, call)
		l, why := f.looker(c)
		if why == "" {
			f.lookers[call] = l
		} else if kept == "" {
			kept = why
		}
	}
	if len(f.lookers) == 0 {
		return kept
	}
	return ""
}

// looker is what only looks at the result of a call, or why nothing does.
func (f *filler) looker(c inspector.Cursor) (*looker, string) {
	name := f.fn.Name()
	typ, ok := f.spelled(c.Node().Pos(), f.v.Type())
	if !ok {
		return nil, fmt.Sprintf("the type of what %s returns has no name on line %d", name, f.lineOf(c))
	}
	l := &looker{Cursor: c, typ: typ}
	switch c.ParentEdgeKind() {
	case edge.GoStmt_Call, edge.DeferStmt_Call:
		return nil, fmt.Sprintf("line %d has %s called later", f.lineOf(c), name)
	}
	stmt, ok := c.Parent().Node().(*ast.AssignStmt)
	if !ok {
		if !f.looked(c) {
			return nil, fmt.Sprintf("line %d may keep what %s returns", f.lineOf(c), name)
		}
		return l, ""
	}
	if stmt.Tok != token.DEFINE || len(stmt.Lhs) != 1 {
		return nil, fmt.Sprintf("line %d has what %s returns in no variable of its own", f.lineOf(c), name)
	}
	v, ok := f.TypesInfo.Defs[stmt.Lhs[0].(*ast.Ident)].(*types.Var)
	if !ok {
		return nil, silent
	}
	for _, use := range f.uses(v) {
		if !f.looked(use) {
			return nil, fmt.Sprintf("line %d may keep %s, which %s returned", f.lineOf(use), v.Name(), name)
		}
		for up := range use.Enclosing((*ast.FuncLit)(nil), (*ast.DeferStmt)(nil), (*ast.GoStmt)(nil)) {
			if up.Node().Pos() > v.Pos() {
				return nil, fmt.Sprintf("line %d uses %s in a function literal or a call that runs later", f.lineOf(use), v.Name())
			}
		}
	}
	l.stmt, l.v = stmt, v
	if loops := f.loopsAround(c); len(loops) > 0 && listed(c.Parent()) && !hasGoto(c) {
		outer, ok := inList(loops[0])
		for _, loop := range loops {
			ok = ok && !f.isFuncLoop(loop)
		}
		if typ, named := f.spelled(loops[0].Node().Pos(), f.v.Type()); ok && named {
			l.loop, l.loopTyp = outer.Node().(ast.Stmt), typ
		}
	}
	return l, ""
}

// onStack has the callers that only look at the slice give a small one, which
// is on their stacks. If all callers do, the variable becomes the parameter.
func (f *filler) onStack() {
	size := f.elemSize(f.v.Type())
	room := f.room
	if size == 0 || room < 0 {
		return
	}
	if room == 0 {
		room = max(64/size, 1)
	}
	if room*size > 512 {
		return // it costs time to clear them
	}
	all := len(f.lookers) == len(f.calls)
	edits, ok := f.parameter(all)
	if !ok {
		return
	}
	for _, call := range f.calls {
		arg := "nil"
		if l := f.lookers[call]; l != nil {
			arg = fmt.Sprintf("make(%s, 0, %d)", l.typ, room)
			if !f.universal(call.Pos(), "make") {
				return
			}
		} else if !f.universal(call.Pos(), "nil") {
			return
		}
		edits = append(edits, insertFirst(call.Lparen, len(call.Args), arg))
	}
	f.propose(&Candidate{
		Message: fmt.Sprintf("let callers give %s a slice on their stacks", f.fn.Name()),
		Sites:   f.sites, Promise: Fewer, Edits: edits,
	})
}

// inLoops has the callers that loop give the slice of the round before.
func (f *filler) inLoops() {
	edits, ok := f.parameter(false)
	if !ok {
		return
	}
	loops := make(map[ast.Stmt]bool)
	for _, call := range f.calls {
		l := f.lookers[call]
		if l == nil || l.loop == nil || loops[l.loop] {
			if !f.universal(call.Pos(), "nil") {
				return
			}
			edits = append(edits, insertFirst(call.Lparen, len(call.Args), "nil"))
			continue
		}
		loops[l.loop] = true
		buf := f.fresh(l.loop.Pos(), "buf")
		at, end := f.before(l.loop), l.stmt.End()
		end += token.Pos(len(f.trailing(end)))
		edits = append(edits,
			analysis.TextEdit{Pos: at, End: at, NewText: fmt.Appendf(nil, "var %s %s // what %s fills\n", buf, l.loopTyp, f.fn.Name())},
			insertFirst(call.Lparen, len(call.Args), buf),
			analysis.TextEdit{Pos: end, End: end, NewText: fmt.Appendf(nil, "\n%s = %s", buf, l.v.Name())})
	}
	if len(loops) == 0 {
		return
	}
	f.propose(&Candidate{
		Message: fmt.Sprintf("let callers that loop give %s the slice of the round before", f.fn.Name()),
		Sites:   f.sites, Promise: Fewer, Edits: edits,
	})
}

// parameter gives the function a first parameter for the slice. If it is not
// always given, nil has the function make its own.
func (f *filler) parameter(always bool) (edits []analysis.TextEdit, ok bool) {
	params, name := f.decl.Type.Params, f.v.Name()
	typ := f.text(f.decl.Type.Results.List[0].Type)
	if always && f.unnamedBefore() {
		if from, to := f.ownLines(f.stmt); from.IsValid() {
			return []analysis.TextEdit{
				insertFirst(params.Opening, len(params.List), name+" "+typ),
				{Pos: from, End: to},
			}, true
		}
	}
	if !f.universal(f.stmt.Pos(), "nil") {
		return nil, false
	}
	dst := f.fresh(f.decl.Pos(), "dst")
	text := fmt.Sprintf("%s := %s[:0]", name, dst)
	if f.made != nil && !always {
		text += fmt.Sprintf("\nif %s == nil {\n%s = %s\n}", dst, name, f.text(f.made))
	}
	return []analysis.TextEdit{
		insertFirst(params.Opening, len(params.List), dst+" "+typ),
		f.replace(f.stmt, text),
	}, true
}

// unnamedBefore reports whether the slice's name means nothing in the function
// before it is declared.
func (f *filler) unnamedBefore() bool {
	for c := range f.cursor(f.decl).Preorder((*ast.Ident)(nil)) {
		if id := c.Node().(*ast.Ident); id.Name == f.v.Name() && id.Pos() < f.v.Pos() && !f.isMember(id) && id != f.decl.Name {
			return false
		}
	}
	return true
}

// insertFirst puts an argument or parameter before the others of a list.
func insertFirst(paren token.Pos, others int, text string) analysis.TextEdit {
	if others > 0 {
		text += ", "
	}
	return analysis.TextEdit{Pos: paren + 1, End: paren + 1, NewText: []byte(text)}
}
