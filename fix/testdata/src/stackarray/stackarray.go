package stackarray

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

func use(...any) {}

// The length is bounded.

func bounded(s string, x int, u uint, b byte, w *bytes.Buffer) (n int) {
	a := make([]byte, min(len(s), 64)) // want "make a of an array on the stack"
	copy(a, s)
	m := x & 15
	c := make([]int, m) // want "make c of an array"
	for i := range c {
		c[i] = i
	}
	d := make([]byte, 0, u%40) // want "make d of an array"
	d = append(d, a...)
	e := make([]byte, b) // want "make e of an array"
	e = append(e, 'x')
	f := make([]uint16, int(b)+1) // want "make f of an array"
	w.Write(e)
	l := len(s)
	if l > 32 {
		l = 32
	}
	// A comment above the declaration.
	g := make([]byte, l) // want "make g of an array"
	return copy(g, s) + len(c) + cap(d) + len(f)
}

// Few appends.

func args(verbose bool, name, dir string) string {
	var args []string
	if verbose {
		args = append(args, "-v")
	}
	args = append(args, name, dir) // want "start args with room for 3 elements on the stack"
	return strings.Join(args, " ")
}

func key(m map[string]int, n int64, s string) int {
	b := []byte{}
	b = strconv.AppendInt(b, n, 10)
	b = append(b, s...) // want "start b with room for 64 elements on the stack"
	return m[string(b)]
}

func looped(m map[string]int, list []int) int {
	b := make([]byte, 0)
	for _, n := range list {
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, ',') // want "start b with room for 64 elements"
	}
	return m[string(b)]
}

func text() int {
	var b = make([]byte, 0, 2)
	b = append(b, "abc"...)
	b = append(b, 'd', 'e') // want "start b with room for 5 elements on the stack"
	return len(b)
}

// Refused.

type holder struct{ b []byte }

func refused(s string, h *holder, w io.Writer, f func() int, n int) []byte {
	a := make([]byte, min(len(s), 64)) // refuse "line .* returns a"
	b := make([]byte, min(len(s), 64)) // refuse "line .* stores b"
	h.b = b
	c := make([]byte, min(len(s), 64)) // refuse "a function literal uses c"
	use(func() { c[0] = 1 })
	d := make([]byte, min(len(s), 64)) // refuse "line .* uses d later"
	defer use(len(d))
	e := make([]byte, f()&63) // refuse `f\(\)&63 would be evaluated twice`
	e = append(e, 1)
	var g /* comment */ []string
	g = append(g, s, s, s) // refuse "a comment is in the declaration of g"
	use(strings.Join(g, ""))
	return a
}

// Nothing to do, or not known.

func none(s string, n int, x int, p *int) (out []string) {
	a := make([]byte, n)
	b := make([]byte, 64)
	c := make([]byte, x%64) // may be negative
	d := make([]byte, min(len(s), 4096))
	k := min(len(s), 8)
	k = n
	e := make([]byte, k)
	l := len(s)
	e2 := make([]byte, l)
	if l > 32 {
		l = 32
	}
	use(a, b, c, d, e, e2)
	var f []string
	f = append(f, s)
	use(f)
	var g []string
	g = append(g, s)
	if g == nil {
		return f
	}
	var h []string
	for range n {
		h = append(h, s)
	}
	out = append(out, strings.Join(h, ""))
	return out
}

func before(s string) int {
	l := len(s)
	k := l
	if l > 32 {
		l = 32
	}
	a := make([]byte, k) // it is not k that is limited
	return copy(a, s) + l
}
