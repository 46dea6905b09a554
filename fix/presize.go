package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Presize gives slices, maps and buffers the capacity that they are going to need.
var Presize = newAnalyzer("presize", presize)

func presize(p *pass) {
	presizeMaps(p)
	presizeBuffers(p)
	grown := make(map[*types.Var][]inspector.Cursor) // the calls of append that a variable is grown by
	var vars []*types.Var
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		v := p.growth(c)
		if v == nil || p.builtin(c.Node().(*ast.CallExpr)) != "append" {
			continue
		}
		if grown[v] == nil {
			vars = append(vars, v)
		}
		grown[v] = append(grown[v], c)
	}
	for _, v := range vars {
		if s := p.slice(v, grown[v]); s != nil && s.site.Kind != "" {
			s.presize()
		}
	}
}

// growth is the variable of a function that a call appends to and gives back to:
// s = append(s, x), s = strconv.AppendInt(s, n, 10).
func (p *pass) growth(c inspector.Cursor) *types.Var {
	call := c.Node().(*ast.CallExpr)
	if !p.appends(call) || len(call.Args) < 2 {
		return nil
	}
	set, ok := c.Parent().Node().(*ast.AssignStmt)
	if !ok || set.Tok != token.ASSIGN || len(set.Lhs) != 1 || set.Rhs[0] != call {
		return nil
	}
	id, ok := set.Lhs[0].(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	if !ok || !isLocal(v) || !p.isVar(call.Args[0], v) {
		return nil
	}
	if _, ok := v.Type().Underlying().(*types.Slice); !ok {
		return nil
	}
	return v
}

// A sized is a slice variable that starts empty and grows by append.
type sized struct {
	*pass
	v       *types.Var
	appends []inspector.Cursor
	site    Span // of the first append in a loop, none if there is no such
	// What the variable starts with: the node to replace, its type's text, and
	// whether it is nil then.
	decl   inspector.Cursor
	start  ast.Node
	typ    string
	isNil  bool
	room   int64 // the constant capacity that it has
	result bool  // it is a result of the function
	end    token.Pos
}

// slice looks at a variable's declaration, and finds nil where it does not
// start as an empty slice.
func (p *pass) slice(v *types.Var, appends []inspector.Cursor) *sized {
	s := &sized{pass: p, v: v, appends: appends}
	ident, ok := p.root.FindByPos(v.Pos(), v.Pos()+token.Pos(len(v.Name())))
	if !ok || !s.starts(ident) {
		return nil
	}
	for _, c := range appends {
		outer := s.outermost(c)
		if _, ok := outer.Node().(*ast.CallExpr); ok {
			s.end = max(s.end, c.Parent().Node().End())
			continue
		}
		if s.site.Kind == "" {
			s.site = span(c.Node(), alloc.Append)
		}
		s.end = max(s.end, outer.Node().End())
	}
	return s
}

// starts reads the declaration of the variable.
func (s *sized) starts(ident inspector.Cursor) bool {
	parent := ident.Parent()
	switch ident.ParentEdgeKind() {
	case edge.AssignStmt_Lhs:
		set := parent.Node().(*ast.AssignStmt)
		if set.Tok != token.DEFINE || len(set.Lhs) != 1 {
			return false
		}
		s.decl, s.start = parent, set.Rhs[0]
		return s.empty(set.Rhs[0])
	case edge.ValueSpec_Names:
		spec := parent.Node().(*ast.ValueSpec)
		decl := parent.Parent()
		if len(decl.Node().(*ast.GenDecl).Specs) == 1 && len(spec.Names) == 1 {
			s.decl = decl.Parent()
			s.start = spec
		}
		if len(spec.Values) == 0 {
			s.isNil, s.typ = true, s.text(spec.Type)
			return true
		}
		if len(spec.Names) != 1 || spec.Type != nil {
			return false
		}
		s.start = spec.Values[0]
		return s.empty(spec.Values[0])
	case edge.Field_Names:
		if parent.Parent().ParentEdgeKind() != edge.FuncType_Results {
			return false
		}
		s.isNil, s.result, s.typ = true, true, s.text(parent.Node().(*ast.Field).Type)
		return true
	}
	return false
}

// empty reads an expression that makes an empty slice.
func (s *sized) empty(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		s.typ = s.text(e.Type)
		return len(e.Elts) == 0
	case *ast.CallExpr:
		if s.TypesInfo.Types[e.Fun].IsType() {
			s.typ, s.isNil = s.text(ast.Unparen(e.Fun)), true
			return len(e.Args) == 1 && s.TypesInfo.Types[e.Args[0]].IsNil()
		}
		if s.builtin(e) == "make" && len(e.Args) > 1 {
			s.typ = s.text(e.Args[0])
			for _, a := range e.Args[2:] {
				var ok bool
				if s.room, ok = s.integer(a); !ok {
					return false // somebody has thought of it
				}
			}
			n, ok := s.integer(e.Args[1])
			return ok && n == 0
		}
	}
	return false
}

