package expr

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// index walks the file once and collects its nodes.
func (f *File) index() {
	f.once.Do(func() {
		f.byKind = make(map[alloc.Kind][]*node)
		f.named = make(map[[2]int]bool)
		if f.tree == nil {
			return
		}
		w := &walker{f: f, called: make(map[ast.Expr]bool)}
		inits := 0
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := FuncName(d)
				start, _, _ := f.place(d.Pos())
				end, _, _ := f.place(d.End())
				var results []string
				if d.Type.Results != nil {
					for _, field := range d.Type.Results.List {
						for _, id := range field.Names {
							results = append(results, id.Name)
						}
					}
				}
				f.funcs = append(f.funcs, span{name, start, end, results, d.Body != nil})
				line, col, _ := f.place(d.Name.Pos())
				f.named[[2]int{line, col}] = true
				s := &scope{name: name, pos: d.Pos(), outer: name, funcs: new(int)}
				if d.Recv != nil {
					w.fields(d.Recv, s)
				}
				w.fields(d.Type.Params, s)
				w.fields(d.Type.Results, s)
				if d.Body != nil {
					w.walk(d.Body, s)
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					w.walk(d, &scope{name: "init", outer: "init", funcs: &inits})
				}
			}
		}
		slices.SortStableFunc(f.nodes, func(a, b *node) int { return cmp.Compare(a.at, b.at) })
		for i, n := range f.nodes {
			l, _, ok := f.place(n.at)
			if !ok {
				continue
			}
			f.lines = append(f.lines, lineNode{int32(l), int32(i)})
			if n.kind != "" {
				f.byKind[n.kind] = append(f.byKind[n.kind], n)
			}
			if s, _, _ := f.place(n.ast.Pos()); s != l && n.kind != "" {
				f.lines = append(f.lines, lineNode{int32(s), int32(i)})
			}
		}
		slices.SortStableFunc(f.lines, func(a, b lineNode) int { return cmp.Compare(a.line, b.line) })
	})
}

// onLine are the nodes on a line, in source order.
func (f *File) onLine(line int) iter.Seq[*node] {
	return func(yield func(*node) bool) {
		i, _ := slices.BinarySearchFunc(f.lines, line, func(l lineNode, line int) int { return cmp.Compare(int(l.line), line) })
		for ; i < len(f.lines) && int(f.lines[i].line) == line; i++ {
			if !yield(f.nodes[f.lines[i].node]) {
				return
			}
		}
	}
}

// A lineNode says that a node stands on a line, or begins on it.
type lineNode struct{ line, node int32 }

// A scope is the function that is being walked.
type scope struct {
	name  string
	pos   token.Pos // of the function
	outer string    // what closures are named after
	funcs *int      // closures so far
	loops int

	errorPath bool
}

type walker struct {
	f        *File
	deferred ast.Expr          // what the last defer statement calls
	called   map[ast.Expr]bool // functions of calls
	slab     []node
}

func (w *walker) add(n ast.Node, kind alloc.Kind, at token.Pos, s *scope) *node {
	if len(w.slab) == cap(w.slab) {
		w.slab = make([]node, 0, 64) // one by one they take more, and longer
	}
	w.slab = append(w.slab, node{ast: n, kind: kind, at: at, scope: s})
	nd := &w.slab[len(w.slab)-1]
	if w.refine(nd) {
		switch nd.kind {
		case alloc.Slice, alloc.Map, alloc.Variadic:
			nd.below = w.below(nd)
		}
		w.f.nodes = append(w.f.nodes, nd)
	}
	return nd
}

// fields adds parameters and results, which may be moved to the heap where the
// function begins (cmd/compile/internal/ssagen, paramsToHeap).
func (w *walker) fields(list *ast.FieldList, s *scope) {
	if list == nil {
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			w.add(name, alloc.Variable, name.Pos(), s).parameter = true
		}
	}
}

