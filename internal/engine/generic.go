package engine

import "path/filepath"

// A generic is a generic function that is not instantiated.
type generic struct{ Generated, Test bool }

// uncompiled are the generic functions of the named packages that none of them
// instantiates: the compiler has not compiled them, and what they allocate is
// not known. It is asked after join.
func (p *pipeline) uncompiled() ([]generic, error) {
	functions := make(map[string]generic)
	for _, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		for _, name := range pkg.GoFiles {
			f := p.file(filepath.ToSlash(name))
			if f == nil {
				continue
			}
			for fn := range f.Generic() {
				functions[path+"."+fn] = generic{f.Generated, f.Test}
			}
		}
	}
	if len(functions) == 0 {
		return nil, nil
	}
	instances := make(map[string]bool)
	for _, pkg := range p.named {
		if path := plainPath(pkg.ImportPath); p.archives[path] != "" {
			if err := p.scanner.Instances(path, instances); err != nil {
				return nil, err
			}
		}
	}
	var list []generic
	for fn, g := range functions {
		if !instances[fn] {
			list = append(list, g)
		}
	}
	return list, nil
}
