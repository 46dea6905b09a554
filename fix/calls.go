package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"iter"

	"golang.org/x/tools/go/ast/inspector"
)

// functions are the functions and methods that the package declares with a
// body, but for those of the name init, main and _.
func (p *pass) functions(visit func(inspector.Cursor, *ast.FuncDecl, *types.Func)) {
	for c := range p.root.Preorder((*ast.FuncDecl)(nil)) {
		decl := c.Node().(*ast.FuncDecl)
		fn, _ := p.TypesInfo.Defs[decl.Name].(*types.Func) // none of init and _
		if fn != nil && decl.Body != nil && fn.Name() != "main" && fn.Name() != "_" {
			visit(c, decl, fn)
		}
	}
}

// fixed says why the parameters and results of a function cannot change
// together with all its calls, "" if they can: it is exported, or used in
// another way than to call it, or somewhere that the pass does not see. calls
// are the calls that it sees.
func (p *pass) fixed(decl *ast.FuncDecl, fn *types.Func) (calls []inspector.Cursor, why string) {
	calls, why = p.fixedHere(decl, fn)
	if why == "" && fn.Exported() {
		why = fn.Name() + " is exported"
	}
	return calls, why
}

// fixedHere is as fixed, but for what other packages do with an exported
// function.
func (p *pass) fixedHere(decl *ast.FuncDecl, fn *types.Func) (calls []inspector.Cursor, why string) {
	name := fn.Name()
	calls, why = p.callsOf(fn)
	switch list := directives(decl.Doc); {
	case why != "":
	case fn.Exported() && decl.Recv != nil:
		why = name + " is exported"
	case len(list) > 0:
		why = fmt.Sprintf("%s has a //%s directive", name, list[0])
	case p.linknamed(name):
		why = "a //go:linkname directive names " + name
	case p.mentioned(name):
		why = "a file that is not part of this build names " + name
	case decl.Recv != nil && p.inInterface(name):
		why = "an interface has a method " + name
	}
	return calls, why
}

// called is the call whose function the identifier at c names.
func called(c inspector.Cursor) (call inspector.Cursor, ok bool) {
	for {
		up := c.Parent()
		switch n := up.Node().(type) {
		case *ast.SelectorExpr:
			if n.Sel != c.Node() {
				return call, false
			}
		case *ast.IndexExpr:
			if n.X != c.Node() {
				return call, false
			}
		case *ast.IndexListExpr:
			if n.X != c.Node() {
				return call, false
			}
		case *ast.ParenExpr:
		case *ast.CallExpr:
			return up, n.Fun == c.Node()
		default:
			return call, false
		}
		c = up
	}
}

// inInterface reports whether an interface type of the package has a method of
// that name: a call of the interface's method may be one of a type's. Only the
// package itself can declare methods of its unexported names.
func (p *pass) inInterface(name string) bool {
	for c := range p.root.Preorder((*ast.InterfaceType)(nil)) {
		for _, m := range c.Node().(*ast.InterfaceType).Methods.List {
			for _, id := range m.Names {
				if id.Name == name {
					return true
				}
			}
		}
	}
	return false
}

// declarable is a name like the one given that no identifier of the package
// has, nor a file that is not part of this build: a declaration of that name
// shadows nothing and hides no field or method. It is "" where such a file
// cannot be read.
func (p *pass) declarable(name string) string {
	if p.names == nil {
		p.names = make(map[string]bool)
		for c := range p.root.Preorder((*ast.Ident)(nil)) {
			p.names[c.Node().(*ast.Ident).Name] = true
		}
		for _, f := range p.Files {
			for _, spec := range f.Imports {
				if pkg := p.TypesInfo.PkgNameOf(spec); pkg != nil {
					p.names[pkg.Name()] = true
				}
			}
		}
	}
	for i := range 100 {
		try := name
		if i > 0 {
			try = fmt.Sprint(name, i+1)
		}
		if !p.names[try] && !token.IsKeyword(try) && types.Universe.Lookup(try) == nil && p.Pkg.Scope().Lookup(try) == nil && !p.mentioned(try) {
			p.names[try] = true // another candidate takes another
			return try
		}
	}
	return ""
}

// returns are the return statements of a function, those of function literals
// in it left out.
func (p *pass) returns(decl *ast.FuncDecl) iter.Seq[*ast.ReturnStmt] {
	return func(yield func(*ast.ReturnStmt) bool) {
		done := false
		p.cursor(decl.Body).Inspect([]ast.Node{(*ast.FuncLit)(nil), (*ast.ReturnStmt)(nil)}, func(c inspector.Cursor) bool {
			if ret, ok := c.Node().(*ast.ReturnStmt); ok && !done {
				done = !yield(ret)
			}
			_, lit := c.Node().(*ast.FuncLit)
			return !lit
		})
	}
}

// fieldNames are the names that parameters, results or a receiver have.
func fieldNames(list *ast.FieldList) iter.Seq[*ast.Ident] {
	return func(yield func(*ast.Ident) bool) {
		if list == nil {
			return
		}
		for _, f := range list.List {
			for _, id := range f.Names {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// named reports whether a parameter can be referred to.
func named(f *ast.Field) bool { return len(f.Names) > 0 && f.Names[0].Name != "_" }

// cursor is the cursor of a node of the package.
func (p *pass) cursor(n ast.Node) inspector.Cursor {
	c, ok := p.root.FindNode(n)
	if !ok {
		panic(fmt.Sprintf("fix: no node at %s", p.Fset.Position(n.Pos())))
	}
	return c
}
