// Package correlate decides which evidence is about the same site.
//
//	Diagnostic  position of the expression, or of the outermost call
//	            when it stands in an inlined body            ─┐
//	Call        line of each inlined frame, runtime entry,    ├→ Site
//	            type                                          │
//	Sample      the same, measured                           ─┘
//
// A site is keyed by the expression in the source: its file, its first line
// and column, and what it allocates. The machine code knows no columns, so
// several expressions on one line are told apart by what is allocated (runtime
// entry, type) and, where that is the same, by their order.
//
// The three sources answer different questions. The compiler gives the reason;
// the machine code gives existence: a diagnostic without a call allocates
// never (constants in interfaces, values of one byte, dead code), a call
// without a diagnostic allocates all the same (map growth, channels). What
// "does not escape" may still allocate: growth, unknown sizes, concatenation.
//
// Limits: of two expressions on one line that allocate the same type through
// the same entry, each gets its existence from their order, which the compiler
// does not promise to keep.
package correlate

import (
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cause"
	"github.com/stackward-go/stackward/internal/expr"
)

// A Joiner collects the evidence of one build and makes its sites. It is not
// safe for concurrent use.
type Joiner struct {
	// Dynamic, if not nil, reports whether a diagnostic's explanation ends at a
	// call whose callee the compiler does not know.
	Dynamic func(*alloc.Diagnostic) bool

	// Known, if not nil, reports whether the program has a package of an
	// import path.
	Known func(importPath string) bool
	// Slot, if not nil, is the size of the slot that an object of a size takes.
	Slot func(bytes int64, noscan bool) int64
	// Measured is what samples are evidence by, "" the recorder.
	Measured alloc.Evidence

	// files gives a parsed source file, nil where it cannot be read.
	files func(name string) *expr.File

	sites   map[siteKey]*entry
	entries []*entry             // in the order they were made
	lines   map[lineKey][]*entry // by file and each line of the expression
	byFunc  map[string][]*entry  // by full function name
	judged  map[string]bool      // packages that Package saw
	moves   []alloc.Call         // of slices that append grew, see settle
}

// An entry is a site in the making, with the evidence that named it.
type entry struct {
	site  *alloc.Site
	node  *expr.Node
	shape string
	// diag is the diagnostic of the expression in its own function;
	// inlinedDiag the first of an inlined copy.
	diag, inlinedDiag *alloc.Diagnostic
	calls             []alloc.Call
	explained         []bool // of each call: the compiler says that it escapes
	inlined           map[placeKey]*alloc.Inlining
	copies            map[placeKey]*alloc.Diagnostic // of inlined copies
	// ownCall reports a call in the function's own body, stackOnly that at
	// least one inlined copy stays on the stack.
	ownCall, copyCall, copyStack bool
	sample                       *alloc.Sample
}

type siteKey struct {
	file      string
	line, col int
	kind      alloc.Kind
	typ       string // only where there is no expression to tell sites apart
}

type lineKey struct {
	file string
	line int
}

type placeKey struct {
	fn        string
	file      string
	line, col int
}

// New returns a Joiner that reads source through files, which may return nil.
func New(files func(name string) *expr.File) *Joiner {
	return &Joiner{
		files:  files,
		sites:  make(map[siteKey]*entry),
		lines:  make(map[lineKey][]*entry),
		byFunc: make(map[string][]*entry),
		judged: make(map[string]bool),
	}
}

// Package joins the evidence about one package: what the compiler said when it
// compiled it, and the calls in its object code. Diagnostics of other packages
// are ignored.
func (j *Joiner) Package(importPath string, diags []*alloc.Diagnostic, calls []alloc.Call) {
	j.judged[importPath] = true
	claims := j.claims(diags)
	taken := claims.assign(calls, j.extent)

	// What stands in a function itself comes first, so that its inlined copies
	// find the site.
	answered := make(map[*claim]bool)
	for i, c := range taken {
		answered[c] = true
		if len(calls[i].Frames) == 1 && !isMove(&calls[i]) && !inWrapper(&calls[i]) && !isCopy(c, &calls[i]) {
			j.call(c, &calls[i])
		}
	}
	for _, c := range claims.order {
		if !answered[c] && c.node != nil {
			j.silent(importPath, c)
		}
	}
	for i, c := range taken {
		switch n := len(calls[i].Frames); {
		case n > 0 && isMove(&calls[i]):
			j.moves = append(j.moves, calls[i])
		case n == 1 && inWrapper(&calls[i]):
			j.wrapper(&calls[i])
		case n > 1 || n == 1 && isCopy(c, &calls[i]):
			j.call(c, &calls[i])
		}
	}
	for _, c := range claims.order {
		if !answered[c] && c.node == nil {
			j.silentCopy(importPath, c)
		}
	}
}

