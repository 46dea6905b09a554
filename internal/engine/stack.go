package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/chains"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/stacksize"
	"github.com/stackward-go/stackward/internal/stdpkg"
)

// A StackRequest asks what the functions of packages cost on a goroutine's stack.
type StackRequest struct {
	Build
	Patterns []string
	// Tests adds the packages' tests, Generated the generated files.
	Tests, Generated bool
	Func             *Funcs
	// Top keeps what is among the first so many by the stack needed or by the
	// frame; 0 all.
	Top int
	// Chain adds the chains.
	Chain bool
	// Plain builds as go build does: the packages of a program that was built serve it.
	// Else it is as Find builds them, so that what either has compiled serves the other.
	Plain bool
	// Vars adds what is in the largest frames, so many of them; 0 none, below it all
	// of LargeFrame bytes and more.
	Vars int
}

// Stack reports what the functions of packages cost on a goroutine's stack, by
// the stack that the longest chain down from each needs.
func Stack(ctx context.Context, req StackRequest) (*alloc.Report, error) {
	start := time.Now()
	s, err := openStacks(ctx, req)
	if err != nil {
		return nil, err
	}
	r := &alloc.Report{Header: s.p.header("find"), Problems: s.p.problems}
	r.Header.Stack = &alloc.StackRules{Min: s.rules.Min, Guard: s.rules.Guard, Start: s.rules.Start}
	r.Summary.Packages = s.p.packagesAsked()
	r.FuncStacks = s.rows(s.own)
	r.Summary.Functions, r.Summary.Found = len(s.own), len(r.FuncStacks)
	if req.Top > 0 {
		r.FuncStacks = topStacks(r.FuncStacks, req.Top)
	}
	r.Summary.Shown = len(r.FuncStacks)
	if req.Vars != 0 {
		if err := s.variables(ctx, r.FuncStacks); err != nil {
			return nil, err
		}
	}
	s.p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// openStacks builds the packages of a request and reads the machine code of all.
func openStacks(ctx context.Context, req StackRequest) (*stacks, error) {
	p, err := open(ctx, req.Build)
	if err != nil {
		return nil, err
	}
	if err := p.compileOnly(ctx, gocmd.Request{Patterns: patterns(req.Patterns), Tests: req.Tests, Diagnose: !req.Plain}, false); err != nil {
		return nil, err
	}
	rules, err := p.stackRules()
	if err != nil {
		return nil, err
	}
	s := &stacks{p: p, req: req, rules: rules, graph: chains.New(rules), entries: make(map[string]stackEntry), symbols: make(map[*alloc.Stack]string), ownFiles: make(map[string]bool), parsed: make(map[string]*expr.File)}
	for _, pkg := range p.named {
		for _, name := range pkg.GoFiles {
			s.ownFiles[name] = true
		}
	}
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// stackRules are those of the installed runtime for the target.
func (p *pipeline) stackRules() (*stacksize.Rules, error) {
	return stacksize.Load(stacksize.Target{
		GOROOT: p.env.GOROOT, GOOS: p.env.GOOS, GOARCH: p.env.GOARCH,
		Race: slices.Contains(p.cfg.BuildFlags, "-race=true") || slices.Contains(p.cfg.BuildFlags, "-race"),
	})
}

// stacks are the functions of a build.
type stacks struct {
	p       *pipeline
	req     StackRequest
	rules   *stacksize.Rules
	graph   *chains.Graph
	all     []objscan.StackFunc
	own     []objscan.StackFunc // of the packages that were asked for
	entries map[string]stackEntry
	symbols map[*alloc.Stack]string // of rows
	// ownFiles are the files of the packages that were asked for, parsed those that were
	// read for their syntax alone.
	ownFiles map[string]bool
	parsed   map[string]*expr.File
	// declared are the places of types and methods, by package.
	declared map[string]map[string]alloc.Pos
}

// A stackEntry is how a function comes to be the first of a goroutine that is not the
// runtime's, and what is in use then.
type stackEntry struct {
	kind alloc.StackEntry
	base int64
}

// read reads the machine code of all packages.
func (s *stacks) read(ctx context.Context) error {
	scanner, err := s.p.archiveScanner(ctx)
	if err != nil {
		return err
	}
	paths := slices.Sorted(maps.Keys(s.p.archives))
	lists := make([][]objscan.StackFunc, len(paths))
	err = s.p.eachArchive(ctx, paths, func(i int, path string) (err error) {
		lists[i], err = scanner.Stack(path)
		return err
	})
	if err != nil {
		return err
	}
	for i, path := range paths {
		s.graph.Add(lists[i])
		s.all = append(s.all, lists[i]...)
		if s.p.asked[path] {
			s.own = append(s.own, lists[i]...)
		}
	}
	s.graph.ErrorPath = s.errorPath
	s.graph.Solve()
	for _, list := range lists {
		for _, f := range list {
			for _, key := range f.Starts {
				s.started(key)
			}
		}
	}
	return nil
}

// errorPath reports a place of the packages that were asked for where only an error
// leads.
func (s *stacks) errorPath(p alloc.Pos) bool {
	if !s.ownFiles[p.File] {
		return false
	}
	f := s.syntax(p.File)
	return f != nil && f.ErrorPath(p.Line)
}

// syntax is a source file for what syntax tells. What -vars asks of it needs types,
// which come first if at all: it reads the file a second time.
func (s *stacks) syntax(name string) *expr.File {
	if s.req.Vars == 0 {
		return s.p.file(name)
	}
	f, ok := s.parsed[name]
	if !ok {
		if src, err := s.p.readFile(name); err == nil {
			f, _ = expr.Parse(nil, name, src) // what could be parsed is used
		}
		s.parsed[name] = f
	}
	return f
}

// started notes what a go statement starts: the function itself, or one that the
// compiler has made to hand it its arguments.
func (s *stacks) started(key string) {
	f := s.graph.Func(key)
	if f == nil {
		return
	}
	e := stackEntry{alloc.EntryGo, s.rules.Start}
	if strings.Contains(f.Name, ".gowrap") {
		if calls := f.Calls; len(calls) == 1 && calls[0].To != "" {
			e.base += int64(calls[0].Used)
			key = calls[0].To
		}
	}
	s.entries[key] = stackEntry{e.kind, max(e.base, s.entries[key].base)}
}

// rows are those of the functions that the request is about, those that need the most
// stack first.
func (s *stacks) rows(funcs []objscan.StackFunc) []*alloc.Stack {
	var rows []*alloc.Stack
	seen := make(map[string]bool) // several packages have the same instance of a generic function
	for i := range funcs {
		f := &funcs[i]
		if f.Wrapper || !f.Known || seen[f.Key] {
			continue
		}
		seen[f.Key] = true
		if !s.req.Func.Match(f.Package, strings.TrimPrefix(f.Name, f.Package+"."), s.p.isProgram(f.Package)) {
			continue
		}
		if g := s.syntax(f.File); g != nil && g.Generated && !s.req.Generated {
			continue
		}
		test := strings.HasSuffix(f.File, "_test.go")
		if test && !s.req.Tests || strings.Contains(f.File, "/_testmain.go") || f.File == "_testmain.go" {
			continue
		}
		row := s.row(f, test)
		if f.File == autogenerated {
			row.Pos, row.CompilerMade = s.origin(f), true
		}
		s.symbols[row] = objscan.Symbol(f.Key)
		row.Instance = objscan.Instance(s.symbols[row])
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *alloc.Stack) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Frame, a.Frame), strings.Compare(a.Func, b.Func), strings.Compare(a.Instance, b.Instance))
	})
	return rows
}

