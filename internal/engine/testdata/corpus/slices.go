package corpus

import "slices"

// Slices: made, literal, appended to.

//stackward:noalloc
//go:noinline
func MakeConstant(i int) int { s := make([]int, 64); s[size(i)%64] = i; return s[0] }

var _ = drive("MakeConstant", func(i int) { MakeConstant(i) })

//stackward:noalloc
//go:noinline
func MakeConstantReturned(i int) []int { return make([]int, 4) }

var _ = drive("MakeConstantReturned", func(i int) { MakeConstantReturned(i) })

//stackward:noalloc
//go:noinline
func MakeVariable(i int) int { s := make([]int64, size(i)); return len(s) + cap(s) }

var _ = drive("MakeVariable", func(i int) { MakeVariable(i) })

//stackward:noalloc
//go:noinline
func MakeVariableUsed(i int) int64 {
	s := make([]int64, size(i)+1)
	for k := range s {
		s[k] = int64(k)
	}
	return total(s)
}

//go:noinline
func total(s []int64) (n int64) {
	for _, v := range s {
		n += v
	}
	return n
}

var _ = drive("MakeVariableUsed", func(i int) { MakeVariableUsed(i) })

//stackward:noalloc
//go:noinline
func MakeReturned(i int) []byte { return make([]byte, size(i)) }

var _ = drive("MakeReturned", func(i int) { MakeReturned(i) })

//stackward:noalloc
//go:noinline
func MakeTooLarge(i int) int { s := make([]byte, 70<<10); s[size(i)] = 1; return int(s[0]) }

var _ = drive("MakeTooLarge", func(i int) { MakeTooLarge(i) })

//stackward:noalloc
//go:noinline
func LiteralLocal(i int) int64 { return total([]int64{1, 2, int64(i)}) }

var _ = drive("LiteralLocal", func(i int) { LiteralLocal(i) })

//stackward:noalloc
//go:noinline
func LiteralReturned(i int) []int { return []int{i, i + 1} }

var _ = drive("LiteralReturned", func(i int) { LiteralReturned(i) })

//stackward:noalloc
//go:noinline
func LiteralEmpty(i int) []int { return []int{} }

var _ = drive("LiteralEmpty", func(i int) { LiteralEmpty(i) })

//stackward:noalloc
//go:noinline
func AppendPresized(i int) int {
	s := make([]int, 0, 16)
	for k := range min(size(i), 16) {
		s = append(s, k)
	}
	return len(s)
}

var _ = drive("AppendPresized", func(i int) { AppendPresized(i) })

//stackward:noalloc
//go:noinline
func AppendBeyond(i int) int {
	s := make([]int, 0, 16)
	for k := range size(i) {
		s = append(s, k)
	}
	return len(s)
}

var _ = drive("AppendBeyond", func(i int) { AppendBeyond(i) })

//stackward:noalloc
//go:noinline
func AppendReturned(i int) (s []int) {
	for k := range min(size(i), 100) {
		s = append(s, k)
	}
	return s
}

var _ = drive("AppendReturned", func(i int) { AppendReturned(i) })

//stackward:noalloc
//go:noinline
func AppendOnto(b []byte, s string) []byte { return append(b, s...) }

var onto []byte

var _ = drive("AppendOnto", func(i int) { onto = AppendOnto(onto[:0], text(i)) })

type buffer struct {
	b    []byte
	keys map[string]int
	last *T
}

//stackward:noalloc
//go:noinline
func (b *buffer) Append(s string) { b.b = append(b.b[:0], s...) }

var aBuffer buffer

