package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/compare"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/flow"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A DiffRequest asks what is not the same in two builds of packages. Build is what
// both have in common, Before and After what each has instead.
type DiffRequest struct {
	Build
	Patterns      []string
	Before, After alloc.Side
	// Tests adds the packages' tests, Generated the generated files.
	Tests, Generated bool
	// Filter chooses the changes; its Top is for each status.
	Filter Filter
	// Bench, if not "", has benchmarks weigh both builds, as of CostRequest; Count is
	// how often each is timed.
	Bench, Benchtime, CPU string
	Count                 int
	Timeout               time.Duration
}

// Diff reports the sites that appeared, vanished or changed between two builds,
// each with what made the difference. A package that does not compile in both is
// a problem of the report and not compared.
func Diff(ctx context.Context, req DiffRequest) (*alloc.Report, error) {
	start := time.Now()
	d := &differ{req: req}
	defer d.close()
	for i, side := range []alloc.Side{req.Before, req.After} {
		if err := d.look(ctx, i, side); err != nil {
			return nil, err
		}
	}
	if d.none[0] != nil && d.none[1] != nil {
		return nil, d.none[1]
	}
	d.onOneSide()
	if d.sides[0].is == d.sides[1].is {
		return nil, &Error{Msg: "both sides are the same: " + d.sides[0].is.String(), Hint: "name another revision, toolchain, target or profile", Usage: true}
	}
	r := &alloc.Report{Header: d.sides[1].header("diff"), Changes: d.changes()}
	r.Header.Order = "static"
	r.Header.Before, r.Header.After = &d.sides[0].is, &d.sides[1].is
	for i, s := range d.sides {
		d.partial(r, i, s.problems)
	}
	if req.Bench != "" {
		if err := d.measure(ctx, r); err != nil {
			return nil, err
		}
	}
	d.summarize(r)
	if err := d.explain(ctx, r.Changes); err != nil {
		return nil, err
	}
	d.relative(r)
	r.Summary.Seconds = time.Since(start).Seconds()
	return r, nil
}

// A differ is the state of one Diff.
type differ struct {
	req     DiffRequest
	sides   [2]*side
	matcher *compare.Matcher
	cleanup []func()
	unseen  int
	none    [2]error // of a side where no package is there
	// byID are the sites of either side; isAfter and wasBefore the ids of those that
	// both have, by the other id.
	byID               [2]map[string]*alloc.Site
	isAfter, wasBefore map[string]string
}

// A side is one of the builds that are compared.
type side struct {
	*pipeline
	is    alloc.Side
	sites []*alloc.Site
	said  map[lineKey][]*alloc.Diagnostic // what the compiler said of a line
	// To explain sites, they are joined anew, by id.
	joined  map[string]*alloc.Site
	joiner  *correlate.Joiner
	tracing *flow.Tracer
}

type lineKey struct {
	file string
	line int
}

func (d *differ) close() {
	for _, f := range d.cleanup {
		f()
	}
}

// look finds the sites of one side.
func (d *differ) look(ctx context.Context, i int, is alloc.Side) error {
	b := d.req.Build
	env := b.Env
	if env == nil {
		env = os.Environ()
	}
	env = slices.Clip(env)
	for _, v := range []struct{ name, value string }{{"GOTOOLCHAIN", is.Go}, {"GOOS", is.GOOS}, {"GOARCH", is.GOARCH}} {
		if v.value != "" {
			env = append(env, v.name+"="+v.value)
		}
	}
	if d.targets() && !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "CGO_ENABLED=") }) {
		// Of a target that is not this machine's the go command turns cgo off: then
		// for both, or files would come and go that have nothing to do with targets.
		env = append(env, "CGO_ENABLED=0")
	}
	b.Env = env
	if is.PGO != "" {
		b.Flags = append(slices.Clip(b.Flags), "-pgo="+is.PGO)
	}
	if b.Progress != nil {
		which := [2]string{"before: ", "after: "}[i]
		b.Progress = func(step string, done, total int, what string) { d.req.Progress(which+step, done, total, what) }
	}
	if is.Rev != "" {
		rev, err := b.at(ctx, is.Rev, d.req.Bench != "")
		if x, ok := errors.AsType[*Error](err); ok && strings.Contains(x.Hint, "baseline") {
			x.Hint = "-go, -goarch and -pgo compare without one" // this command has no baseline
		}
		if err != nil {
			return err
		}
		d.cleanup = append(d.cleanup, rev.close)
		b, is.Commit = rev.Build, rev.Commit
	}
	if arch := is.GOARCH; arch != "" && arch != "amd64" && arch != "arm64" {
		return &Error{Msg: "the machine code of GOARCH=" + arch + " is not read", Hint: "targets that are: amd64, arm64", Usage: true}
	}
	p, f, err := look(ctx, FindRequest{Build: b, Patterns: d.req.Patterns, Tests: d.req.Tests || d.req.Bench != ""})
	if err != nil && absent(err.Error()) {
		d.none[i], f = err, new(found)
		p, err = open(ctx, b)
	}
	if err != nil {
		return unavailable(is, err)
	}
	if err := p.read(); err != nil {
		return err
	}
	is.Go, is.GOOS, is.GOARCH = p.env.GOVERSION, p.env.GOOS, p.env.GOARCH
	is.NoCgo = d.targets() && p.env.CGOEnabled == "0"
	s := &side{pipeline: p, is: is, sites: f.Sites, said: make(map[lineKey][]*alloc.Diagnostic)}
	for _, list := range p.diags {
		for _, x := range list {
			k := lineKey{x.Pos.File, x.Pos.Line}
			s.said[k] = append(s.said[k], x)
		}
	}
	d.sides[i] = s
	return nil
}

