package fix

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/stackward-go/stackward/alloc"
)

// A buffer is a variable that a statement declares with a new bytes.Buffer.
type buffer struct {
	v    *types.Var
	stmt inspector.Cursor
	made ast.Expr // a pointer to it, nil where the variable is the buffer itself
	typ  string   // "bytes.Buffer", as the file calls it
	// fill is what the statement does beside, as a method of a buffer: "Grow(64)".
	fill string
	// sites are what the declaration allocates if the buffer is on the heap, and
	// the use that makes it grow first.
	sites []Span
}

// buffer is the one that a statement of a list declares, nil for others.
func (p *pass) buffer(c inspector.Cursor) *buffer {
	if !listed(c) {
		return nil
	}
	id, typ, value := sole(c.Node())
	v, ok := p.TypesInfo.Defs[id].(*types.Var)
	if !ok || grouped(c.Node()) || typ != nil && value != nil {
		return nil
	}
	b := &buffer{v: v, stmt: c}
	if typ != nil {
		if !isBuffer(v.Type()) {
			return nil
		}
		b.typ = p.text(typ)
	} else if !p.makesBuffer(b, value) {
		return nil
	}
	if b.made == nil {
		b.sites = append(b.sites, Span{v.Pos(), v.Pos() + token.Pos(len(v.Name())), alloc.Variable})
	}
	return b
}

// makesBuffer reads the expression that makes a buffer.
func (p *pass) makesBuffer(b *buffer, e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		b.typ = p.text(e.Type)
		return isBuffer(p.TypesInfo.TypeOf(e)) && len(e.Elts) == 0
	case *ast.UnaryExpr:
		lit, ok := ast.Unparen(e.X).(*ast.CompositeLit)
		if !ok || e.Op != token.AND || !isBuffer(p.TypesInfo.TypeOf(lit)) || len(lit.Elts) > 0 {
			return false
		}
		b.made, b.typ, b.sites = e, p.text(lit.Type), []Span{span(e, alloc.Composite)}
		return true
	case *ast.CallExpr:
		if len(e.Args) != 1 {
			return false
		}
		if p.builtin(e) == "new" {
			b.made, b.typ, b.sites = e, p.text(e.Args[0]), []Span{span(e, alloc.New)}
			return p.TypesInfo.Types[e.Args[0]].IsType() && isBuffer(p.TypesInfo.TypeOf(e.Args[0]))
		}
		switch p.callee(e) {
		case "bytes.NewBuffer":
			if !p.room(b, e.Args[0]) {
				return false
			}
		case "bytes.NewBufferString":
			b.fill = "WriteString(" + p.text(e.Args[0]) + ")"
			if names(e.Args[0], b.v.Name()) {
				return false
			}
			if v := p.TypesInfo.Types[e.Args[0]].Value; v != nil && constant.StringVal(v) == "" {
				b.fill = ""
			}
		default:
			return false
		}
		pkg := ""
		if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
			pkg = p.text(sel.X) + "."
		}
		b.made, b.typ, b.sites = e, pkg+"Buffer", append(b.sites, span(e, ""))
		return true
	}
	return false
}

// room reads the memory that bytes.NewBuffer gets: none, or an empty slice of a
// capacity that cannot be negative.
func (p *pass) room(b *buffer, e ast.Expr) bool {
	if p.TypesInfo.Types[e].IsNil() {
		return true
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return len(e.Elts) == 0 && types.Identical(p.TypesInfo.TypeOf(e), byteSlice)
	case *ast.CallExpr:
		if p.builtin(e) != "make" || len(e.Args) < 2 || !types.Identical(p.TypesInfo.TypeOf(e), byteSlice) {
			return false
		}
		if n, ok := p.integer(e.Args[1]); !ok || n != 0 {
			return false
		}
		if len(e.Args) == 2 {
			return true
		}
		size := e.Args[2]
		if n, ok := p.integer(size); ok && (n < 0 || n > maxPooled) || !p.amountOf(size) || names(size, b.v.Name()) {
			return false
		}
		b.fill = "Grow(" + p.asInt(size) + ")"
		b.sites = append(b.sites, span(e, alloc.Slice))
		return true
	}
	return false
}

// amountOf reports whether an integer is a constant, a length, or a sum of such:
// it is not negative, and to evaluate it calls nothing.
func (p *pass) amountOf(e ast.Expr) bool {
	e = ast.Unparen(e)
	if n, ok := p.integer(e); ok {
		return n >= 0
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return e.Op == token.ADD && p.amountOf(e.X) && p.amountOf(e.Y)
	case *ast.CallExpr:
		return p.builtin(e) == "len" && p.quiet(e)
	}
	return false
}

func isBuffer(t types.Type) bool { return isNamed(t, "bytes.Buffer") }

