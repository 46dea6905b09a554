package flow

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// An allocation may need no escape: a slice that grows, a string that is joined,
// a channel. Its story is another one: what grows, what it was made with, the
// loop that it is in, what makes its size unknown. Syntax tells it.

// NeedsOrigin reports whether [Tracer.Origin] tells why a site allocates,
// whatever becomes of the value.
func NeedsOrigin(s *alloc.Site) bool {
	switch s.Cause {
	case alloc.Growth, alloc.UnknownSize, alloc.Concatenation, alloc.Conversion, alloc.ByRuntime, alloc.Reflection:
		return true
	case alloc.InGoroutine:
		return s.Kind == alloc.Goroutine
	case alloc.Loop:
		return s.Kind == alloc.Defer
	}
	return false
}

// Origin tells what a site's allocation comes from. call is the place of a call
// that the site's function was inlined at, if the story is to begin there. Of a
// site without a cause the story has no end and no cut.
func (t *Tracer) Origin(s *alloc.Site, call alloc.Pos) *Story {
	if t.Source == nil {
		return new(Story)
	}
	o := &origin{Tracer: t, src: t.Source, site: s, story: new(Story), cut: -1}
	if call.File != "" {
		o.inlinedAt(call)
	}
	o.tell()
	if o.cut < 0 {
		o.cut = len(o.story.Steps) - 1
	}
	for i := range o.story.Steps {
		if o.story.Steps[i].Func == "" {
			o.story.Steps[i].Func = s.Package + "." + s.Func
		}
	}
	if s.Cause != "" && (t.Local == nil || t.Local(s.Package) || o.called) {
		o.story.Cut = &o.story.Steps[o.cut]
	}
	return o.story
}

// An origin is one run of [Tracer.Origin].
type origin struct {
	*Tracer
	src    *Source
	site   *alloc.Site
	story  *Story
	cut    int
	called bool      // the story begins at an inlined call
	again  bool      // what grows is emptied, and its room used again
	since  token.Pos // where what grows is declared
}

func (o *origin) step(f *sourceFile, p token.Pos, step, text string) {
	o.story.Steps = append(o.story.Steps, alloc.Step{Pos: f.place(p), Step: step, Text: text})
}

// inlinedAt begins the story with the call that the site's function was inlined
// at, and with the variable that it is a method of.
func (o *origin) inlinedAt(pos alloc.Pos) {
	f := o.src.file(pos.File)
	call, path := nodeAt(f, pos, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		return ok && calledName(c) == lastName(o.site.Func)
	})
	if call == nil {
		o.story.Steps = append(o.story.Steps, alloc.Step{Pos: pos, Step: "inlined call", Text: o.site.Package + "." + o.site.Func})
		o.called = true
		return
	}
	c := call.(*ast.CallExpr)
	if sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok && grows(o.site) {
		o.room(f, path, sel.X, c.Pos())
	}
	o.loop(f, path)
	o.step(f, c.Lparen, "inlined call", brief(c))
	o.called = true
	if o.cut < 0 {
		o.cut = len(o.story.Steps) - 1
	}
}

func grows(s *alloc.Site) bool { return s.Kind == alloc.Append || s.Kind == alloc.MapGrowth }

// tell appends the steps of the site itself.
func (o *origin) tell() {
	f := o.src.file(o.site.File)
	node, path := nodeAt(f, o.site.Pos, o.isSite)
	if node == nil {
		text := o.site.Expr
		if text == "" {
			text = o.site.Type
		}
		o.story.Steps = append(o.story.Steps, alloc.Step{Pos: o.site.Pos, Step: string(o.site.Kind), Text: text})
		o.story.End = o.end(nil, "")
		return
	}
	how := ""
	switch n := node.(type) {
	case *ast.CallExpr:
		if o.site.Kind == alloc.Append && !o.called && len(n.Args) > 0 {
			how = o.room(f, path, n.Args[0], n.Pos())
		}
		if calledName(n) == "make" && len(n.Args) > 1 && o.site.Cause == alloc.UnknownSize {
			o.sizes(f, n.Args[1:], n.Pos())
		}
	case *ast.IndexExpr:
		if o.site.Kind == alloc.MapGrowth && !o.called {
			how = o.room(f, path, n.X, n.Pos())
		}
	case *ast.ReturnStmt:
		for _, r := range n.Results {
			if how = o.room(f, path, r, n.Pos()); how != "" {
				break
			}
		}
	}
	inLoop := o.loop(f, path)
	at := node.Pos()
	if e, ok := node.(ast.Expr); ok {
		at = compilerPos(e)
	}
	text := o.site.Expr
	if b := brief(node); b != "" {
		text = b
	}
	o.step(f, at, string(o.site.Kind), text)
	if o.site.Col > 0 { // of a conversion the compiler reports the operand
		o.story.Steps[len(o.story.Steps)-1].Pos = o.site.Pos
	}
	o.story.End = o.end(node, how)
	if inLoop && o.site.Cause == alloc.Concatenation && accumulates(path) {
		o.story.End += "; each turn of the loop copies what was joined before"
	}
}

