package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A function is a callee that the compiler knows.
type function struct {
	// bodiless reports that Go's compiler sees no body of it: it is written in
	// assembly, or linked by another name.
	bodiless bool
	certain  bool   // its text cannot be that of a variable
	path     string // import path of its package
	name     string // without the package: "(*T).M", "F[...]"
	// compiled is the package whose diagnostics tell of it: its own, or the
	// one that instantiates it.
	compiled string
	leaks    []*alloc.Diagnostic
	params   []string // receiver first; nil if not known
	results  []string
}

func (f function) full() string { return f.path + "." + f.name }

// said is what the compiler said of one package.
type said struct {
	leaks   map[string][]*alloc.Diagnostic // by function
	escapes map[string][]*alloc.Diagnostic // by expression
	inlined map[alloc.Pos][]*alloc.Diagnostic
	// declared are the functions that the compiler considered for inlining,
	// with its reason against it: all functions.
	declared map[string]string
	lines    map[line][]*alloc.Diagnostic // what declares those on a line
}

type line struct {
	file string
	line int
}

// fn is the function that d is about. Up to go1.24 the compiler does not name
// it; then it is the one declared last before d.
func (s *said) fn(d *alloc.Diagnostic) string {
	if d.Func != "" {
		return alloc.FoldFunc(d.Func)
	}
	for n := d.Pos.Line; n > 0; n-- {
		var last *alloc.Diagnostic
		for _, f := range s.lines[line{d.Pos.File, n}] {
			if f.Pos == d.Pos {
				continue // the function literal that d is about
			}
			// A receiver stands before the name, in the same line.
			if last == nil || before(last.Pos, f.Pos) == !before(d.Pos, f.Pos) {
				last = f
			}
		}
		if last == nil {
			continue
		}
		// Functions of other packages that are instantiated in this one are
		// declared by their qualified names.
		q, _ := qualified(d.Expr)
		for _, r := range readings(last.Expr) {
			if d.Verdict == alloc.Leaks && r.qualifier == q {
				return r.fn
			}
		}
		name := alloc.FoldFunc(last.Expr)
		if r := readings(name)[0]; r.qualifier != "" && strings.Contains(name, "[...]") {
			return r.fn
		}
		return name
	}
	return ""
}

// said returns what the compiler said of a package, looked up once.
func (t *Tracer) said(ctx context.Context, path string) (*said, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.packages[path]; s != nil {
		return s, nil
	}
	list, err := t.Lookup(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("looking up what the compiler says of %s: %w", path, err)
	}
	s := &said{
		leaks:    make(map[string][]*alloc.Diagnostic),
		escapes:  make(map[string][]*alloc.Diagnostic),
		inlined:  make(map[alloc.Pos][]*alloc.Diagnostic),
		declared: make(map[string]string),
		lines:    make(map[line][]*alloc.Diagnostic),
	}
	for _, d := range list {
		if d.Verdict == alloc.CanInline || d.Verdict == alloc.CannotInline {
			s.declared[d.Expr] = d.Reason
			s.lines[line{d.Pos.File, d.Pos.Line}] = append(s.lines[line{d.Pos.File, d.Pos.Line}], d)
		}
	}
	for _, d := range list {
		switch d.Verdict {
		case alloc.Leaks:
			fn := s.fn(d)
			s.leaks[fn] = append(s.leaks[fn], d)
		case alloc.EscapesToHeap, alloc.MovedToHeap:
			s.escapes[storageName(d.Expr)] = append(s.escapes[storageName(d.Expr)], d)
		case alloc.InlinesCall:
			s.inlined[d.Pos] = append(s.inlined[d.Pos], d)
		}
	}
	if t.packages == nil {
		t.packages = make(map[string]*said)
	}
	t.packages[path] = s
	return s, nil
}

