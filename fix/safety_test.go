package fix_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/assign"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/defers"
	"golang.org/x/tools/go/analysis/passes/loopclosure"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
	"golang.org/x/tools/go/analysis/passes/nilfunc"
	"golang.org/x/tools/go/analysis/passes/printf"
	"golang.org/x/tools/go/analysis/passes/stdversion"
	"golang.org/x/tools/go/analysis/passes/unreachable"
	"golang.org/x/tools/go/analysis/passes/unusedresult"

	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// The safety suite runs programs before and after their fixes and compares what
// they do. A program is one file of package main:
//
//	text → fixers → variants: each candidate alone, all of one fixer, all of all
//	     → type-check, vet, fix again → built and run together, see [bench.try] → same output?
//
// A program that no fixer proposes anything for costs a type-check: the standard
// library's packages are imported once, from export data.

// A program is one file of package main that prints what it does.
type program struct {
	name    string
	src     []byte
	version string // of the language: go1.26

	generated bool // of functions that main calls in statements of their own
}

// A variant is a program with fixes applied, or without.
type variant struct {
	prog  *program
	fixes []*fix.Candidate
	of    string // the fixer's name, "all" for all together, "" for the program as it was
	src   []byte
	out   string

	checked *checked // until run is there
	run     []byte   // renamed, as built
}

// A finding is a fix that is wrong.
type finding struct {
	*variant
	what string
}

func (f finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.prog.name, f.what)
	for _, c := range f.fixes {
		fmt.Fprintf(&b, "\n  %s: %s", c.Fixer, c.Message)
	}
	fmt.Fprintf(&b, "\n%s", rewrite.Diff(f.prog.name+".go", f.prog.src, f.src))
	return b.String()
}

// A bench is where programs are tried. It counts what it tried.
type bench struct {
	fixers   []*analysis.Analyzer
	sparing  bool // most candidates are tried only together with all of their fixer
	fset     *token.FileSet
	imp      types.Importer
	files    []*token.File // of the program at hand
	findings []finding

	programs, fixed int
	dropped         int // programs that do not build or do not end
	tallies         map[string]*tally
}

// A tally is what became of one fixer's candidates, or of all fixers' together.
type tally struct {
	programs             int // that it proposes something for
	candidates, refusals int
	ran, wrong           int // variants
	unlocked             int // programs where a second run proposes more
	reasons              map[string]int
}

func newBench(t testing.TB, fixers []*analysis.Analyzer) *bench {
	b := &bench{fixers: fixers, fset: token.NewFileSet(), tallies: make(map[string]*tally)}
	files := exports(t)
	b.imp = importer.ForCompiler(b.fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := files[path]
		if !ok {
			return nil, fmt.Errorf("no package %s", path)
		}
		return os.Open(file)
	})
	return b
}

// of is the tally of a fixer's name.
func (b *bench) of(name string) *tally {
	if b.tallies[name] == nil {
		b.tallies[name] = &tally{reasons: make(map[string]int)}
	}
	return b.tallies[name]
}

// found notes that a variant is wrong.
func (b *bench) found(v *variant, format string, args ...any) {
	b.of(v.of).wrong++
	b.findings = append(b.findings, finding{v, fmt.Sprintf(format, args...)})
}

// forget removes the files that were checked for one program.
func (b *bench) forget() {
	for _, f := range b.files {
		b.fset.RemoveFile(f)
	}
	b.files = nil
}

// exports are the files of the standard library's export data, by import path.
var exports = func() func(testing.TB) map[string]string {
	list := sync.OnceValues(func() (map[string]string, error) {
		cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
			"fmt", "strings", "bytes", "strconv", "errors", "sort", "slices", "maps", "sync", "sync/atomic", "time", "regexp",
			"unicode/utf8", "unicode", "io", "os", "iter", "bufio", "math", "reflect", "encoding/json", "encoding/hex", "encoding/binary", "encoding/xml",
			"text/template", "context", "cmp", "runtime", "runtime/debug", "unsafe", "math/rand/v2", "container/list", "net/url", "path", "hash/fnv", "embed", "log")
		cmd.Env = append(os.Environ(), "GOFLAGS=")
		out, err := cmd.Output()
		if err != nil {
			return nil, err
		}
		files := make(map[string]string)
		for line := range strings.Lines(string(out)) {
			path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
			if file != "" { // as that of unsafe
				files[path] = file
			}
		}
		return files, nil
	})
	return func(t testing.TB) map[string]string {
		t.Helper()
		files, err := list()
		if err != nil {
			t.Fatalf("listing export data: %v", err)
		}
		return files
	}
}()

