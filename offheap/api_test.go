package offheap

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// eachAllocator runs a test on each kind of Allocator. After it, and but for an
// Arena, the heap must be empty.
func eachAllocator(t *testing.T, f func(t *testing.T, a Allocator)) {
	for _, kind := range []string{"Heap", "Cache", "Arena"} {
		t.Run(kind, func(t *testing.T) {
			h := NewHeap(Config{ReportLeaks: true})
			switch kind {
			case "Heap":
				f(t, h)
			case "Cache":
				c := h.NewCache()
				f(t, c)
				c.Close()
			case "Arena":
				a := h.NewArena()
				f(t, a)
				a.Close()
			}
			checkEmpty(t, h)
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNew(t *testing.T) {
	eachAllocator(t, func(t *testing.T, a Allocator) {
		newOf[uint8](t, a)
		newOf[[3]uint16](t, a)
		newOf[uint32](t, a)
		newOf[uint64](t, a)
		newOf[[12]byte](t, a)
		newOf[[15]byte](t, a)
		newOf[[2]uint64](t, a)
		newOf[[100]uint64](t, a)
		newOf[[4096]uint64](t, a)
		newOf[[4097]uint64](t, a)
		newOf[[100_000]byte](t, a)
		p, q := Must(New[struct{}](a)), Must(New[[0]int](a))
		if p == nil || q == nil {
			t.Error("nil for a type of no size")
		}
		Free(a, p)
		Free(a, q)
		Free[int](a, nil)
	})
}

// newOf allocates Ts, fills them, frees them and expects the next to be zero.
func newOf[T comparable](t *testing.T, a Allocator) {
	t.Helper()
	var zero T
	for range 3 {
		var all []*T
		for range 20 {
			p, err := New[T](a)
			if err != nil {
				t.Fatal(err)
			}
			if *p != zero {
				t.Fatalf("a new %T is not zero", zero)
			}
			if uintptr(unsafe.Pointer(p))%unsafe.Alignof(zero) != 0 {
				t.Fatalf("a %T at %p is not aligned", zero, p)
			}
			fillBytes(unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(zero)))
			all = append(all, p)
		}
		for _, p := range all {
			Free(a, p)
		}
	}
}

func fillBytes(b []byte) {
	for i := range b[:min(len(b), 1)] {
		b[i] = 0xff
	}
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// Of each size all bytes are zero, and none that is another object's.
func TestZero(t *testing.T) {
	eachAllocator(t, func(t *testing.T, a Allocator) {
		const n = 8
		for size := uintptr(1); size < 2100; size++ {
			var all [n][]byte
			for range 2 {
				for i := range all {
					all[i] = unsafe.Slice((*byte)(Must(a.Alloc(size))), size)
					for j, b := range all[i] {
						if b != 0 {
							t.Fatalf("byte %d of %d is %#x", j, size, b)
						}
					}
					fillBytes(all[i])
				}
				for i := range all {
					for j, b := range all[i] {
						if b != 0xff {
							t.Fatalf("byte %d of %d was cleared", j, size)
						}
					}
					a.Free(unsafe.Pointer(&all[i][0]), size)
				}
			}
		}
	})
}

func TestSlices(t *testing.T) {
	eachAllocator(t, func(t *testing.T, a Allocator) {
		s := Must(MakeSlice[int32](a, 3, 10))
		if len(s) != 3 || cap(s) != 10 || !slices.Equal(s[:10], make([]int32, 10)) {
			t.Errorf("%v, cap %d", s, cap(s))
		}
		FreeSlice(a, s)
		var grown []int32
		for i := range int32(10_000) {
			grown = Must(AppendSlice(a, grown, i, -i))
			if i%1000 == 0 && cap(grown) > len(grown) && slices.Max(grown[len(grown):cap(grown)]) != 0 {
				t.Fatal("room after an append is not zero")
			}
		}
		for i := range int32(10_000) {
			if grown[2*i] != i || grown[2*i+1] != -i {
				t.Fatal(i)
			}
		}
		FreeSlice(a, grown)
		empty := Must(MakeSlice[int64](a, 0, 0))
		empty = Must(AppendSlice(a, empty, 1))
		FreeSlice(a, empty)
		FreeSlice(a, Must(MakeSlice[struct{}](a, 100, 1000)))
		FreeSlice[int](a, nil)
	})
}

func TestMakeSliceArguments(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	for _, n := range [][2]int{{-1, 1}, {2, 1}, {0, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("MakeSlice of %v did not panic", n)
				}
			}()
			MakeSlice[int](h, n[0], n[1])
		}()
	}
}

func TestAppendSliceOutOfMemory(t *testing.T) {
	h := NewHeap(Config{Limit: 8 << 20})
	defer h.Close()
	var s []uint64
	var err error
	for err == nil {
		s, err = AppendSlice(h, s, uint64(len(s)))
	}
	if !errors.Is(err, ErrLimit) || len(s) < 100_000 {
		t.Error(len(s), err)
	}
	for i, v := range s {
		if v != uint64(i) {
			t.Fatal(i)
		}
	}
	FreeSlice(h, s)
	checkEmpty(t, h)
}

func TestStrings(t *testing.T) {
	eachAllocator(t, func(t *testing.T, a Allocator) {
		var all []string
		for n := range 300 {
			s := Must(CloneString(a, strings.Repeat("x", n)))
			all = append(all, s)
		}
		for n, s := range all {
			if s != strings.Repeat("x", n) {
				t.Errorf("%q", s)
			}
			FreeString(a, s)
		}
	})
}

func TestBatch(t *testing.T) {
	eachAllocator(t, func(t *testing.T, a Allocator) {
		for _, n := range []int{0, 1, 63, 64, 65, 5000} {
			batchOf[uint64](t, a, n)
			batchOf[[8]uint64](t, a, n)
			batchOf[uint16](t, a, n)
		}
		batchOf[[5000]uint64](t, a, 3)
	})
}

func batchOf[T comparable](t *testing.T, a Allocator, n int) {
	t.Helper()
	var zero T
	for range 3 {
		ps := make([]*T, n)
		if got, err := AllocN(a, ps); got != n || err != nil {
			t.Fatal(got, err)
		}
		seen := map[*T]bool{}
		for _, p := range ps {
			if seen[p] || *p != zero {
				t.Fatalf("%p: seen %v, %v", p, seen[p], *p)
			}
			seen[p] = true
			*(*byte)(unsafe.Pointer(p)) = 1
		}
		FreeN(a, append(ps, nil))
	}
}

func TestBatchOutOfMemory(t *testing.T) {
	h := NewHeap(Config{Limit: 1 << 20})
	defer h.Close()
	ps := make([]*obj64, 100_000)
	n, err := AllocN(h, ps)
	if !errors.Is(err, ErrLimit) || n < 5000 || n == len(ps) || ps[n-1] == nil || ps[n] != nil {
		t.Fatal(n, err)
	}
	FreeN(h, ps)
	checkEmpty(t, h)
}

func TestPtr(t *testing.T) {
	type node struct {
		value int
		next  Ptr[node]
	}
	h := NewHeap(Config{})
	defer h.Close()
	var list Ptr[node]
	if !list.IsNil() || list.Get() != nil || PtrTo[node](nil) != list {
		t.Error("the zero Ptr is not nil")
	}
	for i := range 1000 {
		n := Must(New[node](h))
		*n = node{i, list}
		list = PtrTo(n)
		if i%100 == 0 {
			runtime.GC()
		}
	}
	for i := 999; !list.IsNil(); i-- {
		n := list.Get()
		if n.value != i {
			t.Fatal(n.value, i)
		}
		list = n.next
		Free(h, n)
	}
	checkEmpty(t, h)
}

func TestArena(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	a := h.NewArena()
	zeros := make([]byte, 100_000)
	for round := range 3 {
		used := map[uintptr]uintptr{}
		for i := range 5000 {
			size := modelSize(uint64(i)*0x9e3779b97f4a7c15) % 100_000
			p := Must(a.Alloc(size))
			b := unsafe.Slice((*byte)(p), size)
			if !bytes.Equal(b, zeros[:size]) {
				t.Fatalf("round %d: not zero", round)
			}
			fillBytes(b)
			if size > 0 {
				used[uintptr(p)] = size
			}
			a.Free(p, size)
		}
		var at []uintptr
		for p := range used {
			at = append(at, p)
		}
		slices.Sort(at)
		for i := 1; i < len(at); i++ {
			if at[i-1]+used[at[i-1]] > at[i] {
				t.Fatalf("objects at %#x and %#x overlap", at[i-1], at[i])
			}
		}
		before := a.Size()
		a.Reset()
		if after := a.Size(); after > before || after > maxBump {
			t.Errorf("after Reset the arena has %d bytes of %d", after, before)
		}
	}
	a.Close()
	checkEmpty(t, h)
	if _, err := a.Alloc(8); err != ErrClosed {
		t.Error(err)
	}
}

// A tiny block goes when its last object does, whichever that is.
func TestTinyBlocks(t *testing.T) {
	if checked {
		t.Skip("the checked build has none")
	}
	h := NewHeap(Config{})
	defer h.Close()
	var ps []*uint32
	for range 15_000 {
		ps = append(ps, Must(New[uint32](h)))
	}
	s := h.Stats()
	if want := uint64(15_000 / 15); s.Tiny.Blocks < want || s.Tiny.Blocks > want+2 || s.Tiny.Requested != 60_000 || s.Requested != 60_000 {
		t.Errorf("%+v", s)
	}
	for i := range ps {
		if i%15 != 7 {
			Free(h, ps[i])
		}
	}
	for i := 7; i < len(ps); i += 15 {
		Free(h, ps[i])
	}
	checkEmpty(t, h)
}

func TestTinyFree(t *testing.T) {
	if checked {
		t.Skip("the checked build has none")
	}
	h := NewHeap(Config{})
	defer h.Close()
	block := Must(New[[tinyBlockSize]byte](h))
	defer Free(h, block)
	for _, test := range []struct {
		count    uint32
		dead, ok bool
	}{
		{2, false, true},
		{1, true, true},
		{0, false, false}, // it was freed twice
		{tinyBias + 3, false, true},
		{tinyBias, false, true},
	} {
		*tinyCount(unsafe.Pointer(block)) = test.count
		dead, ok := tinyFree(unsafe.Pointer(&block[17]))
		if (dead != nil) != test.dead || dead != nil && dead != unsafe.Pointer(block) || ok != test.ok {
			t.Errorf("of %d objects: %v, %v", test.count, dead, ok)
		}
	}
}

// A Cache that is forgotten gives back what it has.
func TestCacheCleanup(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	func() {
		c := h.NewCache()
		for range 100 {
			Free(c, Must(New[obj64](c)))
		}
	}()
	owned := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.owned)
	}
	for range 1000 {
		if runtime.GC(); owned() == 0 {
			checkEmpty(t, h)
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the cache was not given back")
}

func TestStats(t *testing.T) {
	if checked {
		t.Skip("the checked build has no spans")
	}
	h := NewHeap(Config{Limit: 1 << 30})
	defer h.Close()
	c := h.NewCache()
	defer c.Close()
	for i := range 1000 {
		a := Allocator(h)
		if i%2 == 0 {
			a = c
		}
		Must(New[[50]byte](a))
	}
	Must(MakeSlice[byte](h, 100_000, 100_000))
	s := h.Stats()
	if s.Objects != 1001 || s.Requested != 150_000 || s.Lost != 1000*14+106496-100_000 || s.Limit != 1<<30 {
		t.Errorf("%+v", s)
	}
	if len(s.Classes) != 1 || s.Classes[0].Size != 64 || s.Classes[0].Objects != 1000 || s.Classes[0].Requested != 50_000 || s.Classes[0].Lost != 14_000 {
		t.Errorf("%+v", s.Classes)
	}
	k := s.Classes[0]
	if k.Objects+k.Cached+k.Free != k.SpanBytes/64 {
		t.Errorf("objects do not add up: %+v", k)
	}
	if s.InUse != k.SpanBytes+s.Large.Bytes || s.InUse+s.Free > s.Committed || s.PeakInUse < s.InUse {
		t.Errorf("%+v", s)
	}
	if s.Large != (LargeStats{1, 106496, 100_000}) {
		t.Errorf("%+v", s.Large)
	}
}

func TestContains(t *testing.T) {
	h, other := NewHeap(Config{}), NewHeap(Config{})
	defer h.Close()
	defer other.Close()
	small, large := Must(New[obj64](h)), Must(MakeSlice[byte](h, 100_000, 100_000))
	for _, test := range []struct {
		name string
		p    unsafe.Pointer
		want bool
	}{
		{"small", unsafe.Pointer(small), true},
		{"end of small", unsafe.Pointer(&small.a[7]), true},
		{"end of large", unsafe.Pointer(&large[99_999]), true},
		{"another heap's", unsafe.Pointer(Must(New[obj64](other))), false},
		{"the Go heap's", unsafe.Pointer(new(obj64)), false},
		{"nil", nil, false},
	} {
		if got := h.Contains(test.p); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	// What is left of a span that was freed is not in what began in its place.
	long := Must(MakeSlice[byte](h, 200_000, 200_000))
	FreeSlice(h, long)
	Must(MakeSlice[byte](h, 50_000, 50_000))
	if h.Contains(unsafe.Pointer(&long[199_999])) {
		t.Error("end of an object that was freed")
	}
	huge := Must(MakeSliceUninit[byte](h, 2*arenaSize, 2*arenaSize))
	if !h.Contains(unsafe.Pointer(&huge[2*arenaSize-1])) {
		t.Error("end of huge")
	}
	FreeSlice(h, huge)
	if h.Contains(unsafe.Pointer(&huge[0])) {
		t.Error("a huge object that was freed")
	}
}

func TestSetMemoryLimit(t *testing.T) {
	h, limited := NewHeap(Config{}), NewHeap(Config{Limit: 300 << 20})
	defer h.Close()
	defer limited.Close()
	defer SetMemoryLimit(1<<63 - 1) // the default
	Must(MakeSlice[byte](h, 40<<20, 40<<20))
	got := SetMemoryLimit(1<<30, h, limited)
	want := int64(1<<30) - 300<<20 - int64(h.Stats().Committed)
	if !checked && got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if got := SetMemoryLimit(160<<20, limited); got != 10<<20 {
		t.Error(got)
	}
}
