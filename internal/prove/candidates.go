package prove

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/packages"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// A candidate is a rewrite that a fixer proposes for sites that the compiler
// reports, or for calls of what allocates.
type candidate struct {
	*fix.Candidate
	pkg   string
	about *alloc.Site               // the first of them that is reported, or the first call
	sites []*alloc.Site             // that the compiler reports
	calls []*call                   // that are no sites themselves
	edits map[string][]rewrite.Edit // by file
	funcs []function                // that hold the sites and calls

	exercised bool     // tests run what it changes
	runs      []string // packages whose tests run any of it, sorted
	tests     []string // those, its own, and others whose tests may, sorted
	proof     alloc.Proof
}

// A function is a declared function with the literals in it.
type function struct{ pkg, name string }

// A call is one whose callee allocates: the sites are not the user's to edit, and
// only their costs say what it allocates. Its Site has no kind.
type call struct {
	*alloc.Site
	last int // line
}

// propose has the fixers look at packages, as the tree has them. Proposals for
// what does not allocate are left out.
func (w *work) propose(ctx context.Context, sites []*alloc.Site) (list []*candidate, refused []*alloc.Fix, err error) {
	patterns := w.req.Patterns
	if w.req.Site != "" && len(sites) > 0 {
		patterns = []string{sites[0].Package}
	}
	w.progress("looking for fixes", 0, 0, "")
	w.loaded, w.source = make(map[string][]*packages.Package), newSource(w.overlaid())
	loaded, err := w.load(ctx, patterns)
	if err != nil {
		return nil, nil, err
	}
	fixers := make([]*analysis.Analyzer, len(w.fixers))
	for i, a := range w.fixers {
		fixers[i] = reading(a, w.source.overlay)
	}
	graph, err := checker.Analyze(fixers, loaded, nil)
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
			s := at.find(act.Package.Fset, r.Span)
			if s == nil {
				c := w.call(act.Package, r.Span)
				if c == nil {
					continue
				}
				s = c.Site
			}
			refused = append(refused, &alloc.Fix{
				Site: s.ID, Pos: s.Pos, Fixer: r.Fixer, Status: alloc.Refused, Reason: r.Reason,
			})
		}
		w.names(act.Package)
	}
	order := make(map[string]int)
	for i, a := range w.fixers {
		order[a.Name] = i
	}
	slices.SortStableFunc(list, func(a, b *candidate) int {
		return cmp.Or(
			strings.Compare(a.pkg, b.pkg), comparePos(a.about.Pos, b.about.Pos), order[a.Fixer]-order[b.Fixer])
	})
	return list, refused, nil
}

func comparePos(a, b alloc.Pos) int {
	return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
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

// take makes a candidate of a fixer's, nil where nothing allocates.
func (w *work) take(pkg *packages.Package, c *fix.Candidate, at index) *candidate {
	out := &candidate{Candidate: c, pkg: pkg.PkgPath, edits: make(map[string][]rewrite.Edit)}
	for _, span := range c.Sites {
		s := at.find(pkg.Fset, span)
		if s != nil && !slices.Contains(out.sites, s) {
			out.sites = append(out.sites, s)
		} else if call := w.call(pkg, span); call != nil {
			out.calls = append(out.calls, call)
			s = call.Site
		}
		if s == nil {
			continue
		}
		if out.about == nil {
			out.about = s
		}
		if f := outer(s); !slices.Contains(out.funcs, f) {
			out.funcs = append(out.funcs, f)
		}
	}
	if out.about == nil || out.about.Test || !w.edit(out, pkg, c.Edits) {
		return nil
	}
	return out
}

// edit adds edits to a candidate, each once. It reports false where the user's own
// overlay has the file: there is none to write to.
func (w *work) edit(c *candidate, pkg *packages.Package, edits []analysis.TextEdit) bool {
	for _, e := range edits {
		file, edit := place(pkg.Fset, e)
		if w.overlays[filepath.FromSlash(file)] != "" {
			return false
		}
		if !slices.Contains(c.edits[file], edit) {
			c.edits[file] = append(c.edits[file], edit)
		}
	}
	return true
}

// call is what a span without a kind means, nil of another, and of what is not
// asked for.
func (w *work) call(pkg *packages.Package, span fix.Span) *call {
	if span.Kind != "" || w.dirOf(pkg.PkgPath) == "" {
		return nil
	}
	in := slices.IndexFunc(pkg.Syntax, func(f *ast.File) bool { return f.FileStart <= span.Pos && span.Pos < f.FileEnd })
	if in < 0 || ast.IsGenerated(pkg.Syntax[in]) {
		return nil
	}
	path, _ := astutil.PathEnclosingInterval(pkg.Syntax[in], span.Pos, span.End)
	pos := pkg.Fset.Position(span.Pos)
	s := &alloc.Site{
		Package: pkg.PkgPath, Pos: alloc.Pos{File: filepath.ToSlash(pos.Filename), Line: pos.Line, Col: pos.Column},
		Test: strings.HasSuffix(pos.Filename, "_test.go"),
	}
	var within ast.Node = pkg.Syntax[in]
	for _, n := range path {
		switch n := n.(type) {
		case *ast.FuncDecl:
			s.Func, within = expr.FuncName(n), n
		case ast.Expr:
			if s.Expr == "" {
				s.Expr = types.ExprString(n)
			}
		}
	}
	ordinal := 1
	ast.Inspect(within, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && e.Pos() < span.Pos && types.ExprString(e) == s.Expr {
			ordinal++
		}
		return n == nil || n.Pos() < span.Pos
	})
	s.ID = fmt.Sprintf("%s.%s#%s#%d", s.Package, s.Func, s.Expr, ordinal)
	if !w.asked(s) {
		return nil
	}
	return &call{s, pkg.Fset.Position(span.End).Line}
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
	if a.about.ID == b.about.ID {
		return true
	}
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