// A checked is a type-checked file.
type checked struct {
	file *ast.File
	pkg  *types.Package
	info *types.Info
	src  []byte
}

func (b *bench) check(src []byte, version string) (*checked, error) {
	f, err := parser.ParseFile(b.fset, "prog.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	b.files = append(b.files, b.fset.File(f.FileStart))
	c := &checked{file: f, src: src, info: &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object), Implicits: make(map[ast.Node]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection), Scopes: make(map[ast.Node]*types.Scope),
		Instances: make(map[*ast.Ident]types.Instance), FileVersions: make(map[*ast.File]string),
	}}
	conf := types.Config{Importer: b.imp, GoVersion: version, Sizes: types.SizesFor("gc", "amd64")}
	c.pkg, err = conf.Check("main", b.fset, []*ast.File{f}, c.info)
	return c, err
}

// analyze runs an analyzer and what it requires on one file.
func (b *bench) analyze(a *analysis.Analyzer, c *checked, done map[*analysis.Analyzer]any) (any, []analysis.Diagnostic, error) {
	if res, ok := done[a]; ok {
		return res, nil, nil
	}
	for _, req := range a.Requires {
		if _, _, err := b.analyze(req, c, done); err != nil {
			return nil, nil, err
		}
	}
	var found []analysis.Diagnostic
	pass := &analysis.Pass{
		Analyzer: a, Fset: b.fset, Files: []*ast.File{c.file}, Pkg: c.pkg, TypesInfo: c.info,
		TypesSizes: types.SizesFor("gc", "amd64"), Module: &analysis.Module{Path: "main", GoVersion: "1.26"},
		ResultOf: done, Report: func(d analysis.Diagnostic) { found = append(found, d) },
		ReadFile:          func(string) ([]byte, error) { return c.src, nil },
		ImportObjectFact:  func(types.Object, analysis.Fact) bool { return false },
		ImportPackageFact: func(*types.Package, analysis.Fact) bool { return false },
		ExportObjectFact:  func(types.Object, analysis.Fact) {}, ExportPackageFact: func(analysis.Fact) {},
		AllObjectFacts: func() []analysis.ObjectFact { return nil }, AllPackageFacts: func() []analysis.PackageFact { return nil },
	}
	res, err := a.Run(pass)
	done[a] = res
	return res, found, err
}

// propose asks one fixer. A panic of it is an error.
func (b *bench) propose(a *analysis.Analyzer, c *checked, done map[*analysis.Analyzer]any) (res *fix.Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("fixer %s panics: %v", a.Name, r)
		}
	}()
	got, _, err := b.analyze(a, c, done)
	if err != nil {
		return nil, err
	}
	return got.(*fix.Result), nil
}

var vetPasses = []*analysis.Analyzer{
	assign.Analyzer, copylock.Analyzer, defers.Analyzer, loopclosure.Analyzer, lostcancel.Analyzer, nilfunc.Analyzer,
	printf.Analyzer, stdversion.Analyzer, unreachable.Analyzer, unusedresult.Analyzer,
}

// vet is what go vet says, how often.
func (b *bench) vet(c *checked) map[string]int {
	said := make(map[string]int)
	done := make(map[*analysis.Analyzer]any)
	for _, a := range vetPasses {
		_, found, err := b.analyze(a, c, done)
		if err != nil {
			said[err.Error()]++
		}
		for _, d := range found {
			said[a.Name+": "+anyLine.ReplaceAllString(d.Message, "L")]++
		}
	}
	return said
}

var anyLine = regexp.MustCompile(`prog\.go:\d+:\d+|at line \d+|line \d+|fmt\.\w+|arg .* of wrong`)

