package prove

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// config is how to run the go command with a tree.
func (w *work) config(tree rewrite.Tree) (*gocmd.Config, error) {
	overlay, err := w.overlay(tree)
	return &gocmd.Config{Dir: w.cfg.Dir, Env: w.cfg.Env, BuildFlags: w.cfg.BuildFlags, Overlay: overlay}, err
}

// testFlags are the flags of every go test. It does not vet: that has been done.
func (w *work) testFlags(cfg *gocmd.Config) []string {
	flags := append(slices.Clip(cfg.Flags()), "-vet=off")
	if w.req.Timeout > 0 {
		flags = append(flags, "-timeout="+w.req.Timeout.String())
	}
	return flags
}

// output runs a go command that may fail, which is an answer, too.
func (w *work) output(ctx context.Context, cfg *gocmd.Config, args ...string) (stdout, stderr []byte, err error) {
	cmd := cfg.Command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cfg.Run(ctx, cmd)
	if _, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		err = nil
	}
	return out.Bytes(), errs.Bytes(), err
}

// vet keeps the candidates after which go vet says nothing that it did not say
// before, which is asked only where it says something.
func (r *round) vet(ctx context.Context, list []*candidate) ([]*candidate, error) {
	asked, before, whole := make(map[string]bool), make(map[vetMessage]int), packagesOf(list)
	list, err := r.sift(ctx, list, func(ctx context.Context, list []*candidate, in within) (failures []failure, err error) {
		paths := in.of(packagesOf(list))
		if len(paths) == 0 {
			return nil, nil
		}
		tree, err := r.apply(list)
		if err != nil {
			return nil, err
		}
		after, err := r.vetted(ctx, tree, paths)
		if err != nil {
			return nil, err
		}
		said := slices.SortedFunc(maps.Keys(after), vetMessage.compare)
		unknown := keep(distinct(said, func(m vetMessage) string { return m.pkg }), func(pkg string) bool { return !asked[pkg] })
		if slices.ContainsFunc(said, func(m vetMessage) bool { return m.pkg == "" }) { // it does not always tell
			unknown = keep(whole, func(pkg string) bool { return !asked[pkg] })
		}
		if len(unknown) > 0 {
			more, err := r.vetted(ctx, r.tree, unknown)
			if err != nil {
				return nil, err
			}
			for m, n := range more {
				before[m] += n
			}
			for _, pkg := range unknown {
				asked[pkg] = true
			}
		}
		for _, m := range said {
			if after[m] > before[m] {
				failures = append(failures, failure{why: "go vet: " + m.text, pkg: m.pkg})
			}
		}
		return failures, nil
	})
	for _, c := range list {
		c.proof.Vet = "clean"
		if asked[c.pkg] {
			c.proof.Vet = "nothing new"
		}
	}
	return list, err
}

// A vetMessage is one of go vet's, without its line, which moves.
type vetMessage struct{ pkg, text string }

func (m vetMessage) compare(n vetMessage) int {
	return cmp.Or(strings.Compare(m.pkg, n.pkg), strings.Compare(m.text, n.text))
}

// vetPlace is what precedes a message of go vet.
var vetPlace = regexp.MustCompile(`^(?:vet: )?(\S+\.go):\d+(?::\d+)?: `)

// vetted counts go vet's messages.
func (r *round) vetted(ctx context.Context, tree rewrite.Tree, paths []string) (map[vetMessage]int, error) {
	r.progress("running go vet", 0, 0, "")
	cfg, err := r.config(tree)
	if err != nil {
		return nil, err
	}
	_, stderr, err := r.output(ctx, cfg, slices.Concat([]string{"vet"}, cfg.Flags(), paths)...)
	if err != nil {
		return nil, err
	}
	return readVet(string(stderr)), nil
}

// readVet reads what go vet prints: messages under the package that they are about.
func readVet(text string) map[vetMessage]int {
	said := make(map[vetMessage]int)
	pkg := ""
	for line := range strings.Lines(text) {
		if head, ok := strings.CutPrefix(line, "# "); ok {
			pkg = plain(strings.Trim(strings.TrimSpace(head), "[]"))
		} else if m := vetPlace.FindStringSubmatch(line); m != nil {
			said[vetMessage{pkg, filepath.Base(m[1]) + ": " + strings.TrimSpace(line[len(m[0]):])}]++
		}
	}
	return said
}

