package fix

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// Once makes constant values at package level.
var Once = newAnalyzer("once", once)

// A building is what a call or literal builds anew each time it is evaluated.
type building struct {
	expr ast.Expr
	kind alloc.Kind // "" of a call: the callee allocates
	noun string     // how its variable is called: matchRegexp
	// reading are the methods that leave the value as it is; of a map, nil.
	reading []string
}

func once(p *pass) {
	for c := range p.root.Preorder((*ast.FuncDecl)(nil)) {
		decl := c.Node().(*ast.FuncDecl)
		if decl.Body == nil || p.inTest(decl.Pos()) {
			continue
		}
		for c := range c.Preorder((*ast.CallExpr)(nil), (*ast.CompositeLit)(nil)) {
			b, why := p.building(c.Node().(ast.Expr))
			if b == nil {
				continue
			}
			if why == "" {
				why = p.hoistOnce(c, decl, b)
			}
			if why != "" && why != silent {
				p.refuse(span(b.expr, b.kind), "%s", why)
			}
		}
	}
}

// silent is the reason of a refusal that is not worth a word.
const silent = "-"

// inTest reports whether a place is in a test file.
func (p *pass) inTest(pos token.Pos) bool {
	return strings.HasSuffix(p.Fset.File(pos).Name(), "_test.go")
}

// building is what an expression builds, nil if that is nothing known, and why
// it cannot be built before the program needs it.
func (p *pass) building(e ast.Expr) (b *building, why string) {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if _, ok := p.TypesInfo.TypeOf(e).Underlying().(*types.Map); !ok || e.Type == nil || len(e.Elts) == 0 || !p.constantElements(e) {
			return nil, ""
		}
		return &building{expr: e, kind: alloc.Map, noun: "Table"}, ""
	case *ast.CallExpr:
		fn := typeutil.StaticCallee(p.TypesInfo, e)
		if fn == nil {
			return nil, ""
		}
		b := &building{expr: e}
		var build func(args []string) error
		switch fn.FullName() {
		case "regexp.MustCompile", "regexp.MustCompilePOSIX":
			b.noun, b.reading = "Regexp", regexpReading
			build = func(args []string) error {
				_, err := regexp.Compile(args[0])
				if fn.Name() == "MustCompilePOSIX" {
					_, err = regexp.CompilePOSIX(args[0])
				}
				return err
			}
		case "strings.NewReplacer":
			b.noun, b.reading = "Replacer", []string{"Replace", "WriteString"}
			build = func(args []string) error {
				if len(args)%2 != 0 {
					return errors.New("odd argument count")
				}
				return nil
			}
		case "text/template.Must", "html/template.Must":
			b.noun, b.reading = "Template", []string{"Execute", "ExecuteTemplate", "Name"}
			return p.templateBuilding(b, e)
		default:
			return nil, ""
		}
		args, why := p.constantStrings(e)
		if args == nil {
			return nil, ""
		}
		if why == "" && build(args) != nil {
			why = p.text(e) + " panics, and would do so when the program starts"
		}
		return b, why
	}
	return nil, ""
}

// regexpReading are the methods of a Regexp but for Longest and UnmarshalText,
// which change it, Copy, and SubexpNames, which gives away its own slice.
var regexpReading = strings.Fields(`
	AppendText Expand ExpandString Find FindAll FindAllIndex FindAllString
	FindAllStringIndex FindAllStringSubmatch FindAllStringSubmatchIndex FindIndex
	FindReaderIndex FindReaderSubmatchIndex FindString FindStringIndex
	FindStringSubmatch FindStringSubmatchIndex FindSubmatch FindSubmatchIndex
	LiteralPrefix MarshalText Match MatchReader MatchString NumSubexp ReplaceAll
	ReplaceAllFunc ReplaceAllLiteral ReplaceAllLiteralString ReplaceAllString
	ReplaceAllStringFunc Split String SubexpIndex`)

