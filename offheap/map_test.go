package offheap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
)

// newMap returns a map on a heap of its own. At the end of the test both are
// freed, and nothing must be left.
func newMap[K comparable, V any](t testing.TB) (Map[K, V], *Heap) {
	t.Helper()
	h := NewHeap(Config{})
	m, err := NewMap[K, V](h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Free()
		checkEmpty(t, h)
		h.Close()
	})
	return m, h
}

// checkMap fails if an invariant of map.go does not hold.
func checkMap[K comparable, V any](t testing.TB, m Map[K, V]) {
	t.Helper()
	h := m.h
	var entries int
	var bytes uintptr
	tables := map[*mapTable]bool{}
	var walk func(l *mapLink, above uint8, first uint64)
	walk = func(l *mapLink, above uint8, first uint64) {
		if l.isEmpty() {
			return
		}
		if l.bits != 0 {
			if above > 0 && l.bits > h.maxBits || len(l.links()) != 1<<l.bits {
				t.Fatalf("directory of %d bits, %d at most", l.bits, h.maxBits)
			}
			bytes += linkSize << l.bits
			alone := uint32(0)
			seen := map[uintptr]int{}
			for i, c := range l.links() {
				if c.bits != 0 || c.table().depth == above+l.bits {
					alone++
				}
				seen[c.addr]++
				if seen[c.addr] == 1 {
					walk(&l.links()[i], above+l.bits, first+uint64(i)<<(64-above-l.bits))
				} else if l.links()[i-1].addr != c.addr {
					t.Fatalf("links of a table are apart")
				}
			}
			for i, c := range l.links() {
				if c.bits == 0 && c.table().depth >= above && seen[c.addr] != 1<<(above+l.bits-c.table().depth) {
					t.Fatalf("link %d: table of depth %d has %d links of 2^%d", i, c.table().depth, seen[c.addr], l.bits)
				}
			}
			if alone != l.n {
				t.Fatalf("%d links are alone, not %d", alone, l.n)
			}
			return
		}
		tab := l.table()
		if tables[tab] || tab.retired || tab.groups1 != l.n {
			t.Fatalf("table is twice in the map, or retired, or of another size: %+v", tab)
		}
		tables[tab] = true
		size, _ := tableSize(tab.slots(), slotSize[K, V]())
		bytes += size
		var used, empty uint32
		for i := range tab.slots() {
			g, i := tab.group(i/groupSlots, slotSize[K, V]()), i%groupSlots
			switch {
			case g.isFull(i):
				used++
				k := *slotKey[K](g.slot(i, slotSize[K, V]()))
				if k != k {
					continue
				}
				hash := hashOf(m.h, k)
				if tab.depth > 0 && firstHash(hash, tab.depth) != firstHash(first, tab.depth) {
					t.Fatalf("key %v is in the wrong table", k)
				}
				if at, _ := find[K, V](m.h, k); slotOf[K](at) != g.slot(i, slotSize[K, V]()) {
					t.Fatalf("key %v is not found where it is", k)
				}
			case g.control(i) == ctrlEmpty:
				empty++
			}
		}
		if used != tab.used || empty != tab.left+tab.slots()/8 {
			t.Fatalf("table has %d entries and %d empty slots: %+v", used, empty, tab)
		}
		entries += int(used)
	}
	walk(&h.root, 0, 0)
	for tab := tableAt(&h.retired); tab != nil; tab = tableAt(&tab.next) {
		size, _ := tableSize(tab.slots(), slotSize[K, V]())
		bytes += size
	}
	if h.iterators == 0 && h.retired != 0 {
		t.Error("retired tables without iteration")
	}
	if entries != h.len || bytes != h.bytes {
		t.Fatalf("%d entries, %d bytes; header says %d, %d", entries, bytes, h.len, h.bytes)
	}
}

// shrunk makes the map's tables and directories as small as can be, so that few
// entries have many.
func shrunk[K comparable, V any](m Map[K, V]) { m.h.maxSlots, m.h.maxBits = 16, 2 }