// tests is how tests went.
type tests struct {
	failed map[string]failedTest // by "package.Test", "package" where all of it failed
	passed map[string]int        // how many, by package
}

// A failedTest is one that failed, by its full name, and the first telling line that
// it printed.
type failedTest struct{ name, pkg, said string }

// An outcome is how the tests of a package went with candidates, none of which broke
// any: how many passed, and how many fail without them, too.
type outcome struct {
	with           []*candidate // those whose lines it may run
	passed, failed int
}

// test keeps the candidates after which no test fails that passes without them, in
// their packages and in those that import them.
func (r *round) test(ctx context.Context, list []*candidate) ([]*candidate, error) {
	list, err := r.passing(ctx, list, all, false)
	if err != nil {
		return nil, err
	}
	shared := keep(list, func(c *candidate) bool { return c.Shares })
	raced, err := r.passing(ctx, shared, r.near, true)
	if err != nil {
		return nil, err
	}
	for _, c := range raced {
		c.proof.Race = r.told(c, r.near(c), true)
	}
	list = keep(list, func(c *candidate) bool { return !c.Shares || slices.Contains(raced, c) })
	if len(raced) < len(shared) {
		if list, err = r.passing(ctx, list, all, false); err != nil {
			return nil, err
		}
	}
	return r.aside(list, alloc.Unexercised, func(c *candidate) bool {
		return c.exercised && !r.passes(c) && !r.req.Unexercised && !r.marked(c)
	})
}

// passes reports whether any test passes among those that run what a candidate changes:
// one that fails before and after tells nothing.
func (r *round) passes(c *candidate) bool {
	return slices.ContainsFunc(c.runs, func(pkg string) bool { return r.outcomes[false][pkg].passed > 0 })
}

// all are the packages whose tests have to do with a candidate.
func all(c *candidate) []string { return c.tests }

// passing keeps the candidates after which no test fails that passes without them, in
// the packages that who names for each. What fails is asked of the tree without
// them then, and not all tests before: most do not fail. A package whose tests have
// passed with the same candidates, of those whose lines they run, is not run again.
func (r *round) passing(ctx context.Context, list []*candidate, who func(*candidate) []string, race bool) (kept []*candidate, err error) {
	kept, err = r.sift(ctx, list, func(ctx context.Context, list []*candidate, in within) (failures []failure, err error) {
		with := concerned(list)
		paths := keep(in.of(sorted(list, who)), func(pkg string) bool {
			return len(with[pkg]) > 0 && !same(with[pkg], r.outcomes[race][pkg].with)
		})
		if len(paths) == 0 {
			return nil, nil
		}
		tree, err := r.apply(list)
		if err != nil {
			return nil, err
		}
		how, err := r.run(ctx, tree, paths, race)
		if err != nil {
			return nil, err
		}
		failures, err = r.fails(ctx, tree, how, race)
		for _, pkg := range paths {
			if !slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == pkg }) {
				r.outcomes[race][pkg] = outcome{with[pkg], how.passed[pkg], how.failures(pkg)}
			}
		}
		return failures, err
	})
	if !race {
		for _, c := range kept {
			c.proof.Tests = r.told(c, c.tests, false)
		}
	}
	return kept, err
}

// concerned are the candidates whose lines the tests of a package may run, by package.
func concerned(list []*candidate) map[string][]*candidate {
	with := make(map[string][]*candidate)
	for _, c := range list {
		for _, pkg := range c.tests {
			with[pkg] = append(with[pkg], c)
		}
	}
	return with
}

// same reports whether two lists hold the same.
func same(a, b []*candidate) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c *candidate) bool { return !slices.Contains(b, c) })
}

