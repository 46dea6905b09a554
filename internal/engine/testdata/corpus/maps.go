package corpus

import "maps"

// Maps and channels.

//stackward:noalloc
//go:noinline
func MapSmall(i int) int {
	m := map[int]int{1: 2, 3: 4}
	return m[i]
}

var _ = drive("MapSmall", func(i int) { MapSmall(i) })

//stackward:noalloc
//go:noinline
func MapReturned(i int) map[int]int { return make(map[int]int) }

var _ = drive("MapReturned", func(i int) { MapReturned(i) })

//stackward:noalloc
//go:noinline
func MapHint(i int) int { m := make(map[int]int, size(i)); m[i] = 1; return len(m) }

var _ = drive("MapHint", func(i int) { MapHint(i) })

//stackward:noalloc
//go:noinline
func MapLiteral(i int) map[string]int { return map[string]int{"a": i, "b": i} }

var _ = drive("MapLiteral", func(i int) { MapLiteral(i) })

//stackward:noalloc
//go:noinline
func MapGrows(i int) int {
	m := make(map[int]int)
	for k := range size(i) {
		m[k] = k
	}
	return len(m)
}

var _ = drive("MapGrows", func(i int) { MapGrows(i) })

//stackward:noalloc
//go:noinline
func MapCount(m map[int]int, i int) { m[i]++ }

var counts = make(map[int]int)

var _ = drive("MapCount", func(i int) { MapCount(counts, i) })

//stackward:noalloc
//go:noinline
func MapGet(m map[string]int, s string) int { return m[s] }

var lengths = map[string]int{"abcdefg": 7}

var _ = drive("MapGet", func(i int) { MapGet(lengths, text(i)) })

//stackward:noalloc
//go:noinline
func MapGetBytes(m map[string]int, b []byte) int { return m[string(b)] }

var _ = drive("MapGetBytes", func(i int) { MapGetBytes(lengths, data(i)) })

//stackward:noalloc
//go:noinline
func MapSetBytes(m map[string]int, b []byte) { m[string(b)] = 1 }

var seen = make(map[string]int)

var _ = drive("MapSetBytes", func(i int) { MapSetBytes(seen, data(i)) })

//stackward:noalloc
//go:noinline
func MapClear(m map[int]int, i int) int {
	clear(m)
	for k := range size(i) {
		m[k] = k
	}
	return len(m)
}

var cleared = make(map[int]int)

var _ = drive("MapClear", func(i int) { MapClear(cleared, i) })

//stackward:noalloc
//go:noinline
func MapDelete(m map[int]int, i int) { delete(m, i) }

var _ = drive("MapDelete", func(i int) { MapDelete(counts, i) })

//stackward:noalloc
//go:noinline
func MapRange(m map[int]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

var _ = drive("MapRange", func(i int) { MapRange(cleared) })

//stackward:noalloc
//go:noinline
func MapClone(m map[int]int) map[int]int { return maps.Clone(m) }

var _ = drive("MapClone", func(i int) { MapClone(cleared) })

//stackward:noalloc
//go:noinline
func MapOfAny(m map[any]int, i int) int { return m[i] }

var anys = map[any]int{1: 1}

var _ = drive("MapOfAny", func(i int) { MapOfAny(anys, i) })

//stackward:noalloc
//go:noinline
func MapOfSlices(m map[int][]int, i int) { m[i%2] = append(m[i%2][:0], i) }

var lists = make(map[int][]int)

var _ = drive("MapOfSlices", func(i int) { MapOfSlices(lists, i) })

//stackward:noalloc
//go:noinline
func (b *buffer) Count(s string) {
	if b.keys == nil {
		b.keys = make(map[string]int)
	}
	b.keys[s]++
}

var jBuffer buffer

var _ = drive("(*buffer).Count", func(i int) { jBuffer.Count(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) CountAnew(s string) {
	b.keys = make(map[string]int)
	b.keys[s]++
}

var kBuffer buffer

var _ = drive("(*buffer).CountAnew", func(i int) { kBuffer.CountAnew(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) CountLocal(s string) int {
	m := b.keys
	if m == nil {
		m = make(map[string]int)
	}
	m[s]++
	return len(m)
}

var lBuffer buffer

var _ = drive("(*buffer).CountLocal", func(i int) { lBuffer.CountLocal(text(i)) })

//stackward:noalloc
//go:noinline
func MapStruct(m map[T]bool, i int) bool { return m[T{A: i}] }

var structs = map[T]bool{{A: 1}: true}

var _ = drive("MapStruct", func(i int) { MapStruct(structs, i) })

//stackward:noalloc
//go:noinline
func MapLarge(m map[int]Big, i int) { m[i&3] = aBig }

var bigs = make(map[int]Big)

var _ = drive("MapLarge", func(i int) { MapLarge(bigs, i) })

//stackward:noalloc
//go:noinline
func ChanMake(i int) chan int { return make(chan int, size(i)) }

var _ = drive("ChanMake", func(i int) { ChanMake(i) })

//stackward:noalloc
//go:noinline
func ChanLocal(i int) int { c := make(chan int, 1); c <- i; return <-c }

var _ = drive("ChanLocal", func(i int) { ChanLocal(i) })

//stackward:noalloc
//go:noinline
func ChanSend(c chan int, i int) int { c <- i; return <-c }

var aChan = make(chan int, 1)

var _ = drive("ChanSend", func(i int) { ChanSend(aChan, i) })

//stackward:noalloc
//go:noinline
func ChanSelect(c, d chan int, i int) int {
	select {
	case c <- i:
		return <-c
	case n := <-d:
		return n
	default:
		return 0
	}
}

var bChan chan int

var _ = drive("ChanSelect", func(i int) { ChanSelect(aChan, bChan, i) })

//stackward:noalloc
//go:noinline
func ChanSelectTwo(c, d chan int, i int) int {
	select {
	case c <- i:
		return <-c
	case n := <-d:
		return n
	}
}

var _ = drive("ChanSelectTwo", func(i int) { ChanSelectTwo(aChan, bChan, i) })

//stackward:noalloc
//go:noinline
func ChanPointers(c chan *int, i int) { c <- &i; <-c }

var cChan = make(chan *int, 1)

var _ = drive("ChanPointers", func(i int) { ChanPointers(cChan, i) })
