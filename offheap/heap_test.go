package offheap

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	h := NewHeap(Config{})
	var ps []*obj64
	for i := range 100000 {
		p, err := New[obj64](h)
		if err != nil {
			t.Fatal(err)
		}
		p.a[7] = uint64(i)
		ps = append(ps, p)
	}
	for i, p := range ps {
		if p.a[7] != uint64(i) || p.a[0] != 0 {
			t.Fatal(i, p)
		}
	}
	t.Logf("%+v", h.Stats())
	for _, p := range ps {
		Free(h, p)
	}
	s, err := MakeSlice[uint64](h, 100<<20/8, 100<<20/8)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s {
		if s[i] != 0 {
			t.Fatal(i)
		}
		s[i] = 1
	}
	t.Logf("%+v", h.Stats())
	FreeSlice(h, s)
	for size := uintptr(0); size < 200000; size += 1 + size/7 {
		p, err := h.Alloc(size)
		if err != nil {
			t.Fatal(err)
		}
		h.Free(p, size)
	}
	t.Logf("%d", h.Trim())
	t.Logf("%+v", h.Stats())
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New[obj64](h); err != ErrClosed {
		t.Fatal(err)
	}
}
