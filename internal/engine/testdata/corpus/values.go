package corpus

// Values: new, composite literals, variables that move, copies.

//stackward:noalloc
//go:noinline
func NewInt(i int) *int { p := new(int); *p = i; return p }

var _ = drive("NewInt", func(i int) { NewInt(i) })

//stackward:noalloc
//go:noinline
func NewLocal(i int) int { p := new(int); *p = i; return *p + 1 }

var _ = drive("NewLocal", func(i int) { NewLocal(i) })

//stackward:noalloc
//go:noinline
func CompositeReturned(i int) *T { return &T{A: i} }

var _ = drive("CompositeReturned", func(i int) { CompositeReturned(i) })

//stackward:noalloc
//go:noinline
func CompositeLocal(i int) int { t := &T{A: i}; t.B = t.A; return t.B }

var _ = drive("CompositeLocal", func(i int) { CompositeLocal(i) })

//stackward:noalloc
//go:noinline
func CompositeStored(i int) { keepT = &T{A: i} }

var _ = drive("CompositeStored", func(i int) { CompositeStored(i) })

//stackward:noalloc
//go:noinline
func CompositeRarely(i int) {
	if i == 1000 {
		keepT = &T{A: i}
	}
}

var _ = drive("CompositeRarely", func(i int) { CompositeRarely(i) })

//stackward:noalloc
//go:noinline
func CompositeByValue(i int) T { return T{A: i, B: i} }

var _ = drive("CompositeByValue", func(i int) { CompositeByValue(i) })

//stackward:noalloc
//go:noinline
func CompositeNested(i int) *T { return &T{Next: &T{A: i}} }

var _ = drive("CompositeNested", func(i int) { CompositeNested(i) })

//stackward:noalloc
//go:noinline
func VariableReturned(i int) *int { return &i }

var _ = drive("VariableReturned", func(i int) { VariableReturned(i) })

//stackward:noalloc
//go:noinline
func VariableStored(i int) {
	n := i * 2
	if i > 255 {
		keepInt = &n
	}
}

var _ = drive("VariableStored", func(i int) { VariableStored(i) })

//stackward:noalloc
//go:noinline
func VariableDown(i int) int { n := i; double(&n); return n }

//go:noinline
func double(p *int) { *p *= 2 }

var _ = drive("VariableDown", func(i int) { VariableDown(i) })

//stackward:noalloc
//go:noinline
func VariableInLoop(i int) (last *int) {
	for n := range min(max(i, 0), 40) {
		last = &n
	}
	return last
}

var _ = drive("VariableInLoop", func(i int) { VariableInLoop(i) })

//stackward:noalloc
//go:noinline
func ParameterLeaks(t T) { keepT = &t }

var _ = drive("ParameterLeaks", func(i int) { ParameterLeaks(T{A: i}) })

//stackward:noalloc
//go:noinline
func ThroughPointer(t *T, i int) { t.A = i; keepT = t }

var _ = drive("ThroughPointer", func(i int) { ThroughPointer(value(i), i) })

//stackward:noalloc
//go:noinline
func LinkOnto(head **T, i int) {
	if i < 0 {
		*head = nil
		return
	}
	*head = &T{A: i}
}

var _ = drive("LinkOnto", func(i int) { LinkOnto(&keepT, i) })

//stackward:noalloc
//go:noinline
func ArrayLarge(i int) int {
	var a [100 << 10]byte
	a[size(i)] = 1
	return int(a[size(i)/2])
}

var _ = drive("ArrayLarge", func(i int) { ArrayLarge(i) })

//stackward:noalloc
//go:noinline
func ArrayTooLarge(i int) int {
	var a [10 << 20]byte
	a[size(i)] = 1
	return int(a[size(i)/2])
}

var _ = drive("ArrayTooLarge", func(i int) {
	if i < 8 {
		ArrayTooLarge(i)
	}
})

