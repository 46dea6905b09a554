package loops

import "strconv"

var kept [][]byte

func key(a int, s string) []byte {
	b := make([]byte, 0, len(s)+20) // want "let callers that loop give key the slice of the round before"
	b = strconv.AppendInt(b, int64(a), 10)
	return append(b, s...)
}

func sums(list []string, m map[string]int) (sum int) {
	// Sums them.
	for i, s := range list {
		k := key(i, s) // a comment
		sum += m[string(k)] + len(k)
	}
outer:
	for i := range 3 {
		for {
			if k := key(i, "if"); len(k) > 3 {
				break
			}
			k := key(i, "x")
			if string(k) == "x" {
				continue outer
			}
			sum++
			j := key(i, "y")
			sum += len(j)
		}
	}
	kept = append(kept, key(0, "kept"))
	return sum + len(key(1, "a"))
}

// The iterator may run the body as it likes.

func each(yield func(int) bool) {}

func iterated() (n int) {
	for i := range each {
		k := squares(i)
		n += len(k)
	}
	return n
}

func squares(n int) []int {
	out := make([]int, 0, n*0)
	for i := range n {
		out = append(out, i)
	}
	return out
}