// absent reports a refusal of the go command that says no more than that a package
// is not there, or not for the target (cmd/go/internal/load, go/build; go1.26).
func absent(msg string) bool {
	for _, part := range []string{"no Go files in ", "directory not found", "no such file or directory", "build constraints exclude all Go files"} {
		if strings.Contains(msg, part) {
			return true
		}
	}
	return false
}

// onOneSide takes back the problem that a package is not there, if it is on the
// other side: that is an answer.
func (d *differ) onOneSide() {
	for i, s := range d.sides {
		other := d.sides[1-i]
		s.problems = slices.DeleteFunc(s.problems, func(p *alloc.Problem) bool {
			return absent(p.Message) && slices.ContainsFunc(other.named, func(pkg *gocmd.Package) bool {
				// What is not there has no import path.
				return pkg.Export != "" && (pkg.ImportPath == p.Package || pkg.Dir == filepath.Join(other.cfg.Dir, p.Package))
			})
		})
	}
}

// targets reports whether targets are compared.
func (d *differ) targets() bool {
	b, a := d.req.Before, d.req.After
	return b.GOOS != a.GOOS || b.GOARCH != a.GOARCH
}

// unavailable adds to a failure of the go command with which toolchain it was.
func unavailable(is alloc.Side, err error) error {
	if is.Go == "" {
		return err
	}
	switch msg := err.Error(); {
	case strings.Contains(msg, "is older than "+gocmd.Oldest):
		return &Error{Msg: msg, Hint: "compare toolchains from " + gocmd.Oldest + " on"}
	case strings.Contains(msg, "requires go >="):
		return &Error{Msg: is.Go + " is too old for this module", Err: err, Hint: "compare toolchains that are not older than the go lines of go.mod and of what it requires"}
	case strings.Contains(msg, "download "+is.Go+":"), strings.Contains(msg, "toolchain not available"),
		strings.Contains(msg, "invalid toolchain"), strings.Contains(msg, "invalid GOTOOLCHAIN"):
		return &Error{Msg: "no toolchain " + is.Go, Err: err, Hint: "name a release as its tag does, such as " + gocmd.Oldest + ".0; https://go.dev/dl/ lists them"}
	}
	return err
}

// changes finds what is not the same.
func (d *differ) changes() []*alloc.Change {
	before, after := d.sides[0], d.sides[1]
	bad := make(map[string]bool)
	for _, s := range d.sides {
		for _, p := range s.problems {
			bad[p.Package] = true
		}
	}
	counts := func(s *alloc.Site) bool {
		return s == nil || (!s.Generated || d.req.Generated) && (!s.Test || d.req.Tests)
	}
	var lists [2][]*alloc.Site
	d.isAfter, d.wasBefore = make(map[string]string), make(map[string]string)
	for i, s := range d.sides {
		d.byID[i] = make(map[string]*alloc.Site)
		for _, x := range s.sites {
			if !bad[x.Package] {
				lists[i] = append(lists[i], x)
				d.byID[i][x.ID] = x
			}
		}
	}
	d.matcher = compare.NewMatcher(before.of(lists[0]), after.of(lists[1]), d.sameFile)
	var out []*alloc.Change
	for _, pair := range d.matcher.Pairs() {
		if b, a := pair.Before, pair.After; b != nil && a != nil {
			d.isAfter[b.ID], d.wasBefore[a.ID] = a.ID, b.ID
		}
		if !counts(pair.Before) || !counts(pair.After) {
			continue
		}
		if c := d.change(pair.Before, pair.After); c != nil && d.keeps(c) {
			out = append(out, c)
		}
	}
	return out
}

func (s *side) of(sites []*alloc.Site) *compare.Side {
	return &compare.Side{Sites: sites, Files: s.filesOf}
}

