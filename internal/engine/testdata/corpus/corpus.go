// Package corpus are small functions that promise not to allocate, about half of
// which do. A test holds what `stackward check` says of each to what running it
// shows.
//
// Each function has a driver beside it, which calls it for an input and allocates
// nothing itself. The functions are not inlined, so that what runs is what the
// promise is about. What needs cgo is left out: it would make the test need a C
// compiler.
package corpus

import "strings"

// A Driver calls the function of a name for an input.
type Driver struct {
	Name string
	Call func(i int)
}

// Drivers are those of all functions.
var Drivers []Driver

// Inputs are what the drivers are called with.
var Inputs = []int{0, 1, 7, 31, 32, 33, 64, 255, 256, 1000, 100000, -1, -300}

func drive(name string, call func(i int)) bool {
	Drivers = append(Drivers, Driver{name, call})
	return true
}

// T is a value of two words and a pointer.
type T struct {
	A, B int
	Next *T
}

// Big is a value of 4 KiB.
type Big [512]int

// Where what must outlive a call is put.
var (
	keepInt   *int
	keepT     *T
	keepAny   any
	keepBytes []byte
	keepInts  []int
	keepText  string
	keepFunc  func(int) int
	keepErr   error
	keepMap   map[int]int
	keepChan  chan int
	keepBig   *Big
	keepBool  bool
	keepFloat float64
)

const longest = 1000

var (
	longText  = strings.Repeat("abcdefghij", longest/10)
	longBytes = []byte(longText)
	longInts  = make([]int, longest)
	values    [longest + 1]T
)

// size is an input as a length.
func size(i int) int {
	if i < 0 {
		i = -i
	}
	return min(i, longest)
}

// text is a text as long as an input says, data the same in bytes, numbers as many
// numbers, value a T.
func text(i int) string   { return longText[:size(i)] }
func data(i int) []byte   { return longBytes[:size(i):size(i)] }
func numbers(i int) []int { return longInts[:size(i):size(i)] }
func value(i int) *T      { return &values[size(i)] }
