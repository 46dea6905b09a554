package prove

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/go/packages"

	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A source has packages of a tree typed: those that are asked for from their text,
// what they import from the archives that the search for sites has had built.
// Package packages would have the go command build all tests for that, and anew what
// lies between a test and its package: more than all else that is compiled.
type source struct {
	fset     *token.FileSet
	overlay  map[string][]byte
	files    map[string]string // archives, by import path
	archives *expr.Importer    // of files
	typed    map[*packages.Package]bool
}

func newSource(overlay map[string][]byte) *source {
	s := &source{fset: token.NewFileSet(), overlay: overlay, files: make(map[string]string), typed: make(map[*packages.Package]bool)}
	s.archives = expr.NewImporter(func(path string) string { return s.files[path] })
	return s
}

// load loads packages as the tree has them: of a package that has tests in it the
// variant with them, which holds every use of what is not exported. It keeps them in
// w.loaded, beside the tests that are packages of their own, which are typed once they
// are asked for.
func (w *work) load(ctx context.Context, patterns []string) ([]*packages.Package, error) {
	src := w.source
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedModule | packages.NeedForTest | packages.NeedTypesSizes,
		Context: ctx, Dir: w.req.Dir, Env: w.env(), BuildFlags: w.req.Flags, Tests: true, Overlay: src.overlay,
	}
	listed, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, fmt.Errorf("loading packages: %w", err)
	}
	tested := make(map[string]bool) // have tests in them
	for _, pkg := range listed {
		if pkg.ForTest == pkg.PkgPath && pkg.ForTest != "" {
			tested[pkg.PkgPath] = true
		}
	}
	var own, outside []*packages.Package
	for _, pkg := range listed {
		switch {
		case strings.HasSuffix(pkg.ID, ".test") || tested[pkg.PkgPath] && pkg.ForTest == "":
		case strings.HasSuffix(pkg.PkgPath, "_test"):
			outside = append(outside, pkg)
		default:
			own = append(own, pkg)
		}
	}
	if err := w.archived(ctx, patterns, slices.Concat(own, outside)); err != nil {
		return nil, err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, pkg := range own {
		src.typed[pkg] = true
		group.Go(func() error { return src.check(pkg) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, pkg := range own {
		w.loaded[pkg.PkgPath] = []*packages.Package{} // there may be nothing of it that is whole
		if tested[pkg.PkgPath] && len(pkg.Errors) > 0 && w.round == 1 {
			w.problem(pkg.PkgPath, "its tests do not compile, so nothing in it is fixed: "+pkg.Errors[0].Msg)
		}
	}
	own = slices.DeleteFunc(own, func(pkg *packages.Package) bool { return len(pkg.Errors) > 0 })
	for _, pkg := range slices.Concat(own, outside) {
		to := plain(pkg.PkgPath)
		w.loaded[to] = append(w.loaded[to], pkg)
	}
	return own, nil
}

// archived finds the archives of what packages import, as they were built when their
// sites were looked for, and has those built that only tests need.
func (w *work) archived(ctx context.Context, patterns []string, list []*packages.Package) error {
	cfg, err := w.config(w.tree)
	if err != nil {
		return err
	}
	files := w.source.files
	build := func(req gocmd.Request) error {
		b, err := cfg.Build(ctx, req)
		if err != nil {
			return err
		}
		for _, p := range b.Packages {
			if path, _, variant := strings.Cut(p.ImportPath, " "); p.Export != "" && (!variant || files[path] == "") {
				files[path] = p.Export
			}
		}
		return nil
	}
	if err := build(gocmd.Request{Patterns: patterns, Deps: true, Diagnose: true}); err != nil {
		return err
	}
	missing := make(map[string]bool)
	packages.Visit(list, func(pkg *packages.Package) bool {
		if pkg.ForTest == "" && files[pkg.PkgPath] == "" && pkg.PkgPath != "unsafe" && !slices.Contains(list, pkg) {
			missing[pkg.PkgPath] = true
		}
		return pkg.ForTest != "" || slices.Contains(list, pkg)
	}, nil)
	if len(missing) == 0 {
		return nil
	}
	return build(gocmd.Request{Patterns: sortedKeys(missing), Deps: true})
}

// check parses and types a package; what is wrong with it is in its Errors then.
func (s *source) check(pkg *packages.Package) error {
	pkg.Fset = s.fset
	for _, name := range pkg.CompiledGoFiles {
		text, ok := s.overlay[name]
		if !ok {
			var err error
			if text, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		f, err := parser.ParseFile(s.fset, name, text, parser.AllErrors|parser.ParseComments|parser.SkipObjectResolution)
		if list, ok := errors.AsType[scanner.ErrorList](err); ok {
			for _, e := range list {
				pkg.Errors = append(pkg.Errors, packages.Error{Pos: e.Pos.String(), Msg: e.Msg, Kind: packages.ParseError})
			}
		}
		if f != nil {
			pkg.Syntax = append(pkg.Syntax, f)
		}
	}
	pkg.TypesInfo = &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
		Implicits: make(map[ast.Node]types.Object), Instances: make(map[*ast.Ident]types.Instance), Scopes: make(map[ast.Node]*types.Scope),
		Selections: make(map[*ast.SelectorExpr]*types.Selection), FileVersions: make(map[*ast.File]string),
	}
	config := &types.Config{
		Importer: importerFunc(func(path string) (*types.Package, error) { return s.imported(pkg, path) }),
		Sizes:    pkg.TypesSizes,
		Error: func(err error) {
			e, ok := errors.AsType[types.Error](err)
			if !ok {
				e = types.Error{Msg: err.Error()}
			}
			pkg.TypeErrors = append(pkg.TypeErrors, e)
			pkg.Errors = append(pkg.Errors, packages.Error{Pos: s.fset.Position(e.Pos).String(), Msg: e.Msg, Kind: packages.TypeError})
		},
	}
	if pkg.Module != nil && pkg.Module.GoVersion != "" {
		config.GoVersion = "go" + pkg.Module.GoVersion
	}
	pkg.Types, _ = config.Check(pkg.PkgPath, s.fset, pkg.Syntax, pkg.TypesInfo) // its errors went to Error
	pkg.IllTyped = len(pkg.Errors) > 0
	return nil
}

// imported are the types that a package has an import from: of another variant of a
// test, which no archive is needed of, from its text.
func (s *source) imported(pkg *packages.Package, path string) (*types.Package, error) {
	to := pkg.Imports[path]
	if to == nil {
		return nil, fmt.Errorf("%s is not among what %s imports", path, pkg.PkgPath)
	}
	if to.ForTest == "" {
		return s.archives.Import(to.PkgPath)
	}
	if err := s.need(to); err != nil {
		return nil, err
	}
	return to.Types, nil
}

// need types a package unless it is.
func (s *source) need(pkg *packages.Package) error {
	if s.typed[pkg] {
		return nil
	}
	s.typed[pkg] = true
	return s.check(pkg)
}

type importerFunc func(path string) (*types.Package, error)

// Import implements [types.Importer].
func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }
