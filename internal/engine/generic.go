package engine

import "path/filepath"

// uncompiled counts the generic functions of the named packages that none of
// them instantiates: the compiler has not compiled them, and what they allocate
// is not known. It is asked after join.
func (p *pipeline) uncompiled(generated, tests bool) (int, error) {
	var generic []string
	seen := make(map[string]bool)
	for _, pkg := range p.named {
		path := plainPath(pkg.ImportPath)
		for _, name := range pkg.GoFiles {
			f := p.file(filepath.ToSlash(name))
			if f == nil || f.Generated && !generated || f.Test && !tests {
				continue
			}
			for fn := range f.Generic() {
				if full := path + "." + fn; !seen[full] {
					seen[full] = true
					generic = append(generic, full)
				}
			}
		}
	}
	if len(generic) == 0 {
		return 0, nil
	}
	instances := make(map[string]bool)
	for _, pkg := range p.named {
		if path := plainPath(pkg.ImportPath); p.archives[path] != "" {
			if err := p.scanner.Instances(path, instances); err != nil {
				return 0, err
			}
		}
	}
	n := 0
	for _, fn := range generic {
		if !instances[fn] {
			n++
		}
	}
	return n, nil
}