// filesOf are the source files of a package.
func (p *pipeline) filesOf(importPath string) []*expr.File {
	pkg := p.packages[importPath]
	if pkg == nil {
		return nil
	}
	var out []*expr.File
	for _, name := range pkg.GoFiles {
		if f := p.file(filepath.ToSlash(name)); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// sameFile reports whether a file has the same text on both sides. What a git
// revision has instead of the work tree's is named by the hash of its text.
func (d *differ) sameFile(name string) bool {
	b, a := d.sides[0].onDisk(name), d.sides[1].onDisk(name)
	return b == a || b != name && a != name && filepath.Base(b) == filepath.Base(a)
}

func alive(s *alloc.Site) bool { return s != nil && s.Allocates != alloc.Never }

// change compares a site of both builds; nil where it is the same.
func (d *differ) change(b, a *alloc.Site) *alloc.Change {
	if !alive(b) && !alive(a) {
		return nil
	}
	c := &alloc.Change{Before: b, After: a}
	copies := d.copies(b, a)
	switch {
	case d.foreign(b, a):
		// Only what the compiler decided in both is known.
		if len(copies) == 0 {
			return nil
		}
		c.Status = alloc.Changed
		if !alive(b) {
			c.Status = alloc.Appeared
		} else if !alive(a) {
			c.Status = alloc.Vanished
		}
	case !alive(b):
		c.Status = alloc.Appeared
	case !alive(a):
		c.Status = alloc.Vanished
	default:
		c.Status = alloc.Changed
	}
	if alive(b) && alive(a) {
		if len(copies) > 0 {
			c.What = append(c.What, alloc.InCopies)
		}
		c.What = append(c.What, compare.Aspects(b, a)...)
		if len(c.What) == 0 {
			return nil
		}
		slices.SortFunc(c.What, func(x, y alloc.Aspect) int {
			return cmp.Compare(slices.Index(alloc.Aspects, x), slices.Index(alloc.Aspects, y))
		})
	}
	c.Site = c.Current().ID
	c.Reason = strings.Join(d.why(c, copies), "; ")
	return c
}

// foreign reports whether a site, of which one may be nil, is in no package that was
// asked for, or in the body of another package's function: then it is known only
// where that is inlined.
func (d *differ) foreign(b, a *alloc.Site) bool {
	p, s := d.sides[1].pipeline, a
	if s == nil {
		p, s = d.sides[0].pipeline, b
	}
	if !p.asked[s.Package] && !p.asked[strings.TrimSuffix(s.Package, "_test")] {
		return true
	}
	pkg := p.packages[s.Package]
	return p.sources[s.File] && pkg != nil && !slices.Contains(pkg.GoFiles, s.File)
}

// summarize ranks the changes, counts them, and leaves out what is not to be
// shown.
func (d *differ) summarize(r *alloc.Report) {
	sum := &r.Summary
	sum.Packages = max(d.sides[0].packagesAsked(), d.sides[1].packagesAsked())
	for i, n := range []*int{&sum.SitesBefore, &sum.Sites} {
		for _, s := range d.sides[i].sites {
			if alive(s) && (!s.Generated || d.req.Generated) && (!s.Test || d.req.Tests) {
				*n++
			}
		}
	}
	sum.ByStatus, sum.ByAspect = make(map[alloc.ChangeStatus]int), make(map[alloc.Aspect]int)
	for _, c := range r.Changes {
		sum.ByStatus[c.Status]++
		if c.Status == alloc.Changed {
			for _, what := range c.What {
				sum.ByAspect[what]++
			}
		}
	}
	sum.Unseen = d.unseen
	order := make(map[*alloc.Site]int)
	var sites []*alloc.Site
	for _, c := range r.Changes {
		sites = append(sites, c.Current())
	}
	rank(sites)
	for i, s := range sites {
		order[s] = i
	}
	first := func(c *alloc.Change) int {
		if len(c.What) == 0 {
			return 0
		}
		return slices.Index(alloc.Aspects, c.What[0])
	}
	slices.SortStableFunc(r.Changes, func(x, y *alloc.Change) int {
		return cmp.Or(
			cmp.Compare(slices.Index(alloc.ChangeStatuses, x.Status), slices.Index(alloc.ChangeStatuses, y.Status)),
			cmp.Compare(first(x), first(y)),
			cmp.Compare(order[x.Current()], order[y.Current()]),
		)
	})
	sum.Found = len(r.Changes)
	if top := d.req.Filter.Top; top > 0 {
		shown := make(map[alloc.ChangeStatus]int)
		r.Changes = slices.DeleteFunc(r.Changes, func(c *alloc.Change) bool {
			shown[c.Status]++
			return shown[c.Status] > top
		})
	}
	sum.Shown = len(r.Changes)
}

// relative makes the files of both sides relative to the root of each.
func (d *differ) relative(r *alloc.Report) {
	for i, s := range d.sides {
		part := new(alloc.Report)
		for _, c := range r.Changes {
			if x := [2]*alloc.Site{c.Before, c.After}[i]; x != nil {
				part.Sites = append(part.Sites, x)
			}
		}
		s.relative(part)
	}
	r.Root = d.sides[1].root()
	for _, p := range r.Problems {
		p.File = d.sides[1].shorten(p.File)
	}
}
