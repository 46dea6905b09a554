package engine

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// Funcs are the functions that a user means; nil is all.
type Funcs struct{ pattern *regexp.Regexp }

// method matches "(*T)", and on the way what is escaped.
var method = regexp.MustCompile(`\\.|\(\*([^()]*)\)`)

// ParseFuncs reads a regular expression on "package.Func", in which functions may stand as
// the runtime and pprof name them: main.main.func1, m/p.(*T).M, m/p.F[...].
func ParseFuncs(text string) (*Funcs, error) {
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain // the linker writes gopkg.in/yaml%2ev3
	}
	// "(*" is no regular expression, and "[...]" would be a dot.
	text = method.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == '\\' {
			return s
		}
		return `\(\*` + s[len("(*"):len(s)-1] + `\)`
	})
	re, err := regexp.Compile(strings.ReplaceAll(text, "[...]", `\[\.\.\.\]`))
	if err != nil {
		return nil, err
	}
	return &Funcs{re}, nil
}

// Match reports whether a function is meant. The runtime calls the package of a program
// main, whatever its import path is.
func (f *Funcs) Match(pkg, name string, main bool) bool {
	return f == nil || f.pattern.MatchString(pkg+"."+name) || main && f.pattern.MatchString("main."+name)
}

// isProgram reports whether a package is one.
func (p *pipeline) isProgram(path string) bool {
	pkg := p.packages[path]
	return pkg != nil && pkg.Name == "main"
}

// keeps reports whether a site of the build passes a filter.
func (p *pipeline) keeps(f *Filter, s *alloc.Site) bool { return f.Keeps(s, p.isProgram(s.Package)) }

// keeps reports whether a change passes the request's filter.
func (d *differ) keeps(c *alloc.Change) bool {
	s := c.Current()
	return d.req.Filter.Keeps(s, d.sides[0].isProgram(s.Package) || d.sides[1].isProgram(s.Package))
}