// weak makes the hash of integer keys a very bad one.
func weak[K comparable, V any](m Map[K, V]) { m.h.seeds = [3]uint64{0, 0, 1} }

// lumpy makes it one whose topmost bits are bad and whose others are worse.
func lumpy[K comparable, V any](m Map[K, V]) { m.h.seeds = [3]uint64{0, 0, 1 << 44} }

func TestMap(t *testing.T) {
	type value [100]byte
	m, _ := newMap[uint64, value](t)
	const n = 20_000
	for i := range uint64(n) {
		if _, ok := m.Get(i); ok {
			t.Fatal(i)
		}
		if err := m.Set(i, value{byte(i), 99: byte(i >> 8)}); err != nil {
			t.Fatal(err)
		}
	}
	checkMap(t, m)
	if m.Len() != n {
		t.Errorf("Len is %d", m.Len())
	}
	for i := range uint64(n) {
		if v, ok := m.Get(i); !ok || v[0] != byte(i) || v[99] != byte(i>>8) {
			t.Fatal(i, v, ok)
		}
		m.At(i)[1] = 7
	}
	for i := range uint64(n) {
		p, found, err := m.Upsert(i)
		if err != nil || !found || p[1] != 7 {
			t.Fatal(i, found, err)
		}
	}
	for i := range uint64(n) {
		if !m.Delete(i) || m.Delete(i) || m.At(i) != nil {
			t.Fatal(i)
		}
		if i%1000 == 0 {
			checkMap(t, m)
		}
	}
	if s := m.Stats(); s.Tables != 1 || s.Slots != groupSlots || s.Directories != 0 {
		t.Errorf("a map that became empty has %+v", s)
	}
	if p, found, err := m.Upsert(5); found || err != nil || *p != (value{}) {
		t.Error("new value is not zero:", *p, found, err)
	}
	m.Clear()
	if s := m.Stats(); s.Tables != 0 || m.Len() != 0 {
		t.Errorf("a cleared map has %+v", s)
	}
}

func TestMapNil(t *testing.T) {
	var m Map[int, int]
	if _, ok := m.Get(1); ok || m.Len() != 0 || m.Delete(1) || m.At(1) != nil || m.MemoryUsed() != 0 || m.Stats() != (MapStats{}) {
		t.Error("a nil map has something")
	}
	for range m.All() {
		t.Error("a nil map has an entry")
	}
	m.Clear()
	m.Free()
	defer func() {
		if recover() == nil {
			t.Error("setting a key in a nil map did not panic")
		}
	}()
	m.Set(1, 1)
}

func TestMapPointers(t *testing.T) {
	h := NewHeap(Config{})
	defer h.Close()
	type deep struct{ A [2]struct{ Name string } }
	for _, test := range []struct {
		want string
		f    func()
	}{
		{"deep", func() { NewMap[int, deep](h) }},
		{".A[0].Name is a string", func() { NewMap[int, deep](h) }},
		{".A[0].Name is a string", func() { NewMap[deep, int](h) }},
		{"*int", func() { NewMap[*int, int](h) }},
		{"interface", func() { NewMap[any, int](h) }},
	} {
		func() {
			defer func() {
				if r := recover(); !strings.Contains(fmt.Sprint(r), test.want) {
					t.Errorf("panic %v, want %s", r, test.want)
				}
			}()
			test.f()
		}()
	}
}

