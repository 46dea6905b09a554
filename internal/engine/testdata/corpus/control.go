package corpus

import (
	"errors"
	"fmt"
	"sync"
)

// Goroutines, defer, panics, recursion, variadic calls.

var group sync.WaitGroup

//stackward:noalloc
//go:noinline
func GoStatic(i int) { group.Add(1); go done() }

//go:noinline
func done() { group.Done() }

var _ = drive("GoStatic", func(i int) { GoStatic(i); group.Wait() })

//stackward:noalloc
//go:noinline
func GoArguments(i int) { group.Add(1); go doneWith(i) }

//go:noinline
func doneWith(i int) { group.Done() }

var _ = drive("GoArguments", func(i int) { GoArguments(i); group.Wait() })

//stackward:noalloc
//go:noinline
func GoRarely(i int) {
	if i == 33 {
		group.Add(1)
		go func() { doneWith(i) }()
	}
}

var _ = drive("GoRarely", func(i int) { GoRarely(i); group.Wait() })

var mu sync.Mutex

//stackward:noalloc
//go:noinline
func DeferPlain(i int) int { mu.Lock(); defer mu.Unlock(); return i }

var _ = drive("DeferPlain", func(i int) { DeferPlain(i) })

//stackward:noalloc
//go:noinline
func DeferClosure(i int) (n int) {
	defer func() { n += i }()
	return i
}

var _ = drive("DeferClosure", func(i int) { DeferClosure(i) })

//stackward:noalloc
//go:noinline
func DeferLoop(i int) {
	for range min(size(i), 20) {
		mu.Lock()
		defer noop()
		mu.Unlock()
	}
}

//go:noinline
func noop() {}

var _ = drive("DeferLoop", func(i int) { DeferLoop(i) })

//stackward:noalloc
//go:noinline
func DeferLoopArguments(i int) {
	for k := range min(size(i), 20) {
		defer noopWith(k)
	}
}

//go:noinline
func noopWith(int) {}

var _ = drive("DeferLoopArguments", func(i int) { DeferLoopArguments(i) })

//stackward:noalloc
//go:noinline
func DeferInLiteral(i int) {
	for range min(size(i), 20) {
		func() {
			mu.Lock()
			defer mu.Unlock()
		}()
	}
}

var _ = drive("DeferInLiteral", func(i int) { DeferInLiteral(i) })

//stackward:noalloc
//go:noinline
func DeferCondition(i int) {
	if i > 7 {
		defer noop()
	}
}

var _ = drive("DeferCondition", func(i int) { DeferCondition(i) })

//stackward:noalloc
//go:noinline
func DeferAllocates(i int) {
	defer func() {
		if i < 0 {
			keepInt = new(int)
		}
	}()
}

var _ = drive("DeferAllocates", func(i int) { DeferAllocates(i) })

//stackward:noalloc
//go:noinline
func NamedCaptured(i int) (err error) {
	defer func() {
		if err != nil {
			err = errKnown
		}
	}()
	if i < 0 {
		return errOther
	}
	return nil
}

var errKnown, errOther = errors.New("known"), errors.New("other")

var _ = drive("NamedCaptured", func(i int) { NamedCaptured(i) })

//stackward:noalloc
//go:noinline
func NamedWrapped(i int) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
	}()
	if i < 0 {
		return errOther
	}
	return nil
}

var _ = drive("NamedWrapped", func(i int) { NamedWrapped(i) })

//stackward:noalloc
//go:noinline
func PanicFormats(s []int, i int) int {
	if i > 1000 {
		panic(fmt.Sprintf("index %d", i))
	}
	return len(s)
}

var _ = drive("PanicFormats", func(i int) { PanicFormats(nil, i) })

//stackward:noalloc
//go:noinline
func PanicRecovered(i int) (n int) {
	defer func() { recover() }()
	if i > 1000 {
		panic(fmt.Sprintf("index %d", i))
	}
	return i
}

var _ = drive("PanicRecovered", func(i int) { PanicRecovered(i) })

