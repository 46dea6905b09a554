package expr

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"slices"
	"sync"

	"golang.org/x/tools/go/gcexportdata"

	"github.com/stackward-go/stackward/alloc"
)

// An Importer reads the types that packages export from their archives, for
// [Check]. It is safe for concurrent use.
//
// It is that of golang.org/x/tools, which reads what compilers later than the
// one that built this program write; that of go/importer does not.
type Importer struct {
	archive  func(path string) string // file of a package, "" none
	mu       sync.Mutex
	fset     *token.FileSet
	packages map[string]*types.Package
}

// NewImporter returns an Importer of the archives of one build.
func NewImporter(archive func(path string) string) *Importer {
	return &Importer{archive: archive, fset: token.NewFileSet(), packages: make(map[string]*types.Package)}
}

// Import implements [types.Importer]. Packages of the standard library import
// what is vendored there by its plain path.
func (i *Importer) Import(path string) (p *types.Package, err error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	file := i.archive(path)
	if file == "" {
		path = "vendor/" + path
		file = i.archive(path)
	}
	if file == "" {
		return nil, fmt.Errorf("reading types: no archive of package %s", path)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if p := i.packages[path]; p != nil && p.Complete() {
		return p, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading types: %w", err)
	}
	defer f.Close()
	defer func() {
		// A reader may refuse what it does not know so.
		if x := recover(); x != nil {
			p, err = nil, fmt.Errorf("reading types of package %s: %v", path, x)
		}
	}()
	//lint:ignore SA1019 there is no other reader of archives that are newer than this program
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("reading types: %w", err)
	}
	return gcexportdata.Read(r, i.fset, i.packages, path)
}