func TestMapKeys(t *testing.T) {
	type padded struct {
		a uint8
		b uint64
	}
	type blank struct {
		a, _ uint32
	}
	testKeys(t, true, func(i int) uint8 { return uint8(i) })
	testKeys(t, true, func(i int) int16 { return int16(i) })
	testKeys(t, true, func(i int) int32 { return int32(i) })
	testKeys(t, true, func(i int) uintptr { return uintptr(i) })
	testKeys(t, true, func(i int) [3]byte { return [3]byte{byte(i), byte(i >> 8)} })
	testKeys(t, true, func(i int) [4]uint8 { return [4]byte{byte(i), byte(i >> 8)} })
	testKeys(t, true, func(i int) [16]byte { return [16]byte{byte(i), 15: byte(i >> 8)} })
	testKeys(t, true, func(i int) [40]byte { return [40]byte{39: byte(i), 0: byte(i >> 8)} })
	testKeys(t, true, func(i int) Ptr[int] { return Ptr[int]{addr: uintptr(i)} })
	testKeys(t, false, func(i int) float32 { return float32(i) })
	testKeys(t, false, func(i int) float64 { return float64(i) })
	testKeys(t, false, func(i int) complex128 { return complex(float64(i), 1) })
	testKeys(t, false, func(i int) padded { return padded{uint8(i), uint64(i)} })
	testKeys(t, false, func(i int) blank { return blank{a: uint32(i)} })
	testKeys(t, true, func(i int) bool { return i&1 == 1 })
	testKeys(t, true, func(i int) struct{} { return struct{}{} })
}

func testKeys[K comparable](t *testing.T, plain bool, key func(int) K) {
	m, _ := newMap[K, struct{}](t)
	v, _ := newMap[K, [3]uint16](t)
	if m.h.plain != plain {
		t.Errorf("%T: plain is %v", key(0), m.h.plain)
	}
	want := map[K][3]uint16{}
	for i := range 5000 {
		k := key(i)
		want[k] = [3]uint16{uint16(i), 2, 3}
		m.Set(k, struct{}{})
		v.Set(k, want[k])
	}
	checkMap(t, m)
	checkMap(t, v)
	if m.Len() != len(want) || v.Len() != len(want) {
		t.Fatalf("%T: %d and %d keys, want %d", key(0), m.Len(), v.Len(), len(want))
	}
	for k, w := range want {
		if _, ok := m.Get(k); !ok {
			t.Errorf("%v is not there", k)
		}
		if got, _ := v.Get(k); got != w {
			t.Errorf("%v has %v, want %v", k, got, w)
		}
	}
}

// Floats: 0 and -0 are one key, and each NaN is another.
func TestMapFloats(t *testing.T) {
	m, _ := newMap[float64, int](t)
	m.Set(0, 1)
	m.Set(math.Copysign(0, -1), 2)
	if v, _ := m.Get(0); v != 2 || m.Len() != 1 {
		t.Error("-0 is another key than 0")
	}
	for k := range m.All() {
		if !math.Signbit(k) {
			t.Error("Set did not set the key")
		}
	}
	const n = 3000
	for i := range n {
		m.Set(math.NaN(), i)
	}
	if _, ok := m.Get(math.NaN()); ok || m.Delete(math.NaN()) || m.Len() != n+1 {
		t.Error("NaN is found")
	}
	checkMap(t, m)
	seen := map[int]bool{}
	for k, v := range m.All() {
		if k == k {
			continue
		}
		if seen[v] {
			t.Fatalf("%d comes twice", v)
		}
		seen[v] = true
		if len(seen) < 500 {
			m.Set(float64(len(seen)), 0) // grows meanwhile
		}
	}
	if len(seen) != n {
		t.Errorf("%d NaNs came, want %d", len(seen), n)
	}
}

