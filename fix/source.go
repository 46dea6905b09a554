package fix

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"go/version"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// fileOf is the file that holds pos.
func (p *pass) fileOf(pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// source is the text of a file, nil where it cannot be read.
func (p *pass) source(f *ast.File) []byte {
	data, err := p.ReadFile(p.Fset.File(f.FileStart).Name())
	if err != nil {
		return nil // no text, no rewrite: untouchable says so
	}
	return data
}

// text is the source text of a node.
func (p *pass) text(n ast.Node) string { return p.between(n.Pos(), n.End()) }

// between is the source text from pos to end, "" where it cannot be read.
func (p *pass) between(pos, end token.Pos) string {
	f := p.fileOf(pos)
	if f == nil {
		return ""
	}
	src := p.source(f)
	from, to := int(pos-f.FileStart), int(end-f.FileStart)
	if from > to || to > len(src) {
		return ""
	}
	return string(src[from:to])
}

// untouchable says why a place is not edited: it is generated, cgo's, or no text.
func (p *pass) untouchable(pos token.Pos) string {
	f := p.fileOf(pos)
	switch {
	case f == nil:
		return "its file is not part of the package"
	case ast.IsGenerated(f):
		return "the file is generated"
	case usesCgo(f):
		return "the file uses cgo, which rewrites it"
	}
	tf := p.Fset.File(pos)
	if tf.PositionFor(pos, true) != tf.PositionFor(pos, false) {
		return "a //line directive says that it comes from elsewhere"
	}
	if src := p.source(f); len(src) != tf.Size() || !utf8.Valid(src) {
		return "the file's text is not what was compiled, or is not UTF-8"
	}
	return ""
}

func usesCgo(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"C"` })
}

// atLeast reports whether the file at pos may use a language version and the
// standard library that came with it.
func (p *pass) atLeast(pos token.Pos, v string) bool {
	have := p.TypesInfo.FileVersions[p.fileOf(pos)]
	if have == "" {
		have = p.Pkg.GoVersion()
	}
	return have == "" || version.Compare(version.Lang(have), v) >= 0
}

// mentioned reports whether the text of a file that is not compiled here, for
// its build constraints, because it is assembly, or because it is a test that
// this pass leaves out, holds a name: what is said of its uses would not be the
// whole truth.
func (p *pass) mentioned(name string) bool {
	has := func(read func(string) ([]byte, error)) func(string) bool {
		return func(file string) bool {
			data, err := read(file)
			return err != nil || bytes.Contains(data, []byte(name))
		}
	}
	return slices.ContainsFunc(slices.Concat(p.IgnoredFiles, p.OtherFiles), has(p.ReadFile)) ||
		slices.ContainsFunc(p.tests(), has(os.ReadFile)) // the pass reads none but its own
}

// declaredUnseen reports whether a file of the package that is not compiled here
// declares a name for all of it, or cannot be read: an import of that name would
// not compile there.
func (p *pass) declaredUnseen(name string) bool {
	for _, file := range slices.Concat(p.IgnoredFiles, p.tests()) {
		if filepath.Ext(file) != ".go" {
			continue
		}
		data, err := p.ReadFile(file)
		if err != nil {
			data, err = os.ReadFile(file) // a pass may read none but its own
		}
		if err != nil {
			return true
		}
		f, err := parser.ParseFile(token.NewFileSet(), "", data, parser.SkipObjectResolution)
		if err != nil || f.Name.Name == p.Pkg.Name() && slices.ContainsFunc(f.Decls, func(d ast.Decl) bool { return declaresName(d, name) }) {
			return true
		}
	}
	return false
}

// declaresName reports whether a declaration of a file declares a name.
func declaresName(d ast.Decl, name string) (found bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Recv == nil && d.Name.Name == name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				found = found || spec.Name.Name == name
			case *ast.ValueSpec:
				found = found || slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == name })
			}
		}
	}
	return found
}

// tests are the test files of the package that are not part of the pass: a
// package is looked at with its tests and without.
func (p *pass) tests() []string {
	if p.unseen != nil || len(p.Files) == 0 {
		return p.unseen
	}
	p.unseen = []string{}
	seen := make(map[string]bool)
	for _, f := range p.Files {
		seen[filepath.Base(p.Fset.File(f.FileStart).Name())] = true
	}
	dir := filepath.Dir(p.Fset.File(p.Files[0].FileStart).Name())
	entries, _ := os.ReadDir(dir) // no folder, no tests
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") || seen[e.Name()] {
			continue
		}
		file := filepath.Join(dir, e.Name())
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err != nil || f.Name.Name == p.Pkg.Name() {
			p.unseen = append(p.unseen, file)
		}
	}
	return p.unseen
}

// directives are the compiler directives on a declaration: "go:noinline".
func directives(doc *ast.CommentGroup) (list []string) {
	if doc == nil {
		return nil
	}
	for _, c := range doc.List {
		if d, ok := strings.CutPrefix(c.Text, "//go:"); ok {
			name, _, _ := strings.Cut(d, " ")
			list = append(list, "go:"+name)
		}
	}
	return list
}

// linknamed reports whether a //go:linkname directive of the package names a
// function or variable.
func (p *pass) linknamed(name string) bool {
	for _, f := range p.Files {
		for _, g := range f.Comments {
			for _, c := range g.List {
				fields := strings.Fields(c.Text)
				if len(fields) > 1 && fields[0] == "//go:linkname" && fields[1] == name {
					return true
				}
			}
		}
	}
	return false
}

// comments reports whether a comment stands within a piece of source: an edit
// that replaces the piece would lose it.
func (p *pass) comments(pos, end token.Pos) bool {
	f := p.fileOf(pos)
	return f == nil || slices.ContainsFunc(f.Comments, func(g *ast.CommentGroup) bool { return g.Pos() < end && pos < g.End() })
}

// loses is a comment that edits remove and none of them puts back, "" if there
// is none.
func (p *pass) loses(edits []analysis.TextEdit) string {
	for _, e := range edits {
		f := p.fileOf(e.Pos)
		for _, g := range f.Comments {
			for _, c := range g.List {
				if c.Pos() < e.End && e.Pos < c.End() && !slices.ContainsFunc(edits, func(o analysis.TextEdit) bool { return bytes.Contains(o.NewText, []byte(c.Text)) }) {
					return c.Text
				}
			}
		}
	}
	return ""
}

// uses are the identifiers of the package that mean an object, its declaration
// left out; of a generic type's field or method, those of all instances.
func (p *pass) uses(obj types.Object) []inspector.Cursor {
	if p.users == nil {
		p.users = make(map[types.Object][]inspector.Cursor)
		for c := range p.root.Preorder((*ast.Ident)(nil)) {
			if o := p.TypesInfo.Uses[c.Node().(*ast.Ident)]; o != nil {
				p.users[origin(o)] = append(p.users[origin(o)], c)
			}
		}
	}
	return p.users[origin(obj)]
}

// origin is the declared object of which an object is an instance, mostly
// itself.
func origin(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Origin()
	case *types.Var:
		return obj.Origin()
	}
	return obj
}

// imported is the name by which code at pos can call a package, and the edit
// that imports it, if it is not imported yet. ok is false where the name means
// something else there.
func (p *pass) imported(pos token.Pos, importPath string) (name string, edits []analysis.TextEdit, ok bool) {
	f := p.fileOf(pos)
	name = path.Base(importPath)
	scope := p.TypesInfo.Scopes[f].Innermost(pos)
	if scope == nil {
		scope = p.TypesInfo.Scopes[f]
	}
	for _, spec := range f.Imports {
		if v, err := strconv.Unquote(spec.Path.Value); err != nil || v != importPath {
			continue
		}
		pkg := p.TypesInfo.PkgNameOf(spec)
		if pkg == nil || pkg.Name() == "_" || pkg.Name() == "." {
			continue
		}
		if _, obj := scope.LookupParent(pkg.Name(), pos); obj == pkg {
			return pkg.Name(), nil, true
		}
		return "", nil, false // shadowed
	}
	if _, obj := scope.LookupParent(name, pos); obj != nil || p.declaredUnseen(name) {
		return "", nil, false
	}
	return name, []analysis.TextEdit{importEdit(f, importPath)}, true
}

// importEdit imports a package, in the group where its path belongs as gofmt
// sorts it, or in a declaration of its own.
func importEdit(f *ast.File, importPath string) analysis.TextEdit {
	quoted := strconv.Quote(importPath)
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			break
		}
		if !g.Lparen.IsValid() || len(g.Specs) == 0 {
			continue
		}
		// The standard library's packages are the first group of a sorted list.
		at := g.Specs[0].Pos()
		if first := g.Specs[0].(*ast.ImportSpec); first.Doc != nil {
			at = first.Doc.Pos()
		}
		return analysis.TextEdit{Pos: at, End: at, NewText: []byte(quoted + "\n\t")}
	}
	at := f.Name.End()
	return analysis.TextEdit{Pos: at, End: at, NewText: []byte("\n\nimport " + quoted)}
}

// fresh is a name like the one given that means nothing at pos nor anywhere in
// the declaration around it, and that the pass has not given to another rewrite
// there.
func (p *pass) fresh(pos token.Pos, name string) string {
	for _, d := range p.fileOf(pos).Decls {
		if d.Pos() <= pos && pos < d.End() {
			return p.freshIn(d.Pos(), d.End(), name)
		}
	}
	return p.freshIn(pos, pos, name)
}

// A givenName is a name that fresh has given to a rewrite, and where.
type givenName struct {
	name     string
	pos, end token.Pos
}

// freshIn is fresh for a name that is used from pos to end only, a scope.
func (p *pass) freshIn(pos, end token.Pos, name string) string {
	f := p.fileOf(pos)
	taken := make(map[string]bool)
	for _, d := range f.Decls {
		if d.Pos() <= pos && pos < d.End() {
			ast.Inspect(d, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && pos <= id.Pos() && id.Pos() < end && !p.isMember(id) {
					taken[id.Name] = true
				}
				return true
			})
		}
	}
	for _, g := range p.given {
		if g.pos < end && pos < g.end {
			taken[g.name] = true
		}
	}
	scope := p.TypesInfo.Scopes[f]
	if inner := scope.Innermost(pos); inner != nil {
		scope = inner
	}
	for i := 1; ; i++ {
		try := name
		if i > 1 {
			try += strconv.Itoa(i)
		}
		if _, obj := scope.LookupParent(try, token.NoPos); obj == nil && !taken[try] {
			if pos < end {
				p.given = append(p.given, givenName{try, pos, end})
			}
			return try
		}
	}
}

// claim gives a name to a rewrite that declares it in the list of statements that
// holds the one at c, and reports whether no other of the pass has it there.
func (p *pass) claim(name string, c inspector.Cursor) bool {
	list := c.Parent().Node()
	for _, g := range p.given {
		if g.name == name && g.pos < list.End() && list.Pos() < g.end {
			return false
		}
	}
	p.given = append(p.given, givenName{name, list.Pos(), list.End()})
	return true
}

// isMember reports whether an identifier names a field or a method, which is
// not looked up as a name.
func (p *pass) isMember(id *ast.Ident) bool {
	switch obj := p.TypesInfo.ObjectOf(id).(type) {
	case *types.Var:
		return obj.IsField() && !obj.Embedded()
	case *types.Func:
		return obj.Signature().Recv() != nil
	}
	return false
}

// spelled is how code at pos writes a type, ok is false where it cannot.
func (p *pass) spelled(pos token.Pos, t types.Type) (text string, ok bool) {
	f := p.fileOf(pos)
	scope := p.TypesInfo.Scopes[f].Innermost(pos)
	if scope == nil {
		scope = p.TypesInfo.Scopes[f]
	}
	ok = true
	text = types.TypeString(t, func(pkg *types.Package) string {
		if pkg == p.Pkg {
			return ""
		}
		for _, spec := range f.Imports {
			name := p.TypesInfo.PkgNameOf(spec)
			if name == nil || name.Imported() != pkg || name.Name() == "." {
				continue
			}
			if _, obj := scope.LookupParent(name.Name(), pos); obj == name {
				return name.Name()
			}
		}
		ok = false
		return pkg.Name()
	})
	if !ok {
		return "", false
	}
	tv, err := types.Eval(p.Fset, p.Pkg, pos, text)
	return text, err == nil && tv.IsType() && types.Identical(tv.Type, t)
}

// trailing is the comment that follows pos on its line, with the space before
// it, "" if something else does.
func (p *pass) trailing(pos token.Pos) string {
	rest, _, _ := strings.Cut(p.between(pos, p.fileOf(pos).FileEnd), "\n")
	if strings.HasPrefix(strings.TrimSpace(rest), "//") {
		return strings.TrimRight(rest, " \t\r")
	}
	return ""
}