func (s *stacks) row(f *objscan.StackFunc, test bool) *alloc.Stack {
	e := s.entry(f, test)
	row := &alloc.Stack{
		Func: f.Name, Package: f.Package, Pos: alloc.Pos{File: f.File, Line: f.Line}, Entry: e.kind, Test: test,
		Frame: int64(f.Bytes), Check: f.Check,
	}
	row.StackChain, _ = s.chain(s.graph.Ordinary(f.Key, e.base))
	if c := s.graph.Chain(f.Key, e.base); c.Bytes > row.Bytes {
		chain, steps := s.chain(c)
		if i := slices.IndexFunc(c.Steps, func(x chains.Step) bool { return x.Aside != "" }); i >= 0 {
			row.Aside = &alloc.AsideChain{StackChain: chain, Leave: steps[i], Why: c.Steps[i].Aside}
		}
	}
	return row
}

// chain is a chain as the report has it, and all its steps.
func (s *stacks) chain(c *chains.Chain) (alloc.StackChain, []alloc.StackStep) {
	chain := alloc.StackChain{Bytes: c.Bytes, Size: c.Stack, Copies: c.Copies, Copied: c.Copied, Dynamic: c.Dynamic, DynamicOff: c.DynamicOff}
	largest := 0
	steps := make([]alloc.StackStep, len(c.Steps))
	for i, x := range c.Steps {
		steps[i] = alloc.StackStep{Func: x.Name, Frame: int64(x.Bytes), Used: x.Used, Line: x.Line, Deferred: x.Deferred, Recursive: x.Recursive}
		if i > 0 {
			steps[i].File = c.Steps[i-1].File
		}
		if steps[i].File == autogenerated {
			steps[i].File, steps[i].Line = "", 0
		}
		if x.Bytes > c.Steps[largest].Bytes {
			largest = i
		}
		if x.Recursive && !slices.Contains(chain.Recursive, x.Name) {
			chain.Recursive = append(chain.Recursive, x.Name)
		}
	}
	chain.RecursiveOff = s.recursiveOff(c)
	if largest > 0 {
		chain.Largest = &steps[largest]
	}
	if s.req.Chain {
		chain.Chain = steps
	}
	return chain, steps
}