// Whether an insert or a deletion takes long is a matter of how many entries
// and links it moves. Both are bounded, however large the map.
func TestMapBoundedWork(t *testing.T) {
	n := 3_000_000
	if checked || testing.Short() {
		n = 100_000
	}
	m, _ := newMap[uint64, uint64](t)
	worst := uint64(0)
	for i := range uint64(n) {
		before := m.h.moved
		if err := m.Set(i, i); err != nil {
			t.Fatal(err)
		}
		worst = max(worst, m.h.moved-before)
	}
	if limit := uint64(room(mapTableSlots)); worst > limit {
		t.Errorf("one insert moved %d entries, %d at most", worst, limit)
	}
	s := m.Stats()
	t.Logf("%d entries: the worst insert moved %d, all of them %.2f each; %+v", n, worst, float64(s.Moved)/float64(n), s)
	if s.Moved > 2*uint64(n) {
		t.Errorf("inserts moved %d entries", s.Moved)
	}
	checkMap(t, m)

	worst, before := 0, m.h.moved
	for i := range uint64(n) {
		before := m.h.moved
		m.Delete(i)
		worst = max(worst, m.h.moved-before)
	}
	t.Logf("the worst deletion moved %d, all of them %.2f each", worst, float64(m.h.moved-before)/float64(n))
	if worst > mapTableSlots {
		t.Errorf("one deletion moved %d entries", worst)
	}
	if s := m.Stats(); s.Bytes > 1000 || m.h.moved-before > uint64(n) {
		t.Errorf("after all was deleted: %+v", s)
	}
}

// A map with memory for its entries does not grow.
func TestMapSize(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 7, 8, 14, 100, 896, 1000, 5000, 100_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			h := NewHeap(Config{})
			defer h.Close()
			m, err := NewMapSize[uint64, uint64](h, n)
			if err != nil {
				t.Fatal(err)
			}
			checkMap(t, m)
			if room := m.Stats().Slots / 8 * 7; n > 0 && (room < n || room > 3*n+7) {
				t.Errorf("room for %d entries", room)
			}
			for i := range uint64(max(n, 0)) {
				if err := m.Set(i, i); err != nil {
					t.Fatal(err)
				}
			}
			// At 100,000 a table or two may be split.
			if moved := m.Stats().Moved; moved > uint64(max(n, 0)/20) || n <= 896 && moved != 0 {
				t.Errorf("%d entries moved", moved)
			}
			checkMap(t, m)
			m.Free()
			checkEmpty(t, h)
		})
	}
}

// Directories of several levels, by a hint; and no memory for any part of them.
func TestMapSizeFails(t *testing.T) {
	for fail := 0; ; fail++ {
		f := &failing{a: NewHeap(Config{}), rng: rand.New(rand.NewPCG(1, 1))}
		m := Must(NewMap[uint64, uint64](f))
		shrunk(m)
		f.countdown = fail + 1
		err := m.reserve(200) // 32 tables, and directories of 2, 2 and 1 bits
		f.countdown = 0
		checkMap(t, m)
		if err != nil && (!errors.Is(err, errInjected) || m.MemoryUsed() != int(unsafe.Sizeof(*m.h))) {
			t.Errorf("allocation %d failed: %v, and %d bytes are left", fail, err, m.MemoryUsed())
		}
		for i := range uint64(300) {
			m.Set(i, i)
		}
		if m.Len() != 300 {
			t.Errorf("%d entries", m.Len())
		}
		checkMap(t, m)
		for i := range uint64(300) {
			m.Delete(i)
		}
		checkMap(t, m)
		if s := m.Stats(); s.Directories != 0 || s.Slots != groupSlots {
			t.Errorf("after all was deleted: %+v", s)
		}
		m.Free()
		checkEmpty(t, f.a)
		f.a.Close()
		if err == nil {
			if fail < 20 {
				t.Errorf("only %d allocations", fail)
			}
			break
		}
	}
	h := NewHeap(Config{Limit: 1 << 20})
	defer h.Close()
	for _, n := range []int{1_000_000, math.MaxInt / 4, math.MaxInt} {
		if _, err := NewMapSize[uint64, value100](h, n); !errors.Is(err, ErrOutOfMemory) {
			t.Errorf("a million entries in a megabyte: %v", err)
		}
	}
	checkEmpty(t, h)
}

