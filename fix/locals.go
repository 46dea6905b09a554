package fix

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// isLocal reports whether a variable is a function's own: no field and no
// package's variable.
func isLocal(v *types.Var) bool {
	return !v.IsField() && v.Parent() != nil && v.Pkg() != nil && v.Parent() != v.Pkg().Scope()
}

// captured is the position of the first use of a variable in a function literal
// that does not declare it, NoPos if there is none.
func (p *pass) captured(v *types.Var) token.Pos {
	for _, c := range p.uses(v) {
		for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
			if lit.Node().Pos() > v.Pos() {
				return lit.Node().Pos()
			}
		}
	}
	return token.NoPos
}

// assigned reports whether a statement from pos to end names a variable to
// change it or to take its address.
func (p *pass) assigned(v *types.Var, pos, end token.Pos) bool {
	for _, c := range p.uses(v) {
		if at := c.Node().Pos(); pos <= at && at < end && (p.stored(c) || p.addressed(c)) {
			return true
		}
	}
	return false
}

// steady reports whether an expression has the same value wherever control is
// from pos to end, a stretch of one function's source that runs from top to
// bottom or as a loop.
func (p *pass) steady(e ast.Expr, pos, end token.Pos) bool {
	if pos >= end {
		return true
	}
	memory := false // reads what others can reach
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			v, isVar := p.TypesInfo.Uses[n].(*types.Var)
			switch {
			case !isVar || v.IsField():
			case p.confined(v):
				ok = ok && !p.assigned(v, pos, end)
			default:
				memory = true
			}
		case *ast.SelectorExpr:
			if sel := p.TypesInfo.Selections[n]; sel != nil && sel.Indirect() {
				memory = true
			}
		case *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr:
			memory = true
		case *ast.CallExpr:
			// The length of a map, not of a slice, is that of what others can reach.
			for _, a := range n.Args {
				if t := p.TypesInfo.TypeOf(a); t != nil && isMap(t) {
					memory = true
				}
			}
		}
		return ok
	})
	return ok && (!memory || p.calm(pos, end))
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// moves reports whether a statement from pos to end names something that an
// expression reads to change it. What calls and aliases change it does not see.
func (p *pass) moves(e ast.Expr, pos, end token.Pos) bool {
	found := false
	parts := make(map[string]bool)
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if v, ok := p.TypesInfo.Uses[n].(*types.Var); ok && !v.IsField() {
				found = found || p.assigned(v, pos, end)
			}
		case *ast.SelectorExpr, *ast.StarExpr, *ast.IndexExpr:
			parts[p.text(n)] = true
		}
		return true
	})
	if found || len(parts) == 0 {
		return found
	}
	for c := range p.root.Preorder((*ast.AssignStmt)(nil)) {
		if n := c.Node().(*ast.AssignStmt); pos <= n.Pos() && n.Pos() < end {
			for _, to := range n.Lhs {
				found = found || parts[p.text(to)]
			}
		}
	}
	return found
}

// calm reports whether nothing from pos to end changes what is not a function's
// own: no calls, nothing stored through pointers, in elements or in variables
// that others see, no communication.
func (p *pass) calm(pos, end token.Pos) bool {
	for c := range p.root.Preorder((*ast.CallExpr)(nil), (*ast.AssignStmt)(nil), (*ast.IncDecStmt)(nil), (*ast.RangeStmt)(nil), (*ast.UnaryExpr)(nil), (*ast.SendStmt)(nil), (*ast.SelectStmt)(nil)) {
		n := c.Node()
		if n.Pos() < pos || n.Pos() >= end {
			continue
		}
		var to []ast.Expr
		switch n := n.(type) {
		case *ast.CallExpr:
			if tv := p.TypesInfo.Types[n.Fun]; tv.IsType() {
				continue
			}
			switch p.builtin(n) {
			case "", "copy", "clear", "delete", "close":
				return false
			}
		case *ast.SendStmt, *ast.SelectStmt:
			return false
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				return false
			}
		case *ast.AssignStmt:
			to = n.Lhs
		case *ast.IncDecStmt:
			to = []ast.Expr{n.X}
		case *ast.RangeStmt:
			switch p.TypesInfo.TypeOf(n.X).Underlying().(type) {
			case *types.Chan, *types.Signature:
				return false
			}
			if n.Tok == token.ASSIGN {
				to = []ast.Expr{n.Key, n.Value}
			}
		}
		for _, e := range to {
			if e != nil && !p.ownVariable(e) {
				return false
			}
		}
	}
	return true
}