//stackward:noalloc
//go:noinline
func PanicConstantRecovered(i int) (n int) {
	defer func() { recover() }()
	if i > 1000 {
		panic("too large")
	}
	return i
}

var _ = drive("PanicConstantRecovered", func(i int) { PanicConstantRecovered(i) })

//stackward:noalloc
//go:noinline
func IndexRecovered(s []int, i int) (n int) {
	defer func() {
		if recover() != nil {
			n = -1
		}
	}()
	return s[i]
}

var _ = drive("IndexRecovered", func(i int) { IndexRecovered(longInts, i) })

//stackward:noalloc
//go:noinline
func NilRecovered(t *T) (ok bool) {
	defer func() { ok = recover() == nil }()
	return t.Next.A == 0
}

var _ = drive("NilRecovered", func(i int) { NilRecovered(value(i)) })

//stackward:noalloc
//go:noinline
func Must(i int) int {
	if i < 0 {
		fail("negative", i)
	}
	return i
}

//go:noinline
func fail(what string, i int) { panic(errors.New(what + fmt.Sprint(i))) }

var _ = drive("Must", func(i int) { Must(i) })

//stackward:noalloc
//go:noinline
func Factorial(i int) int {
	if i <= 1 {
		return 1
	}
	return i * Factorial(min(i, 50)-1)
}

var _ = drive("Factorial", func(i int) { Factorial(i) })

//stackward:noalloc
//go:noinline
func DeepAllocates(i int) int {
	if i > 40 {
		keepInt = new(int)
		return 0
	}
	if i < 30 {
		return 0
	}
	return 1 + DeepAllocates(i+3)
}

var _ = drive("DeepAllocates", func(i int) { DeepAllocates(i) })

//stackward:noalloc
//go:noinline
func Even(i int) bool {
	if i <= 0 {
		return true
	}
	return odd(min(i, 100) - 1)
}

//go:noinline
func odd(i int) bool {
	if i == 0 {
		return false
	}
	return Even(i - 1)
}

var _ = drive("Even", func(i int) { Even(i) })

//stackward:noalloc
//go:noinline
func EvenAllocates(i int) bool {
	if i <= 0 {
		return true
	}
	return oddAllocates(min(i, 100) - 1)
}

//go:noinline
func oddAllocates(i int) bool {
	if i == 0 {
		keepInt = new(int)
		return false
	}
	return EvenAllocates(i - 1)
}

var _ = drive("EvenAllocates", func(i int) { EvenAllocates(i) })

type node struct {
	left, right *node
	key         int
}

//stackward:noalloc
//go:noinline
func (n *node) Depth() int {
	if n == nil {
		return 0
	}
	return 1 + max(n.left.Depth(), n.right.Depth())
}

var aTree = &node{&node{nil, nil, 1}, &node{nil, nil, 3}, 2}

var _ = drive("(*node).Depth", func(i int) { aTree.Depth() })

//stackward:noalloc
//go:noinline
func (n *node) Walk(f func(int)) {
	if n != nil {
		n.left.Walk(f)
		f(n.key)
		n.right.Walk(f)
	}
}

var _ = drive("(*node).Walk", func(i int) { aTree.Walk(noopWith) })

//stackward:noalloc
//go:noinline
func TreeSum(n *node) (sum int) {
	n.Walk(func(k int) { sum += k })
	return sum
}

var _ = drive("TreeSum", func(i int) { TreeSum(aTree) })

//stackward:noalloc
//go:noinline
func (n *node) Insert(key int) *node {
	if n == nil {
		return &node{key: key}
	}
	if key < n.key {
		n.left = n.left.Insert(key)
	} else if key > n.key {
		n.right = n.right.Insert(key)
	}
	return n
}

var bTree *node

var _ = drive("(*node).Insert", func(i int) { bTree = bTree.Insert(i) })

//go:noinline
func sum(n ...int) (all int) {
	for _, v := range n {
		all += v
	}
	return all
}

//go:noinline
func keepAll(n ...int) { keepInts = n }

