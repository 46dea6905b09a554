package peer

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

// TestPeers sees to it that what an allocator hands out is memory of the size,
// that no other object has.
func TestPeers(t *testing.T) {
	for _, p := range Peers {
		if strings.HasSuffix(p.Name, "null") {
			continue // has one object
		}
		t.Run(p.Name, func(t *testing.T) {
			a := p.New()
			for _, size := range Sizes {
				ops, sized := a.Ops(size), a.SizedOps()
				for range 2 { // the second time with what was freed
					distinct(t, size, ops)
					distinct(t, size, pattern.Ops{
						Alloc: func() unsafe.Pointer { return sized.Alloc(uintptr(size)) },
						Free:  func(p unsafe.Pointer) { sized.Free(p, uintptr(size)) },
					})
				}
			}
		})
	}
}

func distinct(t *testing.T, size int, ops pattern.Ops) {
	var all [][]byte
	for i := range 100 {
		b := unsafe.Slice((*byte)(ops.Alloc()), size)
		for j := range b {
			b[j] = byte(i)
		}
		all = append(all, b)
	}
	for i, b := range all {
		for j := range b {
			if b[j] != byte(i) {
				t.Fatalf("size %d: object %d was overwritten at %d", size, i, j)
			}
		}
		ops.Free(unsafe.Pointer(unsafe.SliceData(b)))
	}
}

func TestByName(t *testing.T) {
	if p, err := ByName("make"); err != nil || p.Name != "make" {
		t.Errorf("ByName = %v, %v", p, err)
	}
	if _, err := ByName("nothing"); err == nil {
		t.Error("no error for a name that there is not")
	}
}
