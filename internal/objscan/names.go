package objscan

import (
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// funcName is a linker symbol as people write it: type arguments folded to
// "[...]", escapes undone, and "main." replaced by the import path of the main
// package, if one is given.
func funcName(sym, mainPath string) string {
	sym = unescape(alloc.FoldFunc(sym))
	if rest, ok := strings.CutPrefix(sym, "main."); ok && mainPath != "" {
		return mainPath + "." + rest
	}
	return sym
}

// Instance is what stands in the brackets of a symbol, "" where it is of no instance of a
// generic function: "go.shape.int" of "m.Map[go.shape.int].func1".
func Instance(sym string) string {
	begin, depth := strings.IndexByte(sym, '['), 0
	if begin < 0 || strings.Contains(sym[:begin], ":") { // "type:.eq.[8]string" is of an array
		return ""
	}
	for i := begin; i < len(sym); i++ {
		switch sym[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return unescape(sym[begin+1 : i])
			}
		}
	}
	return ""
}

// unescape undoes "%2e" and its like, which the linker writes for bytes of an
// import path that would be mistaken (cmd/internal/objabi/path.go).
func unescape(s string) string {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '%') {
		b.WriteString(s[:i])
		s = s[i:]
		n := 1
		if len(s) >= 3 {
			if c, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				s = s[3:]
				continue
			}
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}

// pathOf is the import path part of a symbol such as "net/http.(*Server).Serve",
// as the symbol spells it.
func pathOf(sym string) string {
	end := len(sym)
	if i := strings.IndexAny(sym, "[("); i >= 0 {
		end = i
	}
	slash := strings.LastIndexByte(sym[:end], '/') + 1
	if dot := strings.IndexByte(sym[slash:end], '.'); dot >= 0 {
		return sym[:slash+dot]
	}
	return ""
}