// told is how the tests of packages went, in words, for a candidate that breaks none.
func (r *round) told(c *candidate, in []string, race bool) string {
	var passed, failed int
	for _, pkg := range in {
		passed += r.outcomes[race][pkg].passed
		failed += r.outcomes[race][pkg].failed
	}
	if passed+failed == 0 {
		return "there are none"
	}
	said := fmt.Sprintf("%d passed", passed)
	if failed > 0 {
		said += fmt.Sprintf(", %d fail without it, too", failed)
	}
	if !c.exercised {
		said += "; none runs the changed lines"
	}
	return said
}

// failures counts the tests of a package that failed.
func (t *tests) failures(pkg string) (n int) {
	for _, f := range t.failed {
		if f.pkg == pkg {
			n++
		}
	}
	return n
}

// fails are the tests that fail with a tree and pass without it: of each package the
// first. One that fails now and then is not blamed on a fix.
func (r *round) fails(ctx context.Context, tree rewrite.Tree, after *tests, race bool) (failures []failure, err error) {
	known := r.failing[race]
	failed := after.except(known)
	if len(failed) == 0 {
		return nil, nil
	}
	without, err := r.run(ctx, r.tree, packagesOfTests(failed), race)
	if err != nil {
		return nil, err
	}
	maps.Copy(known, without.failed)
	if failed = after.except(known); len(failed) == 0 {
		return nil, nil
	}
	again, err := r.run(ctx, tree, packagesOfTests(failed), race)
	if err != nil {
		return nil, err
	}
	for _, t := range failed {
		said, ok := again.failed[t.name]
		if !ok {
			r.problem(t.pkg, t.name+" failed once and passed once: it is not blamed on a fix")
		} else if !slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == t.pkg }) {
			failures = append(failures, failure{why: fmt.Sprintf("a test fails that passed before: %s: %s", t.name, said.said), pkg: t.pkg})
		}
	}
	return failures, nil
}

// except are the tests that fail, but for those that are known to, sorted.
func (t *tests) except(known map[string]failedTest) (list []failedTest) {
	for _, name := range sortedKeys(t.failed) {
		if _, ok := known[name]; !ok {
			list = append(list, t.failed[name])
		}
	}
	return list
}

func packagesOfTests(list []failedTest) []string {
	return distinct(list, func(t failedTest) string { return t.pkg })
}

// An event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// run runs the tests of packages.
func (r *round) run(ctx context.Context, tree rewrite.Tree, paths []string, race bool) (*tests, error) {
	what := "running tests"
	cfg, err := r.config(tree)
	if err != nil {
		return nil, err
	}
	args := append([]string{"test", "-json"}, r.testFlags(cfg)...)
	if race {
		args, what = append(args, "-race"), "running tests with -race"
	}
	r.progress(what, 0, len(paths), "")
	stdout, stderr, err := r.output(ctx, cfg, append(args, paths...)...)
	if err != nil {
		return nil, err
	}
	return readTests(bytes.NewReader(stdout), stderr)
}

// readTests reads what go test -json prints.
func readTests(stdout io.Reader, stderr []byte) (*tests, error) {
	t := &tests{failed: make(map[string]failedTest), passed: make(map[string]int)}
	said := make(map[string]string)
	dec := json.NewDecoder(stdout)
	for {
		var e event
		if err := dec.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go test -json: %w: %s", err, bytes.TrimSpace(stderr))
		}
		pkg := plain(e.Package)
		if e.ImportPath != "" {
			pkg = plain(e.ImportPath)
		}
		name := pkg
		if e.Test != "" {
			name += "." + e.Test
		}
		switch e.Action {
		case "output", "build-output":
			if line := strings.TrimSpace(e.Output); said[name] == "" && telling(line) {
				said[name] = line
			}
		case "pass":
			if e.Test != "" {
				t.passed[pkg]++
			}
		case "fail", "build-fail":
			t.failed[name] = failedTest{name, pkg, said[name]}
		}
	}
	// A package fails since a test of it does.
	for name, f := range t.failed {
		if name != f.pkg {
			delete(t.failed, f.pkg)
		}
	}
	return t, nil
}

// telling reports whether a line of a test's output says more than that it runs.
func telling(line string) bool {
	for _, p := range []string{"===", "---", "# ", "FAIL", "PASS", "ok "} {
		if strings.HasPrefix(line, p) {
			return false
		}
	}
	return line != ""
}

