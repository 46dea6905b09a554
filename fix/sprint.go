package fix

import (
	"go/ast"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Sprint makes text without package fmt.
var Sprint = newAnalyzer("sprint", sprint)

func sprint(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		name, ok := strings.CutPrefix(p.callee(call), "fmt.")
		if !ok {
			continue
		}
		s := &printing{pass: p, c: c, call: call, name: name}
		switch name {
		case "Sprintf", "Sprint", "Sprintln":
			s.args = call.Args
			s.sprint()
		case "Fprintf", "Fprint", "Fprintln":
			s.args = call.Args[1:]
			s.fprint()
		case "Appendf", "Append", "Appendln":
			s.args = call.Args[1:]
			s.append()
		case "Errorf":
			s.errorf()
		}
	}
}

// A printing is a call of a function of fmt that formats.
type printing struct {
	*pass
	c    inspector.Cursor
	call *ast.CallExpr
	name string
	args []ast.Expr // the format, where there is one, and the operands
	conv ast.Expr   // []byte(call), where that is written

	// What parse found.
	pieces []piece
	texts  []rendering
}

// parse takes the call apart; why says what cannot be done without fmt.
func (s *printing) parse() (why string) {
	switch {
	case s.call.Ellipsis.IsValid():
		return "the operands are a slice"
	case s.comments(s.call.Pos(), s.call.End()):
		return "a comment stands in the call"
	}
	if strings.HasSuffix(s.name, "f") {
		format, ok := literal(s.args[0])
		if !ok {
			return "the format is not written in the call"
		}
		if s.pieces, why = formatPieces(format, s.args[1:]); why != "" {
			return why
		}
		for i := range s.pieces {
			s.pieces[i].raw = s.text(ast.Unparen(s.args[0]))[0] == '`'
		}
	} else {
		s.pieces = s.printPieces(s.args, strings.HasSuffix(s.name, "ln"))
	}
	s.pieces, s.texts = folded(s.pieces), nil
	for _, c := range s.pieces {
		r, why := s.render(c)
		if why != "" {
			return why
		}
		s.texts = append(s.texts, r)
	}
	if len(s.pieces) == 0 {
		s.pieces, s.texts = []piece{{}}, []rendering{{str: `""`, append: `append(BUF, ""...)`}}
	}
	return ""
}

// operands are what is printed.
func (s *printing) operands() (list []ast.Expr) {
	for _, c := range s.pieces {
		if c.verb != 0 {
			list = append(list, c.arg)
		}
	}
	return list
}

// sites are the operands that are boxed, or the call.
func (s *printing) sites() (list []Span) {
	for i, a := range s.args {
		if i == 0 && strings.HasSuffix(s.name, "f") {
			continue // the format
		}
		tv := s.TypesInfo.Types[a]
		if tv.Value != nil || types.IsInterface(tv.Type) {
			continue
		}
		if b, ok := tv.Type.Underlying().(*types.Basic); ok && (b.Kind() == types.Bool || b.Kind() == types.Uint8 || b.Kind() == types.Int8) {
			continue // from a table of the runtime
		}
		list = append(list, span(a, alloc.Interface))
	}
	if list == nil {
		list = []Span{span(s.call, alloc.String)}
	}
	if s.conv != nil {
		list = append(list, span(s.conv, alloc.Bytes))
	}
	return list
}

// sprint is for functions that return a string.
func (s *printing) sprint() {
	switch parent := s.c.Parent(); s.c.ParentEdgeKind() {
	case edge.ExprStmt_X, edge.GoStmt_Call, edge.DeferStmt_Call:
		return // its result is not used
	case edge.CallExpr_Args:
		outer := parent.Node().(*ast.CallExpr)
		if len(outer.Args) != 1 {
			break
		}
		if s.builtin(outer) == "panic" {
			s.refuse(s.sites()[0], "only a panic pays for it")
			return
		}
		if s.isBytes(outer) {
			s.toBytes(parent, outer)
			return
		}
		if sel, ok := outer.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "WriteString" && s.TypesInfo.Selections[sel] != nil {
			if to, ok := s.sink(sel.X); ok {
				s.write(parent, to)
				return
			}
		}
	}
	if why := s.parse(); why != "" {
		s.refuse(s.sites()[0], "%s", why)
		return
	}
	s.inline()
}

// isBytes reports whether a call is a conversion to []byte.
func (p *pass) isBytes(call *ast.CallExpr) bool {
	tv := p.TypesInfo.Types[call.Fun]
	if !tv.IsType() || len(call.Args) != 1 || !isString(p.TypesInfo.TypeOf(call.Args[0])) {
		return false
	}
	s, ok := types.Unalias(tv.Type).(*types.Slice)
	return ok && types.Identical(s.Elem(), types.Typ[types.Uint8])
}

