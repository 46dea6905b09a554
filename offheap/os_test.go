package offheap

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// failNth lets the n-th call to the system fail, of those of one kind, or of
// all.
type failNth struct {
	n     int
	only  func(osCall) bool
	calls int
	last  osCall
}

var errOfSystem = errors.New("the system refuses")

func (f *failNth) call(c osCall) error {
	if f.only != nil && !f.only(c) {
		return nil
	}
	f.calls++
	if f.calls-1 == f.n {
		f.last = c
		return errOfSystem
	}
	return nil
}

// Each call to the system fails once, in a run that makes every kind of call.
// Whatever fails, the heap keeps its objects, is usable, and can be emptied.
func TestOSFailure(t *testing.T) {
	if checked {
		t.Skip("the checked build asks the Go heap")
	}
	defer func() { osFail = nil }()
	seen := map[osCall]int{}
	for n := 0; ; n++ {
		f := &failNth{n: n}
		osFail = f.call
		failures := osWork(t, n)
		osFail = nil
		if f.calls <= n {
			t.Logf("%d calls failed, by kind: %v", n, seen)
			break
		}
		seen[f.last]++
		switch f.last {
		case callReserve, callCommit:
			// One call that fails is mostly made good by another try.
		case callUncommit, callRelease, callHugePages:
			if failures != 0 {
				t.Errorf("call %d (kind %d) failed, and so did an allocation", n, f.last)
			}
		}
	}
	for _, c := range []osCall{callReserve, callCommit, callUncommit, callRelease, callHugePages} {
		if seen[c] == 0 {
			t.Errorf("no call of kind %d was made", c)
		}
	}
}

// osWork makes every kind of call to the system, and returns how many
// allocations failed.
func osWork(t *testing.T, n int) int {
	t.Helper()
	if n < 8 {
		// So that address space is reserved anew. It is lost, which 32-bit
		// systems cannot bear often.
		space.mu.Lock()
		space.free = nil
		space.mu.Unlock()
	}
	h := NewHeap(Config{HugePages: true})
	m := &model{t: t, a: h, maxBytes: ^uintptr(0)}
	for _, size := range []uintptr{64, 40000, 3 << 20, 5 << 20, arenaSize + 5<<20, 24, 2 << 20} {
		m.alloc(size, size%3 == 0)
		h.pages.hugePages = false // since touching them is slow
	}
	for range 5 {
		m.alloc(arenaSize/5, true)
	}
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for range 2 {
		for len(m.live) > 4 {
			m.free(rng.IntN(len(m.live)))
		}
		h.Trim()
		checkPages(t, h)
		for i := range 6 {
			m.alloc(uintptr(i)*arenaSize/64+64, i%2 == 0)
		}
	}
	m.freeAll()
	h.Trim()
	checkEmpty(t, h)
	// Whatever failed before, now nothing does.
	f := osFail
	osFail = nil
	before := m.failed
	m.alloc(64, false)
	m.alloc(1<<20, false)
	m.alloc(arenaSize, false)
	if m.failed != before {
		t.Errorf("call %d failed, and the heap is not usable", n)
	}
	m.freeAll()
	checkEmpty(t, h)
	osFail = f
	err := h.Close()
	osFail = nil
	if err != nil && h.pages.committed == 0 {
		t.Errorf("call %d: Close: %v, but nothing is left", n, err)
	}
	osFail = f
	return m.failed
}

