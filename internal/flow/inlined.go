package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// The compiler gives all steps in a body that was inlined the position of the
// outermost call, and writes the names of another package's variables with
// that package's name. It has names of its own for what has none in the source:
// "~r0", ".autotmp_4". People want to see the source.

// settle gives each step the place and the words of the source, where they can
// be found there.
func (tr *trail) settle() {
	var next alloc.Pos
	for i := len(tr.story.Steps) - 1; i >= 0; i-- {
		m, s := &tr.marks[i], &tr.story.Steps[i]
		if i < len(tr.story.Steps)-1 {
			next = tr.story.Steps[i+1].Pos
		}
		here, err := tr.said(tr.ctx, m.at.pkg)
		if err != nil || tr.Source == nil || tr.Files == nil {
			return
		}
		text := m.note.Text
		switch {
		case m.inlined:
			tr.settleCall(s, m)
			continue
		case here.inlined[m.note.Pos] != nil && !isResultName(text):
			pos, fn, found, ok := tr.locate(here, m, next)
			if !ok {
				if m.in.path != "" && m.in.path != m.at.pkg {
					text = unqualify(text, tr.name(m.in.path))
				}
				break
			}
			s.Pos, s.Func, m.path, text = pos, fn.name(), fn.path, found
			if i == len(tr.story.Steps)-1 {
				tr.where = fn
			}
		case m.at.path != m.at.pkg: // instantiated here
			text = unqualify(text, tr.name(m.at.path))
		}
		if madeName(text) {
			if source := tr.Source.text(s.Pos, s.Step); source != "" {
				text = source
			}
		}
		suffix := strings.TrimPrefix(s.Text, m.note.Text)
		if text == "func literal" {
			if loop := tr.Source.loopAt(s.Pos); loop != "" {
				text = "body of " + loop // a range over a function
			} else if vars := tr.Source.captures(s.Pos); len(vars) > 0 {
				text += " with " + strings.Join(vars, ", ")
			}
		}
		s.Text = text + suffix
	}
}

// settleCall gives the words of the source to the step by which an inlined
// function takes the value.
func (tr *trail) settleCall(s *alloc.Step, m *mark) {
	callee := m.callee
	if m.in.path != "" && callee.path != "" {
		// Within another inlined body: there the call stands.
		f, decl := tr.Source.function(tr.Files(m.in.path), m.in.fn)
		if decl != nil {
			var found []*ast.CallExpr
			ast.Inspect(decl, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok && calledName(c) == lastName(callee.fn) {
					found = append(found, c)
				}
				return true
			})
			if len(found) == 1 {
				s.Pos, s.Text = f.place(found[0].Lparen), brief(found[0])
				return
			}
		}
	}
	if text := tr.Source.text(s.Pos, "call parameter"); text != "" {
		s.Text = text
	} else if callee.path != "" {
		s.Text = tr.short(callee)
	}
}

// madeName reports whether the compiler's text holds a name that it made
// itself.
func madeName(text string) bool {
	for _, made := range []string{"~r", "~p", ".autotmp_", "go.shape.", "#yield", "<node "} {
		if strings.Contains(text, made) {
			return true
		}
	}
	return false
}

// isResultName reports whether the compiler's text is its name of the result of
// a call that was inlined.
func isResultName(text string) bool { return strings.HasPrefix(strings.TrimLeft(text, "&*"), "~r") }

// text is the source text of what a step at pos speaks of, "" if it is not
// found.
func (s *Source) text(pos alloc.Pos, step string) string {
	f := s.file(pos.File)
	at := f.pos(pos)
	if loop := s.loopAt(pos); loop != "" {
		return loop
	}
	for _, n := range f.path(pos) {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			if step == "return" {
				return brief(n)
			}
		case *ast.AssignStmt:
			if strings.HasPrefix(step, "assign") || step == "store" {
				return brief(n)
			}
		case ast.Expr:
			if step != "return" && step != "store" && !strings.HasPrefix(step, "assign") && compilerPos(n) == at {
				return brief(n)
			}
		case ast.Stmt, ast.Decl:
			return ""
		}
	}
	return ""
}

