package contract

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/flow"
)

// A source is one package, typed, with what is asked of it indexed.
type source struct {
	*flow.Checked
	decls map[string]*function   // by name, without the package
	lits  map[int][]*ast.FuncLit // by line
	vars  map[*types.Var][]origin
	addrs map[*types.Var]bool // whose address is taken, so that anything may be in them
	funcs map[ast.Node]*function
}

// A function is a declared function or a literal, as the source has it.
type function struct {
	src   *source
	name  string // "F", "(*T).M"; of a literal that of the function around it
	decl  *ast.FuncDecl
	lit   *ast.FuncLit // nil of a declared function
	outer *function    // of a literal
	// calls are those of its own body, by the line that the compiler gives them.
	calls  map[int][]*ast.CallExpr
	defers []*ast.DeferStmt
	// moves are the statements that assign or return, in source order, carried
	// what they tell of a variable, as far as it was asked.
	moves   []ast.Stmt
	carried map[*types.Var]*carrier
	// dropped is what it may let go of, nil before that was asked.
	dropped *dropping
	// parents leads from each node of its body up.
	parents map[ast.Node]ast.Node
}

// An origin is where a variable gets a value from.
type origin struct {
	from  ast.Expr // nil: the zero value, or something that is not followed
	zero  bool
	elem  bool // an element or a part of from
	tuple int  // the result of from, a call, that it is; -1 its only one
}

func (c *Checker) source(path string) *source {
	if s, ok := c.sources[path]; ok {
		return s
	}
	checked := c.Program.Check(path)
	if checked == nil || checked.Types == nil {
		c.sources[path] = nil
		return nil
	}
	s := &source{
		Checked: checked, decls: make(map[string]*function), lits: make(map[int][]*ast.FuncLit),
		vars: make(map[*types.Var][]origin), addrs: make(map[*types.Var]bool), funcs: make(map[ast.Node]*function),
	}
	c.sources[path] = s
	for _, f := range s.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok {
				fn := &function{src: s, name: expr.FuncName(fd), decl: fd}
				s.decls[fn.name] = fn
				s.funcs[fd] = fn
				if fd.Body != nil {
					s.body(fn, fd.Body)
				}
				continue
			}
			s.body(&function{src: s, name: "init"}, d)
		}
	}
	return s
}

// body indexes a function's body, and those of the literals in it.
func (s *source) body(fn *function, body ast.Node) {
	fn.calls, fn.parents = make(map[int][]*ast.CallExpr), make(map[ast.Node]ast.Node)
	fn.carried = make(map[*types.Var]*carrier)
	var stack []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			fn.parents[n] = stack[len(stack)-1]
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			inner := &function{src: s, name: fn.name, decl: fn.decl, lit: n, outer: fn}
			s.funcs[n] = inner
			line := s.Fset.Position(n.Pos()).Line
			s.lits[line] = append(s.lits[line], n)
			s.body(inner, n.Body)
			return false // so that there is no second call for it
		case *ast.CallExpr:
			line := s.Fset.Position(n.Lparen).Line
			fn.calls[line] = append(fn.calls[line], n)
			if first := s.Fset.Position(n.Pos()).Line; first != line {
				fn.calls[first] = append(fn.calls[first], n)
			}
		case *ast.DeferStmt:
			fn.defers = append(fn.defers, n)
		case *ast.AssignStmt:
			fn.moves = append(fn.moves, n)
		case *ast.ReturnStmt:
			fn.moves = append(fn.moves, n)
		}
		s.assigned(n)
		stack = append(stack, n)
		return true
	})
}

// assigned notes what a statement puts into variables.
func (s *source) assigned(n ast.Node) {
	put := func(lhs ast.Expr, o origin) {
		if id, ok := ast.Unparen(lhs).(*ast.Ident); ok {
			if v, ok := s.object(id).(*types.Var); ok {
				s.vars[v] = append(s.vars[v], o)
			}
		}
	}
	several := func(lhs, rhs []ast.Expr) {
		for i, l := range lhs {
			switch {
			case len(rhs) == len(lhs):
				put(l, origin{from: rhs[i], tuple: -1})
			case len(rhs) == 1 && i == 0:
				put(l, origin{from: rhs[0], tuple: 0})
			case len(rhs) == 1:
				put(l, origin{from: rhs[0], tuple: i})
			}
		}
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
			several(n.Lhs, n.Rhs)
		}
	case *ast.ValueSpec:
		names := make([]ast.Expr, len(n.Names))
		for i, id := range n.Names {
			names[i] = id
			if len(n.Values) == 0 {
				put(id, origin{zero: true})
			}
		}
		several(names, n.Values)
	case *ast.RangeStmt:
		if _, ok := s.typeOf(n.X).(*types.Signature); ok {
			put2(put, n, origin{})
			break
		}
		put2(put, n, origin{from: n.X, elem: true, tuple: -1})
	case *ast.TypeSwitchStmt:
		assign, ok := n.Assign.(*ast.AssignStmt)
		if !ok {
			break
		}
		x := assign.Rhs[0].(*ast.TypeAssertExpr).X
		for _, clause := range n.Body.List {
			if v, ok := s.Info.Implicits[clause].(*types.Var); ok {
				s.vars[v] = append(s.vars[v], origin{from: x, tuple: -1})
			}
		}
	case *ast.UnaryExpr:
		if id, ok := ast.Unparen(n.X).(*ast.Ident); ok && n.Op == token.AND {
			if v, ok := s.object(id).(*types.Var); ok {
				s.addrs[v] = true
			}
		}
	}
}

