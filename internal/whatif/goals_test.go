package whatif

import (
	"runtime"
	"testing"

	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/sizeclass"
	"github.com/stackward-go/stackward/internal/tracetest"
)

// TestLate foretells the traced part of programs that are traced from the middle of their
// run on, whose settings nobody tells.
func TestLate(t *testing.T) {
	for gogc, name := range map[int]string{50: "GOGC=50", 100: "GOGC=100", 200: "GOGC=200"} {
		t.Run(name, func(t *testing.T) {
			if simulatesLate(t, gogc, name) {
				return
			}
			// One in ten or so is off by chance: which of the marks a cycle draws.
			for range 2 {
				if !simulatesLate(t, gogc, name) {
					t.Error("it is off again")
				}
			}
		})
	}
}

// simulatesLate runs the program with a GOGC, and reports whether the simulation of its
// trace agrees with what was traced.
func simulatesLate(t *testing.T, gogc int, name string) bool {
	t.Helper()
	data, _, err := tracetest.Run("testdata/late", slots, name, "GOMAXPROCS=2", "GOMEMLIMIT=off")
	if err != nil {
		t.Fatal(err)
	}
	h := read(data)
	percent, roots, ok := h.GOGC()
	if !ok || percent != gogc {
		t.Fatalf("GOGC=%d, %v, by %+v", percent, ok, h.Cycles)
	}
	layout, err := heapsim.NewLayout(sizeclass.ForGo(runtime.Version()), h.InlineMarks)
	if err != nil {
		t.Fatal(err)
	}
	globals := h.Rooted(roots)
	marks, _ := h.Marks(globals, percent, nil, new(Samples))
	p := heapsim.Predict(h.Objects(true), heapsim.WhatIf{
		Config: heapsim.Config{Layout: layout, Procs: h.Procs, GOGC: percent, Stacks: roots - globals, Globals: globals, Marks: marks},
		Before: h.Before, Begun: h.Begun(percent, roots, true), Forced: h.Forced(), Traced: true,
	})
	cycles, peak := int64(len(h.Cycles)), int64(0)
	for _, c := range h.Cycles {
		peak = max(peak, c.End)
	}
	t.Logf("%d cycles, said %+v; a heap of %d, said %+v", cycles, p.Cycles, peak, p.PeakMarked)
	return cycles >= p.Cycles.Low*9/10 && cycles <= p.Cycles.High*11/10 &&
		peak >= p.PeakMarked.Low*9/10 && p.PeakMarked.Likely <= peak*5/4
}

func TestGOGC(t *testing.T) {
	const mb = 1 << 20
	cycle := func(marked, goal int64) Cycle { return Cycle{Marked: marked, Goal: goal} }
	for _, tt := range []struct {
		name    string
		cycles  []Cycle
		percent int
		roots   int64
	}{
		{"no goal behind a cycle", []Cycle{cycle(10*mb, 20*mb)}, 0, 0},
		{"100", []Cycle{cycle(10*mb, 0), cycle(12*mb, 20*mb+mb/5), cycle(9*mb, 24*mb+mb/5)}, 100, mb / 5},
		{"50", []Cycle{cycle(10*mb, 0), cycle(0, 15*mb+mb/10)}, 50, mb / 5},
		{"75", []Cycle{cycle(100*mb, 0), cycle(0, 175*mb+3*mb/4)}, 75, mb},
		{"one that is not round", []Cycle{cycle(1000*mb, 0), cycle(0, 1830*mb+83*mb/100)}, 83, mb},
		{"the least goal", []Cycle{cycle(mb, 0), cycle(mb, 6*mb)}, 150, 0},
		{"goals that sweeping sets", []Cycle{cycle(2*mb, 0), cycle(2*mb, 3*mb)}, 0, 0},
		{"goals of a memory limit", []Cycle{cycle(10*mb, 0), cycle(30*mb, 40*mb), cycle(20*mb, 40*mb)}, 0, 0},
	} {
		h := &History{Cycles: tt.cycles}
		percent, roots, ok := h.GOGC()
		if percent != tt.percent || ok != (tt.percent > 0) {
			t.Errorf("%s: %d, %v", tt.name, percent, ok)
		}
		if off := roots - tt.roots; off < -3 || off > 3 { // goals are whole bytes
			t.Errorf("%s: %d bytes of roots, want %d", tt.name, roots, tt.roots)
		}
	}
}

func TestBegun(t *testing.T) {
	const mb = 1 << 20
	cycles := []Cycle{
		{Start: 16 * mb, Goal: 20 * mb}, {Start: 17 * mb, Goal: 21 * mb}, {Start: 20 * mb, Goal: 21 * mb}, {Start: 17 * mb, Goal: 21 * mb},
	}
	for _, tt := range []struct {
		name    string
		h       History
		percent int
		roots   int64
		want    *heapsim.Begun
	}{
		{"by the goal", History{Cycles: cycles}, 100, 2 * mb, &heapsim.Begun{Marked: 9 * mb, Goal: 20 * mb, Runway: 4 * mb, Cycles: 2}},
		{"the least goal", History{goal: 4 * mb}, 100, mb, &heapsim.Begun{Goal: 4 * mb}},
		{"off", History{Cycles: cycles}, -1, mb, nil},
		{"no goal", History{}, 100, mb, nil},
	} {
		got := tt.h.Begun(tt.percent, tt.roots, true)
		if got == nil || tt.want == nil {
			if got != tt.want {
				t.Errorf("%s: %v", tt.name, got)
			}
		} else if *got != *tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, *got, *tt.want)
		}
	}
}
