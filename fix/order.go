package fix

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// A demand is what an expression asks of the order of evaluation.
type demand struct {
	calls bool // calls, receives, or stores
	reads bool // reads what a call could change
	nils  bool // may dereference a nil pointer: all such panics are alike
	fails bool // may panic otherwise
}

func (d demand) settled() bool { return d == demand{} }
func (d demand) panics() bool  { return d.nils || d.fails }

// demands are those of an expression. A settled one has the same value
// wherever between its statement's begin and end it is evaluated.
func (p *pass) demands(e ast.Expr) (d demand) {
	ast.Inspect(e, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if tv := p.TypesInfo.Types[x]; tv.IsType() || tv.Value != nil {
			return false
		}
		switch x := x.(type) {
		case *ast.Ident:
			if v, ok := p.TypesInfo.Uses[x].(*types.Var); ok && !p.confined(v) {
				d.reads = true
			}
		case *ast.SelectorExpr:
			sel := p.TypesInfo.Selections[x]
			switch {
			case sel == nil: // a package's
				if _, ok := p.TypesInfo.Uses[x.Sel].(*types.Var); ok {
					d.reads = true
				}
				return false
			case sel.Kind() != types.FieldVal:
				d.calls = true // binds its receiver, or calls
			case sel.Indirect():
				d.reads, d.nils = true, true
			}
		case *ast.StarExpr:
			d.reads, d.nils = true, true
		case *ast.IndexExpr:
			switch t := p.TypesInfo.TypeOf(x.X).Underlying().(type) {
			case *types.Signature:
			case *types.Map:
				d.reads = true
				if types.IsInterface(t.Key()) || hasInterface(t.Key()) {
					d.fails = true // of keys that cannot be hashed
				}
			default:
				if !isString(t) {
					d.reads = true
				}
				d.fails = true
			}
		case *ast.SliceExpr:
			d.fails = true
		case *ast.TypeAssertExpr:
			d.fails = true
		case *ast.BinaryExpr:
			if whole := *x; !p.quietOp(&whole) {
				d.fails = true
			}
		case *ast.UnaryExpr:
			if x.Op == token.ARROW {
				d.calls = true
			}
		case *ast.FuncLit:
			d.calls = true // it may be called where it stands
			return false
		case *ast.CallExpr:
			if tv := p.TypesInfo.Types[x.Fun]; tv.IsType() {
				if _, ok := tv.Type.Underlying().(*types.Array); ok {
					d.fails = true // of a slice that is too short
				}
				break
			}
			if b := p.builtin(x); b == "len" || b == "cap" || b == "min" || b == "max" {
				break
			}
			d.calls = true
		}
		return true
	})
	return d
}

// builtin is the name of the builtin function that is called, "" for others.
func (p *pass) builtin(call *ast.CallExpr) string {
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := p.TypesInfo.Uses[id].(*types.Builtin); ok {
			return b.Name()
		}
	}
	return ""
}

// interleaves reports whether expressions that are evaluated one after the
// other, in this order, may have other calls put between them that do not
// panic: it makes no difference to their values, to the order of their calls,
// or to which panic is seen.
//
// The language leaves open when a variable is read beside calls
// (https://go.dev/ref/spec#Order_of_evaluation); what the compiler makes of
// one form says nothing of another.
func (p *pass) interleaves(list []ast.Expr) bool {
	var calls, nils, fails int
	var unsettled, bare int
	for _, e := range list {
		d := p.demands(e)
		switch {
		case d.calls:
			calls++
			if _, ok := p.unconverted(e).(*ast.CallExpr); ok {
				bare++
			}
		case !d.settled():
			unsettled++
		}
		if d.fails {
			fails++
		} else if d.nils {
			nils++
		}
	}
	if calls == 0 {
		return fails == 0 || fails == 1 && nils == 0
	}
	return unsettled == 0 && (calls == 1 || bare == calls)
}

// besides reports whether it matters that an operand is no longer evaluated for a
// call at c, but at a time that the language leaves open beside the other calls of
// the statement.
func (p *pass) besides(c inspector.Cursor, operand ast.Expr) bool {
	d := p.demands(operand)
	if _, call := p.unconverted(operand).(*ast.CallExpr); d.settled() || call && d.calls {
		return false // a call keeps its place among calls
	}
	for {
		up := c.Parent()
		for other := range up.Children() {
			e, ok := other.Node().(ast.Expr)
			if !ok || other == c {
				continue
			}
			if there := p.demands(e); there.calls || d.fails && there.panics() || d.nils && there.fails {
				return true
			}
		}
		switch up.Node().(type) {
		case ast.Stmt, ast.Decl, nil:
			return false
		}
		c = up
	}
}

// unconverted is the expression without parentheses and conversions around it.
func (p *pass) unconverted(e ast.Expr) ast.Expr {
	for {
		e = ast.Unparen(e)
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || !p.TypesInfo.Types[call.Fun].IsType() {
			return e
		}
		e = call.Args[0]
	}
}

// confined reports whether a variable is a function's own: only assignments
// written in the function itself, outside of closures, change it.
func (p *pass) confined(v *types.Var) bool {
	if v.IsField() || v.Parent() == nil || v.Parent() == p.Pkg.Scope() || v.Pkg() != p.Pkg {
		return false
	}
	assigned := false
	for _, c := range p.uses(v) {
		if p.addressed(c) {
			return false
		}
		assigned = assigned || p.stored(c)
	}
	return !assigned || !p.captured(v).IsValid()
}

// whole is the outermost expression that is a part of the variable named at c:
// v.f[1] of v, as far as it lies in the variable's own memory.
func (p *pass) whole(c inspector.Cursor) inspector.Cursor {
	for {
		switch parent := c.Parent(); c.ParentEdgeKind() {
		case edge.ParenExpr_X:
		case edge.SelectorExpr_X:
			sel := p.TypesInfo.Selections[parent.Node().(*ast.SelectorExpr)]
			if sel == nil || sel.Kind() != types.FieldVal || sel.Indirect() {
				return c
			}
		case edge.IndexExpr_X:
			if _, ok := p.TypesInfo.TypeOf(c.Node().(ast.Expr)).Underlying().(*types.Array); !ok {
				return c
			}
		default:
			return c
		}
		c = c.Parent()
	}
}

// addressed reports whether the address of the variable named at c, or of a
// part of it, is taken there.
func (p *pass) addressed(c inspector.Cursor) bool {
	c = p.whole(c)
	switch parent := c.Parent(); c.ParentEdgeKind() {
	case edge.UnaryExpr_X:
		return parent.Node().(*ast.UnaryExpr).Op == token.AND
	case edge.SliceExpr_X:
		_, ok := p.TypesInfo.TypeOf(c.Node().(ast.Expr)).Underlying().(*types.Array)
		return ok
	case edge.SelectorExpr_X:
		sel := p.TypesInfo.Selections[parent.Node().(*ast.SelectorExpr)]
		if sel == nil || sel.Kind() != types.MethodVal {
			return false
		}
		recv := sel.Obj().(*types.Func).Signature().Recv()
		_, ptr := recv.Type().(*types.Pointer)
		_, has := types.Unalias(p.TypesInfo.TypeOf(c.Node().(ast.Expr))).(*types.Pointer)
		return ptr && !has
	}
	return false
}

// stored reports whether the variable named at c, or a part of it, is assigned
// there, its declaration left out.
func (p *pass) stored(c inspector.Cursor) bool {
	c = p.whole(c)
	switch c.ParentEdgeKind() {
	case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
		return true
	}
	return false
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
