package offheap

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"unsafe"
)

type obj64 struct{ a [8]uint64 }

var sink *obj64

func BenchmarkPair64(b *testing.B) {
	h := NewHeap(Config{})
	defer h.Close()
	b.Run("heap", func(b *testing.B) {
		for range b.N {
			p, _ := NewUninit[obj64](h)
			p.a[0] = 1
			Free(h, p)
		}
	})
	b.Run("heap-zeroed", func(b *testing.B) {
		for range b.N {
			p, _ := New[obj64](h)
			p.a[0] = 1
			Free(h, p)
		}
	})
	b.Run("cache", func(b *testing.B) {
		c := h.NewCache()
		defer c.Close()
		for range b.N {
			p, _ := NewUninit[obj64](c)
			p.a[0] = 1
			Free(c, p)
		}
	})
	b.Run("tiny", func(b *testing.B) {
		for range b.N {
			p, _ := NewUninit[uint32](h)
			*p = 1
			Free(h, p)
		}
	})
	b.Run("make", func(b *testing.B) {
		for range b.N {
			sink = new(obj64)
			sink.a[0] = 1
		}
	})
	b.Run("sync.Pool", func(b *testing.B) {
		pool := sync.Pool{New: func() any { return new(obj64) }}
		for range b.N {
			p := pool.Get().(*obj64)
			p.a[0] = 1
			pool.Put(p)
		}
	})
}

// batch has allocations in one order and frees in another, 1000 at a time.
func batch(n int, alloc func() unsafe.Pointer, free func(unsafe.Pointer)) {
	const live = 1000
	perm := rand.New(rand.NewPCG(1, 2)).Perm(live)
	var ps [live]unsafe.Pointer
	for n > 0 {
		k := min(n, live)
		for i := range k {
			ps[i] = alloc()
			*(*uint64)(ps[i]) = 1
		}
		for _, i := range perm {
			if i < k {
				free(ps[i])
			}
		}
		n -= k
	}
}

func BenchmarkBatch64(b *testing.B) {
	h := NewHeap(Config{})
	defer h.Close()
	pool := sync.Pool{New: func() any { return new(obj64) }}
	for _, threads := range []int{1, 2} {
		run := func(name string, make func() (func() unsafe.Pointer, func(unsafe.Pointer))) {
			b.Run(name+"/"+string('0'+rune(threads)), func(b *testing.B) {
				var wg sync.WaitGroup
				for range threads {
					alloc, free := make()
					wg.Go(func() { batch(b.N, alloc, free) })
				}
				wg.Wait()
			})
		}
		run("heap", func() (func() unsafe.Pointer, func(unsafe.Pointer)) {
			return func() unsafe.Pointer { p, _ := NewUninit[obj64](h); return unsafe.Pointer(p) },
				func(p unsafe.Pointer) { Free(h, (*obj64)(p)) }
		})
		run("cache", func() (func() unsafe.Pointer, func(unsafe.Pointer)) {
			c := h.NewCache()
			return func() unsafe.Pointer { p, _ := NewUninit[obj64](c); return unsafe.Pointer(p) },
				func(p unsafe.Pointer) { Free(c, (*obj64)(p)) }
		})
		run("make", func() (func() unsafe.Pointer, func(unsafe.Pointer)) {
			return func() unsafe.Pointer { return unsafe.Pointer(new(obj64)) }, func(unsafe.Pointer) {}
		})
		run("pool", func() (func() unsafe.Pointer, func(unsafe.Pointer)) {
			return func() unsafe.Pointer { return unsafe.Pointer(pool.Get().(*obj64)) },
				func(p unsafe.Pointer) { pool.Put((*obj64)(p)) }
		})
	}
}

// At its limit a heap with much in it fails fast, so that a cache may evict and
// try again.
func BenchmarkAtLimit(b *testing.B) {
	h := NewHeap(Config{Limit: 256 << 20})
	defer h.Close()
	var err error
	for err == nil {
		_, err = NewUninit[[100]uint64](h)
	}
	for b.Loop() {
		if _, err := NewUninit[obj64](h); err != nil {
			continue
		}
	}
}

func BenchmarkLarge(b *testing.B) {
	h := NewHeap(Config{})
	defer h.Close()
	for _, size := range []uintptr{40 << 10, 1 << 20} {
		b.Run(strconv.Itoa(int(size)), func(b *testing.B) {
			for range b.N {
				p, _ := h.AllocUninit(size)
				h.Free(p, size)
			}
		})
	}
}
