package engine

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/flow"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// Explain reports the sites at one place, or the one of an id, each with its
// whole flow, across calls and packages, and its cut.
func Explain(ctx context.Context, req ExplainRequest) (*alloc.Report, error) {
	start := time.Now()
	t, err := parseTarget(req.Target)
	if err != nil {
		return nil, err
	}
	p, err := open(ctx, req.Build)
	if err != nil {
		return nil, err
	}
	if err := p.find(&t); err != nil {
		return nil, err
	}
	if err := p.compileHome(ctx, t, req); err != nil {
		return nil, err
	}
	if t.id != "" && len(req.Patterns) == 0 && !slices.ContainsFunc(p.named, isMain) {
		// The id is one of the user's only by the lines it was inlined at.
		if err := p.compileUsers(ctx, t, req); err != nil {
			return nil, err
		}
	}
	j, all, err := p.sites(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, t.means) && len(req.Patterns) == 0 && p.isGeneric(t) {
		// It is compiled where it is used.
		if err := p.compileUsers(ctx, t, req); err != nil {
			return nil, err
		}
		if j, all, err = p.sites(ctx); err != nil {
			return nil, err
		}
	}
	r := &alloc.Report{Header: p.header("explain"), Problems: p.problems}
	r.Summary.Packages = p.packagesAsked()
	for _, s := range all {
		if t.means(s) {
			r.Sites = append(r.Sites, s)
		}
	}
	if len(r.Sites) == 0 {
		return nil, p.nothingAt(t, all)
	}
	p.fill(r.Sites, j)
	tracer := p.tracer()
	for _, s := range r.Sites {
		p.progress("following the flow", 0, 0, s.ID)
		if err := p.explain(ctx, tracer, j, s, t); err != nil {
			return nil, err
		}
	}
	r.Summary.Sites, r.Summary.Found, r.Summary.Shown = len(r.Sites), len(r.Sites), len(r.Sites)
	p.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// sites are those of the packages that were compiled.
func (p *pipeline) sites(ctx context.Context) (*correlate.Joiner, []*alloc.Site, error) {
	if err := p.heard(); err != nil {
		return nil, nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, nil, err
	}
	return j, j.Sites(), nil
}

// explain tells the story of a site: what makes it allocate and, where its value
// escapes, the flow. Of a site that was inlined it is the copy at the target.
func (p *pipeline) explain(ctx context.Context, tracer *flow.Tracer, j *correlate.Joiner, s *alloc.Site, t target) error {
	copyAt := t.copyOf(s, p.isMain)
	d := j.Diagnostic(s)
	if copyAt != nil {
		// The copy that was asked about is the first of the list.
		s.Inlined = slices.DeleteFunc(slices.Clone(s.Inlined), func(in alloc.Inlining) bool { return in == *copyAt })
		s.Inlined = slices.Insert(s.Inlined, 0, *copyAt)
		d = j.DiagnosticAt(s, *copyAt)
	}
	var story *flow.Story
	if d == nil || d.Verdict == alloc.StaysOnStack || flow.NeedsOrigin(s) {
		var call alloc.Pos
		if copyAt != nil {
			call = copyAt.Pos
		}
		story = tracer.Origin(s, call)
	}
	if d != nil && d.Verdict != alloc.StaysOnStack {
		escape, err := tracer.Trace(ctx, d, holder(s, d))
		if err != nil {
			return err
		}
		story = story.Then(escape)
	}
	s.Flow, s.Cut, s.End = story.Steps, story.Cut, story.End
	s.Candidates = p.likelyFirst(story, s)
	if story.Incomplete != "" {
		s.End = strings.TrimPrefix(s.End+"; ", "; ") + "the trail is lost: " + story.Incomplete
	}
	return nil
}

// holder is the function that holds a site; d may be about one of its inlined
// copies.
func holder(s *alloc.Site, d *alloc.Diagnostic) flow.Holder {
	h := flow.Holder{Package: s.Package, Func: s.Func}
	for _, in := range s.Inlined {
		if in.File == d.Pos.File && in.Line == d.Pos.Line && (s.File != d.Pos.File || s.Line != d.Pos.Line) {
			h.Inlined = true
		}
	}
	return h
}

// flowProgram is what was built, to ask what it may mean.
func (p *pipeline) flowProgram() *flow.Program {
	p.progress("reading types", 0, 0, "")
	var list []flow.Package
	for path, pkg := range p.packages {
		list = append(list, flow.Package{ImportPath: path, Asked: p.asked[path], Export: p.archives[path], GoFiles: pkg.GoFiles})
	}
	return flow.NewProgram(list, p.readFile)
}

// readFile reads a source file, as the user's overlay has it.
func (p *pipeline) readFile(name string) ([]byte, error) { return os.ReadFile(p.onDisk(name)) }

// tracer returns a Tracer that has packages compiled as they are asked for.
func (p *pipeline) tracer() *flow.Tracer {
	asked := make(map[string]bool)
	prog := sync.OnceValue(p.flowProgram)
	return &flow.Tracer{
		Lookup: func(ctx context.Context, path string) ([]*alloc.Diagnostic, error) {
			if d := p.diags[path]; d != nil || asked[path] {
				return d, nil
			}
			asked[path] = true
			p.progress("compiling "+path+" with diagnostics", 0, 0, path)
			if err := p.diagnose(ctx, []string{path}); err != nil {
				return nil, err
			}
			return p.diags[path], nil
		},
		Source: flow.NewSource(p.readFile),
		Makers: func(importPath string, pos alloc.Pos) ([]alloc.Step, bool) {
			return prog().Makers(importPath, pos)
		},
		Packages: p.packagesNamed,
		Name: func(path string) string {
			if pkg := p.packages[path]; pkg != nil {
				return pkg.Name
			}
			return ""
		},
		Files: func(path string) []string {
			if pkg := p.packages[path]; pkg != nil {
				return pkg.GoFiles
			}
			return nil
		},
		Implementations: func(ctx context.Context, call flow.Dynamic) ([]string, error) {
			return prog().Implementations(ctx, call)
		},
		Method: func(ctx context.Context, call flow.Dynamic) (string, error) {
			return prog().Method(ctx, call)
		},
		Local: p.ownPackage,
	}
}

// packagesNamed are the packages named name that the package from imports, and
// the others of the program, which it may mean in bodies that were inlined.
func (p *pipeline) packagesNamed(from, name string) (imported, other []string) {
	var imports []string
	if pkg := p.packages[from]; pkg != nil {
		imports = pkg.Imports
	}
	for path, pkg := range p.packages {
		switch {
		case pkg.Name != name:
		case slices.Contains(imports, path):
			imported = append(imported, path)
		default:
			other = append(other, path)
		}
	}
	slices.Sort(imported)
	slices.Sort(other)
	return imported, other
}

// diagnose has dependencies compiled with diagnostics.
func (p *pipeline) diagnose(ctx context.Context, paths []string) error {
	if err := p.compileOnly(ctx, gocmd.Request{Patterns: paths, Diagnose: true}, true); err != nil {
		return err
	}
	return p.read()
}