// Several levels of directories, and hashes that are all alike.
func TestMapDirectories(t *testing.T) {
	for _, test := range []struct {
		name string
		f    func(Map[uint64, uint64])
		n    uint64
	}{
		{"small", func(m Map[uint64, uint64]) { shrunk(m) }, 50_000},
		{"weak", func(m Map[uint64, uint64]) { weak(m) }, 10_000},
		{"small and weak", func(m Map[uint64, uint64]) { shrunk(m); weak(m) }, 10_000},
		{"lumpy", func(m Map[uint64, uint64]) { lumpy(m) }, 10_000},
		{"small and lumpy", func(m Map[uint64, uint64]) { shrunk(m); lumpy(m) }, 10_000},
		{"one hash", func(m Map[uint64, uint64]) { m.h.seeds[2] = 0 }, 2_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _ := newMap[uint64, uint64](t)
			test.f(m)
			for i := range test.n {
				m.Set(i, ^i)
				if i%9973 == 0 {
					checkMap(t, m)
				}
			}
			checkMap(t, m)
			t.Logf("%+v", m.Stats())
			for i := range test.n {
				if v, ok := m.Get(i); !ok || v != ^i {
					t.Fatal(i, v, ok)
				}
			}
			for i := range test.n {
				m.Delete(i)
				if i%9973 == 0 {
					checkMap(t, m)
				}
			}
			checkMap(t, m)
			if s := m.Stats(); s.Directories != 0 || s.Slots != groupSlots {
				t.Errorf("after all was deleted: %+v", s)
			}
		})
	}
}

// Deleted slots are used again: a map of constant size does not grow.
func TestMapChurn(t *testing.T) {
	m, _ := newMap[uint64, uint64](t)
	const live = 700
	for i := range uint64(500_000) {
		if err := m.Set(i, i); err != nil {
			t.Fatal(err)
		}
		if i >= live {
			m.Delete(i - live)
		}
	}
	checkMap(t, m)
	if s := m.Stats(); s.Slots > 2*mapTableSlots {
		t.Errorf("%d entries have %+v", m.Len(), s)
	}
}

// Slots of any size: a table has fewer of large ones.
func TestMapSlots(t *testing.T) {
	testSlots[[0]uint64](t, mapTableSlots)
	testSlots[[1]byte](t, mapTableSlots)
	testSlots[[14]uint64](t, mapTableSlots)
	testSlots[[20]uint64](t, mapTableSlots/2)
	testSlots[[200]uint64](t, mapMinTableSlots)
	testSlots[[5001]byte](t, mapMinTableSlots)
	if _, err := tableSize(64, ^uintptr(0)/64); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("a table larger than all memory: %v", err)
	}
}

func testSlots[V comparable](t *testing.T, slots uint32) {
	m, _ := newMap[uint32, V](t)
	if m.h.maxSlots != slots {
		t.Errorf("%T: tables have %d slots, want %d", *new(V), m.h.maxSlots, slots)
	}
	value := func(i uint32) (v V) {
		b := unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))
		for j := range b {
			b[j] = byte(i) + byte(j)
		}
		return v
	}
	for i := range uint32(3000) {
		m.Set(i, value(i))
		m.Delete(i / 2)
	}
	checkMap(t, m)
	for i := range uint32(3000) {
		if v, ok := m.Get(i); ok != (i >= 1500) || ok && v != value(i) {
			t.Fatalf("%d has %v, %v", i, v, ok)
		}
	}
}

func TestMapRef(t *testing.T) {
	m, h := newMap[uint32, MapRef[uint32, float64]](t)
	for i := range uint32(100) {
		inner, err := NewMap[uint32, float64](h)
		if err != nil {
			t.Fatal(err)
		}
		for j := range i {
			inner.Set(j, float64(i*j))
		}
		m.Set(i, inner.Ref())
	}
	for i, ref := range m.All() {
		inner := ref.Map(h)
		if v, _ := inner.Get(i / 2); inner.Len() != int(i) || v != float64(i*(i/2)) {
			t.Errorf("map %d: %d entries, %v", i, inner.Len(), v)
		}
		inner.Free()
	}
}

