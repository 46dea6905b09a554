package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// A partUse is what the use of a variable that holds parts is a part of.
type partUse struct {
	inspector.Cursor
	kind partKind
	set  counts // of a test
}

type partKind int

const (
	otherPart  partKind = iota
	firstPart           // parts[0]
	secondPart          // parts[1]
	lastPart            // parts[len(parts)-1]
	partTest            // len(parts) == 2
)

// parts is for parts := strings.Split(s, sep), where the variable is only asked
// for its first parts or its last one, and for their number.
func (k *cutting) parts() string {
	def := k.c.Parent().Node().(*ast.AssignStmt)
	if def.Tok != token.DEFINE || len(def.Lhs) != 1 {
		return silent
	}
	v, ok := k.TypesInfo.Defs[def.Lhs[0].(*ast.Ident)].(*types.Var)
	if !ok || !k.constantVar(v) {
		return silent
	}
	var uses []partUse
	why := ""
	for _, c := range k.uses(v) {
		u, reason := k.partUse(c, v)
		if reason == silent {
			return silent // a slice is what it needs
		}
		if reason != "" && why == "" {
			why = reason
		}
		if u.kind != otherPart {
			uses = append(uses, u)
		}
	}
	if why == "" {
		why = k.searched()
	}
	if why != "" {
		return why
	}
	w := &heldParts{cutting: k, def: def, v: v, list: uses}
	if slices.ContainsFunc(uses, func(u partUse) bool { return u.kind == lastPart }) {
		return w.last()
	}
	return w.cut()
}

// partUse is what a use of v, the variable at c, is a part of, or why that
// cannot be without a slice; silent for what is nothing like it.
func (k *cutting) partUse(c inspector.Cursor, v *types.Var) (u partUse, why string) {
	up := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.IndexExpr_X:
		index := up.Node().(*ast.IndexExpr)
		if k.stored(up) || k.addressed(up) {
			return u, fmt.Sprintf("line %d changes a part", k.lineOf(c))
		}
		switch n, ok := k.integer(index.Index); {
		case ok && n == 0:
			return partUse{up, firstPart, 0}, ""
		case ok && n == 1:
			return partUse{up, secondPart, 0}, ""
		case ok:
			return u, fmt.Sprintf("line %d uses %s", k.lineOf(c), k.text(index))
		}
		if sub, ok := index.Index.(*ast.BinaryExpr); ok && sub.Op == token.SUB {
			if n, ok := k.integer(sub.Y); ok && n == 1 && k.isLengthOf(sub.X, v) {
				return partUse{up, lastPart, 0}, ""
			}
		}
		return u, silent
	case edge.CallExpr_Args:
		if !k.isLengthOf(up.Node().(ast.Expr), v) {
			return u, silent
		}
		if sub := up.Parent(); sub.ParentEdgeKind() == edge.IndexExpr_Index && k.isVar(sub.Parent().Node().(*ast.IndexExpr).X, v) {
			return u, "" // of the last part
		}
		set, ok := k.test(up)
		switch {
		case !ok:
			return u, fmt.Sprintf("line %d uses the number of parts", k.lineOf(c))
		case set == 0 || set == k.possible():
			return u, fmt.Sprintf("what line %d asks of the number of parts is always the same", k.lineOf(c))
		}
		return partUse{up.Parent(), partTest, set}, ""
	}
	return u, silent
}

// isLengthOf reports whether an expression is len(v).
func (k *cutting) isLengthOf(e ast.Expr, v *types.Var) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && k.builtin(call) == "len" && k.isVar(call.Args[0], v)
}

// A heldParts is a cutting whose parts a variable holds.
type heldParts struct {
	*cutting
	def  *ast.AssignStmt
	v    *types.Var
	list []partUse // how it is used
}

// last searches from the end: a separator of one byte is found last where the
// last part begins.
func (w *heldParts) last() string {
	for _, u := range w.list {
		if u.kind != lastPart {
			return "it uses the last part and others"
		}
	}
	text, sep := w.call.Args[0], w.call.Args[1]
	switch n, _ := w.textLength(sep); {
	case w.limit > 0:
		return silent
	case n != 1:
		return w.text(sep) + " may be found in two places that overlap"
	case !w.plain(text):
		return w.text(text) + " would be evaluated twice"
	}
	names, edits := w.names(map[partKind]string{lastPart: "last"})
	x := w.text(text)
	if star, ok := text.(*ast.StarExpr); ok {
		x = "(" + w.text(star) + ")"
	}
	edits = append(edits,
		w.replace(w.def.Lhs[0], names[lastPart]),
		analysis.TextEdit{Pos: w.call.Pos(), End: w.call.Pos(), NewText: []byte(x + "[")},
		w.replace(w.fun.Sel, "LastIndex"),
		analysis.TextEdit{Pos: w.call.End(), End: w.call.End(), NewText: []byte("+1:]")})
	return w.candidate("LastIndex", edits...)
}

