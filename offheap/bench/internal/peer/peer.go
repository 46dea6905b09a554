// Package peer has the allocators that are compared.
//
// Those written in Go are in every build. Of those in C one is linked, by the
// build tag link_glibc, link_mimalloc, link_jemalloc or link_tcmalloc, since each
// of them takes the name malloc for itself.
package peer

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

// A Peer is an allocator to compare.
type Peer struct {
	Name string

	// Single says that only one goroutine may use it at a time.
	Single bool

	// New makes one.
	New func() pattern.Allocator
}

// Peers is those of this build.
var Peers = []Peer{
	{Name: "null", New: func() pattern.Allocator { return null{} }},
	{Name: "offheap", New: func() pattern.Allocator { return newOffheap(uninit) }},
	{Name: "offheap-zeroed", New: func() pattern.Allocator { return newOffheap(zeroed) }},
	{Name: "offheap-cache", New: func() pattern.Allocator { return newOffheap(cached) }},
	{Name: "make", New: func() pattern.Allocator { return goHeap{} }},
	{Name: "sync.Pool", New: func() pattern.Allocator { return newPool() }},
	{Name: "modernc", Single: true, New: func() pattern.Allocator { return new(modernc) }},
	{Name: "ristretto-z", New: func() pattern.Allocator { return zed{} }},
}

// ByName returns the peer of a name, or an error with those of this build.
func ByName(name string) (*Peer, error) {
	for i := range Peers {
		if Peers[i].Name == name {
			return &Peers[i], nil
		}
	}
	names := make([]string, len(Peers))
	for i, p := range Peers {
		names[i] = p.Name
	}
	return nil, fmt.Errorf("peer: no %q in this build, only %q", name, names)
}

// Sizes is those that Ops may be asked for, in bytes.
var Sizes = []int{8, 16, 24, 64, 256, 1024, 8192, 32768}

// bySize picks what was made for each of Sizes: the functions below are generic
// in the object's type, as a program's own code has its types, and that a size
// is known when the code is compiled is of use to some allocators.
func bySize[V any](size int, of [8]V) V {
	i := slices.Index(Sizes, size)
	if i < 0 {
		panic(fmt.Sprintf("peer: no objects of %d bytes", size))
	}
	return of[i]
}

// The types of objects, one of each size.
type (
	obj8     [1]uint64
	obj16    [2]uint64
	obj24    [3]uint64
	obj64    [8]uint64
	obj256   [32]uint64
	obj1024  [128]uint64
	obj8192  [1024]uint64
	obj32768 [4096]uint64
)

// null is the control: each goroutine has one object, which it gets each time,
// by calls that the compiler does not inline, as it does not inline an
// allocator's. So what it costs is what the harness and the calls cost, as the
// control in C has it, too.
type null struct{}

func (null) Ops(size int) pattern.Ops {
	return bySize(size, [...]func() pattern.Ops{
		nullOps[obj8], nullOps[obj16], nullOps[obj24], nullOps[obj64],
		nullOps[obj256], nullOps[obj1024], nullOps[obj8192], nullOps[obj32768],
	})()
}

func nullOps[T any]() pattern.Ops {
	m := new(nullMemory)
	return pattern.Ops{
		Alloc: func() unsafe.Pointer {
			p, err := nullNew[T](m)
			if err != nil {
				panic(err)
			}
			return unsafe.Pointer(p)
		},
		Free: func(p unsafe.Pointer) { nullFree(m, (*T)(p)) },
	}
}

func (null) SizedOps() pattern.SizedOps {
	m := new(nullMemory)
	return pattern.SizedOps{Alloc: m.alloc, Free: m.free}
}

// nullMemory has room for the largest object of any pattern.
type nullMemory [64 << 10]byte

//go:noinline
func nullNew[T any](m *nullMemory) (*T, error) { return (*T)(unsafe.Pointer(m)), nil }

//go:noinline
func nullFree[T any](*nullMemory, *T) {}

//go:noinline
func (m *nullMemory) alloc(uintptr) unsafe.Pointer { return unsafe.Pointer(m) }

//go:noinline
func (m *nullMemory) free(unsafe.Pointer, uintptr) {}
