package corpus

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Generic functions and types, and iterators.

//stackward:noalloc
//go:noinline
func Largest[E cmp.Ordered](s []E) (m E) {
	for _, v := range s {
		m = max(m, v)
	}
	return m
}

var _ = drive("Largest[...]", func(i int) { Largest(numbers(i)); Largest(threeTexts) })

//stackward:noalloc
//go:noinline
func Pointer[E any](v E) *E { return &v }

var _ = drive("Pointer[...]", func(i int) { Pointer(i) })

//stackward:noalloc
//go:noinline
func BoxedAny[E any](v E) any { return v }

var _ = drive("BoxedAny[...]", func(i int) { BoxedAny(i); BoxedAny(text(i)) })

//stackward:noalloc
//go:noinline
func BoxedPointer[E any](v *E) any { return v }

var _ = drive("BoxedPointer[...]", func(i int) { BoxedPointer(value(i)) })

type measurer interface{ Measure() int }

type yard int

func (y yard) Measure() int { return int(y) * 3 }

type mile struct{ feet *int }

func (m mile) Measure() int { keepInt = new(int); return 5280 }

//go:noinline
func measureAll[M measurer](s []M) (n int) {
	for _, m := range s {
		n += m.Measure()
	}
	return n
}

//stackward:noalloc
//go:noinline
func MeasureYards(s []yard) int { return measureAll(s) }

var yards = make([]yard, 5)

var _ = drive("MeasureYards", func(i int) { MeasureYards(yards) })

//stackward:noalloc
//go:noinline
func MeasureMiles(s []mile) int { return measureAll(s) }

var miles = make([]mile, 2)

var _ = drive("MeasureMiles", func(i int) { MeasureMiles(miles) })

//stackward:noalloc
//go:noinline
func MeasureEach[M measurer](s []M) (n int) {
	for _, m := range s {
		n += m.Measure()
	}
	return n
}

var _ = drive("MeasureEach[...]", func(i int) { MeasureEach(yards); MeasureEach(miles) })

//stackward:noalloc
//go:noinline
func MeasureSome[M measurer](m M) int { return m.Measure() }

var _ = drive("MeasureSome[...]", func(i int) { MeasureSome(yards[0]) })

// A Stack is a generic type.
type Stack[E any] struct{ items []E }

//stackward:noalloc
//go:noinline
func (s *Stack[E]) Push(v E) { s.items = append(s.items, v) }

//stackward:noalloc
//go:noinline
func (s *Stack[E]) Pop() (v E, ok bool) {
	if len(s.items) == 0 {
		return v, false
	}
	last := len(s.items) - 1
	v = s.items[last]
	s.items = s.items[:last]
	return v, true
}

//stackward:noalloc
//go:noinline
func (s *Stack[E]) Items() []E { return append([]E(nil), s.items...) }

var aStack Stack[int]

var _ = drive("(*Stack[...]).Push", func(i int) {
	if len(aStack.items) > 8 {
		aStack.items = aStack.items[:0]
	}
	aStack.Push(i)
})
var _ = drive("(*Stack[...]).Pop", func(i int) { aStack.Pop() })
var _ = drive("(*Stack[...]).Items", func(i int) { aStack.Items() })

// A List is linked.
type List[E any] struct {
	head *link[E]
	free *link[E]
}

type link[E any] struct {
	v    E
	next *link[E]
}

//stackward:noalloc
//go:noinline
func (l *List[E]) Add(v E) { l.head = &link[E]{v, l.head} }

var aList List[int]

var _ = drive("(*List[...]).Add", func(i int) { aList.Add(i) })

//stackward:noalloc
//go:noinline
func (l *List[E]) AddReused(v E) {
	n := l.free
	if n == nil {
		n = new(link[E])
	} else {
		l.free = n.next
	}
	n.v, n.next = v, l.head
	l.head = n
}

//stackward:noalloc
//go:noinline
func (l *List[E]) Free() {
	for n := l.head; n != nil; n = l.head {
		l.head = n.next
		n.next = l.free
		l.free = n
	}
}

var bList List[string]

var _ = drive("(*List[...]).AddReused", func(i int) { bList.AddReused(text(i)); bList.Free() })
var _ = drive("(*List[...]).Free", func(i int) { aList.Free() })

//stackward:noalloc
//go:noinline
func Mapped[A, B any](s []A, f func(A) B) []B {
	out := make([]B, 0, len(s))
	for _, v := range s {
		out = append(out, f(v))
	}
	return out
}

var _ = drive("Mapped[...]", func(i int) { Mapped(numbers(i), addOne) })

//stackward:noalloc
//go:noinline
func MappedInto[A, B any](dst []B, s []A, f func(A) B) []B {
	for _, v := range s {
		dst = append(dst, f(v))
	}
	return dst
}

var mapped []int

var _ = drive("MappedInto[...]", func(i int) { mapped = MappedInto(mapped[:0], numbers(i), addOne) })

//stackward:noalloc
//go:noinline
func Doubled(dst, s []int) []int { return MappedInto(dst, s, func(n int) int { return n * 2 }) }

