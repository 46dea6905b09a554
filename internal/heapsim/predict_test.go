package heapsim

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
)

// objectsOf are the objects of a stream that is run so many rounds, with the
// moments of their deaths.
func objectsOf(stream []step, rounds int) []Object {
	var list []Object
	at := make(map[uint32]int)
	for range rounds {
		for _, s := range stream {
			if old, ok := at[s.place]; ok {
				list[old].Alive, list[old].Dead = uint64(len(list)), uint64(len(list))
				delete(at, s.place)
			}
			if s.do == stepAlloc {
				at[s.place] = len(list)
				list = append(list, Object{Bytes: int64(s.size), NoScan: s.pointers == 0, Dead: Forever, Site: int(s.size % 7), Proc: len(list)%4 - 1})
			}
		}
	}
	return list
}

// seenBy is what a recording would say of the deaths: between which cycles.
func seenBy(objects []Object, c Config) []Object {
	h := New(c)
	var starts []uint64
	h.GC()
	made := uint64(0)
	replay(h, func(yield func(Object) bool) {
		for _, o := range objects {
			if n := len(h.Cycles()); n > len(starts)+1 {
				starts = append(starts, made)
			}
			if made++; !yield(o) {
				return
			}
		}
	}, nil, 2)
	seen := slices.Clone(objects)
	for i := range seen {
		o := &seen[i]
		if o.Dead == Forever {
			continue
		}
		n, _ := slices.BinarySearch(starts, o.Dead)
		if o.Dead = Forever; n < len(starts) {
			o.Dead = starts[n]
		}
		if o.Alive = uint64(i) + 1; n > 0 {
			o.Alive = max(o.Alive, starts[n-1])
		}
	}
	return seen
}

func seq(objects []Object) iter.Seq[Object] { return slices.Values(objects) }

// TestConfirmPrediction foretells the runtime with other settings from what a
// recording with a low GOGC would have seen.
func TestConfirmPrediction(t *testing.T) {
	tc := installed(t)
	stream := random(rand.New(rand.NewPCG(5, 6)), 40_000, 2_000, 4_000, nothing)
	const rounds = 30
	objects := objectsOf(stream, rounds)
	before, _, mark := tc.paced(t, stream, 100, 5)
	recorded := configAfter(tc.layout, before, 25)
	recorded.Mark = mark
	seen := seenBy(objects, recorded)
	for _, gogc := range []int{50, 100, 200} {
		_, after, _ := tc.paced(t, stream, uint32(gogc), rounds)
		p := Predict(seq(seen), WhatIf{
			Config: configAfter(tc.layout, before, gogc), Mark: [3]float64{mark / 4, mark, mark * 4},
		})
		real := int64(after.NumGC - before.NumGC)
		t.Logf("GOGC=%d: %+v cycles, in the runtime %d", gogc, p.Cycles, real)
		if float64(real) < 0.8*float64(p.Cycles.Lo) || float64(real) > 1.2*float64(p.Cycles.Hi) {
			t.Errorf("GOGC=%d: %+v cycles, in the runtime %d", gogc, p.Cycles, real)
		}
	}
}

// TestPredict is about what must be so whatever the figures are.
func TestPredict(t *testing.T) {
	stream := random(rand.New(rand.NewPCG(8, 9)), 40_000, 2_000, 4_000, nothing)
	objects := objectsOf(stream, 6)
	config := Config{Layout: layoutOf(t, true), GOGC: 100}
	ask := func(change func(*WhatIf)) Prediction {
		w := WhatIf{Config: config, Mark: [3]float64{0, 0.3, 1}}
		change(&w)
		return Predict(seq(seenBy(objects, Config{Layout: config.Layout, GOGC: 10})), w)
	}
	base := ask(func(*WhatIf) {})
	for _, r := range []Range{base.Cycles, base.PeakLive, base.PeakInuse, base.Scanned} {
		if r.Lo > r.Mid || r.Mid > r.Hi || r.Mid == 0 {
			t.Errorf("range %+v", r)
		}
	}
	exact := New(config)
	replay(exact, seq(objects), nil, 2)
	if n := int64(len(exact.Cycles())); n < base.Cycles.Lo || n > base.Cycles.Hi {
		t.Errorf("%d cycles with exact deaths, not in %+v", n, base.Cycles)
	}
	if n := exact.Peak().HeapLive; n < base.PeakLive.Lo || n > base.PeakLive.Hi {
		t.Errorf("heap of %d with exact deaths, not in %+v", n, base.PeakLive)
	}

	rare := ask(func(w *WhatIf) { w.Config.GOGC = 400 })
	if rare.Cycles.Mid >= base.Cycles.Mid || rare.PeakLive.Mid <= base.PeakLive.Mid {
		t.Errorf("GOGC=400 has %+v cycles and a heap of %+v, GOGC=100 %+v and %+v", rare.Cycles, rare.PeakLive, base.Cycles, base.PeakLive)
	}
	const limit = 16 << 20
	limited := ask(func(w *WhatIf) { w.Config.GOGC, w.Config.MemoryLimit = -1, limit })
	if limited.PeakLive.Mid > limit || limited.Cycles.Mid == 0 {
		t.Errorf("GOMEMLIMIT=%d has %+v cycles and a heap of %+v", limit, limited.Cycles, limited.PeakLive)
	}
	if off := ask(func(w *WhatIf) { w.Config.GOGC = -1 }); off.Cycles != (Range{0, 0, 1}) || off.PeakLive.Lo < base.PeakLive.Hi {
		t.Errorf("GOGC=off: %+v", off)
	}

	without := ask(func(w *WhatIf) { w.Change = func(o *Object) bool { return o.Site != 3 } })
	var gone int64
	for _, o := range objects {
		if o.Site == 3 {
			gone += o.Bytes
		}
	}
	if saved := base.TotalAlloc - without.TotalAlloc; saved < gone || saved > gone*5/4 {
		t.Errorf("without a site that asks for %d bytes, %d fewer are allocated", gone, saved)
	}
	smaller := ask(func(w *WhatIf) {
		w.Change = func(o *Object) bool { o.Bytes = max(o.Bytes-8, 1); return true }
	})
	if smaller.TotalAlloc >= base.TotalAlloc || smaller.TotalAlloc < base.TotalAlloc-16*int64(len(objects)) {
		t.Errorf("with all 8 bytes smaller %d bytes are allocated, before %d, by %d objects", smaller.TotalAlloc, base.TotalAlloc, len(objects))
	}
}

func TestMarks(t *testing.T) {
	var cycles []Cycle
	for i := range int64(11) {
		cycles = append(cycles, Cycle{Start: 100, End: 100 + i*10, Scan: 100})
	}
	cycles = append(cycles, Cycle{Start: 100, End: 1000, Scan: 1, Forced: true})
	if got, want := Marks(cycles), [3]float64{0.1, 0.5, 0.9}; got != want {
		t.Errorf("Marks = %v, want %v", got, want)
	}
	if got, want := Marks(nil), [3]float64{0, 0, 1}; got != want {
		t.Errorf("Marks of none = %v, want %v", got, want)
	}
}
