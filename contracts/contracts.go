// Package contracts is the analyzer that holds a package to its //stackward:
// directives, for drivers of analyzers: go vet -vettool, golangci-lint, others. It
// says what "stackward check" says of a package, as diagnostics.
//
// What the directives are, and how they are judged, is in
// https://github.com/stackward-go/stackward/blob/main/docs/contracts.md.
//
// # What a driver has to have
//
// A verdict is read from machine code. A driver hands over syntax, types and at
// most the archives of direct imports, so a package that has a directive is
// compiled, by the go command, which the driver's process must be able to run in
// the package's directory; what is in the build cache is taken from there. A
// package without directives costs nothing. Where it cannot be done, a diagnostic
// at each directive says so.
//
// # Facts
//
// Of each package there is one small fact: a hash of its source and of its imports'
// facts, so that a driver which caches by facts looks at a package again where
// anything below it has changed, and the promises that importers have to keep.
package contracts

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
	"github.com/stackward-go/stackward/internal/engine"
)

// Analyzer reports broken contracts, directives that say nothing and those that
// ignore nothing. The category of a diagnostic is the rule: "noalloc", "allocs",
// "stack", "ignore", "contract".
var Analyzer = &analysis.Analyzer{
	Name: "stackward",
	Doc: `hold functions to their //stackward: directives

A function under //stackward:noalloc must not allocate, with all that it calls;
one under //stackward:allocs<=N not more often than N times, what is under
//stackward:stack must stay on the stack. Each diagnostic has the chain of calls
as related information.`,
	URL:       "https://github.com/stackward-go/stackward/blob/main/docs/contracts.md",
	Run:       run,
	FactTypes: []analysis.Fact{new(Inherited)},
}

func run(pass *analysis.Pass) (any, error) {
	directives := contract.Scan(pass.Pkg.Path(), pass.Fset, pass.Files)
	below, err := inherit(pass, directives)
	if err != nil {
		return nil, err
	}
	u := unitOf(pass)
	if u != nil && u.VetxOnly {
		return nil, nil
	}
	inherits := below.concerns(pass)
	if len(directives) == 0 && !inherits {
		return nil, nil
	}
	r := &reporter{pass: pass, directives: directives}
	// To compile tests costs more than the package does. Without a word in them
	// they change nothing.
	for _, f := range pass.Files {
		r.tests = r.tests || inherits && isTest(r.fileName(f))
	}
	for _, d := range directives {
		r.tests = r.tests || isTest(d.File)
	}
	if why := r.check(u); why != "" {
		r.unable(why)
	}
	return nil, nil
}

// A reporter turns findings into diagnostics.
type reporter struct {
	pass       *analysis.Pass
	directives []*contract.Directive
	tests      bool // that they are to be compiled
	checked    *engine.Checked
}

// check has the package judged and reports the findings. It returns why it could
// not, "" where it could.
func (r *reporter) check(u *unit) (why string) {
	dir := filepath.Dir(r.fileName(r.pass.Files[0]))
	if u != nil {
		dir = u.Dir
	}
	var err error
	r.checked, err = engine.CheckPackage(context.Background(), engine.Build{Dir: dir, Cache: engine.CacheDir()}, r.tests)
	if err != nil {
		return err.Error()
	}
	for _, p := range r.checked.Problems {
		return p.Message
	}
	if why := r.sameBuild(u); why != "" {
		return why
	}
	for _, f := range r.checked.Findings {
		if f.Rule != alloc.RuleIgnore || r.unused(f) {
			r.report(f)
		}
	}
	return ""
}