// edits are those of candidates.
func (b *bench) edits(fixes ...*fix.Candidate) (list []rewrite.Edit) {
	for _, f := range fixes {
		for _, e := range f.Edits {
			tf := b.fset.File(e.Pos)
			end := cmp.Or(e.End, e.Pos)
			list = append(list, rewrite.Edit{Start: tf.Offset(e.Pos), End: tf.Offset(end), New: string(e.NewText)})
		}
	}
	return list
}

// variants are a program as it is and with its fixes, each checked as far as it
// can be without running.
func (b *bench) variants(p *program, before *checked) []*variant {
	b.programs++
	list := []*variant{{prog: p, src: p.src, checked: before}}
	seen := map[string]bool{string(p.src): true}
	text := sync.OnceValue(func() *rewrite.Text { return rewrite.NewText(p.src, func(string) string { return "" }) })
	add := func(of string, fixes ...*fix.Candidate) *variant {
		v := &variant{prog: p, of: of, fixes: fixes}
		var err error
		if v.src, err = text().Apply(b.edits(fixes...)); err != nil {
			b.found(v, "applying: %v", err)
			return nil
		}
		if !seen[string(v.src)] {
			seen[string(v.src)] = true
			list = append(list, v)
		}
		return v
	}
	var all []*fix.Candidate
	done := make(map[*analysis.Analyzer]any)
	for _, a := range b.fixers {
		res, err := b.propose(a, before, done)
		if err != nil {
			b.found(&variant{prog: p, of: a.Name, src: p.src}, "%v", err)
			continue
		}
		b.of(a.Name).count(res)
		var own, alone []*fix.Candidate
		for _, c := range res.Candidates {
			if !b.overlaps(own, c) {
				own = append(own, c)
			} else {
				alone = append(alone, c)
			}
			if !b.overlaps(all, c) {
				all = append(all, c)
			}
		}
		if len(own) > 0 {
			v := add(a.Name, own...)
			b.again(a, v)
			if !b.sparing || b.programs%8 == 0 || v == nil || v.checked == nil {
				alone = res.Candidates
			}
		}
		for _, c := range alone {
			add(a.Name, c)
		}
	}
	if len(all) > 0 && (!b.sparing || b.programs%4 == 0) {
		b.of("all").programs++
		add("all", all...)
	}
	if len(list) == 1 {
		return nil
	}
	b.fixed++
	return b.compilable(list)
}

// count counts what a fixer found in a program.
func (t *tally) count(res *fix.Result) {
	if len(res.Candidates) > 0 {
		t.programs++
	}
	t.candidates += len(res.Candidates)
	t.refusals += len(res.Refusals)
	for _, r := range res.Refusals {
		t.reasons[r.Reason]++
	}
}

// compilable are those variants of a program that type-check, made ready to be
// built. The first is the program itself.
func (b *bench) compilable(list []*variant) []*variant {
	p := list[0].prog
	before := list[0].checked
	said := b.vet(before)
	whole := b.whole(before)
	list = slices.DeleteFunc(list, func(v *variant) bool {
		if v.of == "" {
			return false
		}
		var err error
		if v.checked == nil {
			v.checked, err = b.check(v.src, p.version)
		}
		if err != nil {
			// Two fixers may need the same new name; who applies them together
			// type-checks first.
			if v.of != "all" && (len(v.fixes) == 1 || !strings.Contains(err.Error(), "redeclared")) {
				b.found(v, "does not compile: %v", err)
			}
			return true
		}
		for what, n := range b.vet(v.checked) {
			if n > said[what] {
				b.found(v, "vet: %s", what)
			}
		}
		if lost := lostComments(before.file, v.checked.file); lost != "" {
			b.found(v, "the comment %q is lost", lost)
		}
		whole = whole && b.whole(v.checked)
		return false
	})
	var keep map[string]bool
	if p.generated {
		keep = b.concerned(list)
	}
	for _, v := range list {
		v.run = b.rename(v.checked, whole, keep)
		v.checked = nil
	}
	return list
}

