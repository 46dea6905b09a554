package fix_test

import (
	"bytes"
	"cmp"
	"context"
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
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
// they do. A program is one file of package main; many of them, and all their
// variants, go into one binary, each with names of its own:
//
//	text → fixers → variants: each candidate alone, all of one fixer, all of all
//	     → type-check, vet, fix again → renamed, built together → run → same output?

// A program is one file of package main that prints what it does.
type program struct {
	name    string
	src     []byte
	version string // of the language: go1.26
}

// A variant is a program with fixes applied, or without.
type variant struct {
	prog  *program
	fixes []*fix.Candidate
	of    string // the fixer's name, "all" for all together, "" for the program as it was
	src   []byte
	run   []byte // renamed, as built
	out   string
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
	fset     *token.FileSet
	imp      types.Importer
	findings []finding

	programs, fixed, ran int
	candidates, refusals map[string]int // by fixer
	unlocked             map[string]int // programs where a second run proposes more
	reasons              map[string]map[string]int
}

func newBench(t testing.TB, fixers []*analysis.Analyzer) *bench {
	b := &bench{fixers: fixers, candidates: make(map[string]int), refusals: make(map[string]int), unlocked: make(map[string]int), reasons: make(map[string]map[string]int)}
	b.reset(t)
	return b
}

// reset forgets the positions and packages of earlier programs.
func (b *bench) reset(t testing.TB) {
	b.fset = token.NewFileSet()
	files := exports(t)
	b.imp = importer.ForCompiler(b.fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := files[path]
		if !ok {
			return nil, fmt.Errorf("no package %s", path)
		}
		return os.Open(file)
	})
}

