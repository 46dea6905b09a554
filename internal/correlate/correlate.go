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

	sites  map[siteKey]*entry
	lines  map[lineKey][]*entry // by file and each line of the expression
	byFunc map[string][]*entry  // by full function name
	judged map[string]bool      // packages that Package saw
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
	fn   string
	file string
	line int
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

// A claim is a diagnostic that may explain calls of its line.
type claim struct {
	d    *alloc.Diagnostic
	node *expr.Node // of the expression itself, nil in an inlined body
	kind alloc.Kind
	used map[string]int // calls explained, by physical function
}

// Package joins the evidence about one package: what the compiler said when it
// compiled it, and the calls in its object code. Diagnostics of other packages
// are ignored.
func (j *Joiner) Package(importPath string, diags []*alloc.Diagnostic, calls []alloc.Call) {
	j.judged[importPath] = true
	inlines := make(map[alloc.Pos][]string) // functions inlined at a call
	claims := make(map[lineKey][]*claim)
	var order []*claim
	for _, d := range diags {
		if d.Verdict == alloc.InlinesCall {
			inlines[d.Pos] = append(inlines[d.Pos], d.Expr)
		}
	}
	for _, d := range diags {
		switch d.Verdict {
		case alloc.EscapesToHeap, alloc.MovedToHeap, alloc.StaysOnStack:
		default:
			continue
		}
		c := &claim{d: d, used: make(map[string]int)}
		f := j.files(d.Pos.File)
		if f != nil {
			var hints []alloc.Kind
			if d.Verdict == alloc.MovedToHeap {
				hints = append(hints, alloc.Variable)
			}
			c.node = f.At(d.Pos.Line, d.Pos.Col, d.Expr, hints...)
			if c.node != nil && len(inlines[d.Pos]) > 0 && c.node.Kind == "" && isCallText(c.node.Text) && !strings.Contains(d.Expr, "(") {
				// The node is the inlined call itself; the expression is in its body.
				c.node = nil
			}
		}
		c.kind = kindOf(d, c.node)
		if d.Verdict == alloc.StaysOnStack && !canAllocateOnStack(c.kind) && len(inlines[d.Pos]) == 0 {
			continue // on the stack, and of a known size: no site
		}
		if c.kind == "" {
			continue // a parameter
		}
		order = append(order, c)
		key := lineKey{d.Pos.File, d.Pos.Line}
		claims[key] = append(claims[key], c)
		if c.node != nil { // machine code may name any line of the expression
			for l := c.node.Pos.Line; l <= min(c.node.End.Line, c.node.Pos.Line+40); l++ {
				if l != d.Pos.Line {
					claims[lineKey{d.Pos.File, l}] = append(claims[lineKey{d.Pos.File, l}], c)
				}
			}
		}
	}

	taken := make(map[*claim][]alloc.Call)
	for i := range calls {
		call := &calls[i]
		if len(call.Frames) == 0 {
			continue
		}
		outer := call.Frames[len(call.Frames)-1]
		best, score := (*claim)(nil), 0
		for _, c := range claims[lineKey{outer.File, outer.Line}] {
			if s := fit(c, call, outer); s > score {
				best, score = c, s
			}
		}
		if best != nil {
			best.used[outer.Func]++
			taken[best] = append(taken[best], *call)
			continue
		}
		j.call(importPath, nil, call)
	}
	for _, c := range order {
		calls := taken[c]
		if len(calls) == 0 {
			j.silent(importPath, c, inlines[c.d.Pos])
			continue
		}
		for i := range calls {
			j.call(importPath, c, &calls[i])
		}
	}
}

// isCallText reports whether text reads as a plain call, such as "f(...)".
func isCallText(text string) bool { return strings.HasSuffix(text, ")") }

