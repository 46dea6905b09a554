package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// used says which use of the slice would tell what its capacity was, or whether
// it shared its array, while it grows.
func (s *sized) used() string {
	name := s.v.Name()
	if at := s.captured(s.v); at.IsValid() && at < s.end {
		return name + " is used by a function literal"
	}
	for _, c := range s.uses(s.v) {
		at := c.Node().Pos()
		switch {
		case s.addressed(c):
			if at < s.end {
				return "the address of " + name + " is taken"
			}
			continue
		case s.stored(c):
			if set, ok := c.Parent().Node().(*ast.AssignStmt); !ok || !s.grows(set) {
				if at < s.end {
					return name + " is assigned while it grows"
				}
			}
			continue
		}
		u, why := s.use(c)
		switch {
		case u == capUse:
			return why
		case u == appendUse:
		case at >= s.end:
		case u == elemUse, u == nilUse && !s.isNil:
		case u == returnUse:
			if s.isNil {
				return "a return in the loop gives " + name + ", which may be nil then"
			}
		default:
			return why
		}
	}
	return ""
}

// grows reports whether an assignment is one of the slice's appends.
func (s *sized) grows(set *ast.AssignStmt) bool {
	return slices.ContainsFunc(s.appends, func(c inspector.Cursor) bool { return c.Parent().Node() == set })
}

// A sliceUse is what a use of a slice variable's value does with it.
type sliceUse int

const (
	elemUse   sliceUse = iota // reads its length or elements, or writes elements
	appendUse                 // grows the variable
	returnUse                 // gives it as a result
	nilUse                    // compares it with nil
	keepUse                   // makes another name for its array
	capUse                    // tells its capacity
)

// use says what a use of the slice does.
func (s *sized) use(c inspector.Cursor) (sliceUse, string) {
	name := s.v.Name()
	for c.ParentEdgeKind() == edge.ParenExpr_X {
		c = c.Parent()
	}
	parent := c.Parent()
	switch c.ParentEdgeKind() {
	case edge.IndexExpr_X:
		if s.addressed(parent) {
			return keepUse, "the address of an element of " + name + " is taken while it grows"
		}
		return elemUse, ""
	case edge.RangeStmt_X:
		if parent.Node().(*ast.RangeStmt).Pos() < s.end {
			for _, a := range s.appends {
				if parent.Contains(a) {
					return keepUse, "a loop over " + name + " changes it"
				}
			}
		}
		return elemUse, ""
	case edge.ReturnStmt_Results:
		return returnUse, ""
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		return nilUse, name + " is compared with nil"
	case edge.SliceExpr_X:
		e := parent.Node().(*ast.SliceExpr)
		if e.Slice3 || !s.within(e.High) {
			return capUse, "what " + s.text(e) + " is may depend on the capacity of " + name
		}
	case edge.CallExpr_Args:
		call := parent.Node().(*ast.CallExpr)
		i := c.ParentEdgeIndex()
		if set, ok := parent.Parent().Node().(*ast.AssignStmt); ok && i == 0 && s.grows(set) {
			return appendUse, ""
		}
		if b := s.builtin(call); b != "" {
			switch b {
			case "len", "copy", "clear":
				return elemUse, ""
			case "cap":
				return capUse, "the capacity of " + name + " is asked for"
			case "append":
				if i > 0 && call.Ellipsis.IsValid() {
					return elemUse, ""
				}
				if i > 0 {
					break
				}
				if parent.ParentEdgeKind() != edge.ReturnStmt_Results {
					return capUse, "append gives " + name + " to another variable: whether they share an array depends on the capacity"
				}
			}
		} else if s.readsOnly(call) {
			return elemUse, ""
		}
	}
	return keepUse, name + " is used while it grows, and whoever has it may see that it keeps its array"
}

// within reports whether the high bound of a slice expression is never above
// the length.
func (s *sized) within(high ast.Expr) bool {
	if high == nil {
		return true
	}
	if n, ok := s.integer(high); ok {
		return n == 0
	}
	if b, ok := ast.Unparen(high).(*ast.BinaryExpr); ok && b.Op == token.SUB {
		if n, ok := s.integer(b.Y); !ok || n < 0 {
			return false
		}
		high = b.X
	}
	x := s.length(high)
	return x != nil && s.isVar(x, s.v) && s.text(high)[0] == 'l'
}

// sliceReaders are functions of the standard library that read or order the elements
// of a slice and keep nothing of it, nil or not, beside [byteReaders].
var sliceReaders = map[string][]string{
	"strings": {"Join"},
	"bytes": {"Join", "Equal", "EqualFold", "Compare", "Contains", "ContainsAny", "ContainsRune", "Count", "HasPrefix", "HasSuffix",
		"Index", "IndexAny", "IndexByte", "IndexRune", "LastIndex", "LastIndexAny", "LastIndexByte"},
	"sort":         {"Strings", "Ints", "Float64s", "Slice", "SliceStable", "SearchInts", "SearchStrings"},
	"slices":       {"Sort", "SortFunc", "SortStableFunc", "Contains", "Index", "IndexFunc", "ContainsFunc", "Equal", "Reverse", "Max", "Min", "MaxFunc", "MinFunc", "BinarySearch", "IsSorted"},
	"unicode/utf8": {"DecodeRune", "DecodeLastRune", "FullRune"},
}

// readsOnly reports whether a call is one of [byteReaders], [sliceReaders] or
// [copiers], or a conversion to string.
func (p *pass) readsOnly(call *ast.CallExpr) bool {
	if tv := p.TypesInfo.Types[call.Fun]; tv.IsType() {
		return isString(tv.Type)
	}
	f, ok := typeutil.Callee(p.TypesInfo, call).(*types.Func)
	switch {
	case !ok || f.Pkg() == nil:
		return false
	case copiers[f.FullName()]:
		return true
	}
	if _, ok := byteReaders[f.FullName()]; ok {
		return true
	}
	return f.Signature().Recv() == nil && slices.Contains(sliceReaders[f.Pkg().Path()], f.Name())
}

// copiers are methods that copy the bytes that they are given, to memory that those
// may lie in.
var copiers = map[string]bool{"(*bytes.Buffer).Write": true}

// appends reports whether a call appends to its first operand and does nothing
// else with it: append, and functions of that name in the standard library.
func (p *pass) appends(call *ast.CallExpr) bool {
	if p.builtin(call) == "append" {
		return true
	}
	pkg, name, _ := cutLast(p.callee(call), ".")
	switch pkg {
	case "fmt", "strconv", "unicode/utf8":
		return strings.HasPrefix(name, "Append") && len(call.Args) > 1
	}
	return false
}

// stays reports whether nobody but the function sees the slice, and nothing
// there tells an empty slice from nil.
func (s *sized) stays() bool {
	if s.result || s.captured(s.v).IsValid() {
		return false
	}
	for _, c := range s.uses(s.v) {
		if s.stored(c) {
			if set, ok := c.Parent().Node().(*ast.AssignStmt); !ok || !s.grows(set) {
				return false
			}
			continue
		}
		if u, _ := s.use(c); u != elemUse && u != appendUse {
			return false
		}
	}
	return true
}
