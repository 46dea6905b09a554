package engine

import (
	"context"
	"os"
	"path/filepath"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A Checked package is one whose contracts have been judged. Its files are
// absolute.
type Checked struct {
	*contract.Result
	Sites    []*alloc.Site
	Problems []*alloc.Problem
	// Files are those of the package, and of its tests if these were asked for.
	Files map[string]bool
	// Archives are those of the packages that it depends on, by import path, each
	// with its variants for tests.
	Archives map[string][]string
}

// CheckPackage holds the package in b.Dir to its contracts, as an analyzer does
// that is run package by package. Where there are Problems there is no Result.
func CheckPackage(ctx context.Context, b Build, tests bool) (*Checked, error) {
	p, err := open(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := p.compileOnly(ctx, gocmd.Request{Patterns: []string{"."}, Tests: tests, Diagnose: true}, false); err != nil {
		return nil, err
	}
	if err := p.heard(); err != nil {
		return nil, err
	}
	out := &Checked{Files: make(map[string]bool), Archives: make(map[string][]string)}
	for _, pkg := range p.listed {
		if path := plainPath(pkg.ImportPath); pkg.Export != "" {
			out.Archives[path] = append(out.Archives[path], pkg.Export)
		}
	}
	for _, pkg := range p.named {
		for _, name := range pkg.GoFiles {
			out.Files[filepath.ToSlash(name)] = true
		}
	}
	if len(p.problems) > 0 {
		out.Problems = p.problems
		return out, nil
	}
	f, err := p.found(ctx)
	if err != nil {
		return nil, err
	}
	out.Sites = f.Sites
	if out.Result, err = p.contracts(ctx, f.Sites); err != nil {
		return nil, err
	}
	out.Problems = p.problems
	return out, nil
}

// CacheDir is the directory of what is kept from one run to the next, "" none:
// $STACKWARD_CACHE, which may be "off", or else where the system has the user's
// caches.
func CacheDir() string {
	switch dir := os.Getenv("STACKWARD_CACHE"); dir {
	case "off":
		return ""
	case "":
	default:
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "stackward")
}
