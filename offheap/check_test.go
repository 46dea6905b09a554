package offheap

import (
	"errors"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"
)

// misuse is what f panics with.
func misuse(t *testing.T, f func()) (m *Misuse) {
	t.Helper()
	defer func() {
		switch v := recover().(type) {
		case nil:
			t.Error("no panic")
		case *Misuse:
			m = v
		default:
			panic(v)
		}
	}()
	f()
	return nil
}

// What the normal build catches, since it costs nothing there.
func TestMisuse(t *testing.T) {
	h, other := NewHeap(Config{}), NewHeap(Config{})
	defer h.Close()
	defer other.Close()
	large := func(h *Heap) []uint64 { return Must(MakeSlice[uint64](h, 10_000, 10_000)) }
	flush := func() {
		if !checked {
			h.flush(0)
			h.drainCentral()
		}
	}
	for _, test := range []struct {
		name string
		what string
		f    func()
	}{
		{"small twice", "twice", func() {
			p := Must(New[[5]uint64](h))
			Free(h, p)
			Free(h, p)
		}},
		{"large twice", "before", func() {
			s := large(h)
			FreeSlice(h, s)
			FreeSlice(h, s)
		}},
		{"large of another heap", "not of this heap", func() { FreeSlice(h, large(other)) }},
		{"large from the middle", "no object starts", func() { FreeSlice(h, large(h)[5000:]) }},
		{"large as another size", "another size", func() { FreeSlice(h, large(h)[:1:9000]) }},
		{"small of another heap", "not of this heap", func() { Free(h, Must(New[[7]uint64](other))); flush() }},
		{"small as another size", "another size", func() {
			Free(h, (*[9]uint64)(unsafe.Pointer(Must(New[[90]uint64](h)))))
			flush()
		}},
		{"of the Go heap", "not of this heap", func() { Free(h, new([11]uint64)); flush() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := misuse(t, test.f)
			what := test.what
			if checked && test.name != "small as another size" && test.name != "large as another size" {
				what = "freed"
			}
			if m != nil && !strings.Contains(m.Error(), what) {
				t.Errorf("%q does not say %q", m.Error(), what)
			}
			if checked && strings.Contains(test.name, "twice") && (!strings.Contains(m.Allocated, "TestMisuse") || !strings.Contains(m.Freed, "TestMisuse")) {
				t.Errorf("no stacks: %v", m)
			}
		})
	}
}

func TestChecked(t *testing.T) {
	if !checked {
		t.Skip("not the checked build")
	}
	type a struct{ x, y uint64 }
	type b struct{ x, y uint64 }
	for _, test := range []struct {
		name string
		what string
		f    func(h *Heap)
	}{
		{"another type", "offheap.a and is freed as offheap.b", func(h *Heap) {
			p := Must(New[a](h))
			Free(h, (*b)(unsafe.Pointer(p)))
		}},
		{"a slice of another type", "[]offheap.a and is freed as []offheap.b", func(h *Heap) {
			s := Must(MakeSlice[a](h, 3, 3))
			FreeSlice(h, unsafe.Slice((*b)(unsafe.Pointer(&s[0])), 3))
		}},
		{"a slice as an element", "[]offheap.a and is freed as offheap.a", func(h *Heap) {
			Free(h, &Must(MakeSlice[a](h, 1, 1))[0])
		}},
		{"a string as a slice", "string and is freed as []uint8", func(h *Heap) {
			s := Must(CloneString(h, "text"))
			FreeSlice(h, unsafe.Slice(unsafe.StringData(s), len(s)))
		}},
		{"a slice as a string", "[]uint8 and is freed as string", func(h *Heap) {
			s := Must(MakeSlice[byte](h, 4, 4))
			FreeString(h, unsafe.String(&s[0], len(s)))
		}},
		{"a part of a string", "another size", func(h *Heap) {
			FreeString(h, Must(CloneString(h, "text"))[:3])
		}},
		{"an object through Heap.Free", "offheap.a and is freed as plain memory", func(h *Heap) {
			h.Free(unsafe.Pointer(Must(New[a](h))), unsafe.Sizeof(a{}))
		}},
		{"an object through Cache.Free", "offheap.a and is freed as plain memory", func(h *Heap) {
			h.NewCache().Free(unsafe.Pointer(Must(New[a](h))), unsafe.Sizeof(a{}))
		}},
		{"plain memory as an object", "plain memory and is freed as offheap.a", func(h *Heap) {
			Free(h, (*a)(Must(h.Alloc(unsafe.Sizeof(a{})))))
		}},
		{"plain memory as a string", "plain memory and is freed as string", func(h *Heap) {
			FreeString(h, unsafe.String((*byte)(Must(h.NewCache().Alloc(8))), 8))
		}},
		{"one of many as another type", "offheap.a and is freed as offheap.b", func(h *Heap) {
			ps := make([]*a, 2)
			Must(AllocN(h, ps))
			FreeN(h, []*b{(*b)(unsafe.Pointer(ps[0]))})
		}},
		{"past the end", "past its end", func(h *Heap) {
			s := Must(MakeSlice[byte](h, 5, 5))
			*(*byte)(unsafe.Add(unsafe.Pointer(&s[0]), 5)) = 1
			FreeSlice(h, s)
		}},
		{"past the end, seen by Verify", "past its end", func(h *Heap) {
			s := Must(MakeSlice[byte](h, 5, 5))
			*(*byte)(unsafe.Add(unsafe.Pointer(&s[0]), 5)) = 1
			h.Verify()
		}},
		{"written after free", "after it was freed", func(h *Heap) {
			p := Must(New[a](h))
			Free(h, p)
			p.y = 1
			h.Verify()
		}},
		{"written after free, seen by the quarantine", "after it was freed", func(h *Heap) {
			p := Must(New[a](h))
			Free(h, p)
			p.y = 1
			for range 3 {
				FreeSlice(h, Must(MakeSlice[byte](h, 0, 16<<20)))
			}
		}},
		{"twice through another cache", "twice", func(h *Heap) {
			c := h.NewCache()
			p := Must(New[a](c))
			Free(c, p)
			Free(h, p)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := NewHeap(Config{})
			Must(New[uint64](h)) // so that the next has no guarded page
			m := misuse(t, func() { test.f(h) })
			if m != nil && (!strings.Contains(m.What, test.what) || !strings.Contains(m.Allocated, "TestChecked")) {
				t.Errorf("got %v\nwant %q", m, test.what)
			}
		})
	}
}

