package prove

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// A candidate is a rewrite that a fixer proposes for sites that the compiler
// reports.
type candidate struct {
	*fix.Candidate
	pkg   string
	pos   alloc.Pos
	sites []*alloc.Site             // the first is the one that it is about
	edits map[string][]rewrite.Edit // by file
	funcs []function                // that hold the sites

	exercised bool // tests run what it changes
	proof     alloc.Proof
}

// A function is a declared function with the literals in it.
type function struct{ pkg, name string }

// propose has the fixers look at packages, as the tree has them. Proposals for
// what does not allocate are left out.
func (w *work) propose(ctx context.Context, sites []*alloc.Site) (list []*candidate, refused []*alloc.Fix, err error) {
	paths := make(map[string]bool)
	for _, s := range sites {
		paths[s.Package] = true
	}
	w.progress("looking for fixes", 0, 0, "")
	cfg := &packages.Config{
		Mode: packages.LoadSyntax | packages.NeedModule | packages.NeedForTest, Context: ctx,
		Dir: w.req.Dir, Env: w.env(), BuildFlags: w.req.Flags, Tests: true, Overlay: w.overlaid(),
	}
	loaded, err := packages.Load(cfg, sortedKeys(paths)...)
	if err != nil {
		return nil, nil, fmt.Errorf("loading packages: %w", err)
	}
	for _, pkg := range loaded {
		if pkg.ForTest == pkg.PkgPath && len(pkg.Errors) > 0 && w.round == 1 {
			w.problem(pkg.PkgPath, "its tests do not compile, so nothing in it is fixed: "+pkg.Errors[0].Msg)
		}
	}
	fixers := make([]*analysis.Analyzer, len(w.fixers))
	for i, a := range w.fixers {
		fixers[i] = reading(a, cfg.Overlay)
	}
	graph, err := checker.Analyze(fixers, variants(loaded), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("running fixers: %w", err)
	}
	at := newIndex(sites)
	for act := range graph.All() {
		if !act.IsRoot || act.Analyzer == nil || !slices.Contains(fixers, act.Analyzer) {
			continue
		}
		if act.Err != nil {
			w.problem(act.Package.PkgPath, fmt.Sprintf("fixer %s: %v", act.Analyzer.Name, act.Err))
			continue
		}
		res := act.Result.(*fix.Result)
		for _, c := range res.Candidates {
			if cand := w.take(act.Package, c, at); cand != nil {
				list = append(list, cand)
			}
		}
		for _, r := range res.Refusals {
			if s := at.find(act.Package.Fset, r.Span); s != nil {
				refused = append(refused, &alloc.Fix{
					Site: s.ID, Pos: s.Pos, Fixer: r.Fixer, Status: alloc.Refused, Reason: r.Reason,
				})
			}
		}
		w.names(act.Package)
	}
	order := make(map[string]int)
	for i, a := range w.fixers {
		order[a.Name] = i
	}
	slices.SortStableFunc(list, func(a, b *candidate) int {
		return cmp.Or(
			strings.Compare(a.pkg, b.pkg), strings.Compare(a.pos.File, b.pos.File),
			a.pos.Line-b.pos.Line, a.pos.Col-b.pos.Col, order[a.Fixer]-order[b.Fixer])
	})
	return list, refused, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// reading is an analyzer that reads files as an overlay has them.
func reading(a *analysis.Analyzer, overlay map[string][]byte) *analysis.Analyzer {
	with := *a
	with.Run = func(pass *analysis.Pass) (any, error) {
		p := *pass
		p.ReadFile = func(name string) ([]byte, error) {
			if src, ok := overlay[name]; ok {
				return src, nil
			}
			return pass.ReadFile(name)
		}
		return a.Run(&p)
	}
	return &with
}

// variants are the packages to look at: of a package that has tests in it the
// variant with them, which holds every use of what is not exported.
func variants(loaded []*packages.Package) []*packages.Package {
	tested := make(map[string]bool)
	for _, pkg := range loaded {
		if pkg.ForTest == pkg.PkgPath && pkg.ForTest != "" {
			tested[pkg.PkgPath] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(loaded), func(pkg *packages.Package) bool {
		return len(pkg.Errors) > 0 || pkg.IllTyped || strings.HasSuffix(pkg.ID, ".test") ||
			strings.HasSuffix(pkg.PkgPath, "_test") || tested[pkg.PkgPath] && pkg.ForTest == ""
	})
}

// take makes a candidate of a fixer's, nil where nothing allocates.
func (w *work) take(pkg *packages.Package, c *fix.Candidate, at index) *candidate {
	out := &candidate{Candidate: c, pkg: pkg.PkgPath, edits: make(map[string][]rewrite.Edit)}
	first := at.find(pkg.Fset, c.Sites[0])
	if first == nil || first.Test {
		return nil
	}
	out.pos = first.Pos
	for _, span := range c.Sites {
		if s := at.find(pkg.Fset, span); s != nil && !slices.Contains(out.sites, s) {
			out.sites = append(out.sites, s)
			if f := outer(s); !slices.Contains(out.funcs, f) {
				out.funcs = append(out.funcs, f)
			}
		}
	}
	for _, e := range c.Edits {
		file, edit := place(pkg.Fset, e)
		if w.users[filepath.FromSlash(file)] != "" {
			return nil // the user's own overlay has it; there is no file to write to
		}
		out.edits[file] = append(out.edits[file], edit)
	}
	return out
}

func place(fset *token.FileSet, e analysis.TextEdit) (string, rewrite.Edit) {
	f := fset.File(e.Pos)
	end := e.End
	if !end.IsValid() {
		end = e.Pos
	}
	return f.Name(), rewrite.Edit{Start: f.Offset(e.Pos), End: f.Offset(end), New: string(e.NewText)}
}

// names remembers what packages call themselves, for their imports.
func (w *work) names(pkg *packages.Package) {
	for importPath, p := range pkg.Imports {
		if p.Name != "" {
			w.importNames[importPath] = p.Name
		}
	}
}

func (w *work) importName(importPath string) string {
	if name := w.importNames[importPath]; name != "" {
		return name
	}
	return path.Base(importPath)
}

// conflict reports whether two candidates cannot stand together: they are about
// one site, or edit the same text.
func conflict(a, b *candidate) bool {
	for _, s := range a.sites {
		if slices.Contains(b.sites, s) {
			return true
		}
	}
	for file, edits := range a.edits {
		if rewrite.Overlaps(edits, b.edits[file]) {
			return true
		}
	}
	return false
}

// An index finds sites by their place.
type index map[string][]*alloc.Site // by absolute file

func newIndex(sites []*alloc.Site) index {
	at := make(index)
	for _, s := range sites {
		at[s.File] = append(at[s.File], s)
	}
	return at
}

// find is the site of a span: of its kind, within it, and the first, since what
// it holds comes later. A call stands at its parenthesis, so that one in its
// operand comes first: of equals, the span's own is the one whose text is the
// longest.
func (at index) find(fset *token.FileSet, span fix.Span) *alloc.Site {
	from, to := fset.Position(span.Pos), fset.Position(span.End)
	var best *alloc.Site
	for _, s := range at[filepath.ToSlash(from.Filename)] {
		if s.Kind != span.Kind || before(s.Line, s.Col, from) || !before(s.Line, s.Col, to) {
			continue
		}
		if best == nil || len(s.Expr) > len(best.Expr) ||
			len(s.Expr) == len(best.Expr) && cmp.Or(s.Line-best.Line, s.Col-best.Col) < 0 {
			best = s
		}
	}
	return best
}

func before(line, col int, p token.Position) bool {
	return line < p.Line || line == p.Line && col < p.Column
}
