// Outparam fills slices of callers, and no caller sees another's.
package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

func key(n int, s string) []byte {
	b := make([]byte, 0, 8) // fixed
	b = strconv.AppendInt(b, int64(n), 10)
	if len(b) > 2 {
		return b[:len(b)-1]
	}
	return append(b, s...)
}

func digits(n int) []int {
	var out []int
	for ; n > 0; n /= 10 {
		out = append(out, n%10) // fixed
	}
	for i := range out {
		if out[i] == 3 {
			panic("three")
		}
	}
	return out
}

func long(s string) []byte {
	b := make([]byte, 0, len(s)+1) // fixed
	b = append(b, '<')
	b = append(b, s...)
	return b
}

var kept [][]byte

func tree(n int) []int {
	out := []int{}
	if n > 0 {
		out = append(out, len(tree(n-1)), n) // fixed
	}
	return out
}

func try(n int) (sum int) {
	defer func() {
		if r := recover(); r != nil {
			sum = -1
		}
	}()
	for _, d := range digits(n) {
		sum += d
	}
	return sum
}

func main() {
	m := map[string]int{"1a": 1, "22": 2}
	for i, s := range []string{"a", "bc", strings.Repeat("long", 20), ""} {
		k := key(i*i*i*7, s)
		fmt.Println(string(k), m[string(key(i, s))], bytes.Equal(key(i, s), key(i, s)), string(key(1, s)) == string(key(2, s)))
		for range 2 {
			l := long(s)
			fmt.Println(string(l), len(l))
		}
		kept = append(kept, long(s))
	}
	fmt.Printf("%q\n", kept)
	fmt.Println(try(0), try(12), try(132), try(123456789012), len(tree(5)))
	for _, d := range digits(9876) {
		for _, e := range digits(d) {
			fmt.Print(d, e, " ")
		}
	}
	fmt.Println()
}