// Check gives the files of one package their types. It must come before any
// other use of them; the files must have been parsed with one file set. What
// cannot be typed (cgo's names, a package whose archive a later toolchain
// wrote) is left as syntax shows it.
func Check(path string, fset *token.FileSet, files []*File, imports types.Importer, goarch string) {
	info := &types.Info{
		Types:      make(map[ast.Expr]types.TypeAndValue),
		Defs:       make(map[*ast.Ident]types.Object),
		Uses:       make(map[*ast.Ident]types.Object),
		Implicits:  make(map[ast.Node]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
	}
	var trees []*ast.File
	for _, f := range files {
		if f.tree != nil {
			trees = append(trees, f.tree)
		}
	}
	sizes := types.SizesFor("gc", goarch)
	config := types.Config{
		Importer:    imports,
		FakeImportC: true,
		Sizes:       sizes,
		Error:       func(error) {}, // the compiler has accepted the package
	}
	config.Check(path, fset, trees, info)
	if slices.ContainsFunc(trees, usesCgo) {
		sizes = nil // of C's types nothing is known
	}
	for _, f := range files {
		f.info, f.sizes = info, sizes
		f.index()
		f.info = nil // the nodes hold what is needed of it
	}
}

func usesCgo(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"C"` })
}

// A Value is what type checking says of an expression's value, or of the
// object that it makes. The zero Value is that of a file without types.
type Value struct {
	// Type is its type with the names of packages, Path with their import
	// paths, as the linker writes it. Of a value with type parameters there is
	// only Type.
	Type, Path string
	// Size is that of the type in bytes, -1 where it depends on type parameters.
	Size int64
	// Word says how the value is boxed: "string", "slice", "pointer" (which the
	// interface holds itself), "" for any other.
	Word string
	// Constant reports that its value is known to the compiler.
	Constant bool
}

// Boxless reports a value that an interface holds without an allocation:
// constants and single bytes are in read-only tables, what has no size needs no
// memory, and a pointer is held itself (cmd/compile/internal/walk, dataWord).
func (v *Value) Boxless() bool {
	return v.Type != "" && (v.Constant || v.Size == 0 || v.Word == "pointer" || v.Size == 1)
}

// value makes the public form of what is known of a node's value.
func (f *File) value(n *node) (v Value) {
	t := n.typ
	if t == nil {
		return v
	}
	switch t := t.(type) {
	case *types.Tuple:
		return v
	case *types.Basic:
		if t.Info()&types.IsUntyped != 0 {
			return v // nil, or what stands for no value
		}
	}
	v.Constant = n.constant
	v.Type = types.TypeString(t, func(p *types.Package) string { return p.Name() })
	v.Size = -1
	if generic(t, 0) {
		return v
	}
	t = plain(t)
	v.Path = types.TypeString(t, func(p *types.Package) string {
		if p.Name() == "main" {
			return "main"
		}
		return p.Path()
	})
	if f.sizes != nil {
		v.Size = f.sizes.Sizeof(t)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			v.Word = "string"
		case u.Kind() == types.UnsafePointer:
			v.Word = "pointer"
		}
	case *types.Slice:
		v.Word = "slice"
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		v.Word = "pointer"
	case *types.Struct, *types.Array:
		if direct(t) {
			v.Word = "pointer"
		}
	}
	return v
}

// plain is a type without the aliases in its elements, which the linker does
// not know.
func plain(t types.Type) types.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return types.NewPointer(plain(t.Elem()))
	case *types.Slice:
		return types.NewSlice(plain(t.Elem()))
	case *types.Array:
		return types.NewArray(plain(t.Elem()), t.Len())
	case *types.Map:
		return types.NewMap(plain(t.Key()), plain(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), plain(t.Elem()))
	default:
		return t
	}
}

// direct reports a type whose one word is a pointer.
func direct(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Struct:
		return u.NumFields() == 1 && direct(u.Field(0).Type())
	case *types.Array:
		return u.Len() == 1 && direct(u.Elem())
	}
	return false
}

// generic reports whether a type holds type parameters, or what could not be
// typed.
func generic(t types.Type, depth int) bool {
	if depth > 20 {
		return false
	}
	switch t := t.(type) {
	case *types.TypeParam:
		return true
	case *types.Basic:
		return t.Kind() == types.Invalid
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if generic(a, depth+1) {
				return true
			}
		}
		// A type that a generic function declares.
		if o := t.Obj(); o.Pkg() != nil && o.Parent() != nil && o.Parent() != o.Pkg().Scope() {
			return generic(t.Underlying(), depth+1)
		}
	case *types.Alias:
		return generic(types.Unalias(t), depth+1)
	case *types.Pointer:
		return generic(t.Elem(), depth+1)
	case *types.Slice:
		return generic(t.Elem(), depth+1)
	case *types.Array:
		return generic(t.Elem(), depth+1)
	case *types.Chan:
		return generic(t.Elem(), depth+1)
	case *types.Map:
		return generic(t.Key(), depth+1) || generic(t.Elem(), depth+1)
	case *types.Struct:
		for v := range t.Fields() {
			if generic(v.Type(), depth+1) {
				return true
			}
		}
	case *types.Tuple:
		for v := range t.Variables() {
			if generic(v.Type(), depth+1) {
				return true
			}
		}
	case *types.Signature:
		return generic(t.Params(), depth+1) || generic(t.Results(), depth+1)
	}
	return false
}

// refine corrects what syntax alone says of a node, and notes the type of what
// it makes. It reports false for a node that types show not to be one.
func (w *walker) refine(n *node) bool {
	info := w.f.info
	if info == nil {
		return true
	}
	switch x := n.ast.(type) {
	case *ast.Ident:
		return w.ident(n, x)
	case *ast.IncDecStmt, *ast.GoStmt, *ast.DeferStmt, *ast.ReturnStmt:
		return true
	case *ast.AssignStmt:
		if n.kind != alloc.String {
			return true
		}
		n.typ = info.TypeOf(x.Lhs[0])
		return isString(n.typ)
	case ast.Expr:
		tv := info.Types[x]
		n.typ, n.constant = tv.Type, tv.Value != nil
		if isInvalid(n.typ) {
			n.typ = nil
			return true
		}
		return w.refineExpr(n, x)
	}
	return true
}

func isInvalid(t types.Type) bool { return t == nil || t == types.Typ[types.Invalid] }

// ident notes the type of a variable that is declared or used.
func (w *walker) ident(n *node, id *ast.Ident) bool {
	o := w.f.info.ObjectOf(id)
	if o == nil {
		return true
	}
	switch o := o.(type) {
	case *types.Const:
		n.constant = true
		n.typ = types.Default(o.Type())
	case *types.Var:
		n.typ = o.Type()
	case *types.TypeName, *types.PkgName, *types.Builtin, *types.Label, *types.Nil:
		return false
	default:
		n.typ = o.Type()
	}
	if isInvalid(n.typ) {
		n.typ = nil
	}
	return true
}

func (w *walker) refineExpr(n *node, x ast.Expr) bool {
	info := w.f.info
	u := under(n.typ)
	switch x := x.(type) {
	case *ast.BinaryExpr:
		if n.kind == alloc.String && (n.constant || u != nil && !isString(n.typ)) {
			n.kind = ""
		}
	case *ast.IndexExpr:
		if n.kind == alloc.MapGrowth {
			m := info.TypeOf(x.X)
			if _, ok := under(m).(*types.Map); !ok && under(m) != nil {
				return false
			}
			n.typ = m
		}
	case *ast.SelectorExpr:
		if s := info.Selections[x]; s != nil && s.Kind() == types.MethodVal && !w.called[x] {
			n.kind = alloc.Closure
		}
	case *ast.UnaryExpr:
		if n.kind == alloc.Composite {
			n.typ = elem(n.typ)
		}
	case *ast.CompositeLit:
		switch {
		case n.kind == alloc.Composite: // an element that may be a pointer
			if _, ok := n.typ.(*types.Pointer); !ok {
				return false
			}
			n.typ = elem(n.typ)
		case u != nil:
			n.kind = ofMade(u)
		}
	case *ast.CallExpr:
		return w.refineCall(n, x)
	}
	if b, ok := n.typ.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		n.typ = types.Default(n.typ)
	}
	return true
}

func (w *walker) refineCall(n *node, x *ast.CallExpr) bool {
	info := w.f.info
	fun := ast.Unparen(x.Fun)
	tv := info.Types[fun]
	switch {
	case tv.IsType():
		if n.kind == alloc.Variadic {
			return false
		}
		n.kind = ""
		if n.at != x.Lparen && !n.constant {
			n.kind = w.converts(x) // reported at its operand; its result, boxed, at the "("
		}
	case tv.IsBuiltin():
		if n.kind == alloc.Variadic {
			return false
		}
		if id, ok := fun.(*ast.Ident); ok {
			switch id.Name {
			case "make":
				if u := under(n.typ); u != nil {
					n.kind = ofMade(u)
				}
			case "new":
				n.typ = elem(n.typ)
			}
		}
	case n.kind == alloc.Variadic:
		sig, ok := under(tv.Type).(*types.Signature)
		if !ok {
			return true
		}
		if !sig.Variadic() || x.Ellipsis.IsValid() || len(x.Args) < sig.Params().Len() {
			return false
		}
		n.typ = sig.Params().At(sig.Params().Len() - 1).Type()
	case n.kind != "" && tv.Type != nil: // a function that hides a builtin
		n.kind = ""
	}
	return true
}

// converts is the kind of a call that types show to be a conversion which
// allocates.
func (w *walker) converts(x *ast.CallExpr) alloc.Kind {
	if w.f.info == nil || len(x.Args) != 1 {
		return ""
	}
	tv := w.f.info.Types[ast.Unparen(x.Fun)]
	if !tv.IsType() {
		return ""
	}
	return converts(under(w.f.info.TypeOf(x.Args[0])), under(tv.Type))
}

// converts is the kind of a conversion that builds a string, bytes or runes.
func converts(from, to types.Type) alloc.Kind {
	switch {
	case from == nil || to == nil:
		return ""
	case isText(from) && isString(to):
		return alloc.String
	case isString(from) && isText(to):
		return alloc.Bytes
	case isString(to) && !isString(from):
		return alloc.String // of one rune
	}
	return ""
}

// isText reports a slice of bytes or runes.
func isText(t types.Type) bool {
	s, ok := t.(*types.Slice)
	if !ok {
		return false
	}
	b, ok := under(s.Elem()).(*types.Basic)
	return ok && (b.Kind() == types.Byte || b.Kind() == types.Rune)
}

// ofMade is the kind of what make or a literal of a type makes.
func ofMade(u types.Type) alloc.Kind {
	switch u.(type) {
	case *types.Slice:
		return alloc.Slice
	case *types.Map:
		return alloc.Map
	case *types.Chan:
		return alloc.Chan
	}
	return ""
}

// under is a type's underlying type: of a type parameter, what all its types
// have in common; nil where they have nothing.
func under(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	p, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return t.Underlying()
	}
	var core types.Type
	iface := p.Constraint().Underlying().(*types.Interface)
	for e := range iface.EmbeddedTypes() {
		u, ok := types.Unalias(e).(*types.Union)
		if !ok {
			continue
		}
		for term := range u.Terms() {
			switch tu := term.Type().Underlying(); {
			case core == nil:
				core = tu
			case !types.Identical(core, tu):
				return nil
			}
		}
	}
	return core
}

func elem(t types.Type) types.Type {
	if p, ok := under(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func isString(t types.Type) bool {
	b, ok := under(t).(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
