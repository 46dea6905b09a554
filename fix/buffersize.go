package fix

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"slices"
	"strconv"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// presizeBuffers gives strings.Builders and bytes.Buffers room for what each
// round of a loop writes to them at least.
func presizeBuffers(p *pass) {
	seen := make(map[*types.Var]bool)
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		sel, ok := c.Node().(*ast.CallExpr).Fun.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			continue
		}
		v, ok := p.TypesInfo.Uses[id].(*types.Var)
		if !ok || seen[v] {
			continue
		}
		seen[v] = true
		if s, ok := p.sink(id); ok && s.builds && p.own(s) {
			f := &buffered{pass: p, v: v}
			f.presize()
		}
	}
}

// A buffered is a variable that is a strings.Builder or a bytes.Buffer, which
// nobody but its function sees.
type buffered struct {
	*pass
	v     *types.Var
	sites []Span
}

// presize proposes a Grow before the first loop that writes to the buffer.
func (f *buffered) presize() {
	var loop inspector.Cursor
	for _, c := range f.uses(f.v) {
		if !f.blind(c) {
			return // somebody has thought of it, or may see the capacity
		}
		if outer := f.outerLoop(c, f.v); !loop.Valid() && outer != c {
			loop = outer
		}
	}
	if !loop.Valid() {
		return
	}
	at, ok := inList(loop)
	if !ok {
		return
	}
	var body *ast.BlockStmt
	switch n := loop.Node().(type) {
	case *ast.RangeStmt:
		body = n.Body
	case *ast.ForStmt:
		body = n.Body
	}
	w := f.writes(body.List)
	least := w.each
	if w.ends {
		least = math.MaxInt
	}
	if least = min(least, w.next); least == 0 || least > 64 {
		return
	}
	x := f.exits(loop)
	r, why := f.rounds(loop.Node().(ast.Stmt))
	switch {
	case why != "" || r.claimed || r.hoist != nil:
		return
	case x.breaks || x.jumps:
		f.refuse(f.sites[0], "the loop may end early")
		return
	case hasGoto(loop) || !f.universal(loop.Node().Pos(), "len"):
		return
	}
	if r.bytes != "" {
		r.text, r.imports = r.bytes, nil
	}
	if len(r.imports) > 0 {
		return
	}
	if least > 1 {
		r.text = strconv.Itoa(least) + "*" + factor(r.text)
	}
	pos := f.before(at.Node())
	f.propose(&Candidate{
		Message: "grow " + f.v.Name() + " by " + r.text + " before the loop",
		Sites:   f.sites, Promise: Fewer,
		Edits: []analysis.TextEdit{{Pos: pos, End: pos, NewText: []byte(f.v.Name() + ".Grow(" + r.text + ")\n")}},
	})
}

// blind reports whether a use of the buffer does not see its capacity.
func (f *buffered) blind(c inspector.Cursor) bool {
	sel, ok := c.Parent().Node().(*ast.SelectorExpr)
	if !ok {
		return true // fmt.Fprint(&b, x)
	}
	return slices.Contains([]string{"Write", "WriteByte", "WriteRune", "WriteString", "String", "Len"}, sel.Sel.Name)
}

// written is what statements write at least.
type written struct {
	each int  // where they come to their end
	next int  // where they go on to the loop's next round, MaxInt if they never do
	ends bool // they never come to their end
}

// then is what statements write one after the other.
func (w written) then(o written) written {
	if o.next < math.MaxInt {
		w.next = min(w.next, w.each+o.next)
	}
	w.each += o.each
	w.ends = o.ends
	return w
}

// or is what one of two lists of statements writes.
func (w written) or(o written) written {
	switch {
	case w.ends && o.ends, o.ends:
	case w.ends:
		w.each = o.each
	default:
		w.each = min(w.each, o.each)
	}
	w.next = min(w.next, o.next)
	w.ends = w.ends && o.ends
	return w
}

var nothing = written{next: math.MaxInt}

// writes is what a list of statements in the loop writes.
func (f *buffered) writes(list []ast.Stmt) written {
	w := nothing
	for _, s := range list {
		if w = w.then(f.write(s)); w.ends {
			break
		}
	}
	return w
}

func (f *buffered) write(s ast.Stmt) written {
	w := nothing
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			break
		}
		if f.builtin(call) == "panic" {
			w.ends = true
			break
		}
		w.each = f.bytes(call)
	case *ast.BlockStmt:
		return f.writes(s.List)
	case *ast.IfStmt:
		w = f.writes(s.Body.List)
		if s.Else == nil {
			return w.or(nothing)
		}
		return w.or(f.write(s.Else))
	case *ast.SwitchStmt:
		return f.clauses(s.Body)
	case *ast.TypeSwitchStmt:
		return f.clauses(s.Body)
	case *ast.ReturnStmt:
		w.ends = true
	case *ast.BranchStmt:
		if s.Tok == token.CONTINUE {
			w.next = 0
		}
		w.ends = s.Tok == token.CONTINUE || s.Tok == token.BREAK
	default:
		if f.branches(s) {
			w.next = 0
		}
	}
	return w
}

// clauses is what a switch statement writes.
func (f *buffered) clauses(body *ast.BlockStmt) written {
	var w written
	whole := false
	for i, s := range body.List {
		c := s.(*ast.CaseClause)
		whole = whole || c.List == nil
		one := f.writes(c.Body)
		if slices.ContainsFunc(c.Body, func(s ast.Stmt) bool { return f.breaks(s) }) {
			one.each, one.ends = 0, false
		}
		if i == 0 {
			w = one
		} else {
			w = w.or(one)
		}
	}
	if !whole {
		return w.or(nothing)
	}
	return w
}

// breaks reports whether a statement has a break or a fallthrough in it.
func (f *buffered) breaks(s ast.Stmt) bool {
	return f.has(s, func(b *ast.BranchStmt) bool { return b.Tok != token.CONTINUE })
}

// branches reports whether a statement has any jump in it.
func (f *buffered) branches(s ast.Stmt) bool {
	return f.has(s, func(*ast.BranchStmt) bool { return true })
}

func (f *buffered) has(s ast.Stmt, is func(*ast.BranchStmt) bool) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		b, ok := n.(*ast.BranchStmt)
		found = found || ok && is(b)
		return !found
	})
	return found
}

// bytes is what a call writes to the buffer at least, and notes its site.
func (f *buffered) bytes(call *ast.CallExpr) int {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !f.isVar(sel.X, f.v) || len(call.Args) != 1 {
		return 0
	}
	n := 0
	switch sel.Sel.Name {
	case "WriteByte", "WriteRune":
		n = 1
	case "WriteString":
		if v := f.TypesInfo.Types[call.Args[0]].Value; v != nil {
			n = len(constant.StringVal(v))
		}
	}
	f.sites = append(f.sites, span(call, "")) // the site is in the method
	return n
}
