package prove

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// A round is one look at a tree, with all candidates that it brings.
type round struct {
	*work
	weights *weights
	ledgers map[string]ledger // of packages, before any candidate is applied
	joined  int               // how many candidates were compiled together last
	// outcomes are how tests went, with -race or not, by package.
	outcomes map[bool]map[string]outcome
}

// apply is the tree with candidates applied, and the files that they change.
func (r *round) apply(list []*candidate) (rewrite.Tree, error) {
	edits := make(map[string][]rewrite.Edit)
	for _, c := range list {
		for file, e := range c.edits {
			edits[file] = append(edits[file], e...)
		}
	}
	out := make(rewrite.Tree)
	for file, e := range edits {
		src, err := r.text(file)
		if err != nil {
			return nil, err
		}
		if out[file], err = rewrite.NewText(src, r.importName).Apply(e); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return r.tree.With(out), nil
}

// text is a file as the tree has it.
func (w *work) text(file string) ([]byte, error) {
	if src, ok := w.tree[file]; ok {
		return src, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if _, ok := w.original[file]; !ok {
		w.original[file] = src
	}
	return src, nil
}

// overlaid are the texts that are not what the disk has, for package packages:
// the tree's and the user's own.
func (w *work) overlaid() map[string][]byte {
	out := make(map[string][]byte)
	for file, with := range w.overlays {
		if with == "" {
			continue
		}
		if src, err := os.ReadFile(with); err == nil {
			out[file] = src // the go command has complained of one that is not there
		}
	}
	for file, src := range w.tree {
		out[file] = src
	}
	return out
}

// aside notes the candidates whose proof lacks something, with a status that says so
// and their diffs, and returns the others.
func (r *round) aside(list []*candidate, status alloc.FixStatus, lacks func(*candidate) bool) (kept []*candidate, err error) {
	for _, c := range list {
		if !lacks(c) {
			kept = append(kept, c)
			continue
		}
		tree, err := r.apply([]*candidate{c})
		if err != nil {
			return nil, err
		}
		f := r.fix(c, status)
		f.Reason = missing[f.Status]
		if f.Diff, err = r.diff(r.tree, tree); err != nil {
			return nil, err
		}
		r.refuse(f)
	}
	return kept, nil
}

// accept puts candidates into the tree, one after the other.
func (r *round) accept(list []*candidate) (int, error) {
	before := r.tree
	for i, c := range list {
		after, err := r.apply(list[:i+1])
		if err != nil {
			return 0, err
		}
		f := r.fix(c, c.status())
		if f.Diff, err = r.diff(before, after); err != nil {
			return 0, err
		}
		delete(r.refusals, c.key())
		r.report.Fixes = append(r.report.Fixes, f)
		r.steps = append(r.steps, Step{f, after})
		for _, b := range r.weights.reached([]*candidate{c}) {
			if !slices.Contains(r.marks, b) {
				r.marks = append(r.marks, b)
			}
		}
		before = after
	}
	r.tree = before
	return len(list), nil
}

// missing says what a fix of a status lacks.
var missing = map[alloc.FixStatus]string{
	alloc.Unexercised: "no test that passes, and no benchmark, runs all of the changed lines: -unexercised applies it all the same",
	alloc.Unmeasured:  "only a measurement can tell that it allocates less, and none did: -bench and -run ask for one, -unmeasured applies it all the same",
}

// status is how far a candidate was proved by the steps it has passed.
func (c *candidate) status() alloc.FixStatus {
	switch {
	case c.proof.Benchmarks != "":
		return alloc.Proved
	case !c.exercised:
		return alloc.Unexercised
	case c.unseen():
		return alloc.Unmeasured
	}
	return alloc.Proved
}

// unseen reports whether the compiler cannot tell that a candidate does what it
// promises, but only a measurement.
func (c *candidate) unseen() bool {
	return c.Promise == fix.Fewer || c.Measure || len(c.sites) == 0
}

// diff is a unified diff of trees; a file that the first lacks is as the disk has
// it.
func (w *work) diff(before, after rewrite.Tree) (string, error) {
	var b strings.Builder
	for _, file := range sortedKeys(after) {
		old, ok := before[file]
		if !ok {
			var err error
			if old, err = w.text(file); err != nil {
				return "", err
			}
		}
		b.Write(rewrite.Diff(w.relative(file), old, after[file]))
	}
	return b.String(), nil
}

func (w *work) relative(file string) string { return relative(w.root, file) }

// relative is a file's name from the root, slash-separated; its own where it is
// not beneath.
func relative(root, file string) string {
	rel, err := filepath.Rel(filepath.FromSlash(root), filepath.FromSlash(file))
	if err != nil || strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}
