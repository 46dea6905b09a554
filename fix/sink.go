package fix

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// A sink is a writer of the standard library whose Write and WriteString do
// the same, and keep nothing of what they are given.
//
// bufio.Writer is none: a string longer than its buffer goes to the WriteString
// of what it writes to, or is cut into other blocks (bufio/bufio.go).
type sink struct {
	recv   string // the receiver of its methods, as text
	expr   ast.Expr
	typ    string // "bytes.Buffer"
	addr   bool   // recv is a variable, not a pointer
	builds bool   // it keeps all in memory: several writes are as good as one
	spare  bool   // it has AvailableBuffer
}

var sinks = map[string]bool{"bytes.Buffer": true, "strings.Builder": true, "os.File": false}

// sink tells whether an expression, the writer given to a function or the
// receiver of a method, is a sink.
func (p *pass) sink(e ast.Expr) (s sink, ok bool) {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(u.X) // &b
	}
	s.expr, s.recv = e, p.text(e)
	t := types.Unalias(p.TypesInfo.TypeOf(e))
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	} else {
		s.addr = true
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return s, false
	}
	s.typ = named.Obj().Pkg().Path() + "." + named.Obj().Name()
	s.builds, ok = sinks[s.typ]
	s.spare = s.typ == "bytes.Buffer" && p.atLeast(e.Pos(), "go1.21")
	return s, ok && p.plainPath(e)
}

// plainPath reports whether an expression is a variable or a field of one: it
// can be written twice.
func (p *pass) plainPath(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		sel := p.TypesInfo.Selections[e]
		return (sel == nil || sel.Kind() == types.FieldVal) && p.plainPath(e.X)
	}
	return false
}

// own reports whether nobody looks at a sink any more after a panic in the
// function: it is a local variable whose address stays there.
func (p *pass) own(s sink) bool {
	id, ok := s.expr.(*ast.Ident)
	if !ok || !s.addr {
		return false
	}
	v, ok := p.TypesInfo.Uses[id].(*types.Var)
	if !ok || v.IsField() || v.Kind() != types.LocalVar {
		return false
	}
	if p.captured(v).IsValid() {
		return false
	}
	for _, c := range p.uses(v) {
		switch parent := c.Parent(); c.ParentEdgeKind() {
		case edge.SelectorExpr_X: // a method
			if parent.ParentEdgeKind() != edge.CallExpr_Fun || parent.Parent().ParentEdgeKind() == edge.DeferStmt_Call {
				return false
			}
		case edge.UnaryExpr_X:
			call, ok := parent.Parent().Node().(*ast.CallExpr)
			if !ok || parent.ParentEdgeKind() != edge.CallExpr_Args {
				return false
			}
			switch fn := p.callee(call); fn {
			case "fmt.Fprintf", "fmt.Fprint", "fmt.Fprintln", "io.WriteString":
			default:
				return false
			}
		default:
			return false
		}
	}
	return true
}

// severable says why a text may not be written in several steps, each of an
// operand or, nil, of constant text: later ones are then evaluated when earlier
// ones are written.
func (p *pass) severable(to sink, steps []ast.Expr) (why string) {
	own := p.own(to)
	var operands []ast.Expr
	for i, e := range steps {
		if e == nil {
			continue
		}
		operands = append(operands, e)
		d := p.demands(e)
		switch {
		case i == 0: // before any write, as it was
		case d.calls && !own:
			return p.text(e) + " calls a function, which may look at what is written already"
		case d.calls && p.refersTo(e, p.TypesInfo.Uses[to.expr.(*ast.Ident)]):
			return p.text(e) + " reads what is written already"
		case d.panics() && !own:
			return p.text(e) + " may panic when a part is written already"
		}
		if to.typ == "bytes.Buffer" && len(steps) > 1 && p.holdsBytes(e) {
			return p.text(e) + " may share the buffer's bytes"
		}
	}
	if !p.interleaves(operands) {
		return "it matters in which order the operands are evaluated"
	}
	return ""
}

// holdsBytes reports whether an expression reads from a []byte.
func (p *pass) holdsBytes(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && !p.TypesInfo.Types[x].IsType() {
			if t := p.TypesInfo.TypeOf(x); t != nil {
				switch t := t.Underlying().(type) {
				case *types.Slice:
					found = true
				case *types.Pointer:
					_, array := t.Elem().Underlying().(*types.Array)
					found = found || array
				}
			}
		}
		return !found
	})
	return found
}

// refersTo reports whether an object is named in a node.
func (p *pass) refersTo(n ast.Node, obj types.Object) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.TypesInfo.Uses[id] == obj {
			found = true
		}
		return !found
	})
	return found
}

// callee is the full name of the package-level function that a call calls,
// "strings.Split", or "" for others.
func (p *pass) callee(call *ast.CallExpr) string {
	var id *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return ""
	}
	fn, ok := p.TypesInfo.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() != nil {
		return ""
	}
	return fn.Pkg().Path() + "." + fn.Name()
}

// write is a call that writes a rendered piece to a sink. full says that what
// it returns is used.
func (s sink) write(c piece, r rendering, full bool) string {
	switch {
	case c.verb == 0 && len(c.text) == 1 && c.text[0] < 0x80 && s.builds && !full:
		return fmt.Sprintf("%s.WriteByte(%q)", s.recv, c.text[0])
	case r.rune != "" && s.builds:
		return s.recv + ".WriteRune(" + r.rune + ")"
	case r.bytes != "":
		return s.recv + ".Write(" + r.bytes + ")"
	case s.spare && strings.HasPrefix(r.append, "strconv."):
		return s.recv + ".Write(" + strings.Replace(r.append, "BUF", s.recv+".AvailableBuffer()", 1) + ")"
	}
	return s.recv + ".WriteString(" + r.str + ")"
}

// statement is the statement of which a call is all, in a list of statements,
// and whether there is one: f(), _, _ = f().
func statement(call inspector.Cursor) (ast.Stmt, bool) {
	c := call.Parent()
	switch s := c.Node().(type) {
	case *ast.ExprStmt:
	case *ast.AssignStmt:
		for _, l := range s.Lhs {
			if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
				return nil, false
			}
		}
		if len(s.Rhs) != 1 {
			return nil, false
		}
	default:
		return nil, false
	}
	switch c.ParentEdgeKind() {
	case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body:
		return c.Node().(ast.Stmt), true
	}
	return nil, false
}
