package whatif

import (
	"bytes"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/sizeclass"
	"github.com/stackward-go/stackward/internal/tracetest"
)

var slots = sizeclass.ForGo(runtime.Version()).Slots()

// traced runs testdata/prog with GOGC=25.
var traced = sync.OnceValue(func() *History {
	data, _, err := tracetest.Run("testdata/prog", slots, "GOGC=25", "GOMAXPROCS=2", "GOMEMLIMIT=off")
	if err != nil {
		panic(err)
	}
	return read(data)
})

// read makes the history of a trace.
func read(data []byte) *History { return readUntil(data, math.MaxUint64) }

// readUntil makes that of its part before so many objects have been made.
func readUntil(data []byte, made uint64) *History {
	r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
	if err != nil {
		panic(err)
	}
	h := NewHistory(r, runtime.Version())
	for e, err := range r.Events() {
		if err != nil {
			panic(err)
		}
		// The slices of the program are the only ones of this type.
		site := int32(0)
		if e.Kind == alloctrace.ObjectAlloc && r.Type(e.Type).Name == "*main.entry" {
			site = 1
		}
		if h.Add(e, site, site > 0); h.made >= made {
			break
		}
	}
	h.Finish()
	return h
}

// TestHistory holds a history to what the program is known to do.
func TestHistory(t *testing.T) {
	h := traced()
	var entries, briefs, briefBytes, lists, grown, texts int
	born := uint64(0)
	certain, _ := h.Growths()
	for o := range h.ObjectsOf(false, certain) {
		born++
		name := h.reader.Type(int32(o.Type)).Name
		switch {
		case name == "main.entry":
			entries++
			if o.Bytes != 48 || o.NoScan {
				t.Fatalf("entry %+v", o)
			}
		case name == "[3]int32":
			briefs++
			briefBytes += int(o.Bytes)
		case o.Site == 1:
			lists++
			if now, made := o.Presized(); made {
				grown++
				if now.Bytes != 1144 {
					t.Fatalf("a slice of %d bytes has %d at once", o.Bytes, now.Bytes)
				}
			}
		case o.NoScan && o.Bytes <= 16 && name == "uint8":
			texts++
		}
		if o.Dead == heapsim.Forever {
			continue
		}
		if o.Alive < born || o.Likely < o.Alive || o.Dead < o.Likely || o.Dead > h.made {
			t.Fatalf("object %d: %+v", born, o)
		}
	}
	if born != h.made {
		t.Errorf("%d objects, made were %d", born, h.made)
	}
	near := func(what string, got, want int) {
		t.Helper()
		if got < want-want/50 || got > want+want/50 {
			t.Errorf("%s: %d, want about %d", what, got, want)
		}
	}
	near("entries", entries, 400_000)
	near("briefs", briefs, 400_000)
	near("texts", texts, 400_000)
	// 8, 16, 32 and so on up to a slot of 1152 bytes, of which 8 are a header.
	near("memories of slices", lists, 4000*8)
	near("slices", grown, 4000)
	// A brief of 12 bytes has a block of 16 for itself, or shares it with a short text:
	// then each is taken to have had half of it.
	if one := briefBytes / briefs; one < 8 || one > 16 {
		t.Errorf("a brief has %d bytes", one)
	}

	forced := h.Forced()
	if len(forced) != 1 || forced[0] < h.made/3 || forced[0] > h.made*2/3 {
		t.Errorf("forced cycles at %d of %d objects", forced, h.made)
	}
	untold := 0 // what was marked, where the next cycle begins at once
	for i, c := range h.Cycles {
		if !c.Done && i < len(h.Cycles)-1 || c.End < c.Start || i > 5 && c.Scan < 100<<10 {
			t.Errorf("cycle %d: %+v", i, c)
		}
		if c.Marked == 0 {
			untold++
		}
	}
	if untold > 2 {
		t.Errorf("%d of %d cycles without what they marked", untold, len(h.Cycles))
	}
}

