// Package sizeclass knows what the installed runtime's allocator makes of a
// size: the slot that it rounds up to, what that loses, and the way through the
// allocator.
//
//	GOROOT's source → Load → Table.Class(bytes, noscan) → slot, waste, path
//
// The classes are read from the toolchain's own source, internal/runtime/gc
// (go1.25 and later) or runtime (go1.24). The rules around them are those of
// runtime/malloc.go and runtime/mbitmap.go, go1.24 to go1.27: pointer-free
// objects under 16 bytes share blocks, an object with pointers over 512 bytes
// carries a header of 8, and what exceeds the largest class with its header
// takes whole pages.
package sizeclass

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/stackward-go/stackward/alloc"
)

const (
	tinySize   = 16   // maxTinySize, runtime/malloc.go
	headerSize = 8    // MallocHeaderSize
	headerMin  = 512  // MinSizeForMallocHeader on 64-bit platforms
	pageSize   = 8192 // PageSize
)

// A Table holds the size classes of one runtime.
type Table struct {
	sizes []int64 // slot sizes in bytes, ascending, without class 0
}

// A Class is where an object of one size goes.
type Class struct {
	Index int        // number of the size class, 0 for large objects
	Bytes int64      // of the slot or, for a large object, of its pages
	Waste int64      // Bytes that the object does not use, its header among them
	Path  alloc.Path // a tiny object shares its slot: its Waste is not known
}

// Load reads the size classes of the toolchain at goroot.
func Load(goroot string) (*Table, error) {
	var first error
	for _, f := range []struct{ file, name string }{
		{"src/internal/runtime/gc/sizeclasses.go", "SizeClassToSize"},
		{"src/runtime/sizeclasses.go", "class_to_size"},
	} {
		t, err := load(filepath.Join(goroot, filepath.FromSlash(f.file)), f.name)
		if err == nil {
			return t, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("reading the runtime's size classes: %w", first)
}

func load(file, name string) (*Table, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	t := new(Table)
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || spec.Names[0].Name != name {
			return true
		}
		lit, ok := spec.Values[0].(*ast.CompositeLit)
		if !ok {
			return false
		}
		for _, elt := range lit.Elts {
			b, ok := elt.(*ast.BasicLit)
			if !ok {
				continue
			}
			if n, err := strconv.ParseInt(b.Value, 0, 64); err == nil && n > 0 {
				t.sizes = append(t.sizes, n)
			}
		}
		return false
	})
	if len(t.sizes) == 0 || !slices.IsSorted(t.sizes) {
		return nil, fmt.Errorf("%s: no table %s", file, name)
	}
	return t, nil
}

// Class returns where an object of a size in bytes goes; noscan says that it
// holds no pointers. An object of 0 bytes takes nothing.
func (t *Table) Class(bytes int64, noscan bool) Class {
	if bytes <= 0 {
		return Class{Path: alloc.Tiny}
	}
	need := bytes
	if !noscan && bytes > headerMin {
		need += headerSize
	}
	i, _ := slices.BinarySearch(t.sizes, need)
	if i == len(t.sizes) || bytes > t.sizes[len(t.sizes)-1]-headerSize && !noscan {
		slot := (bytes + pageSize - 1) / pageSize * pageSize
		return Class{Bytes: slot, Waste: slot - bytes, Path: alloc.Large}
	}
	c := Class{Index: i + 1, Bytes: t.sizes[i], Waste: t.sizes[i] - bytes, Path: alloc.Small}
	if noscan && bytes < tinySize {
		c.Path, c.Bytes, c.Waste = alloc.Tiny, tinySize, 0
		c.Index, _ = slices.BinarySearch(t.sizes, int64(tinySize))
		c.Index++
	}
	return c
}