// exports are the files of the standard library's export data, by import path.
var exports = func() func(testing.TB) map[string]string {
	list := sync.OnceValues(func() (map[string]string, error) {
		out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
			"fmt", "strings", "bytes", "strconv", "errors", "sort", "slices", "maps", "sync", "sync/atomic", "time", "regexp",
			"unicode/utf8", "unicode", "io", "os", "iter", "bufio", "math", "reflect", "encoding/json", "encoding/hex", "encoding/binary",
			"text/template", "context", "cmp", "runtime", "unsafe", "math/rand/v2", "container/list", "net/url", "path", "hash/fnv", "embed", "log", "strings").Output()
		if err != nil {
			return nil, err
		}
		files := make(map[string]string)
		for line := range strings.Lines(string(out)) {
			path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
			files[path] = file
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

// apply is a text with candidates applied.
func (b *bench) apply(c *checked, fixes []*fix.Candidate) ([]byte, error) {
	text := rewrite.NewText(c.src, func(string) string { return "" })
	var edits []rewrite.Edit
	for _, f := range fixes {
		edits = append(edits, b.edits(f)...)
	}
	return text.Apply(edits)
}

func (b *bench) edits(f *fix.Candidate) (list []rewrite.Edit) {
	for _, e := range f.Edits {
		tf := b.fset.File(e.Pos)
		end := cmp.Or(e.End, e.Pos)
		list = append(list, rewrite.Edit{Start: tf.Offset(e.Pos), End: tf.Offset(end), New: string(e.NewText)})
	}
	return list
}

// variants are a program as it is and with its fixes, each checked as far as it
// can be without running.
func (b *bench) variants(p *program) []*variant {
	b.programs++
	before, err := b.check(p.src, p.version)
	if err != nil {
		b.findings = append(b.findings, finding{&variant{prog: p}, fmt.Sprintf("the program itself is wrong: %v", err)})
		return nil
	}
	list := []*variant{{prog: p, src: p.src}}
	seen := map[string]bool{string(p.src): true}
	add := func(of string, fixes ...*fix.Candidate) *variant {
		v := &variant{prog: p, of: of, fixes: fixes}
		if v.src, err = b.apply(before, fixes); err != nil {
			b.findings = append(b.findings, finding{v, fmt.Sprintf("applying: %v", err)})
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
			b.findings = append(b.findings, finding{list[0], err.Error()})
			continue
		}
		b.candidates[a.Name] += len(res.Candidates)
		b.refusals[a.Name] += len(res.Refusals)
		for _, r := range res.Refusals {
			if b.reasons[a.Name] == nil {
				b.reasons[a.Name] = make(map[string]int)
			}
			b.reasons[a.Name][r.Reason]++
		}
		var own []*fix.Candidate
		for _, c := range res.Candidates {
			add(a.Name, c)
			if !b.overlaps(own, c) {
				own = append(own, c)
			}
			if !b.overlaps(all, c) {
				all = append(all, c)
			}
		}
		if len(own) > 0 {
			v := add(a.Name, own...)
			b.again(a, v)
		}
	}
	if len(all) > 0 {
		add("all", all...)
	}
	if len(list) == 1 {
		return nil
	}
	b.fixed++
	was := b.vet(before)
	return slices.DeleteFunc(list, func(v *variant) bool {
		c, err := b.check(v.src, p.version)
		if err != nil {
			// Two fixers may need the same new name; who applies them together
			// type-checks first.
			if v.of != "all" && (len(v.fixes) == 1 || !strings.Contains(err.Error(), "redeclared")) {
				b.findings = append(b.findings, finding{v, fmt.Sprintf("does not compile: %v", err)})
			}
			return true
		}
		for said, n := range b.vet(c) {
			if n > was[said] && v.of != "" {
				b.findings = append(b.findings, finding{v, fmt.Sprintf("vet: %s", said)})
			}
		}
		if lost := lostComments(p.src, v.src); lost != "" {
			b.findings = append(b.findings, finding{v, fmt.Sprintf("the comment %q is lost", lost)})
		}
		v.run = b.rename(c)
		return false
	})
}

// lostComments is a comment of a text that another does not have, or has less
// often.
func lostComments(before, after []byte) string {
	left := make(map[string]int)
	count := func(src []byte, n int) {
		f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return
		}
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

func (b *bench) overlaps(list []*fix.Candidate, c *fix.Candidate) bool {
	for _, o := range list {
		if rewrite.Overlaps(b.edits(o), b.edits(c)) {
			return true
		}
	}
	return false
}

// again runs a fixer on what it made, until nothing is left to do. Most have
// nothing to do the second time; where candidates excluded one another, or one
// makes the place for another, it takes some rounds, and then ends.
func (b *bench) again(a *analysis.Analyzer, v *variant) {
	if v == nil {
		return
	}
	if formatted, err := format.Source(v.prog.src); err == nil && bytes.Equal(formatted, v.prog.src) {
		if after, err := format.Source(v.src); err != nil || !bytes.Equal(after, v.src) {
			b.findings = append(b.findings, finding{v, "is not formatted"})
		}
	}
	src := v.src
	for round := range 5 {
		c, err := b.check(src, v.prog.version)
		if err != nil {
			return // said elsewhere, or not wanted together
		}
		res, err := b.propose(a, c, make(map[*analysis.Analyzer]any))
		if err != nil {
			b.findings = append(b.findings, finding{v, err.Error()})
			return
		}
		if len(res.Candidates) == 0 {
			return
		}
		if round == 0 {
			b.unlocked[a.Name]++
		}
		var own []*fix.Candidate
		for _, c := range res.Candidates {
			if !b.overlaps(own, c) {
				own = append(own, c)
			}
		}
		if src, err = b.apply(c, own); err != nil {
			return
		}
	}
	b.findings = append(b.findings, finding{v, "five runs leave something to propose"})
}

const suffix = "_v00000"

var suffixed = regexp.MustCompile(`_v\d{5}`)

// rename gives the package-level names of a file a suffix, which is to be
// replaced by the variant's own.
func (b *bench) rename(c *checked) []byte {
	// What every generated program has is compiled once: functions, and types with
	// all their methods where nothing changed any.
	same := make(map[types.Object]bool)
	var cut [][2]int
	kept := 0
	for _, d := range c.file.Decls {
		if in(prelude, b.text(c, d)) {
			kept++
		} else if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			kept = -len(c.file.Decls) // it has other methods
		}
	}
	for _, d := range c.file.Decls {
		text := b.text(c, d)
		if in(shared, text) || in(prelude, text) && kept == strings.Count(prelude, "\n\n")+1 {
			from := b.fset.File(d.Pos()).Offset(d.Pos())
			cut = append(cut, [2]int{from, from + len(text)})
			same[c.info.Defs[declares(d)]] = true
		}
	}
	own := func(obj types.Object) bool {
		if v, ok := obj.(*types.Var); ok && v.IsField() && v.Embedded() {
			t := v.Type()
			if p, ok := types.Unalias(t).(*types.Pointer); ok {
				t = p.Elem()
			}
			switch t := t.(type) {
			case *types.Named:
				obj = t.Obj()
			case *types.Alias:
				obj = t.Obj()
			}
		}
		return obj != nil && obj.Pkg() == c.pkg && obj.Parent() == c.pkg.Scope() && !same[obj]
	}
	var at []int
	ast.Inspect(c.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case ast.Decl:
			return !same[c.info.Defs[declares(n)]]
		case *ast.Ident:
			if n.Name != "_" && (own(c.info.Defs[n]) || own(c.info.Uses[n])) {
				at = append(at, b.fset.File(n.Pos()).Offset(n.End()))
			}
		}
		return true
	})
	slices.Sort(at)
	var out []byte
	from := 0
	for _, i := range slices.Compact(at) {
		for len(cut) > 0 && cut[0][0] < i {
			out = append(out, c.src[from:cut[0][0]]...)
			from, cut = cut[0][1], cut[1:]
		}
		out = append(append(out, c.src[from:i]...), suffix...)
		from = i
	}
	out = append(out, c.src[from:]...)
	if len(same) == 0 {
		return out
	}
	out, err := rewrite.NewText(out, func(string) string { return "" }).Apply(nil) // imports that only those used
	if err != nil {
		panic(err)
	}
	return out
}

// in reports whether declarations have one of this text.
func in(decls, text string) bool { return strings.Contains(decls+"\n", "\n"+text+"\n\n") }

func (b *bench) text(c *checked, n ast.Node) string {
	f := b.fset.File(n.Pos())
	return string(c.src[f.Offset(n.Pos()):f.Offset(n.End())])
}

// declares is the name that a declaration gives to one function or type.
func declares(d ast.Decl) *ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name
	case *ast.GenDecl:
		if len(d.Specs) == 1 {
			if t, ok := d.Specs[0].(*ast.TypeSpec); ok {
				return t.Name
			}
		}
	}
	return nil
}

