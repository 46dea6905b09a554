package contract

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/flow"
	"github.com/stackward-go/stackward/internal/objscan"
)

// A Checker holds the code of one build to its directives.
type Checker struct {
	Code    *objscan.Code
	Program *flow.Program
	// Directives are those of all packages whose promises are checked.
	Directives []*Directive
	// Packages are the import paths of the packages whose promises are checked.
	Packages []string
	// Site finds the site of an allocating call, nil where none is listed.
	Site func(call alloc.Call) *alloc.Site
	// OnHeap are the sites of a file between two lines that may allocate.
	OnHeap func(file string, from, to int) []*alloc.Site

	sources  map[string]*source
	byFile   map[string][]*Directive // of ignore and cold
	coldFunc map[string]bool         // functions marked cold, full names
	promised map[string]bool         // methods of interfaces under contract, full names
	used     []alloc.Pos
}

// A Result is what became of the contracts of one package.
type Result struct {
	Contracts []*alloc.Contract
	Findings  []*alloc.Finding
	// Used are the places of the ignore directives, of any package, that were
	// needed.
	Used []alloc.Pos
}

// Wrong are the directives that say nothing.
func Wrong(directives []*Directive) []*alloc.Finding {
	var list []*alloc.Finding
	for _, d := range directives {
		if d.Wrong != "" {
			list = append(list, &alloc.Finding{
				Rule: alloc.RuleContract, Pos: d.Pos, Message: prefix + d.Text + ": " + d.Wrong,
			})
		}
	}
	return list
}

// Unused are the ignore directives that no package needed.
func Unused(directives []*Directive, used []alloc.Pos) []*alloc.Finding {
	var list []*alloc.Finding
	for _, d := range directives {
		if d.Wrong == "" && d.Verb == Ignore && !slices.Contains(used, d.Pos) {
			list = append(list, &alloc.Finding{
				Rule: alloc.RuleIgnore, Pos: d.Pos,
				Message: fmt.Sprintf("nothing here is ignored: no contract meets a site of %s on these lines", strings.Join(d.Causes, ", ")),
			})
		}
	}
	return list
}

// Promises reports a directive that Check gives a verdict.
func (d *Directive) Promises() bool {
	return d.Wrong == "" && (d.Verb == Noalloc || d.Verb == Allocs || d.Verb == Stack)
}

// Inherited reports a promise that importers of its package have to keep, too: by
// the types that implement an interface, and by the instances of a generic
// function.
func (d *Directive) Inherited() bool {
	return d.Promises() && (d.Interface || strings.Contains(d.Func, "[...]"))
}

// Check gives the contracts of one package their verdicts.
func (c *Checker) Check(ctx context.Context, path string) (*Result, error) {
	if c.sources == nil {
		c.prepare()
	}
	c.used = nil
	out := new(Result)
	for _, d := range c.Directives {
		if d.Package != path || !d.Promises() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if d.Verb == Stack {
			c.stack(d, out)
		} else if err := c.hold(ctx, d, out); err != nil {
			return nil, err
		}
	}
	out.Used = c.used
	return out, c.Code.Err()
}

func (c *Checker) prepare() {
	c.sources, c.byFile = make(map[string]*source), make(map[string][]*Directive)
	c.coldFunc, c.promised = make(map[string]bool), make(map[string]bool)
	for _, d := range c.Directives {
		switch {
		case d.Wrong != "":
		case d.Verb == Cold && d.Func != "":
			c.coldFunc[d.Package+"."+d.Func] = true
		case d.Verb == Ignore || d.Verb == Cold:
			c.byFile[d.File] = append(c.byFile[d.File], d)
		case d.Interface:
			c.promised[d.Package+"."+d.Func] = true
		}
	}
}

// stack holds a variable or an expression to its stack.
func (c *Checker) stack(d *Directive, out *Result) {
	k := &alloc.Contract{Func: d.Package, Pos: d.Pos, Directive: d.Text, Verdict: alloc.Kept}
	out.Contracts = append(out.Contracts, k)
	for _, s := range c.OnHeap(d.File, d.From, d.To) {
		if c.ignored(s.File, s.Line, s.Kind, s.Cause) {
			continue
		}
		k.Verdict = alloc.Broken
		out.Findings = append(out.Findings, &alloc.Finding{
			Rule: alloc.RuleStack, Site: s.ID, Pos: s.Pos, Func: s.Package + "." + s.Func, Kind: s.Kind, Cause: s.Cause,
			Message: s.Expr + " is on the heap, under " + prefix + d.Text,
		})
	}
}

