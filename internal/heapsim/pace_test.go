package heapsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// nothing comes between the steps of random.
func nothing(int) []step { return nil }

// paced runs a stream so many rounds with a GOGC in the runtime, and returns
// what it says before and after, and what the program allocated for each byte
// that was scanned: the median of its cycles.
func (tc *toolchain) paced(t *testing.T, stream []step, gogc uint32, rounds int) (before, after snapshot, mark float64) {
	t.Helper()
	steps := slices.Concat(tc.layout.drains(),
		[]step{{do: stepCollect}, {do: stepSetGOGC, size: gogc}, {do: stepCollect}, {do: stepSnapshot}, {do: stepBegin}},
		stream, []step{{do: stepBegin}, {do: stepSnapshot}})
	shots, trace := tc.real(t, steps, 1, rounds, "GOGC=off", "GODEBUG=gctrace=1")
	if len(shots) != 2 {
		t.Fatalf("%d snapshots, want 2", len(shots))
	}
	var marks []float64
	for line := range strings.Lines(trace) {
		fields := strings.Split(line, ", ")
		if len(fields) < 4 || strings.Contains(line, "forced") {
			continue
		}
		var start, end, marked int
		if _, err := fmt.Sscanf(fields[2], "%d->%d->%d MB", &start, &end, &marked); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		// About half of what is marked has pointers, and there are the globals.
		scan := float64(marked<<20-int(shots[0].Live))/2 + float64(shots[0].Globals)
		marks = append(marks, float64((end-start)<<20)/max(scan, 1))
	}
	if len(marks) == 0 {
		t.Fatalf("no cycle in %q", trace)
	}
	slices.Sort(marks)
	return shots[0], shots[1], marks[len(marks)/2]
}

// configAfter is that of a heap in which is alive what was alive then.
func configAfter(l *Layout, s snapshot, gogc int) Config {
	return Config{Layout: l, GOGC: gogc, Live: int64(s.Live), Stacks: int64(s.Stacks), Globals: int64(s.Globals)}
}