// recursiveOff are a chain's [alloc.StackChain.RecursiveOff].
func (s *stacks) recursiveOff(c *chains.Chain) []string {
	var own, others []string
	for _, f := range c.Off {
		switch {
		case s.p.asked[f.Package]:
			own = append(own, f.Name)
		case !stdpkg.Has(f.Package):
			others = append(others, f.Name)
		}
	}
	slices.Sort(own)
	slices.Sort(others)
	return append(own, others...)
}

// entry says how a function is come to.
func (s *stacks) entry(f *objscan.StackFunc, test bool) stackEntry {
	if e, ok := s.entries[f.Key]; ok {
		return e
	}
	name := strings.TrimPrefix(f.Name, f.Package+".")
	switch {
	case strings.HasPrefix(f.Key, "main.main<"):
		return stackEntry{alloc.EntryMain, s.below("runtime.main")}
	case test && (isTest(name, "Test") || isTest(name, "Fuzz")):
		return stackEntry{alloc.EntryTest, s.below("testing.tRunner")}
	case test && isTest(name, "Benchmark"):
		return stackEntry{alloc.EntryTest, s.below("testing.(*B).launch", "testing.(*B).runN")}
	case exportedFunc(name):
		return stackEntry{alloc.EntryExported, s.rules.Start}
	}
	return stackEntry{"", s.rules.Start}
}

// below is what is in use where a goroutine's function is called by those above
// it, outermost first.
func (s *stacks) below(keys ...string) int64 {
	used := s.rules.Start
	for _, key := range keys {
		if f := s.graph.Func(key); f != nil {
			used += int64(f.Bytes) + s.rules.Call
		}
	}
	return used
}

// isTest reports whether go test runs a function of a name, as cmd/go does.
func isTest(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok || strings.ContainsAny(rest, ".[") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(r)
}

// exportedFunc reports a function, or a method of a type, that other packages can
// name: "F", "T.M", "(*T).M".
func exportedFunc(name string) bool {
	name, _, generic := strings.Cut(name, "[...]")
	rest := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name, rest = name[:i], name[i+1:]
	}
	if generic && rest == "" && strings.HasPrefix(name, "(*") {
		return false // a method of a generic type: it is exported where it is instantiated
	}
	name = strings.Trim(name, "(*)")
	upper := func(s string) bool {
		r, _ := utf8.DecodeRuneInString(s)
		return unicode.IsUpper(r)
	}
	return upper(name) && (rest == "" || upper(rest))
}

// topStacks keeps the rows that are among the first n as they are, or by frame.
func topStacks(rows []*alloc.Stack, n int) []*alloc.Stack {
	keep := make(map[*alloc.Stack]bool)
	for _, r := range rows[:min(n, len(rows))] {
		keep[r] = true
	}
	for _, r := range slices.SortedStableFunc(slices.Values(rows), alloc.ByFrame)[:min(n, len(rows))] {
		keep[r] = true
	}
	return slices.DeleteFunc(rows, func(r *alloc.Stack) bool { return !keep[r] })
}