// An insert that gets no memory leaves the map as it was.
func TestMapLimit(t *testing.T) {
	for seed := range uint64(20) {
		f := &failing{a: NewHeap(Config{}), rng: rand.New(rand.NewPCG(seed, 1))}
		m, err := NewMap[uint64, uint64](f)
		if err != nil {
			t.Fatal(err)
		}
		if seed%2 == 0 {
			shrunk(m)
		}
		model := &mapModel{t: t, m: m, f: f, want: map[uint64]uint64{}, keys: 20 << (seed % 8)}
		for i := range 40_000 {
			if i%(4*int(model.keys)) == 0 {
				f.chance = f.rng.Uint64N(4)
				model.shrinks = !model.shrinks
			}
			model.op(f.rng.Uint64())
		}
		model.check()
		if f.failed == 0 {
			t.Error("no allocation failed")
		}
		model.end()
	}
}

// A failing Allocator fails one time in chance, if that is not 0.
type failing struct {
	a      *Heap
	rng    *rand.Rand
	chance uint64
	failed int

	countdown int // if not 0, that allocation fails
}

var errInjected = fmt.Errorf("%w: injected", ErrOutOfMemory)

func (f *failing) fail() bool {
	if f.countdown > 0 {
		if f.countdown--; f.countdown == 0 {
			f.failed++
			return true
		}
	}
	if f.chance == 0 || f.rng.Uint64N(f.chance) != 0 {
		return false
	}
	f.failed++
	return true
}

func (f *failing) Alloc(size uintptr) (unsafe.Pointer, error) { return zeroGo(f, size, nilByte) }
func (f *failing) AllocUninit(size uintptr) (unsafe.Pointer, error) {
	p, _, err := f.allocUninit(size)
	return p, err
}
func (f *failing) Free(p unsafe.Pointer, size uintptr) { f.a.Free(p, size) }
func (f *failing) allocUninit(size uintptr) (unsafe.Pointer, bool, error) {
	if f.fail() {
		return nil, false, errInjected
	}
	return f.a.allocUninit(size)
}

// A mapModel is a map, and what it must have.
type mapModel struct {
	t    testing.TB
	m    Map[uint64, uint64]
	f    *failing
	want map[uint64]uint64
	keys uint64 // there are so many different ones
	n    uint64

	// shrinks makes most operations that add entries delete some.
	shrinks bool
}

// op does one operation that r chooses.
func (x *mapModel) op(r uint64) {
	x.t.Helper()
	kind, k := r%16, r>>8%x.keys
	if x.shrinks && kind < 8 && r>>56%16 != 0 {
		kind = 8
	}
	x.n++
	was, there := x.want[k]
	switch {
	case kind < 6:
		if err := x.m.Set(k, x.n); err == nil {
			x.want[k] = x.n
		} else if !errors.Is(err, ErrOutOfMemory) || there {
			x.t.Fatalf("Set of %d, which is there: %v: %v", k, there, err)
		}
	case kind < 8:
		p, found, err := x.m.Upsert(k)
		if err != nil {
			if there {
				x.t.Fatal(err)
			}
			return
		}
		if found != there || *p != was {
			x.t.Fatalf("Upsert of %d: %v, %d; want %v, %d", k, found, *p, there, was)
		}
		*p = x.n
		x.want[k] = x.n
	case kind < 12:
		if x.m.Delete(k) != there {
			x.t.Fatalf("Delete of %d is %v", k, !there)
		}
		delete(x.want, k)
	case kind < 15 || r>>40%(x.keys/8+8) != 0:
		if v, ok := x.m.Get(k); ok != there || v != was {
			x.t.Fatalf("Get of %d: %d, %v; want %d, %v", k, v, ok, was, there)
		}
	default:
		switch r >> 48 % 16 {
		case 0:
			x.m.Clear()
			clear(x.want)
		case 1:
			x.check()
		default:
			x.iterate(r >> 52)
		}
	}
	if x.m.Len() != len(x.want) {
		x.t.Fatalf("Len is %d, want %d", x.m.Len(), len(x.want))
	}
}

