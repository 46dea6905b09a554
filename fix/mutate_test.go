package fix_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/types"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutate changes a program at random places into another that type-checks:
// names that hide others, comments and parentheses within expressions, an
// expression for another of its type, statements twice, in another order, or in
// a block of their own. It returns the program itself where nothing fits, most
// of the time formatted.
func (b *bench) mutate(p *program, c *checked, seed uint64) (*program, *checked) {
	r := rand.New(rand.NewPCG(seed, 5))
	for range r.IntN(6) {
		m := &mutator{Rand: r, bench: b, checked: c}
		src := m.mutation()
		if src == nil {
			continue
		}
		p, c = b.changed(p, c, "m", src)
	}
	if r.IntN(20) > 0 {
		if src, err := format.Source(p.src); err == nil {
			p, c = b.changed(p, c, "", src)
		}
	}
	if r.IntN(60) == 0 {
		p, c = b.changed(p, c, "crlf", bytes.ReplaceAll(p.src, []byte("\n"), []byte("\r\n")))
	}
	return p, c
}

// changed is a program with another text, or the same if that does not
// type-check.
func (b *bench) changed(p *program, c *checked, what string, src []byte) (*program, *checked) {
	now, err := b.check(src, p.version)
	if err != nil {
		return p, c
	}
	return &program{name: p.name + what, src: src, version: p.version, generated: p.generated}, now
}

// A mutator changes one text.
type mutator struct {
	*rand.Rand
	*bench
	*checked
}

func (m *mutator) mutation() []byte {
	switch m.IntN(8) {
	case 0, 1:
		return m.rename()
	case 2:
		return m.comment()
	case 3:
		return m.parens()
	case 4, 5:
		return m.exchange()
	}
	return m.statement()
}

func (m *mutator) at(n ast.Node) (from, to int) {
	f := m.fset.File(n.Pos())
	return f.Offset(n.Pos()), f.Offset(n.End())
}

// replace is the text with something else for each node.
func (m *mutator) replace(with map[ast.Node]string) []byte {
	nodes := make([]ast.Node, 0, len(with))
	for n := range with {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b ast.Node) int { return int(a.Pos() - b.Pos()) })
	var out []byte
	at := 0
	for _, n := range nodes {
		from, to := m.at(n)
		if from < at {
			return nil
		}
		out = append(append(out, m.src[at:from]...), with[n]...)
		at = to
	}
	return append(out, m.src[at:]...)
}

func (m *mutator) text(n ast.Node) string {
	from, to := m.at(n)
	return string(m.src[from:to])
}

// rename gives a variable a name that hides something, in its scope.
func (m *mutator) rename() []byte {
	var vars []types.Object
	m.bodies(func(n ast.Node, _ bool) {
		if id, ok := n.(*ast.Ident); ok {
			obj := cmp.Or(m.info.Defs[id], m.info.Uses[id])
			if v, ok := obj.(*types.Var); ok && !v.IsField() && v.Parent() != m.pkg.Scope() {
				vars = append(vars, v)
			}
		}
	})
	if len(vars) == 0 {
		return nil
	}
	obj := vars[m.IntN(len(vars))]
	names := []string{"len", "append", "make", "cap", "copy", "new", "string", "byte", "int", "nil", "true", "false", "any", "error", "min", "max", "panic", "recover",
		"fmt", "strings", "strconv", "bytes", "utf8", "slices", "cmp", "sync", "io", "errors", "buf", "sb", "out", "i", "v", "s", "pool", "re", "arr", "scratch", "node", "celsius", "show", "global", "ok", "parts", "rest"}
	with := make(map[ast.Node]string)
	name := names[m.IntN(len(names))]
	for id, o := range m.info.Defs {
		if o == obj {
			with[id] = name
		}
	}
	for id, o := range m.info.Uses {
		if o == obj {
			with[id] = name
		}
	}
	return m.replace(with)
}

