// Package expr knows the expressions of source text: given a place that the
// compiler or the machine code names, it finds the expression, its extent, its
// shape, its function and the loops around it.
//
//	file:line:col + the compiler's text → At → Node
//	file:line + what is allocated       → OnLine → Nodes
//
// It reads syntax, and types where [Check] was given the package's. The compiler reports an expression at the position of
// its own syntax tree (cmd/compile/internal/syntax/parser.go, go1.26): a name or
// literal where it begins, a call at its "(", an index or slice at its "[", a
// selector at its ".", a composite literal at its "{", an operator at itself, a
// function literal at "func"; a conversion at the position of its operand. The
// machine code names the line alone.
//
// Positions are those that //line directives make, as the compiler reports
// them.
//
// Limits: without types an index expression may be of a map or a slice, a
// binary + of strings or numbers, a selector a field or a method: the caller
// knows which, from what the runtime was called for.
package expr

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// A File is one parsed source file. Its methods may be called from several
// goroutines.
type File struct {
	Name      string // absolute, slash-separated
	Package   string // of the package clause
	Generated bool   // "// Code generated … DO NOT EDIT."
	Test      bool   // _test.go

	src   []byte
	tree  *ast.File
	tok   *token.File
	info  *types.Info // while Check is at work
	sizes types.Sizes

	once   sync.Once
	nodes  []*node    // in order of the compiler's position
	lines  []lineNode // by line
	byKind map[alloc.Kind][]*node
	funcs  []span
	named  map[[2]int]bool // places of the names of declared functions
	calls  []CallSite

	errorPaths [][2]int // first and last lines
	literals   []Function
}

// A Node is an expression or statement that may be a site.
type Node struct {
	// Kind is what it allocates by its syntax if it allocates; "" for any
	// expression whose value may be put into an interface.
	Kind  alloc.Kind
	Shape string // its text without layout, bodies elided: stable under reformatting
	Text  string // a short text for people
	// Func is the function around it as the compiler names it, without its
	// package: "F", "(*T).M", "F.func1", "G[...]".
	Func      string
	Pos, End  alloc.Pos
	Start     int  // first line, at most that of Pos
	LoopDepth int  // loops around it in its function
	ErrorPath bool // runs only on the way to a panic or to an error's return
	Deferred  bool // a defer statement calls it
	// Value is the value that is boxed, or what is made.
	Value Value
}

// A CallSite is a call in the source.
type CallSite struct {
	Func      string // the function around it
	Callee    string // "f", "pkg.F", "x.M"
	Line, Col int
	LoopDepth int
	Deferred  bool // by a defer statement
}

// node is a Node whose texts are made when it is asked for.
type node struct {
	ast   ast.Node
	kind  alloc.Kind
	scope *scope
	at    token.Pos // where the compiler reports it
	// typ is the type of the value or of what is made, nil unknown.
	typ       types.Type
	parameter bool // of the scope's function, or a result or receiver
	boxed     bool // stands where an interface may be wanted
	deferred  bool
	tuple     bool // one of several results of a call is boxed
	constant  bool
	below     int64 // bytes of what is below the slice or map that it makes, 0 unknown
}

