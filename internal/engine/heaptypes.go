package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// A typeName is how a type of a trace is named. The trace has the last element of its
// package's path only, so types of several packages, or of several functions, may have
// one name.
type typeName struct {
	short string // as the trace has it, "" not known
	path  string // with the package's whole path, "" not known
	own   string // that no other type of the trace has: the first of short, path, short@address
}

// typeNames are those of a trace's types, by number.
func typeNames(t *alloctrace.Reader, sites *heapSites) []typeName {
	types := make([]alloctrace.Type, t.Types())
	for i := range types {
		types[i] = t.Type(int32(i))
	}
	var paths map[int32]string
	if sites != nil {
		paths = sites.types
	}
	return namesOf(types, paths)
}

func namesOf(types []alloctrace.Type, paths map[int32]string) []typeName {
	names := make([]typeName, len(types))
	used := make(map[string]int)
	for i, t := range types {
		names[i] = typeName{short: t.Name, path: paths[int32(i)]}
		used[t.Name]++
		if p := names[i].path; p != t.Name {
			used[p]++
		}
	}
	for i := range names {
		n := &names[i]
		switch {
		case n.short == "" || used[n.short] == 1:
			n.own = n.short
		case n.path != "" && used[n.path] == 1:
			n.own = n.path
		default:
			n.own = fmt.Sprintf("%s@%x", n.short, types[i].Addr)
		}
	}
	return names
}

// is reports whether a user's name is one of the type.
func (n *typeName) is(name string) bool {
	return name != "" && (name == n.short || name == n.path || name == n.own)
}

// other is a type's own name, "" where that is what the trace has.
func (n *typeName) other() string {
	if n.own == n.short {
		return ""
	}
	return n.own
}

// fillTypes puts the types into a report.
func fillTypes(r *alloc.Report, t *alloctrace.Reader, m *heapmap.Map, sites *heapSites, rounding []heapmap.Range) {
	names := typeNames(t, sites)
	for _, c := range m.Types() {
		if c.N == 0 {
			r.Heap.TypesUnknown = c.Allocs
		}
		n := &names[c.N]
		r.Types = append(r.Types, &alloc.HeapType{Type: n.short, Name: n.other(), Size: t.Type(c.N).Bytes, Rounding: alloc.HeapRange(rounding[c.N]), HeapLives: livesOf(&c)})
	}
}

// severalTypes are the types that a user's name means, those of the most objects first,
// nil if it means one. objects are how many there are of each, by its number.
func severalTypes(names []typeName, name string, objects []int64) []alloc.WhatIfType {
	var list []alloc.WhatIfType
	for i := range names {
		if i < len(objects) && objects[i] > 0 && names[i].is(name) {
			list = append(list, alloc.WhatIfType{Of: name, Type: names[i].own, Objects: objects[i]})
		}
	}
	if len(list) < 2 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b alloc.WhatIfType) int { return cmp.Compare(b.Objects, a.Objects) })
	return list
}

// count counts an object of its type.
func (a *asked) count(e *alloctrace.Event) {
	if e.Kind != alloctrace.ObjectAlloc && e.Kind != alloctrace.ObjectExists {
		return
	}
	for int(e.Type) >= len(a.objects) {
		a.objects = append(a.objects, 0)
	}
	a.objects[e.Type]++
}