var doubled []int

var _ = drive("Doubled", func(i int) { doubled = Doubled(doubled[:0], numbers(i)) })

//stackward:noalloc
//go:noinline
func Reduced(s []int) int {
	return reduce(s, 0, func(a, b int) int { return a + b })
}

func reduce[A, B any](s []A, b B, f func(B, A) B) B {
	for _, v := range s {
		b = f(b, v)
	}
	return b
}

var _ = drive("Reduced", func(i int) { Reduced(numbers(i)) })

//stackward:noalloc
//go:noinline
func ZeroOf[E any]() (v E) { return v }

var _ = drive("ZeroOf[...]", func(i int) { ZeroOf[Big]() })

type reader[E any] interface{ next() (E, bool) }

type counter struct{ n, most int }

func (c *counter) next() (int, bool) { c.n++; return c.n, c.n < c.most }

//stackward:noalloc
//go:noinline
func Drain[E any](r reader[E]) (n int) {
	for _, ok := r.next(); ok; _, ok = r.next() {
		n++
	}
	return n
}

var aCounter counter

var _ = drive("Drain[...]", func(i int) { aCounter = counter{0, 9}; Drain[int](&aCounter) })

//stackward:noalloc
//go:noinline
func RangeValues(s []int) (n int) {
	for v := range slices.Values(s) {
		n += v
	}
	return n
}

var _ = drive("RangeValues", func(i int) { RangeValues(numbers(i)) })

//stackward:noalloc
//go:noinline
func RangeKeys(m map[int]int) (n int) {
	for k := range maps.Keys(m) {
		n += k
	}
	return n
}

var _ = drive("RangeKeys", func(i int) { RangeKeys(cleared) })

func countTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

//stackward:noalloc
//go:noinline
func RangeOwn(i int) (n int) {
	for v := range countTo(size(i)) {
		n += v
	}
	return n
}

var _ = drive("RangeOwn", func(i int) { RangeOwn(i) })

//stackward:noalloc
//go:noinline
func RangeOwnAllocates(i int) {
	for v := range countTo(size(i)) {
		if v == 32 {
			keepInt = &v
		}
	}
}

var _ = drive("RangeOwnAllocates", func(i int) { RangeOwnAllocates(i) })

//stackward:noalloc
//go:noinline
func RangeReturned(i int) iter.Seq[int] { return countTo(i) }

var _ = drive("RangeReturned", func(i int) { RangeReturned(i) })

//stackward:noalloc
//go:noinline
func RangeParameter(seq iter.Seq[int]) (n int) {
	for v := range seq {
		n += v
	}
	return n
}

var aSeq = countTo(5)

var _ = drive("RangeParameter", func(i int) { RangeParameter(aSeq) })

//stackward:noalloc
//go:noinline
func (n *node) All() iter.Seq[int] {
	return func(yield func(int) bool) { n.push(yield) }
}

func (n *node) push(yield func(int) bool) bool {
	return n == nil || n.left.push(yield) && yield(n.key) && n.right.push(yield)
}

var _ = drive("(*node).All", func(i int) { aTree.All() })

//stackward:noalloc
//go:noinline
func RangeTree(n *node) (sum int) {
	for k := range n.All() {
		sum += k
	}
	return sum
}

var _ = drive("RangeTree", func(i int) { RangeTree(aTree) })

//stackward:noalloc
//go:noinline
func Collected(s []int) []int { return slices.Collect(slices.Values(s)) }

var _ = drive("Collected", func(i int) { Collected(numbers(i)) })

//stackward:noalloc
//go:noinline
func SortedKeys(m map[int]int) []int { return slices.Sorted(maps.Keys(m)) }

var _ = drive("SortedKeys", func(i int) { SortedKeys(cleared) })

//stackward:noalloc
//go:noinline
func Pulled(s []int) int {
	next, stop := iter.Pull(slices.Values(s))
	defer stop()
	v, _ := next()
	return v
}

var _ = drive("Pulled", func(i int) { Pulled(numbers(i)) })

//stackward:noalloc
//go:noinline
func Chunked(s []int) (n int) {
	for c := range slices.Chunk(s, 10) {
		n += len(c)
	}
	return n
}

var _ = drive("Chunked", func(i int) { Chunked(numbers(i)) })

//stackward:noalloc
//go:noinline
func Searched(s []int, i int) int { n, _ := slices.BinarySearch(s, i); return n }

var _ = drive("Searched", func(i int) { Searched(numbers(i), i) })

//stackward:noalloc
//go:noinline
func FoundBy(s []int, i int) int {
	return slices.IndexFunc(s, func(v int) bool { return v == i })
}

var _ = drive("FoundBy", func(i int) { FoundBy(numbers(i), i) })

//stackward:noalloc
//go:noinline
func EqualMaps(a, b map[int]int) bool { return maps.Equal(a, b) }

var _ = drive("EqualMaps", func(i int) { EqualMaps(cleared, counts) })
