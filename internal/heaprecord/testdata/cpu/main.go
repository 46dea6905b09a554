// Command cpu spends its time as its argument says: with "alloc" mostly on allocating in
// one place, with "none" on no allocation at all, with "stacks" on growing stacks. With "profile" it takes a CPU profile
// of some of it, to the file that is named, for which it allocates first with one more
// argument.
package main

import (
	"os"
	"runtime/pprof"
)

type node struct {
	left, right *node
	data        [12]int
}

var (
	kept [1 << 15]*node
	sink *[4]int
)

func main() {
	switch os.Args[1] {
	case "none":
		os.Exit(compute(300_000_000) & 1)
	case "stacks":
		os.Exit(deep() & 1)
	case "profile":
		os.Exit(compute(200_000_000)&1 + profile(os.Args[2]))
	}
	allocate(6_000_000)
}

func allocate(n int) {
	for i := range n {
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

func profile(name string) int {
	f, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		panic(err)
	}
	defer f.Close()
	defer pprof.StopCPUProfile()
	if len(os.Args) > 3 {
		allocate(2_000_000)
	}
	return profiled(200_000_000) & 1
}

//go:noinline
func profiled(n int) int { return compute(n) }

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

// deep has goroutines one after the other grow their stacks.
func deep() (sum int) {
	done := make(chan int)
	for range 200_000 {
		go func() { done <- deeper(100) }()
		sum += <-done
	}
	return sum
}

//go:noinline
func deeper(n int) int {
	var frame [64]int
	if n == 0 {
		return frame[n]
	}
	frame[n%64] = deeper(n - 1)
	return frame[(n+1)%64]
}
