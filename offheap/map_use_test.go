package offheap

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// Maps as programs use them: with each Allocator, at the limit of a heap, where
// the system has no memory, and by several goroutines.

func TestMapAllocators(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	cache, arena := h.NewCache(), h.NewArena()
	for _, a := range []Allocator{h, cache, arena} {
		m := Must(NewMap[uint64, uint64](a))
		for i := range uint64(20_000) {
			if err := m.Set(i, i); err != nil {
				t.Fatal(err)
			}
			if i%3 == 0 {
				m.Delete(i / 2)
			}
		}
		checkMap(t, m)
		m.Free()
	}
	cache.Close()
	arena.Close()
	checkEmpty(t, h)
	if _, err := NewMap[int, int](arena); err != ErrClosed {
		t.Errorf("NewMap with a closed arena: %v", err)
	}
}

// At the heap's limit entries can be replaced for ever, as a cache does: what
// is deleted makes room for others.
func TestMapAtLimit(t *testing.T) {
	h := NewHeap(Config{Limit: 8 << 20})
	defer h.Close()
	m := Must(NewMap[uint64, value100](h))
	full := 0
	rng := rand.New(rand.NewPCG(4, 4))
	next, n := uint64(0), 200_000
	if checked || testing.Short() {
		n = 100_000
	}
	for i := 0; i < n; i++ {
		err := m.Set(next, value100{byte(next)})
		if err == nil {
			next++
			continue
		}
		if !errors.Is(err, ErrLimit) || m.At(next) != nil {
			t.Fatal(err)
		}
		full++
		before := m.Len()
		skip := rng.IntN(10)
		for k := range m.All() {
			if skip--; skip < 0 {
				m.Delete(k)
			}
			if before-m.Len() >= 50 {
				break
			}
		}
		if m.Len() == before {
			t.Fatal("nothing was deleted")
		}
	}
	if full == 0 || m.Len() < 20_000 {
		t.Errorf("%d times at the limit, %d entries", full, m.Len())
	}
	t.Logf("%d times at the limit; %+v", full, m.Stats())
	for k, v := range m.All() {
		if v != (value100{byte(k)}) {
			t.Fatalf("%d has %v", k, v)
		}
	}
	checkMap(t, m)
	m.Free()
	checkEmpty(t, h)
}

// Each call to the system fails once, as long as there are calls.
func TestMapSystemFails(t *testing.T) {
	if checked {
		t.Skip("the checked build asks the Go heap")
	}
	defer func() { osFail = nil }()
	injected := errors.New("injected")
	for fail := 0; ; fail++ {
		calls := 0
		osFail = func(osCall) error {
			if calls++; calls == fail+1 {
				return injected
			}
			return nil
		}
		failed := runSystemFails(t)
		done := calls <= fail
		osFail = nil
		if done {
			if fail < 5 {
				t.Errorf("only %d calls to the system", fail)
			}
			if failed != 0 {
				t.Errorf("%d inserts failed without a failing call", failed)
			}
			return
		}
	}
}

func runSystemFails(t *testing.T) (failed int) {
	h := NewHeap(Config{})
	defer h.Close()
	m, err := NewMap[uint64, value100](h)
	if err != nil {
		if m, err = NewMap[uint64, value100](h); err != nil {
			t.Fatal("it failed twice:", err)
		}
	}
	in, err := NewInterner(h)
	if err != nil {
		if in, err = NewInterner(h); err != nil {
			t.Fatal("it failed twice:", err)
		}
	}
	for i := range uint64(30_000) {
		if err := m.Set(i, value100{byte(i)}); err != nil {
			failed++
			if m.At(i) != nil || m.Len() != int(i) {
				t.Fatal("an insert that failed changed the map")
			}
			if err := m.Set(i, value100{byte(i)}); err != nil {
				t.Fatal("it failed twice:", err)
			}
		}
		if _, err := in.Intern([]byte{byte(i), byte(i >> 8), 1}); err != nil {
			failed++
			if s, err := in.Intern([]byte{byte(i), byte(i >> 8), 1}); err != nil || s.Len() != 3 {
				t.Fatal("it failed twice:", err)
			}
		}
	}
	checkMap(t, m)
	checkMap(t, in.symbols)
	m.Free()
	in.Free()
	checkEmpty(t, h)
	return failed
}