// call records a call of the machine code, explained by c or by nothing.
func (j *Joiner) call(c *claim, call *alloc.Call) {
	inner, outer := call.Frames[0], call.Frames[len(call.Frames)-1]
	inlined := len(call.Frames) > 1
	kind := kindOfCall(c, call)
	var e *entry
	switch {
	case inlined:
		e = j.match(inner, kind, call.Type)
	case !isCopy(c, call):
	case c == nil:
		if e = j.match(inner, kind, call.Type); e != nil && e.site.Package+"."+e.site.Func != inner.Func {
			e = nil
		}
	default:
		if e = j.body(call.Package, c); e != nil {
			inlined = true
			// The line stands for the body's in whatever this is inlined into.
			if k := (lineKey{outer.File, outer.Line}); !slices.Contains(j.lines[k], e) {
				j.lines[k] = append(j.lines[k], e)
			}
		}
	}
	if e == nil {
		e = j.made(c, call, kind)
	}
	e.calls = append(e.calls, *call)
	e.explained = append(e.explained, c != nil && c.d.Verdict != alloc.StaysOnStack)
	if inlined {
		e.copyCall = true
		e.place(outer, c).Allocates = how(call, c != nil && c.d.Verdict != alloc.StaysOnStack)
		if c != nil && e.inlinedDiag == nil {
			e.inlinedDiag = c.d
		}
		return
	}
	e.ownCall = true
	if c != nil && better(c.d, e.diag) {
		e.diag = c.d
	}
}

// isCopy reports a call, in a function itself, that may be of a copy of what
// stands elsewhere: of the body of a function that was inlined without a trace
// in the machine code, as instances of generic functions are, or of another
// instance of a generic function, among which is the wrapper that hands it its
// dictionary.
func isCopy(c *claim, call *alloc.Call) bool {
	if c == nil {
		return strings.Contains(call.Frames[0].Func, "[...]")
	}
	return c.node == nil && len(c.inlines) > 0
}

// made is the site of a call, at the expression that the compiler named or
// that the machine code's line shows.
func (j *Joiner) made(c *claim, call *alloc.Call, kind alloc.Kind) *entry {
	inner := call.Frames[0]
	pos := alloc.Pos{File: inner.File, Line: inner.Line}
	if c != nil && c.node != nil && len(call.Frames) == 1 {
		return j.entry(inner.Func, c.d.Pos, c.node, kind, call.Type)
	}
	text := ""
	if c != nil {
		text = c.d.Expr
	}
	node := j.find(inner.File, inner.Line, kind, text, call)
	if node == nil && c != nil && len(call.Frames) == 1 {
		// Of a body that was inlined without a trace in the machine code.
		return j.told(c, inner.Func, kind, call.Type)
	}
	if node != nil && kind == alloc.New && node.Kind != "" {
		kind = node.Kind
		if kind == alloc.Goroutine || kind == alloc.Defer {
			kind = alloc.Closure
		}
	}
	return j.entry(inner.Func, pos, node, kind, call.Type)
}

// inWrapper reports a call in a method that the compiler makes of another one,
// whose body it has inlined without a trace.
func inWrapper(call *alloc.Call) bool { return inGenerated(call.Frames[0]) }

// inGenerated reports a frame in code that has no file.
func inGenerated(f alloc.Frame) bool { return strings.HasPrefix(f.File, "<") }

// wrapper records such a call at the site of the method that is wrapped.
func (j *Joiner) wrapper(call *alloc.Call) {
	for _, e := range j.byFunc[valueMethod(call.Frames[0].Func)] {
		for i := range e.calls {
			if e.calls[i].Entry == call.Entry && e.calls[i].Type == call.Type {
				return
			}
		}
	}
	j.call(nil, call)
}

