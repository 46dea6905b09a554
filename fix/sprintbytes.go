package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// toBytes is for []byte(fmt.Sprintf(…)).
func (s *printing) toBytes(c inspector.Cursor, conv *ast.CallExpr) {
	site := span(conv, alloc.Bytes)
	pkg, ok := s.call.Fun.(*ast.SelectorExpr)
	if !ok {
		return // a dot import
	}
	if c.ParentEdgeKind() == edge.CallExpr_Args && s.toWriter(c.Parent(), conv, pkg) {
		return
	}
	if !s.atLeast(conv.Pos(), "go1.19") {
		s.refuse(site, "fmt.Appendf needs go1.19")
		return
	}
	if s.mayBeEmpty() {
		s.refuse(site, "the text may be empty: []byte(…) is not nil then, but fmt.Append's result would be")
		return
	}
	s.propose(&Candidate{
		Message: "format into bytes at once",
		Sites:   []Span{site}, Promise: Gone,
		Edits: []analysis.TextEdit{
			{Pos: conv.Pos(), End: s.call.Pos()},
			{Pos: pkg.Sel.Pos(), End: s.call.Lparen + 1, NewText: []byte("Append" + strings.TrimPrefix(s.name, "Sprint") + "(nil, ")},
			{Pos: s.call.End(), End: conv.End()},
		},
	})
}

// mayBeEmpty reports whether nothing says that there is text.
func (s *printing) mayBeEmpty() bool {
	switch s.name {
	case "Sprintln":
		return false
	case "Sprintf":
		format, ok := literal(s.args[0])
		if !ok || format == "" {
			return true
		}
		return !hasText(format)
	}
	return true
}

// hasText reports whether text stands before the first verb, or after plain
// ones: "x%s", "%s:", "%d %v".
func hasText(format string) bool {
	for strings.HasPrefix(format, "%") {
		if len(format) < 2 || !strings.ContainsRune("sdvqxtcT", rune(format[1])) {
			return false
		}
		format = format[2:]
	}
	return format != ""
}

// toWriter is for w.Write([]byte(fmt.Sprintf(…))).
func (s *printing) toWriter(c inspector.Cursor, conv *ast.CallExpr, pkg *ast.SelectorExpr) bool {
	write := c.Node().(*ast.CallExpr)
	sel, ok := write.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Write" || len(write.Args) != 1 || s.TypesInfo.Selections[sel] == nil {
		return false
	}
	if to, ok := s.sink(sel.X); ok && s.parse() == "" {
		s.conv = conv
		s.write(c, to)
		return true
	}
	site := span(conv, alloc.Bytes)
	w := s.text(sel.X)
	t := types.Unalias(s.TypesInfo.TypeOf(sel.X))
	elem := t
	if ptr, ok := t.(*types.Pointer); ok {
		elem = types.Unalias(ptr.Elem())
	}
	named, ok := elem.(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !slices.Contains(notKeeping, named.Obj().Pkg().Path()) {
		s.refuse(site, "the Write of %s may keep what it is given", w)
		return true
	}
	if !types.Implements(t, writer) {
		if !types.Implements(types.NewPointer(t), writer) || !s.addressable(sel.X) {
			return false
		}
		w = "&" + w
	}
	if s.comments(write.Pos(), s.call.Pos()) || s.comments(s.call.End(), write.End()) {
		s.refuse(site, "a comment stands in the call")
		return true
	}
	// w is evaluated, the text is made, and then it is written: as before,
	// where the making does not change w.
	if len(s.unmoved(sel.X)) > 0 && !s.demands(sel.X).settled() && s.parse() != "" {
		s.refuse(site, "formatting may call methods that change %s", s.text(sel.X))
		return true
	}
	if !s.interleaves(append(s.unmoved(sel.X), s.args...)) {
		s.refuse(site, "it matters in which order %s and the operands are evaluated", s.text(sel.X))
		return true
	}
	args := ""
	if len(s.args) > 0 {
		args = ", "
	}
	s.propose(&Candidate{
		Message: "format into the writer at once",
		Sites:   []Span{site}, Promise: Gone,
		Edits: []analysis.TextEdit{
			{Pos: write.Pos(), End: s.call.Pos()},
			{Pos: pkg.Sel.Pos(), End: s.call.Lparen + 1, NewText: []byte("F" + strings.ToLower(s.name[1:2]) + s.name[2:] + "(" + w + args)},
			{Pos: s.call.End(), End: write.End()},
		},
	})
	return true
}

// writer is the type io.Writer has.
var writer = func() *types.Interface {
	p := types.NewVar(token.NoPos, nil, "p", types.NewSlice(types.Typ[types.Byte]))
	n := types.NewVar(token.NoPos, nil, "n", types.Typ[types.Int])
	err := types.NewVar(token.NoPos, nil, "err", types.Universe.Lookup("error").Type())
	sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(p), types.NewTuple(n, err), false)
	return types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "Write", sig)}, nil).Complete()
}()

// notKeeping are packages whose writers keep nothing of what they are given, or
// whose interfaces ask that of who implements them.
var notKeeping = []string{
	"bufio", "bytes", "compress/flate", "compress/gzip", "compress/zlib", "crypto/tls", "hash", "io", "net", "net/http",
	"net/http/httptest", "os", "strings", "text/tabwriter",
}

// unmoved is the expression of a writer, if its value could depend on when it is
// evaluated: the address of a variable does not.
func (p *pass) unmoved(w ast.Expr) []ast.Expr {
	if id, ok := ast.Unparen(w).(*ast.Ident); ok {
		t := p.TypesInfo.TypeOf(id)
		if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) && types.Implements(types.NewPointer(t), writer) && !types.Implements(t, writer) {
			return nil
		}
	}
	return []ast.Expr{w}
}

// addressable reports whether & can be put before an expression.
func (p *pass) addressable(e ast.Expr) bool { return p.TypesInfo.Types[e].Addressable() }