// Any number of goroutines may read a map at once.
func TestMapReaders(t *testing.T) {
	m, _ := newMap[uint64, uint64](t)
	const n = 5000
	for i := range uint64(n) {
		m.Set(i, i*i)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 5 {
				sum := 0
				for k, v := range m.All() {
					if v != k*k {
						t.Errorf("%d has %d", k, v)
						return
					}
					if sum++; sum%7 == g%7 {
						if got, ok := m.Get(k + n/2); ok != (k < n/2) || ok && got != (k+n/2)*(k+n/2) {
							t.Errorf("%d has %d", k+n/2, got)
							return
						}
					}
				}
				if sum != n {
					t.Errorf("%d entries of %d", sum, n)
				}
			}
		})
	}
	wg.Wait()
	if m.h.iterators != 0 {
		t.Errorf("%d iterations are left", m.h.iterators)
	}
}

// Goroutines with a map each, of one heap, while the collector runs and
// GOMAXPROCS changes.
func TestMapStress(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	h := NewHeap(Config{})
	defer h.Close()
	const goroutines = 8
	done := make(chan struct{})
	var wg, collector sync.WaitGroup
	collector.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			runtime.GOMAXPROCS(1 + i%4)
			runtime.GC()
		}
	})
	for g := range uint64(goroutines) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(g, 7+stressSeed(t)))
			f := &failing{a: h, rng: rng}
			m, err := NewMap[uint64, uint64](f)
			if err != nil {
				t.Error(err)
				return
			}
			if g%2 == 0 {
				shrunk(m)
			}
			x := &mapModel{t: t, m: m, f: f, want: map[uint64]uint64{}, keys: 100 << g}
			for range stressOps(t) / 4 / goroutines {
				x.op(rng.Uint64())
			}
			x.check()
			m.Free()
		})
	}
	wg.Wait()
	close(done)
	collector.Wait()
	checkEmpty(t, h)
}

// An iteration that ends early, by panic or by leaving it, ends.
func TestMapIterationEnds(t *testing.T) {
	m, _ := newMap[int, int](t)
	for i := range 1000 {
		m.Set(i, i)
	}
	for range m.All() {
		break
	}
	func() {
		defer func() { recover() }()
		for range m.All() {
			for i := range 1000 {
				m.Set(-i, i) // tables are retired
			}
			panic("leave")
		}
	}()
	if m.h.iterators != 0 || m.h.retired != 0 {
		t.Errorf("%d iterations are left, retired tables: %v", m.h.iterators, m.h.retired != 0)
	}
	defer func() {
		if recover() == nil {
			t.Error("Free while iterating did not panic")
		}
	}()
	for range m.All() {
		m.Free()
	}
}

// Deleting all entries while iterating over them gives the memory back, and so
// does an iteration that replaces all entries.
func TestMapPurge(t *testing.T) {
	m, _ := newMap[uint64, uint64](t)
	const n = 100_000
	for i := range uint64(n) {
		m.Set(i, i)
	}
	full := m.MemoryUsed()
	for k := range m.All() {
		if k%100 != 0 {
			m.Delete(k)
		}
	}
	checkMap(t, m)
	if m.Len() != n/100 || m.MemoryUsed() > full/20 {
		t.Errorf("%d entries have %d bytes of %d", m.Len(), m.MemoryUsed(), full)
	}
	for k := range m.All() {
		m.Delete(k)
	}
	checkMap(t, m)
	if s := m.Stats(); s.Slots > groupSlots || s.Directories != 0 {
		t.Errorf("nothing has %+v", s)
	}
}
