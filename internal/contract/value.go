package contract

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A value is what is known of what an expression may stand for.
type value struct {
	// lasting reports memory that outlives the call under contract, reached through
	// what its caller or a package holds: what grows there has grown for good.
	lasting bool
	// outside reports that it may be something that is not seen here.
	outside bool
	funcs   []*closure   // the functions that it may be
	types   []types.Type // the types that it may hold, as an interface
	truth   truth
	// neutral is set of what a variable holds while it is being evaluated, nothing
	// but what else is assigned to it: it is the variable.
	neutral *types.Var
}

// part is what an element, a field or an extension of a value is.
func (v value) part() value {
	if v.neutral != nil {
		return v
	}
	return value{lasting: v.lasting, outside: true}
}

// A truth is what is known of a boolean.
type truth int8

const (
	either truth = iota
	no
	yes
)

// A closure is a function value.
type closure struct {
	fn    *function // in the source, nil of one that is only known by name
	scope *scope    // that the literal stands in
	decl  *types.Func
	recv  value // of a method value
	expr  bool  // a method expression: the receiver is its first argument
	body  bool  // the body of a loop over a function, which is looked at with the loop
}

// A scope is what a function's parameters stand for in one call of it.
type scope struct {
	fn     *function
	params map[*types.Var]value
	outer  *scope // of a literal
	targs  map[*types.TypeParam]types.Type
	busy   map[*types.Var]bool // being evaluated
	depth  int                 // of calls whose results are looked at
	from   *scope              // that asks for the result
}

// recursion is what is neutral where a function returns its own result.
var recursion = types.NewVar(token.NoPos, nil, "", nil)

func join(a, b value) value {
	switch {
	case a.neutral != nil:
		return b
	case b.neutral != nil:
		return a
	}
	return value{
		lasting: a.lasting && b.lasting, outside: a.outside || b.outside,
		funcs: union(a.funcs, b.funcs, func(x, y *closure) bool { return x.key() == y.key() }),
		types: union(a.types, b.types, types.Identical),
		truth: both(a.truth, b.truth),
	}
}

func both(a, b truth) truth {
	if a == b {
		return a
	}
	return either
}

func union[T any](a, b []T, same func(x, y T) bool) []T {
	out := slices.Clip(a)
	for _, y := range b {
		if !slices.ContainsFunc(out, func(x T) bool { return same(x, y) }) {
			out = append(out, y)
		}
	}
	return out
}

