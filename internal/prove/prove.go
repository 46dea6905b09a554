// Package prove finds fixes for heap allocation sites and proves each one before
// it is offered: nothing is written but overlays in a temporary directory.
//
//	sites (engine) + packages → fixers → candidates
//	    → compile     the site is gone, and no other has come, here or in importers
//	    → vet, tests  nothing that passed fails
//	    → benchmarks  the count falls, bytes do not rise, the time is not worse
//	    → the tree with what is left; again, until a round brings nothing
//
// Candidates of one round are tried together, as many as do not touch each
// other: one build of all packages judges them all, since what the compiler says
// is about places. Where a step fails and one of several may be at fault, those are
// tried that the package in which it shows has to do with, and there alone.
package prove

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// A Request asks for fixes.
type Request struct {
	engine.Build
	Patterns []string
	Site     string   // only the site of this id
	Fixers   []string // only these, none: all
	Filter   engine.Filter
	// Bench are the benchmarks to prove by, a regular expression; "" none.
	Bench     string
	Benchtime string
	Count     int // runs of each side
	// Run are the tests to count allocations in, a regular expression, for fixes that
	// only a measurement can prove and no benchmark reaches; "" none.
	Run      string
	MinShare float64 // of a benchmark's allocations, 0 to 1: lesser sites are left alone
	// API allows exported declarations to change.
	API bool
	// Unexercised and Unmeasured have fixes with that status stay in the tree.
	Unexercised, Unmeasured bool
	// Timeout ends a test binary.
	Timeout time.Duration
}

// A Result is what became of a request.
type Result struct {
	Report *alloc.Report // with Fixes, in the order in which they were applied
	// Before and After are the files that the fixes to apply change.
	Before, After rewrite.Tree
	// Steps are the trees after each of the fixes that are applied.
	Steps []Step
}

// A Step is one fix on top of those before it.
type Step struct {
	Fix   *alloc.Fix
	Files rewrite.Tree
}

// A work is one request under way.
type work struct {
	req      Request
	fixers   []*analysis.Analyzer
	cfg      *gocmd.Config
	dir      string            // of overlays
	overlays map[string]string // the user's own
	root     string
	report   *alloc.Report

	tree        rewrite.Tree // accepted so far
	steps       []Step
	original    rewrite.Tree
	importNames map[string]string
	graph       graph
	dirs        map[string]string              // of packages, by import path
	packages    map[string]string              // import paths, by directory
	mains       map[string]bool                // packages that nobody imports
	tested      map[string]bool                // packages that have tests
	built       map[string]bool                // files
	loaded      map[string][]*packages.Package // of the tree, by import path: with tests, and tests apart
	source      *source                        // of them
	unread      rewrite.Tree                   // the module's other files, nil before they are needed
	coverage    *coverage
	covered     map[string]bool                // packages that coverage is of
	failing     map[bool]map[string]failedTest // tests that do so without a candidate, with -race or not
	marks       []benchmark                    // that reach what is applied

	refusals map[string]*alloc.Fix // by site and fixer
	round    int
}

// Run finds fixes and proves them.
func Run(ctx context.Context, req Request) (*Result, error) {
	start := time.Now()
	w, err := newWork(ctx, req)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(w.dir)
	var sites []*alloc.Site
	for w.round = 1; ; w.round++ {
		r, err := w.find(ctx, w.tree, w.req.Patterns)
		if err != nil {
			return nil, err
		}
		if w.round == 1 {
			if err := w.begin(ctx, r); err != nil {
				return nil, err
			}
			sites = keep(w.own(r.Sites), w.asked)
		}
		accepted, err := w.once(ctx, r.Sites)
		if err != nil {
			return nil, err
		}
		if accepted == 0 {
			break
		}
	}
	if err := w.effects(ctx); err != nil {
		return nil, err
	}
	w.leftover(sites)
	w.report.Summary.Seconds = time.Since(start).Seconds()
	return &Result{Report: w.report, Before: w.original, After: w.tree, Steps: w.steps}, nil
}

