package fix

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// Twins are functions of packages strings and bytes of one name, which compute
// the same of the same bytes. Their operands after the first are t, text in the
// type of the first; s, a string in both; or v, any other value.
var twins = map[string]string{
	"Compare": "t", "Contains": "t", "ContainsAny": "s", "ContainsRune": "v", "ContainsFunc": "v", "Count": "t", "EqualFold": "t",
	"HasPrefix": "t", "HasSuffix": "t", "Index": "t", "IndexAny": "s", "IndexByte": "v", "IndexFunc": "v", "IndexRune": "v",
	"LastIndex": "t", "LastIndexAny": "s", "LastIndexByte": "v", "LastIndexFunc": "v",
}

// Compared are the twins that only compare their second operand: the compiler
// makes no copy of a string that is converted for that.
var compared = map[string]bool{"Compare": true, "EqualFold": true, "HasPrefix": true, "HasSuffix": true, "TrimPrefix": true, "TrimSuffix": true}

// Trims return a part of their operand.
var trims = map[string]string{
	"Trim": "s", "TrimLeft": "s", "TrimRight": "s", "TrimSpace": "", "TrimPrefix": "t", "TrimSuffix": "t",
	"TrimFunc": "v", "TrimLeftFunc": "v", "TrimRightFunc": "v",
}

// utf8Twins are those of package unicode/utf8, of strings to of bytes.
var utf8Twins = map[string]string{
	"RuneCountInString": "RuneCount", "ValidString": "Valid", "DecodeRuneInString": "DecodeRune",
	"DecodeLastRuneInString": "DecodeLastRune", "FullRuneInString": "FullRune",
}

// regexpTwins are those of a regexp.Regexp.
var regexpTwins = map[string]string{
	"MatchString": "Match", "FindStringIndex": "FindIndex", "FindStringSubmatchIndex": "FindSubmatchIndex",
	"FindAllStringIndex": "FindAllIndex", "FindAllStringSubmatchIndex": "FindAllSubmatchIndex",
}

// twin calls a function's twin on what a conversion, an operand of the call,
// converts.
func (p *pass) twin(c inspector.Cursor, call, conv *ast.CallExpr) {
	str := p.toString(conv) != nil
	kind := alloc.Bytes
	if str {
		kind = alloc.String
	}
	site := span(conv, kind)
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || call.Ellipsis.IsValid() {
		return
	}
	var edits []analysis.TextEdit
	shape, result := "", ""
	pkg, name, _ := cutLast(p.callee(call), ".")
	switch recv := p.TypesInfo.Selections[sel]; {
	case recv != nil:
		name = p.regexpTwin(recv, str)
		if name == "" {
			return
		}
		shape = "v"
		edits = append(edits, p.replace(sel.Sel, name))
	case pkg == "unicode/utf8":
		if name = pair(utf8Twins, name, str); name == "" {
			return
		}
		edits = append(edits, p.replace(sel.Sel, name))
	case pkg == "strings" && str, pkg == "bytes" && !str:
		other := "bytes"
		if !str {
			other = "strings"
		}
		s, ok := twins[name]
		if !ok {
			if s, ok = trims[name]; !ok || !str {
				return
			}
			result = name
		}
		shape = s
		as, imports, ok := p.imported(call.Pos(), other)
		if !ok {
			p.refuse(site, "the name %s means something else here", other)
			return
		}
		edits = append(imports, p.replace(sel.X, as))
	default:
		return
	}
	if conv != call.Args[0] {
		return // told with the first
	}
	if x := p.back(conv); x != nil {
		p.refuse(site, "%s is converted there and back", p.text(x))
		return
	}
	if !str && !types.Identical(p.TypesInfo.TypeOf(conv.Args[0]), types.Typ[types.String]) {
		p.refuse(site, "%s is no plain string", p.text(conv.Args[0]))
		return
	}
	p.twinOperands(c, call, conv, name, shape, result, site, edits)
}

// twinOperands is twin, when the function has one.
func (p *pass) twinOperands(c inspector.Cursor, call, conv *ast.CallExpr, name, shape, result string, site Span, edits []analysis.TextEdit) {
	str := site.Kind == alloc.String
	cand := &Candidate{Message: "use " + p.text(conv.Args[0]) + " itself", Sites: []Span{site}, Promise: Gone}
	for _, a := range call.Args[1:] {
		if p.demands(a).calls {
			p.refuse(site, "%s is evaluated after the conversion, and may change what it converts", p.text(a))
			return
		}
		if t := p.TypesInfo.TypeOf(a); t != nil {
			if _, ok := t.Underlying().(*types.Signature); ok && !p.harmless(a) {
				p.refuse(site, "%s is called while the text is looked at, and may change it", p.text(a))
				return
			}
		}
		if shape != "t" {
			continue
		}
		other, _ := ast.Unparen(a).(*ast.CallExpr)
		switch {
		case str && other != nil && p.toString(other) != nil, !str && other != nil && p.isBytes(other):
			if other != a {
				return
			}
			edits = append(edits, p.bare(other, other.Args[0])...)
			if str || p.TypesInfo.Types[other.Args[0]].Value == nil {
				cand.Sites = append(cand.Sites, span(other, site.Kind))
			}
		case str && (p.TypesInfo.Types[a].Value != nil || compared[name]):
			edits = append(edits, analysis.TextEdit{Pos: a.Pos(), End: a.Pos(), NewText: []byte("[]byte(")},
				analysis.TextEdit{Pos: a.End(), End: a.End(), NewText: []byte(")")})
		default:
			p.refuse(site, "%s would be converted instead", p.text(a))
			return
		}
	}
	if result != "" {
		edits = append(edits, analysis.TextEdit{Pos: call.Pos(), End: call.Pos(), NewText: []byte("string(")},
			analysis.TextEdit{Pos: call.End(), End: call.End(), NewText: []byte(")")})
		if !p.inPlace(c) {
			cand.Adds = append(cand.Adds, alloc.String)
			cand.Promise = Fewer
		}
	}
	if p.comments(call.Pos(), call.End()) {
		p.refuse(site, "a comment stands in the call")
		return
	}
	cand.Edits = append(edits, p.bare(conv, conv.Args[0])...)
	merged(cand)
	p.propose(cand)
}

// merged puts insertions at one place together.
func merged(c *Candidate) {
	var list []analysis.TextEdit
	for _, e := range c.Edits {
		joined := false
		for i := range list {
			if o := &list[i]; o.Pos == o.End && e.Pos == o.Pos && e.Pos == e.End {
				o.NewText = append(append([]byte{}, o.NewText...), e.NewText...)
				joined = true
			} else if o.Pos == e.Pos && o.Pos == o.End && e.End > e.Pos {
				// put before what is replaced
				o.End, o.NewText = e.End, append(append([]byte{}, o.NewText...), e.NewText...)
				joined = true
			}
			if joined {
				break
			}
		}
		if !joined {
			list = append(list, e)
		}
	}
	c.Edits = list
}

// harmless reports whether an expression is a function of package unicode.
func (p *pass) harmless(e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := p.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "unicode"
}

// regexpTwin is the method's twin of a regexp.Regexp's method, or "".
func (p *pass) regexpTwin(sel *types.Selection, str bool) string {
	fn, ok := sel.Obj().(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "regexp" || sel.Kind() != types.MethodVal {
		return ""
	}
	return pair(regexpTwins, fn.Name(), str)
}

// pair is the other one of a pair.
func pair(pairs map[string]string, name string, str bool) string {
	if str {
		return pairs[name]
	}
	for s, b := range pairs {
		if b == name {
			return s
		}
	}
	return ""
}