// ignored reports whether an ignore directive covers a site, and notes its use.
func (c *Checker) ignored(file string, line int, kind alloc.Kind, cause alloc.Cause) bool {
	found := false
	for _, d := range c.byFile[file] {
		if d.Verb == Ignore && d.From <= line && line <= d.To && (slices.Contains(d.Causes, string(cause)) || slices.Contains(d.Causes, string(kind))) {
			found = true
			if !slices.Contains(c.used, d.Pos) {
				c.used = append(c.used, d.Pos)
			}
		}
	}
	return found
}

// cold reports whether a place is marked cold.
func (c *Checker) cold(file string, line int) bool {
	return slices.ContainsFunc(c.byFile[file], func(d *Directive) bool {
		return d.Verb == Cold && d.From <= line && line <= d.To
	})
}

// hold gives a contract on functions its verdict.
func (c *Checker) hold(ctx context.Context, d *Directive, out *Result) error {
	roots, gone := c.roots(d)
	if len(roots) == 0 {
		if !slices.Contains(c.Packages, d.Package) {
			return nil // it is for others to say
		}
		out.Contracts = append(out.Contracts, &alloc.Contract{
			Func: d.Package + "." + d.Func, Pos: d.Pos, Directive: d.Text, Verdict: alloc.Assumed,
			Assumptions: []*alloc.Assumption{{Pos: d.Pos, Text: gone}},
		})
		return nil
	}
	for _, r := range roots {
		w := &walk{c: c, states: make(map[string]*state)}
		name := r[0].Package + "." + strings.TrimPrefix(r[0].Name, r[0].Package+".")
		k := &alloc.Contract{Func: name, Pos: d.Pos, Directive: d.Text, Verdict: alloc.Kept}
		out.Contracts = append(out.Contracts, k)
		var first []*state
		for _, f := range r {
			fn := c.home(f)
			var sc *scope
			if fn != nil {
				sc = c.root(fn)
			}
			first = append(first, w.enter(nil, f, sc, flags{}, nil))
		}
		if err := w.run(ctx); err != nil {
			return err
		}
		findings := w.findings(d, name)
		if d.Verb == Allocs {
			n := 0.0
			for _, s := range first {
				n = max(n, w.count(s))
			}
			if n <= float64(d.Max) {
				findings = nil
			} else {
				for _, f := range findings {
					f.Was, f.Unit = float64(d.Max), "allocs/op"
					if math.IsInf(n, 1) { // in a loop: there is no number
						f.Message += fmt.Sprintf("; %d allowed in all, and one is in a loop", d.Max)
						continue
					}
					f.Is = n
					f.Message += fmt.Sprintf("; %d allowed in all, %v made", d.Max, n)
				}
			}
		}
		k.Assumptions = w.assumptions(findings)
		switch {
		case len(findings) > 0:
			k.Verdict = alloc.Broken
		case len(k.Assumptions) > 0:
			k.Verdict = alloc.Assumed
		}
		out.Findings = append(out.Findings, findings...)
	}
	return nil
}

// roots are the functions that a directive is about, the instances of a generic
// one together, and why there are none.
func (c *Checker) roots(d *Directive) (list [][]*objscan.Func, gone string) {
	switch {
	case d.Literal:
		fs := slices.DeleteFunc(slices.Clone(c.Code.At(d.Package, d.File, d.From)), func(f *objscan.Func) bool { return !literalName(f.Name) })
		if len(fs) == 0 {
			return nil, "the function literal has no code of its own: it was inlined where it is called, or is never used"
		}
		return [][]*objscan.Func{fs}, ""
	case d.Interface:
		for _, f := range c.implementations(d) {
			path, name := nameOf(f)
			if fs := c.named(path, name); len(fs) > 0 {
				list = append(list, fs)
			}
		}
		return list, "no type of these packages implements the interface"
	}
	fs := c.named(d.Package, d.Func)
	if !slices.Contains(c.Packages, d.Package) { // which answers for its own instances
		fs = slices.DeleteFunc(fs, func(f *objscan.Func) bool { return f.Package == d.Package })
	}
	if len(fs) > 0 {
		return [][]*objscan.Func{fs}, ""
	}
	return nil, "it is not compiled: none of these packages has an instance of it"
}