// try builds variants into one program and compares what they print. Variants
// of one program follow each other, the first is the program as it was.
func (b *bench) try(t testing.TB, list []*variant) {
	t.Helper()
	if len(list) == 0 {
		return
	}
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	var table strings.Builder
	for i, v := range list {
		v.out = "not run"
		id := fmt.Sprintf("_v%05d", i)
		src := bytes.ReplaceAll(v.run, []byte(suffix), []byte(id))
		if v.prog.version != "" && !bytes.Contains(src, []byte("//go:build")) {
			src = append([]byte("//go:build "+v.prog.version+"\n\n"), src...)
		}
		write(t, filepath.Join(dir, "p"+id+".go"), src)
		fmt.Fprintf(&table, "\tmain%s,\n", id)
	}
	write(t, filepath.Join(dir, "shared.go"), []byte("package main\n\nimport (\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"strconv\"\n)\n"+prelude+shared))
	write(t, filepath.Join(dir, "go.mod"), []byte("module main\n\ngo 1.26\n"))
	write(t, filepath.Join(dir, "main.go"), []byte(runner+"\nvar all = []func(){\n"+table.String()+"}\n"))
	exe := filepath.Join(dir, "all.exe")
	cmd := exec.Command("go", "build", "-gcflags=-N -l -dwarf=false", "-ldflags=-s -w", "-o", exe, ".") // quick to compile
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		// The compiler refuses what go/types took: an overflow, say. Find out whose.
		b.blame(t, list, string(out))
		return
	}
	for from := 0; from < len(list); {
		next, said := b.run(t, exe, list, from)
		if next == from {
			b.blame(t, list, said) // died before main: in what initializes a package variable
			return
		}
		from = next
	}
	for _, v := range list {
		b.ran++
		if v.of == "" {
			continue
		}
		before := list[slices.IndexFunc(list, func(o *variant) bool { return o.prog == v.prog && o.of == "" })]
		if v.out != before.out && before.out != hung {
			b.findings = append(b.findings, finding{v, fmt.Sprintf("prints something else\n-- want --\n%s\n-- got --\n%s", before.out, v.out)})
		}
	}
}