// iterate goes over the map while it is changed as r says.
func (x *mapModel) iterate(r uint64) {
	x.t.Helper()
	rng := rand.New(rand.NewPCG(r, x.n))
	grow, shrink, stop := rng.IntN(4), rng.IntN(4), -1
	if r%8 == 0 {
		stop = rng.IntN(x.m.Len() + 1)
	}
	nest, cleared := r%16 == 1, false
	seen := map[uint64]bool{}
	fresh := map[uint64]bool{} // added during the iteration
	rest := map[uint64]bool{}  // there from the beginning to the end
	for k := range x.want {
		rest[k] = true
	}
	for k, v := range x.m.All() {
		if cleared {
			x.t.Fatalf("%d comes after Clear", k)
		}
		if seen[k] && !fresh[k] {
			x.t.Fatalf("%d comes twice", k)
		}
		if want, ok := x.want[k]; !ok || want != v {
			x.t.Fatalf("%d comes with %d, want %d, %v", k, v, want, ok)
		}
		seen[k] = true
		delete(fresh, k)
		if len(seen) == stop {
			return
		}
		for range rng.IntN(grow + 1) {
			n := rng.Uint64N(x.keys)
			_, there := x.want[n]
			if err := x.m.Set(n, n); err == nil {
				x.want[n] = n
				if !there {
					fresh[n] = true
				}
			}
		}
		for range rng.IntN(shrink + 1) {
			n := rng.Uint64N(x.keys)
			if rng.IntN(2) == 0 {
				n = k
			}
			x.m.Delete(n)
			delete(x.want, n)
			delete(rest, n)
			delete(fresh, n)
		}
		if nest && rng.IntN(64) == 0 {
			n := 0
			for k := range x.m.Pointers() {
				if _, ok := x.want[k]; !ok {
					x.t.Fatalf("%d comes but is not there", k)
				}
				n++
			}
			if n != len(x.want) {
				x.t.Fatalf("%d entries come, want %d", n, len(x.want))
			}
		}
		if r%32 == 2 && rng.IntN(100) == 0 {
			x.m.Clear()
			clear(x.want)
			clear(rest)
			cleared = true
			if x.m.Set(k, 1) == nil {
				x.want[k] = 1
			}
		}
	}
	for k := range rest {
		if !seen[k] {
			x.t.Fatalf("%d did not come", k)
		}
	}
}

func (x *mapModel) check() {
	x.t.Helper()
	checkMap(x.t, x.m)
	for k, v := range x.want {
		if got, ok := x.m.Get(k); !ok || got != v {
			x.t.Fatalf("%d has %d, %v; want %d", k, got, ok, v)
		}
	}
	n := 0
	for k, v := range x.m.All() {
		if want, ok := x.want[k]; !ok || want != v {
			x.t.Fatalf("%d comes with %d; want %d, %v", k, v, want, ok)
		}
		n++
	}
	if n != len(x.want) {
		x.t.Fatalf("%d entries come, want %d", n, len(x.want))
	}
}

func (x *mapModel) end() {
	x.m.Free()
	checkEmpty(x.t, x.f.a)
	x.f.a.Close()
}

func newMapModel(t testing.TB, config Config, keys uint64) *mapModel {
	f := &failing{a: NewHeap(config), rng: rand.New(rand.NewPCG(keys, 5))}
	m, err := NewMap[uint64, uint64](f)
	if err != nil {
		t.Fatal(err)
	}
	return &mapModel{t: t, m: m, f: f, want: map[uint64]uint64{}, keys: keys}
}