// canAllocateOnStack reports whether an expression of this kind may allocate
// although it does not escape: its size is not known to the compiler.
func canAllocateOnStack(k alloc.Kind) bool {
	switch k {
	case alloc.Slice, alloc.Append, alloc.Map, alloc.MapGrowth, alloc.Chan, alloc.String, alloc.Bytes:
		return true
	}
	return false
}

// kindOf is the kind that the compiler's text and the syntax agree on.
func kindOf(d *alloc.Diagnostic, n *expr.Node) alloc.Kind {
	if d.Verdict == alloc.MovedToHeap {
		return alloc.Variable
	}
	if k := kindOfText(d.Expr); k != "" {
		return k
	}
	if d.Expr != "" && (d.Expr[0] == '"' || '0' <= d.Expr[0] && d.Expr[0] <= '9') && !strings.Contains(d.Expr, " + ") {
		return alloc.Interface // a constant, boxed
	}
	if n != nil && n.Kind != "" && n.Kind != alloc.Variable {
		return n.Kind
	}
	if d.Verdict == alloc.StaysOnStack {
		return "" // a parameter or an interface that stays on the stack
	}
	return alloc.Interface
}

// kindOfText reads the kind from the compiler's own text of an expression
// (cmd/compile/internal/ir/fmt.go, go1.26).
func kindOfText(s string) alloc.Kind {
	switch {
	case s == "func literal":
		return alloc.Closure
	case s == "... argument":
		return alloc.Variadic
	case s == "append" || strings.HasPrefix(s, "append("):
		return alloc.Append
	case strings.HasPrefix(s, "&") && strings.HasSuffix(s, "}"):
		return alloc.Composite
	case strings.HasPrefix(s, "new("):
		return alloc.New
	case strings.HasPrefix(s, "make(map["), strings.HasPrefix(s, "map[") && strings.HasSuffix(s, "}"):
		return alloc.Map
	case strings.HasPrefix(s, "make(chan "), strings.HasPrefix(s, "make(<-chan"):
		return alloc.Chan
	case strings.HasPrefix(s, "make("):
		return alloc.Slice // or a named map or channel: the call will tell
	case strings.HasPrefix(s, "[]") && strings.HasSuffix(s, "}"):
		return alloc.Slice
	case strings.HasPrefix(s, "string("):
		return alloc.String
	case strings.HasPrefix(s, "([]byte)("), strings.HasPrefix(s, "([]rune)("),
		strings.HasPrefix(s, "[]byte("), strings.HasPrefix(s, "[]rune("):
		return alloc.Bytes
	}
	return ""
}

// fit says how well claim c explains call, 0 not at all.
func fit(c *claim, call *alloc.Call, outer alloc.Frame) int {
	kind := cause.KindOfEntry(call.Entry, call.Type)
	score := 1
	switch {
	case kind == c.kind:
		score += 4
	case kind == "" || kind == alloc.New:
		// runtime.newobject makes anything of constant size.
		switch c.kind {
		case alloc.Append, alloc.String, alloc.Bytes, alloc.MapGrowth, alloc.Goroutine, alloc.Chan:
			return 0
		}
	case c.kind == alloc.String && kind == alloc.Interface:
		// a sum that is boxed; the compiler prints both alike
	case c.kind == alloc.Slice && (kind == alloc.Map || kind == alloc.Chan):
		// make of a named type
	case kind == alloc.Slice && (c.kind == alloc.Variadic || c.kind == alloc.Append || c.kind == alloc.Bytes || c.kind == alloc.String):
	case kind == alloc.Append && c.kind == alloc.Slice:
	case kind == alloc.Closure && c.kind == alloc.Variable, kind == alloc.Closure && c.kind == alloc.Interface:
		return 0
	default:
		return 0
	}
	switch t := typeOfText(c.d.Expr); {
	case t == "" || call.Type == "":
	case sameType(t, call.Type):
		score += 8
	case c.kind == alloc.Composite || c.kind == alloc.New:
		return 0
	}
	inlined := len(call.Frames) > 1
	if inlined == (c.node == nil) {
		score += 3
	}
	if c.d.Pos.Line == outer.Line {
		score += 2
	}
	if c.kind == alloc.String && strings.Contains(call.Entry, "concat") == !strings.HasPrefix(c.d.Expr, "string(") {
		score += 4 // a concatenation by its operator, a conversion by its name
	}
	if c.d.Verdict == alloc.StaysOnStack {
		if !canAllocateOnStack(c.kind) {
			return 0 // it is on the stack, and its size is known
		}
	} else {
		score++
	}
	if c.used[outer.Func] == 0 {
		score += 2
	}
	return score
}

