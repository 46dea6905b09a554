package memexp

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/stackward-go/stackward/offheap"
	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

// The table of 10 million entries: a hash table with chains, twice the same, on
// the Go heap and off it.

// A store is a table to measure.
type store interface {
	insert(key uint64)
	remove(key uint64)
	find(key uint64) bool
}

const valueSize = 88

type goEntry struct {
	next  *goEntry
	key   uint64
	value [valueSize]byte
}

type goTable struct {
	buckets []*goEntry
	shift   uint
}

func (t *goTable) bucket(key uint64) **goEntry { return &t.buckets[hash(key)>>t.shift] }

func (t *goTable) insert(key uint64) {
	b := t.bucket(key)
	e := &goEntry{next: *b, key: key}
	e.value[0] = byte(key)
	*b = e
}

func (t *goTable) remove(key uint64) {
	for p := t.bucket(key); *p != nil; p = &(*p).next {
		if e := *p; e.key == key {
			*p = e.next
			return
		}
	}
}

func (t *goTable) find(key uint64) bool {
	for e := *t.bucket(key); e != nil; e = e.next {
		if e.key == key {
			return true
		}
	}
	return false
}

type offEntry struct {
	next  offheap.Ptr[offEntry]
	key   uint64
	value [valueSize]byte
}

type offTable struct {
	heap    *offheap.Heap
	buckets []offheap.Ptr[offEntry]
	shift   uint
}

func (t *offTable) bucket(key uint64) *offheap.Ptr[offEntry] { return &t.buckets[hash(key)>>t.shift] }

func (t *offTable) insert(key uint64) {
	e, err := offheap.New[offEntry](t.heap)
	if err != nil {
		panic(err)
	}
	b := t.bucket(key)
	e.next, e.key = *b, key
	e.value[0] = byte(key)
	*b = offheap.PtrTo(e)
}

func (t *offTable) remove(key uint64) {
	for p := t.bucket(key); p.Get() != nil; p = &p.Get().next {
		if e := p.Get(); e.key == key {
			*p = e.next
			offheap.Free(t.heap, e)
			return
		}
	}
}

func (t *offTable) find(key uint64) bool {
	for e := t.bucket(key).Get(); e != nil; e = e.next.Get() {
		if e.key == key {
			return true
		}
	}
	return false
}

func hash(key uint64) uint64 {
	key *= 0x9e3779b97f4a7c15
	return (key ^ key>>29) * 0xbf58476d1ce4e5b9
}

var garbage [4][]byte

// table measures a table of 10 million entries of 104 bytes, times scale. An
// operation finds a random entry, removes one, inserts one, and makes 4 slices
// of 200 bytes that soon are garbage, as a server's request would.
func table(p *peer.Peer, scale float64, w io.Writer) error {
	entries, n := int(10_000_000*scale), int(4_000_000*scale)
	bits := uint(1)
	for 1<<bits < entries {
		bits++
	}
	var t store
	switch p.Name {
	case "make":
		t = &goTable{make([]*goEntry, 1<<bits), 64 - bits}
	case "offheap":
		h := offheap.NewHeap(offheap.Config{})
		buckets, err := offheap.MakeSlice[offheap.Ptr[offEntry]](h, 1<<bits, 1<<bits)
		if err != nil {
			return err
		}
		t = &offTable{h, buckets, 64 - bits}
	default:
		return fmt.Errorf("memexp: no table for %q", p.Name)
	}
	cpu := pattern.CPUTime()
	for key := range entries {
		t.insert(uint64(key))
	}
	build := pattern.CPUTime() - cpu

	generation := make([]uint32, entries) // of each entry's key
	keyAt := func(i int) uint64 { return uint64(generation[i])<<32 | uint64(i) }
	g := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := pattern.CPUTime(), time.Now()
	for range n {
		if !t.find(keyAt(g.IntN(entries))) {
			return fmt.Errorf("memexp: an entry is lost")
		}
		i := g.IntN(entries)
		t.remove(keyAt(i))
		generation[i]++
		t.insert(keyAt(i))
		for i := range garbage {
			garbage[i] = make([]byte, 200)
		}
	}
	wall, cpu := time.Since(start), pattern.CPUTime()-cpu
	runtime.ReadMemStats(&after)
	rss, err := statusBytes("VmRSS")
	if err != nil {
		return err
	}
	forced := make([]time.Duration, 3)
	for i := range forced {
		c := pattern.CPUTime()
		runtime.GC()
		forced[i] = pattern.CPUTime() - c
	}
	slices.Sort(forced)
	if !t.find(keyAt(0)) {
		return fmt.Errorf("memexp: an entry is lost")
	}
	_, err = fmt.Fprintf(w, "BenchmarkTable/by=%s %d %.5g ns/op %.5g cpu-ns/op %d rss-bytes %d forced-gc-cpu-ns %d build-cpu-ns %d collections\n",
		p.Name, n, per(wall, n), per(cpu, n), rss, forced[1].Nanoseconds(), build.Nanoseconds(), after.NumGC-before.NumGC)
	return err
}
