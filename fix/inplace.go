package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Inplace uses strings and bytes where they are, without a converted copy.
var Inplace = newAnalyzer("inplace", inplace)

func inplace(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil), (*ast.RangeStmt)(nil), (*ast.AssignStmt)(nil)) {
		switch n := c.Node().(type) {
		case *ast.RangeStmt:
			p.rangeRunes(n)
		case *ast.AssignStmt:
			p.convertedVar(c, n)
		case *ast.CallExpr:
			switch {
			case p.toString(n) != nil:
				p.usedString(c, n)
			case p.isBytes(n):
				p.usedBytes(c, n)
			default:
				p.writtenConcat(c, n)
			}
		}
	}
}

// toString is the operand of a conversion of a []byte to string, nil for other
// calls.
func (p *pass) toString(call *ast.CallExpr) ast.Expr {
	tv := p.TypesInfo.Types[call.Fun]
	if !tv.IsType() || len(call.Args) != 1 || !types.Identical(tv.Type, types.Typ[types.String]) {
		return nil
	}
	if t := p.TypesInfo.TypeOf(call.Args[0]); !types.IsInterface(t) && types.AssignableTo(t, byteSlice) {
		return call.Args[0]
	}
	return nil
}

var byteSlice = types.NewSlice(types.Typ[types.Uint8])

// rangeRunes is for range []rune(s): a range over a string decodes the same
// runes (https://go.dev/ref/spec#Conversions_to_and_from_a_string_type).
func (p *pass) rangeRunes(loop *ast.RangeStmt) {
	conv, ok := ast.Unparen(loop.X).(*ast.CallExpr)
	if !ok || len(conv.Args) != 1 || !p.TypesInfo.Types[conv.Fun].IsType() {
		return
	}
	t, ok := types.Unalias(p.TypesInfo.TypeOf(conv)).(*types.Slice)
	from := p.TypesInfo.TypeOf(conv.Args[0])
	if !ok || !types.Identical(t.Elem(), types.Typ[types.Int32]) || types.IsInterface(from) || !isString(from) {
		return
	}
	site := span(conv, alloc.Bytes)
	switch key, _ := loop.Key.(*ast.Ident); {
	case loop.Key != nil && (key == nil || key.Name != "_"):
		p.refuse(site, "the loop uses the index, which would count bytes")
	case loop.Key != nil && loop.Value == nil:
	case p.comments(loop.X.Pos(), loop.X.End()):
		p.refuse(site, "a comment stands in the conversion")
	default:
		p.propose(&Candidate{
			Message: "range over the string itself",
			Sites:   []Span{site}, Promise: Gone,
			Edits: []analysis.TextEdit{p.replace(loop.X, p.text(conv.Args[0]))},
		})
	}
}

// usedString is for string(b) as an operand of a function that has a twin for
// []byte, or given to a writer that takes bytes.
func (p *pass) usedString(c inspector.Cursor, conv *ast.CallExpr) {
	if c.ParentEdgeKind() != edge.CallExpr_Args {
		return
	}
	call := c.Parent().Node().(*ast.CallExpr)
	b := conv.Args[0]
	site := span(conv, alloc.String)
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "WriteString" && len(call.Args) == 1 && p.TypesInfo.Selections[sel] != nil {
		to, ok := p.sink(sel.X)
		switch {
		case !ok:
			p.refuse(site, "the Write of %s may do other things than its WriteString", p.text(sel.X))
		case p.back(conv) != nil:
			p.unwrap(site, "write the string itself", conv, p.back(conv))
		case to.typ == "bytes.Buffer":
			p.refuse(site, "%s may share the buffer's bytes, which move as it grows", p.text(b))
		default:
			p.unwrap(site, "write the bytes themselves", conv, b, p.replace(sel.Sel, "Write"))
		}
		return
	}
	if name := p.callee(call); name == "io.WriteString" && len(call.Args) == 2 && call.Args[1] == conv {
		p.refuse(site, "io.WriteString calls the WriteString of %s where it has one", p.text(call.Args[0]))
		return
	}
	p.twin(c.Parent(), call, conv)
}