// constantStrings are the arguments of a call, nil if they are not constant
// strings, and why they cannot be written at package level.
func (p *pass) constantStrings(call *ast.CallExpr) (args []string, why string) {
	for _, a := range call.Args {
		v := p.TypesInfo.Types[a].Value
		if v == nil || v.Kind() != constant.String {
			return nil, ""
		}
		args = append(args, constant.StringVal(v))
		if why == "" {
			why = p.local(a)
		}
	}
	return args, why
}

// local says which name in an expression means nothing outside of the function,
// "" if all mean the same at package level.
func (p *pass) local(e ast.Expr) (why string) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || why != "" {
			return why == ""
		}
		switch obj := p.TypesInfo.ObjectOf(id).(type) {
		case nil, *types.PkgName, *types.Nil, *types.Builtin:
		case *types.Var:
			if !obj.IsField() && obj.Parent() != p.Pkg.Scope() {
				why = id.Name + " belongs to the function"
			}
		default:
			// A method has no scope; the package's and the universe's names are everywhere.
			if s := obj.Parent(); s != nil && s != types.Universe && s != p.Pkg.Scope() && obj.Pkg() == p.Pkg {
				why = id.Name + " belongs to the function"
			}
		}
		return why == ""
	})
	return why
}

// constantElements reports whether a literal holds constants only, some of them
// in structs and arrays.
func (p *pass) constantElements(lit *ast.CompositeLit) bool {
	for _, e := range lit.Elts {
		parts := []ast.Expr{e}
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			parts = []ast.Expr{kv.Value}
			if _, ok := p.TypesInfo.TypeOf(lit).Underlying().(*types.Map); ok {
				parts = append(parts, kv.Key)
			}
		}
		for _, e := range parts {
			if p.TypesInfo.Types[e].Value != nil {
				continue
			}
			inner, ok := ast.Unparen(e).(*ast.CompositeLit)
			if !ok || !p.constantElements(inner) {
				return false
			}
			switch p.TypesInfo.TypeOf(inner).Underlying().(type) {
			case *types.Struct, *types.Array:
			default:
				return false
			}
		}
	}
	return true
}

// templateBuilding looks at template.Must(template.New(…).Parse(…)).
func (p *pass) templateBuilding(b *building, call *ast.CallExpr) (*building, string) {
	if len(call.Args) != 1 {
		return nil, ""
	}
	type step struct {
		name string
		args []string
	}
	var steps []step
	why := ""
	for e := call.Args[0]; ; {
		c, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok {
			return nil, ""
		}
		fn := typeutil.StaticCallee(p.TypesInfo, c)
		args, local := p.constantStrings(c)
		if fn == nil || args == nil {
			return nil, ""
		}
		if why == "" {
			why = local
		}
		steps = append(steps, step{fn.Name(), args})
		if fn.Signature().Recv() == nil {
			if name := fn.FullName(); name != "text/template.New" && name != "html/template.New" {
				return nil, ""
			}
			break
		}
		sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
		if !ok {
			return nil, ""
		}
		e = sel.X
	}
	// What the parser and its options say of the text is the same for both.
	slices.Reverse(steps)
	t := template.New(steps[0].args[0])
	for i, s := range steps[1:] {
		switch {
		case s.name == "Delims" && len(s.args) == 2:
			t.Delims(s.args[0], s.args[1])
		case s.name == "Option" && len(s.args) == 1 && slices.Contains([]string{"missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error"}, s.args[0]):
		case s.name == "Parse" && i == len(steps)-2:
			if _, err := t.Parse(s.args[0]); err != nil && why == "" {
				why = "the template does not parse: its panic would come when the program starts"
			}
			return b, why
		default:
			return nil, ""
		}
	}
	return nil, ""
}

