package corpus

import "io"

// Boxing, and calls through interfaces.

//stackward:noalloc
//go:noinline
func BoxInt(i int) any { return i }

var _ = drive("BoxInt", func(i int) { BoxInt(i) })

//stackward:noalloc
//go:noinline
func BoxSmall(i int) any { return i & 0xff }

var _ = drive("BoxSmall", func(i int) { BoxSmall(i) })

//stackward:noalloc
//go:noinline
func BoxByte(i int) any { return byte(i) }

var _ = drive("BoxByte", func(i int) { BoxByte(i) })

//stackward:noalloc
//go:noinline
func BoxBool(i int) any { return i > 7 }

var _ = drive("BoxBool", func(i int) { BoxBool(i) })

//stackward:noalloc
//go:noinline
func BoxConstant(i int) any {
	if i < 0 {
		return "negative"
	}
	return 1000
}

var _ = drive("BoxConstant", func(i int) { BoxConstant(i) })

//stackward:noalloc
//go:noinline
func BoxPointer(t *T) any { return t }

var _ = drive("BoxPointer", func(i int) { BoxPointer(value(i)) })

//stackward:noalloc
//go:noinline
func BoxFunc(f func(int) int) any { return f }

var _ = drive("BoxFunc", func(i int) { BoxFunc(addOne) })

//stackward:noalloc
//go:noinline
func BoxChan(c chan int) any { return c }

var _ = drive("BoxChan", func(i int) { BoxChan(aChan) })

//stackward:noalloc
//go:noinline
func BoxZeroSize(i int) any { return struct{}{} }

var _ = drive("BoxZeroSize", func(i int) { BoxZeroSize(i) })

//stackward:noalloc
//go:noinline
func BoxString(s string) any { return s }

var _ = drive("BoxString", func(i int) { BoxString(text(i)) })

//stackward:noalloc
//go:noinline
func BoxSlice(b []byte) any { return b }

var _ = drive("BoxSlice", func(i int) { BoxSlice(data(i)) })

//stackward:noalloc
//go:noinline
func BoxStruct(t T) any { return t }

var _ = drive("BoxStruct", func(i int) { BoxStruct(T{A: i}) })

//stackward:noalloc
//go:noinline
func BoxLarge(b *Big) any { return *b }

var _ = drive("BoxLarge", func(i int) { BoxLarge(&aBig) })

//stackward:noalloc
//go:noinline
func BoxPointerStruct(t *T) any { return struct{ t *T }{t} }

var _ = drive("BoxPointerStruct", func(i int) { BoxPointerStruct(value(i)) })

//stackward:noalloc
//go:noinline
func BoxFloat(i int) any { return float64(i) }

var _ = drive("BoxFloat", func(i int) { BoxFloat(i) })

//stackward:noalloc
//go:noinline
func BoxLocal(i int) int { return unbox(i) }

//go:noinline
func unbox(v any) int { n, _ := v.(int); return n }

var _ = drive("BoxLocal", func(i int) { BoxLocal(i) })

//stackward:noalloc
//go:noinline
func BoxKept(i int) { keepAny = i }

var _ = drive("BoxKept", func(i int) { BoxKept(i) })

//stackward:noalloc
//go:noinline
func BoxCompare(v any, i int) bool { return v == any(i) }

var _ = drive("BoxCompare", func(i int) { BoxCompare(anInt, i) })

var anInt any = 1000

//stackward:noalloc
//go:noinline
func Rebox(v any) io.Writer { w, _ := v.(io.Writer); return w }

var _ = drive("Rebox", func(i int) { Rebox(anInt) })

//stackward:noalloc
//go:noinline
func Widen(w io.ReadWriter) any { return w }

var _ = drive("Widen", func(i int) { Widen(nil) })

type shape interface{ area() int }

type square int

func (s square) area() int { return int(s) * int(s) }

type rect struct{ w, h int }

func (r *rect) area() int { return r.w * r.h }

var aSquare shape = square(4)

//stackward:noalloc
//go:noinline
func Devirtualised(i int) int { var s shape = square(i); return s.area() }

var _ = drive("Devirtualised", func(i int) { Devirtualised(i) })

//stackward:noalloc
//go:noinline
func AreaOf(s shape) int { return s.area() }

var _ = drive("AreaOf", func(i int) { AreaOf(aSquare) })

type sizer interface{ sized() int }

type plain struct{ n int }

func (p *plain) sized() int { return p.n }

type costly struct{ n *int }

func (c *costly) sized() int { c.n = new(int); return *c.n }

//stackward:noalloc
//go:noinline
func SizeOf(s sizer) int { return s.sized() }

var sizers = [...]sizer{new(plain), new(costly)}

var _ = drive("SizeOf", func(i int) { SizeOf(sizers[i&1]) })

//stackward:noalloc
//go:noinline
func SizeKnown(p *plain) int { return sizeOf(p) }

//go:noinline
func sizeOf(s sizer) int { return s.sized() }

var aPlain plain

var _ = drive("SizeKnown", func(i int) { SizeKnown(&aPlain) })

//stackward:noalloc
//go:noinline
func SizeCostly(c *costly) int { return sizeOf(c) }

var aCostly costly

var _ = drive("SizeCostly", func(i int) { SizeCostly(&aCostly) })

// A Namer may be any type, of any package.
type Namer interface{ Name() string }

type fixed struct{}

func (fixed) Name() string { return "fixed" }

type built struct{ n int }

func (b *built) Name() string { return text(b.n) + "!" }

//stackward:noalloc
//go:noinline
func NameOf(n Namer) string { return n.Name() }

var _ = drive("NameOf", func(i int) { NameOf(fixed{}) })

//stackward:noalloc
//go:noinline
func NameOfBuilt(n Namer) string { return n.Name() }

var aBuilt = &built{40}

var _ = drive("NameOfBuilt", func(i int) { NameOfBuilt(aBuilt) })

//stackward:noalloc
//go:noinline
func WriteTo(w io.Writer, b []byte) { w.Write(b) }

var _ = drive("WriteTo", func(i int) { WriteTo(io.Discard, data(i)) })

type wrapper struct{ Namer }

//stackward:noalloc
//go:noinline
func (w wrapper) Wrapped() string { return w.Name() }

var aWrapper = wrapper{fixed{}}

var _ = drive("wrapper.Wrapped", func(i int) { aWrapper.Wrapped() })

//stackward:noalloc
//go:noinline
func TypeSwitch(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case string:
		return len(v)
	case shape:
		return v.area()
	case nil:
		return -1
	}
	return 0
}

var mixed = [...]any{1, "two", aSquare, nil}

var _ = drive("TypeSwitch", func(i int) { TypeSwitch(mixed[i&3]) })

//stackward:noalloc
//go:noinline
func TypeSwitchBoxes(v any) any {
	switch v := v.(type) {
	case int:
		return v + 1000
	case string:
		return v
	}
	return nil
}

var _ = drive("TypeSwitchBoxes", func(i int) { TypeSwitchBoxes(mixed[i&3]) })

//stackward:noalloc
//go:noinline
func AssertType(v any) int { return v.(int) }

var _ = drive("AssertType", func(i int) { AssertType(mixed[i&3]) })

//stackward:noalloc
//go:noinline
func Promised(p promised) int { return p.Value() }

type promised interface {
	//stackward:noalloc
	Value() int
}

type cell struct{ v int }

func (c *cell) Value() int { return c.v }

var aCell cell

var _ = drive("Promised", func(i int) { Promised(&aCell) })
var _ = drive("(*cell).Value", func(i int) { aCell.Value() })
