package prove

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/cover"

	"github.com/stackward-go/stackward/internal/rewrite"
)

// A coverage says which statements of the user's files tests run, and whose tests.
type coverage struct {
	blocks map[string]map[block][]string // by absolute file, as the disk has it: packages of tests
	// silent are packages of tests of which nothing is known, by the package whose
	// statements they may run: their binary did not come to its end.
	silent map[string][]string
}

// A block is a piece of a function, from line to line.
type block struct{ start, end, startCol, endCol int }

func newCoverage() *coverage {
	return &coverage{make(map[string]map[block][]string), make(map[string][]string)}
}

// read adds what the tests of a package say in their cover profile, and reports
// false where there is none. dir tells where the package of an import path is.
func (cov *coverage) read(name, tests string, dir func(importPath string) string) (bool, error) {
	profiles, err := cover.ParseProfiles(name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, p := range profiles {
		d := dir(path.Dir(p.FileName))
		if d == "" {
			continue
		}
		file := d + "/" + path.Base(p.FileName)
		if cov.blocks[file] == nil {
			cov.blocks[file] = make(map[block][]string)
		}
		for _, b := range p.Blocks {
			at := block{b.StartLine, b.EndLine, b.StartCol, b.EndCol}
			by := cov.blocks[file][at]
			if b.Count > 0 {
				by = append(by, tests)
			}
			cov.blocks[file][at] = by
		}
	}
	return true, nil
}

// at are the packages whose tests run a line; it reports whether that holds a
// statement at all.
func (cov *coverage) at(file string, line int) (by []string, statement bool) {
	for b, tests := range cov.blocks[file] {
		if b.start <= line && line <= b.end {
			by, statement = append(by, tests...), true
		}
	}
	return by, statement
}

// reached notes which tests run what a candidate changes: each piece of it that lies
// in a function. In a text that an earlier round has changed, a piece is where the
// user's file has its line.
func (w *work) reached(c *candidate) error {
	run, missed := make(map[string]bool), false
	tests := make(map[string]bool)
	declared := make(map[string]bool) // packages in which it changes what is in no function
	for _, pkg := range w.edited(c) {
		for _, p := range w.coverage.silent[pkg] {
			tests[p] = true
		}
	}
	for file, edits := range c.edits {
		src, err := w.text(file)
		if err != nil {
			return err
		}
		_, changed := w.tree[file]
		for _, e := range edits {
			line := 1 + bytes.Count(src[:e.Start], []byte("\n"))
			if changed {
				line = w.originalLine(file, line)
			}
			by, statement := w.coverage.at(file, line)
			if !statement {
				declared[w.packageOf(file)] = true
			}
			missed = missed || statement && len(by) == 0
			for _, p := range by {
				run[p] = true
			}
		}
	}
	c.exercised = len(run) > 0 && !missed
	c.runs = slices.Sorted(maps.Keys(run))
	maps.Copy(tests, run)
	tests[c.pkg] = true
	for pkg := range declared { // the same in every binary that has the package
		if !slices.ContainsFunc(w.graph.above([]string{pkg}), func(p string) bool { return tests[p] && w.tested[p] }) {
			for _, p := range w.nearest([]string{pkg}) {
				tests[p] = true
			}
		}
	}
	c.tests = keep(slices.Sorted(maps.Keys(tests)), func(p string) bool { return w.tested[p] })
	return nil
}

// near are the tests of a candidate's own package, where they run what it changes;
// else those that do of the packages that import it over the shortest way: a few, as
// one of them runs the same lines as another.
func (w *work) near(c *candidate) []string {
	const few = 3
	if slices.Contains(c.runs, c.pkg) {
		return []string{c.pkg}
	}
	away := w.graph.distances(c.pkg)
	list := slices.Clone(c.runs)
	slices.SortStableFunc(list, func(a, b string) int { return away[a] - away[b] })
	if len(list) == 0 {
		return c.tests
	}
	return list[:min(few, len(list))]
}

// edited are the packages that a candidate has edits in, sorted.
func (w *work) edited(c *candidate) []string {
	return distinct(slices.Collect(maps.Keys(c.edits)), w.packageOf)
}

// packageOf is the import path of the package that a file is in.
func (w *work) packageOf(file string) string { return w.packages[path.Dir(file)] }

// originalLine is the line of the user's file that a line of the tree's comes
// from: of one that is new, the last before it that was replaced or kept.
func (w *work) originalLine(file string, line int) int {
	was, is := 1, 1 // the next lines of either side
	for text := range strings.Lines(string(rewrite.Diff("", w.original[file], w.tree[file]))) {
		if m := hunk.FindStringSubmatch(text); m != nil {
			from, _ := strconv.Atoi(m[1]) // digits, by hunk
			to, _ := strconv.Atoi(m[2])
			if line < to {
				break // between hunks
			}
			was, is = from, to
			continue
		}
		switch text[0] {
		case ' ':
			if is == line {
				return was
			}
			was, is = was+1, is+1
		case '-':
			was++
		case '+':
			if is == line {
				return max(1, was-1)
			}
			is++
		}
	}
	return line - is + was
}

// hunk is the head of a hunk of a unified diff.
var hunk = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)