// usedBytes is for []byte(s).
func (p *pass) usedBytes(c inspector.Cursor, conv *ast.CallExpr) {
	if c.ParentEdgeKind() != edge.CallExpr_Args || p.TypesInfo.Types[conv.Args[0]].Value != nil {
		return
	}
	call := c.Parent().Node().(*ast.CallExpr)
	site := span(conv, alloc.Bytes)
	if inner, ok := conv.Args[0].(*ast.CallExpr); ok && strings.HasPrefix(p.callee(inner), "fmt.Sprint") {
		return // sprint's
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	switch name := p.callee(call); {
	case ok && sel.Sel.Name == "Write" && len(call.Args) == 1 && p.TypesInfo.Selections[sel] != nil:
		to, ok := p.sink(sel.X)
		switch {
		case !ok:
			p.refuse(site, "the WriteString of %s, if it has one, may do other things than its Write", p.text(sel.X))
		case to.typ != "bytes.Buffer" && p.back(conv) != nil:
			p.unwrap(site, "write the bytes themselves", conv, p.back(conv))
		case !types.Identical(p.TypesInfo.TypeOf(conv.Args[0]), types.Typ[types.String]):
			p.refuse(site, "%s is no plain string", p.text(conv.Args[0]))
		default:
			p.unwrap(site, "write the string itself", conv, conv.Args[0], p.replace(sel.Sel, "WriteString"))
		}
	case name == "bytes.NewReader" || name == "bytes.NewBuffer":
		p.reader(c.Parent(), call, conv)
	default:
		p.twin(c.Parent(), call, conv)
	}
}

// back is the operand of a conversion there and back: s of string([]byte(s)), b
// of []byte(string(b)). It is nil for others, and where the operand has another
// type than the whole.
func (p *pass) back(conv *ast.CallExpr) ast.Expr {
	inner, ok := ast.Unparen(conv.Args[0]).(*ast.CallExpr)
	switch {
	case !ok:
	case p.isBytes(conv):
		return p.toString(inner)
	case p.isBytes(inner) && types.Identical(p.TypesInfo.TypeOf(inner.Args[0]), types.Typ[types.String]):
		return inner.Args[0]
	}
	return nil
}

// unwrap takes a conversion away but for a part of it, its operand or what that
// converts, with the edits that allow it.
func (p *pass) unwrap(site Span, message string, conv *ast.CallExpr, arg ast.Expr, edits ...analysis.TextEdit) {
	if p.comments(conv.Pos(), arg.Pos()) || p.comments(arg.End(), conv.End()) {
		p.refuse(site, "a comment stands in the conversion")
		return
	}
	p.propose(&Candidate{
		Message: message, Sites: []Span{site}, Promise: Gone,
		Edits: append(edits, p.bare(conv, arg)...),
	})
}

// bare are the edits that leave a part of a conversion.
func (p *pass) bare(conv *ast.CallExpr, arg ast.Expr) []analysis.TextEdit {
	return []analysis.TextEdit{{Pos: conv.Pos(), End: arg.Pos()}, {Pos: arg.End(), End: conv.End()}}
}

// readers take an io.Reader whose type they do not look at, nor any method of
// it but Read and ReadByte.
var readers = map[string]bool{
	"encoding/json.NewDecoder": true, "encoding/xml.NewDecoder": true, "encoding/csv.NewReader": true,
	"bufio.NewScanner": true, "io.ReadAll": true,
}

// reader is for bytes.NewReader([]byte(s)).
func (p *pass) reader(c inspector.Cursor, call, conv *ast.CallExpr) {
	site := span(conv, alloc.Bytes)
	if c.ParentEdgeKind() != edge.CallExpr_Args || !readers[p.callee(c.Parent().Node().(*ast.CallExpr))] {
		p.refuse(site, "who gets the reader may see that it is of another type")
		return
	}
	if !types.Identical(p.TypesInfo.TypeOf(conv.Args[0]), types.Typ[types.String]) {
		p.refuse(site, "%s is no plain string", p.text(conv.Args[0]))
		return
	}
	name, imports, ok := p.imported(call.Pos(), "strings")
	if !ok {
		p.refuse(site, "the name strings means something else here")
		return
	}
	p.unwrap(site, "read from the string itself", conv, conv.Args[0], append(imports, p.replace(call.Fun, name+".NewReader"))...)
}

// convertedVar is for s := string(b), where s is only compared, looked up,
// measured or ranged over: the compiler makes no copy for that where the
// conversion stands in the expression itself.
func (p *pass) convertedVar(c inspector.Cursor, def *ast.AssignStmt) {
	if def.Tok != token.DEFINE || len(def.Lhs) != 1 || len(def.Rhs) != 1 {
		return
	}
	conv, ok := def.Rhs[0].(*ast.CallExpr)
	if !ok || p.toString(conv) == nil {
		return
	}
	v, ok := p.TypesInfo.Defs[def.Lhs[0].(*ast.Ident)].(*types.Var)
	id, isIdent := conv.Args[0].(*ast.Ident)
	if !ok || !isIdent {
		return
	}
	site := span(conv, alloc.String)
	uses := p.uses(v)
	var last inspector.Cursor
	for _, u := range uses {
		if !p.inPlace(u) {
			return // it needs the copy
		}
		last = u
	}
	b, ok := p.TypesInfo.Uses[id].(*types.Var)
	switch {
	case len(uses) == 0:
		return
	case c.ParentEdgeKind() != edge.BlockStmt_List:
		p.refuse(site, "%s is declared in the head of a statement", v.Name())
		return
	case !ok || !p.confined(b):
		p.refuse(site, "%s may change while %s is used", id.Name, v.Name())
		return
	case p.comments(def.Pos(), def.End()):
		p.refuse(site, "a comment stands in the declaration")
		return
	}
	// From the declaration to the end of the statement beside it that holds the
	// last use, whatever its loops repeat.
	end := last
	for end.Parent().Node() != c.Parent().Node() {
		end = end.Parent()
	}
	for s := c; s.Node() != end.Node(); {
		s, ok = s.NextSibling()
		if !ok {
			return
		}
		if why := p.keeps(s, b, v); why != "" {
			p.refuse(site, "%s, which may change what is in %s", why, id.Name)
			return
		}
	}
	from, to := p.line(def.Pos(), def.End())
	edits := []analysis.TextEdit{{Pos: from, End: to}}
	for _, u := range uses {
		if scope := p.Pkg.Scope().Innermost(u.Node().Pos()); scope != nil {
			if _, obj := scope.LookupParent(id.Name, u.Node().Pos()); obj != b {
				p.refuse(site, "%s means something else where %s is used", id.Name, v.Name())
				return
			}
		}
		edits = append(edits, p.replace(u.Node(), p.text(conv)))
	}
	p.propose(&Candidate{
		Message: "use " + p.text(conv) + " where it stands",
		Sites:   []Span{site}, Promise: Gone, Edits: edits,
	})
}

// inPlace reports whether the compiler makes no copy of string(b) in the place
// of the identifier at c (cmd/compile/internal/walk/order.go).
func (p *pass) inPlace(c inspector.Cursor) bool {
	parent := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		switch parent.Node().(*ast.BinaryExpr).Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return true
		}
	case edge.SwitchStmt_Tag:
		return true
	case edge.CallExpr_Args:
		return p.builtin(parent.Node().(*ast.CallExpr)) == "len"
	case edge.IndexExpr_Index:
		ix := parent.Node().(*ast.IndexExpr)
		m, ok := p.TypesInfo.TypeOf(ix.X).Underlying().(*types.Map)
		return ok && isString(m.Key()) && !p.stored(parent) && !p.addressed(parent) && parent.ParentEdgeKind() != edge.UnaryExpr_X
	}
	return false
}

