package flow

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

// A Program is a compiled program, able to say what a dynamic call may mean.
//
// Every type of the packages that were asked for and every type that a
// dependency exports counts, whether or not the program converts it to the
// interface: a longer list than what can happen, and with the packages asked
// for first. Types that a dependency keeps to itself, generic types and types
// declared in functions are not in it.
type Program struct {
	packages map[string]Package // by import path
	homes    map[string]string  // import paths, by file
	read     func(file string) ([]byte, error)

	mu      sync.Mutex
	fset    *token.FileSet
	imports map[string]*types.Package // as far as they were read from exports
	types   map[string]*types.Package // nil for one that cannot be read
	checked map[string]*source        // by import path
}

// A Package is a package of a compiled program.
type Package struct {
	ImportPath string
	Asked      bool     // rather than a dependency
	Export     string   // the file that the compiler wrote, "" if there is none
	GoFiles    []string // absolute
}

// A source is a package type-checked from its files.
type source struct {
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
}

// A Checked is a package type-checked from its files, with comments. What errors
// leave out is missing from it.
type Checked struct {
	Path  string
	Fset  *token.FileSet
	Files []*ast.File
	Info  *types.Info
	Types *types.Package
}

// Check type-checks a package from its files, nil if it is not part of the
// program. The result is not kept.
func (p *Program) Check(path string) *Checked {
	p.mu.Lock()
	defer p.mu.Unlock()
	info := &types.Info{
		Types:      make(map[ast.Expr]types.TypeAndValue),
		Instances:  make(map[*ast.Ident]types.Instance),
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
		Implicits:  make(map[ast.Node]types.Object),
		Uses:       make(map[*ast.Ident]types.Object),
		Defs:       make(map[*ast.Ident]types.Object),
	}
	s, t, err := p.checkInto(path, info, parser.ParseComments)
	if err != nil {
		return nil
	}
	return &Checked{path, s.fset, s.files, info, t}
}

// NewProgram returns a Program of packages, which must hold all dependencies of
// those asked for. It reads of them what it is asked about. read returns a source
// file's text.
func NewProgram(packages []Package, read func(file string) ([]byte, error)) *Program {
	p := &Program{
		read:     read,
		packages: make(map[string]Package, len(packages)),
		homes:    make(map[string]string),
		fset:     token.NewFileSet(),
		imports:  make(map[string]*types.Package),
		types:    make(map[string]*types.Package),
		checked:  make(map[string]*source),
	}
	for _, pkg := range packages {
		p.packages[pkg.ImportPath] = pkg
		for _, name := range pkg.GoFiles {
			p.homes[filepath.ToSlash(name)] = pkg.ImportPath
		}
	}
	return p
}

// PackageOf is the import path of the package that a file belongs to, "" of no
// file of the program.
func (p *Program) PackageOf(file string) string { return p.homes[file] }

// Import makes the program an importer of its own packages.
func (p *Program) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if t := p.imports[path]; t != nil && t.Complete() {
		return t, nil
	}
	for _, at := range []string{path, "vendor/" + path} { // the standard library's vendored packages
		pkg := p.packages[at]
		if pkg.Export == "" {
			continue
		}
		file, err := os.Open(pkg.Export)
		if err != nil {
			return nil, fmt.Errorf("importing %s: %w", path, err)
		}
		defer file.Close()
		//lint:ignore SA1019 what go list -export names is an archive, up to go1.27
		r, err := gcexportdata.NewReader(file)
		if err != nil {
			return nil, fmt.Errorf("importing %s: %w", path, err)
		}
		return gcexportdata.Read(r, p.fset, p.imports, at)
	}
	return nil, fmt.Errorf("importing %s: not part of the program", path)
}

// typesOf are the types of a package: of one asked for from its source, because
// what the compiler wrote leaves out what the package keeps to itself; nil if
// they cannot be had.
func (p *Program) typesOf(path string) *types.Package {
	if t, ok := p.types[path]; ok {
		return t
	}
	var t *types.Package
	if pkg := p.packages[path]; pkg.Asked {
		t, _ = p.check(path)
	} else if pkg.Export != "" {
		t, _ = p.Import(path)
	}
	p.types[path] = t
	return t
}

// check type-checks a package from its files. Errors in them leave holes.
func (p *Program) check(path string) (*types.Package, error) {
	s, t, err := p.checkInto(path, &types.Info{
		Selections: make(map[*ast.SelectorExpr]*types.Selection),
		Uses:       make(map[*ast.Ident]types.Object),
		Defs:       make(map[*ast.Ident]types.Object),
	}, 0)
	if err != nil {
		return nil, err
	}
	p.checked[path] = s
	return t, nil
}

func (p *Program) checkInto(path string, info *types.Info, mode parser.Mode) (*source, *types.Package, error) {
	pkg, ok := p.packages[path]
	if !ok {
		return nil, nil, fmt.Errorf("checking %s: not part of the program", path)
	}
	s := &source{fset: token.NewFileSet(), info: info}
	for _, name := range pkg.GoFiles {
		text, err := p.read(name)
		if err != nil {
			continue
		}
		if f, _ := parser.ParseFile(s.fset, name, text, mode|parser.SkipObjectResolution); f != nil {
			s.files = append(s.files, f)
		}
	}
	conf := types.Config{Importer: p, Error: func(error) {}, FakeImportC: true}
	t, _ := conf.Check(path, s.fset, s.files, s.info)
	return s, t, nil
}

