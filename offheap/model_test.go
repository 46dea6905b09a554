package offheap

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// The model: random operations on a heap, and a record of what each object must
// hold. OFFHEAP_OPS is how many operations the stress tests do in all, and
// OFFHEAP_SEED is another number for other ones; the defaults are for every day.
func stressOps(t testing.TB) int {
	if n := env(t, "OFFHEAP_OPS"); n > 0 {
		return n
	}
	if checked || testing.Short() {
		return 20_000
	}
	return 1_000_000
}

func stressSeed(t testing.TB) uint64 { return uint64(env(t, "OFFHEAP_SEED")) }

func env(t testing.TB, name string) int {
	s := os.Getenv(name)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A modelObject is memory, and the seed of what it holds.
type modelObject struct {
	p    unsafe.Pointer
	size uintptr
	seed uint64
}

func (o modelObject) bytes() []byte { return unsafe.Slice((*byte)(o.p), o.size) }

// stamp is the n-th word of an object with a seed.
func stamp(seed uint64, n int) uint64 { return (seed + uint64(n)) * 0x9e3779b97f4a7c15 }

// step is the distance of the words that fill writes: all of them in small
// objects, and in long ones enough to be in every page.
func step(size uintptr) int { return max(8, int(size)/512&^7) }

func (o modelObject) fill() {
	b := o.bytes()
	for i := 0; i+8 <= len(b); i += step(o.size) {
		binary.LittleEndian.PutUint64(b[i:], stamp(o.seed, i))
	}
	for i := len(b) &^ 7; i < len(b); i++ {
		b[i] = byte(o.seed)
	}
}

func (o modelObject) ok() bool {
	b := o.bytes()
	for i := 0; i+8 <= len(b); i += step(o.size) {
		if binary.LittleEndian.Uint64(b[i:]) != stamp(o.seed, i) {
			return false
		}
	}
	for i := len(b) &^ 7; i < len(b); i++ {
		if b[i] != byte(o.seed) {
			return false
		}
	}
	return true
}

func (o modelObject) zero() bool {
	b := o.bytes()
	for i := 0; i < len(b); i += max(1, len(b)/1024) {
		if b[i] != 0 {
			return false
		}
	}
	return true
}

// A model is one goroutine's objects on a heap.
type model struct {
	t    testing.TB
	a    Allocator
	live []modelObject
	seed uint64

	bytes, maxBytes uintptr
	failed          int // allocations that were an error
}

// modelSize is a size of a distribution with tiny, small, large and now and then
// very large objects.
func modelSize(r uint64) uintptr {
	kind, v := r%64, uintptr(r>>8)
	switch {
	case kind < 12:
		return v % 17
	case kind < 40:
		return v % 257
	case kind < 56:
		return v % 4097
	case kind < 62:
		return v % 32769
	case kind < 63:
		return v % (256 << 10)
	}
	return v % (3 << 20)
}

// op does one operation that r chooses.
func (m *model) op(r uint64) {
	m.t.Helper()
	grow := r&1 == 0
	r >>= 1
	if len(m.live) > 0 && (!grow || m.bytes > m.maxBytes) {
		i := int(r % uint64(len(m.live)))
		m.free(i)
		return
	}
	m.alloc(modelSize(r), r>>60&1 == 0)
}

// alloc allocates, and reports whether there was memory.
func (m *model) alloc(size uintptr, uninit bool) bool {
	m.t.Helper()
	var p unsafe.Pointer
	var err error
	if uninit {
		p, err = m.a.AllocUninit(size)
	} else {
		p, err = m.a.Alloc(size)
	}
	if err != nil {
		if !errors.Is(err, ErrOutOfMemory) {
			m.t.Fatalf("alloc of %d: %v", size, err)
		}
		m.failed++
		return false
	}
	m.seed++
	o := modelObject{p, size, m.seed}
	if !uninit && !o.zero() {
		m.t.Fatalf("alloc of %d at %#x is not zero", size, uintptr(p))
	}
	if size > 0 && uintptr(p)%min(size&-size, 8) != 0 {
		m.t.Fatalf("alloc of %d at %#x is not aligned", size, uintptr(p))
	}
	o.fill()
	m.live = append(m.live, o)
	m.bytes += size
	return true
}

func (m *model) free(i int) {
	m.t.Helper()
	o := m.live[i]
	if !o.ok() {
		m.t.Fatalf("object of %d bytes at %#x lost its contents", o.size, uintptr(o.p))
	}
	// Whoever gets the memory next must not find it right by chance.
	clear(o.bytes()[:min(o.size, 4096)])
	m.a.Free(o.p, o.size)
	m.bytes -= o.size
	last := len(m.live) - 1
	m.live[i] = m.live[last]
	m.live = m.live[:last]
}

func (m *model) freeAll() {
	m.t.Helper()
	for len(m.live) > 0 {
		m.free(len(m.live) - 1)
	}
}

// checkEmpty fails if the heap, whose objects were all freed, says otherwise.
func checkEmpty(t testing.TB, h *Heap) {
	t.Helper()
	h.flush(0)
	h.drainCentral()
	s := h.Stats()
	if s.Objects != 0 || s.Requested != 0 || s.InUse != 0 || s.Tiny.Blocks != 0 {
		t.Errorf("after all was freed: %+v", s)
	}
	checkPages(t, h)
}

// checkPages fails if the page heap's invariants do not hold.
func checkPages(t testing.TB, h *Heap) {
	t.Helper()
	p := &h.pages
	p.mu.Lock()
	defer p.mu.Unlock()
	var free, all, committed, released uintptr
	for _, a := range p.arenas {
		committed += uintptr(a.described) - releasedBytes(a)
		released += releasedBytes(a)
		wasFree := false
		inFree := uint32(0)
		for i := uint32(firstPage); i < a.committed; {
			s := &a.spans[i]
			if s.npages == 0 || s.index() != i || s.base() != a.page(i) {
				t.Fatalf("page %d has no span: %+v", i, s)
			}
			isFree := s.state == spanFree
			if isFree && wasFree {
				t.Errorf("page %d: two free runs are adjacent", i)
			}
			if isFree {
				inFree |= chunksWithin(i, s.npages)
				free += s.bytes()
				if a.start[i] != uint16(i) || a.start[i+s.npages-1] != uint16(i) {
					t.Errorf("free run of %d pages at %d has wrong marks", s.npages, i)
				}
			} else if s.state != spanInUse {
				t.Errorf("page %d: state %d", i, s.state)
			}
			wasFree = isFree
			all += s.bytes()
			committed += s.bytes()
			i += s.npages
		}
		if a.released&^inFree != 0 {
			t.Errorf("chunks %b are given back but not free", a.released&^inFree)
		}
	}
	for _, a := range p.huge {
		committed += hugeBytes(a)
		all += a.spans[firstPage].bytes()
	}
	for _, a := range p.stuck {
		committed += heldBytes(a)
	}
	if free != p.freeBytes || all != p.pageBytes || released != p.released || committed != p.committed {
		t.Errorf("free %d, heap says %d; pages %d, %d; released %d, %d; committed %d, %d",
			free, p.freeBytes, all, p.pageBytes, released, p.released, committed, p.committed)
	}
	var listed uintptr
	for b := range p.free {
		for s := p.free[b].first; s != nil; s = s.next {
			listed += s.bytes()
			if bucketOf(s.npages) != b || s.state != spanFree {
				t.Errorf("list %d has %+v", b, s)
			}
		}
		if (p.free[b].first != nil) != (p.nonempty[b/64]>>(b%64)&1 == 1) {
			t.Errorf("list %d: bitmap is wrong", b)
		}
	}
	if listed != free {
		t.Errorf("lists have %d bytes of %d", listed, free)
	}
}

func TestModel(t *testing.T) {
	const maxBytes = 32 << 20
	for _, test := range []struct {
		name  string
		alloc func(h *Heap) (Allocator, func())
	}{
		{"Heap", func(h *Heap) (Allocator, func()) { return h, func() {} }},
		{"Cache", func(h *Heap) (Allocator, func()) { c := h.NewCache(); return c, c.Close }},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := NewHeap(Config{})
			defer h.Close()
			a, done := test.alloc(h)
			m := &model{t: t, a: a, maxBytes: maxBytes}
			rng := rand.New(rand.NewPCG(1, stressSeed(t)))
			for i := range stressOps(t) / 4 {
				m.op(rng.Uint64())
				if i%50_000 == 0 {
					h.Trim()
					checkPages(t, h)
				}
			}
			m.freeAll()
			done()
			checkEmpty(t, h)
		})
	}
}