// outermost is the outermost loop around a node within the variable's scope,
// the node itself where there is none.
func (s *sized) outermost(c inspector.Cursor) inspector.Cursor {
	outer := c
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch e.Node().(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return outer
		}
		if e.Node().Pos() < s.v.Pos() {
			return outer
		}
		outer = e
	}
	return outer
}

// presize proposes a capacity for the slice, or says why not.
func (s *sized) presize() {
	if s.elemSize(s.v.Type()) == 0 {
		return
	}
	if why := s.used(); why != "" {
		s.refuse(s.site, "%s", why)
		return
	}
	// The list of statements that has the first of the loops.
	var first inspector.Cursor
	for _, c := range s.appends {
		if outer := s.outermost(c); outer.Node() != c.Node() {
			first = outer
			break
		}
	}
	at, ok := inList(first)
	if !ok {
		return
	}
	a, why := s.amount(at)
	if why != "" {
		s.refuse(s.site, "%s", why)
		return
	}
	s.make(at, a)
}

// elemSize is the size of a slice's elements, a word where it depends on type
// arguments.
func (p *pass) elemSize(slice types.Type) int64 {
	elem := slice.Underlying().(*types.Slice).Elem()
	if !fixedSize(elem) {
		return p.TypesSizes.Sizeof(types.Typ[types.Int])
	}
	return p.TypesSizes.Sizeof(elem)
}

// fixedSize reports whether the size of a type depends on no type argument.
func fixedSize(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Array:
		return fixedSize(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !fixedSize(f.Type()) {
				return false
			}
		}
	}
	return true
}