func newWork(ctx context.Context, req Request) (*work, error) {
	w := &work{
		req: req, importNames: make(map[string]string), refusals: make(map[string]*alloc.Fix), original: make(rewrite.Tree),
		coverage: newCoverage(), covered: make(map[string]bool),
		failing: map[bool]map[string]failedTest{false: make(map[string]failedTest), true: make(map[string]failedTest)},
	}
	for _, name := range req.Fixers {
		if !slices.ContainsFunc(fix.Suite, func(a *analysis.Analyzer) bool { return a.Name == name }) {
			return nil, &engine.Error{Msg: fmt.Sprintf("no fixer %q", name), Hint: "fixers are: " + strings.Join(Names(), ", "), Usage: true}
		}
	}
	for _, a := range fix.Suite {
		if len(req.Fixers) == 0 || slices.Contains(req.Fixers, a.Name) {
			w.fixers = append(w.fixers, a)
		}
	}
	dir, err := filepath.Abs(req.Dir)
	if err != nil {
		return nil, err
	}
	w.req.Dir = dir
	if len(req.Patterns) == 0 {
		w.req.Patterns = []string{"."}
	}
	w.cfg = &gocmd.Config{Dir: dir, Env: req.Env, BuildFlags: req.Flags, Overlay: req.Overlay}
	if w.overlays, err = gocmd.ReadOverlay(req.Overlay); err != nil {
		return nil, err
	}
	w.dir, err = os.MkdirTemp("", "stackward-fix-")
	return w, err
}

// Names are the names of all fixers.
func Names() []string {
	names := make([]string, len(fix.Suite))
	for i, a := range fix.Suite {
		names[i] = a.Name
	}
	return names
}

// overlay is the -overlay file with which the go command sees a tree.
func (w *work) overlay(tree rewrite.Tree) (string, error) {
	if len(tree) == 0 {
		return w.req.Overlay, nil
	}
	return tree.Overlay(w.dir, w.overlays)
}

// find lists the sites of packages as a tree has them, at absolute places.
func (w *work) find(ctx context.Context, tree rewrite.Tree, patterns []string) (*alloc.Report, error) {
	build := w.req.Build
	var err error
	if build.Overlay, err = w.overlay(tree); err != nil {
		return nil, err
	}
	if build.GoEnv, err = w.cfg.Environ(ctx); err != nil {
		return nil, err
	}
	r, err := engine.Find(ctx, engine.FindRequest{Build: build, Patterns: patterns})
	if err != nil {
		return nil, err
	}
	for _, s := range r.Sites {
		s.File = absolute(r.Root, s.File)
	}
	for _, p := range r.Problems {
		p.File = absolute(r.Root, p.File)
	}
	return r, nil
}

func absolute(root, file string) string {
	if file == "" || filepath.IsAbs(filepath.FromSlash(file)) {
		return file
	}
	return root + "/" + file
}

// begin takes over what the first look found.
func (w *work) begin(ctx context.Context, r *alloc.Report) (err error) {
	w.root = r.Root
	w.report = &alloc.Report{Root: r.Root, Header: r.Header, Problems: r.Problems, Summary: r.Summary}
	w.report.Header.Command = "fix"
	w.graph, err = w.importers(ctx)
	return err
}

// own are the sites that stand in the main modules: copies of what others wrote
// are nobody's to edit here.
func (w *work) own(sites []*alloc.Site) []*alloc.Site {
	return slices.DeleteFunc(slices.Clone(sites), func(s *alloc.Site) bool { return w.dirOf(s.Package) == "" })
}

// asked reports whether a request is about a site.
func (w *work) asked(s *alloc.Site) bool {
	return (w.req.Site == "" || s.ID == w.req.Site) && w.req.Filter.Keeps(s, w.mains[s.Package])
}

