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
//	go test -run '^$' -bench 'Map' -benchtime 5000000x
//
// Keys are in random order, and each benchmark's operation is on one entry. The
// time of the processor has the collector's work in it, and on a machine with
// other work is the one to read.

type value100 [100]byte

// A tested is a map under test. Each method does one thing for all keys, in a
// loop that the compiler sees through, as a program's own would be.
type tested[V any] interface {
	set(keys []uint64, v V)
	get(keys []uint64) (found int)
	getOthers(keys []uint64) (found int)
	churn(keys []uint64, v V) // deletes each and sets it again
	iterate() int             // and adds the keys up
	free()
}

type goMap[V any] map[uint64]V

func (m goMap[V]) set(keys []uint64, v V) {
	for _, k := range keys {
		m[k] = v
	}
}

func (m goMap[V]) get(keys []uint64) (found int) {
	for _, k := range keys {
		if _, ok := m[k]; ok {
			found++
		}
	}
	return found
}

func (m goMap[V]) getOthers(keys []uint64) (found int) {
	for _, k := range keys {
		if _, ok := m[k+1]; ok {
			found++
		}
	}
	return found
}

func (m goMap[V]) churn(keys []uint64, v V) {
	for _, k := range keys {
		delete(m, k)
		m[k] = v
	}
}

func (m goMap[V]) iterate() (n int) {
	for k := range m {
		n += int(k)
	}
	return n
}

func (m goMap[V]) free() {}

type offMap[V any] struct{ Map[uint64, V] }

func (m offMap[V]) set(keys []uint64, v V) {
	for _, k := range keys {
		if err := m.Set(k, v); err != nil {
			panic(err)
		}
	}
}

func (m offMap[V]) get(keys []uint64) (found int) {
	for _, k := range keys {
		if m.At(k) != nil {
			found++
		}
	}
	return found
}

func (m offMap[V]) getOthers(keys []uint64) (found int) {
	for _, k := range keys {
		if m.At(k+1) != nil {
			found++
		}
	}
	return found
}

func (m offMap[V]) churn(keys []uint64, v V) {
	for _, k := range keys {
		m.Delete(k)
		if err := m.Set(k, v); err != nil {
			panic(err)
		}
	}
}

func (m offMap[V]) iterate() (n int) {
	for k := range m.Pointers() {
		n += int(k)
	}
	return n
}

func (m offMap[V]) free() { m.Free() }

func makeTested[V any](kind string) tested[V] {
	if kind == "go" {
		return goMap[V]{}
	}
	return offMap[V]{Must(NewMap[uint64, V](Default()))}
}

var sizes = []int{1_000, 100_000, 1_000_000}

// keysOf is n even numbers in random order.
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
			full.set(keys, v)
			run := func(op string, f func(keys []uint64)) {
				b.Run(fmt.Sprintf("%s/n=%d/%s", op, n, kind), func(b *testing.B) {
					before := cpuTime()
					for i := 0; i < b.N; i += n {
						f(keys[:min(n, b.N-i)])
					}
					b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
				})
			}
			run("hit", func(keys []uint64) { full.get(keys) })
			run("miss", func(keys []uint64) { full.getOthers(keys) })
			run("update", func(keys []uint64) { full.set(keys, v) })
			run("churn", func(keys []uint64) { full.churn(keys, v) })
			run("iterate", func([]uint64) { full.iterate() }) // of all, also in the last round
			full.free()
			full = nil
			run("grow", func(keys []uint64) {
				m := makeTested[V](kind)
				m.set(keys, v)
				m.free()
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
	collect := func(name string, fill func() (keep any)) {
		b.Run(name, func(b *testing.B) {
			keep := fill()
			runtime.GC()
			before := cpuTime()
			b.ResetTimer()
			for range b.N {
				runtime.GC()
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
			b.StopTimer()
			if m, ok := keep.(tested[value100]); ok {
				m.free()
			}
			runtime.KeepAlive(keep)
		})
	}
	collect("nothing", func() any { return nil })
	collect("go", func() any {
		m := map[uint64]entry{}
		for _, k := range keysOf(n) {
			m[k] = entry{name: new([8]byte)}
		}
		return m
	})
	for _, kind := range []string{"go", "off"} {
		collect(map[string]string{"go": "go without pointers", "off": "off"}[kind], func() any {
			m := makeTested[value100](kind)
			m.set(keysOf(n), value100{})
			return m
		})
	}
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
				for i := range keys {
					start := time.Now()
					m.set(keys[i:i+1], v)
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
