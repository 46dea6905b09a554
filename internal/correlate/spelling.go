package correlate

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// ShortType spells a linker's type name as Go source does: import paths are
// folded to package names, and the linker's prefixes dropped.
//
//	type:*example.com/m.T → *m.T    noalg.map.group[string]int → map.group[string]int
func ShortType(s string) string {
	s = strings.TrimPrefix(s, "type:")
	s = strings.TrimPrefix(s, "noalg.")
	if !strings.Contains(s, "/") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	word := 0 // where in b the current path began
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '/':
			// All of the path before the slash goes.
			out := b.String()[:word]
			b.Reset()
			b.WriteString(out)
		case '*', '[', ']', '(', ')', '{', '}', ' ', ',', ';', '<', '"':
			b.WriteByte(c)
			word = b.Len()
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// spell is the type of what a site of this kind makes, given the type that the
// runtime function was handed.
func spell(kind alloc.Kind, typ string) string {
	t := noShapes(noOrdinals(ShortType(typ)))
	switch {
	case t == "":
		return ""
	case strings.HasPrefix(t, "runtime.") && strings.HasSuffix(t, "InterfacePtr"):
		return "" // what runtime.convT64 and its like call any type of that size
	case kind == alloc.Closure:
		return "func literal"
	case (kind == alloc.Append || kind == alloc.Slice) && !strings.HasPrefix(t, "["):
		return "[]" + t
	case kind == alloc.Slice && strings.HasPrefix(t, "[]"):
		return "[]" + t
	}
	return t
}

// typeOfNode is the type of what a site of this kind makes, as the source
// spells it; "" unknown, or told by the kind.
func typeOfNode(kind alloc.Kind, n *expr.Node) string {
	switch kind {
	case alloc.String, alloc.Bytes, alloc.Goroutine, alloc.Defer, alloc.Runtime:
		return ""
	case alloc.Closure:
		if n.Text != "func literal" && !strings.HasPrefix(n.Text, "for range ") && n.Kind == alloc.Closure {
			return "method value"
		}
		return ""
	}
	return n.Value.Type
}

// noShapes spells the types that instantiations of generic functions share:
// the compiler makes one of all pointers, and calls it *uint8.
func noShapes(t string) string {
	if !strings.Contains(t, "go.shape.") {
		return t
	}
	t = strings.ReplaceAll(t, "go.shape.*uint8", "pointer")
	return strings.ReplaceAll(t, "go.shape.", "")
}

// noOrdinals drops what the linker adds to the name of a type that a function
// declares: T·1.
func noOrdinals(t string) string {
	for {
		before, after, ok := strings.Cut(t, "·")
		if !ok {
			return t
		}
		t = before + strings.TrimLeft(after, "0123456789")
	}
}

// canon spells a type so that two spellings can be compared.
func canon(t string) string {
	t = noOrdinals(ShortType(t))
	var b strings.Builder
	for i := 0; i < len(t); {
		n := i
		for n < len(t) && isNameByte(t[n]) {
			n++
		}
		if n == i {
			if t[i] != ' ' {
				b.WriteByte(t[i])
			}
			i++
			continue
		}
		switch word := t[i:n]; {
		case i > 0 && t[i-1] == '.':
			b.WriteString(word)
		case word == "byte":
			b.WriteString("uint8")
		case word == "rune":
			b.WriteString("int32")
		case word == "any":
			b.WriteString("interface{}")
		default:
			b.WriteString(word)
		}
		i = n
	}
	return b.String()
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// elem is the element type of a slice or array type.
func elem(t string) string {
	if strings.HasPrefix(t, "[") {
		if i := strings.IndexByte(t, ']'); i > 0 {
			return t[i+1:]
		}
	}
	return t
}

// simple reports a type of which there is one canonical spelling: made of
// names, pointers, slices and arrays.
func simple(t string) bool {
	return !strings.ContainsAny(t, "{(") && !strings.Contains(t, "[go.shape.") && !strings.Contains(t, "go.shape.")
}

// typeOfText is the type that the compiler's text names, "" none.
func typeOfText(s string) string {
	switch {
	case strings.HasPrefix(s, "&"):
		s = s[1:]
		if i := strings.LastIndexByte(s, '{'); i > 0 {
			return s[:i]
		}
	case strings.HasPrefix(s, "new("):
		return strings.TrimSuffix(s[4:], ")")
	case strings.HasPrefix(s, "make("):
		t, _, _ := strings.Cut(s[5:], ", ")
		return strings.TrimSuffix(t, ")")
	case strings.HasPrefix(s, "[]") && strings.HasSuffix(s, "}"):
		if i := strings.LastIndexByte(s, '{'); i > 0 {
			return s[:i]
		}
	}
	return ""
}

// sameType compares two spellings of a type by their last name: the compiler
// prints T or pkg.T, the linker import/path.T.
func sameType(a, b string) bool {
	a, b = canon(a), canon(b)
	return a == b || lastName(a) == lastName(b)
}

func lastName(s string) string {
	if i := strings.IndexByte(s, '['); i > 0 {
		s = s[:i]
	}
	return s[strings.LastIndexByte(s, '.')+1:]
}
