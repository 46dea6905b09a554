// Command cpu spends its time as its argument says: with "alloc" mostly on allocating in
// one place, with "none" on no allocation at all.
package main

import "os"

type node struct {
	left, right *node
	data        [12]int
}

var (
	kept [1 << 15]*node
	sink *[4]int
)

func main() {
	if os.Args[1] == "none" {
		os.Exit(compute(300_000_000) & 1)
	}
	for i := range 4_000_000 {
		hot(i)
		if i%64 == 0 {
			cold()
		}
	}
}

func hot(i int) {
	kept[uint32(i*40503)%uint32(len(kept))] = &node{left: kept[uint32(i)%uint32(len(kept))/2]}
	kept[uint32(i*40503)%uint32(len(kept))].left = nil
}

func cold() {
	sink = new([4]int)
}

//go:noinline
func compute(n int) int {
	x := uint32(1)
	for range n {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	return int(x &^ 1)
}