// extent is the last line of the literals that begin on a line.
func (j *Joiner) extent(file string, line int) int {
	f := j.files(file)
	if f == nil {
		return line
	}
	last := line
	for _, k := range []alloc.Kind{alloc.Map, alloc.Slice, alloc.Composite} {
		for _, n := range f.OnLine(line, k) {
			last = max(last, n.End.Line)
		}
	}
	return last
}

// valueMethod is the method that the wrapper "pkg.(*T).M" is made of.
func valueMethod(fn string) string {
	before, after, ok := strings.Cut(fn, "(*")
	if !ok {
		return fn
	}
	recv, method, ok := strings.Cut(after, ")")
	if !ok {
		return fn
	}
	return before + recv + method
}

// better reports whether d tells more than old: a heap verdict over a stack
// verdict, a flow over none.
func better(d, old *alloc.Diagnostic) bool {
	if old == nil {
		return true
	}
	if h, o := *escapes(d), *escapes(old); h != o {
		return h
	}
	return len(d.Flow) > len(old.Flow)
}

func escapes(d *alloc.Diagnostic) *bool {
	b := d.Verdict != alloc.StaysOnStack
	return &b
}

// silent records a diagnostic of an expression that no call answers to.
func (j *Joiner) silent(importPath string, c *claim) {
	if c.d.Verdict == alloc.StaysOnStack {
		return // and it did
	}
	e := j.entry(importPath+"."+c.d.Func, c.d.Pos, c.node, c.kind, "")
	if better(c.d, e.diag) {
		e.diag = c.d
	}
}

// silentCopy records a diagnostic in a copy of an inlined body that no call
// answers to: at the site of that body, if the body has one, else as a site of
// the place.
func (j *Joiner) silentCopy(importPath string, c *claim) {
	fn := importPath + "." + j.funcAt(c.d)
	if e := j.body(importPath, c); e != nil {
		in := e.place(alloc.Frame{Func: fn, File: c.d.Pos.File, Line: c.d.Pos.Line}, c)
		if in.Allocates == "" {
			in.Allocates = alloc.Never
			e.copyStack = true
		}
		return
	}
	if c.d.Verdict == alloc.StaysOnStack {
		return
	}
	e := j.told(c, fn, c.kind, "")
	if better(c.d, e.diag) {
		e.diag = c.d
	}
}

// body is the site, in the body of a function that was inlined where a claim
// stands, that the claim is of a copy of; nil where it is not known.
func (j *Joiner) body(importPath string, c *claim) *entry {
	for _, callee := range c.inlines {
		for _, e := range j.byFunc[fullName(importPath, alloc.FoldFunc(callee))] {
			if e.site.Kind == c.kind && e.node != nil && textFits(c.d.Expr, e) {
				return e
			}
		}
	}
	return nil
}

// told is the site of an expression that only the compiler's text shows.
func (j *Joiner) told(c *claim, fn string, kind alloc.Kind, typ string) *entry {
	key := siteKey{file: c.d.Pos.File, line: c.d.Pos.Line, col: c.d.Pos.Col, kind: kind, typ: c.d.Expr}
	e := j.add(key, fn, c.d.Pos, nil, kind, typ)
	e.site.Expr = c.d.Expr
	if e.site.Type == "" {
		e.site.Type = noShapes(ShortType(typeOfText(c.d.Expr)))
	}
	return e
}

// funcAt is the function that a diagnostic stands in, which the compiler names
// only where it explains.
func (j *Joiner) funcAt(d *alloc.Diagnostic) string {
	if d.Func == "" {
		if f := j.files(d.Pos.File); f != nil {
			name, _, _, _ := f.FuncAt(d.Pos.Line)
			return name
		}
	}
	return d.Func
}

// fullName is the full name of a function that the compiler named while it
// compiled importPath: "F", "(*T).M", "strings.(*Builder).Grow".
func fullName(importPath, fn string) string {
	if i := strings.IndexByte(fn, '.'); i > 0 && !strings.HasPrefix(fn, "(") && fn[:i] != path.Base(importPath) {
		return fn // of another package: its name, not its path; looked up by suffix
	}
	return importPath + "." + fn
}

func textFits(text string, e *entry) bool {
	switch e.site.Kind {
	case alloc.Composite, alloc.New:
		return sameType(typeOfText(text), e.site.Type)
	case alloc.Variable:
		return e.site.Expr == "var "+text
	}
	return true
}

