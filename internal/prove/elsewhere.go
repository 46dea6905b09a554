package prove

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// inner reports whether nobody but the module itself can use what a package
// exports.
func (w *work) inner(importPath string) bool {
	return w.mains[importPath] || slices.Contains(strings.Split(importPath, "/"), "internal")
}

// elsewhere adds to candidates that change an exported declaration the edits of
// the packages that use it, and leaves out those that cannot be.
func (w *work) elsewhere(ctx context.Context, list []*candidate) ([]*candidate, error) {
	var out, exported []*candidate
	for _, c := range list {
		if c.API == "" {
			out = append(out, c)
		} else {
			exported = append(exported, c)
		}
	}
	if len(exported) == 0 {
		return list, nil
	}
	if missing := keep(w.graph.above(packagesOf(exported)), func(p string) bool { return w.loaded[p] == nil }); len(missing) > 0 {
		w.progress("looking at importers", 0, 0, "")
		if _, err := w.load(ctx, missing); err != nil {
			return nil, err
		}
	}
	for _, c := range exported {
		why, err := w.unbuilt(c.API)
		if err == nil && why == "" {
			why, err = w.users(c)
		}
		if err != nil {
			return nil, err
		}
		if why != "" {
			w.give(c, why)
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// users adds to a candidate the edits of those who use what it changes. It says
// who cannot be edited.
func (w *work) users(c *candidate) (why string, err error) {
	var others []*packages.Package
	for _, to := range w.graph.above([]string{c.pkg}) {
		for _, pkg := range w.loaded[to] {
			if to != c.pkg || strings.HasSuffix(pkg.PkgPath, "_test") {
				if err := w.source.need(pkg); err != nil {
					return "", err
				}
				others = append(others, pkg)
			}
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{reading(c.Elsewhere, w.source.overlay)}, others, nil)
	if err != nil {
		return "", fmt.Errorf("looking at importers: %w", err)
	}
	for act := range graph.All() {
		res, ok := act.Result.(*fix.Result)
		switch {
		case !act.IsRoot:
			continue
		case act.Err != nil:
			return fmt.Sprintf("%s: %v", act.Package.PkgPath, act.Err), nil
		case !ok:
			continue
		}
		for _, r := range res.Refusals {
			at := act.Package.Fset.Position(r.Pos)
			return fmt.Sprintf("%s: %s", w.relative(filepath.ToSlash(at.Filename)), r.Reason), nil
		}
		for _, there := range res.Candidates {
			if !w.edit(c, act.Package, there.Edits) {
				return act.Package.PkgPath + " uses it in a file of the overlay", nil
			}
		}
	}
	return "", nil
}

// unbuilt says which file names what a candidate changes, without being part of
// this build.
func (w *work) unbuilt(name string) (why string, err error) {
	if w.unread == nil {
		if w.unread, err = w.readUnbuilt(); err != nil {
			return "", err
		}
	}
	for _, file := range sortedKeys(w.unread) {
		if bytes.Contains(w.unread[file], []byte(name)) {
			return fmt.Sprintf("%s, which is not part of this build, names %s", w.relative(file), name), nil
		}
	}
	return "", nil
}

// readUnbuilt are the Go files of the module that are not part of this build.
func (w *work) readUnbuilt() (rewrite.Tree, error) {
	files := make(rewrite.Tree)
	err := filepath.WalkDir(filepath.FromSlash(w.root), func(file string, d fs.DirEntry, err error) error {
		base := path.Base(filepath.ToSlash(file))
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != filepath.FromSlash(w.root) && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "vendor"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(base, ".go") || w.built[filepath.ToSlash(file)]:
			return nil
		}
		files[filepath.ToSlash(file)], err = os.ReadFile(file)
		return err
	})
	return files, err
}
