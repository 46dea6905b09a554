package contract

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// grows says of an allocation that lasting memory grows by it, "" of another.
func (w *walk) grows(s *state, ev *event, acts []act) string {
	at := innermost(acts)
	if at.scope == nil {
		return ""
	}
	fn := at.scope.fn
	kept := w.keeps(s, acts[:len(acts)-1])
	direct := func(e ast.Expr) []string { return w.names(at.scope, e, 0) }
	switch {
	case strings.HasPrefix(ev.call.Entry, "runtime.moveSlice"):
		if e := w.moves(at, kept); e != nil && !w.emptied(s, acts, direct(e)) {
			return "append to " + text(e) + w.growsKept(s, acts, direct(e))
		}
	case ev.kind == alloc.Append:
		calls := fn.appends(at.Line)
		if len(calls) > 0 && !slices.ContainsFunc(calls, func(call *ast.CallExpr) bool {
			return !w.extends(at.scope, call, kept) || w.emptied(s, acts, direct(call.Args[0]))
		}) {
			return "append to " + text(calls[0].Args[0]) + w.growsKept(s, acts, direct(calls[0].Args[0]))
		}
	case ev.kind == alloc.MapGrowth:
		maps := fn.mapStores(at.Line)
		if len(maps) > 0 && !slices.ContainsFunc(maps, func(m ast.Expr) bool {
			return !w.c.eval(at.scope, m).lasting || w.emptied(s, acts, direct(m))
		}) {
			return "a new key of " + text(maps[0]) + " grows a map that is kept"
		}
	}
	fl := s.flags.with(w.growth(acts))
	if meet(fl.guards, fl.stores) && !w.emptied(s, acts, common(fl.guards, fl.stores)) || ev.kind == alloc.Slice && kept && slices.Contains(fl.guards, returned) {
		return "memory that is kept is made, or made larger, where there is too little"
	}
	return ""
}

// growsKept says that memory grows that is kept, as far as it is.
func (w *walk) growsKept(s *state, acts []act, names []string) string {
	if w.sometimes(s, acts, names) {
		return " grows memory that is kept, but where it is let go of under a condition"
	}
	return " grows memory that is kept"
}

// extends reports an append to lasting memory whose result takes its place, or is
// returned, so that a caller may put it there.
func (w *walk) extends(s *scope, call *ast.CallExpr, kept bool) bool {
	if !w.c.eval(s, call.Args[0]).lasting {
		return false
	}
	stores := w.stores(s, call)
	return kept && slices.Contains(stores, returned) || meet(w.names(s, call.Args[0], nameDepth), stores)
}

// moves is the lasting memory that a slice which append has grown on the stack
// began as, where the slice is moved to the heap: returned, or stored in that
// memory again. It is nil of another.
func (w *walk) moves(at act, kept bool) (first ast.Expr) {
	s := at.scope
	for _, n := range s.fn.statements(at.Line) {
		var list []ast.Expr
		switch n := n.(type) {
		case *ast.ReturnStmt:
			list = n.Results
		case *ast.AssignStmt:
			list = n.Rhs
		}
		stores := w.stores(s, n)
		for _, e := range list {
			if _, ok := s.fn.src.typeOf(e).(*types.Slice); !ok {
				continue
			}
			if !w.c.eval(s, e).lasting || !(kept && slices.Contains(stores, returned)) && !meet(w.names(s, e, nameDepth), stores) {
				return nil
			}
			if first == nil {
				first = e
			}
		}
	}
	return first
}

// meet reports whether two lists have a name in common.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return x != returned && slices.Contains(b, x) })
}

// common are the names that are in both lists.
func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return x == returned || !slices.Contains(b, x) })
}

// emptied reports lasting memory of these names that a function on the way lets go
// of in each call, so that it never has grown for good.
func (w *walk) emptied(s *state, acts []act, names []string) bool {
	for _, a := range acts {
		if a.scope != nil && len(common(names, w.empties(a.scope, 1))) > 0 {
			return true
		}
	}
	for ; s != nil; s = s.parent {
		if s.scope != nil && len(common(names, w.empties(s.scope, 1))) > 0 {
			return true
		}
	}
	return false
}

// empties are the names of the fields whose memory a function lets go of, whatever
// else is: itself, or in what it calls so many calls deep. What it does under a
// condition, such as with a buffer that has become very large, is not known to
// happen: see sometimes.
func (w *walk) empties(s *scope, depth int) []string {
	d := s.fn.dropping()
	var list []string
	for _, drop := range d.drops {
		if drop.always && w.c.place(s, drop.from) {
			list = append(list, drop.names...)
		}
	}
	if depth == 0 {
		return list
	}
	for _, call := range d.calls {
		if f := s.fn.src.callee(call); f != nil && !abstract(f) {
			if fn := w.c.function(f); fn != nil && (depth > 1 || len(fn.dropping().drops) > 0) {
				list = append(list, w.empties(w.c.bind(s, call, fn, nil), depth-1)...)
			}
		}
	}
	return list
}