// make proposes to make the slice with a capacity, before the statement at.
func (s *sized) make(at inspector.Cursor, a amount) {
	name := s.v.Name()
	stays := s.stays()
	switch {
	case a.bound && !stays:
		s.refuse(s.site, "how many elements are appended depends on a condition, and %s is kept", name)
		return
	case s.result && s.defers(at):
		s.refuse(s.site, "%s is a result, and a deferred call may see it while it grows", name)
		return
	case a.hoist != nil && s.refersTo(a.hoist, s.v):
		s.refuse(s.site, "the loop ranges over what is made of %s", name)
		return
	case len(a.terms) == 0 && (a.n == a.had || int64(a.n) <= s.room), s.start != nil && strings.HasSuffix(s.text(s.start), ", "+a.text()+")"):
		return
	case !s.universal(at.Node().Pos(), "make", "len"):
		s.refuse(s.site, "make or len means something else here")
		return
	}
	moot := !s.isNil || stays || a.n > 0 && !a.bound && !s.result
	c := &Candidate{
		Message: "make " + name + " with " + a.describe(),
		Sites:   a.sites, Promise: Fewer, Adds: []alloc.Kind{alloc.Slice},
	}
	for _, imp := range slices.Compact(slices.Sorted(slices.Values(a.imports))) {
		pkg, edits, ok := s.imported(at.Node().Pos(), imp)
		if !ok || pkg != path.Base(imp) {
			s.refuse(s.site, "the name of package %s means something else here", imp)
			return
		}
		c.Edits = append(c.Edits, edits...)
	}
	before := a.before
	if a.hoist != nil {
		if at.Node() != s.unlabeled(at).Node() {
			s.refuse(s.site, "the loop has a label, and what it ranges over is evaluated once a round of that")
			return
		}
		var edit analysis.TextEdit
		before, edit = s.hoists(a.hoist, a.name)
		c.Edits = append(c.Edits, edit)
	}
	switch {
	case moot && s.atDecl(at, a, before == ""):
		if before != "" {
			pos := s.before(s.decl.Node())
			c.Edits = append(c.Edits, analysis.TextEdit{Pos: pos, End: pos, NewText: []byte(before)})
		}
		text := "make(" + s.typ + ", 0, " + a.text() + ")"
		if spec, ok := s.start.(*ast.ValueSpec); ok {
			// var s []T
			c.Edits = append(c.Edits, analysis.TextEdit{Pos: s.decl.Node().Pos(), End: spec.End(), NewText: []byte(name + " := " + text)})
			if g := s.decl.Node().(*ast.DeclStmt).Decl.(*ast.GenDecl); g.Lparen.IsValid() || s.comments(g.Pos(), g.End()) {
				s.refuse(s.site, "a comment or parentheses are in the declaration of %s", name)
				return
			}
		} else {
			if s.comments(s.start.Pos(), s.start.End()) {
				s.refuse(s.site, "a comment is in the declaration of %s", name)
				return
			}
			c.Edits = append(c.Edits, analysis.TextEdit{Pos: s.start.Pos(), End: s.start.End(), NewText: []byte(text)})
		}
	case !moot && a.unsure:
		s.refuse(s.site, "how much is appended may change in the loop, and %s would be empty rather than nil", name)
		return
	default:
		if !s.atLeast(at.Node().Pos(), "go1.21") {
			s.refuse(s.site, "%s stays nil only with slices.Grow, which came with go1.21", name)
			return
		}
		pkg, edits, ok := s.imported(at.Node().Pos(), "slices")
		if !ok {
			s.refuse(s.site, "the name of package slices means something else here")
			return
		}
		c.Adds = append(c.Adds, alloc.Append) // slices.Grow has both
		pos := s.before(at.Node())
		a.n -= a.had
		text := fmt.Sprintf("%s%s = %s.Grow(%s, %s)\n", before, name, pkg, name, a.text())
		c.Edits = append(c.Edits, edits...)
		c.Edits = append(c.Edits, analysis.TextEdit{Pos: pos, End: pos, NewText: []byte(text)})
	}
	s.propose(c)
}

// defers reports whether the function defers calls.
func (p *pass) defers(at inspector.Cursor) bool {
	for fn := range at.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for range fn.Preorder((*ast.DeferStmt)(nil)) {
			return true
		}
		break
	}
	return false
}

// unlabeled is the statement under labels.
func (p *pass) unlabeled(c inspector.Cursor) inspector.Cursor {
	for {
		if _, ok := c.Node().(*ast.LabeledStmt); !ok {
			return c
		}
		c = c.ChildAt(edge.LabeledStmt_Stmt, -1)
	}
}

// atDecl reports whether the capacity can be given where the slice is declared:
// all that it reads is known there, and the same.
func (s *sized) atDecl(at inspector.Cursor, a amount, free bool) bool {
	if !s.decl.Valid() || s.decl.Parent() != at.Parent() || s.start == nil {
		return false
	}
	pos, next := s.decl.Node().Pos(), false
	if n, ok := s.decl.NextSibling(); ok {
		next = n == at
	}
	if next {
		return !slices.ContainsFunc(a.reads, func(r read) bool { return !s.means(r.e, pos) })
	}
	return free && !slices.ContainsFunc(a.reads, func(r read) bool {
		return !s.means(r.e, pos) || !s.quiet(r.e) || !s.steady(r.e, pos, r.at)
	})
}
