package expr

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"iter"
	"math"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// Declared is the variable of a name that is declared nearest before a line, or on
// it, in the declared function around it; nil where there is none. Of those that the
// function declares below alone, it is the first.
func (f *File) Declared(line int, name string) *Node {
	_, from, to, ok := f.FuncAt(line)
	if !ok {
		return nil
	}
	var best *node
	for _, n := range f.byKind[alloc.Variable] {
		id, isIdent := n.ast.(*ast.Ident)
		if !isIdent || id.Name != name {
			continue
		}
		l, _, ok := f.place(n.at)
		if !ok || l < from || l > to || best != nil && l > line {
			continue
		}
		best = n
	}
	if best == nil {
		return nil
	}
	return f.node(best)
}

// A Made is a value that an expression makes, as it would lie on the stack.
type Made struct {
	*Node
	Bytes int64
}

// Made are the values that expressions on a line, or around it, make or are, of a
// size that is known: what new, & and make make, the array of a literal or of a
// call's last arguments, the innermost first, and then all others on the line.
func (f *File) Made(line int) []Made {
	f.index()
	var out []Made
	for _, kind := range []alloc.Kind{alloc.New, alloc.Composite, alloc.Slice, alloc.Map, alloc.Variadic} {
		for _, n := range f.byKind[kind] {
			if from, _, ok := f.place(n.ast.Pos()); !ok || from > line {
				continue
			}
			if to, _, _ := f.place(n.ast.End()); to < line {
				continue
			}
			m := Made{f.node(n), n.below}
			if kind == alloc.New || kind == alloc.Composite {
				m.Bytes = m.Value.Size
			}
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Made) int { return cmp.Compare(a.End.Line-a.Start, b.End.Line-b.Start) })
	for n := range f.onLine(line) {
		if x := f.node(n); x.Value.Size > 0 {
			out = append(out, Made{x, x.Value.Size})
		}
	}
	return slices.DeleteFunc(out, func(m Made) bool { return m.Bytes <= 0 })
}

// below are the bytes of what is below a slice or a map that an expression makes,
// were it on the stack: the array, the first group of slots. It is 0 where that is
// not known before it runs.
func (w *walker) below(n *node) int64 {
	if w.f.info == nil || w.f.sizes == nil || n.typ == nil || generic(n.typ, 0) {
		return 0
	}
	switch t := under(n.typ).(type) {
	case *types.Map:
		return w.group(t)
	case *types.Slice:
		size, length := w.f.sizes.Sizeof(t.Elem()), w.length(n)
		if length > 0 && (size == 0 || length <= math.MaxInt64/size) {
			return length * size
		}
	}
	return 0
}

// length is that of the array below a slice, 0 unknown.
func (w *walker) length(n *node) int64 {
	switch x := n.ast.(type) {
	case *ast.CompositeLit:
		if !slices.ContainsFunc(x.Elts, isKeyed) {
			return int64(len(x.Elts))
		}
	case *ast.CallExpr:
		if n.kind == alloc.Variadic {
			if sig, ok := under(w.f.info.TypeOf(x.Fun)).(*types.Signature); ok {
				return int64(len(x.Args) - sig.Params().Len() + 1)
			}
		} else if len(x.Args) > 1 {
			if v := w.f.info.Types[x.Args[len(x.Args)-1]].Value; v != nil {
				length, _ := constant.Int64Val(constant.ToInt(v))
				return length
			}
		}
	}
	return 0
}

func isKeyed(e ast.Expr) bool {
	_, ok := e.(*ast.KeyValueExpr)
	return ok
}

// group is the size of a map's group: a word of control bytes and 8 slots, each a key
// and an element, or pointers to those of more than 128 bytes (internal/abi/map.go and
// cmd/compile/internal/reflectdata/map.go, go1.24 to go1.26).
func (w *walker) group(m *types.Map) int64 {
	part := func(name string, t types.Type) *types.Var {
		if w.f.sizes.Sizeof(t) > 128 {
			t = types.Typ[types.UnsafePointer]
		}
		return types.NewField(token.NoPos, nil, name, t, false)
	}
	slot := types.NewStruct([]*types.Var{part("key", m.Key()), part("elem", m.Elem())}, nil)
	return 8 + 8*w.f.sizes.Sizeof(slot)
}

// Types yields the types that the file declares, those of functions with them, with
// their lines.
func (f *File) Types() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if f.tree == nil {
			return
		}
		for n := range ast.Preorder(f.tree) {
			if t, ok := n.(*ast.TypeSpec); ok {
				if line, _, ok := f.place(t.Name.Pos()); ok && !yield(t.Name.Name, line) {
					return
				}
			}
		}
	}
}
