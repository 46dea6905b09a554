package api // want package:`interfaces .*Shape.*, generic true`

import "strconv"

type Shape interface {
	//stackward:noalloc
	Sides() int
}

// Max is judged by its instances.
//
//stackward:noalloc
func Max[T int | float64](a, b T) T {
	if a < b {
		return b
	}
	return a
}

//stackward:noalloc
func Text(n int) string {
	return strconv.Itoa(n) // want `api.Text: strconv.Itoa allocates`
}

// Number appends to what the caller keeps.
//
//stackward:noalloc
func Number(b []byte, n int) []byte {
	return strconv.AppendInt(b, int64(n), 10)
}

//stackward:allocs<=x // want `allocs takes a number`
func wrong() {}
