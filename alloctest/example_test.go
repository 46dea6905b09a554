package alloctest_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stackward-go/stackward/alloctest"
)

// Zero holds a function to allocating nothing, once its buffer has grown.
func ExampleZero() {
	var t testing.TB = new(testing.T) // the test's own

	var buf []byte
	alloctest.Zero(t, func() { buf = strconv.AppendInt(buf[:0], 123456, 10) })
	fmt.Println(t.Failed())
	// Output: false
}

// AtMost takes fractions: this buffer is given away after each 50 lines, and
// grows anew.
func ExampleAtMost() {
	var t testing.TB = new(testing.T) // the test's own

	var lines []int
	n := 0
	alloctest.AtMost(t, 0.2, func() {
		if n++; n%50 == 0 {
			lines = nil
		}
		lines = append(lines, n)
	})
	fmt.Println(t.Failed())
	// Output: false
}

// Allocs gives the number, which testing.AllocsPerRun rounds down.
func ExampleAllocs() {
	n := 0
	f := func() {
		if n++; n%4 != 0 {
			pointer = new(int)
		}
	}
	fmt.Println(alloctest.Allocs(f), testing.AllocsPerRun(100, f))
	// Output: 0.75 0
}