func put2(put func(ast.Expr, origin), n *ast.RangeStmt, o origin) {
	if n.Key != nil {
		put(n.Key, o)
	}
	if n.Value != nil {
		put(n.Value, o)
	}
}

func (s *source) object(id *ast.Ident) types.Object {
	if o := s.Info.Defs[id]; o != nil {
		return o
	}
	return s.Info.Uses[id]
}

func (s *source) typeOf(e ast.Expr) types.Type {
	if t := s.Info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

func (s *source) pos(p token.Pos) alloc.Pos {
	at := s.Fset.Position(p)
	return alloc.Pos{File: filepath.ToSlash(at.Filename), Line: at.Line, Col: at.Column}
}

// at is the innermost function around a place, a literal if literal says so.
func (s *source) at(name, file string, line int) *function {
	literal := literalName(name)
	var best *function
	for _, fn := range s.funcs {
		if (fn.lit != nil) != literal {
			continue
		}
		from, to := s.pos(fn.node().Pos()), s.pos(fn.node().End())
		if from.File != file || line < from.Line || line > to.Line {
			continue
		}
		if best == nil || best.node().Pos() < fn.node().Pos() {
			best = fn
		}
	}
	return best
}

// literalName reports the name of a function that the compiler makes of a
// literal. The body of a loop over a function, "F-range1", stands in F itself.
func literalName(name string) bool {
	_, last, _ := cutLast(name, ".")
	digits, ok := strings.CutPrefix(last, "func")
	if ok {
		digits, _, _ = strings.Cut(digits, "-")
	}
	return ok && digits != "" && strings.Trim(digits, "0123456789") == "" || !ok && last != "" && strings.Trim(last, "0123456789") == ""
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

func (f *function) node() ast.Node {
	if f.lit != nil {
		return f.lit
	}
	return f.decl
}

func (f *function) signature() *types.Signature {
	var t types.Type
	if f.lit != nil {
		t = f.src.Info.TypeOf(f.lit)
	} else if o := f.src.Info.Defs[f.decl.Name]; o != nil {
		t = o.Type()
	}
	sig, _ := t.(*types.Signature)
	return sig
}

// iterations are the loops over functions that begin on a line.
func (f *function) iterations(line int) []*ast.RangeStmt {
	var list []*ast.RangeStmt
	for n := range f.parents {
		r, ok := n.(*ast.RangeStmt)
		if !ok || f.src.pos(r.Pos()).Line != line {
			continue
		}
		if _, ok := f.src.typeOf(r.X).(*types.Signature); ok {
			list = append(list, r)
		}
	}
	return list
}

// callee is the declared function that a call names, nil of another.
func (s *source) callee(call *ast.CallExpr) *types.Func {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = ast.Unparen(x.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(x.X)
	}
	var o types.Object
	switch x := fun.(type) {
	case *ast.Ident:
		o = s.Info.Uses[x]
	case *ast.SelectorExpr:
		o = s.Info.Uses[x.Sel]
	}
	f, _ := o.(*types.Func)
	return f
}

// dynamic reports a call through a pointer, as the source has it.
func (s *source) dynamic(call *ast.CallExpr) bool {
	if tv := s.Info.Types[call.Fun]; tv.IsType() || tv.IsBuiltin() {
		return false
	}
	f := s.callee(call)
	return f == nil || abstract(f)
}

// abstract reports the method of an interface or of a type parameter.
func abstract(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && types.IsInterface(recv.Type())
}

// nameOf is a function's full name as machine code has it, with type arguments
// folded.
func nameOf(f *types.Func) (path, name string) {
	f = f.Origin()
	if f.Pkg() == nil {
		return "", f.Name()
	}
	recv := f.Signature().Recv()
	if recv == nil {
		name = f.Name()
		if f.Signature().TypeParams().Len() > 0 {
			name += "[...]"
		}
		return f.Pkg().Path(), name
	}
	t, star := recv.Type(), false
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t, star = p.Elem(), true
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return f.Pkg().Path(), f.Name()
	}
	name = n.Obj().Name()
	if n.TypeParams().Len() > 0 {
		name += "[...]"
	}
	if star {
		name = "(*" + name + ")"
	}
	return f.Pkg().Path(), name + "." + f.Name()
}
