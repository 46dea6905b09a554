package prove

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A graph names for each package of the main modules those that import it, in
// one step.
type graph map[string]map[string]bool

// importers asks the go command who imports whom.
func (w *work) importers(ctx context.Context) (graph, error) {
	cfg := &gocmd.Config{Dir: filepath.FromSlash(w.root), Env: w.cfg.Env, BuildFlags: w.cfg.BuildFlags, Overlay: w.cfg.Overlay}
	b, err := cfg.List(ctx, gocmd.Request{Patterns: []string{"./..."}, Tests: true})
	if err != nil {
		return nil, err
	}
	g := make(graph)
	w.packages = make(map[string]string)
	w.dirs, w.mains, w.tested, w.built = make(map[string]string), make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, pkg := range b.Packages {
		to := plain(pkg.ImportPath)
		w.dirs[to] = filepath.ToSlash(pkg.Dir)
		w.packages[w.dirs[to]] = to
		if pkg.Name == "main" && pkg.ImportPath == to {
			w.mains[to] = true
		}
		if pkg.ImportPath != to {
			w.tested[to] = true
		}
		for _, file := range pkg.GoFiles {
			w.built[file] = true
		}
		for _, imp := range pkg.Imports {
			if g[plain(imp)] == nil {
				g[plain(imp)] = make(map[string]bool)
			}
			g[plain(imp)][to] = true
		}
	}
	return g, nil
}

// plain is an import path without what marks it as built for a test, the package
// that a test's own package belongs to.
func plain(importPath string) string {
	path, _, _ := strings.Cut(importPath, " ")
	return strings.TrimSuffix(strings.TrimSuffix(path, "_test"), ".test")
}

// above are packages and all that import them, however far, sorted.
func (g graph) above(paths []string) []string {
	seen := make(map[string]bool)
	for todo := slices.Clone(paths); len(todo) > 0; {
		path := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[path] {
			continue
		}
		seen[path] = true
		todo = slices.AppendSeq(todo, maps.Keys(g[path]))
	}
	return slices.Sorted(maps.Keys(seen))
}

// nearest are the packages that have tests, and for one that has none those that
// import it themselves, sorted.
func (w *work) nearest(paths []string) []string {
	seen := make(map[string]bool)
	for _, path := range paths {
		if seen[path] = true; !w.tested[path] {
			maps.Copy(seen, w.graph[path])
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// packagesOf are the packages that candidates change, sorted.
func packagesOf(list []*candidate) []string {
	return distinct(list, func(c *candidate) string { return c.pkg })
}

// sorted are the packages that each of some candidates has, each once and sorted.
func sorted(list []*candidate, of func(*candidate) []string) []string {
	set := make(map[string]bool)
	for _, c := range list {
		for _, p := range of(c) {
			set[p] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// distinct are the packages that a list is of, but for those not known, each once and
// sorted.
func distinct[T any](list []T, pkg func(T) string) []string {
	set := make(map[string]bool)
	for _, x := range list {
		if p := pkg(x); p != "" {
			set[p] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// distances is how many imports it takes to come from a package to those above it.
func (g graph) distances(from string) map[string]int {
	away := map[string]int{from: 0}
	for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
		for _, p := range slices.Sorted(maps.Keys(g[todo[0]])) {
			if _, ok := away[p]; !ok {
				away[p] = away[todo[0]] + 1
				todo = append(todo, p)
			}
		}
	}
	return away
}