// sameBuild says what speaks against that the go command built what the driver
// looks at: a driver may have been given build flags that it does not tell.
func (r *reporter) sameBuild(u *unit) string {
	const hint = ": a driver's build flags are not told its analyzers, set them in GOFLAGS or the environment"
	for _, f := range r.pass.Files {
		name := r.fileName(f)
		if strings.HasSuffix(name, ".go") && (r.tests || !isTest(name)) && !r.checked.Files[filepath.ToSlash(name)] && !generated(name) {
			return "the go command does not compile " + filepath.Base(name) + " here" + hint
		}
	}
	if u == nil {
		return ""
	}
	for path, file := range u.PackageFile {
		list := r.checked.Archives[path]
		if len(list) > 0 && !slices.ContainsFunc(list, func(other string) bool { return sameArchive(file, other) }) {
			return "the go command builds another " + path + " here" + hint
		}
	}
	return ""
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// generated reports a file that cgo makes, with nothing of the user's in it.
func generated(name string) bool { return strings.HasPrefix(filepath.Base(name), "_cgo_") }

// unused reports whether a directive that ignores nothing in this package ignores
// nothing anywhere. A contract of an importer may meet a site on its lines.
func (r *reporter) unused(f *alloc.Finding) bool {
	i := slices.IndexFunc(r.directives, func(d *contract.Directive) bool { return d.Pos == f.Pos })
	if i < 0 {
		return false // of another package of this directory
	}
	d := r.directives[i]
	if r.pass.Pkg.Name() == "main" || isTest(d.File) {
		return true
	}
	if strings.Contains(d.Within, "[...]") {
		return false // its instances may be elsewhere
	}
	return !slices.ContainsFunc(r.checked.Sites, func(s *alloc.Site) bool {
		return s.File == d.File && d.From <= s.Line && s.Line <= d.To && s.Allocates != alloc.Never &&
			(slices.Contains(d.Causes, string(s.Cause)) || slices.Contains(d.Causes, string(s.Kind)))
	})
}

func (r *reporter) report(f *alloc.Finding) {
	d := analysis.Diagnostic{Category: string(f.Rule), Message: f.Message}
	if d.Pos = r.own(f.Pos); !d.Pos.IsValid() {
		if r.checked.Files[f.File] {
			return // of another package of this directory, which has its own pass
		}
		d.Pos = r.uses(f)
		d.Message = fmt.Sprintf("%s (at %s:%d)", f.Message, filepath.Base(f.File), f.Line)
	}
	for _, s := range f.Chain {
		if p := r.anywhere(s.Pos); p.IsValid() {
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: p, Message: strings.TrimSpace(s.Step + " " + s.Text)})
		}
	}
	r.pass.Report(d)
}

// unable reports at each promise that it was not judged, or at the package clause
// where the promises are of the packages that it imports.
func (r *reporter) unable(why string) {
	message := "not checked: " + why
	reported := false
	for _, d := range r.directives {
		if p := r.own(d.Pos); p.IsValid() {
			r.pass.Report(analysis.Diagnostic{Pos: p, Category: string(alloc.RuleContract), Message: "//stackward:" + d.Text + ": " + message})
			reported = true
		}
	}
	if !reported {
		r.pass.Report(analysis.Diagnostic{Pos: r.pass.Files[0].Name.Pos(), Category: string(alloc.RuleContract), Message: "contracts of imported packages: " + message})
	}
}

// fileName is the absolute name of a file, of one that cgo has rewritten that of
// its source.
func (r *reporter) fileName(f *ast.File) string { return r.pass.Fset.Position(f.Name.Pos()).Filename }

// own is a position in the pass's own files, NoPos of another.
func (r *reporter) own(at alloc.Pos) token.Pos {
	for _, f := range r.pass.Files {
		if filepath.ToSlash(r.fileName(f)) != at.File {
			continue
		}
		tf := r.pass.Fset.File(f.FileStart)
		if filepath.ToSlash(tf.Name()) == at.File && at.Line <= tf.LineCount() {
			return column(tf, at)
		}
		return r.adjusted(f, at) // //line directives
	}
	return token.NoPos
}

// adjusted is the first node on a line that a //line directive gives it, or else
// the package clause.
func (r *reporter) adjusted(f *ast.File, at alloc.Pos) token.Pos {
	best := token.NoPos
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || best.IsValid() {
			return false
		}
		if p := r.pass.Fset.Position(n.Pos()); p.Line == at.Line && filepath.ToSlash(p.Filename) == at.File {
			best = n.Pos()
		}
		return true
	})
	if !best.IsValid() {
		return f.Name.Pos()
	}
	return best
}

// anywhere is a position in any file that can be read.
func (r *reporter) anywhere(at alloc.Pos) token.Pos {
	if p := r.own(at); p.IsValid() || at.Line < 1 || !filepath.IsAbs(filepath.FromSlash(at.File)) {
		return p
	}
	name := filepath.FromSlash(at.File)
	src, err := os.ReadFile(name)
	if err != nil {
		return token.NoPos
	}
	tf := r.pass.Fset.AddFile(name, -1, len(src))
	tf.SetLinesForContent(src)
	if at.Line > tf.LineCount() {
		return token.NoPos
	}
	return column(tf, at)
}

// column is a place in a file, the line's beginning where its column is not known.
func column(tf *token.File, at alloc.Pos) token.Pos {
	p := tf.LineStart(at.Line)
	if q := p + token.Pos(at.Col-1); at.Col > 0 && tf.Base() <= int(q) && int(q) <= tf.Base()+tf.Size() && tf.Line(q) == at.Line {
		return q
	}
	return p
}
