package corpus

// Closures, method values, function values.

//stackward:noalloc
//go:noinline
func ClosureCalled(i int) int { f := func() int { return i * 2 }; return f() }

var _ = drive("ClosureCalled", func(i int) { ClosureCalled(i) })

//stackward:noalloc
//go:noinline
func ClosureReturned(i int) func() int { return func() int { return i } }

var _ = drive("ClosureReturned", func(i int) { ClosureReturned(i) })

//stackward:noalloc
//go:noinline
func ClosureByReference(i int) func() int { return func() int { i++; return i } }

var _ = drive("ClosureByReference", func(i int) { ClosureByReference(i) })

//stackward:noalloc
//go:noinline
func ClosureStatic(i int) func(int) int { return func(n int) int { return n + 1 } }

var _ = drive("ClosureStatic", func(i int) { ClosureStatic(i) })

//stackward:noalloc
//go:noinline
func ClosureStored(i int) { keepFunc = func(n int) int { return n + i } }

var _ = drive("ClosureStored", func(i int) { ClosureStored(i) })

//go:noinline
func apply(f func(int) int, n int) int { return f(n) }

//go:noinline
func applyKept(f func(int) int, n int) int { keepFunc = f; return f(n) }

//stackward:noalloc
//go:noinline
func ClosureDown(i int) int { return apply(func(n int) int { return n + i }, i) }

var _ = drive("ClosureDown", func(i int) { ClosureDown(i) })

//stackward:noalloc
//go:noinline
func ClosureDownKept(i int) int { return applyKept(func(n int) int { return n + i }, i) }

var _ = drive("ClosureDownKept", func(i int) { ClosureDownKept(i) })

//stackward:noalloc
//go:noinline
func ClosureDownAllocates(i int) int {
	return apply(func(n int) int {
		if n > 32 {
			keepInt = new(int)
		}
		return n
	}, i)
}

var _ = drive("ClosureDownAllocates", func(i int) { ClosureDownAllocates(i) })

//stackward:noalloc
//go:noinline
func ClosureCounts(s []int) (n int) {
	each(s, func(v int) { n += v })
	return n
}

func each(s []int, f func(int)) {
	for _, v := range s {
		f(v)
	}
}

var _ = drive("ClosureCounts", func(i int) { ClosureCounts(numbers(i)) })

//stackward:noalloc
//go:noinline
func ClosureRecursive(i int) int {
	var f func(n int) int
	f = func(n int) int {
		if n <= 1 {
			return 1
		}
		return n * f(n-1)
	}
	return f(size(i))
}

var _ = drive("ClosureRecursive", func(i int) { ClosureRecursive(i) })

//stackward:noalloc
//go:noinline
func ClosureNested(i int) func() func() int {
	return func() func() int { return func() int { return i } }
}

var _ = drive("ClosureNested", func(i int) { ClosureNested(i) })

//stackward:noalloc
//go:noinline
func ClosureChosen(i int) int {
	f := addOne
	if i > 32 {
		f = allocates
	}
	return f(i)
}

func addOne(n int) int { return n + 1 }

//go:noinline
func allocates(n int) int { keepInt = new(int); return n }

var _ = drive("ClosureChosen", func(i int) { ClosureChosen(i) })

//stackward:noalloc
//go:noinline
func MethodValue(t *T) func() int { return t.sum }

func (t *T) sum() int { return t.A + t.B }

var _ = drive("MethodValue", func(i int) { MethodValue(value(i)) })

//stackward:noalloc
//go:noinline
func MethodValueDown(t *T) int { return call(t.sum) }

//go:noinline
func call(f func() int) int { return f() }

var _ = drive("MethodValueDown", func(i int) { MethodValueDown(value(i)) })

//stackward:noalloc
//go:noinline
func MethodExpression(t *T) int { f := (*T).sum; return f(t) }

var _ = drive("MethodExpression", func(i int) { MethodExpression(value(i)) })

//stackward:noalloc
//go:noinline
func MethodOfInterface(s shape) func() int { return s.area }

var _ = drive("MethodOfInterface", func(i int) { MethodOfInterface(aSquare) })

//stackward:noalloc
//go:noinline
func FuncParameter(f func(int) int, i int) int { return f(i) }

var _ = drive("FuncParameter", func(i int) { FuncParameter(addOne, i) })

//stackward:noalloc
//go:noinline
func FuncParameterAllocates(f func(int) int, i int) int { return f(i) }

var _ = drive("FuncParameterAllocates", func(i int) { FuncParameterAllocates(allocates, i) })

var op = addOne

//stackward:noalloc
//go:noinline
func FuncVariable(i int) int { return op(i) }

var _ = drive("FuncVariable", func(i int) { FuncVariable(i) })

var badOp = func(n int) int { keepInt = new(int); return n }

//stackward:noalloc
//go:noinline
func FuncVariableAllocates(i int) int { return badOp(i) }

var _ = drive("FuncVariableAllocates", func(i int) { FuncVariableAllocates(i) })

type hooks struct {
	before, after func(int) int
}

//stackward:noalloc
//go:noinline
func (h *hooks) Run(i int) int {
	if h.before != nil {
		i = h.before(i)
	}
	return h.after(i)
}

var someHooks = hooks{after: addOne}

var _ = drive("(*hooks).Run", func(i int) { someHooks.Run(i) })

var table = [...]func(int) int{addOne, allocates}

//stackward:noalloc
//go:noinline
func FuncTable(i int) int { return table[i&1](i) }

var _ = drive("FuncTable", func(i int) { FuncTable(i) })

//stackward:noalloc
//go:noinline
func FuncMap(i int) int {
	if f := ops[i]; f != nil {
		return f(i)
	}
	return 0
}

var ops = map[int]func(int) int{1: addOne, 7: addOne}

var _ = drive("FuncMap", func(i int) { FuncMap(i) })

//stackward:noalloc
//go:noinline
func FuncReturned(i int) int { return pick(i)(i) }

//go:noinline
func pick(i int) func(int) int {
	if i < 0 {
		return allocates
	}
	return addOne
}

var _ = drive("FuncReturned", func(i int) { FuncReturned(i) })

type option func(*T)

func withA(n int) option { return func(t *T) { t.A = n } }

//stackward:noalloc
//go:noinline
func Options(t *T, i int) { configure(t, withA(i)) }

func configure(t *T, opts ...option) {
	for _, o := range opts {
		o(t)
	}
}

var _ = drive("Options", func(i int) { Options(value(i), i) })

//stackward:noalloc
//go:noinline
func OptionsKept(i int) option { return withA(i) }

var _ = drive("OptionsKept", func(i int) { OptionsKept(i) })
