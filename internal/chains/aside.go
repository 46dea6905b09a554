package chains

import (
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/objscan"
)

// An Aside is why a call is not on a function's ordinary way; "" where it is.
type Aside = alloc.StackAside

// aside says of a call whether it leads aside, and why:
//
//   - from there the machine code reaches no return, only a panic;
//   - it stands in source that only runs where an error has come back, or it makes or
//     examines one: a call of fmt.Errorf, or into package errors;
//   - it leads from elsewhere into a package that formats text for people. How deep
//     that goes is for what is printed, and the deepest is what complains of a wrong
//     format.
func (g *Graph) aside(n, to *node, c objscan.StackCall) Aside {
	switch {
	case n.Runtime:
		return ""
	case c.Cold:
		return alloc.AsidePanic
	case to.Package == "errors" && n.Package != "errors", n.Package != "fmt" && strings.EqualFold(to.Name, "fmt.errorf"): // with which the other is inlined
		return alloc.AsideError
	case g.ErrorPath != nil && g.ErrorPath(c.Body):
		return alloc.AsideError
	case formats(to.Package) && !formats(n.Package):
		return alloc.AsideFormat
	}
	return ""
}

// formats reports a package that formats text for people.
func formats(path string) bool {
	return slices.Contains([]string{"fmt", "log", "log/slog"}, path) || strings.HasPrefix(path, "log/slog/")
}