var compileError = regexp.MustCompile(`p_v(\d{5})\.go:`)

// blame drops the programs that the compiler names and tries the rest.
func (b *bench) blame(t testing.TB, list []*variant, said string) {
	bad := make(map[*program]bool)
	for _, m := range compileError.FindAllStringSubmatch(said, -1) {
		i, _ := strconv.Atoi(m[1])
		v := list[i]
		bad[v.prog] = true
		if v.of != "" {
			b.findings = append(b.findings, finding{v, "it does not build, or dies before main: " + said})
		}
	}
	if len(bad) == 0 {
		t.Fatalf("building or starting: %s", said)
	}
	b.try(t, slices.DeleteFunc(slices.Clone(list), func(v *variant) bool { return bad[v.prog] }))
}

const hung = "hung"

// run runs programs from an index on, and returns where to go on, and what was
// said if no program ran.
func (b *bench) run(t testing.TB, exe string, list []*variant, from int) (next int, said string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs limited
	out.stop, errs.stop = cancel, cancel
	cmd := exec.CommandContext(ctx, exe, strconv.Itoa(from))
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	at := from - 1
	for _, part := range strings.Split(out.String(), "\x01begin ")[1:] {
		n, text, _ := strings.Cut(part, "\n")
		at, _ = strconv.Atoi(n)
		text, whole := strings.CutSuffix(text, "\x01end\n")
		list[at].out = suffixed.ReplaceAllString(text, "")
		if !whole {
			list[at].out += "\n" + fatal(errs.String())
		}
	}
	if err == nil {
		return len(list), ""
	}
	if at < from {
		return from, errs.String()
	}
	if ctx.Err() != nil {
		list[at].out = hung
	}
	return at + 1, ""
}

// A limited is a buffer for what a program prints, which is ended when that is
// too much.
type limited struct {
	bytes.Buffer
	stop func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len() > 64<<20 {
		l.stop()
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

// fatal is what a process that died says first.
func fatal(stderr string) string {
	line, _, _ := strings.Cut(stderr, "\n")
	return suffixed.ReplaceAllString(line, "")
}

const runner = `package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

func main() {
	from, _ := strconv.Atoi(os.Args[1])
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			var m runtime.MemStats
			if runtime.ReadMemStats(&m); m.HeapAlloc > 1<<30 {
				panic("out of memory")
			}
		}
	}()
	debug.SetMaxStack(16 << 20)
	for i := from; i < len(all); i++ {
		fmt.Printf("\x01begin %d\n", i)
		run(all[i])
		fmt.Print("\x01end\n")
	}
}

func run(f func()) {
	done := false
	defer func() {
		if done {
			return
		}
		defer func() {
			if recover() != nil {
				fmt.Println("panic in what panicked")
			}
		}()
		r := recover()
		fmt.Printf("panic: %T %v\n", r, r)
	}()
	f()
	done = true
}
`

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tell logs what was tried.
func (b *bench) tell(t testing.TB) {
	t.Helper()
	t.Logf("%d programs by %d fixers: %d; %d with fixes; %d variants run", b.programs, len(b.fixers), b.programs*len(b.fixers), b.fixed, b.ran)
	for _, a := range b.fixers {
		t.Logf("%-14s %6d candidates, %6d refusals, %5d programs with more to do the second time", a.Name, b.candidates[a.Name], b.refusals[a.Name], b.unlocked[a.Name])
		if !testing.Verbose() {
			continue
		}
		reasons := slices.Collect(maps.Keys(b.reasons[a.Name]))
		slices.SortFunc(reasons, func(x, y string) int { return b.reasons[a.Name][y] - b.reasons[a.Name][x] })
		for _, r := range reasons[:min(8, len(reasons))] {
			t.Logf("    %5d %s", b.reasons[a.Name][r], r)
		}
	}
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
