package flow

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// Makers are the places in a package that give a value to the field or package
// variable whose name stands at pos: what makes the room of a slice or map that
// is appended to elsewhere. Appending to itself makes none. ok is false where
// there is no field or package variable at pos.
func (p *Program) Makers(importPath string, pos alloc.Pos) (makers []alloc.Step, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.source(importPath)
	if s == nil {
		return nil, false
	}
	v := s.variableAt(pos)
	if v == nil || !v.IsField() && v.Parent() != v.Pkg().Scope() {
		return nil, false
	}
	add := func(at token.Pos, text string) {
		place := s.fset.PositionFor(at, false)
		makers = append(makers, alloc.Step{
			Pos:  alloc.Pos{File: filepath.ToSlash(place.Filename), Line: place.Line, Col: place.Column},
			Step: "made", Text: text, Func: importPath,
		})
	}
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, e := range n.Lhs {
					if s.names(e, v) && (len(n.Rhs) != len(n.Lhs) || !appendsTo(n.Rhs[i], types.ExprString(e))) {
						add(n.TokPos, brief(n))
					}
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && s.info.Uses[id] == v {
					add(n.Colon, id.Name+": "+types.ExprString(n.Value))
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if s.info.Defs[id] == v && len(n.Values) == len(n.Names) {
						add(id.Pos(), "var "+id.Name+" = "+types.ExprString(n.Values[i]))
					}
				}
			}
			return true
		})
	}
	slices.SortFunc(makers, func(a, b alloc.Step) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return makers, true
}

// variableAt is the field or variable whose name stands at pos.
func (s *source) variableAt(pos alloc.Pos) *types.Var {
	for id, obj := range s.info.Uses {
		at := s.fset.PositionFor(id.Pos(), false)
		if at.Line == pos.Line && at.Column == pos.Col && filepath.ToSlash(at.Filename) == pos.File {
			v, _ := obj.(*types.Var)
			if v != nil {
				v = v.Origin()
			}
			return v
		}
	}
	return nil
}

// names reports whether an expression is the variable v, or the field v of
// something.
func (s *source) names(e ast.Expr, v *types.Var) bool {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	}
	if id == nil {
		return false
	}
	used, ok := s.info.Uses[id].(*types.Var)
	return ok && used.Origin() == v
}

// appendsTo reports whether an expression appends to the one written as text, or
// to a part of it.
func appendsTo(e ast.Expr, text string) bool {
	c, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || calledName(c) != "append" || len(c.Args) == 0 {
		return false
	}
	to := ast.Unparen(c.Args[0])
	if part, ok := to.(*ast.SliceExpr); ok {
		to = ast.Unparen(part.X)
	}
	return types.ExprString(to) == text
}