// TestEnd has a trace end between two cycles: how much of what no cycle has seen is said
// to be dead by then is held to what the next one found.
func TestEnd(t *testing.T) {
	data, _, err := tracetest.Run("testdata/prog", slots, "GOGC=25", "GOMAXPROCS=2", "GOMEMLIMIT=off")
	if err != nil {
		t.Fatal(err)
	}
	whole := read(data)
	checked := 0
	for i := 5; i+2 < len(whole.marks); i += 2 { // what the last cycle found may not be swept at the end
		from := whole.marks[i]
		end := from + (whole.marks[i+1]-from)*3/4
		part := readUntil(data, end)
		if len(part.marks) != i+1 || end-from < 1000 {
			continue
		}
		dead := func(h *History) (n int) {
			born := uint64(0)
			for o := range h.Objects(false) {
				if born++; born > from && born <= end && o.Likely <= end && o.Dead != heapsim.Forever {
					n++
				}
			}
			return n
		}
		checked++
		got, want := dead(part), dead(whole)
		if off := math.Abs(float64(got-want)) / float64(end-from); off > 0.1 {
			t.Errorf("of %d objects since cycle %d %d are dead, by the next cycle %d", end-from, i, got, want)
		}
	}
	if checked < 5 {
		t.Errorf("%d moments between cycles", checked)
	}
}

// TestDamaged reads traces in which bytes are other: whatever the reader lets through is
// taken in, by the map of the heap as well.
func TestDamaged(t *testing.T) {
	data, _, err := tracetest.Run("testdata/prog", slots, "GOGC=100", "GOMAXPROCS=2")
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	whole := 0
	for range 25 {
		bad := bytes.Clone(data)
		for range 1 + rnd.IntN(20) {
			bad[rnd.IntN(len(bad))] = byte(rnd.Uint32())
		}
		r, err := alloctrace.Open(bytes.NewReader(bad), alloctrace.Options{SlotBytes: slots})
		if err != nil {
			continue
		}
		h, m := NewHistory(r, runtime.Version()), heapmap.New(r, runtime.Version())
		for e, err := range r.Events() {
			if err != nil {
				break
			}
			whole++
			h.Add(e, 1, true)
			m.Site = 1
			m.Add(e)
		}
		h.Finish()
		m.Finish()
		m.SpanList()
		m.WasteOfSites()
		m.Goroutines()
		h.Marks(0, 100, nil, new(Samples))
		_, likely := h.Growths()
		for o := range h.ObjectsOf(false, likely) {
			o, _ = o.Presized()
			if o.Dead != heapsim.Forever && (o.Likely < o.Alive || o.Dead < o.Likely) {
				t.Fatalf("%+v", o)
			}
		}
	}
	if whole == 0 {
		t.Error("no event of the damaged traces was read")
	}
}

// TestTraced foretells the traced run itself: of that it is known how it went. Here
// nothing is assumed but how long marking takes, and that was seen.
func TestTraced(t *testing.T) {
	h := traced()
	layout, err := heapsim.NewLayout(sizeclass.ForGo(runtime.Version()), h.InlineMarks)
	if err != nil {
		t.Fatal(err)
	}
	marks, _ := h.Marks(0, 25, nil, new(Samples))
	p := heapsim.Predict(h.Objects(true), heapsim.WhatIf{
		Config: heapsim.Config{Layout: layout, Procs: h.Procs, GOGC: 25, Stacks: h.PeakStacks, Marks: marks},
		Before: h.Before, Forced: h.Forced(), Traced: true,
	})
	cycles, peak := int64(len(h.Cycles)), int64(0)
	for _, c := range h.Cycles {
		peak = max(peak, c.End)
	}
	t.Logf("%d cycles, said %+v; a heap of %d, said %+v; %d bytes, said %d", cycles, p.Cycles, peak, p.PeakLive, h.Bytes, p.TotalAlloc)
	if cycles < p.Cycles.Low*9/10 || cycles > p.Cycles.High*11/10 {
		t.Errorf("%d cycles, said %+v", cycles, p.Cycles)
	}
	if peak < p.PeakLive.Low*9/10 || peak > p.PeakLive.High*11/10 {
		t.Errorf("a heap of %d, said %+v", peak, p.PeakLive)
	}
	if p.TotalAlloc < h.Bytes*99/100 || p.TotalAlloc > h.Bytes*101/100 {
		t.Errorf("%d bytes, said %d", h.Bytes, p.TotalAlloc)
	}
}

func BenchmarkPredict(b *testing.B) {
	h := traced()
	layout, err := heapsim.NewLayout(sizeclass.ForGo(runtime.Version()), h.InlineMarks)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		heapsim.Predict(h.Objects(false), heapsim.WhatIf{Config: heapsim.Config{Layout: layout, Procs: 2, GOGC: 100}, Before: h.Before})
	}
	b.ReportMetric(float64(h.made)*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}