// Many goroutines, of which each frees what others allocated, while GOMAXPROCS
// changes and the collector runs.
func TestStress(t *testing.T) {
	stress(t, stressOps(t)/2, func(i int) int { return 1 + i%6 })
}

// stress does operations on a heap by 16 goroutines, with GOMAXPROCS as procs
// says, one after the other.
func stress(t *testing.T, ops int, procs func(i int) int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	h := NewHeap(Config{})
	defer h.Close()
	const goroutines = 16
	queue := make(chan modelObject, 256)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), stressSeed(t)))
			m := &model{t: t, a: h, seed: uint64(g) << 40, maxBytes: 4 << 20}
			if g%4 == 0 {
				c := h.NewCache()
				defer c.Close()
				m.a = c
			}
			for range ops / goroutines {
				m.op(rng.Uint64())
				if rng.IntN(8) == 0 {
					m.exchange(queue)
				}
			}
			m.freeAll()
		})
	}
	done := make(chan struct{})
	var meddler sync.WaitGroup
	meddler.Go(func() {
		stop := h.TrimEvery(time.Millisecond)
		defer stop()
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			runtime.GOMAXPROCS(procs(i))
			runtime.GC()
			if i%5 == 0 {
				h.Trim()
				h.Stats()
				h.WriteMap(io.Discard)
			}
		}
	})
	wg.Wait()
	close(done)
	meddler.Wait()
	m := &model{t: t, a: h}
	close(queue)
	for o := range queue {
		m.bytes += o.size
		m.live = append(m.live, o)
	}
	m.freeAll()
	checkEmpty(t, h)
}

// exchange gives an object away and gets one.
func (m *model) exchange(queue chan modelObject) {
	if n := len(m.live); n > 0 {
		select {
		case queue <- m.live[n-1]:
			m.bytes -= m.live[n-1].size
			m.live = m.live[:n-1]
		default:
		}
	}
	select {
	case o := <-queue:
		m.bytes += o.size
		m.live = append(m.live, o)
	default:
	}
}

// FuzzModel takes operations from the input: eight bytes each.
func FuzzModel(f *testing.F) {
	f.Add([]byte("one operation is eight bytes, and this has several of them."))
	f.Add(binary.LittleEndian.AppendUint64(nil, 62<<1|1<<30))
	f.Fuzz(func(t *testing.T, ops []byte) {
		h := NewHeap(Config{Limit: 64 << 20})
		defer h.Close()
		m := &model{t: t, a: h, maxBytes: 32 << 20}
		for ; len(ops) >= 8; ops = ops[8:] {
			m.op(binary.LittleEndian.Uint64(ops))
		}
		checkPages(t, h)
		m.freeAll()
		checkEmpty(t, h)
	})
}
