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
				n := uint64(len(list))
				list[old].Alive, list[old].Likely, list[old].Dead = n, n, n
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
	}, &WhatIf{}, 2)
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
		o.Likely = o.Alive
		if o.Dead != Forever {
			o.Likely += (o.Dead - o.Alive) / 2
		}
	}
	return seen
}

func seq(objects []Object) iter.Seq[Object] { return slices.Values(objects) }

func with(c Config, rates ...float64) Config {
	for _, r := range rates {
		c.Marks = append(c.Marks, Mark{Rate: r})
	}
	return c
}

// TestConfirmPrediction foretells the runtime with other settings from what a
// recording with a low GOGC would have seen.
func TestConfirmPrediction(t *testing.T) {
	tc := installed(t)
	stream := random(rand.New(rand.NewPCG(5, 6)), 40_000, 2_000, 4_000, nothing)
	const rounds = 30
	objects := objectsOf(stream, rounds)
	before, _, mark := tc.paced(t, stream, 100, 5)
	recorded := configAfter(tc.layout, before, 25)
	recorded.Marks = []Mark{{Rate: mark}}
	seen := seenBy(objects, recorded)
	for _, gogc := range []int{50, 100, 200} {
		_, after, _ := tc.paced(t, stream, uint32(gogc), rounds)
		p := Predict(seq(seen), WhatIf{
			Config: with(configAfter(tc.layout, before, gogc), mark),
		})
		real := int64(after.NumGC - before.NumGC)
		t.Logf("GOGC=%d: %+v cycles, in the runtime %d", gogc, p.Cycles, real)
		if float64(real) < 0.8*float64(p.Cycles.Low) || float64(real) > 1.2*float64(p.Cycles.High) {
			t.Errorf("GOGC=%d: %+v cycles, in the runtime %d", gogc, p.Cycles, real)
		}
	}
}

// TestPredict is about what must be so whatever the figures are.
func TestPredict(t *testing.T) {
	stream := random(rand.New(rand.NewPCG(8, 9)), 40_000, 2_000, 4_000, nothing)
	objects := objectsOf(stream, 6)
	config := Config{Layout: layoutOf(t, true), GOGC: 100}
	cost := Cost{Cycle: 1000, Byte: 1}
	ask := func(change func(*WhatIf)) Prediction {
		w := WhatIf{Config: with(config, 0, 0.3, 1), Cost: cost}
		change(&w)
		return Predict(seq(seenBy(objects, Config{Layout: config.Layout, GOGC: 10})), w)
	}
	base := ask(func(*WhatIf) {})
	for _, r := range []Range{base.Cycles, base.PeakLive, base.PeakInuse, base.CPU} {
		if r.Low > r.Likely || r.Likely > r.High || r.Likely == 0 {
			t.Errorf("range %+v", r)
		}
	}
	exact := New(with(config, 0, 0.3, 1))
	replay(exact, seq(objects), &WhatIf{}, 2)
	if n := int64(len(exact.Cycles())); n < base.Cycles.Low || n > base.Cycles.High {
		t.Errorf("%d cycles with exact deaths, not in %+v", n, base.Cycles)
	}
	if n := exact.Peak().HeapLive; n < base.PeakLive.Low || n > base.PeakLive.High {
		t.Errorf("heap of %d with exact deaths, not in %+v", n, base.PeakLive)
	}

	rare := ask(func(w *WhatIf) { w.Config.GOGC = 400 })
	if rare.Cycles.Likely >= base.Cycles.Likely || rare.PeakLive.Likely <= base.PeakLive.Likely {
		t.Errorf("GOGC=400 has %+v cycles and a heap of %+v, GOGC=100 %+v and %+v", rare.Cycles, rare.PeakLive, base.Cycles, base.PeakLive)
	}
	const limit = 16 << 20
	limited := ask(func(w *WhatIf) { w.Config.GOGC, w.Config.MemoryLimit = -1, limit })
	if limited.PeakLive.Likely > limit || limited.Cycles.Likely == 0 {
		t.Errorf("GOMEMLIMIT=%d has %+v cycles and a heap of %+v", limit, limited.Cycles, limited.PeakLive)
	}
	if off := ask(func(w *WhatIf) { w.Config.GOGC = -1 }); off.Cycles != (Range{}) || off.CPU != (Range{}) || off.PeakLive.Low < base.PeakLive.High {
		t.Errorf("GOGC=off: %+v", off)
	}

	without := ask(func(w *WhatIf) { w.Change = func(o Object) (Object, bool) { return o, o.Site != 3 } })
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
		w.Change = func(o Object) (Object, bool) { o.Bytes = max(o.Bytes-8, 1); return o, true }
	})
	if smaller.TotalAlloc >= base.TotalAlloc || smaller.TotalAlloc < base.TotalAlloc-16*int64(len(objects)) {
		t.Errorf("with all 8 bytes smaller %d bytes are allocated, before %d, by %d objects", smaller.TotalAlloc, base.TotalAlloc, len(objects))
	}
}

