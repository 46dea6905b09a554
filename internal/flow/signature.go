package flow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// SourceParams returns a function for [Tracer.Params] that parses the
// source files it is asked about, each once. read returns a file's text:
// os.ReadFile, or one that knows an overlay.
func SourceParams(read func(file string) ([]byte, error)) func(alloc.Pos) (params, results []string) {
	var mu sync.Mutex
	files := make(map[string][]signature)
	return func(pos alloc.Pos) (params, results []string) {
		mu.Lock()
		defer mu.Unlock()
		list, ok := files[pos.File]
		if !ok {
			if src, err := read(pos.File); err == nil {
				list = signatures(pos.File, src)
			}
			files[pos.File] = list
		}
		// Functions nest, and are listed as they start: the last that holds
		// pos is the innermost.
		for _, s := range list {
			if !before(pos, s.start) && before(pos, s.end) {
				params, results = s.params, s.results
			}
		}
		return params, results
	}
}

// A signature is a declared function or a literal, from its receiver or
// parameters to the end of its body.
type signature struct {
	start, end      alloc.Pos
	params, results []string
}

func before(a, b alloc.Pos) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
}

// signatures returns the functions of a file in source order. Of a file with
// errors it returns those that could be parsed.
func signatures(name string, src []byte) []signature {
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	at := func(p token.Pos) alloc.Pos {
		pos := fset.PositionFor(p, false)
		return alloc.Pos{Line: pos.Line, Col: pos.Column}
	}
	var list []signature
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			s := signature{at(n.Type.Params.Pos()), at(n.End()), names(n.Recv, n.Type.Params), names(n.Type.Results)}
			if n.Recv != nil {
				s.start = at(n.Recv.Pos())
			}
			list = append(list, s)
		case *ast.FuncLit:
			list = append(list, signature{at(n.Pos()), at(n.End()), names(n.Type.Params), names(n.Type.Results)})
		}
		return true
	})
	return list
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