// typeOfText is the type that the compiler's text names, "" none.
func typeOfText(s string) string {
	switch {
	case strings.HasPrefix(s, "&"):
		s = s[1:]
		if i := strings.IndexByte(s, '{'); i > 0 {
			return s[:i]
		}
	case strings.HasPrefix(s, "new("):
		return strings.TrimSuffix(s[4:], ")")
	}
	return ""
}

// sameType compares two spellings of a type by their last name: the compiler
// prints T or pkg.T, the linker import/path.T.
func sameType(a, b string) bool {
	a, b = ShortType(a), ShortType(b)
	if a == b {
		return true
	}
	return lastName(a) == lastName(b)
}

func lastName(s string) string {
	if i := strings.IndexByte(s, '['); i > 0 {
		s = s[:i]
	}
	return s[strings.LastIndexByte(s, '.')+1:]
}

// call records a call of the machine code, explained by c or by nothing.
func (j *Joiner) call(importPath string, c *claim, call *alloc.Call) {
	inner, outer := call.Frames[0], call.Frames[len(call.Frames)-1]
	kind := cause.KindOfEntry(call.Entry, call.Type)
	if kind == "" && c == nil {
		kind = alloc.New
	}
	if c != nil && (kind == "" || kind == alloc.New || c.kind == alloc.Variadic || kind == alloc.Append || c.kind == alloc.Interface) {
		kind = c.kind
	}
	inlined := len(call.Frames) > 1
	var node *expr.Node
	if c != nil && !inlined {
		node = c.node
	}
	if node == nil {
		text := ""
		if c != nil {
			text = c.d.Expr
		}
		node = j.find(inner.File, inner.Line, kind, text, call.Type)
	}
	pos := alloc.Pos{File: inner.File, Line: inner.Line}
	if c != nil && !inlined {
		pos = c.d.Pos
	}
	e := j.entry(inner.Func, pos, node, kind, call.Type)
	e.calls = append(e.calls, *call)
	if inlined {
		e.copyCall = true
		in := e.place(outer)
		in.Allocates = how(call, c)
		if c != nil {
			in.Col = c.d.Pos.Col
			in.Escapes = escapes(c.d)
			if k := keyOf(outer); e.copies[k] == nil {
				if e.copies == nil {
					e.copies = make(map[placeKey]*alloc.Diagnostic)
				}
				e.copies[k] = c.d
			}
			if e.inlinedDiag == nil {
				e.inlinedDiag = c.d
			}
		}
		return
	}
	e.ownCall = true
	if c != nil && better(c.d, e.diag) {
		e.diag = c.d
	}
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

// silent records a diagnostic that no call answers to.
func (j *Joiner) silent(importPath string, c *claim, inlinees []string) {
	if c.node == nil {
		if len(inlinees) == 0 {
			if c.d.Verdict == alloc.StaysOnStack {
				return
			}
			e := j.entry(importPath+"."+c.d.Func, c.d.Pos, nil, c.kind, typeOfText(c.d.Expr))
			if better(c.d, e.diag) {
				e.diag = c.d
			}
			return
		}
		// A copy in an inlined body that allocates nothing: note it at the
		// site of that body, if the body has one.
		for _, fn := range inlinees {
			for _, e := range j.byFunc[fullName(importPath, fn)] {
				if e.site.Kind == c.kind && e.node != nil && textFits(c.d.Expr, e) {
					in := e.place(alloc.Frame{Func: importPath + "." + j.funcAt(c.d), File: c.d.Pos.File, Line: c.d.Pos.Line})
					if in.Allocates == "" {
						in.Col, in.Escapes, in.Allocates = c.d.Pos.Col, escapes(c.d), alloc.Never
						e.copyStack = true
					}
				}
			}
		}
		return
	}
	if c.d.Verdict == alloc.StaysOnStack {
		return // and it did
	}
	e := j.entry(importPath+"."+c.d.Func, c.d.Pos, c.node, c.kind, typeOfText(c.d.Expr))
	if better(c.d, e.diag) {
		e.diag = c.d
	}
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
	}
	return true
}