// key tells values apart that mean different things.
func (v value) key() string {
	var parts []string
	if v.lasting {
		parts = append(parts, "lasting")
	}
	if v.outside {
		parts = append(parts, "outside")
	}
	if v.truth != either {
		parts = append(parts, fmt.Sprint(v.truth == yes))
	}
	for _, f := range v.funcs {
		parts = append(parts, f.key())
	}
	for _, t := range v.types {
		parts = append(parts, types.TypeString(t, nil))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (c *closure) key() string {
	if c.body {
		return "body"
	}
	if c.fn != nil && c.fn.lit != nil {
		return fmt.Sprintf("%s:%v(%s)", c.fn.src.Path, c.fn.src.Fset.Position(c.fn.lit.Pos()), c.scope.key())
	}
	return c.decl.FullName() + "(" + c.recv.key() + ")"
}

func (s *scope) key() string {
	if s == nil {
		return ""
	}
	var parts []string
	for p, v := range s.params {
		if k := v.key(); k != "" {
			parts = append(parts, p.Name()+"="+k)
		}
	}
	for p, t := range s.targs {
		parts = append(parts, p.Obj().Name()+":"+types.TypeString(t, nil))
	}
	slices.Sort(parts)
	return strings.Join(parts, ";")
}

// root is the scope of a function under contract: what it is handed is the
// caller's.
func (c *Checker) root(fn *function) *scope {
	s := &scope{fn: fn, params: make(map[*types.Var]value)}
	for v := range params(fn) {
		s.params[v] = value{lasting: true, outside: true}
	}
	if fn.outer != nil {
		s.outer = c.root(fn.outer) // what it captures
	}
	return s
}

// params yields a function's receiver and parameters.
func params(fn *function) func(func(*types.Var) bool) {
	return func(yield func(*types.Var) bool) {
		sig := fn.signature()
		if sig == nil {
			return
		}
		if r := sig.Recv(); r != nil && !yield(r) {
			return
		}
		for v := range sig.Params().Variables() {
			if !yield(v) {
				return
			}
		}
	}
}

// bind is the scope of a callee in a call. recv is what a closure has bound.
func (c *Checker) bind(from *scope, call *ast.CallExpr, fn *function, cl *closure) *scope {
	s := &scope{fn: fn, params: make(map[*types.Var]value), targs: make(map[*types.TypeParam]types.Type)}
	if cl != nil {
		s.outer = cl.scope
	}
	sig := fn.signature()
	if from == nil || call == nil || sig == nil {
		for v := range params(fn) {
			s.params[v] = value{outside: true}
		}
		if from != nil && sig != nil && sig.Params().Len() == 1 { // a loop calls it, with its body
			if _, ok := sig.Params().At(0).Type().Underlying().(*types.Signature); ok {
				s.params[sig.Params().At(0)] = value{funcs: []*closure{{body: true}}}
			}
		}
		return s
	}
	src := from.fn.src
	args := call.Args
	if r := sig.Recv(); r != nil {
		switch sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); {
		case cl != nil && cl.decl != nil && !cl.expr:
			s.params[r] = cl.recv
		case ok && src.Info.Selections[sel] != nil && src.Info.Selections[sel].Kind() == types.MethodVal:
			_, pointer := r.Type().Underlying().(*types.Pointer)
			_, already := src.typeOf(sel.X).(*types.Pointer)
			if pointer && !already {
				s.params[r] = value{lasting: c.place(from, sel.X), outside: true}
			} else {
				s.params[r] = c.eval(from, sel.X)
			}
			c.receiverTypes(s, sig, src.Info.TypeOf(sel.X), from)
		case len(args) > 0: // a method expression
			s.params[r] = c.eval(from, args[0])
			args = args[1:]
		default:
			s.params[r] = value{outside: true}
		}
	}
	n := sig.Params().Len()
	for i := range n {
		p := sig.Params().At(i)
		switch {
		case sig.Variadic() && i == n-1 && !call.Ellipsis.IsValid():
			v := value{outside: len(args) > i}
			s.params[p] = v // a slice made for the call
		case i < len(args) && len(args) >= n-1:
			s.params[p] = c.arg(from, args[i], p.Type())
		default: // f(g()) of several results
			s.params[p] = value{outside: true}
		}
	}
	c.typeArgs(s, call, from)
	return s
}

// arg is an argument's value, as a parameter of a type.
func (c *Checker) arg(from *scope, e ast.Expr, param types.Type) value {
	v := c.eval(from, e)
	if !types.IsInterface(param) {
		return v
	}
	if _, ok := types.Unalias(param).(*types.TypeParam); ok {
		return v
	}
	return from.held(v, from.fn.src.Info.TypeOf(e))
}

// held is a value as an interface holds it.
func (s *scope) held(v value, t types.Type) value {
	if t == nil {
		return v
	}
	if b, ok := t.(*types.Basic); ok && b.Kind() == types.UntypedNil {
		return value{}
	}
	t = s.actual(t)
	if types.IsInterface(t) {
		return v
	}
	return value{lasting: v.lasting, types: []types.Type{types.Default(t)}}
}

// actual is a type with the type parameters that are known replaced.
func (s *scope) actual(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		for at := s; at != nil; at = at.outer {
			if a := at.targs[p]; a != nil {
				return a
			}
		}
	}
	return t
}

// typeArgs notes the type arguments of a call.
func (c *Checker) typeArgs(s *scope, call *ast.CallExpr, from *scope) {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = ast.Unparen(x.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(x.X)
	}
	var id *ast.Ident
	switch x := fun.(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	}
	if id == nil {
		return
	}
	list := from.fn.src.Info.Instances[id].TypeArgs
	sig := s.fn.signature()
	if list == nil || sig.TypeParams() == nil || sig.TypeParams().Len() != list.Len() {
		return
	}
	for i := range list.Len() {
		s.targs[sig.TypeParams().At(i)] = from.actual(list.At(i))
	}
}

// receiverTypes notes the type arguments of a method's receiver.
func (c *Checker) receiverTypes(s *scope, sig *types.Signature, t types.Type, from *scope) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.TypeArgs() == nil || sig.RecvTypeParams() == nil || n.TypeArgs().Len() != sig.RecvTypeParams().Len() {
		return
	}
	for i := range n.TypeArgs().Len() {
		s.targs[sig.RecvTypeParams().At(i)] = from.actual(n.TypeArgs().At(i))
	}
}

// maxDepth bounds how many calls deep a result is looked for.
const maxDepth = 8