//stackward:noalloc
//go:noinline
func NewTooLarge(i int) int {
	p := new([65 << 10]byte)
	p[size(i)] = 1
	return int(p[size(i)/2])
}

var _ = drive("NewTooLarge", func(i int) { NewTooLarge(i) })

//stackward:noalloc
//go:noinline
func CopyLarge(b *Big) Big { c := *b; c[0]++; return c }

var aBig Big

var _ = drive("CopyLarge", func(i int) { CopyLarge(&aBig) })

//stackward:noalloc
//go:noinline
func CopyToHeap(b *Big) *Big { c := *b; return &c }

var _ = drive("CopyToHeap", func(i int) { CopyToHeap(&aBig) })

//stackward:noalloc
//go:noinline
func ZeroSize(i int) *struct{} { return new(struct{}) }

var _ = drive("ZeroSize", func(i int) { ZeroSize(i) })

//stackward:noalloc
//go:noinline
func ZeroArray(i int) any { return [0]int{} }

var _ = drive("ZeroArray", func(i int) { ZeroArray(i) })

type inner struct{ n int }

func (p *inner) bump() *inner { p.n++; return p }

type outer struct {
	inner
	name string
}

//stackward:noalloc
//go:noinline
func Embedded(o *outer) int { return o.bump().n }

var anOuter outer

var _ = drive("Embedded", func(i int) { Embedded(&anOuter) })

//stackward:noalloc
//go:noinline
func EmbeddedLeaks(o outer) *inner { return o.bump() }

var _ = drive("EmbeddedLeaks", func(i int) { EmbeddedLeaks(anOuter) })

//stackward:noalloc
//go:noinline
func PointerInStruct(i int) int {
	t := T{A: i}
	u := T{Next: &t}
	return u.Next.A
}

var _ = drive("PointerInStruct", func(i int) { PointerInStruct(i) })

//stackward:noalloc
//go:noinline
func PointerFromBranch(i int) *T {
	t := value(i)
	if i > 32 {
		t = &T{A: i}
	}
	return t
}

var _ = drive("PointerFromBranch", func(i int) { PointerFromBranch(i) })

//stackward:noalloc
//go:noinline
func ReturnsOnError(i int) (*T, bool) {
	if i < 0 {
		return &T{B: i}, false
	}
	return nil, true
}

var _ = drive("ReturnsOnError", func(i int) { ReturnsOnError(i) })

//stackward:noalloc
//go:noinline
func ChooseConstant(i int) string {
	switch {
	case i < 0:
		return "negative"
	case i > 100:
		return "large"
	}
	return "small"
}

var _ = drive("ChooseConstant", func(i int) { ChooseConstant(i) })

//stackward:noalloc
//go:noinline
func Fibonacci(i int) (a int) {
	b := 1
	for range size(i) {
		a, b = b, a+b
	}
	return a
}

var _ = drive("Fibonacci", func(i int) { Fibonacci(i) })

//stackward:noalloc
//go:noinline
func GotoRetry(i int) *T {
	n := 0
again:
	if n < 3 && n < i {
		n++
		goto again
	}
	if n == 3 {
		return &T{A: n}
	}
	return nil
}

var _ = drive("GotoRetry", func(i int) { GotoRetry(i) })

//stackward:noalloc
//go:noinline
func Labelled(s []int) int {
outer:
	for i := range s {
		for j := range i {
			if j > 3 {
				continue outer
			}
			if s[j] > 0 {
				break outer
			}
		}
	}
	return len(s)
}

var _ = drive("Labelled", func(i int) { Labelled(numbers(i)) })

//stackward:noalloc
//go:noinline
func LabelledAllocates(s []int) *T {
outer:
	for i := range s {
		for j := range s {
			if i+j > 100 {
				keepT = &T{A: i, B: j}
				break outer
			}
		}
	}
	return nil
}

var _ = drive("LabelledAllocates", func(i int) { LabelledAllocates(numbers(i)) })