// A dropping is what a function may let go of.
type dropping struct {
	drops []drop
	calls []*ast.CallExpr // that it always makes
}

// A drop is an assignment that lets go of the memory of fields: it sets one to nil,
// to a literal of new memory, or all of a struct to its zero.
type drop struct {
	stmt   *ast.AssignStmt
	from   ast.Expr // what is assigned to
	names  []string // of the fields
	always bool     // whatever else is
}

// dropping is found once for each function.
func (f *function) dropping() *dropping {
	if f.dropped != nil {
		return f.dropped
	}
	d := new(dropping)
	f.dropped = d
	for _, m := range f.moves {
		if a, ok := m.(*ast.AssignStmt); ok {
			d.drops = append(d.drops, f.drops(a)...)
		}
	}
	for _, calls := range f.calls {
		for _, call := range calls {
			if f.always(call) && !slices.Contains(d.calls, call) {
				d.calls = append(d.calls, call)
			}
		}
	}
	return d
}

func (f *function) drops(a *ast.AssignStmt) []drop {
	if len(a.Lhs) != len(a.Rhs) || a.Tok != token.ASSIGN {
		return nil
	}
	var list []drop
	for i, l := range a.Lhs {
		l, r := ast.Unparen(l), ast.Unparen(a.Rhs[i])
		lit, isLit := r.(*ast.CompositeLit)
		var names []string
		switch l := l.(type) {
		case *ast.SelectorExpr:
			if f.src.Info.Types[r].IsNil() || isLit {
				names = []string{l.Sel.Name}
			}
		case *ast.StarExpr:
			if t, ok := f.src.typeOf(l).(*types.Struct); ok && isLit && len(lit.Elts) == 0 {
				for field := range t.Fields() {
					names = append(names, field.Name())
				}
			}
		}
		if len(names) > 0 {
			list = append(list, drop{a, l, names, f.always(a)})
		}
	}
	return list
}

// always reports an expression or an assignment of a function's body that stands
// under no condition: among the statements of the body itself.
func (f *function) always(n ast.Node) bool {
	for n != nil {
		parent := f.parents[n]
		switch n := n.(type) {
		case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt, *ast.DeclStmt:
			return f.parents[parent] == nil
		case ast.Stmt:
			return false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				return false
			}
		}
		n = parent
	}
	return false
}

// returned is the name of what a function returns.
const returned = "return"

// growth says of a way which lasting memory is too small, or not there yet, where
// it is taken, and which is set to what is made on it: by the names of fields and
// variables. Where a function returns what it makes because of the capacity of what
// it was handed, as append does, returned is among the guards.
func (w *walk) growth(acts []act) (guards, stores []string) {
	for _, a := range acts {
		if a.scope == nil {
			continue
		}
		var nodes []ast.Node
		if a.call != nil {
			nodes = []ast.Node{a.call}
		} else {
			nodes = a.scope.fn.statements(a.Line)
		}
		for _, n := range nodes {
			g, st := w.guards(a.scope, n), w.stores(a.scope, n)
			if !slices.Contains(st, returned) {
				g = slices.DeleteFunc(g, func(name string) bool { return name == returned })
			}
			guards, stores = append(guards, g...), append(stores, st...)
		}
	}
	return guards, stores
}

// nameDepth bounds through how many variables a name is followed.
const nameDepth = 3

// names are what memory is called that an expression leads to: its field or
// variable, and those that a variable got its value from.
func (w *walk) names(s *scope, e ast.Expr, depth int) []string {
	src := s.fn.src
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := src.object(e).(*types.Var)
		if !ok {
			return nil
		}
		list := []string{v.Name()}
		if global(v) || depth == 0 {
			return list
		}
		for _, o := range src.vars[v] {
			if o.from != nil {
				list = append(list, w.names(s, o.from, depth-1)...)
			}
		}
		return list
	case *ast.SelectorExpr:
		return []string{e.Sel.Name}
	case *ast.IndexExpr:
		return w.names(s, e.X, depth)
	case *ast.SliceExpr:
		return w.names(s, e.X, depth)
	case *ast.StarExpr:
		return w.names(s, e.X, depth)
	case *ast.UnaryExpr:
		return w.names(s, e.X, depth)
	case *ast.CallExpr:
		if len(e.Args) > 0 && (src.Info.Types[e.Fun].IsType() || src.Info.Types[e.Fun].IsBuiltin() && text(e.Fun) == "append") {
			return w.names(s, e.Args[0], depth)
		}
		var list []string
		for _, a := range e.Args { // what appends to it and returns it, it may be
			if t := src.Info.TypeOf(e); t != nil && types.Identical(src.Info.TypeOf(a), t) {
				list = append(list, w.names(s, a, depth)...)
			}
		}
		return list
	}
	return nil
}