// find returns the expression of a kind that the machine code means by a line.
func (j *Joiner) find(file string, line int, kind alloc.Kind, text, typ string) *expr.Node {
	f := j.files(file)
	if f == nil {
		return nil
	}
	nodes := f.OnLine(line, kind)
	if len(nodes) == 0 && (kind == alloc.New || kind == "") {
		for _, k := range []alloc.Kind{alloc.Composite, alloc.New, alloc.Slice, alloc.Closure, alloc.Map, alloc.Variable, alloc.Variadic} {
			if nodes = f.OnLine(line, k); len(nodes) > 0 {
				break
			}
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	if len(nodes) > 1 && typ != "" {
		for _, n := range nodes {
			if t := typeOfText(n.Text); t != "" && sameType(t, typ) {
				return n
			}
		}
	}
	if kind == alloc.Interface && len(nodes) > 1 && text == "" {
		return nil // any of them may be the one that is boxed
	}
	return nodes[0]
}

// entry finds or makes the site of an expression.
func (j *Joiner) entry(fn string, pos alloc.Pos, node *expr.Node, kind alloc.Kind, typ string) *entry {
	key := siteKey{file: pos.File, line: pos.Line, col: pos.Col, kind: kind}
	if node != nil {
		key.line, key.col = node.Pos.Line, node.Pos.Col
	} else {
		key.col, key.typ = 0, ShortType(typ)
	}
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
		s.LoopDepth = node.LoopDepth
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
	}
	j.sites[key] = e
	for l := s.Line; l <= last; l++ {
		k := lineKey{pos.File, l}
		j.lines[k] = append(j.lines[k], e)
	}
	j.byFunc[fn] = append(j.byFunc[fn], e)
	return e
}

func keyOf(outer alloc.Frame) placeKey { return placeKey{outer.Func, outer.File, outer.Line} }

// place is the inlining of the site into the physical function of outer.
func (e *entry) place(outer alloc.Frame) *alloc.Inlining {
	k := keyOf(outer)
	in := e.inlined[k]
	if in == nil {
		in = &alloc.Inlining{Func: outer.Func, Pos: alloc.Pos{File: outer.File, Line: outer.Line}}
		e.inlined[k] = in
	}
	return in
}

// how says how often a call allocates when its site is executed.
func how(call *alloc.Call, c *claim) alloc.Allocates {
	switch cause.KindOfEntry(call.Entry, call.Type) {
	case alloc.Append, alloc.MapGrowth, alloc.Goroutine, alloc.Defer, alloc.Runtime:
		return alloc.Sometimes
	case alloc.Interface:
		// runtime.convT64 and its like keep small values in a table.
		if strings.HasPrefix(call.Entry, "runtime.convT") && call.Entry != "runtime.convT" && call.Entry != "runtime.convTnoptr" {
			return alloc.Sometimes
		}
	case alloc.Slice, alloc.String, alloc.Bytes, alloc.Map:
		if c == nil || c.d.Verdict == alloc.StaysOnStack {
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
		return strings.Compare(a.Func, b.Func)
	})
	return out
}