// isNamed reports whether a type is one of these, "import/path.Name".
func isNamed(t types.Type, list ...string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && slices.Contains(list, named.Obj().Pkg().Path()+"."+named.Obj().Name())
}

// A holder follows a buffer to whoever may hold it, or memory of it.
type holder struct {
	*pass
	root  *types.Var
	seen  map[*types.Var]bool
	calls []*ast.CallExpr // that root is used by
	views []view
}

// A view is an expression that holds memory of the buffer while it is
// evaluated. How that changes when the buffer is written to depends on its
// capacity.
type view struct {
	in   ast.Expr
	from *ast.Ident // the method's name
}

// outlives says who may have a buffer or its memory when its function returns, or
// how its capacity can be seen, "" if neither is so: one that was used before
// and reset is as good then. grows are the calls that may make it grow.
func (p *pass) outlives(b *buffer) (grows []*ast.CallExpr, why string) {
	h := &holder{pass: p, root: b.v, seen: make(map[*types.Var]bool)}
	for _, c := range p.uses(b.v) {
		if p.stored(c) {
			return nil, b.v.Name() + " is assigned"
		}
	}
	if why := h.variable(b.v, nil); why != "" {
		return nil, why
	}
	for _, w := range h.views {
		if h.writesIn(w) {
			return nil, h.text(w.in) + " uses the buffer's memory while the buffer changes"
		}
	}
	slices.SortFunc(h.calls, func(a, b *ast.CallExpr) int { return cmp.Compare(a.Pos(), b.Pos()) })
	return slices.Compact(h.calls), ""
}

// variable says who may keep what a variable holds: a buffer, a pointer to one,
// an interface that holds that, or, with methods, a writer of those that writes
// to one.
func (h *holder) variable(v *types.Var, methods []string) string {
	if h.seen[v] {
		return ""
	}
	h.seen[v] = true
	for _, c := range h.uses(v) {
		for up := range c.Enclosing((*ast.FuncLit)(nil), (*ast.GoStmt)(nil), (*ast.DeferStmt)(nil)) {
			if n := up.Node(); n.Pos() <= v.Pos() && v.Pos() < n.End() {
				break
			}
			switch up.Node().(type) {
			case *ast.FuncLit:
				return h.says(c, "uses %s in a function literal", v.Name())
			case *ast.GoStmt:
				return h.says(c, "starts a goroutine that uses %s", v.Name())
			default:
				return h.says(c, "defers a call that uses %s", v.Name())
			}
		}
		why := ""
		if methods != nil {
			why = h.writer(c, methods)
		} else {
			why = h.use(c)
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// says tells of a use.
func (h *holder) says(c inspector.Cursor, format string, args ...any) string {
	return fmt.Sprintf("line %d "+format, append([]any{h.lineOf(c)}, args...)...)
}

// use is that of a variable.
func (h *holder) use(c inspector.Cursor) string {
	whole := isBuffer(h.TypesInfo.TypeOf(c.Node().(ast.Expr)))
	id := c
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	switch up := c.Parent(); {
	case c.ParentEdgeKind() == edge.SelectorExpr_X:
		return h.method(up, h.of(id))
	case !whole:
		return h.pointer(c, h.of(id))
	case c.ParentEdgeKind() == edge.UnaryExpr_X && up.Node().(*ast.UnaryExpr).Op == token.AND:
		return h.pointer(up, h.of(id))
	}
	return h.says(c, "copies %s", h.text(id.Node()))
}

// of reports whether an identifier names the buffer's own variable.
func (h *holder) of(id inspector.Cursor) bool {
	return h.TypesInfo.Uses[id.Node().(*ast.Ident)] == h.root
}

// pointer is a use of a pointer to the buffer, or of an interface that holds it.
func (h *holder) pointer(c inspector.Cursor, own bool) string {
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	up := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.SelectorExpr_X:
		return h.method(up, own)
	case edge.CallExpr_Args:
		return h.argument(up, c, own)
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		if n := up.Node().(*ast.BinaryExpr); h.TypesInfo.Types[n.X].IsNil() || h.TypesInfo.Types[n.Y].IsNil() {
			return ""
		}
		return h.says(c, "compares %s", h.text(c.Node()))
	case edge.AssignStmt_Lhs:
		return "" // it holds something else then
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		if v := h.declared(c); v != nil {
			return h.variable(v, nil)
		}
	case edge.ReturnStmt_Results:
		return h.says(c, "returns %s", h.text(c.Node()))
	}
	return h.says(c, "stores %s", h.text(c.Node()))
}

// declared is the variable that a statement declares with the value at c and
// nothing else, nil if it does not.
func (h *holder) declared(c inspector.Cursor) *types.Var {
	var id *ast.Ident
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE || len(n.Lhs) != 1 {
			return nil
		}
		id = n.Lhs[0].(*ast.Ident)
	case *ast.ValueSpec:
		if len(n.Names) != 1 {
			return nil
		}
		id = n.Names[0]
	}
	v, _ := h.TypesInfo.Defs[id].(*types.Var)
	return v
}

// argument is a call that is given the buffer.
func (h *holder) argument(call, c inspector.Cursor, own bool) string {
	n := call.Node().(*ast.CallExpr)
	fn := h.static(n)
	i := c.ParentEdgeIndex()
	if fn == nil {
		return h.says(c, "hands %s to %s, which may keep it", h.text(c.Node()), h.text(n.Fun))
	}
	name := fn.FullName()
	if own && writesTo(name) {
		h.calls = append(h.calls, n)
	}
	if at, ok := borrowers[name]; ok && at == i {
		return ""
	}
	if m, ok := wrappers[name]; ok && m.at == i {
		return h.wrapped(call, m.methods)
	}
	if name == "io.Copy" && len(n.Args) == 2 && keepsNoBytes(h.TypesInfo.TypeOf(n.Args[1-i])) {
		return ""
	}
	return h.handed(fn, n, c, own)
}

// handed is a function of the package that is given the buffer.
func (h *holder) handed(fn *types.Func, call *ast.CallExpr, c inspector.Cursor, own bool) string {
	fn = fn.Origin()
	decl := h.declaration(fn)
	sig := fn.Signature()
	i := c.ParentEdgeIndex()
	switch {
	case decl == nil || decl.Body == nil,
		call.Ellipsis.IsValid(), i >= sig.Params().Len(), sig.Variadic() && i == sig.Params().Len()-1:
		return h.says(c, "hands %s to %s, which may keep it", h.text(c.Node()), h.text(call.Fun))
	case h.mentioned(fn.Name()):
		return "a file that is not part of this build names " + fn.Name()
	}
	if own {
		h.calls = append(h.calls, call)
	}
	v := sig.Params().At(i)
	if v.Name() == "" || v.Name() == "_" {
		return ""
	}
	if why := h.variable(v, nil); why != "" {
		return h.says(c, "hands %s to %s, and %s", h.text(c.Node()), fn.Name(), why)
	}
	return ""
}

// static is the function that a call calls, nil if that is found only when it
// is called.
func (h *holder) static(call *ast.CallExpr) *types.Func {
	if f, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if sel := h.TypesInfo.Selections[f]; sel != nil && sel.Kind() == types.MethodExpr {
			return nil // its receiver is an argument
		}
	}
	return typeutil.StaticCallee(h.TypesInfo, call)
}

