package offheap

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Benchmarks of Map beside Go's map, as in
//
//	go test -run '^$' -bench 'Map' -benchtime 200ms
//
// Keys are in random order, and each benchmark's operation is on one entry.

type value100 [100]byte

// A tested is a map under test.
type tested[V any] interface {
	get(k uint64) bool
	set(k uint64, v V)
	del(k uint64)
	iterate() int
	free()
}

type goMap[V any] map[uint64]V

func (m goMap[V]) get(k uint64) bool { _, ok := m[k]; return ok }
func (m goMap[V]) set(k uint64, v V) { m[k] = v }
func (m goMap[V]) del(k uint64)      { delete(m, k) }
func (m goMap[V]) free()             {}
func (m goMap[V]) iterate() (n int) {
	for range m {
		n++
	}
	return n
}

type offMap[V any] struct {
	Map[uint64, V]
	heap *Heap
}

func (m offMap[V]) get(k uint64) bool { _, ok := m.Get(k); return ok }
func (m offMap[V]) set(k uint64, v V) {
	if err := m.Set(k, v); err != nil {
		panic(err)
	}
}
func (m offMap[V]) del(k uint64) { m.Delete(k) }
func (m offMap[V]) free()        { m.heap.Close() }
func (m offMap[V]) iterate() (n int) {
	for range m.Pointers() {
		n++
	}
	return n
}

func makeTested[V any](kind string) tested[V] {
	if kind == "go" {
		return goMap[V]{}
	}
	h := NewHeap(Config{})
	m, err := NewMap[uint64, V](h)
	if err != nil {
		panic(err)
	}
	return offMap[V]{m, h}
}

var sizes = []int{1_000, 100_000, 1_000_000}

// keysOf is n different keys in random order; those at odd places, once
// doubled, are none of them.
func keysOf(n int) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = uint64(i) * 2
	}
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func BenchmarkMap(b *testing.B) {
	b.Run("8B", benchmarkMap[uint64])
	b.Run("100B", benchmarkMap[value100])
}

func benchmarkMap[V any](b *testing.B) {
	for _, n := range sizes {
		keys := keysOf(n)
		for _, kind := range []string{"go", "off"} {
			full := makeTested[V](kind)
			var v V
			for _, k := range keys {
				full.set(k, v)
			}
			run := func(op string, f func(b *testing.B)) {
				b.Run(fmt.Sprintf("%s/n=%d/%s", op, n, kind), f)
			}
			run("hit", func(b *testing.B) {
				i := 0
				for b.Loop() {
					if !full.get(keys[i]) {
						b.Fatal(i)
					}
					if i++; i == n {
						i = 0
					}
				}
			})
			run("miss", func(b *testing.B) {
				i := 0
				for b.Loop() {
					if full.get(keys[i] + 1) {
						b.Fatal(i)
					}
					if i++; i == n {
						i = 0
					}
				}
			})
			run("update", func(b *testing.B) {
				i := 0
				for b.Loop() {
					full.set(keys[i], v)
					if i++; i == n {
						i = 0
					}
				}
			})
			run("churn", func(b *testing.B) {
				i := 0
				for b.Loop() {
					full.del(keys[i])
					full.set(keys[i], v)
					if i++; i == n {
						i = 0
					}
				}
			})
			run("iterate", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; i < b.N; i += n {
					full.iterate()
				}
			})
			full.free()
			full = nil
			run("grow", func(b *testing.B) {
				for i := 0; i < b.N; {
					m := makeTested[V](kind)
					for _, k := range keys[:min(n, b.N-i)] {
						m.set(k, v)
					}
					i += n
					m.free()
				}
			})
		}
	}
}

// BenchmarkMapCollect is a forced collection while a map of a million entries
// lives.
func BenchmarkMapCollect(b *testing.B) {
	type entry struct {
		name *[8]byte // what Go programs have, and makes the collector look
		_    [92]byte
	}
	const n = 1_000_000
	b.Run("go", func(b *testing.B) {
		m := map[uint64]entry{}
		for _, k := range keysOf(n) {
			m[k] = entry{name: new([8]byte)}
		}
		for b.Loop() {
			runtime.GC()
		}
		runtime.KeepAlive(m)
	})
	b.Run("go/nopointers", func(b *testing.B) {
		m := makeTested[value100]("go")
		for _, k := range keysOf(n) {
			m.set(k, value100{})
		}
		for b.Loop() {
			runtime.GC()
		}
		runtime.KeepAlive(m)
	})
	b.Run("off", func(b *testing.B) {
		m := makeTested[value100]("off")
		for _, k := range keysOf(n) {
			m.set(k, value100{})
		}
		for b.Loop() {
			runtime.GC()
		}
		m.free()
	})
}

// BenchmarkMapWorstInsert says how long the slowest inserts take. An operation
// is an insert into a map that grows to two million entries.
func BenchmarkMapWorstInsert(b *testing.B) {
	b.Run("8B", benchmarkWorst[uint64])
	b.Run("100B", benchmarkWorst[value100])
}

func benchmarkWorst[V any](b *testing.B) {
	const n = 2_000_000
	keys := keysOf(n)
	took := make([]time.Duration, n)
	for _, kind := range []string{"go", "off"} {
		b.Run(kind, func(b *testing.B) {
			var v V
			var all []time.Duration
			for i := 0; i < b.N; i += n {
				runtime.GC()
				m := makeTested[V](kind)
				for i, k := range keys {
					start := time.Now()
					m.set(k, v)
					took[i] = time.Since(start)
				}
				m.free()
				all = append(all, took...)
			}
			slices.Sort(all)
			at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].Nanoseconds()) / 1e3 }
			b.ReportMetric(at(0.5), "p50-µs")
			b.ReportMetric(at(0.999), "p99.9-µs")
			b.ReportMetric(at(0.9999), "p99.99-µs")
			b.ReportMetric(at(1), "max-µs")
		})
	}
}
