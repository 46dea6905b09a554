package objscan

import "strings"

// Instances adds to names the generic functions that a package's machine code
// holds an instance of, be it a function of its own or an inlined copy. Names
// are full, their type arguments folded: "example.com/m.Map[...]".
func (s *Scanner) Instances(importPath string, names map[string]bool) error {
	return s.each(importPath, func(o *object) error {
		add := func(def []byte) {
			// Type descriptors and data have brackets in their names, too.
			name, _ := o.strBytes(def)
			if sym := string(name); strings.Contains(sym, "[") && !strings.Contains(sym, ":") {
				names[funcName(sym, "")] = true
			}
		}
		for i := range o.defined {
			if o.isText(i) {
				add(o.sym(i))
			}
		}
		// Inlined functions are referred to by their names.
		for block := o.block(blkRefName); len(block) >= refNameSize; block = block[refNameSize:] {
			add(block[8:])
		}
		return nil
	})
}