// wrapped is a writer that writes to the buffer: made and used in place, or a
// variable's.
func (h *holder) wrapped(call inspector.Cursor, methods []string) string {
	switch call.ParentEdgeKind() {
	case edge.SelectorExpr_X:
		return h.writer(call, methods)
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		if v := h.declared(call); v != nil {
			return h.variable(v, methods)
		}
	}
	return h.says(call, "makes a writer of it that others may keep")
}

// writer is a use of such a writer.
func (h *holder) writer(c inspector.Cursor, methods []string) string {
	up := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.SelectorExpr_X:
		name := up.Node().(*ast.SelectorExpr).Sel.Name
		for _, m := range methods {
			if m == name && (up.ParentEdgeKind() == edge.CallExpr_Fun || h.TypesInfo.Selections[up.Node().(*ast.SelectorExpr)].Kind() == types.FieldVal) {
				return ""
			}
		}
	case edge.CallExpr_Args:
		if fn := h.static(up.Node().(*ast.CallExpr)); fn != nil {
			if at, ok := borrowers[fn.FullName()]; ok && at == c.ParentEdgeIndex() {
				return ""
			}
		}
	}
	return h.says(c, "uses %s, which writes to the buffer, in a way that may keep it", h.text(c.Node()))
}

// method is a method of the buffer, or of an interface that holds it.
func (h *holder) method(c inspector.Cursor, own bool) string {
	sel := c.Node().(*ast.SelectorExpr)
	name := sel.Sel.Name
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	s := h.TypesInfo.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || c.ParentEdgeKind() != edge.CallExpr_Fun {
		return h.says(c, "uses %s as a value", h.text(sel))
	}
	call := c.Parent()
	n := call.Node().(*ast.CallExpr)
	switch name {
	case "Write", "WriteString", "WriteByte", "WriteRune", "Grow":
		if own {
			h.calls = append(h.calls, n)
		}
		return ""
	case "Len", "String", "Reset", "Truncate", "UnreadByte", "UnreadRune",
		"Read", "ReadByte", "ReadRune", "ReadBytes", "ReadString": // copies, bytes/buffer.go
		return ""
	case "ReadFrom", "WriteTo":
		if own && name == "ReadFrom" {
			h.calls = append(h.calls, n)
		}
		if len(n.Args) == 1 && keepsNoBytes(h.TypesInfo.TypeOf(n.Args[0])) {
			return ""
		}
		return h.says(c, "gives the buffer's memory to %s, which may keep it", h.text(n.Args[0]))
	case "Bytes", "Next":
		return h.memory(call, sel.Sel)
	case "AvailableBuffer":
		return h.available(call, sel.Sel)
	}
	return h.says(c, "calls %s, which may depend on the buffer's capacity or keep it", name)
}