// loopAt is the head of the range clause at pos, "" if there is none: of a range
// over a function the compiler says everything there.
func (s *Source) loopAt(pos alloc.Pos) string {
	f := s.file(pos.File)
	for _, n := range f.path(pos) {
		if r, ok := n.(*ast.RangeStmt); ok && r.For == f.pos(pos) {
			return loopText(r)
		}
	}
	return ""
}

// started is the keyword of the go or defer statement at pos, or of that which
// calls the function literal at pos; "" if there is none.
func (s *Source) started(pos alloc.Pos) string {
	f := s.file(pos.File)
	at := f.pos(pos)
	for _, n := range f.path(pos) {
		switch n := n.(type) {
		case *ast.GoStmt:
			if n.Go == at || n.Call.Fun.Pos() == at {
				return "go"
			}
		case *ast.DeferStmt:
			if n.Defer == at || n.Call.Fun.Pos() == at {
				return "defer"
			}
		}
	}
	return ""
}

// brief is a node in one line.
func brief(n ast.Node) string {
	list := func(es []ast.Expr) string {
		var texts []string
		for _, e := range es {
			texts = append(texts, types.ExprString(e))
		}
		return strings.Join(texts, ", ")
	}
	switch n := n.(type) {
	case *ast.ReturnStmt:
		return strings.TrimSpace("return " + list(n.Results))
	case *ast.AssignStmt:
		return list(n.Lhs) + " " + n.Tok.String() + " " + list(n.Rhs)
	case *ast.GoStmt:
		return "go " + types.ExprString(n.Call)
	case *ast.DeferStmt:
		return "defer " + types.ExprString(n.Call)
	case ast.Expr:
		return types.ExprString(n)
	}
	return ""
}

// locate finds the place of a step that the compiler puts at an inlined call:
// the place in the source of the function that holds it, that function, and the
// step's text as that source has it. Of several places it is the one on the line
// of the next step. ok is false for a step of the calling function itself, and
// where the text is found nowhere or at several places.
func (tr *trail) locate(here *said, m *mark, next alloc.Pos) (pos alloc.Pos, fn place, text string, ok bool) {
	n := m.note
	for _, p := range tr.inlinedAt(here, n.Pos, m.at, m.in) {
		f, decl := tr.Source.function(tr.Files(p.path), p.fn)
		if decl == nil {
			continue
		}
		words := n.Text
		if p.path != m.at.pkg {
			words = unqualify(words, f.tree.Name.Name)
		}
		found := find(decl, n.Step, words)
		if len(found) > 1 {
			found = slices.DeleteFunc(found, func(at token.Pos) bool {
				pos := f.place(at)
				return pos.File != next.File || pos.Line != next.Line
			})
		}
		if len(found) != 1 {
			continue
		}
		if ok && p != fn {
			return pos, fn, text, false // in two functions
		}
		pos, fn, text, ok = f.place(found[0]), p, words, true
		if p == m.in {
			return pos, fn, text, true
		}
	}
	return pos, fn, text, ok
}

// inlinedAt are the functions whose bodies stand at the call at pos, that of in
// first.
func (tr *trail) inlinedAt(here *said, pos alloc.Pos, at, in place) []place {
	var list []place
	if in.path != "" {
		list = append(list, in)
	}
	for _, d := range here.inlined[pos] {
		for _, r := range readings(d.Expr) {
			if r.qualifier == "" {
				if _, ok := here.declared[r.fn]; ok {
					list = append(list, place{pkg: at.pkg, path: at.pkg, fn: r.fn})
				}
				continue
			}
			imported, other := tr.paths(at.pkg, r.qualifier)
			for _, path := range slices.Concat(imported, other) {
				list = append(list, place{pkg: at.pkg, path: path, fn: r.fn})
			}
		}
	}
	return list
}