// eval is what an expression may stand for in a scope.
func (c *Checker) eval(s *scope, e ast.Expr) value {
	unknown := value{outside: true}
	if s == nil {
		return unknown
	}
	src := s.fn.src
	if tv, ok := src.Info.Types[e]; ok && (tv.IsNil() || tv.Value != nil) {
		return value{truth: truthOf(tv.Value)}
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		switch o := src.object(e).(type) {
		case *types.Var:
			return c.variable(s, o)
		case *types.Func:
			return value{funcs: []*closure{c.declared(o, value{})}}
		}
	case *ast.FuncLit:
		return value{funcs: []*closure{{fn: src.funcs[e], scope: s}}}
	case *ast.SelectorExpr:
		sel := src.Info.Selections[e]
		if sel == nil { // of another package
			switch o := src.Info.Uses[e.Sel].(type) {
			case *types.Var:
				return value{lasting: true, outside: true}
			case *types.Func:
				return value{funcs: []*closure{c.declared(o, value{})}}
			}
			return unknown
		}
		switch sel.Kind() {
		case types.FieldVal:
			return c.eval(s, e.X).part()
		case types.MethodVal:
			if f := sel.Obj().(*types.Func); !abstract(f) {
				return value{funcs: []*closure{c.declared(f, c.eval(s, e.X))}}
			}
		case types.MethodExpr:
			if f := sel.Obj().(*types.Func); !abstract(f) {
				cl := c.declared(f, value{outside: true})
				cl.expr = true
				return value{funcs: []*closure{cl}}
			}
		}
	case *ast.IndexExpr:
		if src.Info.Types[e.X].IsValue() {
			return c.eval(s, e.X).part()
		}
		return c.eval(s, e.X) // an instance
	case *ast.IndexListExpr:
		return c.eval(s, e.X)
	case *ast.SliceExpr:
		if e.Slice3 { // there is no room behind it
			return unknown
		}
		if _, array := src.typeOf(e.X).(*types.Array); array {
			return value{lasting: c.place(s, e.X), outside: true}
		}
		return c.eval(s, e.X).part()
	case *ast.StarExpr:
		return c.eval(s, e.X).part()
	case *ast.UnaryExpr:
		switch e.Op {
		case token.AND:
			return value{lasting: c.place(s, e.X), outside: true}
		case token.NOT:
			switch c.eval(s, e.X).truth {
			case yes:
				return value{truth: no}
			case no:
				return value{truth: yes}
			}
		}
	case *ast.BinaryExpr:
		sure := map[token.Token]truth{token.LAND: no, token.LOR: yes}[e.Op]
		if sure == either {
			break
		}
		x, y := c.eval(s, e.X).truth, c.eval(s, e.Y).truth
		switch {
		case x == sure || y == sure:
			return value{truth: sure}
		case x != either && y != either:
			return value{truth: y}
		}
	case *ast.TypeAssertExpr:
		v := c.eval(s, e.X)
		return value{lasting: v.lasting, outside: true, types: v.types}
	case *ast.CallExpr:
		return c.result(s, e, -1)
	}
	return unknown
}

func truthOf(v constant.Value) truth {
	switch {
	case v == nil || v.Kind() != constant.Bool:
		return either
	case constant.BoolVal(v):
		return yes
	}
	return no
}

// place reports whether an operand whose address is taken lies in lasting memory.
func (c *Checker) place(s *scope, e ast.Expr) bool {
	if s == nil {
		return false
	}
	src := s.fn.src
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := src.object(e).(*types.Var)
		return ok && global(v)
	case *ast.SelectorExpr:
		if src.Info.Selections[e] == nil {
			return true // of another package
		}
		if _, ok := src.typeOf(e.X).(*types.Pointer); ok {
			return c.eval(s, e.X).lasting
		}
		return c.place(s, e.X)
	case *ast.IndexExpr:
		if _, ok := src.typeOf(e.X).(*types.Array); ok {
			return c.place(s, e.X)
		}
		return c.eval(s, e.X).lasting
	case *ast.StarExpr:
		return c.eval(s, e.X).lasting
	}
	return false
}

func global(v *types.Var) bool { return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() }