// once is one round; it returns how many fixes it added to the tree.
func (w *work) once(ctx context.Context, sites []*alloc.Site) (int, error) {
	sites = keep(w.own(sites), w.asked)
	list, refused, err := w.propose(ctx, sites)
	if err != nil {
		return 0, err
	}
	if w.req.Site != "" && len(sites)+len(list)+len(refused) == 0 && w.round == 1 {
		return 0, &engine.Error{Msg: "no site " + w.req.Site + " in these packages", Hint: "ids are listed by: stackward find -format=json"}
	}
	for _, f := range refused {
		w.refuse(f)
	}
	list = slices.DeleteFunc(list, func(c *candidate) bool {
		if c.API != "" && !w.req.API && !w.inner(c.pkg) {
			w.give(c, "it changes "+c.API+", which is exported: -exported allows that")
			return true
		}
		return w.tried(c)
	})
	list, err = w.elsewhere(ctx, list)
	w.loaded, w.source = nil, nil // they are large
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, nil
	}
	weights, err := w.weigh(ctx)
	if err != nil {
		return 0, err
	}
	list = slices.DeleteFunc(list, func(c *candidate) bool { return weights.share(c) < w.req.MinShare })
	r := &round{
		work: w, weights: weights, ledgers: make(map[string]ledger),
		outcomes: map[bool]map[string]outcome{false: make(map[string]outcome), true: make(map[string]outcome)},
	}
	for _, step := range []func(context.Context, []*candidate) ([]*candidate, error){r.compile, r.reach, r.together, r.vet, r.tally, r.regroup, r.test, r.measure, r.settle} {
		if list, err = step(ctx, list); err != nil {
			return 0, err
		}
		if len(list) == 0 {
			return 0, nil
		}
	}
	return r.accept(list)
}

// tried reports whether an earlier round has refused the same.
func (w *work) tried(c *candidate) bool {
	f := w.refusals[c.key()]
	return f != nil && f.Message == c.Message && f.Round < w.round
}

func (c *candidate) key() string { return c.about.ID + " " + c.Fixer }

// give notes why a candidate was refused.
func (w *work) give(c *candidate, why string) {
	f := w.fix(c, alloc.Refused)
	f.Reason = why
	w.refuse(f)
}

// refuse keeps what the last round says of a site and fixer.
func (w *work) refuse(f *alloc.Fix) {
	f.Round = w.round
	w.refusals[f.Site+" "+f.Fixer] = f
}

func (w *work) fix(c *candidate, status alloc.FixStatus) *alloc.Fix {
	f := &alloc.Fix{
		Site: c.about.ID, Pos: c.about.Pos, Fixer: c.Fixer, Message: c.Message, Status: status, Round: w.round,
	}
	if len(c.sites) > 1 {
		for _, s := range c.sites {
			f.Sites = append(f.Sites, s.ID)
		}
	}
	if c.proof != (alloc.Proof{}) {
		f.Proof = &c.proof
	}
	return f
}

// leftover adds to the report what was refused, in the order of the sites, and of
// sites that are still there what no fixer looks for.
func (w *work) leftover(sites []*alloc.Site) {
	var list []*alloc.Fix
	for _, f := range w.refusals {
		f.File = w.relative(f.File)
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *alloc.Fix) int {
		return cmp.Or(comparePos(a.Pos, b.Pos), strings.Compare(a.Site, b.Site), strings.Compare(a.Fixer, b.Fixer))
	})
	for _, f := range w.report.Fixes {
		f.File = w.relative(f.File)
	}
	w.report.Fixes = append(w.report.Fixes, list...)
	for _, s := range sites {
		s.File = w.relative(s.File)
	}
	w.report.Sites = sites
}

func (w *work) problem(pkg, msg string) {
	w.report.Problems = append(w.report.Problems, &alloc.Problem{Package: pkg, Message: msg})
}

// effects measures all fixes that are applied together against the user's tree.
func (w *work) effects(ctx context.Context) (err error) {
	if len(w.marks) == 0 || len(w.tree) == 0 {
		return nil
	}
	w.report.Effects, err = w.inTurns(ctx, nil, w.tree, w.marks, w.count())
	return err
}

// dirOf is the directory of a package of the main modules, "" of another.
func (w *work) dirOf(importPath string) string { return w.dirs[importPath] }

func (w *work) progress(step string, done, total int, what string) {
	if w.req.Progress != nil {
		w.req.Progress(step, done, total, what)
	}
}

func (w *work) env() []string {
	if w.req.Env != nil {
		return w.req.Env
	}
	return os.Environ()
}