// reach finds out which tests run what candidates change, and sets aside those that
// neither they nor benchmarks do. What nobody measures who would have to is set aside
// at once.
func (r *round) reach(ctx context.Context, list []*candidate) ([]*candidate, error) {
	if r.req.Run == "" && !r.req.Unmeasured {
		var err error
		list, err = r.aside(list, alloc.Unmeasured, func(c *candidate) bool { return c.unseen() && !r.marked(c) })
		if err != nil {
			return nil, err
		}
	}
	var unknown []string
	for _, pkg := range sorted(list, r.edited) {
		if !r.covered[pkg] {
			unknown = append(unknown, pkg)
		}
	}
	if len(unknown) > 0 {
		if err := r.cover(ctx, unknown); err != nil {
			return nil, err
		}
	}
	for _, c := range list {
		if err := r.reached(c); err != nil {
			return nil, err
		}
	}
	return r.aside(list, alloc.Unexercised, func(c *candidate) bool { return !c.exercised && !r.req.Unexercised && !r.marked(c) })
}

// tally measures what only a measurement can tell, and no benchmark reaches, by what
// tests allocate where that is asked for, and sets aside what they do not count. The
// tests near it have passed then: what is set aside would have the others run again.
func (r *round) tally(ctx context.Context, list []*candidate) ([]*candidate, error) {
	open := keep(list, func(c *candidate) bool { return c.unseen() && c.exercised && !r.marked(c) })
	if len(open) == 0 || r.req.Run == "" {
		return list, nil
	}
	passed, err := r.passing(ctx, open, r.near, false)
	if err != nil {
		return nil, err
	}
	own := keep(passed, func(c *candidate) bool { return slices.Contains(c.runs, c.pkg) })
	counted, err := r.inTests(ctx, own)
	if err != nil {
		return nil, err
	}
	list = keep(list, func(c *candidate) bool {
		return !slices.Contains(open, c) || slices.Contains(passed, c) && (!slices.Contains(own, c) || slices.Contains(counted, c))
	})
	return r.aside(list, alloc.Unmeasured, func(c *candidate) bool {
		return c.status() == alloc.Unmeasured && !r.req.Unmeasured && !r.marked(c)
	})
}

// settle compiles and tests once more what is left, where something was set aside
// that it was compiled and tested with.
func (r *round) settle(ctx context.Context, list []*candidate) ([]*candidate, error) {
	joined := r.joined
	list, err := r.regroup(ctx, list)
	if err != nil || len(list) == joined {
		return list, err
	}
	return r.passing(ctx, list, all, false)
}

// cover runs tests to see which statements of packages they run. go test -cover
// takes no notice of an overlay (cmd/go, go1.26), so it is the lines as the user
// has them.
func (r *round) cover(ctx context.Context, packages []string) error {
	for _, pkg := range packages {
		r.covered[pkg] = true
	}
	in := keep(r.graph.above(packages), func(p string) bool { return r.tested[p] })
	if len(in) == 0 {
		return nil
	}
	cfg, err := r.config(nil)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.dir, "cover")
	if err != nil {
		return err
	}
	with, err := r.cfg.Exec(ctx)
	if err != nil {
		return err
	}
	apart, err := profileApart(dir, with)
	if err != nil {
		return err
	}
	r.progress("finding what tests run", 0, len(in), "")
	args := append([]string{"test", "-coverpkg=" + strings.Join(packages, ","), "-coverprofile=" + filepath.Join(dir, "all"), apart}, r.testFlags(cfg)...)
	if _, _, err = r.output(ctx, cfg, append(args, in...)...); err != nil {
		return err
	}
	for _, p := range in {
		told, err := r.coverage.read(profileOf(dir, r.dirOf(p)), p, r.dirOf)
		if err != nil {
			return err
		}
		for _, pkg := range packages {
			if !told && slices.Contains(r.graph.above([]string{pkg}), p) {
				r.coverage.silent[pkg] = append(r.coverage.silent[pkg], p)
			}
		}
	}
	return os.RemoveAll(dir)
}