var _ = drive("(*buffer).Append", func(i int) { aBuffer.Append(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) AppendFresh(s string) { b.b = append([]byte(nil), s...) }

var bBuffer buffer

var _ = drive("(*buffer).AppendFresh", func(i int) { bBuffer.AppendFresh(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) AppendNil(s string) {
	b.b = nil
	b.b = append(b.b, s...)
}

var cBuffer buffer

var _ = drive("(*buffer).AppendNil", func(i int) { cBuffer.AppendNil(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Clip(s string) {
	b.b = append(b.b[:0:0], s...)
}

var dBuffer buffer

var _ = drive("(*buffer).Clip", func(i int) { dBuffer.Clip(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Reserve(n int) []byte {
	if cap(b.b) < n {
		b.b = make([]byte, n)
	}
	return b.b[:n]
}

var eBuffer buffer

var _ = drive("(*buffer).Reserve", func(i int) { eBuffer.Reserve(size(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) ReserveForgets(n int) []byte {
	if cap(b.b) < n {
		return make([]byte, n)
	}
	return b.b[:n]
}

var fBuffer buffer

var _ = drive("(*buffer).ReserveForgets", func(i int) { fBuffer.ReserveForgets(size(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Swap(s string) {
	old := b.b
	b.b = append(make([]byte, 0, 8), s...)
	keepBytes = old
}

var gBuffer buffer

var _ = drive("(*buffer).Swap", func(i int) { gBuffer.Swap(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Lazy(i int) int {
	if b.last == nil {
		b.last = new(T)
	}
	b.last.A = i
	return b.last.B
}

var hBuffer buffer

var _ = drive("(*buffer).Lazy", func(i int) { hBuffer.Lazy(i) })

//stackward:noalloc
//go:noinline
func (b *buffer) LazyAndDrop(i int) int {
	if b.last == nil {
		b.last = &T{A: i}
	}
	n := b.last.A
	b.last = nil
	return n
}

var iBuffer buffer

var _ = drive("(*buffer).LazyAndDrop", func(i int) { iBuffer.LazyAndDrop(i) })

//stackward:noalloc
//go:noinline
func AppendClone(s []int) []int { return slices.Clone(s) }

var _ = drive("AppendClone", func(i int) { AppendClone(numbers(i)) })

//stackward:noalloc
//go:noinline
func AppendGrow(s []int, n int) []int { return slices.Grow(s[:0], n) }

var grown []int

var _ = drive("AppendGrow", func(i int) { grown = AppendGrow(grown, size(i)) })

//stackward:noalloc
//go:noinline
func AppendInsert(s []int, i int) []int { return slices.Insert(s[:0], 0, i, i) }

var inserted []int

var _ = drive("AppendInsert", func(i int) { inserted = AppendInsert(inserted, i) })

//stackward:noalloc
//go:noinline
func AppendTwice(b []byte, s string) ([]byte, []byte) {
	c := append(b, s...)
	d := append(b[:0:0], c...)
	return c, d
}

var twice []byte

var _ = drive("AppendTwice", func(i int) { twice, _ = AppendTwice(twice[:0], text(i)) })

//stackward:noalloc
//go:noinline
func AppendAliased(b []byte, s string) []byte {
	x := b
	x = append(x, s...)
	y := append(x, '\n')
	return y
}

var aliased []byte

var _ = drive("AppendAliased", func(i int) { aliased = AppendAliased(aliased[:0], text(i)) })

//stackward:noalloc
//go:noinline
func AppendDropped(b []byte, s string) int { return len(append(b, s...)) }

var _ = drive("AppendDropped", func(i int) { AppendDropped(data(5), text(i)) })

//stackward:noalloc
//go:noinline
func AppendInPlace(s []int, i int) []int { return append(s[:1], i) }

var place = make([]int, 4)

var _ = drive("AppendInPlace", func(i int) { AppendInPlace(place, i) })

//stackward:noalloc
//go:noinline
func AppendSlices(dst [][]byte, b []byte) [][]byte { return append(dst, b) }

var rows [][]byte

var _ = drive("AppendSlices", func(i int) { rows = AppendSlices(rows[:0], data(i)) })

//stackward:noalloc
//go:noinline
func AppendPointers(dst []*T, i int) []*T { return append(dst, &T{A: i}) }

var pointers []*T

var _ = drive("AppendPointers", func(i int) { pointers = AppendPointers(pointers[:0], i) })

//stackward:noalloc
//go:noinline
func Reslice(s []int, i int) []int { return s[size(i)/2 : size(i)] }

var _ = drive("Reslice", func(i int) { Reslice(longInts, i) })

//stackward:noalloc
//go:noinline
func CopyInto(dst, src []byte) int { return copy(dst, src) }

var into [longest]byte

var _ = drive("CopyInto", func(i int) { CopyInto(into[:], data(i)) })

//stackward:noalloc
//go:noinline
func DeleteInPlace(s []int) []int { return slices.Delete(s, 0, min(1, len(s))) }

var _ = drive("DeleteInPlace", func(i int) { DeleteInPlace(numbers(i)) })

//stackward:noalloc
//go:noinline
func Sequence(i int) []int {
	if i < 0 {
		return nil
	}
	return make([]int, 0, min(i, 10))
}

var _ = drive("Sequence", func(i int) { Sequence(i) })

//stackward:noalloc
//go:noinline
func Matrix(i int) [][]int {
	m := make([][]int, 3)
	for k := range m {
		m[k] = make([]int, 3)
	}
	return m
}

var _ = drive("Matrix", func(i int) { Matrix(i) })

//stackward:noalloc
//go:noinline
func StackBuffer(s string) int {
	var a [64]byte
	b := append(a[:0], s...)
	return len(b)
}

var _ = drive("StackBuffer", func(i int) { StackBuffer(text(i)) })

//stackward:noalloc
//go:noinline
func StackBufferBounded(s string) int {
	var a [64]byte
	return copy(a[:], s)
}

var _ = drive("StackBufferBounded", func(i int) { StackBufferBounded(text(i)) })

//stackward:noalloc
//go:noinline
func AppendVia(b []byte, s string) int { return len(AppendOnto(b, s)) }

var _ = drive("AppendVia", func(i int) { AppendVia(data(5), text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) AppendVia(s string) { b.b = AppendOnto(b.b[:0], s) }

var mBuffer buffer

var _ = drive("(*buffer).AppendVia", func(i int) { mBuffer.AppendVia(text(i)) })

//stackward:noalloc
//go:noinline
func AppendThenCompare(b []byte, s string) bool {
	b = append(b, s...)
	return string(b) == s
}

var _ = drive("AppendThenCompare", func(i int) { AppendThenCompare(data(5), text(i)) })

func room(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

//stackward:noalloc
//go:noinline
func (b *buffer) Room(n int) { b.b = room(b.b, n) }

var nBuffer buffer

var _ = drive("(*buffer).Room", func(i int) { nBuffer.Room(size(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) RoomDropped(n int) int { return len(room(b.b, n)) }

var oBuffer buffer

var _ = drive("(*buffer).RoomDropped", func(i int) { oBuffer.RoomDropped(size(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Emptied(s string) {
	b.b = append(b.b, s...)
	if len(b.b) > 10 {
		keepBytes = b.b
	}
	b.b = nil
}

var pBuffer buffer

var _ = drive("(*buffer).Emptied", func(i int) { pBuffer.Emptied(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Zeroed(s string) {
	*b = buffer{}
	b.b = append(b.b, s...)
}

var qBuffer buffer

var _ = drive("(*buffer).Zeroed", func(i int) { qBuffer.Zeroed(text(i)) })

//stackward:noalloc
//go:noinline
func (b *buffer) Shrinks(s string) {
	b.b = append(b.b[:0], s...)
	if cap(b.b) > 1<<20 {
		b.b = nil
	}
}

var rBuffer buffer

var _ = drive("(*buffer).Shrinks", func(i int) { rBuffer.Shrinks(text(i)) })

// A pair has two buffers, of which one may be put where the other was.
type pair struct{ b, other []byte }

//stackward:noalloc
//go:noinline
func (p *pair) Sometimes(s string, drop bool) {
	p.b = append(p.b, s...)
	if drop {
		p.b = nil
	}
}

var aPair pair

var _ = drive("(*pair).Sometimes", func(i int) { aPair.Sometimes(text(i), i%2 == 0) })

//stackward:noalloc
//go:noinline
func (p *pair) Fresh(s string) {
	p.b = []byte{}
	p.b = append(p.b, s...)
}

var bPair pair

var _ = drive("(*pair).Fresh", func(i int) { bPair.Fresh(text(i)) })

//go:noinline
func extended(b []byte, s string) []byte { return append(b, s...) }

//stackward:noalloc
//go:noinline
func (p *pair) Elsewhere(s string) { p.other = extended(p.b, s) }

var cPair pair

var _ = drive("(*pair).Elsewhere", func(i int) { cPair.Elsewhere(text(i)) })

//stackward:noalloc
//go:noinline
func (p *pair) Onto(s string) { p.b = extended(p.b[:0], s) }

var dPair pair

var _ = drive("(*pair).Onto", func(i int) { dPair.Onto(text(i)) })

func (p *pair) drop() []byte {
	x := p.b
	p.b = nil
	return x
}

//stackward:noalloc
//go:noinline
func (p *pair) Taken(s string) int {
	p.b = append(p.b, s...)
	x := p.drop()
	return len(x)
}

var ePair pair

var _ = drive("(*pair).Taken", func(i int) { ePair.Taken(text(i)) })