// TestPredictLarge has objects that each begin a cycle or nearly so: when among the
// others they die must be exact, and whether a cycle that marks lets one more be made.
func TestPredictLarge(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		bytes int64
		mark  Mark
		most  int64 // heap
		least int64 // cycles
	}{
		// The goal is never above the smallest, of 4 MiB. An object is in use until the next
		// one is there.
		{1 * mb, Mark{}, 5 * mb, 50},
		// A cycle finds two objects, and its goal is at four. Go1.26.8 has 100 and 80 MB, of
		// for range 200 { sink = make([]byte, 20<<20) }.
		{20 * mb, Mark{Over: 4 * mb}, 80 * mb, 95},
		{20 * mb, Mark{Rate: 8, Over: 4 * mb}, 80 * mb, 95},
	} {
		var objects []Object
		for i := range uint64(200) {
			objects = append(objects, Object{Bytes: tt.bytes, NoScan: true, Alive: i + 1, Likely: i + 3, Dead: i + 3})
		}
		config := Config{Layout: layoutOf(t, true), GOGC: 100, Globals: mb / 4, Marks: []Mark{tt.mark}}
		p := Predict(seq(objects), WhatIf{Config: config, Traced: true})
		if p.PeakLive.Likely > tt.most {
			t.Errorf("%d bytes, %+v: a heap of %+v, want at most %d", tt.bytes, tt.mark, p.PeakLive, tt.most)
		}
		if p.Cycles.Likely < tt.least {
			t.Errorf("%d bytes, %+v: %+v cycles, want %d or more", tt.bytes, tt.mark, p.Cycles, tt.least)
		}
	}
}

// TestStacksOfMarks has a program with large stacks in the second half of its life: the
// goals of that half are higher.
func TestStacksOfMarks(t *testing.T) {
	objects := make([]Object, 4000)
	for i := range objects {
		n := uint64(i) + 1
		objects[i] = Object{Bytes: 32 << 10, NoScan: true, Alive: n, Likely: n + 1, Dead: n + 1}
	}
	goals := func(stacks int64) (list []int64) {
		marks := make([]Mark, 20)
		for i := range marks {
			marks[i].At = uint64(i)*200 + 1
			if i >= 10 {
				marks[i].Stacks = stacks
			}
		}
		c := Config{Layout: layoutOf(t, true), GOGC: 100, Stacks: 1, Marks: marks}
		h := New(c)
		chance := rand.New(rand.NewPCG(1, 1))
		h.config.draw = func() Mark { return near(marks, h.made, chance) }
		replay(h, seq(objects), &WhatIf{}, 1)
		for _, c := range h.Cycles() {
			list = append(list, c.Goal)
		}
		return list
	}
	const stacks = 16 << 20
	list := goals(stacks)
	if first, last := list[0], list[len(list)-1]; first != heapMinimum || last < stacks {
		t.Errorf("goals of %v, want %d first and more than %d last", list, heapMinimum, stacks)
	}
	if list = goals(0); list[len(list)-1] != heapMinimum {
		t.Errorf("goals of %v without stacks", list)
	}
}

// TestAssistedEnd is about revise: where a cycle ends that nothing but the program's help
// keeps from going on.
func TestAssistedEnd(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		name                          string
		start, goal, scan, last, most int64
		gogc                          int
		want                          float64 // MiB
	}{
		{"as much as before", 90, 100, 50, 50, 60, 100, 100},
		{"half as much", 90, 100, 25, 50, 60, 100, 95},
		{"twice as much", 90, 100, 100, 50, 120, 100, 110},
		{"four times as much, to the hard goal", 90, 100, 400, 50, 400, 25, 125},
		{"it starts at the goal, with the least runway", 100, 100, 50, 50, 50, 100, 100},
		{"a tenth beyond the goal already", 120, 100, 50, 50, 50, 100, 120},
	} {
		c := Cycle{Start: tt.start * mb, Goal: tt.goal * mb, Scan: tt.scan * mb}
		if got := float64(AssistedEnd(c, tt.last*mb, tt.most*mb, tt.gogc)) / mb; got < tt.want-0.3 || got > tt.want+0.3 {
			t.Errorf("%s: ends at %.2f MiB, want %.0f", tt.name, got, tt.want)
		}
	}
}

// TestLimiter fills the bucket with a second more of the collector's time than of the
// program's.
func TestLimiter(t *testing.T) {
	var l limiter
	l.init(&Config{Procs: 2})
	m := Mark{Scan: 1, Busy: 1}
	l.pass(1e9, 3e9, m)
	if l.fill != 0 {
		t.Errorf("time of the program is saved up: %v", l.fill)
	}
	l.pass(2.5e9, 0.6e9, m)
	if l.limiting {
		t.Error("limited before the bucket is full")
	}
	l.pass(0.3e9, 0.1e9, m)
	if !l.limiting {
		t.Error("not limited with a full bucket")
	}
	l.pass(1e6, 3e6, m)
	if !l.limiting {
		t.Error("nobody has looked, and it is limited no more")
	}
	if l.pass(1e6, 30e6, m); l.limiting {
		t.Error("limited although the bucket has room")
	}
}