// variable is what a variable may hold: all that is assigned to it.
func (c *Checker) variable(s *scope, v *types.Var) value {
	if global(v) {
		return value{lasting: true, outside: true}
	}
	if v.IsField() {
		return value{outside: true}
	}
	var out value
	seen, again := false, false
	for at := s; at != nil; at = at.outer {
		if p, ok := at.params[v]; ok {
			out, seen, s = p, true, at
			break
		}
	}
	home := s.fn.src
	if home.addrs[v] {
		return value{outside: true}
	}
	if s.busy == nil {
		s.busy = make(map[*types.Var]bool)
	}
	if s.busy[v] {
		return value{neutral: v}
	}
	s.busy[v] = true
	defer delete(s.busy, v)
	for _, o := range home.vars[v] {
		next := value{outside: true}
		switch {
		case o.zero:
			next = value{}
		case o.from == nil:
		case o.elem:
			next = c.eval(s, o.from).part()
		case o.tuple >= 0:
			if call, ok := ast.Unparen(o.from).(*ast.CallExpr); ok {
				next = c.result(s, call, o.tuple)
			} else if o.tuple == 0 {
				next = c.eval(s, o.from)
			} else {
				next = value{}
			}
		default:
			next = c.eval(s, o.from)
		}
		if types.IsInterface(v.Type()) && o.from != nil && o.tuple < 0 && !o.elem {
			next = s.held(next, home.Info.TypeOf(o.from))
		}
		next.lasting = next.lasting || c.makesRoom(s, v, o.from)
		switch {
		case next.neutral == v:
			again = true
		case seen:
			out = join(out, next)
		default:
			out, seen = next, true
		}
	}
	switch {
	case !seen && again:
		return value{} // a result that grows from nothing
	case !seen:
		return value{outside: true} // what a literal's scope is not known for
	}
	return out
}

// result is what a call returns: of results the nth, or the only one for -1.
func (c *Checker) result(s *scope, call *ast.CallExpr, nth int) value {
	unknown := value{outside: true}
	src := s.fn.src
	if tv := src.Info.Types[call.Fun]; tv.IsType() {
		if len(call.Args) == 1 {
			v := c.eval(s, call.Args[0])
			if types.IsInterface(tv.Type) {
				return s.held(v, src.Info.TypeOf(call.Args[0]))
			}
			return v
		}
		return unknown
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && src.Info.Types[call.Fun].IsBuiltin() {
		if id.Name == "append" && len(call.Args) > 0 {
			return c.eval(s, call.Args[0]).part()
		}
		return unknown
	}
	f := src.callee(call)
	if f == nil || abstract(f) {
		return unknown
	}
	if isPool(f) && f.Name() == "Get" {
		return value{lasting: true, outside: true}
	}
	if s.depth >= maxDepth {
		return unknown
	}
	fn := c.function(f)
	if fn == nil || fn.decl.Body == nil {
		return unknown
	}
	in := c.bind(s, call, fn, nil)
	in.depth, in.from = s.depth+1, s
	for at := s; at != nil; at = at.from {
		if at.fn == fn && at.key() == in.key() {
			return value{neutral: recursion} // nothing but what it returns otherwise
		}
	}
	var out value
	seen := false
	ast.Inspect(fn.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			next := unknown
			i := max(nth, 0)
			if sig := fn.signature(); len(n.Results) == 0 && i < sig.Results().Len() {
				next = c.variable(in, sig.Results().At(i))
			} else if i < len(n.Results) && (len(n.Results) > 1 || nth <= 0) {
				next = c.eval(in, n.Results[i])
				if sig := fn.signature(); i < sig.Results().Len() && types.IsInterface(sig.Results().At(i).Type()) {
					next = in.held(next, fn.src.Info.TypeOf(n.Results[i]))
				}
			}
			if tv, ok := fn.src.Info.Types[firstOr(n.Results, i)]; ok && tv.IsNil() {
				return true // nil with an error
			}
			if seen {
				out = join(out, next)
			} else {
				out, seen = next, true
			}
		}
		return true
	})
	if !seen {
		return unknown
	}
	return out
}

func firstOr(list []ast.Expr, i int) ast.Expr {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func isPool(f *types.Func) bool { return method(f, "sync", "Pool") }

// method reports a method of a type of the standard library.
func method(f *types.Func, path, typ string) bool {
	p, name := nameOf(f)
	return p == path && strings.HasPrefix(name, "(*"+typ+").")
}

// declared is the function value of a declared function.
func (c *Checker) declared(f *types.Func, recv value) *closure {
	return &closure{fn: c.function(f), decl: f.Origin(), recv: recv}
}

// function is a declared function in the source, nil where there is none.
func (c *Checker) function(f *types.Func) *function {
	path, name := nameOf(f)
	if path == "" {
		return nil
	}
	s := c.source(path)
	if s == nil {
		return nil
	}
	return s.decls[name]
}