// Where the system refuses everything, each allocation is an error of the right
// kind, and nothing else happens.
func TestOSFailureAlways(t *testing.T) {
	if checked {
		t.Skip("the checked build asks the Go heap")
	}
	defer func() { osFail = nil }()
	h := NewHeap(Config{})
	defer h.Close()
	keep, err := New[[100]uint64](h)
	if err != nil {
		t.Fatal(err)
	}
	osFail = func(osCall) error { return errOfSystem }
	for _, size := range []uintptr{arenaSize / 4, arenaSize, 3 * arenaSize} {
		if _, err := h.Alloc(size); !errors.Is(err, ErrOutOfMemory) || !errors.Is(err, errOfSystem) || errors.Is(err, ErrLimit) {
			t.Errorf("alloc of %d: %v", size, err)
		}
	}
	n := 0
	for ; ; n++ {
		if _, err = New[[100]uint64](h); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrOutOfMemory) || n < 100 {
		t.Errorf("after %d objects: %v", n, err)
	}
	if got := h.Trim(); got != 0 {
		t.Errorf("Trim gave %d bytes back through a system that takes none", got)
	}
	osFail = nil
	Free(h, keep)
	if _, err := New[[100]uint64](h); err != nil {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	for _, size := range []uintptr{^uintptr(0), ^uintptr(0) - pageSize, ^uintptr(0) / 2, maxAlloc, maxAlloc + 1} {
		if p, err := h.Alloc(size); !errors.Is(err, ErrOutOfMemory) {
			t.Errorf("alloc of %d: %v, %v", size, p, err)
		}
	}
	if _, err := MakeSlice[[4096]uint64](h, 0, int(^uint(0)>>1)); !errors.Is(err, ErrOutOfMemory) {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	for _, limit := range []int64{1, 100 << 10, 1 << 20, 3 << 20, 17<<20 + 1} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			h := NewHeap(Config{Limit: limit})
			defer h.Close()
			m := &model{t: t, a: h, maxBytes: ^uintptr(0)}
			rng := rand.New(rand.NewPCG(uint64(limit), 1))
			for round := range 3 {
				ops := 40_000
				if checked {
					ops = 4000
				}
				for i := range ops {
					m.op(rng.Uint64()&^1 | uint64(rng.IntN(3)/2)) // two of three allocate
					if i%64 == 0 && h.Stats().Committed > uint64(limit) {
						t.Fatalf("%+v", h.Stats())
					}
				}
				if m.failed == 0 && limit < 4<<20 {
					t.Error("the limit was never reached")
				}
				if !checked {
					checkPages(t, h)
				}
				m.freeAll()
				checkEmpty(t, h)
				// All of it is there again, for another kind of object.
				if size := uintptr(limit) / 2; limit >= 1<<20 && !m.alloc(size, true) {
					t.Errorf("round %d: no %d bytes of an empty heap", round, size)
				}
				m.freeAll()
			}
			_, err := h.Alloc(uintptr(limit) + 1)
			if !errors.Is(err, ErrOutOfMemory) || !errors.Is(err, ErrLimit) {
				t.Error(err)
			}
		})
	}
}

// The model with a system that refuses one call in five.
func TestModelOfFailures(t *testing.T) {
	if checked {
		t.Skip("the checked build asks the Go heap")
	}
	defer func() { osFail = nil }()
	h := NewHeap(Config{})
	defer h.Close()
	m := &model{t: t, a: h, maxBytes: 2 * arenaSize}
	calls := rand.New(rand.NewPCG(5, stressSeed(t)))
	refused := 0
	osFail = func(osCall) error {
		if calls.IntN(5) == 0 {
			refused++
			return errOfSystem
		}
		return nil
	}
	rng := rand.New(rand.NewPCG(7, stressSeed(t)))
	for i := range max(stressOps(t)/20, 20_000) {
		switch r := rng.IntN(2000); {
		case r == 0:
			m.alloc(uintptr(rng.IntN(2*arenaSize)), true)
		case r < 3:
			h.Trim()
		case r < 6:
			h.trimIdle()
		default:
			m.op(rng.Uint64())
		}
		if i%5000 == 0 {
			checkPages(t, h)
		}
	}
	if refused == 0 {
		t.Error("no call was refused")
	}
	osFail = nil
	m.freeAll()
	h.Trim()
	checkEmpty(t, h)
	if n := len(h.pages.stuck); n > 0 {
		t.Errorf("%d arenas are stuck", n)
	}
}
