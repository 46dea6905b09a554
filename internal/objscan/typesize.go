package objscan

import (
	"encoding/binary"
	"strings"
	"sync"
)

// A typeCache knows the sizes of types, by the linker's name without "type:",
// and the names of functions. A type that has no name of its own is described
// in each object that uses it, a named one in its own package, which is read
// when it is first asked for, a basic one in the runtime.
type typeCache struct {
	s        *Scanner
	mu       sync.Mutex
	packages map[string]*packageSymbols // by import path
}

// packageSymbols are what other objects refer to in a package's own.
type packageSymbols struct {
	once  sync.Once
	sizes map[string]typeSize
	funcs map[uint32]string // by the index that a reference holds
}

// size is the size of a type that object o refers to.
func (c *typeCache) size(o *object, ref symRef, name string) (typeSize, bool) {
	if z, ok := descriptor(o.symData(o.local(ref)), o.goarch); ok {
		return z, true
	}
	path := unescape(pathOf(strings.TrimLeft(name, "*")))
	if z, ok := c.pkg(path).sizes[name]; ok {
		return z, true
	}
	z, ok := c.pkg("runtime").sizes[name]
	return z, ok
}

// funcName is the name of a function of another package that object o refers
// to. An object spells it out only where it calls the function; where it has
// inlined all calls, the name is in the function's own package.
func (c *typeCache) funcName(o *object, ref symRef) string {
	path := o.packagePath(ref.pkg)
	if path == "" {
		return ""
	}
	return c.pkg(unescape(path)).funcs[ref.sym]
}

var noSymbols = new(packageSymbols)

// pkg is what a package's archive holds; empty if it cannot be read.
func (c *typeCache) pkg(path string) *packageSymbols {
	if key, ok := c.s.plain[path]; ok {
		path = key
	}
	if c.s.archives[path] == "" {
		return noSymbols
	}
	c.mu.Lock()
	if c.packages == nil {
		c.packages = make(map[string]*packageSymbols)
	}
	p := c.packages[path]
	if p == nil {
		p = new(packageSymbols)
		c.packages[path] = p
	}
	c.mu.Unlock()
	p.once.Do(func() {
		sizes, funcs := make(map[string]typeSize), make(map[uint32]string)
		err := c.s.each(path, func(o *object) error {
			for i := range o.defined {
				if i < o.first[1] && o.isText(i) {
					funcs[uint32(i)] = o.name(i)
				}
				if !o.hasPrefix(i, "type:") {
					continue
				}
				if z, ok := descriptor(o.symData(i), o.goarch); ok {
					sizes[strings.TrimPrefix(o.name(i), "type:")] = z
				}
			}
			return nil
		})
		if err == nil {
			p.sizes, p.funcs = sizes, funcs
		}
	})
	return p
}

// descriptor reads the first two words of a type's descriptor, its size and
// how much of it may hold pointers (internal/abi/type.go).
func descriptor(b []byte, goarch string) (typeSize, bool) {
	order := binary.ByteOrder(binary.LittleEndian)
	switch goarch {
	case "ppc64", "mips", "mips64", "s390x":
		order = binary.BigEndian
	}
	if wordSize(goarch) == 4 {
		if len(b) < 8 {
			return typeSize{}, false
		}
		return typeSize{int64(order.Uint32(b)), order.Uint32(b[4:]) == 0}, true
	}
	if len(b) < 16 || int64(order.Uint64(b)) < 0 {
		return typeSize{}, false
	}
	return typeSize{int64(order.Uint64(b)), order.Uint64(b[8:]) == 0}, true
}
