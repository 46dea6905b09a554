package heapmap

import (
	"bytes"
	"math"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// TestCached holds what is taken to be cached to the runtime's own account: as a P
// caches a span the pacer counts all its free slots (refill, runtime/mcache.go), and
// the trace has the pacer's heap. Were a refill missed, or seen where there is none, the
// two would part.
func TestCached(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
	if err != nil {
		t.Fatal(err)
	}
	m := New(r, r.Version())
	var heap, from, told, sum, off int64 // bytes; from is where the pacer's heap began again
	refills := 0
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		before := int32(0)
		known := e.Kind == alloctrace.ObjectAlloc && e.Proc >= 0 && int(e.Proc) < len(m.cached)
		if known {
			before = m.cached[e.Proc][e.Class]
		}
		m.Add(e)
		switch e.Kind {
		case alloctrace.ObjectAlloc:
			s := m.at(e)
			switch {
			case s == nil:
			case e.Class.Size() == 0:
				heap += s.elem
			case e.Proc >= 0 && m.cached[e.Proc][e.Class] != before || !known && e.Proc >= 0:
				heap += (int64(m.roomOf(s)) - int64(s.live) + 1) * s.elem
				refills++
			}
		case alloctrace.HeapLive:
			if n := int64(e.N); n < told || from == 0 { // marking has ended
				sum += told - from
				off += heap - (told - from)
				from, heap = n, 0
			}
			told = int64(e.N)
		}
	}
	t.Logf("%d refills; the pacer counted %d bytes, refills and large objects are %+d", refills, sum, off)
	if refills < 1000 || math.Abs(float64(off)) > 0.02*float64(sum) {
		t.Errorf("%d refills; the pacer counted %d bytes, refills and large objects are %+d", refills, sum, off)
	}
}

// TestSpans holds spans to the map's own sums.
func TestSpans(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	_, whole := replay(t, data, math.MaxInt64)
	// Caches are empty as a collection's marking has ended: at some moment there are all.
	owners := make(map[Owner]int)
	for _, until := range []int64{whole.Now() / 3, whole.Now() / 2, whole.Now() * 2 / 3, math.MaxInt64} {
		_, m := replay(t, data, until)
		var spans, inuse, manual, live, tiny int64
		end := uint64(0)
		cached := make(map[[3]int64]bool)
		for _, s := range m.SpanList() {
			owners[s.Owner]++
			if s.Addr < end {
				t.Fatalf("a span at %#x, where the one before ends at %#x", s.Addr, end)
			}
			end = s.Addr + uint64(s.Bytes)
			if s.Slot == 0 {
				manual += s.Bytes
				continue
			}
			spans++
			inuse += s.Bytes
			live += s.Live * s.Slot
			tiny += s.Tiny
			switch {
			case s.Live > s.Slots, s.Owner == ByFull && s.Live < s.Slots, s.Owner == ByPartial && s.Live == s.Slots, (s.Owner == ByMcache) != (s.Proc >= 0):
				t.Errorf("%+v", s)
			case s.Owner == ByMcache:
				noscan := int64(0)
				if s.Noscan {
					noscan = 1
				}
				if k := [3]int64{int64(s.Proc), s.Slot, noscan}; cached[k] {
					t.Errorf("P %d has two spans of %d bytes cached", s.Proc, s.Slot)
				} else {
					cached[k] = true
				}
			}
		}
		if spans != m.Spans || inuse != m.Inuse || manual != m.Manual || live != m.LiveBytes {
			t.Errorf("%d spans of %d, %d manual, %d live; in all %d, %d, %d, %d", spans, inuse, manual, live, m.Spans, m.Inuse, m.Manual, m.LiveBytes)
		}
	}
	for _, o := range []Owner{ByMcache, ByPartial, ByFull, ByLarge, ByStack} {
		if owners[o] == 0 {
			t.Errorf("no span of %s: %v", o, owners)
		}
	}
}