// hoistOnce proposes to make what an expression builds a variable of the
// package, or says why not.
func (p *pass) hoistOnce(c inspector.Cursor, decl *ast.FuncDecl, b *building) (why string) {
	stmt, v, why := p.readOnly(c, b)
	switch {
	case why != "":
		return why
	case p.comments(b.expr.Pos(), b.expr.End()):
		return "a comment stands in " + p.short(b.expr)
	case runsOnce(c, decl):
		return decl.Name.Name + " runs once"
	}
	if why := p.local(b.expr); why != "" {
		return why
	}
	if p.linknamed(decl.Name.Name) {
		return "a //go:linkname directive names " + decl.Name.Name + ", which may run before the package is initialized"
	}
	if why := p.initCalls(); why != "" {
		return why
	}
	var from, to token.Pos
	if stmt != nil {
		from, to = p.ownLines(stmt)
	}
	name, kept := p.onceName(decl, v, b, from.IsValid())
	if name == "" {
		return "a file that is not part of this build cannot be read"
	}
	at := decl.Pos()
	if decl.Doc != nil {
		at = decl.Doc.Pos()
	}
	edits := []analysis.TextEdit{{Pos: at, End: at, NewText: []byte("var " + name + " = " + dedent(p.text(b.expr), p.indentation(b.expr.Pos())) + "\n\n")}}
	switch {
	case !from.IsValid():
		edits = append(edits, analysis.TextEdit{Pos: b.expr.Pos(), End: b.expr.End(), NewText: []byte(name)})
	default:
		edits = append(edits, analysis.TextEdit{Pos: from, End: to})
		for _, use := range p.uses(v) {
			if !kept {
				edits = append(edits, analysis.TextEdit{Pos: use.Node().Pos(), End: use.Node().End(), NewText: []byte(name)})
			}
		}
	}
	can := &Candidate{
		Message: "make " + p.short(b.expr) + " once, when the program starts",
		Sites:   []Span{span(b.expr, b.kind)}, Promise: Fewer, Edits: edits, Shares: true,
	}
	if b.kind == alloc.Map {
		can.Promise, can.Adds = Gone, []alloc.Kind{alloc.Map, alloc.MapGrowth}
		can.Sites = append(can.Sites, span(b.expr, alloc.MapGrowth))
	}
	p.propose(can)
	return ""
}

// runsOnce reports whether an expression is in main or in an init function, and
// in no loop or function literal there.
func runsOnce(c inspector.Cursor, decl *ast.FuncDecl) bool {
	if decl.Recv != nil || decl.Name.Name != "main" && decl.Name.Name != "init" {
		return false
	}
	for range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil)) {
		return false
	}
	return true
}

// readOnly says why somebody may change what an expression builds, or keep it
// to tell it from another. If it is the first value of a variable, v is that,
// and stmt the statement if it does nothing else.
func (p *pass) readOnly(c inspector.Cursor, b *building) (stmt ast.Stmt, v *types.Var, why string) {
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	var id *ast.Ident
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE || len(n.Lhs) != 1 {
			if b.kind == alloc.Map {
				return nil, nil, silent
			}
			return nil, nil, p.short(b.expr) + " is assigned with others or to what exists"
		}
		id, stmt = n.Lhs[0].(*ast.Ident), n
		if !listed(c.Parent()) {
			stmt = nil
		}
	case *ast.ValueSpec:
		if len(n.Names) != 1 || n.Type != nil {
			if b.kind == alloc.Map {
				return nil, nil, silent
			}
			return nil, nil, p.short(b.expr) + " is assigned with others"
		}
		id = n.Names[0]
		if d := c.Parent().Parent(); !d.Node().(*ast.GenDecl).Lparen.IsValid() && listed(d.Parent()) {
			stmt = d.Parent().Node().(ast.Stmt)
		}
	default:
		why := p.onlyRead(c, b)
		if why != "" && why != crash && b.kind == alloc.Map {
			why = silent // most map literals are no tables
		}
		return nil, nil, why
	}
	v, _ = p.TypesInfo.Defs[id].(*types.Var)
	if v == nil {
		return nil, nil, p.short(b.expr) + " is assigned to what exists"
	}
	read := b.kind != alloc.Map
	for _, use := range p.uses(v) {
		if now := p.onlyRead(use, b); now != "" {
			why = now
		} else {
			read = true
		}
	}
	if !read {
		why = silent
	}
	return stmt, v, why
}

// listed reports whether a statement is one of a list, no part of another.
func listed(c inspector.Cursor) bool {
	switch c.ParentEdgeKind() {
	case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body:
		return true
	}
	return false
}