// keepsNoBytes reports whether a type's Read and Write keep nothing of the
// slice that they are given, and do not depend on its capacity.
func keepsNoBytes(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(ptr.Elem(), "os.File", "strings.Reader", "bytes.Reader", "strings.Builder")
}

// available is b.Write(strconv.AppendInt(b.AvailableBuffer(), n, 10)), which
// writes the same whatever is available.
func (h *holder) available(call inspector.Cursor, name *ast.Ident) string {
	up := call.Parent()
	if call.ParentEdgeKind() == edge.CallExpr_Args && call.ParentEdgeIndex() == 0 && up.ParentEdgeKind() == edge.CallExpr_Args {
		to, ok := up.Parent().Node().(*ast.CallExpr)
		sel, isMethod := ast.Unparen(to.Fun).(*ast.SelectorExpr)
		recv := call.Node().(*ast.CallExpr).Fun.(*ast.SelectorExpr).X
		if ok && isMethod && sel.Sel.Name == "Write" && h.text(sel.X) == h.text(recv) && h.plainPath(recv) &&
			strings.HasPrefix(h.callee(up.Node().(*ast.CallExpr)), "strconv.Append") {
			h.views = append(h.views, view{up.Node().(*ast.CallExpr), name})
			return ""
		}
	}
	return h.says(call, "uses memory that may be available or not")
}

// memory is what Bytes or Next gives, which has to be read where it stands.
func (h *holder) memory(c inspector.Cursor, method *ast.Ident) string {
	at := c
	for {
		up := c.Parent()
		switch c.ParentEdgeKind() {
		case edge.ParenExpr_X:
			c = up
			continue
		case edge.SliceExpr_X:
			if s := up.Node().(*ast.SliceExpr); s.High == nil && s.Max == nil {
				c = up
				continue
			}
			return h.says(at, "slices %s, maybe up to its capacity", h.text(at.Node()))
		case edge.IndexExpr_X:
			if k := up.ParentEdgeKind(); k == edge.UnaryExpr_X && up.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				break
			}
			return h.view(up, method)
		case edge.ExprStmt_X:
			return ""
		case edge.CallExpr_Args:
			if h.onlyReads(up.Node().(*ast.CallExpr), c.ParentEdgeIndex()) {
				return h.view(up, method)
			}
		}
		return h.says(at, "lets %s out", h.text(at.Node()))
	}
}

// view notes an expression that reads the buffer's memory, with all that is
// evaluated together with it.
func (h *holder) view(c inspector.Cursor, method *ast.Ident) string {
	e := c.Node().(ast.Expr)
	for {
		up, ok := c.Parent().Node().(ast.Expr)
		if _, lit := up.(*ast.FuncLit); !ok || lit {
			break
		}
		e, c = up, c.Parent()
	}
	h.views = append(h.views, view{e, method})
	return ""
}

// writesIn reports whether an expression uses the buffer in another way than to
// read all of it.
func (h *holder) writesIn(w view) (found bool) {
	ast.Inspect(w.in, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			switch n.Sel.Name {
			case "Bytes", "String", "Len":
				if id, ok := ast.Unparen(n.X).(*ast.Ident); ok && h.TypesInfo.Selections[n] != nil && h.holds(id) {
					return false
				}
			}
			if n.Sel == w.from {
				return false
			}
		case *ast.Ident:
			found = found || h.holds(n)
		}
		return !found
	})
	return found
}

func (h *holder) holds(id *ast.Ident) bool {
	v, ok := h.TypesInfo.Uses[id].(*types.Var)
	return ok && h.seen[v.Origin()]
}

// onlyReads reports whether a call does nothing with a slice that it is given
// but to read it: not even nil from empty does it tell.
func (h *holder) onlyReads(call *ast.CallExpr, i int) bool {
	if tv := h.TypesInfo.Types[call.Fun]; tv.IsType() {
		return isString(tv.Type)
	}
	switch h.builtin(call) {
	case "len":
		return true
	case "copy":
		return i == 1
	case "append":
		return i > 0 && call.Ellipsis.IsValid()
	case "":
	default:
		return false
	}
	fn := h.static(call)
	if fn == nil {
		return false
	}
	name := fn.FullName()
	if pkg, short, _ := cutLast(name, "."); pkg == "bytes" {
		return twins[short] != "" || short == "Equal"
	}
	at, ok := byteReaders[name]
	return ok && at == i
}
