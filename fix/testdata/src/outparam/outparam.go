package outparam

import (
	"bytes"
	"fmt"
	"strconv"
)

type rec struct {
	n int
	s string
}

// All callers look.

func key(a int, s string) []byte {
	b := make([]byte, 0, 16) // want "let callers give key a slice on their stacks"
	b = strconv.AppendInt(b, int64(a), 10)
	if len(b) > 3 {
		b[0] = '-'
		return b[:len(b)-1]
	}
	return append(b, s...)
}

func sums(list []rec, m map[string]int) (sum int) {
	for _, x := range list {
		sum += m[string(key(x.n, x.s))]
	}
	k := key(1, "a")
	defer fmt.Println(string(key(2, "b")))
	return sum + len(k)
}

type codec struct{ quote bool }

type bits []uint64

func (c *codec) bits() bits {
	var out bits
	for i := range uint64(100) {
		out = append(out, i) // want "let callers give bits a slice on their stacks"
	}
	return out
}

func (c *codec) write(buf *bytes.Buffer) {
	for _, x := range c.bits() {
		fmt.Fprint(buf, x)
	}
}

func comma(list []rec) []byte {
	var b []byte
	for _, x := range list {
		b = strconv.AppendInt(b, int64(x.n), 10) // want "let callers give comma a slice on their stacks"
		b = append(b, ',')
	}
	b = b[:len(b)-1]
	return b
}

func commas(list []rec) string { return string(bytes.TrimSpace(comma(list))) }

// Refused.

func sliced() []int {
	b := make([]int, 0, 10) // refuse "line .* does something else with b than to append to it"
	b = b[:3]
	return b
}

func handed() []int {
	b := make([]int, 0, 10) // refuse "line .* does something else with b than to append to it"
	look(b)
	return b
}

func look([]int) {}

func own() []int {
	b := make([]int, 0, 10) // refuse "line .* does something else with b than to append to it"
	b = append(b, b...)
	return b
}

func ranged() []int {
	b := make([]int, 0, 10) // refuse "line .* ranges over b, which the loop changes"
	for range b {
		b = append(b, 1)
	}
	return b
}

func literal() []int {
	b := make([]int, 0, 10) // refuse "line .* uses b in a function literal"
	defer func() { look(b) }()
	return b
}

func jumps(n int) []int {
	b := make([]int, 0, 10) // refuse "jumps has a goto"
again:
	if n--; n > 0 {
		b = append(b, n)
		goto again
	}
	return b
}

func kept() []int {
	b := make([]int, 0, 10) // refuse "line .* may keep v, which kept returned"
	return b
}

func isNil() []int {
	b := make([]int, 0, 10) // refuse "line .* may keep what isNil returns"
	return b
}

func later() []byte {
	b := make([]byte, 0, 10) // refuse "line .* uses v in a function literal or a call that runs later"
	return b
}

func assigned() []byte {
	b := make([]byte, 0, 10) // refuse "line .* has what assigned returns in no variable of its own"
	return b
}

func nameless(int) []byte {
	b := make([]byte, 0, 10) // refuse "a parameter of nameless has no name"
	return b
}

func spread(a, b int) []byte {
	c := make([]byte, 0, 10) // refuse "line .* calls spread with what another function returns"
	return c
}

func pair() (int, int) { return 1, 2 }

func value() []byte {
	b := make([]byte, 0, 10) // refuse "line .* uses value as a value"
	return b
}

func callers(keep [][]int, buf *bytes.Buffer) (n int) {
	n = len(sliced()) + len(handed()) + len(own()) + len(ranged()) + len(literal()) + len(jumps(3))
	v := kept()
	keep = append(keep, v)
	if isNil() == nil {
		n++
	}
	for range 10 {
		v := later()
		defer buf.Write(v)
	}
	var w []byte
	w = assigned()
	n += len(w) + len(nameless(1)) + len(spread(pair()))
	f := value
	return n + len(f())
}

// Nothing to do.

func Exported() []byte {
	b := make([]byte, 0, 10)
	return b
}

func usesExported() int { return len(Exported()) }

func generic[T any](x T) []T {
	b := make([]T, 0, 4)
	return append(b, x)
}

func usesGeneric() int { return len(generic(1)) }

func several(n int) []int {
	b := make([]int, 0, 4)
	if n > 0 {
		return nil
	}
	return b
}

func usesSeveral() int { return len(several(1)) }