// walk visits n and all below it.
func (w *walker) walk(n ast.Node, s *scope) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil:
			return false
		case *ast.FuncLit:
			w.add(n, alloc.Closure, n.Pos(), s).deferred = w.deferred == n
			*s.funcs++
			name := s.outer + ".func" + strconv.Itoa(*s.funcs)
			if strings.Contains(s.name, ".func") {
				name = s.name + "." + strconv.Itoa(*s.funcs)
			}
			start, _, _ := w.f.place(n.Pos())
			end, _, _ := w.f.place(n.End())
			w.f.literals = append(w.f.literals, Function{name, start, end})
			in := &scope{name: name, pos: n.Pos(), outer: name, funcs: new(int)}
			w.fields(n.Type.Params, in)
			w.fields(n.Type.Results, in)
			w.walk(n.Body, in)
			return false
		case *ast.IfStmt:
			if !w.failed(n.Cond) || !leaves(n.Body) {
				return true
			}
			if n.Init != nil {
				w.walk(n.Init, s)
			}
			w.walk(n.Cond, s)
			w.onErrorPath(n.Body, s)
			if n.Else != nil {
				w.walk(n.Else, s)
			}
			return false
		case *ast.ForStmt:
			if n.Init != nil {
				w.walk(n.Init, s)
			}
			in := s.loop()
			for _, part := range []ast.Node{n.Cond, n.Post, n.Body} {
				if !isNil(part) {
					w.walk(part, in)
				}
			}
			return false
		case *ast.RangeStmt:
			w.walk(n.X, s)
			if w.f.info != nil {
				if _, ok := under(w.f.info.TypeOf(n.X)).(*types.Signature); ok {
					// The body becomes a function, the loop's state a variable.
					w.add(n, alloc.Closure, n.For, s)
					w.add(n, alloc.Variable, n.For, s)
				}
			}
			in := s.loop()
			if n.Tok == token.DEFINE {
				w.idents(in, n.Key, n.Value)
			} else {
				for _, e := range []ast.Expr{n.Key, n.Value} {
					if e != nil {
						w.walk(e, in)
					}
				}
			}
			w.walk(n.Body, in)
			return false
		case *ast.GoStmt:
			w.add(n, alloc.Goroutine, n.Pos(), s)
		case *ast.DeferStmt:
			w.add(n, alloc.Defer, n.Pos(), s)
			w.deferred = ast.Unparen(n.Call.Fun)
		case *ast.AssignStmt:
			w.assign(n, s)
		case *ast.IncDecStmt:
			w.element(n.X, s)
		case *ast.ValueSpec:
			for _, name := range n.Names {
				w.add(name, alloc.Variable, name.Pos(), s)
			}
			w.box(s, n.Values...)
		case *ast.TypeSwitchStmt:
			if a, ok := n.Assign.(*ast.AssignStmt); ok {
				w.idents(s, a.Lhs...)
			}
		case *ast.ReturnStmt:
			return w.returns(n, s)
		case *ast.SendStmt:
			w.box(s, n.Value)
		case *ast.CallExpr:
			if isPanic(n) && !s.errorPath {
				w.onErrorPath(n, s)
				return false
			}
			w.call(n, s)
		case *ast.CompositeLit:
			w.literal(n, s)
		case *ast.UnaryExpr:
			if lit, ok := ast.Unparen(n.X).(*ast.CompositeLit); ok && n.Op == token.AND {
				w.add(n, alloc.Composite, n.OpPos, s)
				// The literal itself is the same value, but for what it holds.
				for _, e := range lit.Elts {
					w.boxElement(e, s)
					w.walk(e, s)
				}
				return false
			}
			w.add(n, "", n.OpPos, s)
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				w.add(n, alloc.String, n.OpPos, s)
			} else {
				w.add(n, "", n.OpPos, s)
			}
		case *ast.Ident, *ast.BasicLit:
			w.add(n, "", n.Pos(), s)
		case *ast.SelectorExpr:
			w.add(n, "", n.X.End(), s)
			w.walk(n.X, s)
			return false // the name alone is no expression
		case *ast.IndexExpr:
			w.add(n, "", n.Lbrack, s)
		case *ast.SliceExpr:
			w.add(n, "", n.Lbrack, s)
		case *ast.TypeAssertExpr:
			w.add(n, "", n.X.End(), s)
		case *ast.StarExpr:
			w.add(n, "", n.Star, s)
		}
		return true
	})
}

func isNil(n ast.Node) bool {
	switch n := n.(type) {
	case ast.Expr:
		return n == nil
	case ast.Stmt:
		return n == nil
	}
	return n == nil
}

func (s *scope) loop() *scope {
	in := *s
	in.loops++
	return &in
}

// idents adds variables that are declared here.
func (w *walker) idents(s *scope, list ...ast.Expr) {
	for _, e := range list {
		if id, ok := e.(*ast.Ident); ok && id != nil {
			w.add(id, alloc.Variable, id.Pos(), s)
		}
	}
}

func (w *walker) assign(n *ast.AssignStmt, s *scope) {
	switch n.Tok {
	case token.DEFINE:
		w.idents(s, n.Lhs...)
	case token.ADD_ASSIGN:
		w.add(n, alloc.String, n.TokPos, s)
		w.element(n.Lhs[0], s)
	default:
		for _, e := range n.Lhs {
			w.element(e, s)
		}
	}
	w.box(s, n.Rhs...)
	if len(n.Rhs) == 1 && len(n.Lhs) > 1 {
		w.tuple(n.Rhs[0], n.TokPos, s)
	}
}

// returns adds the results of a return statement; false where it has walked
// them.
func (w *walker) returns(n *ast.ReturnStmt, s *scope) bool {
	if len(n.Results) == 1 {
		w.tuple(n.Results[0], n.Pos(), s)
	}
	last := len(n.Results) - 1
	if last < 0 || s.errorPath || !w.makesError(n.Results[last]) {
		w.box(s, n.Results...)
		return true
	}
	for _, e := range n.Results[:last] {
		w.box(s, e)
		w.walk(e, s)
	}
	in := *s
	in.errorPath = true
	w.box(&in, n.Results[last])
	w.onErrorPath(n.Results[last], s)
	return false
}