// inline puts an expression in the place of the call.
func (s *printing) inline() {
	site := s.sites()[0]
	if !s.interleaves(s.operands()) {
		s.refuse(site, "it matters in which order the operands are evaluated")
		return
	}
	for i, r := range s.texts {
		if c := s.pieces[i]; c.verb != 0 && r.plain && s.besides(s.c, c.arg) {
			s.refuse(site, "it matters when %s is evaluated, beside what else is in the statement", s.text(c.arg))
			return
		}
	}
	var parts []string
	constant := true
	copied := len(s.texts) > 1 // the result is no operand itself
	for i, r := range s.texts {
		parts = append(parts, r.str)
		if c := s.pieces[i]; c.verb != 0 {
			constant = constant && s.TypesInfo.Types[c.arg].Value != nil && r.plain
		}
	}
	copied = copied && slices.ContainsFunc(s.pieces, func(c piece) bool { return c.text != "" })
	if !copied && slices.ContainsFunc(s.texts, func(r rendering) bool { return r.plain }) && s.importsUnsafe() {
		s.refuse(site, "the text would be an operand itself, which package unsafe may change later")
		return
	}
	text := strings.Join(parts, " + ")
	if constant && s.isPrinted(text) {
		s.refuse(site, "it would be a constant that vet, which go test runs, reads: it may find a mistake that is hidden now")
		return
	}
	switch s.c.ParentEdgeKind() {
	case edge.ReturnStmt_Results, edge.AssignStmt_Rhs, edge.ValueSpec_Values, edge.CallExpr_Args, edge.KeyValueExpr_Value, edge.CompositeLit_Elts, edge.SendStmt_Value:
	case edge.BinaryExpr_X, edge.BinaryExpr_Y, edge.ParenExpr_X, edge.KeyValueExpr_Key, edge.IfStmt_Cond, edge.SwitchStmt_Tag, edge.CaseClause_List, edge.IndexExpr_Index:
		if constant {
			s.refuse(site, "it would be a constant in a larger expression")
			return
		}
	default:
		if constant {
			s.refuse(site, "it would be a constant in a larger expression")
			return
		}
		text = "(" + text + ")"
	}
	imports, ok := s.imports(s.texts)
	if !ok {
		s.refuse(site, "the name of a package that is needed means something else here")
		return
	}
	c := &Candidate{
		Message: "make the text without fmt." + s.name,
		Sites:   s.sites(), Promise: Gone,
		Edits: append(imports, s.replace(s.call, text)),
	}
	if len(parts) > 1 {
		c.Adds = []alloc.Kind{alloc.String}
	}
	s.propose(c)
}

// isPrinted reports whether the call is an operand that others of any type may
// follow, as they do a format, or one of those, with something in its text that
// functions such as Println do not want.
func (s *printing) isPrinted(text string) bool {
	if s.c.ParentEdgeKind() != edge.CallExpr_Args {
		return false
	}
	sig, ok := s.TypesInfo.TypeOf(s.c.Parent().Node().(*ast.CallExpr).Fun).Underlying().(*types.Signature)
	if !ok || !sig.Variadic() {
		return false
	}
	rest := sig.Params().Len() - 1
	i := s.c.ParentEdgeIndex()
	return types.Identical(sig.Params().At(rest).Type(), types.NewSlice(types.Universe.Lookup("any").Type())) &&
		(i == rest-1 || i >= rest && strings.ContainsAny(text, "%\\\n"))
}

func (p *pass) replace(n ast.Node, text string) analysis.TextEdit {
	return analysis.TextEdit{Pos: n.Pos(), End: n.End(), NewText: []byte(text)}
}

// importsUnsafe reports whether a file of the package imports unsafe.
func (p *pass) importsUnsafe() bool {
	return slices.Contains(p.Pkg.Imports(), types.Unsafe)
}

// imports are the edits that import what renderings need.
func (s *printing) imports(list []rendering) (edits []analysis.TextEdit, ok bool) {
	var done []string
	for _, r := range list {
		if r.imp == "" || slices.Contains(done, r.imp) {
			continue
		}
		done = append(done, r.imp)
		name, e, ok := s.imported(s.call.Pos(), r.imp)
		if !ok || !strings.HasSuffix("/"+r.imp, "/"+name) {
			return nil, false // renamed: what is written here says strconv
		}
		edits = append(edits, e...)
	}
	return edits, true
}

// fprint is for functions that print to a writer, where that is a sink.
func (s *printing) fprint() {
	if to, ok := s.sink(s.call.Args[0]); ok {
		s.write(s.c, to)
	}
}