//go:noinline
func anyCount(v ...any) int { return len(v) }

//go:noinline
func anyKeep(v ...any) { keepAny = v[len(v)-1] }

//stackward:noalloc
//go:noinline
func VariadicLocal(i int) int { return sum(i, i+1, i+2) }

var _ = drive("VariadicLocal", func(i int) { VariadicLocal(i) })

//stackward:noalloc
//go:noinline
func VariadicKept(i int) { keepAll(i, i+1) }

var _ = drive("VariadicKept", func(i int) { VariadicKept(i) })

//stackward:noalloc
//go:noinline
func VariadicNone(i int) int { return sum() }

var _ = drive("VariadicNone", func(i int) { VariadicNone(i) })

//stackward:noalloc
//go:noinline
func VariadicPassed(s []int) int { return sum(s...) }

var _ = drive("VariadicPassed", func(i int) { VariadicPassed(numbers(i)) })

//stackward:noalloc
//go:noinline
func VariadicAny(i int, s string) int { return anyCount(i, s, 3) }

var _ = drive("VariadicAny", func(i int) { VariadicAny(i, text(i)) })

//stackward:noalloc
//go:noinline
func VariadicAnyKept(i int, s string) { anyKeep(i, s) }

var _ = drive("VariadicAnyKept", func(i int) { VariadicAnyKept(i, text(i)) })

//stackward:noalloc
//go:noinline
func ErrorOnly(i int) error {
	if i < 0 {
		return errors.New("negative")
	}
	return nil
}

var _ = drive("ErrorOnly", func(i int) { ErrorOnly(i) })

//stackward:noalloc
//go:noinline
func ErrorKnown(i int) error {
	if i < 0 {
		return errKnown
	}
	return nil
}

var _ = drive("ErrorKnown", func(i int) { ErrorKnown(i) })

//stackward:noalloc
//go:noinline
func ErrorFormatted(i int) error {
	if i > 1000 {
		return fmt.Errorf("too large: %d", i)
	}
	return nil
}

var _ = drive("ErrorFormatted", func(i int) { ErrorFormatted(i) })

type codeError int

func (e codeError) Error() string { return "code" }

//stackward:noalloc
//go:noinline
func ErrorCode(i int) error {
	if i > 32 {
		return codeError(i)
	}
	return nil
}

var _ = drive("ErrorCode", func(i int) { ErrorCode(i) })

//stackward:noalloc
//go:noinline
func ErrorIs(err error) bool { return errors.Is(err, errKnown) }

var wrappedErr = fmt.Errorf("wrapped: %w", errKnown)

var _ = drive("ErrorIs", func(i int) { ErrorIs(wrappedErr) })

//stackward:noalloc
//go:noinline
func ErrorAs(err error) bool { var c codeError; return errors.As(err, &c) }

var _ = drive("ErrorAs", func(i int) { ErrorAs(wrappedErr) })

//stackward:noalloc
//go:noinline
func ErrorJoin(a, b error) error { return errors.Join(a, b) }

var _ = drive("ErrorJoin", func(i int) { ErrorJoin(nil, wrappedErr) })

//stackward:noalloc
//go:noinline
func ErrorText(err error) string { return err.Error() }

var _ = drive("ErrorText", func(i int) { ErrorText(errKnown) })

//stackward:noalloc
//go:noinline
func ErrorUnwrap(err error) error { return errors.Unwrap(err) }

var _ = drive("ErrorUnwrap", func(i int) { ErrorUnwrap(wrappedErr) })

//stackward:noalloc
//go:noinline
func AssertRecovered(v any) (n int) {
	defer func() { recover() }()
	return v.(int)
}

var _ = drive("AssertRecovered", func(i int) { AssertRecovered(mixed[i&3]) })

//stackward:noalloc
//go:noinline
func DivideRecovered(i int) (n int) {
	defer func() { recover() }()
	return 100 / (i & 1)
}

var _ = drive("DivideRecovered", func(i int) { DivideRecovered(i) })