// ownVariable reports whether what is assigned to is a variable that only the
// function knows, or nothing.
func (p *pass) ownVariable(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return false
	}
	if id.Name == "_" || p.TypesInfo.Defs[id] != nil {
		return true
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	return ok && p.confined(v)
}

// means reports whether the names in an expression have at pos the meaning that
// they have where it stands.
func (p *pass) means(e ast.Expr, pos token.Pos) bool {
	f := p.fileOf(pos)
	if f == nil {
		return false
	}
	scope := p.TypesInfo.Scopes[f].Innermost(pos)
	if scope == nil {
		return false
	}
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ok = ok && p.means(n.X, pos)
			return false
		case *ast.Ident:
			if n.Name == "_" {
				return true
			}
			_, have := scope.LookupParent(n.Name, pos)
			ok = ok && have != nil && have == p.TypesInfo.ObjectOf(n)
		case *ast.FuncLit, *ast.CompositeLit:
			ok = false // names of their own, names of fields
		}
		return ok
	})
	return ok
}

// redefined is a name of the language that edits use as a type or to call, and
// that means something else where they are; "" if there is none. Other uses are
// those of a variable, such as max, in what is copied.
func (p *pass) redefined(edits []analysis.TextEdit) string {
	for _, e := range edits {
		var s scanner.Scanner
		s.Init(token.NewFileSet().AddFile("", -1, len(e.NewText)), e.NewText, func(token.Position, string) {}, 0)
		name, before := "", token.ILLEGAL
		for before != token.EOF {
			_, tok, lit := s.Scan()
			if name != "" && (tok == token.LPAREN || name == "nil" || predeclaredType(name)) && !p.universal(e.Pos, name) {
				return name
			}
			name = ""
			if tok == token.IDENT && before != token.PERIOD && types.Universe.Lookup(lit) != nil {
				name = lit
			}
			before = tok
		}
	}
	return ""
}

// predeclaredType reports whether a name is that of a type, of the language's.
func predeclaredType(name string) bool {
	_, ok := types.Universe.Lookup(name).(*types.TypeName)
	return ok
}

// declaring is the statement that declares the variable named at c.
func declaring(c inspector.Cursor) inspector.Cursor {
	if c = c.Parent(); c.ParentEdgeKind() == edge.GenDecl_Specs {
		c = c.Parent().Parent()
	}
	return c
}

// sole is the variable that a statement declares if it does nothing else, with
// the type and the value that it tells, nil where it tells none.
func sole(stmt ast.Node) (id *ast.Ident, typ, value ast.Expr) {
	switch n := stmt.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE && len(n.Lhs) == 1 && len(n.Rhs) == 1 {
			return n.Lhs[0].(*ast.Ident), nil, n.Rhs[0]
		}
	case *ast.DeclStmt:
		g := n.Decl.(*ast.GenDecl)
		if g.Tok != token.VAR || len(g.Specs) != 1 {
			break
		}
		spec := g.Specs[0].(*ast.ValueSpec)
		if len(spec.Names) != 1 {
			break
		}
		if len(spec.Values) > 0 {
			value = spec.Values[0]
		}
		return spec.Names[0], spec.Type, value
	}
	return nil, nil, nil
}

// grouped reports whether a statement declares in parentheses.
func grouped(stmt ast.Node) bool {
	n, ok := stmt.(*ast.DeclStmt)
	return ok && n.Decl.(*ast.GenDecl).Lparen.IsValid()
}

// universal reports whether a name means at pos what the language gives it.
func (p *pass) universal(pos token.Pos, names ...string) bool {
	f := p.fileOf(pos)
	if f == nil {
		return false
	}
	scope := p.TypesInfo.Scopes[f].Innermost(pos)
	if scope == nil {
		return false
	}
	for _, name := range names {
		if _, obj := scope.LookupParent(name, pos); obj == nil || obj.Parent() != types.Universe {
			return false
		}
	}
	return true
}