type span struct {
	name       string
	start, end int
	results    []string
	body       bool
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.\r?$`)

// Parse reads a source file into fset, nil for one of its own. What could be
// parsed of a file with syntax errors is kept, and the first error returned
// beside it.
func Parse(fset *token.FileSet, name string, src []byte) (*File, error) {
	if fset == nil {
		fset = token.NewFileSet()
	}
	tree, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	f := &File{
		Name: filepath.ToSlash(name), src: src, tree: tree,
		Test: strings.HasSuffix(name, "_test.go"),
	}
	if tree == nil {
		return f, err
	}
	f.tok = fset.File(tree.FileStart)
	if tree.Name != nil {
		f.Package = tree.Name.Name
	}
	head := src
	if tree.Package.IsValid() {
		head = src[:min(len(src), f.tok.Offset(tree.Package))]
	}
	f.Generated = bytes.Contains(head, []byte("DO NOT EDIT")) && generated.Match(head)
	return f, err
}

// Lines is the number of lines in the file.
func (f *File) Lines() int {
	n := bytes.Count(f.src, []byte("\n"))
	if len(f.src) > 0 && f.src[len(f.src)-1] != '\n' {
		n++
	}
	return n
}

// SourceLine is the text of a line, "" where there is none.
func (f *File) SourceLine(line int) string {
	if f.tok == nil || line < 1 || line > f.tok.LineCount() {
		return ""
	}
	from := f.tok.Offset(f.tok.LineStart(line))
	text, _, _ := bytes.Cut(f.src[from:], []byte("\n"))
	return strings.TrimRight(string(text), "\r")
}

// HasFuncs reports whether the file declares a function of which the compiler
// speaks when it compiles the package: one with a body and a name that is not
// blank, and without type parameters, whose instances are compiled where they
// are used.
func (f *File) HasFuncs() bool {
	if f.tree == nil {
		return false
	}
	return slices.ContainsFunc(f.tree.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Body != nil && fn.Name.Name != "_" && !isGeneric(FuncName(fn))
	})
}

// FuncAt is the declared function around a line.
func (f *File) FuncAt(line int) (name string, start, end int, ok bool) {
	f.index()
	for _, s := range f.funcs {
		if s.start <= line && line <= s.end {
			return s.name, s.start, s.end, true
		}
	}
	return "", 0, 0, false
}

// Declares reports whether a function's name is declared at a place. What the
// compiler says there is of a wrapper that it makes of the function.
func (f *File) Declares(line, col int) bool {
	f.index()
	return f.named[[2]int{line, col}]
}

// Results are the names of the results of the declared function around a line.
func (f *File) Results(line int) []string {
	f.index()
	for _, s := range f.funcs {
		if s.start <= line && line <= s.end {
			return s.results
		}
	}
	return nil
}

// Starts yields the declared functions, with the line that each begins at.
func (f *File) Starts() iter.Seq2[string, int] {
	f.index()
	return func(yield func(string, int) bool) {
		for _, s := range f.funcs {
			if !yield(s.name, s.start) {
				return
			}
		}
	}
}

// Generic yields the declared functions with type parameters, their own or
// their receiver's: "Map[...]", "(*List[...]).Push".
func (f *File) Generic() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range f.Starts() {
			if isGeneric(name) && !yield(name) {
				return
			}
		}
	}
}

func isGeneric(name string) bool { return strings.Contains(name, "[...]") }

// A Function is the extent of a function, declared or literal.
type Function struct {
	Name       string // as of Node.Func
	Start, End int    // lines
}

// Functions are the functions of the file that have a body: those declared, then
// the literals.
func (f *File) Functions() []Function {
	f.index()
	var out []Function
	for _, s := range f.funcs {
		if s.body {
			out = append(out, Function{s.name, s.start, s.end})
		}
	}
	return append(out, f.literals...)
}

// Calls are the calls of the file, in source order.
func (f *File) Calls() []CallSite {
	f.index()
	return f.calls
}

// place is the line and column of a position; ok is false for one that a
// //line directive puts into another file.
func (f *File) place(p token.Pos) (line, col int, ok bool) {
	if !p.IsValid() {
		return 0, 0, false
	}
	pos := f.tok.PositionFor(p, true)
	return pos.Line, pos.Column, filepath.ToSlash(pos.Filename) == f.Name || filepath.Base(pos.Filename) == filepath.Base(f.Name)
}

// At finds the expression that the compiler means by a position, given its own
// text of it, "" unknown. It returns nil where nothing there fits: then what
// the compiler speaks of stands in a body that was inlined at that position.
// Kinds, if any, restrict the answer.
func (f *File) At(line, col int, text string, kinds ...alloc.Kind) *Node {
	f.index()
	var best *node
	score := 0
	for n := range f.onLine(line) {
		l, c, ok := f.place(n.at)
		if !ok || l != line || c != col {
			continue
		}
		if len(kinds) > 0 && !slices.Contains(kinds, n.kind) {
			continue
		}
		if s := fits(n, text); s > score {
			best, score = n, s
		}
	}
	if best == nil {
		return nil
	}
	return f.node(best)
}

// OnLine returns the expressions of a kind that the machine code may mean by a
// line, in source order. For [alloc.Interface] they are the values that stand
// where an interface may be wanted.
func (f *File) OnLine(line int, kind alloc.Kind) []*Node {
	f.index()
	var out []*Node
	seen := make(map[ast.Node]bool)
	for n := range f.onLine(line) {
		if n.kind != kind && !(kind == alloc.Interface && n.boxed) || seen[n.ast] {
			continue
		}
		seen[n.ast] = true
		out = append(out, f.node(n))
	}
	if len(out) == 0 {
		// A statement's later lines are named by some expressions in it.
		for _, n := range f.byKind[kind] {
			from, _, ok := f.place(n.ast.Pos())
			to, _, _ := f.place(n.ast.End())
			if ok && from <= line && line <= to && to-from < 60 {
				out = append(out, f.node(n))
			}
		}
		// The innermost first.
		slices.SortStableFunc(out, func(a, b *Node) int {
			return cmp.Compare(a.End.Line-a.Pos.Line, b.End.Line-b.Pos.Line)
		})
	}
	return out
}

// node makes the public form.
func (f *File) node(n *node) *Node {
	out := &Node{Kind: n.kind, Func: n.scope.name, LoopDepth: n.scope.loops, ErrorPath: n.scope.errorPath, Deferred: n.deferred, Value: f.value(n)}
	out.Pos.File, out.End.File = f.Name, f.Name
	out.Pos.Line, out.Pos.Col, _ = f.place(n.at)
	out.Start = out.Pos.Line
	starts := []token.Pos{n.ast.Pos()}
	if n.parameter {
		starts = append(starts, n.scope.pos)
	}
	for _, p := range starts {
		if l, _, ok := f.place(p); ok {
			out.Start = min(out.Start, l)
		}
	}
	out.End.Line, out.End.Col, _ = f.place(n.ast.End())
	text := render(n.ast)
	if _, ok := n.ast.(*ast.Ident); ok && n.kind == alloc.Variable {
		text = "var " + text
	}
	if n.kind == alloc.Variadic {
		out.Text = text
		text = "..." + text
	} else {
		out.Text = text
	}
	out.Shape = strings.ReplaceAll(text, " ", "")
	return out
}
