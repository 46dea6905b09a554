package engine

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/memprof"
)

// A heat knows how hot functions are, by full name.
type heat map[string]memprof.Heat

// heat reads the CPU profiles that the named main packages are built with: the
// file of -pgo, or default.pgo beside them. Of several the hottest counts.
// Header.PGO gets the names.
func (p *pipeline) heat() heat {
	h := make(heat)
	for _, pkg := range p.named {
		if pkg.Name != "main" || pkg.ForTest != "" {
			continue
		}
		file := p.profileOf(pkg)
		if file == "" {
			continue
		}
		hot, err := memprof.Hot(file, plainPath(pkg.ImportPath))
		if err != nil {
			// The go command has accepted it, or said what is wrong with it.
			p.problems = append(p.problems, &alloc.Problem{Package: pkg.ImportPath, Message: "the order is without its profile: " + err.Error()})
			continue
		}
		for fn, x := range hot {
			if x.Self > h[fn].Self {
				h[fn] = x
			}
		}
		if len(hot) > 0 {
			p.pgo = append(p.pgo, p.shorten(filepath.ToSlash(file)))
		}
	}
	return h
}

// profileOf is the profile that a main package is built with, "" none
// (go help build, -pgo).
func (p *pipeline) profileOf(pkg *gocmd.Package) string {
	for _, f := range p.cfg.Flags() {
		switch v, ok := strings.CutPrefix(strings.TrimLeft(f, "-"), "pgo="); {
		case !ok || v == "auto":
		case v == "off":
			return ""
		default:
			return v
		}
	}
	file := filepath.Join(pkg.Dir, "default.pgo")
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// of is the heat of a site's function or, where its code was inlined from
// another package, of the hottest it was inlined into.
func (h heat) of(s *alloc.Site) float64 {
	if len(h) == 0 {
		return 0
	}
	best := h[s.Package+"."+s.Func].Self
	for _, in := range s.Inlined {
		if in.Allocates != alloc.Never {
			best = max(best, h[in.Func].Self)
		}
	}
	return best
}

// inlinedOnErrorPath reports whether a site of another package is inlined on
// error paths only.
func (p *pipeline) inlinedOnErrorPath(s *alloc.Site) bool {
	if p.ownPackage(s.Package) {
		return false
	}
	found := false
	for _, in := range s.Inlined {
		if in.Allocates == alloc.Never || !p.own(in.Func) {
			continue
		}
		f := p.file(in.File)
		if f == nil || !f.ErrorPath(in.Line) {
			return false
		}
		found = true
	}
	return found
}