// named are the functions of a name: of a generic one the instances that any of
// the packages has.
func (c *Checker) named(path, name string) []*objscan.Func {
	full := path + "." + name
	fs := c.Code.Named(path, full)
	if !strings.Contains(name, "[...]") {
		return fs
	}
	fs = slices.Clone(fs)
	for _, p := range c.Packages {
		if p != path {
			fs = append(fs, c.Code.Named(p, full)...)
		}
	}
	return fs
}

// implementations are the methods by which the types of the packages implement a
// method of an interface.
func (c *Checker) implementations(d *Directive) []*types.Func {
	src := c.source(d.Package)
	if src == nil {
		return nil
	}
	iface, method, _ := strings.Cut(d.Func, ".")
	tn, _ := src.Types.Scope().Lookup(iface).(*types.TypeName)
	if tn == nil {
		return nil
	}
	var list []*types.Func
	seen := make(map[string]bool)
	for _, path := range c.Packages {
		s := c.source(path)
		if s == nil {
			continue
		}
		it, ok := c.imported(s, tn).Type().Underlying().(*types.Interface)
		if !ok {
			continue
		}
		for _, f := range s.methodsOf(it, method) {
			p, name := nameOf(f)
			if full := p + "." + name; !seen[full] {
				seen[full] = true
				list = append(list, f)
			}
		}
	}
	return list
}

// imported is a type as a package sees it: its own, or that of the package that
// it imports. Of one that it does not import the type stays what it is, and only
// methods without named types in their signatures are found to implement it.
func (c *Checker) imported(s *source, tn *types.TypeName) *types.TypeName {
	if tn.Pkg() == s.Types {
		return tn
	}
	for _, imp := range s.Types.Imports() {
		if imp.Path() == tn.Pkg().Path() {
			if t, ok := imp.Scope().Lookup(tn.Name()).(*types.TypeName); ok {
				return t
			}
		}
	}
	return tn
}

// methodsOf are the methods of that name by which the types that a package
// declares implement an interface.
func (s *source) methodsOf(it *types.Interface, method string) []*types.Func {
	var list []*types.Func
	names := slices.SortedFunc(maps.Keys(s.Info.Defs), func(a, b *ast.Ident) int { return cmp.Compare(a.Pos(), b.Pos()) })
	for _, id := range names {
		tn, ok := s.Info.Defs[id].(*types.TypeName)
		if !ok || tn.IsAlias() || types.IsInterface(tn.Type()) {
			continue
		}
		t := tn.Type()
		if !types.Implements(t, it) {
			if t = types.NewPointer(t); !types.Implements(t, it) {
				continue
			}
		}
		o, _, _ := types.LookupFieldOrMethod(t, true, s.Types, method)
		if f, ok := o.(*types.Func); ok && !abstract(f) {
			list = append(list, f)
		}
	}
	return list
}

// home is the source of a function's machine code, nil of a generated one.
func (c *Checker) home(f *objscan.Func) *function {
	for path := range splits(f.Name) {
		src := c.source(path)
		if src == nil {
			continue
		}
		name := strings.TrimPrefix(f.Name, path+".")
		if fn := src.decls[name]; fn != nil {
			return fn
		}
		if i := strings.Index(name, "-range"); i > 0 && src.decls[name[:i]] != nil {
			return src.decls[name[:i]] // the body of a loop over a function
		}
	}
	if !literalName(f.Name) || f.File == "" {
		return nil
	}
	// A literal may have been inlined into a function of another package, after
	// which it is called.
	src := c.source(c.Program.PackageOf(f.File))
	if src == nil {
		return nil
	}
	var found *function
	for _, lit := range src.lits[f.Line] {
		if src.pos(lit.Pos()).File != f.File {
			continue
		}
		if found != nil {
			return nil // two on one line
		}
		found = src.funcs[lit]
	}
	return found
}