// isSite reports whether a node is what the site's kind allocates by.
func (o *origin) isSite(n ast.Node) bool {
	name := ""
	if c, ok := n.(*ast.CallExpr); ok {
		name = calledName(c)
	}
	switch o.site.Kind {
	case alloc.Append:
		_, ret := n.(*ast.ReturnStmt)
		return name == "append" || ret && o.moved()
	case alloc.MapGrowth:
		_, ok := n.(*ast.IndexExpr)
		return ok
	case alloc.Slice, alloc.Map, alloc.Chan:
		_, lit := n.(*ast.CompositeLit)
		return name == "make" || lit && o.site.Kind != alloc.Chan
	case alloc.Goroutine:
		_, ok := n.(*ast.GoStmt)
		return ok
	case alloc.Defer:
		_, ok := n.(*ast.DeferStmt)
		return ok
	case alloc.String:
		if b, ok := n.(*ast.BinaryExpr); ok {
			return b.Op == token.ADD && o.site.Cause == alloc.Concatenation
		}
		if a, ok := n.(*ast.AssignStmt); ok {
			return a.Tok == token.ADD_ASSIGN && o.site.Cause == alloc.Concatenation
		}
		return name != "" && o.site.Cause != alloc.Concatenation
	case alloc.Bytes:
		return name != "" || isConversion(n)
	}
	e, ok := n.(ast.Expr)
	return ok && e.Pos().IsValid()
}

// moved reports a site whose append was not found: the machine code moves a slice
// to the heap that began on the stack (runtime.moveSlice and its like, go1.26).
func (o *origin) moved() bool {
	for _, e := range o.site.Entries {
		if !strings.HasPrefix(e, "runtime.moveSlice") {
			return false
		}
	}
	return len(o.site.Entries) > 0
}

func isConversion(n ast.Node) bool {
	c, ok := n.(*ast.CallExpr)
	return ok && len(c.Args) == 1
}

// nodeAt finds the node that the compiler places at pos and that is accepted,
// or, where pos is only a line or lies within it, the only one on the line or
// the innermost around. path are the nodes around it, itself first.
func nodeAt(f *sourceFile, pos alloc.Pos, accept func(ast.Node) bool) (node ast.Node, path []ast.Node) {
	if f.tree == nil {
		return nil, nil
	}
	at := f.pos(pos)
	for i, n := range f.path(pos) {
		if accept(n) && pos.Col > 0 && (n.Pos() == at || siteOf(n) == at) {
			return n, f.path(pos)[i:]
		}
	}
	var found []ast.Node
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if n == nil || f.line(n.End()) < pos.Line || f.line(n.Pos()) > pos.Line {
			return n == nil || f.line(n.End()) >= pos.Line && f.line(n.Pos()) <= pos.Line
		}
		if accept(n) && f.line(siteOf(n)) == pos.Line {
			found = append(found, n)
		}
		return true
	})
	if len(found) == 0 {
		return nil, nil
	}
	best := found[0]
	for _, n := range found {
		if pos.Col > 0 && n.Pos() <= at && at <= n.End() {
			best = n // the innermost
		}
	}
	if pos.Col == 0 && len(found) > 1 {
		return nil, nil // any of them
	}
	path = f.path(f.place(siteOf(best)))
	for i, n := range path {
		if n == best {
			return best, path[i:]
		}
	}
	return best, nil
}

func siteOf(n ast.Node) token.Pos {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return n.TokPos
	case ast.Expr:
		return compilerPos(n)
	}
	return n.Pos()
}

func (f *sourceFile) line(p token.Pos) int { return f.fset.PositionFor(p, false).Line }