// write puts writes of the pieces in the place of a call that writes them all:
// fmt.Fprintf(b, …), b.WriteString(fmt.Sprintf(…)), b.Write([]byte(fmt.Sprintf(…))).
func (s *printing) write(c inspector.Cursor, to sink) {
	site := s.sites()[0]
	why := s.parse()
	if why == "" && s.comments(c.Node().Pos(), c.Node().End()) {
		why = "a comment stands in the call"
	}
	if why != "" {
		s.refuse(site, "%s", why)
		return
	}
	imports, ok := s.imports(s.texts)
	if !ok {
		s.refuse(site, "the name of a package that is needed means something else here")
		return
	}
	operands := s.operands()
	cand := &Candidate{Message: "write the text without fmt." + s.name, Sites: s.sites(), Promise: Gone}
	if len(s.pieces) == 1 {
		if !s.interleaves(append(s.unmoved(to.expr), operands...)) {
			s.refuse(site, "it matters in which order the operands are evaluated")
			return
		}
		cand.Edits = append(imports, s.replace(c.Node(), to.write(s.pieces[0], s.texts[0], true)))
		s.propose(cand)
		return
	}
	stmt, ok := statement(c)
	steps := make([]ast.Expr, len(s.pieces))
	for i, piece := range s.pieces {
		steps[i] = piece.arg
	}
	if ok && to.builds && s.severable(to, steps) == "" {
		var lines []string
		for i, piece := range s.pieces {
			lines = append(lines, to.write(piece, s.texts[i], false))
		}
		cand.Edits = append(imports, s.replace(stmt, strings.Join(lines, "\n")))
		s.propose(cand)
		return
	}
	if !s.interleaves(append(s.unmoved(to.expr), operands...)) {
		s.refuse(site, "it matters in which order the operands are evaluated")
		return
	}
	var parts []string
	for _, r := range s.texts {
		parts = append(parts, r.str)
	}
	cand.Adds = []alloc.Kind{alloc.String}
	cand.Edits = append(imports, s.replace(c.Node(), to.recv+".WriteString("+strings.Join(parts, " + ")+")"))
	s.propose(cand)
}

// append is for functions that append to a []byte. Where more than one piece
// would be appended, the steps could be seen in the capacity that the slice
// shares with others: what does not fit moves all, but only what fits is
// written before.
func (s *printing) append() {
	buf := s.call.Args[0]
	why := s.parse()
	if why == "" && len(s.pieces) > 1 {
		why = "several appends may leave a part of the text in memory that " + s.text(buf) + " shares"
	}
	if why == "" && (s.texts[0].append == "" || !s.interleaves(append([]ast.Expr{buf}, s.operands()...))) {
		why = "it matters in which order the operands are evaluated"
	}
	if why == "" {
		if _, ok := types.Unalias(s.TypesInfo.TypeOf(buf)).(*types.Named); ok {
			why = s.text(buf) + " has a type of its own"
		}
	}
	imports, ok := s.imports(s.texts)
	if why == "" && !ok {
		why = "the name of a package that is needed means something else here"
	}
	text := ""
	if why == "" {
		text = strings.Replace(s.texts[0].append, "BUF", s.text(buf), 1)
		if s.TypesInfo.Types[buf].IsNil() {
			text = strings.Replace(s.texts[0].append, "BUF", "[]byte(nil)", 1)
		}
		if strings.HasPrefix(text, "utf8.") {
			why = "the operand is a rune"
		}
	}
	if why != "" {
		s.refuse(s.sites()[0], "%s", why)
		return
	}
	s.propose(&Candidate{
		Message: "append the text without fmt." + s.name,
		Sites:   s.sites(), Promise: Gone, Adds: []alloc.Kind{alloc.Append},
		Edits: append(imports, s.replace(s.call, text)),
	})
}

// errorf is for fmt.Errorf with nothing to format: it calls errors.New
// (fmt/errors.go).
func (s *printing) errorf() {
	if len(s.call.Args) != 1 || s.call.Ellipsis.IsValid() {
		return
	}
	site := span(s.call, alloc.String)
	arg := s.call.Args[0]
	if s.TypesInfo.Types[arg].Value == nil {
		s.refuse(site, "%s may hold a %%", s.text(arg))
		return
	}
	if format, ok := literal(arg); ok && strings.Contains(format, "%%") {
		if strings.Contains(strings.ReplaceAll(format, "%%", ""), "%") {
			return // a mistake that vet finds
		}
		s.toErrorsNew(site, arg, strconv.Quote(strings.ReplaceAll(format, "%%", "%")))
		return
	}
	if strings.Contains(s.TypesInfo.Types[arg].Value.ExactString(), "%") {
		return
	}
	s.toErrorsNew(site, arg, s.text(arg))
}

func (s *printing) toErrorsNew(site Span, arg ast.Expr, text string) {
	if s.comments(s.call.Fun.Pos(), s.call.Fun.End()) {
		s.refuse(site, "a comment stands in the call")
		return
	}
	name, imports, ok := s.imported(s.call.Pos(), "errors")
	if !ok {
		s.refuse(site, "the name errors means something else here")
		return
	}
	s.propose(&Candidate{
		Message: "make the error without fmt.Errorf",
		Sites:   []Span{site}, Promise: Gone, Adds: []alloc.Kind{alloc.Composite},
		Edits: append(imports, s.replace(s.call.Fun, name+".New"), s.replace(arg, text)),
	})
}
