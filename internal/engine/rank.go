package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
)

// rank sorts sites by what can be known without measuring. Error paths come
// last. Before them the sites of the functions that default.pgo, if there is
// one, shows to take the most time; then those that sit deepest in loops, their
// own and those around the calls of their function; then those that allocate
// always; then the larger. It is a static order: how often a line runs is not
// known.
func rank(sites []*alloc.Site) {
	slices.SortStableFunc(sites, func(a, b *alloc.Site) int {
		return cmp.Or(
			compareBool(a.ErrorPath, b.ErrorPath),
			cmp.Compare(b.Heat, a.Heat),
			cmp.Compare(b.LoopDepth+b.CallDepth, a.LoopDepth+a.CallDepth),
			cmp.Compare(b.LoopDepth, a.LoopDepth),
			cmp.Compare(often(b), often(a)),
			cmp.Compare(weight(b), weight(a)),
			strings.Compare(a.Package, b.Package),
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col),
		)
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func often(s *alloc.Site) int {
	switch s.Allocates {
	case alloc.Always:
		return 2
	case alloc.Sometimes:
		return 1
	}
	return 0
}

// weight is a site's bytes; one whose size the compiler does not know counts
// as a small object.
func weight(s *alloc.Site) int64 {
	if s.Bytes == nil {
		return 64
	}
	return *s.Bytes
}

// ownSites are the sites to report: those in the user's own packages, and
// those of other packages that were inlined into them.
func (p *pipeline) ownSites(sites []*alloc.Site) []*alloc.Site {
	return slices.DeleteFunc(sites, func(s *alloc.Site) bool {
		if p.ownPackage(s.Package) {
			return false
		}
		return !slices.ContainsFunc(s.Inlined, func(in alloc.Inlining) bool {
			return p.own(in.Func) && in.Allocates != alloc.Never
		})
	})
}

// fill completes sites with what the joiner does not know: size classes, and
// the loops around the calls of their functions.
func (p *pipeline) fill(sites []*alloc.Site, j *correlate.Joiner) {
	depths, heat := p.callDepths(), p.heat()
	for _, s := range sites {
		s.CallDepth = depths.of(s.Package, declared(s.Func))
		s.Heat = heat.of(s)
		s.ErrorPath = s.ErrorPath || p.inlinedOnErrorPath(s)
		if s.Bytes == nil || *s.Bytes < 0 {
			continue
		}
		noscan := s.Noscan != nil && *s.Noscan
		c := p.sizes.Class(*s.Bytes, noscan)
		s.Path = c.Path
		if c.Path != alloc.Tiny {
			class, waste := c.Bytes, c.Waste
			s.SizeClass, s.Waste = &class, &waste
		}
	}
}

// declared is the declared function that holds a closure: F of F.func1.2.
func declared(fn string) string {
	if i := strings.Index(fn, ".func"); i > 0 {
		return fn[:i]
	}
	return fn
}

// callDepths knows, for the functions of the named packages, the number of
// loops around their calls within their package, along the deepest chain of
// calls. Without types a call names its callee by its last name only: one that
// several functions of the package have is passed over.
type callDepths struct {
	calls map[string]map[string][]caller // by import path and last name of the callee
	names map[string]map[string]int      // how many functions have it
	memo  map[string]int
}

type caller struct {
	fn    string
	loops int
}

func (p *pipeline) callDepths() *callDepths {
	d := &callDepths{
		calls: make(map[string]map[string][]caller),
		names: make(map[string]map[string]int),
		memo:  make(map[string]int),
	}
	for _, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		if d.calls[path] == nil {
			d.calls[path] = make(map[string][]caller)
			d.names[path] = make(map[string]int)
		}
		for _, name := range pkg.GoFiles {
			if f := p.file(name); f != nil {
				for fn := range f.Starts() {
					d.names[path][lastName(fn)]++
				}
				for _, c := range f.Calls() {
					callee := lastName(c.Callee)
					d.calls[path][callee] = append(d.calls[path][callee], caller{declared(c.Func), c.LoopDepth})
				}
			}
		}
	}
	return d
}

// of is the depth of a declared function. Chains longer than eight calls are
// cut, so that a package's call graph cannot make it slow.
func (d *callDepths) of(pkg, fn string) int { return d.depth(pkg, fn, 8) }

func (d *callDepths) depth(pkg, fn string, left int) int {
	key := pkg + "." + fn
	if n, ok := d.memo[key]; ok {
		return n
	}
	if left == 0 {
		return 0
	}
	if d.names[pkg][lastName(fn)] > 1 {
		return 0
	}
	d.memo[key] = 0 // a function that calls itself adds nothing
	best := 0
	for _, c := range d.calls[pkg][lastName(fn)] {
		if c.fn != fn {
			best = max(best, min(9, c.loops+d.depth(pkg, c.fn, left-1)))
		}
	}
	d.memo[key] = best
	return best
}

func lastName(fn string) string { return fn[strings.LastIndexByte(fn, '.')+1:] }