// bodies calls visit with what stands in the functions that were generated, and
// whether it is in the head of a loop.
func (m *mutator) bodies(visit func(n ast.Node, head bool)) {
	for _, d := range m.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil || f.Recv != nil || f.Name.Name == "main" || strings.Contains(prelude+shared, "func "+f.Name.Name+"(") {
			continue
		}
		heads := make(map[ast.Node]bool)
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if loop, ok := n.(*ast.ForStmt); ok {
				for _, h := range []ast.Node{loop.Init, loop.Cond, loop.Post} {
					if h != nil {
						ast.Inspect(h, func(n ast.Node) bool { heads[n] = true; return true })
					}
				}
			}
			if n != nil {
				visit(n, heads[n])
			}
			return true
		})
	}
}

// exprs are the expressions that have a value, and are none that is assigned to.
func (m *mutator) exprs() (list []ast.Expr) {
	left := make(map[ast.Expr]bool)
	m.bodies(func(n ast.Node, head bool) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				left[e] = true
			}
		case *ast.RangeStmt:
			left[n.Key], left[n.Value] = true, true
		case *ast.SelectorExpr:
			left[n.Sel] = true
		case *ast.KeyValueExpr:
			left[n.Key] = true
		case *ast.UnaryExpr:
			left[n.X] = true
		}
		e, ok := n.(ast.Expr)
		if !ok || head || left[e] {
			return
		}
		if tv := m.info.Types[e]; tv.IsValue() && tv.Type != nil {
			list = append(list, e)
		}
	})
	return list
}

func (m *mutator) comment() []byte {
	list := m.exprs()
	if len(list) == 0 {
		return nil
	}
	e := list[m.IntN(len(list))]
	text := m.text(e)
	note := fmt.Sprintf("/* note %d */", m.IntN(1000))
	switch m.IntN(3) {
	case 0:
		text = note + " " + text
	case 1:
		text += " " + note
	case 2:
		text = "( // note\n" + text + ")"
	}
	return m.replace(map[ast.Node]string{e: text})
}

func (m *mutator) parens() []byte {
	list := m.exprs()
	if len(list) == 0 {
		return nil
	}
	e := list[m.IntN(len(list))]
	return m.replace(map[ast.Node]string{e: "(" + m.text(e) + ")"})
}

// exchange puts an expression in the place of another of its type.
func (m *mutator) exchange() []byte {
	list := m.exprs()
	if len(list) == 0 {
		return nil
	}
	e := list[m.IntN(len(list))]
	t := types.Default(m.info.TypeOf(e))
	var same []ast.Expr
	for _, o := range list {
		if o != e && types.Identical(types.Default(m.info.TypeOf(o)), t) && len(m.text(o)) < 80 {
			same = append(same, o)
		}
	}
	if len(same) == 0 {
		return nil
	}
	return m.replace(map[ast.Node]string{e: m.text(same[m.IntN(len(same))])})
}

// statement repeats, removes, wraps or moves a statement.
func (m *mutator) statement() []byte {
	type place struct {
		list []ast.Stmt
		i    int
	}
	var all []place
	m.bodies(func(n ast.Node, head bool) {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		}
		for i, s := range list {
			if _, ok := s.(*ast.CaseClause); !ok {
				all = append(all, place{list, i})
			}
		}
	})
	if len(all) == 0 {
		return nil
	}
	p := all[m.IntN(len(all))]
	s := p.list[p.i]
	text := m.text(s)
	switch m.IntN(8) {
	case 0:
		return m.replace(map[ast.Node]string{s: text + "\n" + text})
	case 1:
		return m.replace(map[ast.Node]string{s: ""})
	case 2:
		return m.replace(map[ast.Node]string{s: "{\n" + text + "\n}"})
	case 3:
		return m.replace(map[ast.Node]string{s: "if global > 0 {\n" + text + "\n}"})
	case 4:
		return m.replace(map[ast.Node]string{s: "func() {\n" + text + "\n}()"})
	case 5:
		return m.replace(map[ast.Node]string{s: "for range []int{1, 2} {\n" + text + "\n}"})
	case 6:
		return m.replace(map[ast.Node]string{s: "// note\n" + text + " // note"})
	}
	if p.i+1 < len(p.list) {
		return m.replace(map[ast.Node]string{s: m.text(p.list[p.i+1]), p.list[p.i+1]: text})
	}
	return nil
}
