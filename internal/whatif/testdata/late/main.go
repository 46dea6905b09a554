// Late traces itself, into the file that is its argument, from the middle of its run on: as
// a server that is recorded by its URL. It has a table of objects, and makes many that are
// needed for a moment only. As the trace begins a collection has ended, and next to
// nothing has been swept.
package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/trace"
)

type entry struct{ data [8]int64 }

var (
	table [80_000]*entry
	brief *[16]int64
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	for i := range table {
		table[i] = new(entry)
	}
	work(200_000)
	ended := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(ended)
	for before := ended[0].Value.Uint64(); ended[0].Value.Uint64() == before; metrics.Read(ended) {
		work(1000)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	work(1_000_000)
	trace.Stop()
	runtime.KeepAlive(&table)
	if err := f.Close(); err != nil {
		panic(err)
	}
}

func work(n int) {
	for range n {
		brief = new([16]int64)
	}
}
