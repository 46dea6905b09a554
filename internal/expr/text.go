package expr

import (
	"go/ast"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// fits says how well a node fits the compiler's text of an expression, 0 not
// at all. The compiler prints bodies as {...}, an inlined call as ~r0, a
// constant as its value, and leaves the arguments of append out.
func fits(n *node, text string) int {
	switch {
	case text == "":
		if n.kind != "" {
			return 2
		}
		return 1
	case n.tuple:
		return is(strings.HasPrefix(text, ".autotmp_"), 4)
	case strings.HasPrefix(text, "#"): // what the compiler makes of a range over a function
		_, ok := n.ast.(*ast.RangeStmt)
		return is(ok && n.kind == alloc.Variable, 4)
	case text == "... argument":
		return is(n.kind == alloc.Variadic, 4)
	case text == "func literal":
		// The compiler wraps what go and defer call.
		return is(n.kind == alloc.Closure, 4) + is(n.kind == alloc.Goroutine || n.kind == alloc.Defer, 2)
	case n.constant && n.kind == "":
		return 3 // printed as its value, converted or not
	case strings.HasPrefix(text, "&") && strings.HasSuffix(text, "}"):
		return is(n.kind == alloc.Composite, 4)
	case strings.HasPrefix(text, "new("):
		return is(n.kind == alloc.New, 4)
	case text == "append", strings.HasPrefix(text, "append("):
		return is(n.kind == alloc.Append, 4)
	case strings.HasPrefix(text, "make("):
		return is(n.kind == alloc.Slice || n.kind == alloc.Map || n.kind == alloc.Chan, 4)
	case strings.HasPrefix(text, "string("):
		return is(n.kind == alloc.String, 4) + is(boxesConversion(n), 4)
	case strings.HasPrefix(text, "([]byte)("), strings.HasPrefix(text, "([]rune)("):
		return is(n.kind == alloc.Bytes, 4) + is(boxesConversion(n), 4)
	case strings.HasPrefix(text, "[]") && strings.HasSuffix(text, "}"):
		return is(n.kind == alloc.Slice, 4)
	case strings.HasPrefix(text, "map[") && strings.HasSuffix(text, "}"):
		return is(n.kind == alloc.Map, 4)
	}
	switch e := n.ast.(type) {
	case *ast.Ident:
		if e.Name == text {
			if n.kind == alloc.Variable {
				return 5
			}
			return 4
		}
		// A constant is printed as its value.
		return is(n.kind == "" && isConstant(text), 2)
	case *ast.BasicLit:
		return is(isConstant(text), 4)
	case *ast.CallExpr:
		return is(n.kind != alloc.Variadic && (callsSame(e, text) || strings.HasPrefix(text, "~r")), 2)
	case *ast.BinaryExpr, *ast.AssignStmt:
		return is(strings.Contains(text, " ") || isConstant(text), 3) + is(n.kind != "", 1)
	case *ast.CompositeLit:
		return is(strings.HasSuffix(text, "}"), 3)
	case *ast.SelectorExpr:
		return is(strings.HasSuffix(text, "."+e.Sel.Name), 4) + is(isConstant(text), 2)
	case *ast.GoStmt, *ast.DeferStmt, *ast.RangeStmt:
		return 0
	}
	return is(n.kind == "", 1)
}

// boxesConversion reports the place of a conversion's result, at its "(": the
// conversion itself is reported at its operand.
func boxesConversion(n *node) bool {
	call, ok := n.ast.(*ast.CallExpr)
	return ok && n.kind == "" && n.at == call.Lparen && len(call.Args) == 1 && n.typ != nil
}

// callsSame reports whether the compiler's text may be of this call: it names
// the function or type called, "(*T).M(x, …)" for "x.M(…)".
func callsSame(e *ast.CallExpr, text string) bool {
	if !strings.HasSuffix(text, ")") {
		return false
	}
	switch fun := ast.Unparen(e.Fun).(type) {
	case *ast.Ident:
		return strings.Contains(text, fun.Name)
	case *ast.SelectorExpr:
		return strings.Contains(text, fun.Sel.Name)
	}
	return true
}

func is(ok bool, score int) int {
	if ok {
		return score
	}
	return 0
}

// isConstant reports the text of a constant's value.
func isConstant(s string) bool {
	if s == "true" || s == "false" || s == "nil" {
		return true
	}
	switch c := s[0]; {
	case '0' <= c && c <= '9', c == '"', c == '\'', c == '`':
		return true
	case c == '-':
		return len(s) > 1 && '0' <= s[1] && s[1] <= '9'
	case c == '(' && len(s) > 1:
		return true // a complex one, or a converted one
	}
	return false
}

const maxText = 60 // bytes of a rendered expression

// render is a node's text on one line, bodies and long lists elided.
func render(n ast.Node) string {
	var b strings.Builder
	r := renderer{&b}
	r.node(n)
	s := b.String()
	if len(s) > maxText {
		cut := maxText - 3
		for cut > 0 && s[cut]&0xc0 == 0x80 {
			cut--
		}
		s = s[:cut] + "..."
	}
	return s
}

type renderer struct{ b *strings.Builder }

func (r renderer) node(n ast.Node) {
	if r.b.Len() > 2*maxText {
		return
	}
	switch n := n.(type) {
	case *ast.Ident:
		r.b.WriteString(n.Name)
	case *ast.BasicLit:
		v := n.Value
		if len(v) > 20 {
			v = strings.ToValidUTF8(v[:16], "") + "...\""
		}
		r.b.WriteString(strings.Map(func(c rune) rune {
			if c == '\n' || c == '\t' || c == '\r' {
				return ' '
			}
			return c
		}, v))
	case *ast.ParenExpr:
		r.wrap("(", n.X, ")")
	case *ast.SelectorExpr:
		r.node(n.X)
		r.b.WriteString("." + n.Sel.Name)
	case *ast.StarExpr:
		r.wrap("*", n.X, "")
	case *ast.UnaryExpr:
		r.wrap(n.Op.String(), n.X, "")
	case *ast.BinaryExpr:
		r.node(n.X)
		r.b.WriteString(" " + n.Op.String() + " ")
		r.node(n.Y)
	case *ast.KeyValueExpr:
		r.node(n.Key)
		r.wrap(": ", n.Value, "")
	case *ast.CompositeLit:
		if n.Type != nil {
			r.node(n.Type)
		}
		if len(n.Elts) == 0 {
			r.b.WriteString("{}")
		} else {
			r.b.WriteString("{...}")
		}
	case *ast.FuncLit:
		r.b.WriteString("func literal")
	case *ast.CallExpr:
		r.node(n.Fun)
		r.b.WriteString("(")
		r.list(n.Args)
		if n.Ellipsis.IsValid() {
			r.b.WriteString("...")
		}
		r.b.WriteString(")")
	case *ast.IndexExpr:
		r.node(n.X)
		r.wrap("[", n.Index, "]")
	case *ast.IndexListExpr:
		r.node(n.X)
		r.b.WriteString("[")
		r.list(n.Indices)
		r.b.WriteString("]")
	case *ast.SliceExpr:
		r.node(n.X)
		r.b.WriteString("[")
		for i, e := range []ast.Expr{n.Low, n.High, n.Max} {
			if i > 0 && (i == 1 || n.Slice3) {
				r.b.WriteString(":")
			}
			if e != nil {
				r.node(e)
			}
		}
		r.b.WriteString("]")
	case *ast.TypeAssertExpr:
		r.node(n.X)
		if n.Type == nil {
			r.b.WriteString(".(type)")
		} else {
			r.wrap(".(", n.Type, ")")
		}
	case *ast.ArrayType:
		r.b.WriteString("[")
		if n.Len != nil {
			r.node(n.Len)
		}
		r.wrap("]", n.Elt, "")
	case *ast.Ellipsis:
		r.b.WriteString("...")
		if n.Elt != nil {
			r.node(n.Elt)
		}
	case *ast.MapType:
		r.wrap("map[", n.Key, "]")
		r.node(n.Value)
	case *ast.ChanType:
		r.wrap("chan ", n.Value, "")
	case *ast.StructType:
		r.b.WriteString("struct{...}")
	case *ast.InterfaceType:
		r.b.WriteString("interface{...}")
	case *ast.FuncType:
		r.b.WriteString("func(...)")
	case *ast.GoStmt:
		r.wrap("go ", n.Call, "")
	case *ast.DeferStmt:
		r.wrap("defer ", n.Call, "")
	case *ast.RangeStmt:
		r.wrap("for range ", n.X, "")
	case *ast.AssignStmt:
		r.list(n.Lhs)
		r.b.WriteString(" " + n.Tok.String() + " ")
		r.list(n.Rhs)
	}
}

func (r renderer) wrap(before string, n ast.Node, after string) {
	r.b.WriteString(before)
	r.node(n)
	r.b.WriteString(after)
}

func (r renderer) list(list []ast.Expr) {
	for i, e := range list {
		if i > 0 {
			r.b.WriteString(", ")
		}
		r.node(e)
	}
}