// lostComments is a comment of a file that another does not have, or has less
// often.
func lostComments(before, after *ast.File) string {
	left := make(map[string]int)
	count := func(f *ast.File, n int) {
		for _, g := range f.Comments {
			for _, c := range g.List {
				left[strings.TrimSpace(c.Text)] += n
			}
		}
	}
	count(before, 1)
	count(after, -1)
	for _, c := range slices.Sorted(maps.Keys(left)) {
		if left[c] > 0 {
			return c
		}
	}
	return ""
}

func parsed(t testing.TB, src []byte) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (b *bench) overlaps(list []*fix.Candidate, c *fix.Candidate) bool {
	for _, o := range list {
		if rewrite.Overlaps(b.edits(o), b.edits(c)) {
			return true
		}
	}
	return false
}

// gofmted reports whether a text is as gofmt has it.
func gofmted(src []byte) bool {
	after, err := format.Source(src)
	return err == nil && bytes.Equal(after, src)
}

// again runs a fixer on what it made, until nothing is left to do. Most have
// nothing to do the second time; where candidates excluded one another, or one
// makes the place for another, it takes some rounds, and then ends.
func (b *bench) again(a *analysis.Analyzer, v *variant) {
	if v == nil {
		return
	}
	if !gofmted(v.src) && gofmted(v.prog.src) {
		b.found(v, "is not formatted")
	}
	src := v.src
	for round := range 5 {
		c, err := b.check(src, v.prog.version)
		if err != nil {
			return // said elsewhere, or not wanted together
		}
		if round == 0 {
			v.checked = c
		}
		res, err := b.propose(a, c, make(map[*analysis.Analyzer]any))
		if err != nil {
			b.found(v, "%v", err)
			return
		}
		if len(res.Candidates) == 0 {
			return
		}
		if round == 0 {
			b.of(a.Name).unlocked++
		}
		var own []*fix.Candidate
		for _, c := range res.Candidates {
			if !b.overlaps(own, c) {
				own = append(own, c)
			}
		}
		if src, err = rewrite.NewText(src, func(string) string { return "" }).Apply(b.edits(own...)); err != nil {
			return
		}
	}
	b.found(v, "five runs leave something to propose")
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tell logs what was tried.
func (b *bench) tell(t testing.TB) {
	t.Helper()
	t.Log(b)
	if !testing.Verbose() {
		return
	}
	for _, a := range b.fixers {
		reasons := b.of(a.Name).reasons
		list := slices.Collect(maps.Keys(reasons))
		slices.SortFunc(list, func(x, y string) int { return cmp.Or(reasons[y]-reasons[x], strings.Compare(x, y)) })
		for _, r := range list[:min(8, len(list))] {
			t.Logf("%-14s %5d times: %s", a.Name, reasons[r], r)
		}
	}
}

// String sums up what was tried. A program counts when each of its variants was
// run beside it, or there is none.
func (b *bench) String() string {
	n := b.programs - b.dropped
	var s strings.Builder
	fmt.Fprintf(&s, "%d programs by %d fixers: %d; %d with fixes; %d more do not build or do not end\n", n, len(b.fixers), n*len(b.fixers), b.fixed, b.dropped)
	names := []string{"all"}
	for _, a := range b.fixers {
		names = append(names, a.Name)
	}
	for _, name := range names {
		c := b.of(name)
		fmt.Fprintf(&s, "%-14s %7d programs, %7d candidates, %7d refusals, %7d variants run, %4d wrong, %6d programs with more to do the second time\n",
			name, c.programs, c.candidates, c.refusals, c.ran, c.wrong, c.unlocked)
	}
	return s.String()
}

// suite are the fixers to test: those that STACKWARD_FIXERS names, or all.
func suite(t testing.TB) []*analysis.Analyzer {
	names := os.Getenv("STACKWARD_FIXERS")
	if names == "" {
		return fix.Suite
	}
	var list []*analysis.Analyzer
	for _, a := range fix.Suite {
		if slices.Contains(strings.Split(names, ","), a.Name) {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		t.Fatal("STACKWARD_FIXERS names no fixer")
	}
	return list
}
