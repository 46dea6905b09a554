//go:build unix

// Variants is a program that keeps some objects for long and makes many for a moment.
// Its variants do what the changes of objects stand for that stackward heap whatif is
// asked about; docs/whatif compares the two.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// An order is kept, until a later one takes its place.
type order struct {
	id, items int64
	_         *order
	_         [4]int64
}

// A lean is an order without items.
type lean struct {
	id int64
	_  *lean
	_  [4]int64
}

const (
	kept   = 200_000
	rounds = 3_000_000
)

var (
	orders [kept]*order
	leans  [kept]*lean
	sink   *[6]int64
	lines  []int64
	sum    int64
)

func main() {
	variant := flag.String("variant", "", "stack, smaller, presized or offheap")
	flag.Parse()
	if err := run(*variant); err != nil {
		fmt.Fprintln(os.Stderr, "variants:", err)
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.FormatInt(sum, 10) + "\n")
}

func run(variant string) error {
	var arena []order // outside of the heap; no order in it points anywhere
	switch variant {
	case "", "stack", "smaller", "presized":
	case "offheap":
		memory, err := syscall.Mmap(-1, 0, int(kept*unsafe.Sizeof(order{})), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return err
		}
		arena = unsafe.Slice((*order)(unsafe.Pointer(&memory[0])), kept)
	default:
		return fmt.Errorf("no variant %s", variant)
	}
	for i := range int64(rounds) {
		n := i * 2654435761 % kept
		switch variant {
		case "smaller":
			leans[n] = &lean{id: i}
		case "offheap":
			arena[n] = order{id: i, items: i}
		default:
			orders[n] = &order{id: i, items: i} // site: kept
		}
		if variant == "stack" {
			brief := [6]int64{i}
			sum += brief[i%6]
		} else {
			sink = &[6]int64{i} // site: brief
			sum += sink[i%6]
		}
		if i%16 > 0 {
			continue
		}
		if lines = nil; variant == "presized" {
			lines = make([]int64, 0, 64)
		}
		for j := range int64(64) {
			lines = append(lines, j) // site: grows
		}
	}
	return nil
}