// TestConfirmPacing: the goal is exact. When a cycle starts depends on how long
// cycles take, so of their number only a range is certain.
func TestConfirmPacing(t *testing.T) {
	tc := installed(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	stream := random(rnd, 40_000, 2_000, 4_000, nothing)
	const rounds = 30
	var all []step
	for range rounds {
		all = append(all, stream...)
	}
	for _, gogc := range []int{50, 100, 200} {
		before, after, mark := tc.paced(t, stream, uint32(gogc), rounds)
		cycles := func(mark float64) int {
			c := configAfter(tc.layout, before, gogc)
			c.Marks = []Mark{{Rate: mark}}
			h := New(c)
			h.GC()
			if _, goal := h.pacer.trigger(h.usage()); goal != before.Goal {
				t.Errorf("GOGC=%d: the goal is %d, in the runtime %d", gogc, goal, before.Goal)
			}
			simulated(h, all)
			return len(h.Cycles()) - 1
		}
		// The runtime is asked on a machine with other work, on which marking
		// may take several times as long: more, longer cycles are fewer cycles.
		real := int(after.NumGC - before.NumGC)
		lo, mid, hi := cycles(mark*4), cycles(mark), cycles(mark/4)
		t.Logf("GOGC=%d: %d cycles, %d to %d, in the runtime %d; %.2f bytes allocated for each scanned", gogc, mid, lo, hi, real, mark)
		if float64(real) < 0.8*float64(lo) || float64(real) > 1.2*float64(hi)+1 {
			t.Errorf("GOGC=%d: %d to %d cycles, in the runtime %d", gogc, lo, hi, real)
		}
	}
}

// TestConfirmProcs: which processor runs a goroutine when is chance, and with
// it which spans objects share. The bytes are within 5 %.
func TestConfirmProcs(t *testing.T) {
	tc := installed(t)
	for _, procs := range []int{2, 4} {
		const live, rounds = 20_000, 3
		parts := make([][]step, procs)
		steps := slices.Concat(tc.layout.drains(), []step{{do: stepCollect}})
		for i := range parts {
			parts[i] = random(rand.New(rand.NewPCG(7, uint64(i))), 40_000, live, 4_000, nothing)
			for j := range parts[i] {
				parts[i][j].place += uint32(i * live)
			}
			steps = append(append(steps, step{do: stepBegin}), parts[i]...)
		}
		steps = append(steps, step{do: stepBegin}, step{do: stepCollect}, step{do: stepSnapshot})
		for _, gogc := range []string{"off", "100"} {
			real, _ := tc.real(t, steps, procs, rounds, "GOGC="+gogc)
			if len(real) != 3 {
				t.Fatalf("%d snapshots, want 3", len(real))
			}
			c := configAfter(tc.layout, real[0], -1)
			c.Procs = procs
			if gogc == "off" {
				h := interleaved(c, parts, rounds)
				within(t, procs, "HeapAlloc", h.Stats().HeapAlloc, int64(real[1].HeapAlloc-real[0].HeapAlloc))
				within(t, procs, "HeapInuse", h.Stats().HeapInuse, int64(real[1].HeapInuse-real[0].HeapInuse))
				h.GC()
				within(t, procs, "HeapAlloc after a cycle", h.Stats().HeapAlloc, int64(real[2].HeapAlloc-real[0].HeapAlloc))
				within(t, procs, "HeapInuse after a cycle", h.Stats().HeapInuse, int64(real[2].HeapInuse-real[0].HeapInuse))
				continue
			}
			// How far the heap has grown before, and with it how many spans the
			// objects that are left are spread over, depends on how long cycles took:
			// one run of the runtime was a fifth, and once a quarter, below the others.
			c.GOGC = 100
			var inuse []int64
			for _, rate := range []float64{0, 0.25, 1} {
				c.Marks = []Mark{{Rate: rate}}
				h := interleaved(c, parts, rounds)
				h.GC()
				within(t, procs, "HeapAlloc after cycles", h.Stats().HeapAlloc, int64(real[2].HeapAlloc-real[0].HeapAlloc))
				inuse = append(inuse, h.Stats().HeapInuse)
			}
			got := int64(real[2].HeapInuse - real[0].HeapInuse)
			t.Logf("%d processors: HeapInuse after cycles is %d, in the runtime %d", procs, inuse, got)
			if lo, hi := slices.Min(inuse), slices.Max(inuse); got < lo*7/10 || got > hi*12/10 {
				t.Errorf("%d processors: HeapInuse after cycles is %d to %d, in the runtime %d", procs, lo, hi, got)
			}
		}
	}
}

// interleaved runs the parts side by side, each on a processor.
func interleaved(c Config, parts [][]step, rounds int) *Heap {
	h := New(c)
	keep := make(map[uint32]Ref)
	for range rounds {
		for i := range parts[0] {
			for proc, part := range parts {
				switch s := part[i]; s.do {
				case stepAlloc:
					h.Free(keep[s.place])
					keep[s.place] = h.Alloc(proc, int64(s.size), s.pointers == 0)
				case stepFree:
					h.Free(keep[s.place])
					keep[s.place] = 0
				}
			}
		}
	}
	h.Flush()
	return h
}

func within(t *testing.T, procs int, name string, got, want int64) {
	t.Helper()
	off := float64(got-want) / float64(want)
	t.Logf("%d processors: %s is %d, in the runtime %d (%+.2f %%)", procs, name, got, want, off*100)
	if off < -0.05 || off > 0.05 {
		t.Errorf("%d processors: %s is %d, in the runtime %d (%+.1f %%)", procs, name, got, want, off*100)
	}
}

// TestConfirmLimit: with a memory limit alone the goal is that of the runtime to
// what was allocated since the last cycle ended, and so is what is kept of the
// system's memory.
func TestConfirmLimit(t *testing.T) {
	tc := installed(t)
	stream := random(rand.New(rand.NewPCG(5, 6)), 40_000, 2_000, 4_000, nothing)
	const rounds = 30
	var all []step
	for range rounds {
		all = append(all, stream...)
	}
	steps := slices.Concat(tc.layout.drains(), []step{{do: stepCollect}, {do: stepSnapshot}, {do: stepBegin}},
		stream, []step{{do: stepBegin}, {do: stepSnapshot}})
	for _, limit := range []int64{40 << 20, 64 << 20, 128 << 20} {
		shots, _ := tc.real(t, steps, 1, rounds, "GOGC=off", "GOMEMLIMIT="+strconv.FormatInt(limit, 10))
		before, after := shots[0], shots[1]
		c := configAfter(tc.layout, before, -1)
		c.MemoryLimit = limit
		c.NonHeap = int64(before.Sys-before.HeapIdle) - c.Live
		var cycles, kept []int64
		// The last is of a machine with other work: one cycle that it kept waiting has
		// the pacer begin the next five early, those are over soon, and the scavenger,
		// which has a part of the time, has enough of it.
		marks := []Mark{{}, {Rate: 0.3}, {Rate: 1}, {Rate: 0.01, Idle: 250}}
		for i, mark := range marks {
			c.Marks, c.ScavengeNow = []Mark{mark}, i == len(marks)-1
			h := New(c)
			h.GC()
			_, goal := h.pacer.trigger(h.usage())
			if off := int64(goal) - int64(before.Goal); off < -4096 || off > 4096 {
				t.Errorf("GOMEMLIMIT=%d: the goal is %d, in the runtime %d", limit, goal, before.Goal)
			}
			simulated(h, all)
			cycles = append(cycles, int64(len(h.Cycles())-1))
			kept = append(kept, int64(h.usage().ready))
		}
		got := int64(after.Sys - after.HeapReleased)
		t.Logf("GOMEMLIMIT=%d: %d bytes of the system's memory, in the runtime %d", limit, kept, got)
		if slices.Max(kept) > limit || got < slices.Min(kept)*19/20 || got > slices.Max(kept)*11/10 {
			t.Errorf("GOMEMLIMIT=%d: %d bytes of the system's memory, in the runtime %d", limit, kept, got)
		}
		real := int64(after.NumGC - before.NumGC)
		t.Logf("GOMEMLIMIT=%d: %d cycles, in the runtime %d", limit, cycles, real)
		if float64(real) < 0.7*float64(slices.Min(cycles))-1 || float64(real) > 1.3*float64(slices.Max(cycles))+1 {
			t.Errorf("GOMEMLIMIT=%d: %d cycles, in the runtime %d", limit, cycles, real)
		}
	}
}
