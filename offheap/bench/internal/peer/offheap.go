package peer

import (
	"unsafe"

	"github.com/stackward-go/stackward/offheap"
	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

type offheapMode int

const (
	uninit offheapMode = iota // the heap, contents undefined
	zeroed                    // the heap, contents zero: the default
	cached                    // a Cache for each goroutine, contents undefined
)

// off is this repository's own allocator.
type off struct {
	h    *offheap.Heap
	mode offheapMode
}

func newOffheap(mode offheapMode) *off {
	return &off{h: offheap.NewHeap(offheap.Config{}), mode: mode}
}

func (o *off) Ops(size int) pattern.Ops {
	return bySize(size, [...]func(*off) pattern.Ops{
		offOps[obj8], offOps[obj16], offOps[obj24], offOps[obj64],
		offOps[obj256], offOps[obj1024], offOps[obj8192], offOps[obj32768],
	})(o)
}

func offOps[T any](o *off) pattern.Ops {
	h := o.h
	heapFree := func(p unsafe.Pointer) { offheap.Free(h, (*T)(p)) }
	switch o.mode {
	case cached:
		c := h.NewCache()
		return pattern.Ops{
			Alloc: func() unsafe.Pointer {
				p, err := offheap.NewUninit[T](c)
				if err != nil {
					panic(err)
				}
				return unsafe.Pointer(p)
			},
			Free: func(p unsafe.Pointer) { offheap.Free(c, (*T)(p)) },
		}
	case zeroed:
		return pattern.Ops{
			Alloc: func() unsafe.Pointer {
				p, err := offheap.New[T](h)
				if err != nil {
					panic(err)
				}
				return unsafe.Pointer(p)
			},
			Free: heapFree,
		}
	}
	return pattern.Ops{
		Alloc: func() unsafe.Pointer {
			p, err := offheap.NewUninit[T](h)
			if err != nil {
				panic(err)
			}
			return unsafe.Pointer(p)
		},
		Free: heapFree,
	}
}

func (o *off) SizedOps() pattern.SizedOps {
	switch h := o.h; o.mode {
	case cached:
		c := h.NewCache()
		return pattern.SizedOps{
			Alloc: func(size uintptr) unsafe.Pointer { return offheap.Must(c.AllocUninit(size)) },
			Free:  c.Free,
		}
	case zeroed:
		return pattern.SizedOps{
			Alloc: func(size uintptr) unsafe.Pointer { return offheap.Must(h.Alloc(size)) },
			Free:  h.Free,
		}
	default:
		return pattern.SizedOps{
			Alloc: func(size uintptr) unsafe.Pointer { return offheap.Must(h.AllocUninit(size)) },
			Free:  h.Free,
		}
	}
}