// pure are packages whose functions change nothing that they are given.
var pure = map[string]bool{"bytes": true, "strings": true, "unicode": true, "unicode/utf8": true, "strconv": true, "math": true, "math/bits": true}

// keeps says what in a statement could change the elements of a slice, or the
// variable that holds it, before a later use of v; "" nothing. What leaves the
// function does nothing to later uses.
func (p *pass) keeps(c inspector.Cursor, b, v *types.Var) (why string) {
	c.Inspect(nil, func(c inspector.Cursor) bool {
		if ret, ok := c.Node().(*ast.ReturnStmt); ok && !p.refersTo(ret, v) {
			return false
		}
		if why == "" {
			why = p.changes(c, b)
		}
		return why == ""
	})
	return why
}

// changes says what a node itself, but for those it holds, could change of a
// slice or of the variable that holds it.
func (p *pass) changes(c inspector.Cursor, b *types.Var) string {
	const winding = "the code after it is not straight"
	switch n := c.Node().(type) {
	case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt, *ast.SelectStmt, *ast.LabeledStmt:
		return winding
	case *ast.BranchStmt:
		if n.Tok == token.GOTO {
			return winding
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return winding
		}
	case *ast.CallExpr:
		if !p.readingOnly(n) {
			return p.text(n.Fun) + " is called"
		}
	case *ast.Ident:
		if p.TypesInfo.Uses[n] == b && (p.stored(c) || p.addressed(c)) {
			return b.Name() + " is assigned"
		}
	case *ast.IndexExpr:
		if _, ok := p.TypesInfo.TypeOf(n.X).Underlying().(*types.Map); !ok && p.stored(c) {
			return p.text(n) + " is assigned"
		}
	case *ast.StarExpr:
		if p.stored(c) {
			return p.text(n) + " is assigned"
		}
	}
	e, ok := c.Node().(ast.Expr)
	if id := identOf(e); !ok || id != nil && p.TypesInfo.Uses[id] == nil {
		return "" // a declaration
	}
	if p.stored(c) && p.whole(c) == c && holdsArray(p.TypesInfo.TypeOf(e)) {
		return p.text(e) + " is assigned" // the slice may be one of its array
	}
	return ""
}

