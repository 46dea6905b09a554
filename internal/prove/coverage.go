package prove

import (
	"bytes"
	"errors"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/tools/cover"

	"github.com/stackward-go/stackward/internal/rewrite"
)

// A coverage says which statements of the user's files tests run.
type coverage map[string][]cover.ProfileBlock // by absolute file, as the disk has it

// read adds what a cover profile says. dir tells where the package of an import
// path is.
func (cov coverage) read(name string, dir func(importPath string) string) error {
	profiles, err := cover.ParseProfiles(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil // no tests
	}
	if err != nil {
		return err
	}
	for _, p := range profiles {
		if d := dir(path.Dir(p.FileName)); d != "" {
			file := d + "/" + path.Base(p.FileName)
			cov[file] = append(cov[file], p.Blocks...)
		}
	}
	return nil
}

// runs reports whether tests run the text that a candidate changes: each piece
// of it that lies in a function. In a text that an earlier round has changed, a
// piece is where the user's file has its line.
func (cov coverage) runs(w *work, c *candidate) bool {
	hit := false
	for file, edits := range c.edits {
		src, err := w.text(file)
		if err != nil {
			return false
		}
		_, changed := w.tree[file]
		for _, e := range edits {
			line := 1 + bytes.Count(src[:e.Start], []byte("\n"))
			if changed {
				line = w.originalLine(file, line)
			}
			switch cov.count(file, line) {
			case 0:
				return false
			case 1:
				hit = true
			}
		}
	}
	return hit
}

// count is 1 where a line is run, 0 where it is not, and -1 where it is no
// statement.
func (cov coverage) count(file string, line int) int {
	found := -1
	for _, b := range cov[file] {
		if b.StartLine <= line && line <= b.EndLine {
			if b.Count > 0 {
				return 1
			}
			found = 0
		}
	}
	return found
}

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
