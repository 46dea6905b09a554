// Waiting traces itself while goroutines wait that began before.
package main

import (
	"os"
	"runtime/trace"
	"time"
)

var (
	ready = make(chan int)
	wait  = make(chan int)
)

// hold waits n calls deep.
//
//go:noinline
func hold(n int) byte {
	var b [500]byte
	b[n%len(b)] = byte(n)
	if n == 0 {
		ready <- 1
		<-wait
		return b[0]
	}
	return hold(n-1) + b[n/2]
}

func deep() { hold(400) }

func shallow() { hold(20) }

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	for range 3 {
		go deep()
		go shallow()
		<-ready
		<-ready
	}
	time.Sleep(50 * time.Millisecond) // until the last of them waits, too
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	go shallow()
	<-ready
	trace.Stop()
	if err := f.Close(); err != nil {
		panic(err)
	}
}
