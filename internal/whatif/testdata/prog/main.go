// Prog traces itself into the file that is its argument: a table of objects that one
// another takes the place of, and many that are needed for a moment only.
package main

import (
	"os"
	"runtime"
	"runtime/trace"
)

type entry struct {
	next *entry
	data [5]int64
}

var (
	table [20_000]*entry
	brief *[3]int32
	text  []byte
	list  []*entry
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	for i := range 400_000 {
		table[i*7919%len(table)] = &entry{data: [5]int64{int64(i)}}
		brief = &[3]int32{int32(i)}
		text = make([]byte, 1+i%9)
		if i%100 == 0 {
			list = nil
			for j := range 100 {
				list = append(list, table[j])
			}
		}
		if i == 200_000 {
			runtime.GC()
		}
	}
	trace.Stop()
	if err := f.Close(); err != nil {
		panic(err)
	}
}
