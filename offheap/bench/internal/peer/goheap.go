package peer

import (
	"math/bits"
	"sync"
	"unsafe"

	"github.com/dgraph-io/ristretto/v2/z"
	"modernc.org/memory"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

// goHeap is new and make; the collector frees. What a function value returns
// escapes, so nothing is on a stack.
type goHeap struct{}

func (goHeap) Ops(size int) pattern.Ops {
	return bySize(size, [...]func() pattern.Ops{
		goOps[obj8], goOps[obj16], goOps[obj24], goOps[obj64],
		goOps[obj256], goOps[obj1024], goOps[obj8192], goOps[obj32768],
	})()
}

func goOps[T any]() pattern.Ops {
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return unsafe.Pointer(new(T)) },
		Free:  func(unsafe.Pointer) {},
	}
}

func (goHeap) SizedOps() pattern.SizedOps {
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(make([]byte, size))) },
		Free:  func(unsafe.Pointer, uintptr) {},
	}
}

// pool is sync.Pool: one for each type, and for objects of any size one for
// each power of two.
type pool struct {
	fixed sync.Map // from a size to its pool
	sized [64]sync.Pool
}

func newPool() *pool {
	p := new(pool)
	for i := range p.sized {
		p.sized[i].New = func() any { return unsafe.SliceData(make([]byte, 1<<i)) }
	}
	return p
}

func (p *pool) Ops(size int) pattern.Ops {
	return bySize(size, [...]func(*pool) pattern.Ops{
		poolOps[obj8], poolOps[obj16], poolOps[obj24], poolOps[obj64],
		poolOps[obj256], poolOps[obj1024], poolOps[obj8192], poolOps[obj32768],
	})(p)
}

func poolOps[T any](p *pool) pattern.Ops {
	made, _ := p.fixed.LoadOrStore(unsafe.Sizeof(*new(T)), &sync.Pool{New: func() any { return new(T) }})
	pool := made.(*sync.Pool)
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return unsafe.Pointer(pool.Get().(*T)) },
		Free:  func(p unsafe.Pointer) { pool.Put((*T)(p)) },
	}
}

func (p *pool) SizedOps() pattern.SizedOps {
	of := func(size uintptr) *sync.Pool { return &p.sized[bits.Len(uint(size-1))] }
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return unsafe.Pointer(of(size).Get().(*byte)) },
		Free:  func(p unsafe.Pointer, size uintptr) { of(size).Put((*byte)(p)) },
	}
}

// modernc is modernc.org/memory, which has no locks.
type modernc struct{ a memory.Allocator }

func (m *modernc) Ops(size int) pattern.Ops {
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return m.alloc(size) },
		Free:  m.free,
	}
}

func (m *modernc) SizedOps() pattern.SizedOps {
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return m.alloc(int(size)) },
		Free:  func(p unsafe.Pointer, _ uintptr) { m.free(p) },
	}
}

func (m *modernc) alloc(size int) unsafe.Pointer {
	p, err := m.a.UnsafeMalloc(size)
	if err != nil {
		panic(err)
	}
	return p
}

func (m *modernc) free(p unsafe.Pointer) {
	if err := m.a.UnsafeFree(p); err != nil {
		panic(err)
	}
}

// zed is ristretto's package z, without jemalloc: its Calloc is make then, and
// its Free nothing.
type zed struct{}

func (zed) Ops(size int) pattern.Ops {
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(z.Calloc(size, ""))) },
		Free:  func(p unsafe.Pointer) { z.Free(unsafe.Slice((*byte)(p), size)) },
	}
}

func (zed) SizedOps() pattern.SizedOps {
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(z.Calloc(int(size), ""))) },
		Free:  func(p unsafe.Pointer, size uintptr) { z.Free(unsafe.Slice((*byte)(p), size)) },
	}
}