func TestLeaks(t *testing.T) {
	h := NewHeap(Config{ReportLeaks: true})
	for range 3 {
		Must(New[[4]uint64](h))
	}
	Free(h, Must(New[uint64](h)))
	Must(MakeSlice[uint16](h, 2, 4))
	leaks := h.Leaks()
	err := h.Close()
	if !checked {
		if leaks != nil || err != nil {
			t.Error(leaks, err)
		}
		return
	}
	if len(leaks) != 2 || leaks[0].Objects != 3 || leaks[0].Bytes != 96 || leaks[0].Type != "[4]uint64" || !strings.Contains(leaks[0].Stack, "TestLeaks") || leaks[1].Type != "[]uint16" {
		t.Errorf("%+v", leaks)
	}
	if err == nil || !strings.Contains(err.Error(), "3 objects, 96 bytes, [4]uint64") {
		t.Error(err)
	}
}

// An object with a guarded page faults when it is read after it was freed.
func TestGuard(t *testing.T) {
	if !checked || underRace {
		t.Skip("no guarded pages")
	}
	h := NewHeap(Config{})
	defer h.Close()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	read := func(p *byte) (v byte, fault error) {
		defer func() {
			if r := recover(); r != nil {
				fault = r.(error)
			}
		}()
		return *p, nil
	}
	s := Must(MakeSlice[byte](h, 16, 16)) // the first of a heap has one
	if _, err := read(&s[15]); err != nil {
		t.Error("of an object that lives:", err)
	}
	if _, err := read((*byte)(unsafe.Add(unsafe.Pointer(&s[0]), 16))); err == nil {
		t.Error("a read past the end is no fault")
	}
	FreeSlice(h, s)
	if _, err := read(&s[0]); err == nil {
		t.Error("a read after the free is no fault")
	}
	if m := misuse(t, func() { FreeSlice(h, s) }); m == nil || m.What != badTwice {
		t.Error(m)
	}
}

func TestClosed(t *testing.T) {
	h := NewHeap(Config{})
	c, a := h.NewCache(), h.NewArena()
	p, s := Must(New[[4]uint64](h)), Must(MakeSlice[byte](h, 0, 100_000))
	if !checked {
		// So that the mcentrals have chains.
		ps := make([]*[4]uint64, 10_000)
		Must(AllocN(h, ps))
		FreeN(h, ps)
		h.flush(0)
		Must(AllocN(h, ps))
	}
	tiny := Must(New[uint16](h))
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Fatal(err)
	}
	Free(h, p)
	Free(c, p)
	Free(h, tiny)
	FreeSlice(h, s)
	FreeN(h, []*[4]uint64{p})
	c.Close()
	a.Close()
	for _, size := range []uintptr{3, 64, 100_000, arenaSize} {
		for _, a := range []Allocator{h, c, a} {
			if _, err := a.Alloc(size); err != ErrClosed {
				t.Errorf("%T: alloc of %d: %v", a, size, err)
			}
		}
	}
	if n, err := AllocN(h, make([]*uint64, 3)); n != 0 || err != ErrClosed {
		t.Error(n, err)
	}
	if s := h.Stats(); s.Committed != 0 || s.InUse != 0 || s.Requested != 0 {
		t.Errorf("%+v", s)
	}
	h.Trim()
	h.trimIdle()
	if Default().Close() == nil {
		t.Error("the default heap was closed")
	}
}