// storageName folds the names of one expression in plain and in explained
// lines: "append escapes to heap", "append(s, x) escapes to heap in F".
func storageName(expr string) string {
	if strings.HasPrefix(expr, "append(") {
		return "append"
	}
	return expr
}

// A name is a way to read a callee's text.
type name struct {
	qualifier string // package name, "" the package compiled
	fn        string
	certain   bool // the form is that of a method, and of nothing else
}

// readings returns the ways to read a callee's text. What is not a function by
// any of them is a variable, a field or an interface method.
func readings(callee string) []name {
	if inner, rest, ok := strings.Cut(strings.TrimPrefix(callee, "(*"), ")"); ok && strings.HasPrefix(callee, "(*") {
		q, typ := qualified(inner)
		return []name{{q, "(*" + typ + ")" + rest, true}}
	}
	var parts []string
	if strings.HasPrefix(callee, `"`) { // "math/rand".Intn, where the name alone is ambiguous
		end := endOfQuote(callee, 0) + 1
		parts = append([]string{callee[:end]}, split(strings.TrimPrefix(callee[end:], "."), '.')...)
	} else {
		parts = split(callee, '.')
	}
	whole := name{fn: callee}
	if len(parts) == 1 || len(parts) > 3 {
		return []name{whole}
	}
	return []name{{qualifier: parts[0], fn: strings.Join(parts[1:], ".")}, whole}
}

// qualified splits "pkg.T" and `"path/pkg".T`.
func qualified(s string) (qualifier, name string) {
	if b := strings.IndexByte(s, '['); b >= 0 {
		q, n := qualified(s[:b])
		return q, n + s[b:]
	}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return "", s
}

// paths returns the import paths that a package name may stand for in text
// that was printed when package from was compiled.
func (t *Tracer) paths(from, qualifier string) (imported, other []string) {
	switch {
	case strings.HasPrefix(qualifier, `"`):
		return []string{strings.Trim(qualifier, `"`)}, nil
	case !isName(qualifier):
		return nil, nil
	case t.Packages != nil:
		return t.Packages(from, qualifier)
	}
	return []string{qualifier}, nil // right for errors, fmt, io, sort, …
}

func isName(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return s != ""
}

