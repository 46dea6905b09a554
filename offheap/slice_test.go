package offheap

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSlice(t *testing.T) {
	testSlice(t, func(i int) uint8 { return uint8(i) })
	testSlice(t, func(i int) uint64 { return uint64(i) })
	testSlice(t, func(i int) [3]uint16 { return [3]uint16{uint16(i), 7, 8} })
	testSlice(t, func(i int) [100]byte { return [100]byte{byte(i), 99: 5} })
	testSlice(t, func(i int) struct{} { return struct{}{} })
	testSlice(t, func(i int) Slice[int] { return Slice[int]{len: i} })
}

// testSlice does random operations on a Slice and on Go's slice.
func testSlice[T comparable](t *testing.T, value func(int) T) {
	t.Helper()
	f := &failing{a: NewHeap(Config{}), rng: rand.New(rand.NewPCG(1, 1)), chance: 5}
	defer f.a.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	var s Slice[T]
	var want []T
	for i := range stressOps(t) / 100 {
		var err error
		switch op := rng.IntN(100); {
		case op < 50:
			if err = s.Append(f, value(i)); err == nil {
				want = append(want, value(i))
			}
		case op < 60:
			part := want[:min(len(want), rng.IntN(20))]
			if err = s.Append(f, s.View()[:len(part)]...); err == nil {
				want = append(want, part...)
			}
		case op < 70:
			n := rng.IntN(2000)
			if err = s.Grow(f, n); err == nil && s.Cap() < s.Len()+n {
				t.Fatalf("Grow by %d: %d of %d", n, s.Len(), s.Cap())
			}
		case op < 80:
			n := rng.IntN(3000)
			if err = s.Resize(f, n); err == nil {
				for n > len(want) {
					want = append(want, *new(T))
				}
				want = want[:n]
			}
		case op < 85:
			err = s.Clip(f)
		case op < 87:
			s.Free(f)
			want = nil
		case op < 95 && len(want) > 0:
			i := rng.IntN(len(want))
			*s.At(i) = value(i + 5)
			want[i] = value(i + 5)
		}
		if err != nil && !errors.Is(err, ErrOutOfMemory) {
			t.Fatal(err)
		}
		if !slices.Equal(s.View(), want) || s.Len() != len(want) || cap(s.View()) != len(want) {
			t.Fatalf("after %d operations: %d elements, want %d", i, s.Len(), len(want))
		}
	}
	s.Free(f)
	s.Free(f)
	checkEmpty(t, f.a)
}

func TestSliceView(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	if err := CheckType[Slice[int]](); err != nil {
		t.Error("a Slice cannot be off the heap:", err)
	}
	var s Slice[int]
	if err := s.Append(h, 5, 3, 9, 1); err != nil {
		t.Fatal(err)
	}
	s.Grow(h, 100)
	slices.Sort(s.View())
	_ = append(s.View(), 100) // has no room, and so leaves s alone
	if s.Append(h, 7); !slices.Equal(s.View(), []int{1, 3, 5, 9, 7}) {
		t.Errorf("elements are %v", s.View())
	}
	v := slices.Delete(s.View(), 1, 3)
	if s.Resize(h, len(v)); !slices.Equal(s.View(), []int{1, 9, 7}) {
		t.Errorf("elements are %v", s.View())
	}
	before := s.Cap()
	if s.Clip(h); s.Cap() >= before || !slices.Equal(s.View(), []int{1, 9, 7}) {
		t.Errorf("after Clip %v, room for %d of %d", s.View(), s.Cap(), before)
	}
	s.Resize(h, 1)
	if s.Resize(h, 3); !slices.Equal(s.View(), []int{1, 0, 0}) {
		t.Errorf("elements are %v", s.View())
	}
	maxInt := int(^uint(0) >> 1)
	if err := s.Grow(h, maxInt); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("Grow by the most: %v", err)
	}
	if err := s.Grow(h, maxInt/2); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("Grow by very much: %v", err)
	}
	s.Free(h)
	checkEmpty(t, h)
}

// Lists in a map.
func TestSliceMap(t *testing.T) {
	m, h := newMap[uint32, Slice[uint32]](t)
	for i := range uint32(20_000) {
		list, _, err := m.Upsert(i % 300)
		if err == nil {
			err = list.Append(h, i)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for k, list := range m.Pointers() {
		for i, v := range list.View() {
			if v != k+300*uint32(i) {
				t.Fatalf("list %d: element %d is %d", k, i, v)
			}
		}
		list.Free(h)
	}
}

func TestSliceAllocs(t *testing.T) {
	if checked {
		t.Skip("the checked build allocates on the Go heap")
	}
	h := NewHeap(Config{})
	defer h.Close()
	if n := testing.AllocsPerRun(100, func() {
		var s Slice[uint64]
		for i := range uint64(100) {
			s.Append(h, i, i+1)
		}
		s.Resize(h, 10)
		s.Clip(h)
		s.Free(h)
	}); n != 0 {
		t.Errorf("%v allocations on the Go heap", n)
	}
}
