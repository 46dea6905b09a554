package fix

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// The rewrite rests on sort and slices being the same algorithms: the same
// questions in the same order, also of elements that are equal.
func TestSortTwins(t *testing.T) {
	type elem struct{ key, n int }
	type question struct{ a, b elem }
	rnd := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func(i, n int) int{
		"few keys":   func(int, int) int { return rnd.IntN(5) },
		"random":     func(int, int) int { return rnd.Int() },
		"sorted":     func(i, _ int) int { return i },
		"reverse":    func(i, n int) int { return n - i },
		"sawtooth":   func(i, _ int) int { return i % 17 },
		"organ pipe": func(i, n int) int { return min(i, n-i) },
		"equal":      func(int, int) int { return 0 },
	}
	for name, shape := range shapes {
		for _, n := range []int{0, 1, 2, 11, 12, 13, 20, 21, 49, 50, 51, 100, 1000, 3000} {
			x := make([]elem, n)
			for i := range x {
				x[i] = elem{shape(i, n), i}
			}
			for _, stable := range []bool{false, true} {
				y, z := slices.Clone(x), slices.Clone(x)
				var asked, want []question
				less := func(i, j int) bool {
					want = append(want, question{y[i], y[j]})
					return y[i].key < y[j].key
				}
				order := func(a, b elem) int {
					asked = append(asked, question{a, b})
					return cmp.Compare(a.key, b.key)
				}
				if stable {
					sort.SliceStable(y, less)
					slices.SortStableFunc(z, order)
				} else {
					sort.Slice(y, less)
					slices.SortFunc(z, order)
				}
				if !slices.Equal(y, z) || !slices.Equal(asked, want) {
					t.Errorf("%s, %d elements, stable %t: package slices sorts in another way", name, n, stable)
				}
			}
		}
	}
}