// cut asks strings.Cut for the first part and the rest.
func (w *heldParts) cut() string {
	if hasGoto(w.c) {
		return "the function has a goto, by which the number of parts may not be known"
	}
	slots := make(map[partKind]string)
	exact := false // whether the rest is searched, too
	for _, u := range w.list {
		switch u.kind {
		case firstPart:
			slots[firstPart] = "before"
			if w.bytes && !w.lookedAt(u) {
				return fmt.Sprintf("line %d may keep a part, or see its capacity", w.lineOf(u.Cursor))
			}
		case secondPart:
			slots[secondPart] = "after"
			switch known := w.known(u.Cursor); {
			case known == two:
			case known&one != 0:
				return fmt.Sprintf("line %d panics where there is one part", w.lineOf(u.Cursor))
			default:
				return fmt.Sprintf("what line %d uses is not all that follows the first part", w.lineOf(u.Cursor))
			}
		case partTest:
			slots[partTest] = "found"
			if w.limit == 2 || u.set == one || u.set == several {
				continue
			}
			if u.set != two && u.set != one|more {
				return fmt.Sprintf("line %d asks for other numbers of parts", w.lineOf(u.Cursor))
			}
			exact = true
			slots[secondPart] = "after"
			if why := w.again(u.Node().Pos()); why != "" {
				return why
			}
		}
	}
	if len(slots) == 0 {
		return silent
	}
	fun := "Cut"
	if slots[firstPart] == "" && slots[secondPart] == "" {
		fun = "Contains"
	}
	names, edits := w.names(slots)
	var to []string
	for _, kind := range []partKind{firstPart, secondPart, partTest} {
		name := names[kind]
		if name == "" {
			name = "_"
		}
		if name != "_" || fun == "Cut" {
			to = append(to, name)
		}
	}
	edits = append(edits, w.replace(w.def.Lhs[0], strings.Join(to, ", ")))
	for _, u := range w.list {
		if u.kind == partTest {
			edits = append(edits, w.replace(u.Node(), w.asked(u, names, exact)))
		}
	}
	return w.candidate(fun, append(edits, w.calls(fun)...)...)
}

// lookedAt reports whether a part is only looked at, as it stands or by the
// variable that it is the value of.
func (w *heldParts) lookedAt(u partUse) bool {
	def, ok := u.Parent().Node().(*ast.AssignStmt)
	if !ok || def.Tok != token.DEFINE || len(def.Lhs) != len(def.Rhs) {
		return w.looked(u.Cursor)
	}
	v, ok := w.TypesInfo.Defs[def.Lhs[u.ParentEdgeIndex()].(*ast.Ident)].(*types.Var)
	return ok && !slices.ContainsFunc(w.uses(v), func(c inspector.Cursor) bool { return !w.looked(c) })
}

// again says why the separator cannot be searched a second time at pos.
func (w *heldParts) again(pos token.Pos) string {
	sep := w.call.Args[1]
	switch {
	case w.bytes || w.importsUnsafe():
		return "the text may have changed when it is asked whether there are two parts"
	case !w.means(sep, pos) || !w.means(w.fun.X, pos) || w.comments(sep.Pos(), sep.End()):
		return w.text(sep) + " means something else where it is asked whether there are two parts"
	}
	return ""
}

// asked is the text of a test of the number of parts.
func (w *heldParts) asked(u partUse, names map[partKind]string, exact bool) string {
	found := names[partTest]
	switch {
	case w.limit == 2 && u.set == two || u.set == several:
		return found
	case u.set == one:
		return "!" + found
	}
	more := fmt.Sprintf("%s.Contains(%s, %s)", w.text(w.fun.X), names[secondPart], w.text(w.call.Args[1]))
	text, op := found+" && !"+more, token.LAND
	if u.set != two {
		text, op = "!"+found+" || "+more, token.LOR
	}
	switch up := u.Parent().Node().(type) {
	case *ast.UnaryExpr:
		return "(" + text + ")"
	case *ast.BinaryExpr:
		if up.Op != op {
			return "(" + text + ")"
		}
	}
	return text
}

// known are the numbers of parts that there may be where control is at c.
func (w *heldParts) known(c inspector.Cursor) counts {
	set := w.possible()
	for scope := w.v.Parent(); scope.Contains(c.Node().Pos()) && c.Node() != w.def; c = c.Parent() {
		up := c.Parent()
		switch n := up.Node().(type) {
		case *ast.BinaryExpr:
			if c.ParentEdgeKind() == edge.BinaryExpr_Y {
				switch n.Op {
				case token.LAND:
					set &= w.when(n.X, true)
				case token.LOR:
					set &= w.when(n.X, false)
				}
			}
		case *ast.IfStmt:
			switch c.ParentEdgeKind() {
			case edge.IfStmt_Body:
				set &= w.when(n.Cond, true)
			case edge.IfStmt_Else:
				set &= w.when(n.Cond, false)
			}
		}
		if !listed(c) {
			continue
		}
		for s := c; ; {
			prev, ok := s.PrevSibling()
			if !ok || prev.ParentEdgeKind() != s.ParentEdgeKind() {
				break
			}
			if n, ok := prev.Node().(*ast.IfStmt); ok {
				if w.ends(n.Body) {
					set &= w.when(n.Cond, false)
				}
				if other, ok := n.Else.(*ast.BlockStmt); ok && w.ends(other) {
					set &= w.when(n.Cond, true)
				}
			}
			s = prev
		}
	}
	return set
}

