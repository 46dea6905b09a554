package gocmd

import (
	"path"
	"path/filepath"
	"strings"
)

// A Resolver finds the files behind the names that the compiler recorded with
// -trimpath: "import/path/file.go", for a package of a module that has a
// version "module@version/dir/file.go", for a main package's tests and files
// named on the command line "command-line-arguments/file.go" and the like.
type Resolver struct {
	dir    string            // of the go command
	goroot string            // slash-separated
	dirs   map[string]string // by what the name starts with
}

// NewResolver returns a resolver for names in what was built of packages, which
// should be all: see Request.Deps.
func (c *Config) NewResolver(env *Env, packages []*Package) *Resolver {
	r := &Resolver{
		dir:    c.Dir,
		goroot: filepath.ToSlash(env.GOROOT),
		dirs:   make(map[string]string),
	}
	for _, p := range packages {
		if p.Dir == "" {
			continue
		}
		importPath, _, _ := strings.Cut(p.ImportPath, " ")
		dir := filepath.ToSlash(p.Dir)
		if p.ForTest != "" {
			importPath = p.ForTest
		}
		r.dirs[importPath] = dir
		if p.Module == nil {
			continue
		}
		m := p.Module
		if rep := m.Replace; rep != nil {
			m = rep
		}
		if m.Version != "" {
			rel := strings.TrimPrefix(strings.TrimPrefix(importPath, p.Module.Path), "/")
			r.dirs[path.Join(m.Path+"@"+m.Version, rel)] = dir
			r.dirs[path.Join(p.Module.Path+"@"+p.Module.Version, rel)] = dir
		}
	}
	return r
}

// File returns the absolute, slash-separated name of the file that a name in
// the compiler's text or in a binary stands for, or the name itself if it
// stands for none that is known.
func (r *Resolver) File(name string) string {
	name = filepath.ToSlash(name)
	switch {
	case name == "" || name[0] == '<' || filepath.IsAbs(name):
		return name
	case strings.HasPrefix(name, "$GOROOT/"):
		return r.goroot + strings.TrimPrefix(name, "$GOROOT")
	}
	dir, file := path.Split(name)
	if at, ok := r.dirs[strings.TrimSuffix(dir, "/")]; ok {
		return at + "/" + file
	}
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		return filepath.ToSlash(filepath.Join(r.dir, name))
	}
	return name
}
