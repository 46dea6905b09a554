package presize

import (
	"bufio"
	"slices"
)

type node struct {
	next *node
	v    int
}

func unknown(sc *bufio.Scanner, ch chan int, n *node, seq func(func(int) bool)) ([]string, []int) {
	var lines []string
	for sc.Scan() {
		lines = append(lines, sc.Text()) // refuse "number of rounds"
	}
	var a []int
	for v := range ch {
		a = append(a, v) // refuse "number of rounds"
	}
	for ; n != nil; n = n.next {
		a = append(a, n.v)
	}
	var b []int
	for v := range seq {
		b = append(b, v) // refuse "number of rounds"
	}
	return lines, append(a, b...)
}

func snapshots(data []int) (all [][]int) {
	s := []int{}
	for _, v := range data {
		s = append(s, v)     // refuse "s is used while it grows"
		all = append(all, s) // want `length of data`
	}
	return all
}

func pointers(data []node) (all []*node) {
	s := []node{}
	for _, v := range data {
		s = append(s, v)                // refuse "address of an element of s"
		all = append(all, &s[len(s)-1]) // want `make all`
	}
	return all
}

func (n *node) set() { n.v++ }

func methods(data []node) []node {
	s := []node{}
	for _, v := range data {
		s = append(s, v) // refuse "address of an element of s"
		s[len(s)-1].set()
	}
	return s
}

func captured(data []int) func() []int {
	s := []int{}
	f := func() []int { return s }
	for _, v := range data {
		s = append(s, v) // refuse "s is used by a function literal"
	}
	return f
}

func pointed(data []int) []int {
	s := []int{}
	p := &s
	for _, v := range data {
		s = append(s, v) // refuse "address of s is taken"
	}
	return *p
}

func capacity(data []int) int {
	s := []int{}
	for _, v := range data {
		s = append(s, v) // refuse "capacity of s is asked for"
	}
	return cap(s)
}

func beyond(data []int, n int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v) // refuse "what s.:n. is may depend on the capacity of s"
	}
	return s[:n]
}

func forks(data []int) ([]int, []int) {
	s := []int{}
	for _, v := range data {
		s = append(s, v) // refuse "whether they share an array depends on the capacity"
	}
	a := append(s, 1)
	b := append(s, 2)
	return a, b
}

func reset(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v) // refuse "s is assigned while it grows"
		if v == 0 {
			s = nil
		}
	}
	return s
}

func filtered(data []int) []int {
	var s []int
	for _, v := range data {
		if v > 0 {
			s = append(s, v) // refuse "only some of the rounds append, maybe few"
		}
	}
	return s
}

func filteredBytes(data []byte) []byte {
	var s []byte
	for _, v := range data {
		if v > 0 {
			s = append(s, v) // refuse "depends on a condition, and s is kept"
		}
	}
	return s
}

func nilInLoop(data []int) []int {
	var s []int
	for _, v := range data {
		if v < 0 {
			return s
		}
		s = append(s, v) // refuse "a return in the loop gives s, which may be nil then"
	}
	return s
}

func nilSeen(data []int) (n int) {
	var s []int
	for _, v := range data {
		if s == nil {
			n++
		}
		s = append(s, v) // refuse "s is compared with nil"
	}
	return n
}

func broken(data []int) []int {
	s := []int{}
	for _, v := range data {
		if v == 0 {
			break
		}
		s = append(s, v) // refuse "the loop may end early"
	}
	return s
}

func resultLeft(data []int) (s []int, err error) {
	for _, v := range data {
		if v == 0 {
			return
		}
		s = append(s, v) // refuse "may end early and leave s as a result"
	}
	return
}

func resultDeferred(data []int, f func(int) int) (s []int) {
	defer func() { recover() }()
	for _, v := range data {
		s = append(s, f(v)) // refuse "s is a result, and a deferred call may see it"
	}
	return
}

func ranged(data []int) []int {
	s := []int{}
	s = append(s, 1)
	for range data {
		for i := range s {
			s = append(s, i) // refuse "a loop over s changes it"
		}
	}
	return s
}

func bounded(n int) []int {
	s := []int{}
	for i := 0; i < n; i++ {
		n--
		s = append(s, i) // refuse "n, which bounds the loop, changes in it"
	}
	return s
}

func counterMoves(data []int) []int {
	s := []int{}
	for i := 0; i < len(data); i++ {
		if data[i] == 0 {
			i++
		}
		s = append(s, i) // refuse "number of rounds"
	}
	return s
}

func varies(data [][]int) []int {
	s := []int{}
	for _, row := range data {
		row = slices.Compact(row)
		s = append(s, row...) // refuse "differs from round to round"
	}
	return s
}

func computed(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, digits(v)...) // refuse "how many elements digits.v. has"
	}
	return s
}

func digits(int) []int { return nil }

func panics(data []int, p *page) []int {
	s := []int{}
	for range data {
		s = append(s, p.items...) // refuse "number of rounds"
	}
	return s
}

func rebound(data [][]int) []int {
	s := []int{}
	for _, row := range data {
		s = append(s, 0) // want `make s with a capacity of n`
		for _, v := range row {
			s = append(s, v)
		}
		data[0] = data[1]
	}
	return s
}

func shadowed(data []int) []int {
	make := func(...any) []int { return nil }
	s := []int{}
	for _, v := range data {
		s = append(s, v) // refuse "make or len means something else here"
	}
	return append(s, make()...)
}

// What somebody else's slice has room for is not asked.
func parameter(s, data []int) []int {
	for _, v := range data {
		s = append(s, v)
	}
	return s
}

// Somebody has thought of it.
func already(data []int) []int {
	s := make([]int, 0, len(data))
	for _, v := range data {
		s = append(s, v)
	}
	return s
}

func commented(data []int) []int {
	s := []int{ /* none */ }
	for _, v := range data {
		s = append(s, v) // refuse "a comment is in the declaration of s"
	}
	return s
}

func mutated(data [][]int) []int {
	var s []int
	for i, row := range data {
		data[i+1] = nil
		s = append(s, row...) // refuse "how much is appended may change in the loop, and s would be empty rather than nil"
	}
	return s
}

func skipped(data [][]int) []int {
	s := []int{}
outer:
	for _, row := range data {
		for _, v := range row {
			if v < 0 {
				continue outer
			}
		}
		s = append(s, len(row)) // refuse "only some of the rounds append"
	}
	return s
}

func calls() []int

// What a loop within another ranges over is evaluated in each of its rounds.
func nested() []int {
	out := []int{}
	for range 3 {
		for _, v := range calls() {
			out = append(out, v) // refuse `which is evaluated in each round`
		}
	}
	return out
}
