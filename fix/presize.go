package fix

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// Presize gives slices the capacity that they are going to need.
var Presize = newAnalyzer("presize", presize)

func presize(p *pass) {
	for c := range p.root.Preorder((*ast.RangeStmt)(nil)) {
		loop := c.Node().(*ast.RangeStmt)
		prev, ok := c.PrevSibling()
		if !ok {
			continue
		}
		decl, ok := prev.Node().(*ast.AssignStmt)
		if !ok || decl.Tok != token.DEFINE || len(decl.Lhs) != 1 {
			continue
		}
		lit, ok := decl.Rhs[0].(*ast.CompositeLit)
		if !ok || len(lit.Elts) > 0 {
			continue
		}
		if _, ok := p.TypesInfo.TypeOf(lit).Underlying().(*types.Slice); !ok {
			continue
		}
		obj := p.TypesInfo.Defs[decl.Lhs[0].(*ast.Ident)]
		if len(loop.Body.List) != 1 || !p.quiet(loop.X) {
			continue
		}
		set, ok := loop.Body.List[0].(*ast.AssignStmt)
		if !ok || len(set.Lhs) != 1 {
			continue
		}
		call, ok := set.Rhs[0].(*ast.CallExpr)
		if !ok || len(call.Args) != 2 || call.Ellipsis.IsValid() {
			continue
		}
		if b, ok := typeutil.Callee(p.TypesInfo, call).(*types.Builtin); !ok || b.Name() != "append" {
			continue
		}
		to, _ := call.Args[0].(*ast.Ident)
		if to == nil || p.TypesInfo.Uses[to] != obj {
			continue
		}
		switch p.TypesInfo.TypeOf(loop.X).Underlying().(type) {
		case *types.Slice, *types.Map, *types.Array:
		default:
			p.refuse(span(call, alloc.Append), "the number of rounds of the loop is not known before it")
			continue
		}
		p.propose(&Candidate{
			Message: "make " + obj.Name() + " with the length of " + p.text(loop.X),
			Sites:   []Span{span(call, alloc.Append)}, Effect: Fewer, Adds: []alloc.Kind{alloc.Slice},
			Edits: []analysis.TextEdit{{Pos: lit.Pos(), End: lit.End(), NewText: []byte("make(" + p.text(lit.Type) + ", 0, len(" + p.text(loop.X) + "))")}},
		})
	}
}