// stores are the names of the lasting memory that what an expression makes is
// stored in, and returned where it may be returned.
func (w *walk) stores(s *scope, n ast.Node) []string {
	fn := s.fn
	var list []string
	for n != nil {
		switch p := n.(type) {
		case *ast.ReturnStmt:
			return []string{returned}
		case *ast.AssignStmt:
			for _, l := range p.Lhs {
				list = append(list, w.destination(s, l, nameDepth)...)
			}
			return list
		case *ast.ValueSpec:
			for _, l := range p.Names {
				list = append(list, w.destination(s, l, nameDepth)...)
			}
			return list
		case ast.Stmt:
			return nil
		}
		n = fn.parents[n]
		if e, ok := n.(ast.Expr); ok && !s.fn.src.carries(e) {
			return nil
		}
	}
	return nil
}

// carries reports an expression whose value may lead to the memory that its
// operands do: not a number, nor a string that they were copied to.
func (s *source) carries(e ast.Expr) bool {
	b, ok := s.typeOf(e).(*types.Basic)
	if !ok {
		return true
	}
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok && s.Info.Types[call.Fun].IsType() && b.Info()&types.IsString != 0 {
		_, slice := s.typeOf(call.Args[0]).(*types.Slice)
		return !slice
	}
	return b.Info()&(types.IsNumeric|types.IsBoolean) == 0
}

// keeps reports whether what the innermost call of a way returns takes the place of
// the lasting memory that it was handed, or may do so where the function itself
// returns it: not if that result is dropped.
func (w *walk) keeps(s *state, acts []act) bool {
	kept := !s.flags.drops
	for _, a := range acts {
		if a.scope == nil || a.call == nil {
			return kept
		}
		stores := w.stores(a.scope, a.call)
		var handed []string
		if sel, ok := ast.Unparen(a.call.Fun).(*ast.SelectorExpr); ok {
			handed = w.names(a.scope, sel.X, nameDepth)
		}
		for _, arg := range a.call.Args {
			handed = append(handed, w.names(a.scope, arg, nameDepth)...)
		}
		kept = kept && slices.Contains(stores, returned) || meet(handed, stores)
	}
	return kept
}

// sometimes reports lasting memory of these names that a function on the way lets go
// of under a condition that does not ask for its size.
func (w *walk) sometimes(s *state, acts []act, names []string) bool {
	in := func(sc *scope) bool {
		if sc == nil {
			return false
		}
		for _, d := range sc.fn.dropping().drops {
			if len(common(names, d.names)) > 0 && !w.sized(sc, d.stmt) && w.c.place(sc, d.from) {
				return true
			}
		}
		return false
	}
	if slices.ContainsFunc(acts, func(a act) bool { return in(a.scope) }) {
		return true
	}
	for ; s != nil; s = s.parent {
		if in(s.scope) {
			return true
		}
	}
	return false
}

// sized reports a statement that runs only where a condition asks for a length or a
// capacity.
func (w *walk) sized(s *scope, n ast.Node) bool {
	for ; n != nil; n = s.fn.parents[n] {
		i, ok := s.fn.parents[n].(*ast.IfStmt)
		if !ok {
			continue
		}
		found := false
		ast.Inspect(i.Cond, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				name := text(call.Fun)
				found = found || s.fn.src.Info.Types[call.Fun].IsBuiltin() && (name == "cap" || name == "len")
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

// destination is the name of the lasting memory that is assigned to: the operand's
// own, or that which a variable is stored in or returned to, through so many others.
func (w *walk) destination(s *scope, lhs ast.Expr, depth int) []string {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		if w.c.place(s, lhs) {
			return w.names(s, lhs, 0)
		}
		return nil
	}
	v, ok := s.fn.src.object(id).(*types.Var)
	if !ok {
		return nil
	}
	if global(v) {
		return []string{v.Name()}
	}
	if depth == 0 {
		return nil
	}
	to := s.fn.carriers(v)
	var list []string
	if to.returned {
		list = append(list, returned)
	}
	for _, l := range to.lhs {
		list = append(list, w.destination(s, l, depth-1)...)
	}
	return list
}

// A carrier is where the memory of a variable goes within its function.
type carrier struct {
	returned bool
	lhs      []ast.Expr // what is assigned to
}

// carriers looks once for where a variable's memory goes.
func (f *function) carriers(v *types.Var) *carrier {
	if to := f.carried[v]; to != nil {
		return to
	}
	to := new(carrier)
	f.carried[v] = to
	for _, n := range f.moves {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			to.returned = to.returned || f.src.mentions(n, v) || len(n.Results) == 0 && f.result(v)
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if r := n.Rhs[min(i, len(n.Rhs)-1)]; f.src.mentions(r, v) {
					to.lhs = append(to.lhs, l)
				}
			}
		}
	}
	return to
}

