// Stackarray gives slices memory of their own, cleared each time, whatever is
// done with them.
package main

import (
	"fmt"
	"strconv"
	"strings"
)

func fill(s string) (out []int) {
	for i := range 4 {
		b := make([]byte, min(len(s), 8)) // fixed
		out = append(out, copy(b, s[:min(len(s), i)]), len(b), cap(b))
		for _, c := range b {
			out = append(out, int(c))
		}
		c := make([]int, 0, i&3) // fixed
		c = append(c, i, i)
		d := append(c, 7)
		c = append(c, 8)
		fmt.Println(c, d, len(c))
	}
	return out
}

func grow(n int, x byte) string {
	a := make([]uint32, x) // fixed
	if n < len(a) {
		a[n]++
	}
	var parts []string
	if n > 2 {
		parts = append(parts, "two", "more") // fixed
	}
	parts = append(parts, strconv.Itoa(len(a)))
	for i := range parts {
		parts[i] = strings.ToUpper(parts[i])
	}
	var b []byte
	for i := range n {
		b = strconv.AppendInt(b, int64(i*i), 10) // fixed
		b = append(b, "; "...)
	}
	return strings.Join(parts, "-") + string(b)
}

func bad(f func() int) (res string) {
	defer func() { res = fmt.Sprint(recover()) }()
	n := f() & 7
	m := make([]int, n) // fixed
	m[n] = 1
	return "fine"
}

func main() {
	fmt.Println(fill(""), fill("abc"), fill("abcdefghij"))
	for _, n := range []int{0, 1, 3, 9, 40} {
		fmt.Println(grow(n, byte(n*10)), bad(func() int { return n }), bad(func() int { return -n }))
	}
}