// holdsArray reports whether values of a type have an array in them.
func holdsArray(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Array:
		return true
	case *types.Struct:
		for f := range u.Fields() {
			if holdsArray(f.Type()) {
				return true
			}
		}
	case *types.Interface:
		_, ok := types.Unalias(t).(*types.TypeParam)
		return ok
	}
	return false
}

// readingOnly reports whether a call changes nothing that it is given.
func (p *pass) readingOnly(call *ast.CallExpr) bool {
	if p.TypesInfo.Types[call.Fun].IsType() {
		return true
	}
	switch p.builtin(call) {
	case "len", "cap", "min", "max", "new", "make", "panic", "print", "println", "delete":
		return true
	case "":
		pkg, name, _ := cutLast(p.callee(call), ".")
		return pure[pkg] && !strings.HasPrefix(name, "Append") && !strings.HasPrefix(name, "Encode") && !p.takesFunc(call)
	}
	return false
}

// takesFunc reports whether a call passes a function.
func (p *pass) takesFunc(call *ast.CallExpr) bool {
	for _, a := range call.Args {
		if _, ok := p.TypesInfo.TypeOf(a).Underlying().(*types.Signature); ok {
			return true
		}
	}
	return false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// writtenConcat is for b.WriteString(x + y) to a buffer in memory.
func (p *pass) writtenConcat(c inspector.Cursor, call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "WriteString" || len(call.Args) != 1 || p.TypesInfo.Selections[sel] == nil {
		return
	}
	sum, ok := ast.Unparen(call.Args[0]).(*ast.BinaryExpr)
	if !ok || sum.Op != token.ADD || p.TypesInfo.Types[sum].Value != nil {
		return
	}
	to, ok := p.sink(sel.X)
	if !ok || !to.builds {
		return
	}
	site := span(sum, alloc.String)
	stmt, ok := statement(c)
	if !ok {
		p.refuse(site, "what WriteString returns is used")
		return
	}
	if p.comments(stmt.Pos(), stmt.End()) {
		p.refuse(site, "a comment stands in the call")
		return
	}
	var terms, steps []ast.Expr
	for _, t := range p.terms(sum, nil) {
		terms = append(terms, t)
		if p.TypesInfo.Types[t].Value != nil {
			t = nil
		}
		steps = append(steps, t)
	}
	if why := p.severable(to, steps); why != "" {
		p.refuse(site, "%s", why)
		return
	}
	var lines []string
	for _, t := range terms {
		if s, ok := literal(t); ok {
			lines = append(lines, to.write(piece{text: s}, rendering{str: p.litText(t)}, false))
			continue
		}
		if conv, ok := t.(*ast.CallExpr); ok && p.toString(conv) != nil && to.typ == "strings.Builder" {
			lines = append(lines, to.recv+".Write("+p.text(conv.Args[0])+")")
			continue
		}
		lines = append(lines, to.recv+".WriteString("+p.text(t)+")")
	}
	p.propose(&Candidate{
		Message: "write the parts one by one",
		Sites:   []Span{site}, Promise: Gone,
		Edits: []analysis.TextEdit{p.replace(stmt, strings.Join(lines, "\n"))},
	})
}

// litText is the text of a literal, which may be one that terms made.
func (p *pass) litText(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && !lit.Pos().IsValid() {
		return lit.Value
	}
	return p.text(e)
}

// terms are the operands of a sum of strings, constant ones put together.
func (p *pass) terms(e ast.Expr, list []ast.Expr) []ast.Expr {
	e = ast.Unparen(e)
	sum, ok := e.(*ast.BinaryExpr)
	if !ok || sum.Op != token.ADD || p.TypesInfo.Types[sum].Value != nil {
		s, isLit := literal(e)
		if n := len(list); isLit && n > 0 {
			if prev, ok := literal(list[n-1]); ok {
				both := &ast.BasicLit{ValuePos: token.NoPos, Kind: token.STRING, Value: strconv.Quote(prev + s)}
				return append(list[:n-1], both)
			}
		}
		return append(list, e)
	}
	return p.terms(sum.Y, p.terms(sum.X, list))
}