// entry finds or makes the site of an expression.
func (j *Joiner) entry(fn string, pos alloc.Pos, node *expr.Node, kind alloc.Kind, typ string) *entry {
	key := siteKey{file: pos.File, line: pos.Line, col: pos.Col, kind: kind}
	if node != nil {
		key.line, key.col = node.Pos.Line, node.Pos.Col
	} else {
		key.col, key.typ = 0, ShortType(typ)
	}
	return j.add(key, fn, pos, node, kind, typ)
}

// add finds or makes the site with a key.
func (j *Joiner) add(key siteKey, fn string, pos alloc.Pos, node *expr.Node, kind alloc.Kind, typ string) *entry {
	if e := j.sites[key]; e != nil {
		return e
	}
	pkg, name := SplitFunc(fn, j.Known)
	s := &alloc.Site{Package: pkg, Func: name, Pos: pos, Kind: kind, Type: spell(kind, typ)}
	e := &entry{site: s, node: node, inlined: make(map[placeKey]*alloc.Inlining)}
	last := pos.Line
	if node != nil {
		s.Func = node.Func
		s.Expr = node.Text
		s.Line, s.Col = node.Pos.Line, node.Pos.Col
		s.LoopDepth, s.ErrorPath = node.LoopDepth, node.ErrorPath
		if t := typeOfNode(kind, node); t != "" {
			s.Type = t
		}
		e.shape = node.Shape
		last = min(node.End.Line, node.Pos.Line+40)
	} else {
		e.shape = string(kind)
		if s.Type != "" {
			e.shape += " " + s.Type
		}
	}
	if f := j.files(pos.File); f != nil {
		s.Generated, s.Test = f.Generated, f.Test
	} else if strings.HasPrefix(pos.File, "<") || path.Base(pos.File) == "_cgo_gotypes.go" {
		s.Generated = true // by the compiler, or by cgo, which removes it
	}
	j.sites[key] = e
	j.entries = append(j.entries, e)
	for l := s.Line; l <= last; l++ {
		k := lineKey{pos.File, l}
		j.lines[k] = append(j.lines[k], e)
	}
	j.byFunc[fn] = append(j.byFunc[fn], e)
	return e
}

// place is the inlining of the site into the physical function of outer, at
// the column that a claim knows.
func (e *entry) place(outer alloc.Frame, c *claim) *alloc.Inlining {
	k := placeKey{fn: outer.Func, file: outer.File, line: outer.Line}
	if c != nil {
		k.col = c.d.Pos.Col
	}
	in := e.inlined[k]
	if in == nil {
		in = &alloc.Inlining{Func: outer.Func, Pos: alloc.Pos{File: outer.File, Line: outer.Line, Col: k.col}}
		e.inlined[k] = in
	}
	if c != nil {
		in.Escapes = escapes(c.d)
		if e.copies == nil {
			e.copies = make(map[placeKey]*alloc.Diagnostic)
		}
		if e.copies[k] == nil {
			e.copies[k] = c.d
		}
	}
	return in
}

// how says how often a call allocates when its site is executed; escapes says
// that the compiler puts the value on the heap for sure.
func how(call *alloc.Call, escapes bool) alloc.Allocates {
	switch cause.KindOfEntry(call.Entry, call.Type) {
	case alloc.Append, alloc.MapGrowth, alloc.Goroutine, alloc.Defer, alloc.Runtime:
		return alloc.Sometimes
	case alloc.Interface:
		// runtime.convT64 and its like keep small values in a table.
		if strings.HasPrefix(call.Entry, "runtime.convT") && call.Entry != "runtime.convT" && call.Entry != "runtime.convTnoptr" {
			return alloc.Sometimes
		}
	case alloc.Slice, alloc.String, alloc.Bytes, alloc.Map:
		if !escapes && call.Entry != "runtime.makemap_small" {
			return alloc.Sometimes // a small one fits into a buffer on the stack
		}
	}
	return alloc.Always
}

// Judged reports whether Package was given this package's evidence.
func (j *Joiner) Judged(importPath string) bool { return j.judged[importPath] }

func sortedPlaces(m map[placeKey]*alloc.Inlining) []alloc.Inlining {
	var out []alloc.Inlining
	for _, in := range m {
		out = append(out, *in)
	}
	slices.SortFunc(out, func(a, b alloc.Inlining) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Col != b.Col {
			return a.Col - b.Col
		}
		return strings.Compare(a.Func, b.Func)
	})
	return out
}