// onlyRead says why a use of a value may be more than to read it.
func (p *pass) onlyRead(c inspector.Cursor, b *building) (why string) {
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	up := c.Parent()
	if b.kind == alloc.Map {
		switch c.ParentEdgeKind() {
		case edge.RangeStmt_X:
			return ""
		case edge.IndexExpr_X:
			for up.ParentEdgeKind() == edge.ParenExpr_X {
				up = up.Parent()
			}
			if p.crashes(up) {
				return crash
			}
			if k := up.ParentEdgeKind(); k != edge.AssignStmt_Lhs && k != edge.IncDecStmt_X && k != edge.RangeStmt_Key && k != edge.RangeStmt_Value {
				return ""
			}
			return p.text(c.Node()) + " is changed"
		case edge.CallExpr_Args:
			if p.builtin(up.Node().(*ast.CallExpr)) == "len" {
				return ""
			}
		}
		return p.short(c.Node()) + " goes where it may be changed"
	}
	if c.ParentEdgeKind() == edge.SelectorExpr_X {
		method := up.Node().(*ast.SelectorExpr).Sel.Name
		if slices.Contains(b.reading, method) {
			return ""
		}
		return method + " is called, which may change it or give it away"
	}
	return p.short(c.Node()) + " goes where it may be changed or compared"
}

const crash = "the compiler crashes where make gets a length from a map that is a variable, and a capacity"

// crashes reports whether an element of a map is the length of a slice that is
// made with a capacity: the compiler takes make([]int, m[k], 4) for an internal
// error, in go1.26 up to go1.26.8 at least, unless m is a literal
// (https://go.dev/issue/79590).
func (p *pass) crashes(elem inspector.Cursor) bool {
	if elem.ParentEdgeKind() != edge.CallExpr_Args || elem.ParentEdgeIndex() != 1 {
		return false
	}
	call := elem.Parent().Node().(*ast.CallExpr)
	return len(call.Args) == 3 && p.builtin(call) == "make"
}

// onceName is a name for a variable of the package that takes the place of the
// function's v, if it is not nil. It is v's, where that goes and its name tells
// something and means nothing else anywhere.
func (p *pass) onceName(decl *ast.FuncDecl, v *types.Var, b *building, goes bool) (name string, kept bool) {
	noun := b.noun
	if v != nil && utf8.RuneCountInString(v.Name()) > 3 && !token.IsExported(v.Name()) {
		if goes && !p.otherwise(v) {
			return v.Name(), true
		}
		r, n := utf8.DecodeRuneInString(v.Name())
		noun = string(unicode.ToUpper(r)) + v.Name()[n:]
	}
	return p.declarable(unexported(decl.Name.Name) + noun), false
}

// otherwise reports whether the name of a variable means something else
// anywhere in the package.
func (p *pass) otherwise(v *types.Var) bool {
	if p.Pkg.Scope().Lookup(v.Name()) != nil || types.Universe.Lookup(v.Name()) != nil || p.mentioned(v.Name()) {
		return true
	}
	for _, f := range p.Files {
		if p.TypesInfo.Scopes[f].Lookup(v.Name()) != nil {
			return true
		}
	}
	for c := range p.root.Preorder((*ast.Ident)(nil)) {
		if id := c.Node().(*ast.Ident); id.Name == v.Name() && p.TypesInfo.ObjectOf(id) != v {
			return true
		}
	}
	return false
}

// unexported is a function's name with its first word in lower case:
// parseURL, urlPath of URLPath.
func unexported(name string) string {
	runes := []rune(name)
	for i := range runes {
		if i > 0 && (!unicode.IsUpper(runes[i]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

// short is the text of an expression on one line, without a call's arguments
// and a literal's elements.
func (p *pass) short(n ast.Node) string {
	text := p.text(n)
	switch n := n.(type) {
	case *ast.CallExpr:
		text = p.text(n.Fun) + "(…)"
	case *ast.CompositeLit:
		if n.Type != nil {
			text = p.text(n.Type) + "{…}"
		}
	}
	if strings.Contains(text, "\n") {
		return "a call"
	}
	return text
}
