// Prog traces itself while it allocates objects of all kinds, and prints what the
// runtime counted meanwhile.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
)

type node struct {
	next *node
	data [6]int
}

type large struct {
	p    *int
	rest [300]int // over 512 bytes, with pointers: it has a header
}

type growing struct{ next *growing }

var (
	kept  *node
	leak  *growing
	sinks [8]any
)

func work(n int, keep bool) {
	for i := range n {
		x := &node{data: [6]int{i}}
		if keep && i%8 == 0 {
			x.next = kept
			kept = x
		}
		switch i % 16 {
		case 0:
			sinks[0] = make([]byte, 100+i%1000)
		case 1:
			sinks[1] = &large{p: new(int)}
		case 2:
			sinks[2] = make([]*int, 5000) // a large object
		case 3:
			b := byte(i)
			sinks[3] = &b // tiny
			c := [3]byte{b}
			sinks[4] = &c
		case 4:
			if keep {
				leak = &growing{leak}
			}
		}
	}
}

// deep has a goroutine's stack grow.
func deep(n int) int {
	var b [512]byte
	if n == 0 {
		return len(b)
	}
	b[n%len(b)] = 1
	return deep(n-1) + int(b[0])
}

func main() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err != nil {
		panic(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { work(20000, false); deep(100) })
	}
	work(100000, true)
	wg.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	trace.Stop()
	if err := f.Close(); err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode([]runtime.MemStats{before, after})
	runtime.KeepAlive(kept)
	runtime.KeepAlive(leak)
}
