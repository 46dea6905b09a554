package flow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// SourceParams returns a function for [Tracer.Params] that parses the source
// files it is asked about, each once. read returns a file's text, os.ReadFile
// or one that knows an overlay.
func SourceParams(read func(file string) ([]byte, error)) func(alloc.Pos) []string {
	type lists struct {
		fset  *token.FileSet
		types []signature
	}
	var mu sync.Mutex
	files := make(map[string]lists)
	return func(pos alloc.Pos) []string {
		mu.Lock()
		defer mu.Unlock()
		f, ok := files[pos.File]
		if !ok {
			f.fset = token.NewFileSet()
			if src, err := read(pos.File); err == nil {
				// A file with errors still yields the functions that parsed.
				if file, _ := parser.ParseFile(f.fset, pos.File, src, parser.SkipObjectResolution); file != nil {
					f.types = signatures(file)
				}
			}
			files[pos.File] = f
		}
		// Function types nest (a parameter may be of function type): the last
		// that starts at or before pos is the innermost.
		var found []string
		for _, s := range f.types {
			if s.contains(f.fset, pos) {
				found = s.names()
			}
		}
		return found
	}
}

// A signature is the parameter lists of a declared function or a literal.
type signature struct {
	recv *ast.FieldList
	typ  *ast.FuncType
}

// signatures returns the functions of a file in source order.
func signatures(file *ast.File) []signature {
	var list []signature
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			list = append(list, signature{n.Recv, n.Type})
		case *ast.FuncLit:
			list = append(list, signature{nil, n.Type})
		}
		return true
	})
	return list
}

// contains reports whether pos lies between the start of the receiver or the
// parameters and the end of the parameters.
func (s signature) contains(fset *token.FileSet, pos alloc.Pos) bool {
	start := s.typ.Params.Pos()
	if s.recv != nil {
		start = s.recv.Pos()
	}
	a, b := fset.PositionFor(start, false), fset.PositionFor(s.typ.Params.End(), false)
	return (a.Line < pos.Line || a.Line == pos.Line && a.Column <= pos.Col) &&
		(pos.Line < b.Line || pos.Line == b.Line && pos.Col < b.Column)
}

func (s signature) names() []string {
	var names []string
	for _, list := range []*ast.FieldList{s.recv, s.typ.Params} {
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