// unqualify takes a package's name away from the names of its variables and
// functions.
func unqualify(text, pkg string) string {
	var b strings.Builder
	from := 0
	scan(text, func(i int, c byte) {
		if i < from || !strings.HasPrefix(text[i:], pkg+".") || i > 0 && (isWord(text[i-1]) || text[i-1] == '.' || text[i-1] == '/') {
			return
		}
		b.WriteString(text[from:i])
		from = i + len(pkg) + 1
	})
	b.WriteString(text[from:])
	return b.String()
}

// find returns the places in a function where the compiler would put a step of
// the given text: rather those whose text is the same; calls are found by what
// they call as well.
func find(fn *ast.FuncDecl, step, text string) []token.Pos {
	var same, alike []token.Pos
	ast.Inspect(fn, func(n ast.Node) bool {
		pos, exact, ok := isStep(n, step, text)
		switch {
		case exact && !slices.Contains(same, pos):
			same = append(same, pos)
		case ok && !exact:
			alike = append(alike, pos)
		}
		return true
	})
	if same != nil {
		return same
	}
	return alike
}

// isStep reports whether a node is what a step of the compiler says, exactly or
// nearly, and where the compiler would place it
// (cmd/compile/internal/syntax, go1.26): a call at its "(", an assignment at its
// operator.
func isStep(n ast.Node, step, text string) (pos token.Pos, exact, ok bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		call, ok := parseCall(text)
		ok = ok && lastName(call.callee) == calledName(n)
		return n.Lparen, plain(text) == plain(types.ExprString(n)), ok
	case *ast.AssignStmt:
		lhs, rhs, ok := strings.Cut(text, " "+n.Tok.String()+" ")
		ok = ok && len(n.Lhs) == 1 && plain(lhs) == plain(types.ExprString(n.Lhs[0]))
		return n.TokPos, ok && plain(rhs) == plain(types.ExprString(n.Rhs[0])), ok
	case ast.Expr:
		if step == "call parameter" || strings.HasPrefix(step, "assign") {
			return token.NoPos, false, false
		}
		exact := plain(text) == plain(types.ExprString(n))
		return compilerPos(n), exact, exact
	}
	return token.NoPos, false, false
}

// plain is an expression's text without what the compiler and go/types write
// differently.
var plainer = strings.NewReplacer("(", "", ")", "", " ", "", "…", "...", "any", "interface{}")

func plain(text string) string { return plainer.Replace(alloc.FoldFunc(text)) }

func lastName(callee string) string {
	callee = strings.TrimSuffix(callee, "[...]")
	return callee[strings.LastIndexByte(callee, '.')+1:]
}

// calledName is the last name of what a call calls.
func calledName(c *ast.CallExpr) string {
	fun := ast.Unparen(c.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch x := fun.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// compilerPos is where the compiler places an expression.
func compilerPos(e ast.Expr) token.Pos {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.X.End()
	case *ast.CallExpr:
		return e.Lparen
	case *ast.IndexExpr:
		return e.Lbrack
	case *ast.SliceExpr:
		return e.Lbrack
	case *ast.TypeAssertExpr:
		return e.X.End()
	case *ast.CompositeLit:
		return e.Lbrace
	case *ast.BinaryExpr:
		return e.OpPos
	}
	return e.Pos()
}

// function finds the declaration of a function in a package's files.
func (s *Source) function(files []string, fn string) (*sourceFile, *ast.FuncDecl) {
	fn, _, _ = strings.Cut(fn, ".func")
	fn = strings.ReplaceAll(fn, "[...]", "")
	for _, name := range files {
		f := s.file(name)
		if f.tree == nil {
			continue
		}
		for _, d := range f.tree.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && strings.ReplaceAll(declName(fd), "[...]", "") == fn {
				return f, fd
			}
		}
	}
	return nil, nil
}
