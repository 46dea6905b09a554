package sortslice

import (
	"sort"
	"strings"
	"time"
)

type item struct {
	name string
	n    int
	f    float64
	t    time.Time
	kind kind
	sub  *item
	list []int
	err  error
}

type kind string

func (i item) Name() string   { return i.name }
func (i *item) Ptr() string   { return i.name }
func (i *item) Count() int    { i.n++; return i.n }
func weight(s string) int     { return len(s) }
func field(i *item) int       { return i.n }
func by(i, j int) bool        { return i < j }
func address(i *item) string  { return i.name }
func pair(a, b *item) (x int) { return 1 }

type lists struct{ items []item }

var global []string

func fixed(ints []int, names []string, items []item, ptrs []*item, l *lists, vals map[string]int) {
	sort.Slice(ints, func(i, j int) bool { return ints[i] < ints[j] })          // want "sort ints with package slices"
	sort.Slice(ints, func(i, j int) bool { return ints[i] > ints[j] })          // want "sort ints"
	sort.Slice(names, func(a, b int) bool { return names[a] < names[b] })       // want "sort names"
	sort.Slice(global, func(i, j int) bool { return global[j] < global[i] })    // want "sort global"
	sort.SliceStable(names, func(i, j int) bool { return names[i] < names[j] }) // want "sort names"

	// want +1 "sort items"
	sort.Slice(items, func(i, j int) bool {
		return items[i].name < items[j].name
	})
	sort.Slice(l.items, func(i, j int) bool { return l.items[i].n > l.items[j].n })                         // want "sort l.items"
	sort.Slice(items, func(i, j int) bool { return items[i].kind < items[j].kind })                         // want "sort items"
	sort.Slice(items, func(i, j int) bool { return items[i].t.Before(items[j].t) })                         // want "sort items"
	sort.Slice(ptrs, func(i, j int) bool { return ptrs[i].t.After(ptrs[j].t) })                             // want "sort ptrs"
	sort.Slice(ptrs, func(i, j int) bool { return ptrs[i].list[0] > ptrs[j].list[0] })                      // want "sort ptrs"
	sort.Slice(names, func(i, j int) bool { return vals[names[i]] < vals[names[j]] })                       // want "sort names"
	sort.Slice(ptrs, func(i, j int) bool { return ptrs[i].Ptr() < ptrs[j].Ptr() })                          // want "sort ptrs"
	sort.Slice(items, func(i, j int) bool { return items[i].Name() < items[j].Name() })                     // want "sort items"
	sort.Slice(items, func(i, j int) bool { return len(items[i].name) < len(items[j].name) })               // want "sort items"
	sort.Slice(names, func(i, j int) bool { return strings.ToLower(names[i]) < strings.ToLower(names[j]) }) // want "sort names"
	// want +1 "sort items"
	sort.Slice(items, func(i, j int) bool {
		if items[i].name != items[j].name {
			return items[i].name < items[j].name
		}
		if items[i].n != items[j].n {
			return items[i].n > items[j].n
		}
		return items[i].t.Before(items[j].t)
	})
	// want +1 "sort items"
	sort.Slice(items, func(i, j int) bool {
		if items[i].sub.n == items[j].sub.n {
			return items[i].name < items[j].name
		}
		return items[i].sub.n < items[j].sub.n
	})
	a := 2
	sort.Slice(items, func(i, j int) bool { return items[i].list[a] < items[j].list[a] }) // want "sort items"
}

func refused(ints []int, floats []float64, items []item, ptrs []*item, order map[int]int, any any) {
	sort.Slice(floats, func(i, j int) bool { return floats[i] < floats[j] })                      // refuse "NaN"
	sort.Slice(items, func(i, j int) bool { return items[i].f > items[j].f })                     // refuse "NaN"
	sort.Slice(items, func(i, j int) bool { return items[i].Count() < items[j].Count() })         // refuse "items.i..Count may do more than read"
	sort.Slice(ptrs, func(i, j int) bool { return ptrs[i].Count() < ptrs[j].Count() })            // refuse "ptrs.i..Count may do more than read"
	sort.Slice(items, func(i, j int) bool { return items[i].Ptr() < items[j].Ptr() })             // refuse "Ptr may do more than read"
	sort.Slice(items, func(i, j int) bool { return address(&items[i]) < address(&items[j]) })     // refuse "takes the address"
	sort.Slice(items, func(i, j int) bool { return items[i].err.Error() < items[j].err.Error() }) // refuse "Error may do more than read"
	sort.Slice(ints, func(i, j int) bool { return order[i] < order[j] })                          // refuse "uses i for more than to index ints"
	sort.Slice(ints, func(i, j int) bool { return i < j })                                        // refuse "uses i for more"
	sort.Slice(ints, by)                                                                          // refuse "not a function literal"
	sort.Slice(any, func(i, j int) bool { return i < j })                                         // refuse "any is not known to be a slice"
	sort.Slice(ints[1:], func(i, j int) bool { return ints[i] < ints[j] })                        // refuse "ints.1:. is not a variable"
	sort.Slice(ints, func(i, j int) bool { return ints[i] <= ints[j] })                           // refuse "not a comparison by < or >"
	sort.Slice(ints, func(i, j int) bool { return /* first */ ints[i] < ints[j] })                // refuse "a comment"
	sort.Slice(ints, func(_, j int) bool { return ints[j] > 0 })                                  // refuse "does not name its parameters"
	sort.Slice(items, func(i, j int) bool {                                                       // refuse "not a row of comparisons"
		if items[i].n < items[j].n {
			return true
		}
		return items[i].name < items[j].name
	})
	sort.Slice(items, func(i, j int) bool { // refuse "not a row of comparisons"
		if items[i].n != items[j].n {
			return items[i].name < items[j].name
		}
		return items[i].n < items[j].n
	})
	sort.Slice(items, func(i, j int) bool { // refuse "not a row of comparisons"
		println(len(items))
		return items[i].n < items[j].n
	})
	other := ints
	sort.Slice(ints, func(i, j int) bool { return other[i] < other[j] }) // refuse "uses i for more than to index ints"
}

func shadowed(ints []int, items []item) {
	slices := 1
	sort.Slice(ints, func(i, j int) bool { return ints[i] < ints[j] }) // refuse "the name slices means something else"
	_ = slices
}

func shadowedCmp(items []item) {
	cmp := 1
	sort.Slice(items, func(i, j int) bool { return items[i].n < items[j].n }) // refuse "the name cmp or strings"
	_ = cmp
}

func local() {
	type pair struct{ a, b int }
	var list []pair
	sort.Slice(list, func(i, j int) bool { return list[i].a < list[j].a }) // want "sort list"
	{
		type item struct{ a int }
		var list []item
		sort.Slice(list, func(i, j int) bool { return list[i].a < list[j].a }) // want "sort list"
	}
}

func generic[T ~int, S ~[]T](s S, of func() S) {
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })    // refuse "s is not known to be a slice"
	sort.Slice(of(), func(i, j int) bool { return s[i] < s[j] }) // refuse "of.. is not known to be a slice"
}

func parenthesized(ss []string) {
	sort.Slice(ss, func(i, j int) bool { return (ss[j]) < ss[i] }) // want "sort ss"
	sort.Slice(ss, func(i, j int) bool { return (ss[i]) < ss[j] }) // want "sort ss"
}
