// Replay makes the requests that it reads from a file, and prints what the
// runtime says of its heap whenever the file asks for it.
//
//	replay FILE PROCS ROUNDS
//
// The file has four little-endian 32-bit numbers for each step: what to do, a
// place among the objects that are kept, a size in bytes, and whether there are
// pointers. Nothing but the steps allocates between the first and the last.
package main

import (
	"encoding/binary"
	"encoding/json"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// Steps.
const (
	alloc        = iota // make an object with a size and keep it at a place
	free                // let go of the one at a place
	collect             // runtime.GC
	snapshot            // what the runtime says
	drain               // make objects of a size until a span is full and no other has room; place is how many a span has
	setGOGC             // size is the percentage
	fillPages           // make objects of a page until no page of the heap is free
	scavenge            // wait until the scavenger and the sweeper have nothing to do
	freeOSMemory        // debug.FreeOSMemory
	begin               // what is before it is done once, by one; what is between two, in rounds, by a processor
)

type step struct{ do, place, size, pointers uint32 }

// A Snapshot is what is printed.
type Snapshot struct {
	HeapAlloc, HeapInuse, HeapIdle, HeapReleased, Sys, TotalAlloc, Mallocs, Frees uint64
	NumGC                                                                         uint32
	ClassMallocs, ClassFrees                                                      [68]uint64
	Tiny, Live, Goal, Stacks, Globals, Limited                                    uint64
}

var (
	keep    [1 << 20]unsafe.Pointer
	kept    int
	drained [1 << 17]unsafe.Pointer
	shots   []Snapshot
	mem     runtime.MemStats
	samples = []metrics.Sample{
		{Name: "/gc/heap/tiny/allocs:objects"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/goal:bytes"},
		{Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/limiter/last-enabled:gc-cycle"},
	}
)

func main() {
	log.SetFlags(0)
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	procs, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	rounds, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	steps := make([]step, len(data)/16)
	for i := range steps {
		at := data[i*16:]
		steps[i] = step{
			binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint32(at[4:]),
			binary.LittleEndian.Uint32(at[8:]), binary.LittleEndian.Uint32(at[12:]),
		}
	}
	shots = make([]Snapshot, 0, 4096)
	// The processor's heap of timers grows where the scavenger first sleeps;
	// with these in it, it has room.
	for range 9 {
		time.AfterFunc(time.Hour, func() {})
	}
	metrics.Read(samples)
	for range 4 {
		runtime.GC()
	}
	data = nil
	// The parts between begins, each for one processor.
	var parts [][]step
	from := 0
	for i, s := range steps {
		if s.do == begin {
			parts = append(parts, steps[from:i])
			from = i + 1
		}
	}
	parts = append(parts, steps[from:])
	run(parts[0])
	if procs > 1 {
		parallel(parts[1:procs+1], rounds)
	} else {
		for range rounds {
			run(parts[1])
		}
	}
	if len(parts) > procs+1 {
		run(parts[procs+1])
	}
	if err := json.NewEncoder(os.Stdout).Encode(shots); err != nil {
		log.Fatal(err)
	}
}

// parallel makes each part on a goroutine of its own, between two snapshots.
func parallel(parts [][]step, rounds int) {
	var ready, done sync.WaitGroup
	start := make(chan bool)
	for _, part := range parts {
		ready.Add(1)
		done.Add(1)
		go func() {
			ready.Done()
			<-start
			for range rounds {
				run(part)
			}
			done.Done()
		}()
	}
	ready.Wait()
	shot()
	close(start)
	done.Wait()
	shot()
}

func run(steps []step) {
	for i := range steps {
		switch s := &steps[i]; s.do {
		case alloc:
			keep[s.place] = object(int(s.size), s.pointers != 0)
		case free:
			keep[s.place] = nil
		case collect:
			runtime.GC()
			if held {
				waitSwept()
			}
		case snapshot:
			shot()
		case drain:
			fill(int(s.size), s.pointers != 0, int(s.place))
		case setGOGC:
			debug.SetGCPercent(int(int32(s.size)))
		case fillPages:
			fillHeap()
		case scavenge:
			letScavenge()
		case freeOSMemory:
			debug.FreeOSMemory()
			waitSwept()
		}
	}
}

//go:noinline
func object(size int, pointers bool) unsafe.Pointer {
	if pointers {
		return unsafe.Pointer(unsafe.SliceData(make([]*byte, size/8)))
	}
	return unsafe.Pointer(unsafe.SliceData(make([]byte, size)))
}

// fill takes the free slots of all spans of a class, and those of the new span
// that is made when there is none.
func fill(size int, pointers bool, slots int) {
	for {
		runtime.ReadMemStats(&mem)
		before := mem.HeapInuse
		drained[kept] = object(size, pointers)
		kept++
		runtime.ReadMemStats(&mem)
		if mem.HeapInuse > before {
			break
		}
	}
	for range slots - 1 {
		drained[kept] = object(size, pointers)
		kept++
	}
}

// fillHeap takes all free pages of the heap, and those of the chunk that it then
// grows by.
func fillHeap() {
	const page, chunk = 8192, 512
	runtime.ReadMemStats(&mem)
	for before := mem.HeapSys; mem.HeapSys == before; runtime.ReadMemStats(&mem) {
		drained[kept] = object(page, false)
		kept++
	}
	for range chunk - 1 {
		drained[kept] = object(page, false)
		kept++
	}
}

// What the runtime knows of its scavenger and its sweeper, as far as it is asked.
type (
	scavengerState struct {
		lock       uintptr
		g, timer   unsafe.Pointer
		sysmonWake uint32
		parked     bool
	}
	sweepdata struct {
		lock   uintptr
		g      unsafe.Pointer
		parked bool
	}
)

//go:linkname scavenger runtime.scavenger
var scavenger scavengerState

//go:linkname sweep runtime.sweep
var sweep sweepdata

//go:linkname wake runtime.(*scavengerState).wake
func wake(*scavengerState)

// held says that the scavenger rests until it is let go.
var held bool

// letScavenge wakes the scavenger, which sleeps most of the time, until there is
// nothing left for it to do, and then holds it: what is not parked is not woken.
// Nothing else runs with GOMAXPROCS=1.
func letScavenge() {
	waitSwept()
	if held {
		scavenger.parked = true
	}
	for released, more := uint64(0), true; more; {
		wake(&scavenger)
		for !scavenger.parked {
			runtime.Gosched()
		}
		runtime.ReadMemStats(&mem)
		more = mem.HeapReleased != released
		released = mem.HeapReleased
	}
	scavenger.parked = false
	held = true
}

// waitSwept waits until the sweeper has freed the work buffers too.
func waitSwept() {
	for !sweep.parked {
		runtime.Gosched()
	}
}

func shot() {
	runtime.ReadMemStats(&mem)
	metrics.Read(samples)
	shots = append(shots, Snapshot{
		HeapAlloc: mem.HeapAlloc, HeapInuse: mem.HeapInuse, HeapIdle: mem.HeapIdle, HeapReleased: mem.HeapReleased, Sys: mem.Sys,
		TotalAlloc: mem.TotalAlloc, Mallocs: mem.Mallocs, Frees: mem.Frees, NumGC: mem.NumGC,
		Tiny: samples[0].Value.Uint64(), Live: samples[1].Value.Uint64(), Goal: samples[2].Value.Uint64(),
		Stacks: samples[3].Value.Uint64(), Globals: samples[4].Value.Uint64(), Limited: samples[5].Value.Uint64(),
	})
	s := &shots[len(shots)-1]
	for i := range mem.BySize {
		s.ClassMallocs[i], s.ClassFrees[i] = mem.BySize[i].Mallocs, mem.BySize[i].Frees
	}
}
