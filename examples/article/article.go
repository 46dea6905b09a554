// Package article holds the examples and experiments of "Understanding
// Allocations in Go" (James Kirk), as code to point stackward at. Each function
// says what the compiler decides; article_test.go counts what it costs.
//
// Functions are kept from being inlined where the article's point needs a call:
// in a function that is inlined, a returned pointer may stay on the stack.
package article

import (
	"bytes"
	"strconv"
	"sync"
)

// StackIt keeps y on the stack: a copy is returned.
//
//go:noinline
func StackIt() int {
	y := 2
	return y * 2
}

// HeapIt moves res to the heap: a pointer to it is returned.
//
//go:noinline
func HeapIt() *int {
	y := 2
	res := y * 2
	return &res
}

// Process is handed a pointer down the stack, which costs nothing.
//
//go:noinline
func Process(y *int) int { return *y * 2 }

// A Record has the 80 bytes of the article's copy-versus-pointer table.
type Record struct {
	Name, Mail string
	Scores     [6]int
}

// Copy returns a Record by value, in its caller's frame.
//
//go:noinline
func Copy(n int) Record { return Record{Name: "Alice", Scores: [6]int{n}} }

// Pointer returns a pointer to a Record, which is on the heap for it.
//
//go:noinline
func Pointer(n int) *Record { return &Record{Name: "Alice", Scores: [6]int{n}} }

// Sink outlives every call.
var Sink any

// Store puts n into an interface that outlives the call.
//
//go:noinline
func Store(n int) { Sink = n }

// Constant puts a constant into an interface: the compiler says that it
// escapes, and nothing is allocated.
//
//go:noinline
func Constant() { Sink = 7 }

// Capture starts a goroutine whose function literal captures n.
//
//go:noinline
func Capture(n int) int {
	done := make(chan int)
	go func() { done <- n * 2 }()
	return <-done
}

// Large declares an array that is larger than a stack variable may be.
//
//go:noinline
func Large(i int) byte {
	var buf [11 << 20]byte
	buf[i] = 1
	return buf[i/2]
}

// Append grows items from nothing.
//
//go:noinline
func Append(data []string) []string {
	var items []string
	//lint:ignore S1011 the article appends one by one
	for _, v := range data {
		items = append(items, v)
	}
	return items
}

// Preallocate makes items once.
//
//go:noinline
func Preallocate(data []string) []string {
	items := make([]string, 0, len(data))
	//lint:ignore S1011 the article appends one by one
	for _, v := range data {
		items = append(items, v)
	}
	return items
}

// Count grows a map, of which the compiler says nothing.
//
//go:noinline
func Count(words []string) int {
	seen := map[string]int{}
	for _, w := range words {
		seen[w]++
	}
	return len(seen)
}

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Pooled takes its buffer from a pool.
//
//go:noinline
func Pooled(s string) int {
	buf := pool.Get().(*bytes.Buffer)
	defer pool.Put(buf)
	buf.Reset()
	buf.WriteString(s)
	return buf.Len()
}

// Unpooled makes a buffer each time; the buffer stays on the stack, what it
// holds does not.
//
//go:noinline
func Unpooled(s string) int {
	var buf bytes.Buffer
	buf.WriteString(s)
	return buf.Len()
}

// LogAny takes any value: its caller has to box it.
//
//go:noinline
func LogAny(v any) int {
	s, _ := v.(string)
	Sink = v
	return len(s)
}

// LogString takes a string as it is.
//
//go:noinline
func LogString(s string) int { return len(s) }

// BoxString hands a string to LogAny, boxed.
//
//go:noinline
func BoxString(n int) int { return LogAny(strconv.Itoa(n)) }

// Join concatenates: the result "does not escape" and is allocated all the
// same where it is longer than a small buffer.
//
//go:noinline
func Join(a, b string) int { return len(a + b) }
