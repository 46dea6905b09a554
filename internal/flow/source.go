package flow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/stackward-go/stackward/alloc"
)

// A Source knows the syntax of source files: what the compiler's text does not
// say of a place. It parses each file that it is asked about once. Positions
// are those of the file's own text, //line directives left aside.
type Source struct {
	read func(file string) ([]byte, error)

	mu    sync.Mutex
	files map[string]*sourceFile
}

// A sourceFile is a parsed file. Of one with errors it holds what could be
// parsed.
type sourceFile struct {
	tree *ast.File // nil if it could not be read
	fset *token.FileSet
	tok  *token.File
}

// NewSource returns a Source of files whose text read returns: os.ReadFile, or
// one that knows an overlay.
func NewSource(read func(file string) ([]byte, error)) *Source {
	return &Source{read: read, files: make(map[string]*sourceFile)}
}

func (s *Source) file(name string) *sourceFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[name]; f != nil {
		return f
	}
	f := &sourceFile{fset: token.NewFileSet()}
	s.files[name] = f
	src, err := s.read(name)
	if err != nil {
		return f
	}
	f.tree, _ = parser.ParseFile(f.fset, name, src, parser.SkipObjectResolution)
	if f.tree != nil {
		f.tok = f.fset.File(f.tree.FileStart)
	}
	return f
}

// path are the nodes around a place, innermost first; nil where there are
// none.
func (f *sourceFile) path(pos alloc.Pos) []ast.Node {
	p := f.pos(pos)
	if !p.IsValid() {
		return nil
	}
	path, _ := astutil.PathEnclosingInterval(f.tree, p, p)
	return path
}

func (f *sourceFile) pos(pos alloc.Pos) token.Pos {
	if f.tree == nil || pos.Line < 1 || pos.Line > f.tok.LineCount() {
		return token.NoPos
	}
	p := f.tok.LineStart(pos.Line) + token.Pos(max(pos.Col, 1)-1)
	if p >= f.tree.FileEnd {
		return token.NoPos
	}
	return p
}

func (f *sourceFile) place(p token.Pos) alloc.Pos {
	at := f.fset.PositionFor(p, false)
	return alloc.Pos{File: filepath.ToSlash(at.Filename), Line: at.Line, Col: at.Column}
}

// Params returns the names of the parameters, receiver first, and of the
// results of the innermost function, declared or literal, that holds pos in its
// signature or body; nil if it cannot tell, "_" for one without a name.
func (s *Source) Params(pos alloc.Pos) (params, results []string) {
	for _, n := range s.file(pos.File).path(pos) {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return names(n.Recv, n.Type.Params), names(n.Type.Results)
		case *ast.FuncLit:
			return names(n.Type.Params), names(n.Type.Results)
		}
	}
	return nil, nil
}

// names are the names that parameter lists declare, "_" where they declare
// none.
func names(lists ...*ast.FieldList) []string {
	var names []string
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			if len(f.Names) == 0 {
				names = append(names, "_")
			}
			for _, id := range f.Names {
				names = append(names, id.Name)
			}
		}
	}
	return names
}

// Declares reports whether name is, at pos, a parameter or variable of a
// function around it.
func (s *Source) Declares(pos alloc.Pos, name string) bool {
	return s.file(pos.File).declaration(pos, name) != nil
}

// declaration is the node that declares name, in effect at pos, as a variable
// of a function around pos: an assignment, a variable's or a range clause's
// specification, or a field of a function's signature.
func (f *sourceFile) declaration(pos alloc.Pos, name string) ast.Node {
	path := f.path(pos)
	at := f.pos(pos)
	for i, n := range path {
		var child ast.Node
		if i > 0 {
			child = path[i-1]
		}
		if d := declaredIn(n, child, at, name); d != nil {
			return d
		}
	}
	return nil
}

// declaredIn is the declaration of name that n puts into the scope of child,
// the part of n that holds the place at.
func declaredIn(n, child ast.Node, at token.Pos, name string) ast.Node {
	var stmts []ast.Stmt
	switch n := n.(type) {
	case *ast.FuncDecl:
		return field(name, n.Recv, n.Type.Params, n.Type.Results)
	case *ast.FuncLit:
		return field(name, n.Type.Params, n.Type.Results)
	case *ast.BlockStmt:
		stmts = n.List
	case *ast.CaseClause:
		stmts = n.Body
	case *ast.CommClause:
		stmts = append([]ast.Stmt{n.Comm}, n.Body...)
	case *ast.IfStmt:
		stmts = []ast.Stmt{n.Init}
	case *ast.ForStmt:
		stmts = []ast.Stmt{n.Init}
	case *ast.SwitchStmt:
		stmts = []ast.Stmt{n.Init}
	case *ast.TypeSwitchStmt:
		stmts = []ast.Stmt{n.Init, n.Assign}
	case *ast.RangeStmt:
		if child == n.Body && n.Tok == token.DEFINE && (isIdent(n.Key, name) || isIdent(n.Value, name)) {
			return n
		}
	}
	for _, s := range slices.Backward(stmts) {
		// What a statement declares is in effect behind it.
		if s != nil && s != child && s.End() <= at {
			if d := declaredBy(s, name); d != nil {
				return d
			}
		}
	}
	return nil
}

func declaredBy(s ast.Stmt, name string) ast.Node {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE && slices.ContainsFunc(s.Lhs, func(e ast.Expr) bool { return isIdent(e, name) }) {
			return s
		}
	case *ast.DeclStmt:
		d, ok := s.Decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			return nil
		}
		for _, spec := range d.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if ok && slices.ContainsFunc(v.Names, func(id *ast.Ident) bool { return id.Name == name }) {
				return v
			}
		}
	case *ast.LabeledStmt:
		return declaredBy(s.Stmt, name)
	}
	return nil
}

func field(name string, lists ...*ast.FieldList) ast.Node {
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			if slices.ContainsFunc(f.Names, func(id *ast.Ident) bool { return id.Name == name }) {
				return f
			}
		}
	}
	return nil
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// captures are the variables of functions around the function literal at pos
// that the literal uses, in the order of their use.
func (s *Source) captures(pos alloc.Pos) []string {
	f := s.file(pos.File)
	var lit *ast.FuncLit
	for _, n := range f.path(pos) {
		if l, ok := n.(*ast.FuncLit); ok && l.Pos() == f.pos(pos) {
			lit = l
		}
	}
	if lit == nil {
		return nil
	}
	var vars []string
	names := make(map[*ast.Ident]bool) // of fields and methods, which are no variables
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names[n.Sel] = true
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok {
				names[id] = true
			}
		case *ast.Ident:
			if names[n] || slices.Contains(vars, n.Name) {
				break
			}
			if d := f.declaration(f.place(n.Pos()), n.Name); d != nil && (d.Pos() < lit.Pos() || d.Pos() >= lit.End()) {
				vars = append(vars, n.Name)
			}
		}
		return true
	})
	return vars
}

func before(a, b alloc.Pos) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
}