// room appends the step that made what grows, and says how much room it gave;
// "" where that is not to be seen.
func (o *origin) room(f *sourceFile, path []ast.Node, x ast.Expr, before token.Pos) string {
	x = ast.Unparen(x)
	if u, ok := x.(*ast.UnaryExpr); ok {
		x = u.X
	}
	if part, ok := x.(*ast.SliceExpr); ok {
		o.again = part.Low == nil && part.High != nil && isZero(part.High)
		x = ast.Unparen(part.X) // a part of it has its room
	}
	name := types.ExprString(x)
	id, ok := x.(*ast.Ident)
	if !ok {
		if sel, ok := x.(*ast.SelectorExpr); ok {
			return o.makers(f, sel.Sel.Pos(), name)
		}
		return ""
	}
	decl := f.declaration(f.place(before), id.Name)
	if decl != nil {
		o.since = decl.Pos()
	}
	switch d := decl.(type) {
	case *ast.Field:
		o.step(f, d.Pos(), "parameter", id.Name+" "+types.ExprString(d.Type))
		return name + ", whose room the caller made"
	case *ast.ValueSpec:
		if len(d.Values) == 0 {
			o.step(f, id2pos(d, id.Name), "declared", "var "+id.Name+" "+types.ExprString(d.Type))
			o.cut = len(o.story.Steps) - 1
			return name + ", which begins without room"
		}
		if len(d.Values) == len(d.Names) {
			for i, n := range d.Names {
				if n.Name == id.Name {
					return o.made(f, n.Pos(), id.Name, "var "+id.Name+" = ", d.Values[i])
				}
			}
		}
	case *ast.AssignStmt:
		for i, e := range d.Lhs {
			if isIdent(e, id.Name) && len(d.Rhs) == len(d.Lhs) {
				return o.made(f, d.TokPos, id.Name, id.Name+" := ", d.Rhs[i])
			}
		}
		o.step(f, d.TokPos, "declared", brief(d))
		return name + ", whose room is made elsewhere"
	}
	if decl == nil {
		return o.makers(f, id.Pos(), name)
	}
	return ""
}

// makers appends the steps that give a value to the field or package variable at
// pos, and says what they mean for its room.
func (o *origin) makers(f *sourceFile, pos token.Pos, name string) string {
	const shown = 3
	elsewhere := name + ", whose room is made elsewhere"
	if o.Makers == nil || o.called {
		return elsewhere
	}
	list, ok := o.Makers(o.site.Package, f.place(pos))
	switch {
	case !ok:
		return elsewhere
	case len(list) == 0:
		return name + ", which its package nowhere makes with room"
	}
	first := len(o.story.Steps)
	o.story.Steps = append(o.story.Steps, list[:min(len(list), shown)]...)
	for _, m := range list {
		o.again = o.again || strings.HasSuffix(m.Text, "[:0]")
	}
	if o.again {
		return name + ", which is used again: with [:0] it keeps the room that it has"
	}
	if len(list) == 1 {
		o.cut = first
	}
	if len(list) > shown {
		return fmt.Sprintf("%s, whose room is made at %d places", name, len(list))
	}
	return name + ", with the room that is made there"
}

func id2pos(d *ast.ValueSpec, name string) token.Pos {
	for _, n := range d.Names {
		if n.Name == name {
			return n.Pos()
		}
	}
	return d.Pos()
}

// made appends the step that gives a variable its first value and says how much
// room that has.
func (o *origin) made(f *sourceFile, at token.Pos, name, lhs string, value ast.Expr) string {
	o.step(f, at, "declared", lhs+types.ExprString(value))
	value = ast.Unparen(value)
	if u, ok := value.(*ast.UnaryExpr); ok && u.Op == token.AND {
		value = u.X
	}
	last := len(o.story.Steps) - 1
	switch v := value.(type) {
	case *ast.CompositeLit:
		o.cut = last
		if len(v.Elts) == 0 {
			return name + ", which begins without room"
		}
		return name + ", which begins with room for its first elements only"
	case *ast.Ident:
		if v.Name == "nil" {
			o.cut = last
			return name + ", which begins without room"
		}
	case *ast.CallExpr:
		switch {
		case calledName(v) == "make" && (len(v.Args) == 1 || len(v.Args) == 2 && isZero(v.Args[1])):
			o.cut = last
			return name + ", which begins without room"
		case calledName(v) == "make":
			return name + ", only where more is put into it than the room it was made with"
		case calledName(v) == "new" && len(v.Args) == 1:
			o.cut = last
			return name + ", which begins without room"
		}
	case *ast.SliceExpr:
		return name + ", only where more is put into it than the room of " + types.ExprString(v.X)
	}
	return name + ", whose room is made elsewhere"
}

