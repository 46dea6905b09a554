package contract

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// guards are the names of the lasting memory that is too small, or nil, where a
// node runs, by the conditions around it.
func (w *walk) guards(s *scope, n ast.Node) []string {
	var list []string
	fn := s.fn
	for ; n != nil; n = fn.parents[n] {
		switch p := fn.parents[n].(type) {
		case *ast.IfStmt:
			if n != p.Init && n != p.Cond {
				list = append(list, w.measured(s, p.Cond, nameDepth)...)
				if w.tooSmall(s, p.Cond, n == p.Else) {
					list = append(list, returned)
				}
			}
		case *ast.CaseClause:
			for _, e := range p.List {
				list = append(list, w.measured(s, e, nameDepth)...)
				if w.tooSmall(s, e, false) {
					list = append(list, returned)
				}
			}
		}
	}
	return list
}

// tooSmall reports a condition that holds, or with not does not, where the capacity
// of lasting memory is too small.
func (w *walk) tooSmall(s *scope, cond ast.Expr, not bool) bool {
	switch e := ast.Unparen(cond).(type) {
	case *ast.UnaryExpr:
		return e.Op == token.NOT && w.tooSmall(s, e.X, !not)
	case *ast.BinaryExpr:
		small, large := e.X, e.Y
		switch e.Op {
		case token.LAND, token.LOR:
			return w.tooSmall(s, e.X, not) || w.tooSmall(s, e.Y, not)
		case token.EQL, token.NEQ:
			return (e.Op == token.NEQ) == not && (w.capacity(s, e.X, nameDepth) || w.capacity(s, e.Y, nameDepth))
		case token.GTR, token.GEQ:
			small, large = large, small
		case token.LSS, token.LEQ:
		default:
			return false
		}
		if not {
			small, large = large, small
		}
		return w.capacity(s, small, nameDepth) && !w.capacity(s, large, nameDepth)
	}
	return false
}

// capacity reports an integer that is made of the capacity of lasting memory.
func (w *walk) capacity(s *scope, e ast.Expr, depth int) bool {
	src := s.fn.src
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || src.Info.Types[n.Fun].IsBuiltin() && text(n.Fun) == "cap" && w.c.eval(s, n.Args[0]).lasting && s.handed(n.Args[0], nameDepth)
		case *ast.Ident:
			v, ok := src.Info.Uses[n].(*types.Var)
			if !ok || global(v) || depth == 0 {
				break
			}
			if b, ok := v.Type().Underlying().(*types.Basic); !ok || b.Info()&types.IsInteger == 0 {
				break
			}
			for _, o := range src.vars[v] {
				found = found || o.from != nil && !o.elem && w.capacity(s, o.from, depth-1)
			}
		}
		return !found
	})
	return found
}

// measured are the names of the lasting memory whose capacity, length or nilness a
// condition asks for.
func (w *walk) measured(s *scope, cond ast.Expr, depth int) []string {
	if depth == 0 {
		return nil
	}
	src := s.fn.src
	var list []string
	of := func(e ast.Expr) {
		if w.c.eval(s, e).lasting {
			list = append(list, w.names(s, e, nameDepth)...)
		}
	}
	ast.Inspect(cond, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if name := text(n.Fun); src.Info.Types[n.Fun].IsBuiltin() && (name == "cap" || name == "len") {
				of(n.Args[0])
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL && src.Info.Types[n.Y].IsNil() {
				of(n.X)
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
					list = append(list, w.measured(s, o.from, depth-1)...)
				}
			}
		}
		return true
	})
	return list
}

// makesRoom reports a value of a variable that takes the place of what the variable
// holds otherwise where that has too little capacity, or is nil and the value is
// put where it belongs: it is as lasting.
func (c *Checker) makesRoom(s *scope, v *types.Var, e ast.Expr) bool {
	src := s.fn.src
	is := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && src.object(id) == v
	}
	if e == nil {
		return false
	}
	for n := s.fn.parents[e]; n != nil; n = s.fn.parents[n] {
		i, ok := s.fn.parents[n].(*ast.IfStmt)
		if !ok || n != i.Body && n != i.Else {
			continue
		}
		found, then := false, n == i.Body
		ast.Inspect(i.Cond, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				found = found || src.Info.Types[n.Fun].IsBuiltin() && text(n.Fun) == "cap" && is(n.Args[0])
			case *ast.BinaryExpr:
				found = found || then && n.Op == token.EQL && is(n.X) && src.Info.Types[n.Y].IsNil() && c.putsBack(s, i.Body, is)
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

// putsBack reports statements that assign an operand to lasting memory.
func (c *Checker) putsBack(s *scope, body *ast.BlockStmt, is func(ast.Expr) bool) bool {
	for _, stmt := range body.List {
		a, ok := stmt.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			continue
		}
		for i, r := range a.Rhs {
			if is(r) && c.place(s, a.Lhs[i]) {
				return true
			}
		}
	}
	return false
}

// handed reports a slice that a parameter is, or began as, so that the caller has it
// and can put what is returned in its place.
func (s *scope) handed(e ast.Expr, depth int) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.SliceExpr:
		return s.handed(e.X, depth)
	case *ast.Ident:
		v, ok := s.fn.src.object(e).(*types.Var)
		if !ok || depth == 0 {
			return false
		}
		if _, ok := s.params[v]; ok {
			return true
		}
		return slices.ContainsFunc(s.fn.src.vars[v], func(o origin) bool { return o.from != nil && s.handed(o.from, depth-1) })
	}
	return false
}