// tuple adds a call whose several results are assigned or returned: the
// compiler reports one that is boxed at the statement.
func (w *walker) tuple(e ast.Expr, at token.Pos, s *scope) {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		nd := w.add(call, "", at, s)
		nd.tuple, nd.boxed, nd.typ = true, true, nil
	}
}

// element adds the target of an assignment that may grow a map.
func (w *walker) element(e ast.Expr, s *scope) {
	if ix, ok := ast.Unparen(e).(*ast.IndexExpr); ok {
		w.add(ix, alloc.MapGrowth, ix.Lbrack, s)
		w.box(s, ix.Index)
	}
}

// box adds values that stand where an interface may be wanted.
func (w *walker) box(s *scope, list ...ast.Expr) {
	for _, e := range list {
		if e != nil {
			w.add(e, "", at(e), s).boxed = true
		}
	}
}

func (w *walker) boxElement(e ast.Expr, s *scope) {
	if kv, ok := e.(*ast.KeyValueExpr); ok {
		w.box(s, kv.Key, kv.Value)
		return
	}
	w.box(s, e)
}

func (w *walker) literal(n *ast.CompositeLit, s *scope) {
	kind := alloc.Kind("")
	switch t := n.Type.(type) {
	case *ast.ArrayType:
		if t.Len == nil {
			kind = alloc.Slice
		}
	case *ast.MapType:
		kind = alloc.Map
	}
	w.add(n, kind, n.Lbrace, s)
	if n.Type == nil {
		// An element whose type is left out may be a pointer to it.
		w.add(n, alloc.Composite, n.Lbrace, s)
	}
	for _, e := range n.Elts {
		w.boxElement(e, s)
	}
}

func (w *walker) call(n *ast.CallExpr, s *scope) {
	line, col, _ := w.f.place(n.Lparen)
	callee := render(n.Fun)
	w.f.calls = append(w.f.calls, CallSite{s.name, callee, line, col, s.loops, w.deferred != nil && w.deferred == ast.Unparen(n.Fun)})
	w.called[ast.Unparen(n.Fun)] = true
	kind, where := alloc.Kind(""), n.Lparen
	switch fun := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		switch fun.Name {
		case "new":
			kind = alloc.New
		case "append":
			kind = alloc.Append
			w.box(s, n.Args...)
		case "make":
			kind = alloc.Slice
			if len(n.Args) > 0 {
				switch n.Args[0].(type) {
				case *ast.MapType:
					kind = alloc.Map
				case *ast.ChanType:
					kind = alloc.Chan
				}
			}
		case "string":
			if len(n.Args) == 1 {
				kind, where = alloc.String, at(n.Args[0])
			}
		}
	case *ast.ArrayType:
		if len(n.Args) == 1 {
			kind, where = alloc.Bytes, at(n.Args[0])
		}
	}
	w.add(n, kind, where, s)
	if where != n.Lparen {
		w.add(n, "", n.Lparen, s) // a conversion's result, boxed
	} else if len(n.Args) == 1 && w.converts(n) != "" {
		w.add(n, w.converts(n), at(n.Args[0]), s)
	}
	if kind == "" {
		w.add(n, alloc.Variadic, n.Lparen, s)
		w.box(s, n.Args...)
	}
}

// at is where the compiler reports an expression.
func at(e ast.Expr) token.Pos {
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		return e.X.End()
	case *ast.IndexExpr:
		return e.Lbrack
	case *ast.IndexListExpr:
		return e.Lbrack
	case *ast.SliceExpr:
		return e.Lbrack
	case *ast.TypeAssertExpr:
		return e.X.End()
	case *ast.CallExpr:
		return e.Lparen
	case *ast.CompositeLit:
		return e.Lbrace
	case *ast.UnaryExpr:
		return e.OpPos
	case *ast.StarExpr:
		return e.Star
	case *ast.BinaryExpr:
		return e.OpPos
	default:
		return e.Pos()
	}
}

// FuncName is a declared function's name as the compiler writes it, without the
// package.
func FuncName(d *ast.FuncDecl) string {
	name := d.Name.Name
	if d.Recv == nil || len(d.Recv.List) == 0 {
		if d.Type.TypeParams != nil {
			name += "[...]"
		}
		return name
	}
	star, params := false, ""
	t := ast.Unparen(d.Recv.List[0].Type)
	if s, ok := t.(*ast.StarExpr); ok {
		star, t = true, ast.Unparen(s.X)
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		params, t = "[...]", x.X
	case *ast.IndexListExpr:
		params, t = "[...]", x.X
	}
	recv := "?"
	if id, ok := t.(*ast.Ident); ok {
		recv = id.Name
	}
	if star {
		return "(*" + recv + params + ")." + name
	}
	return recv + params + "." + name
}
