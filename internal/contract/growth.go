package contract

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// grows says of an allocation that lasting memory grows by it, "" of another.
func (w *walk) grows(s *state, ev *event, acts []act) string {
	at := innermost(acts)
	if at.scope == nil {
		return ""
	}
	fn := at.scope.fn
	switch ev.kind {
	case alloc.Append:
		if calls := fn.appends(at.Line); len(calls) > 0 && !slices.ContainsFunc(calls, func(call *ast.CallExpr) bool {
			return !w.c.eval(at.scope, call.Args[0]).lasting || !w.keeps(at.scope, call)
		}) {
			return "append to " + text(calls[0].Args[0]) + " grows memory that is kept"
		}
	case alloc.MapGrowth:
		if maps := fn.mapStores(at.Line); len(maps) > 0 && !slices.ContainsFunc(maps, func(m ast.Expr) bool { return !w.c.eval(at.scope, m).lasting }) {
			return "a new key of " + text(maps[0]) + " grows a map that is kept"
		}
	}
	g, k := w.growth(acts)
	if (g || s.flags.guarded) && (k || s.flags.stored) {
		return "memory that is kept is made, or made larger, where there is too little"
	}
	return ""
}

// growth reports of a way whether it is only taken where lasting memory is too
// small or not there yet, and whether what it makes is stored in lasting memory.
func (w *walk) growth(acts []act) (guarded, stored bool) {
	for _, a := range acts {
		if a.scope == nil {
			continue
		}
		var nodes []ast.Node
		if a.call != nil {
			nodes = []ast.Node{a.call}
		} else {
			nodes = a.scope.fn.statements(a.Line)
		}
		for _, n := range nodes {
			guarded = guarded || w.guarded(a.scope, n)
			stored = stored || w.keeps(a.scope, n)
		}
	}
	return guarded, stored
}

// keeps reports whether what an expression makes is stored in lasting memory, or
// returned, so that a caller may.
func (w *walk) keeps(s *scope, n ast.Node) bool {
	fn := s.fn
	for n != nil {
		switch p := n.(type) {
		case *ast.ReturnStmt:
			return true
		case *ast.AssignStmt:
			return slices.ContainsFunc(p.Lhs, func(l ast.Expr) bool { return w.destination(s, l, true) })
		case *ast.ValueSpec:
			return slices.ContainsFunc(p.Names, func(l *ast.Ident) bool { return w.destination(s, l, true) })
		case ast.Stmt:
			return false
		}
		n = fn.parents[n]
	}
	return false
}

// destination reports whether what is assigned to an operand lasts: it lies in
// lasting memory itself, or is a variable that is returned, or stored there.
func (w *walk) destination(s *scope, lhs ast.Expr, follow bool) bool {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		return w.c.place(s, lhs)
	}
	v, ok := s.fn.src.object(id).(*types.Var)
	if !ok {
		return false
	}
	if global(v) {
		return true
	}
	if !follow {
		return false
	}
	mentions := func(n ast.Node) bool {
		found := false
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IndexExpr:
				return false // an element of it
			case *ast.CallExpr:
				if tv := s.fn.src.Info.Types[n.Fun]; tv.IsBuiltin() && text(n.Fun) != "append" {
					return false // its length
				}
			}
			if id, ok := n.(*ast.Ident); ok && s.fn.src.object(id) == v {
				found = true
			}
			return !found
		})
		return found
	}
	for n := range s.fn.parents {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			if mentions(n) || len(n.Results) == 0 && s.fn.result(v) {
				return true
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				r := n.Rhs[min(i, len(n.Rhs)-1)]
				if w.destination(s, l, false) && mentions(r) {
					return true
				}
			}
		}
	}
	return false
}

func (f *function) result(v *types.Var) bool {
	sig := f.signature()
	if sig == nil {
		return false
	}
	for r := range sig.Results().Variables() {
		if r == v {
			return true
		}
	}
	return false
}

// guarded reports whether a node runs only where a condition says that lasting
// memory is too small or nil.
func (w *walk) guarded(s *scope, n ast.Node) bool {
	fn := s.fn
	for ; n != nil; n = fn.parents[n] {
		switch p := fn.parents[n].(type) {
		case *ast.IfStmt:
			if n != p.Init && n != p.Cond && w.small(s, p.Cond, 3) {
				return true
			}
		case *ast.CaseClause:
			if slices.ContainsFunc(p.List, func(e ast.Expr) bool { return w.small(s, e, 3) }) {
				return true
			}
		}
	}
	return false
}

// small reports a condition on the capacity, the length or the nilness of lasting
// memory.
func (w *walk) small(s *scope, cond ast.Expr, depth int) bool {
	if depth == 0 {
		return false
	}
	src := s.fn.src
	found := false
	ast.Inspect(cond, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && src.Info.Types[n.Fun].IsBuiltin() && (id.Name == "cap" || id.Name == "len") {
				found = found || w.c.eval(s, n.Args[0]).lasting
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL && src.Info.Types[n.Y].IsNil() {
				found = found || w.c.eval(s, n.X).lasting
			}
		case *ast.Ident:
			v, ok := src.Info.Uses[n].(*types.Var)
			if !ok || global(v) {
				break
			}
			if b, ok := v.Type().Underlying().(*types.Basic); !ok || b.Info()&types.IsInteger == 0 {
				break
			}
			for _, o := range src.vars[v] {
				if o.from != nil && !o.elem {
					found = found || w.small(s, o.from, depth-1)
				}
			}
		}
		return !found
	})
	return found
}

// appends are the appends that the compiler gives a line.
func (f *function) appends(line int) []*ast.CallExpr {
	var list []*ast.CallExpr
	for _, call := range f.calls[line] {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "append" && f.src.Info.Types[call.Fun].IsBuiltin() && len(call.Args) > 0 {
			list = append(list, call)
		}
	}
	return list
}

// mapStores are the maps that a line stores into.
func (f *function) mapStores(line int) []ast.Expr {
	var list []ast.Expr
	add := func(e ast.Expr) {
		if ix, ok := ast.Unparen(e).(*ast.IndexExpr); ok && f.src.pos(ix.Lbrack).Line == line {
			if _, ok := f.src.typeOf(ix.X).(*types.Map); ok {
				list = append(list, ix.X)
			}
		}
	}
	for n := range f.parents {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				add(l)
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
	}
	return list
}

// statements are the innermost statements and specifications that a line is part of.
func (f *function) statements(line int) []ast.Node {
	var list []ast.Node
	for n := range f.parents {
		switch n.(type) {
		case *ast.AssignStmt, *ast.ReturnStmt, *ast.ExprStmt, *ast.ValueSpec, *ast.SendStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt:
			if f.src.pos(n.Pos()).Line <= line && line <= f.src.pos(n.End()).Line {
				list = append(list, n)
			}
		}
	}
	return list
}

// dead reports a place that the constants among the parameters leave out: on the
// other side of a condition, or behind one whose body does not go on.
func (w *walk) dead(a act) bool {
	if a.scope == nil {
		return false
	}
	nodes := a.scope.fn.statements(a.Line)
	return len(nodes) > 0 && !slices.ContainsFunc(nodes, func(n ast.Node) bool { return !w.leftOut(a.scope, n) })
}

func (w *walk) leftOut(s *scope, n ast.Node) bool {
	for ; n != nil; n = s.fn.parents[n] {
		var list []ast.Stmt
		switch p := s.fn.parents[n].(type) {
		case *ast.IfStmt:
			if t := w.c.eval(s, p.Cond).truth; n == p.Body && t == no || n == p.Else && t == yes {
				return true
			}
		case *ast.BlockStmt:
			list = p.List
		case *ast.CaseClause:
			list = p.Body
		}
		for _, before := range list {
			if before == n {
				break
			}
			if i, ok := before.(*ast.IfStmt); ok && leaves(i.Body) && w.c.eval(s, i.Cond).truth == yes {
				return true
			}
		}
	}
	return false
}

// leaves reports a body that does not go on behind its end.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	}
	return false
}

// inLoop reports whether a loop goes around a place in any of its activations.
func (w *walk) inLoop(acts []act) bool {
	for _, a := range acts {
		if a.scope == nil {
			continue
		}
		var nodes []ast.Node
		if a.call != nil {
			nodes = []ast.Node{a.call}
		} else {
			nodes = a.scope.fn.statements(a.Line)
		}
		for _, n := range nodes {
			for p := n; p != nil; p = a.scope.fn.parents[p] {
				switch up := a.scope.fn.parents[p].(type) {
				case *ast.ForStmt:
					if p != up.Init {
						return true
					}
				case *ast.RangeStmt:
					if p == up.Body {
						return true
					}
				}
			}
		}
	}
	return false
}
