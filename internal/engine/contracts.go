package engine

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
	"github.com/stackward-go/stackward/internal/objscan"
)

// contracts holds the named packages to the promises of their source, given the
// sites of these packages. What came of a package is kept as long as nothing
// changes that it depends on.
func (p *pipeline) contracts(ctx context.Context, sites []*alloc.Site) (*contract.Result, error) {
	own, packages := p.directives()
	directives := slices.Concat(own, p.ofDependencies(packages))
	out := &contract.Result{Findings: contract.Wrong(own)}
	checker := sync.OnceValues(func() (*contract.Checker, error) { return p.checker(ctx, directives, packages, sites) })
	paths := slices.Clone(packages)
	for _, d := range directives[len(own):] {
		if d.Promises() && !slices.Contains(paths, d.Package) {
			paths = append(paths, d.Package)
		}
	}
	for i, path := range paths {
		if !slices.ContainsFunc(directives, func(d *contract.Directive) bool { return d.Package == path && d.Promises() }) {
			continue
		}
		p.progress("checking contracts", i, len(paths), path)
		r, err := p.contractsOf(ctx, path, packages, directives, checker)
		if err != nil {
			return nil, err
		}
		out.Contracts = append(out.Contracts, r.Contracts...)
		out.Findings = append(out.Findings, r.Findings...)
		out.Used = append(out.Used, r.Used...)
	}
	out.Findings = append(out.Findings, contract.Unused(own, out.Used)...)
	return out, nil
}

// contractsOf holds one package to its promises.
func (p *pipeline) contractsOf(ctx context.Context, path string, packages []string, directives []*contract.Directive, checker func() (*contract.Checker, error)) (*contract.Result, error) {
	store, h := p.store("contracts")
	var id cache.ActionID
	r := new(contract.Result)
	if store != nil {
		// The instances of a generic function, and the types that implement an
		// interface, may be in any package.
		all := slices.ContainsFunc(directives, func(d *contract.Directive) bool {
			return d.Package == path && d.Inherited()
		})
		id = p.keptOf(h, path, packages, all)
		if data, _, err := store.GetBytes(id); err == nil && unpack(data, r) == nil {
			return r, nil
		}
	}
	c, err := checker()
	if err != nil {
		return nil, err
	}
	if r, err = c.Check(ctx, path); err != nil || store == nil {
		return r, err
	}
	return r, keep(store, id, r)
}

// keptOf is the key of what depends on a package and those that it imports, or on
// all: as kept is. Of the packages it holds which are checked, since a chain of
// calls tells their lines.
func (p *pipeline) keptOf(h *cache.Hash, path string, packages []string, all bool) cache.ActionID {
	fmt.Fprintf(h, "in %q, root %q\n", p.cfg.Dir, p.root())
	fmt.Fprintf(h, "for %s %s %q\n", p.env.GOOS, p.env.GOARCH, p.env.GOFLAGS)
	fmt.Fprintf(h, "flags %q\npackage %q\n", p.cfg.BuildFlags, path)
	p.keptOverlay(h)
	seen := make(map[string]bool)
	var visit func(path string)
	visit = func(path string) {
		pkg := p.packages[path]
		if seen[path] || pkg == nil {
			return
		}
		seen[path] = true
		for _, imp := range pkg.Imports {
			visit(plainPath(imp))
		}
	}
	visit(path)
	visit("runtime")
	if all {
		for _, path := range packages {
			visit(path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(seen)) {
		fmt.Fprintf(h, "%q in %q: %q %t\n", path, p.packages[path].Dir, p.archives[path], slices.Contains(packages, path))
	}
	return h.Sum()
}

// checker is what judges the packages' contracts.
func (p *pipeline) checker(ctx context.Context, directives []*contract.Directive, packages []string, sites []*alloc.Site) (*contract.Checker, error) {
	scanner, err := p.archiveScanner(ctx)
	if err != nil {
		return nil, err
	}
	at := make(map[string][]*alloc.Site)
	for _, s := range sites {
		at[s.File] = append(at[s.File], s)
	}
	return &contract.Checker{
		Code: scanner.Code(), Program: p.flowProgram(), Packages: packages, Directives: directives,
		Site: func(call alloc.Call) *alloc.Site {
			if len(call.Frames) == 0 {
				return nil
			}
			in := call.Frames[0]
			var best *alloc.Site
			for _, s := range at[in.File] {
				if s.Line == in.Line && slices.Contains(s.Entries, call.Entry) {
					if best == nil || s.Type == call.Type {
						best = s
					}
				}
			}
			return best
		},
		OnHeap: func(file string, from, to int) []*alloc.Site {
			var list []*alloc.Site
			for _, s := range at[file] {
				if from <= s.Line && s.Line <= to && s.Allocates != alloc.Never {
					list = append(list, s)
				}
			}
			return list
		},
	}, nil
}

// directives are those of the named packages' files, and the import paths of the
// packages.
func (p *pipeline) directives() (list []*contract.Directive, packages []string) {
	for _, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		var files []*ast.File
		for _, name := range pkg.GoFiles {
			if f := p.withDirectives(filepath.ToSlash(name)); f != nil {
				files = append(files, f)
			}
		}
		if !slices.Contains(packages, path) {
			packages = append(packages, path)
		}
		for _, d := range contract.Scan(path, p.fset, files) {
			if !slices.ContainsFunc(list, func(x *contract.Directive) bool { return x.Pos == d.Pos }) {
				list = append(list, d)
			}
		}
	}
	slices.SortFunc(list, func(a, b *contract.Directive) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
	})
	return list, packages
}

// ofDependencies are the directives that count though their packages were not
// named: of packages of the main modules, what is cold or ignored, and the promises
// that those who import them have to keep: of an interface's method, for the types
// that implement it, and of a generic function, for its instances.
func (p *pipeline) ofDependencies(named []string) (list []*contract.Directive) {
	for _, path := range slices.Sorted(maps.Keys(p.packages)) {
		pkg := p.packages[path]
		if pkg.Module == nil || !pkg.Module.Main || slices.Contains(named, path) {
			continue
		}
		for _, name := range pkg.GoFiles {
			f := p.withDirectives(filepath.ToSlash(name))
			if f == nil {
				continue
			}
			for _, d := range contract.Scan(path, p.fset, []*ast.File{f}) {
				if d.Wrong == "" && (!d.Promises() || d.Inherited()) {
					list = append(list, d)
				}
			}
		}
	}
	return list
}

// withDirectives is a file with its comments, nil of one without directives.
func (p *pipeline) withDirectives(name string) *ast.File {
	src, err := p.readFile(name)
	if err != nil || !contract.Mentioned(src) {
		return nil
	}
	f, _ := parser.ParseFile(p.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	return f
}

// archiveScanner is the scanner of what was built.
func (p *pipeline) archiveScanner(ctx context.Context) (*objscan.Scanner, error) {
	if p.scanner != nil {
		return p.scanner, nil
	}
	if err := p.needRuntime(ctx); err != nil {
		return nil, err
	}
	options := []objscan.Option{objscan.GOROOT(p.env.GOROOT)}
	rt, keep := p.runtime()
	if rt != nil {
		options = append(options, objscan.Derived(rt))
	}
	scanner, err := objscan.NewScanner(p.archives, options...)
	if err != nil {
		return nil, err
	}
	keep(scanner.Runtime())
	p.scanner = scanner
	return scanner, nil
}