// when are the numbers of parts that there may be where a condition has a value.
func (w *heldParts) when(cond ast.Expr, value bool) counts {
	switch e := ast.Unparen(cond).(type) {
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return w.when(e.X, !value)
		}
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			x, y := w.when(e.X, value), w.when(e.Y, value)
			if value == (e.Op == token.LAND) {
				return x & y
			}
			return x | y
		}
		for _, u := range w.list {
			if u.kind == partTest && u.Node() == e {
				if value {
					return u.set
				}
				return w.possible() &^ u.set
			}
		}
	}
	return w.possible()
}

// ends reports whether control does not come to the end of a block.
func (w *heldParts) ends(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	switch s := body.List[len(body.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt: // there is no goto, and no fallthrough in an if statement
		return true
	case *ast.BlockStmt:
		return w.ends(s)
	case *ast.IfStmt:
		other, ok := s.Else.(*ast.BlockStmt)
		return ok && w.ends(s.Body) && w.ends(other)
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok {
			switch w.callee(call) {
			case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln":
				return true
			}
			return w.builtin(call) == "panic"
		}
	}
	return false
}

// names gives the parts names, and each use of a part its name. Where a
// statement does nothing but to declare variables for the parts, the names are
// theirs and the statement goes.
func (w *heldParts) names(slots map[partKind]string) (names map[partKind]string, edits []analysis.TextEdit) {
	names, edits, gone := w.adopt(slots)
	for kind, name := range slots {
		if names[kind] == "" {
			scope := w.v.Parent()
			names[kind] = w.freshIn(scope.Pos(), scope.End(), name)
		}
	}
	for _, u := range w.list {
		if u.kind != partTest && !slices.ContainsFunc(gone, func(s ast.Stmt) bool { return s.Pos() <= u.Node().Pos() && u.Node().Pos() < s.End() }) {
			edits = append(edits, w.replace(u.Node(), names[u.kind]))
		}
	}
	return names, edits
}

// adopt finds the statements that only declare variables for parts which nobody
// else uses.
func (w *heldParts) adopt(slots map[partKind]string) (names map[partKind]string, edits []analysis.TextEdit, gone []ast.Stmt) {
	names = make(map[partKind]string)
	number := make(map[partKind]int)
	for _, u := range w.list {
		number[u.kind]++
	}
	taken := make(map[string]bool)
	for _, u := range w.list {
		def, ok := u.Parent().Node().(*ast.AssignStmt)
		if !ok || def.Tok != token.DEFINE || len(def.Lhs) != len(def.Rhs) || u.Node() != def.Rhs[0] || !listed(u.Parent()) {
			continue
		}
		own := make(map[partKind]string)
		for i, lhs := range def.Lhs {
			j := slices.IndexFunc(w.list, func(u partUse) bool { return u.Node() == def.Rhs[i] })
			v, ok := w.TypesInfo.Defs[lhs.(*ast.Ident)].(*types.Var)
			if j < 0 || !ok || number[w.list[j].kind] != 1 || taken[v.Name()] || !w.adoptable(v, u.Parent()) {
				break
			}
			own[w.list[j].kind] = v.Name()
		}
		from, to := w.ownLines(def)
		if len(own) != len(def.Lhs) || !from.IsValid() {
			continue
		}
		for kind, name := range own {
			names[kind], taken[name] = name, true
		}
		edits = append(edits, analysis.TextEdit{Pos: from, End: to})
		gone = append(gone, def)
	}
	return names, edits, gone
}

// adoptable reports whether a variable, declared by the statement at def, can
// be declared where the parts are.
func (w *heldParts) adoptable(v *types.Var, def inspector.Cursor) bool {
	if def.Parent() != w.c.Parent().Parent() && !w.constantVar(v) {
		return false // each round may have its own
	}
	scope := w.v.Parent()
	if obj := scope.Lookup(v.Name()); obj != nil && obj != v {
		return false
	}
	for c := range w.root.Preorder((*ast.Ident)(nil)) {
		if id := c.Node().(*ast.Ident); id.Name == v.Name() && scope.Contains(id.Pos()) && w.TypesInfo.ObjectOf(id) != v && !w.isMember(id) {
			return false
		}
	}
	return true
}