// mentions reports whether the memory of a variable is part of what a node's
// expressions make: not where they only take an element or the length of it.
func (s *source) mentions(n ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && !s.carries(e) {
			return false
		}
		switch n := n.(type) {
		case *ast.IndexExpr:
			return false // an element of it
		case *ast.CallExpr:
			if tv := s.Info.Types[n.Fun]; tv.IsBuiltin() && text(n.Fun) != "append" {
				return false // its length
			}
		case *ast.Ident:
			found = found || s.object(n) == v
		}
		return !found
	})
	return found
}

func (f *function) result(v *types.Var) bool {
	sig := f.signature()
	if sig == nil {
		return false
	}
	for r := range sig.Results().Variables() {
		if r == v {
			return true
		}
	}
	return false
}

// appends are the appends that the compiler gives a line.
func (f *function) appends(line int) []*ast.CallExpr {
	var list []*ast.CallExpr
	for _, call := range f.calls[line] {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "append" && f.src.Info.Types[call.Fun].IsBuiltin() && len(call.Args) > 0 {
			list = append(list, call)
		}
	}
	return list
}

// mapStores are the maps that a line stores into.
func (f *function) mapStores(line int) []ast.Expr {
	var list []ast.Expr
	add := func(e ast.Expr) {
		if ix, ok := ast.Unparen(e).(*ast.IndexExpr); ok && f.src.pos(ix.Lbrack).Line == line {
			if _, ok := f.src.typeOf(ix.X).(*types.Map); ok {
				list = append(list, ix.X)
			}
		}
	}
	for n := range f.parents {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				add(l)
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
	}
	return list
}

// statements are the innermost statements and specifications that a line is part of.
func (f *function) statements(line int) []ast.Node {
	var list []ast.Node
	for n := range f.parents {
		switch n.(type) {
		case *ast.AssignStmt, *ast.ReturnStmt, *ast.ExprStmt, *ast.ValueSpec, *ast.SendStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt:
			if f.src.pos(n.Pos()).Line <= line && line <= f.src.pos(n.End()).Line {
				list = append(list, n)
			}
		}
	}
	return list
}

// dead reports a place that the constants among the parameters leave out: on the
// other side of a condition, or behind one whose body does not go on.
func (w *walk) dead(a act) bool {
	if a.scope == nil {
		return false
	}
	nodes := a.scope.fn.statements(a.Line)
	return len(nodes) > 0 && !slices.ContainsFunc(nodes, func(n ast.Node) bool { return !w.leftOut(a.scope, n) })
}

func (w *walk) leftOut(s *scope, n ast.Node) bool {
	for ; n != nil; n = s.fn.parents[n] {
		var list []ast.Stmt
		switch p := s.fn.parents[n].(type) {
		case *ast.IfStmt:
			if t := w.c.eval(s, p.Cond).truth; n == p.Body && t == no || n == p.Else && t == yes {
				return true
			}
		case *ast.BlockStmt:
			list = p.List
		case *ast.CaseClause:
			list = p.Body
		}
		for _, before := range list {
			if before == n {
				break
			}
			if i, ok := before.(*ast.IfStmt); ok && leaves(i.Body) && w.c.eval(s, i.Cond).truth == yes {
				return true
			}
		}
	}
	return false
}

// leaves reports a body that does not go on behind its end.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	}
	return false
}

// inLoop reports whether a loop goes around a place in any of its activations.
func (w *walk) inLoop(acts []act) bool {
	for _, a := range acts {
		if a.scope == nil {
			continue
		}
		var nodes []ast.Node
		if a.call != nil {
			nodes = []ast.Node{a.call}
		} else {
			nodes = a.scope.fn.statements(a.Line)
		}
		for _, n := range nodes {
			for p := n; p != nil; p = a.scope.fn.parents[p] {
				switch up := a.scope.fn.parents[p].(type) {
				case *ast.ForStmt:
					if p != up.Init {
						return true
					}
				case *ast.RangeStmt:
					if p == up.Body {
						return true
					}
				}
			}
		}
	}
	return false
}