// Method returns the full name of the interface method that call calls,
// "io.Reader.Read"; "" where it is a function value or not found.
func (p *Program) Method(_ context.Context, call Dynamic) (string, error) {
	recv, method := p.method(call)
	if method == nil {
		return "", nil
	}
	return types.TypeString(recv, nil) + "." + method.Name(), nil
}

// Implementations returns the methods that call may mean, as full function
// names: those of the packages asked for, then the others, sorted; nil where
// it calls a function value or is not found.
func (p *Program) Implementations(ctx context.Context, call Dynamic) ([]string, error) {
	recv, method := p.method(call)
	if method == nil {
		return nil, nil
	}
	iface, ok := recv.Underlying().(*types.Interface)
	if !ok {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	own, other := make(map[string]bool), make(map[string]bool)
	for path, pkg := range p.packages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t := p.typesOf(path)
		if t == nil {
			continue
		}
		scope := t.Scope()
		for _, name := range scope.Names() {
			tn, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || tn.IsAlias() {
				continue
			}
			switch f := implementation(tn, iface, method); {
			case f == "":
			case pkg.Asked:
				own[f] = true
			default:
				other[f] = true
			}
		}
	}
	return append(slices.Sorted(maps.Keys(own)), slices.Sorted(maps.Keys(other))...), nil
}

// implementation returns the full name of the method by which the type named
// tn, or a pointer to it, implements method of iface; "" if neither does or if
// the method is that of an interface embedded in it.
func implementation(tn *types.TypeName, iface *types.Interface, method *types.Func) string {
	named, ok := tn.Type().(*types.Named)
	if !ok || named.TypeParams().Len() > 0 || types.IsInterface(named) {
		return ""
	}
	var t types.Type = named
	if !types.Implements(t, iface) {
		if t = types.NewPointer(named); !types.Implements(t, iface) {
			return ""
		}
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, method.Pkg(), method.Name())
	f, ok := obj.(*types.Func)
	if !ok || f.Pkg() == nil {
		return ""
	}
	recv := f.Signature().Recv().Type()
	ptr, pointer := recv.(*types.Pointer)
	if pointer {
		recv = ptr.Elem()
	}
	n, ok := recv.(*types.Named)
	if !ok || types.IsInterface(n) {
		return ""
	}
	typ := n.Obj().Name()
	if n.TypeArgs().Len() > 0 || n.TypeParams().Len() > 0 {
		typ += "[...]"
	}
	if pointer {
		typ = "(*" + typ + ")"
	}
	return f.Pkg().Path() + "." + typ + "." + f.Name()
}

// method finds the interface type and the method that call calls.
func (p *Program) method(call Dynamic) (types.Type, *types.Func) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.source(call.Package)
	if s == nil {
		return nil, nil
	}
	sel := s.find(call)
	if sel == nil || !types.IsInterface(sel.Recv()) {
		return nil, nil
	}
	method, ok := sel.Obj().(*types.Func)
	if !ok {
		return nil, nil
	}
	return p.exported(sel.Recv()), method
}

// source is a package type-checked from its files, nil if it is not part of the
// program.
func (p *Program) source(path string) *source {
	if p.checked[path] == nil && p.packages[path].Asked {
		p.typesOf(path)
	}
	if p.checked[path] == nil {
		if _, err := p.check(path); err != nil {
			return nil
		}
	}
	return p.checked[path]
}

// exported is the program's own type of that name, where t is one of a package
// that was checked a second time to look into it: the types of its methods
// would be taken for others.
func (p *Program) exported(t types.Type) types.Type {
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && n.TypeArgs().Len() == 0 {
		if pkg := p.typesOf(n.Obj().Pkg().Path()); pkg != nil {
			if tn, ok := pkg.Scope().Lookup(n.Obj().Name()).(*types.TypeName); ok {
				return tn.Type()
			}
		}
	}
	return t
}

// find returns the selection that call calls. The compiler gives a call in an
// inlined function the position of the outermost call; there the calls in the
// function are looked at, and must be of one method.
func (s *source) find(call Dynamic) *types.Selection {
	var at, within *types.Selection
	doubt := false
	look := func(inside bool) func(ast.Node) bool {
		return func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != call.Method || s.info.Selections[sel] == nil {
				return true
			}
			found := s.info.Selections[sel]
			pos := s.fset.PositionFor(c.Lparen, false)
			if pos.Line == call.Pos.Line && pos.Column == call.Pos.Col && filepath.ToSlash(pos.Filename) == call.Pos.File {
				at = found
			}
			if inside {
				doubt = doubt || within != nil && !types.Identical(within.Recv(), found.Recv())
				within = found
			}
			return true
		}
	}
	_, fn, _ := strings.Cut(strings.TrimPrefix(call.Func, call.Package), ".")
	for _, f := range s.files {
		for _, decl := range f.Decls {
			fd, ok := decl.(*ast.FuncDecl)
			ast.Inspect(decl, look(ok && declName(fd) == fn))
		}
	}
	if at == nil && !doubt {
		return within
	}
	return at
}

// declName is the name that the compiler gives a declared function.
func declName(fd *ast.FuncDecl) string {
	if fd.Recv == nil || len(fd.Recv.List) == 0 {
		return fd.Name.Name
	}
	t, format := fd.Recv.List[0].Type, "%s.%s"
	if star, ok := t.(*ast.StarExpr); ok {
		t, format = star.X, "(*%s).%s"
	}
	generic := ""
	switch x := t.(type) {
	case *ast.IndexExpr:
		t, generic = x.X, "[...]"
	case *ast.IndexListExpr:
		t, generic = x.X, "[...]"
	}
	id, ok := t.(*ast.Ident)
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, id.Name+generic, fd.Name.Name)
}
