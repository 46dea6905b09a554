package correlate

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
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
	t := ShortType(typ)
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
