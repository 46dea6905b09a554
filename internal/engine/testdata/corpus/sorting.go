package corpus

import (
	"cmp"
	"container/heap"
	"container/list"
	"slices"
	"sort"
)

// Sorting and containers.

var (
	toSort      = []int{3, 1, 2}
	textsToSort = []string{"c", "a", "b"}
)

//stackward:noalloc
//go:noinline
func SortInts(s []int) { sort.Ints(s) }

var _ = drive("SortInts", func(i int) { SortInts(toSort) })

//stackward:noalloc
//go:noinline
func SortSlices(s []string) { slices.Sort(s) }

var _ = drive("SortSlices", func(i int) { SortSlices(textsToSort) })

//stackward:noalloc
//go:noinline
func SortSlice(s []int) { sort.Slice(s, func(a, b int) bool { return s[a] < s[b] }) }

var _ = drive("SortSlice", func(i int) { SortSlice(toSort) })

//stackward:noalloc
//go:noinline
func SortFunc(s []int) { slices.SortFunc(s, func(a, b int) int { return cmp.Compare(b, a) }) }

var _ = drive("SortFunc", func(i int) { SortFunc(toSort) })

//stackward:noalloc
//go:noinline
func SortFuncAllocates(s []int) {
	slices.SortFunc(s, func(a, b int) int { keepInt = &a; return cmp.Compare(b, a) })
}

var _ = drive("SortFuncAllocates", func(i int) { SortFuncAllocates(toSort) })

type byLength []string

func (s byLength) Len() int           { return len(s) }
func (s byLength) Less(i, j int) bool { return len(s[i]) < len(s[j]) }
func (s byLength) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

//stackward:noalloc
//go:noinline
func SortInterface(s []string) { sort.Sort(byLength(s)) }

var _ = drive("SortInterface", func(i int) { SortInterface(textsToSort) })

//stackward:noalloc
//go:noinline
func SortPointer(s *byLength) { sort.Sort(s) }

var aByLength = byLength(textsToSort)

var _ = drive("SortPointer", func(i int) { SortPointer(&aByLength) })

//stackward:noalloc
//go:noinline
func SortStable(s []int) { slices.SortStableFunc(s, cmp.Compare[int]) }

var _ = drive("SortStable", func(i int) { SortStable(toSort) })

//stackward:noalloc
//go:noinline
func SearchSorted(s []int, i int) int {
	return sort.Search(len(s), func(k int) bool { return s[k] >= i })
}

var _ = drive("SearchSorted", func(i int) { SearchSorted(toSort, i) })

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

//stackward:noalloc
//go:noinline
func HeapPush(h *intHeap, i int) int {
	heap.Push(h, i)
	return heap.Pop(h).(int)
}

var aHeap intHeap

var _ = drive("HeapPush", func(i int) { HeapPush(&aHeap, i) })

//stackward:noalloc
//go:noinline
func HeapFix(h *intHeap, i int) {
	if len(*h) > 0 {
		(*h)[0] = i
		heap.Fix(h, 0)
	}
}

var bHeap = intHeap{1, 2, 3}

var _ = drive("HeapFix", func(i int) { HeapFix(&bHeap, i) })

//stackward:noalloc
//go:noinline
func ListPush(l *list.List, t *T) { l.Remove(l.PushBack(t)) }

var cList = list.New()

var _ = drive("ListPush", func(i int) { ListPush(cList, value(i)) })

//stackward:noalloc
//go:noinline
func ListMove(l *list.List) {
	if e := l.Front(); e != nil {
		l.MoveToBack(e)
	}
}

var _ = drive("ListMove", func(i int) { ListMove(cList) })