// resolve finds the function that callee's text names in what was printed when
// package from was compiled. It returns nil where the text names none, which
// is a call of a function value or an interface method, and an error where it
// names one of which nothing is known.
func (t *Tracer) resolve(ctx context.Context, from, callee string) (*function, error) {
	here, err := t.said(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, n := range readings(callee) {
		if n.qualifier == "" {
			if leaks := owned(here.leaks[n.fn], ""); leaks != nil {
				return t.function(n, from, from, leaks), nil
			}
			if f, err := declared(here, from, n); f != nil || err != nil {
				return f, err
			}
			continue
		}
		imported, other := t.paths(from, n.qualifier)
		for _, path := range slices.Concat(imported, other) {
			// Generic functions are compiled where they are instantiated.
			if leaks := owned(here.leaks[n.fn], n.qualifier); leaks != nil {
				return t.function(n, path, from, leaks), nil
			}
			there, err := t.said(ctx, path)
			if err != nil {
				return nil, err
			}
			if leaks := owned(there.leaks[n.fn], ""); leaks != nil {
				return t.function(n, path, path, leaks), nil
			}
			if f, err := declared(there, path, name{fn: n.fn}); f != nil || err != nil {
				return f, err
			}
		}
		if n.certain {
			return nil, fmt.Errorf("no package of %s is known to declare %s", from, callee)
		}
	}
	return nil, nil
}

// declared is the answer for a function none of whose parameters leaks for a
// reason: nil for one that is not declared in the package at all.
func declared(s *said, path string, n name) (*function, error) {
	switch reason, ok := s.declared[n.fn]; {
	case ok && strings.Contains(reason, "no function body"):
		return &function{bodiless: true, path: path, name: n.fn}, nil
	case ok || n.certain:
		return nil, fmt.Errorf("the compiler does not say what becomes of the parameters of %s.%s", path, n.fn)
	}
	return nil, nil
}

// owned returns the diagnostics whose parameter is written as one of the
// package qualifier: "p" in the package's own text, "pkg.p" elsewhere.
func owned(list []*alloc.Diagnostic, qualifier string) []*alloc.Diagnostic {
	var own []*alloc.Diagnostic
	for _, d := range list {
		if q, _ := qualified(d.Expr); q == qualifier {
			own = append(own, d)
		}
	}
	return own
}

// function is the callee that leaks tell of, with its signature where it can
// be had.
func (t *Tracer) function(n name, path, compiled string, leaks []*alloc.Diagnostic) *function {
	f := &function{certain: n.certain, path: path, name: n.fn, compiled: compiled, leaks: leaks}
	for _, d := range leaks {
		if t.Source != nil && d.Pos.Line > 0 && !strings.HasPrefix(d.Pos.File, "<") {
			f.params, f.results = t.Source.Params(d.Pos)
			break
		}
	}
	return f
}

// leak returns the leak to the heap of the parameter that takes the value
// named by arg in call, and the parameter's name.
func (f *function) leak(call callText, arg string) (*alloc.Diagnostic, string) {
	var names []string
	call = f.withoutDictionary(call)
	if len(f.params) == len(call.args) {
		for _, i := range call.indices(arg) {
			names = append(names, f.params[i])
		}
	}
	if names == nil {
		// Without the signature, or where the text hides the value: a
		// function with one leaking parameter leaves no doubt.
		for _, d := range f.leaks {
			if _, p := qualified(d.Expr); f.keeps(d) && (len(names) == 0 || names[0] != p) {
				names = append(names, p)
			}
		}
		if len(names) != 1 {
			return nil, ""
		}
	}
	for _, p := range names {
		if d := f.best(p); d != nil {
			return d, p
		}
	}
	return nil, ""
}

// withoutDictionary drops the argument that tells a generic function of its
// type arguments, where it has a name of its own: it is the first behind a
// receiver.
func (f *function) withoutDictionary(call callText) callText {
	if f.params == nil || len(call.args) != len(f.params)+1 || !strings.Contains(f.name, "[...]") {
		return call
	}
	i := 0
	if strings.Contains(f.name, "[...]).") || strings.Contains(f.name, "[...].") {
		i = 1
	}
	call.args = slices.Delete(slices.Clone(call.args), i, i+1)
	return call
}

// best chooses among the leaks of one parameter: an explained one, rather not
// of the wrapper that the compiler makes of an instantiated method, with the
// fewest dereferences.
func (f *function) best(param string) *alloc.Diagnostic {
	var found *alloc.Diagnostic
	worth := 0
	for _, d := range f.leaks {
		if _, p := qualified(d.Expr); p != param || !f.keeps(d) {
			continue
		}
		w := 1000 - d.Derefs
		if len(d.Flow) > 0 {
			w += 4000
		}
		if call, ok := lastCall(d); !ok || !strings.HasSuffix(call.callee, f.name) {
			w += 2000
		}
		if found == nil || w > worth {
			found, worth = d, w
		}
	}
	return found
}

func lastCall(d *alloc.Diagnostic) (callText, bool) {
	for i := len(d.Flow) - 1; i >= 0; i-- {
		if d.Flow[i].Step == "call parameter" {
			return parseCall(d.Flow[i].Text)
		}
	}
	return callText{}, false
}

// keeps reports whether a leak of one of f's parameters makes the caller's
// value escape whatever the caller does: it is not to a result.
func (f *function) keeps(d *alloc.Diagnostic) bool {
	return !isResult(d.To) && !slices.Contains(f.results, d.To)
}

// isResult reports whether the compiler's word for a destination is that of an
// unnamed result.
func isResult(to string) bool {
	return strings.HasPrefix(to, "~r") || strings.HasPrefix(to, "result ")
}
