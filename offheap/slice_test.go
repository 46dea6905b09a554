package offheap

import (
	"encoding/binary"
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
	rng := rand.New(rand.NewPCG(1, 2+stressSeed(t)))
	m := newSliceModel(t, 5, value)
	for range stressOps(t) / 100 {
		m.op(rng.Uint64())
	}
	m.end()
}

// A sliceModel is a Slice, and what it must have.
type sliceModel[T comparable] struct {
	t     testing.TB
	f     *failing
	value func(int) T
	s     Slice[T]
	want  []T
	n     int
}

func newSliceModel[T comparable](t testing.TB, chance uint64, value func(int) T) *sliceModel[T] {
	f := &failing{a: NewHeap(Config{}), rng: rand.New(rand.NewPCG(1, 1)), chance: chance}
	return &sliceModel[T]{t: t, f: f, value: value}
}

// op does one operation that r chooses.
func (m *sliceModel[T]) op(r uint64) {
	m.t.Helper()
	m.n++
	var err error
	s, failed, capacity := &m.s, m.f.failed, m.s.Cap()
	switch op, arg := r%100, int(r>>8%3000); {
	case op < 50:
		if err = s.Append(m.f, m.value(m.n)); err == nil {
			m.want = append(m.want, m.value(m.n))
		}
	case op < 60:
		part := m.want[:min(len(m.want), arg%20)]
		if err = s.Append(m.f, s.View()[:len(part)]...); err == nil {
			m.want = append(m.want, part...)
		}
	case op < 70:
		if err = s.Grow(m.f, arg); err == nil && s.Cap() < s.Len()+arg {
			m.t.Fatalf("Grow by %d: %d of %d", arg, s.Len(), s.Cap())
		}
	case op < 80:
		if err = s.Resize(m.f, arg); err == nil {
			m.want = append(m.want, make([]T, max(0, arg-len(m.want)))...)[:arg]
		}
	case op < 85:
		err = s.Clip(m.f)
	case op < 87:
		s.Free(m.f)
		m.want = nil
	case op < 95 && len(m.want) > 0:
		i := arg % len(m.want)
		*s.At(i) = m.value(arg)
		m.want[i] = m.value(arg)
	}
	if err != nil && (!errors.Is(err, ErrOutOfMemory) || s.Cap() != capacity) || (err != nil) != (m.f.failed > failed) {
		m.t.Fatalf("operation %d, %d: %v, after which the capacity is %d and was %d", m.n, r%100, err, s.Cap(), capacity)
	}
	if !slices.Equal(s.View(), m.want) || s.Len() != len(m.want) || cap(s.View()) != len(m.want) || s.Cap() < s.Len() {
		m.t.Fatalf("after %d operations: %d elements of %d, want %d", m.n, s.Len(), s.Cap(), len(m.want))
	}
}

func (m *sliceModel[T]) end() {
	m.s.Free(m.f)
	m.s.Free(m.f)
	checkEmpty(m.t, m.f.a)
	m.f.a.Close()
}

// FuzzSlice takes operations from the input: eight bytes each. One allocation in
// chance fails, if that is not 0.
func FuzzSlice(f *testing.F) {
	f.Add(uint64(0), []byte("eight bytes are one operation, so these are some"))
	rng := rand.New(rand.NewPCG(4, 4))
	for chance := range uint64(4) {
		var seed []byte
		for range 200 {
			seed = binary.LittleEndian.AppendUint64(seed, rng.Uint64())
		}
		f.Add(chance, seed)
	}
	f.Fuzz(func(t *testing.T, chance uint64, ops []byte) {
		small := newSliceModel(t, chance, func(i int) uint8 { return uint8(i) })
		odd := newSliceModel(t, chance, func(i int) [3]uint16 { return [3]uint16{uint16(i), 7, 8} })
		for ; len(ops) >= 8; ops = ops[8:] {
			r := binary.LittleEndian.Uint64(ops)
			small.op(r)
			odd.op(r)
		}
		small.end()
		odd.end()
	})
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