func isZero(e ast.Expr) bool {
	lit, ok := ast.Unparen(e).(*ast.BasicLit)
	return ok && lit.Value == "0"
}

// sizes appends what gives the variables in a size their values.
func (o *origin) sizes(f *sourceFile, sizes []ast.Expr, before token.Pos) {
	seen := make(map[string]bool)
	for _, e := range sizes {
		ast.Inspect(e, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				n = sel.X
			}
			id, ok := n.(*ast.Ident)
			if !ok || seen[id.Name] {
				return true
			}
			seen[id.Name] = true
			switch d := f.declaration(f.place(before), id.Name).(type) {
			case *ast.Field:
				o.step(f, d.Pos(), "parameter", id.Name+" "+types.ExprString(d.Type))
			case *ast.AssignStmt:
				o.step(f, d.TokPos, "size", brief(d))
			case *ast.ValueSpec:
				o.step(f, d.Pos(), "size", id.Name)
			case *ast.RangeStmt:
				o.step(f, d.For, "size", loopText(d))
			}
			return true
		})
	}
}

// loop appends the innermost loop of the function around a node, and reports
// whether there is one. A loop around what grows as well does not count: each
// turn has another.
func (o *origin) loop(f *sourceFile, path []ast.Node) bool {
	for i, n := range path {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.FuncDecl, *ast.ReturnStmt: // what returns is done once
			return false
		case *ast.ForStmt:
			if i > 0 && path[i-1] != n.Init && o.since < n.For {
				o.step(f, n.For, "loop", loopText(n))
				return true
			}
		case *ast.RangeStmt:
			if i > 0 && path[i-1] == n.Body && o.since < n.For {
				o.step(f, n.For, "loop", loopText(n))
				return true
			}
		}
	}
	return false
}

// loopText is the head of a loop.
func loopText(n ast.Stmt) string {
	switch n := n.(type) {
	case *ast.RangeStmt:
		vars := ""
		if n.Key != nil {
			vars = types.ExprString(n.Key)
			if n.Value != nil {
				vars += ", " + types.ExprString(n.Value)
			}
			vars += " " + n.Tok.String() + " "
		}
		return "for " + vars + "range " + types.ExprString(n.X)
	case *ast.ForStmt:
		if n.Cond == nil {
			return "for"
		}
		return "for " + types.ExprString(n.Cond)
	}
	return ""
}

// accumulates reports whether a concatenation is assigned to one of its own
// operands.
func accumulates(path []ast.Node) bool {
	for i, n := range path {
		a, ok := n.(*ast.AssignStmt)
		if !ok {
			continue
		}
		if a.Tok == token.ADD_ASSIGN {
			return true
		}
		return len(a.Lhs) == 1 && i > 0 && len(a.Rhs) == 1 && mentions(types.ExprString(a.Rhs[0]), types.ExprString(a.Lhs[0]))
	}
	return false
}

// end says what the allocation is for. how tells of the room of what grows.
func (o *origin) end(n ast.Node, how string) string {
	switch o.site.Cause {
	case alloc.Growth:
		switch {
		case o.moved():
			return "moved to the heap, because it leaves the function: while it was small, it was on the stack"
		case how != "":
			return "grows " + how
		}
		return "grows when there is no room left"
	case alloc.UnknownSize:
		return "its size is not known when it is compiled"
	case alloc.Concatenation:
		return "a new string is made of the parts"
	case alloc.Conversion:
		return "the contents are copied: a string does not change, a slice may"
	case alloc.InGoroutine:
		return "the runtime makes a descriptor and a stack, or takes those of a goroutine that has ended"
	case alloc.Loop:
		return "there may be any number of deferred calls: each has a record on the heap"
	case alloc.Reflection:
		return "made by package reflect, of a type that is known only at run time"
	}
	if o.site.Kind == alloc.Chan {
		return "a channel is on the heap wherever it goes"
	}
	if o.site.Cause != alloc.ByRuntime {
		return ""
	}
	if len(o.site.Entries) > 0 {
		return "made by the runtime for its own ends: " + strings.Join(o.site.Entries, ", ")
	}
	return "made by the runtime for its own ends"
}
