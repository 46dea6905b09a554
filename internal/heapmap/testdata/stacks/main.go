// Stacks traces itself while goroutines run whose stacks have known sizes.
package main

import (
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var (
	done = make(chan int)
	wait = make(chan int)
)

// use needs n KiB of stack and a little more.
//
//go:noinline
func use(n int) byte {
	var b [1000]byte
	b[n%len(b)] = byte(n)
	if n > 1 {
		return use(n-1) + b[n/2]
	}
	return b[n/2]
}

func deep() { use(20); done <- 1 }

func flat() { done <- 1; <-wait }

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	others := runtime.NumGoroutine()
	for range 100 {
		go deep()
		<-done
	}
	for runtime.NumGoroutine() > others { // the last has sent, and has still to end
		time.Sleep(time.Millisecond)
	}
	for range 50 {
		go flat()
		<-done
	}
	go func() {
		use(80)
		done <- 1
		<-wait
	}()
	<-done
	var wg sync.WaitGroup
	wg.Go(func() { use(1) })
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		panic(err)
	}
}
