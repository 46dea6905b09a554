// Package sizeclass knows what the installed runtime's allocator makes of a
// size: the slot that it rounds up to, what that loses, and the way through the
// allocator.
//
//	GOROOT's source → Load → Table.Class(bytes, noscan) → slot, waste, path
//
// The classes are read from the toolchain's own source, internal/runtime/gc
// (go1.25 and later) or runtime (go1.24); a toolchain without its source gets
// the table of its version that this package carries. The rules around them are
// those of mallocgc (runtime/malloc.go, runtime/mbitmap.go, the same from go1.24
// to go1.27) on platforms with 64-bit pointers:
//
//   - a pointer-free object under 16 bytes shares a block of 16 with others;
//   - an object with pointers over 512 bytes carries a header of 8, which may
//     push it into the next class;
//   - what is over the largest class less a header, 32760 bytes, takes whole
//     pages, with pointers or without.
//
// The package does not see what the race detector and the sanitizers add.
package sizeclass

//go:generate go run gen.go

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

const (
	tinySize   = 16   // TinySize, internal/runtime/gc/sizeclasses.go, go1.26
	headerSize = 8    // MallocHeaderSize, internal/runtime/gc/malloc.go, go1.26
	headerMin  = 512  // MinSizeForMallocHeader, exclusive, where pointers have 64 bits
	pageSize   = 8192 // PageSize
)

// A Table holds the size classes of one runtime.
type Table struct {
	sizes []int64 // slot sizes in bytes, ascending, without class 0
	pages []int64 // pages of a span of each
}

// A Class is where an object of one size goes.
type Class struct {
	// Index is the number of the size class, 0 for large objects and for
	// objects of no size.
	Index int
	// Bytes is the size of the slot or, for a large object, of its pages; for a
	// tiny object the block that it shares.
	Bytes int64
	// Waste is what the object does not use of Bytes; its header is waste, too.
	// It is 0 for a tiny object: what others make of the rest of its block is
	// not known.
	Waste int64
	Path  alloc.Path
}

// Load reads the size classes of the toolchain at goroot.
func Load(goroot string) (*Table, error) {
	var missing error
	for _, f := range []struct{ file, sizes, pages string }{
		{"src/internal/runtime/gc/sizeclasses.go", "SizeClassToSize", "SizeClassToNPages"},
		{"src/runtime/sizeclasses.go", "class_to_size", "class_to_allocnpages"},
	} {
		t, err := read(filepath.Join(goroot, filepath.FromSlash(f.file)), f.sizes, f.pages)
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the runtime's size classes: %w", err)
		}
		missing = err
	}
	if data, err := os.ReadFile(filepath.Join(goroot, "VERSION")); err == nil {
		v, _, _ := strings.Cut(string(data), "\n")
		if t := ForGo(strings.TrimSpace(v)); t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("reading the runtime's size classes: %w", missing)
}

// ForGo returns the size classes of a Go version such as "go1.26.8", nil if
// that is not one of those this package was made with.
func ForGo(goversion string) *Table {
	lang := version.Lang(goversion)
	if lang == "" || version.Compare(lang, oldest) < 0 || version.Compare(lang, newest) > 0 {
		return nil
	}
	return &Table{slices.Clone(known), slices.Clone(knownPages)}
}

// read reads the tables of sizes and of pages from a Go file.
func read(file, sizes, pages string) (*Table, error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	t := &Table{numbers(f, sizes), numbers(f, pages)}
	if len(t.sizes) == 0 || !slices.IsSorted(t.sizes) || t.sizes[len(t.sizes)-1]%pageSize != 0 {
		return nil, fmt.Errorf("%s: no table %s of ascending sizes", file, sizes)
	}
	if len(t.pages) != len(t.sizes) {
		return nil, fmt.Errorf("%s: no table %s of the pages of %d classes", file, pages, len(t.sizes))
	}
	return t, nil
}

// numbers are those that a variable is initialised with, without zeros.
func numbers(f *ast.File, name string) []int64 {
	var list []int64
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
				list = append(list, n)
			}
		}
		return false
	})
	return list
}

// Len is the number of classes, with class 0.
func (t *Table) Len() int { return len(t.sizes) + 1 }

// Span returns the bytes of a slot and of a whole span of a class, which is
// neither 0 nor over the last.
func (t *Table) Span(class int) (slot, span int64) {
	return t.sizes[class-1], t.pages[class-1] * pageSize
}

// Class returns where an object of a size in bytes goes; noscan says that it
// holds no pointers. An object of no size takes nothing.
//
//stackward:noalloc
func (t *Table) Class(bytes int64, noscan bool) Class {
	switch largest := t.sizes[len(t.sizes)-1]; {
	case bytes <= 0:
		return Class{Path: alloc.Tiny}
	case noscan && bytes < tinySize:
		return Class{Index: t.index(tinySize), Bytes: tinySize, Path: alloc.Tiny}
	case bytes > largest-headerSize:
		pages := (bytes + pageSize - 1) / pageSize * pageSize
		return Class{Bytes: pages, Waste: pages - bytes, Path: alloc.Large}
	}
	need := bytes
	if !noscan && bytes > headerMin {
		need += headerSize
	}
	i := t.index(need)
	slot := t.sizes[i-1]
	return Class{Index: i, Bytes: slot, Waste: slot - bytes, Path: alloc.Small}
}

// index is the number of the first class that holds so many bytes.
//
//stackward:noalloc
func (t *Table) index(bytes int64) int {
	i, _ := slices.BinarySearch(t.sizes, bytes)
	return i + 1
}

// Slots are the slot sizes in bytes of the size classes from 1 on.
func (t *Table) Slots() []int64 { return slices.Clone(t.sizes) }
