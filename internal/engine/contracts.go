package engine

import (
	"cmp"
	"context"
	"go/ast"
	"go/parser"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
	"github.com/stackward-go/stackward/internal/objscan"
)

// contracts holds the named packages to the promises of their source, given the
// sites of these packages. What came of it is kept, as what found found is.
func (p *pipeline) contracts(ctx context.Context, sites []*alloc.Site) (*contract.Result, error) {
	store, h := p.store("contracts")
	if store == nil {
		return p.check(ctx, sites)
	}
	id := p.kept(h)
	r := new(contract.Result)
	if data, _, err := store.GetBytes(id); err == nil && unpack(data, r) == nil {
		return r, nil
	}
	r, err := p.check(ctx, sites)
	if err != nil || p.unlisted {
		return r, err
	}
	return r, keep(store, id, r)
}

func (p *pipeline) check(ctx context.Context, sites []*alloc.Site) (*contract.Result, error) {
	directives, packages := p.directives()
	if len(directives) == 0 {
		return new(contract.Result), nil
	}
	p.progress("checking contracts", 0, len(directives), "")
	scanner, err := p.archiveScanner(ctx)
	if err != nil {
		return nil, err
	}
	at := make(map[string][]*alloc.Site)
	for _, s := range sites {
		at[s.File] = append(at[s.File], s)
	}
	c := &contract.Checker{
		Code: scanner.Code(), Program: p.flowProgram(), Packages: packages,
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
	}
	return c.Check(ctx, directives)
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
