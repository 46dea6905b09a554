// Measure counts the allocations of the corpus's functions: a line of JSON for
// each.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"

	"example.com/corpus"
)

// A line tells of one function, for each input, how many objects it made: First
// in the first round, and Again at least in any later one. Of a call that
// panicked it has -1.
type line struct {
	Name         string
	First, Again []int
}

// rounds is how often all inputs are gone through.
const rounds = 5

func main() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	var lines []line
	for _, d := range corpus.Drivers {
		l := line{Name: d.Name, First: make([]int, len(corpus.Inputs)), Again: make([]int, len(corpus.Inputs))}
		for round := range rounds {
			for at, i := range corpus.Inputs {
				n := count(d.Call, i)
				switch {
				case round == 0:
					l.First[at] = n
				case round == 1 || n < l.Again[at]:
					l.Again[at] = n
				}
			}
		}
		lines = append(lines, l)
		if before.HeapAlloc > 200<<20 {
			runtime.GC()
		}
	}
	enc := json.NewEncoder(os.Stdout)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			panic(err)
		}
	}
}

var before, after runtime.MemStats

// count is how many objects a call makes.
func count(f func(int), i int) int {
	runtime.ReadMemStats(&before)
	ok := call(f, i)
	runtime.ReadMemStats(&after)
	if !ok {
		return -1
	}
	return int(after.Mallocs - before.Mallocs)
}

// call reports whether a call returned.
func call(f func(int), i int) (ok bool) {
	defer func() {
		if !ok {
			recover()
		}
	}()
	f(i)
	return true
}