// TestMapModel does as many operations as OFFHEAP_OPS says.
func TestMapModel(t *testing.T) {
	n := stressOps(t)
	for _, test := range []struct {
		name string
		keys uint64
		f    func(Map[uint64, uint64])
	}{
		{"few", 20, func(Map[uint64, uint64]) {}},
		{"some", 2000, func(Map[uint64, uint64]) {}},
		{"many", 200_000, func(Map[uint64, uint64]) {}},
		{"small", 2000, func(m Map[uint64, uint64]) { shrunk(m) }},
		{"weak", 2000, func(m Map[uint64, uint64]) { weak(m) }},
		{"small and weak", 500, func(m Map[uint64, uint64]) { shrunk(m); weak(m) }},
		{"small and lumpy", 2000, func(m Map[uint64, uint64]) { shrunk(m); lumpy(m) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newMapModel(t, Config{}, test.keys)
			test.f(x.m)
			rng := rand.New(rand.NewPCG(1, test.keys^stressSeed(t)<<32))
			for i := range n / 7 {
				if i%(3*int(test.keys)) == 0 {
					x.shrinks = !x.shrinks
				}
				x.op(rng.Uint64())
				if i == n/14 {
					x.f.chance = 3
				}
			}
			x.check()
			x.end()
		})
	}
}

// An iteration in whose table many entries come and go: those that stay come once.
func TestMapIterationChurn(t *testing.T) {
	const stay, others = 300, 300
	for seed := range uint64(20) {
		m, _ := newMap[uint64, uint64](t)
		for i := range uint64(stay + others) {
			m.Set(i, i)
		}
		rng := rand.New(rand.NewPCG(seed, 2))
		next := uint64(stay)
		seen := map[uint64]int{}
		for k := range m.All() {
			seen[k]++
			for range rng.IntN(50) {
				m.Delete(next)
				m.Set(next+others, next)
				next++
			}
		}
		for k := range uint64(stay) {
			if seen[k] != 1 {
				t.Fatalf("%d came %d times", k, seen[k])
			}
		}
		checkMap(t, m)
	}
}

// FuzzMap takes operations from the input: eight bytes each. The first byte of
// all says what map.
func FuzzMap(f *testing.F) {
	f.Add([]byte("1 one operation is eight bytes, and this has several of them."))
	f.Add([]byte{0})
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range byte(64) {
		seed := []byte{i * 5}
		for range 500 {
			seed = binary.LittleEndian.AppendUint64(seed, rng.Uint64())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) == 0 {
			return
		}
		how := ops[0]
		x := newMapModel(t, Config{Limit: 64 << 20}, []uint64{30, 300}[how&1])
		if how&2 != 0 {
			shrunk(x.m)
		}
		if how&4 != 0 {
			weak(x.m)
		}
		if how&8 != 0 {
			x.f.chance = 4
		}
		if how&16 != 0 {
			lumpy(x.m)
		}
		if err := x.m.reserve(int(how>>5) * int(x.keys) / 4); err != nil && how&8 == 0 {
			t.Fatal(err)
		}
		for ops = ops[1:]; len(ops) >= 8; ops = ops[8:] {
			x.shrinks = len(ops)/1024%2 == 1
			x.op(binary.LittleEndian.Uint64(ops))
		}
		x.check()
		x.end()
	})
}

func TestMapAllocs(t *testing.T) {
	if checked {
		t.Skip("the checked build allocates on the Go heap")
	}
	m, _ := newMap[uint64, value100](t)
	floats, _ := newMap[[2]float64, int](t)
	for i := range uint64(10_000) {
		m.Set(i, value100{})
	}
	k := uint64(0)
	for _, test := range []struct {
		name string
		f    func()
	}{
		{"Get", func() { m.Get(k) }},
		{"Get of nothing", func() { m.Get(k + 1<<40) }},
		{"Set", func() { m.Set(k, value100{}) }},
		{"Set of more", func() { m.Set(k+1<<20, value100{}) }},
		{"Upsert", func() { m.Upsert(k + 1<<20) }},
		{"Delete", func() { m.Delete(k + 1<<20) }},
		{"All", func() {
			for range m.All() {
				break
			}
		}},
		{"Stats", func() { m.MemoryUsed() }},
		{"floats", func() { floats.Set([2]float64{float64(k), 1}, 2); floats.Get([2]float64{0, 2}) }},
	} {
		if n := testing.AllocsPerRun(5000, func() { test.f(); k++ }); n != 0 {
			t.Errorf("%s: %v allocations on the Go heap", test.name, n)
		}
		k = 0
	}
}
