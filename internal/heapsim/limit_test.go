package heapsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// seenCycles are what gctrace and gcpacertrace say of all: ns of the one processor, and
// bytes.
type seenCycles struct{ clock, assist, workers, allocated, scanned float64 }

// addCycles adds up what they say, but for cycles that the program asked for itself.
func addCycles(t *testing.T, trace string) (all seenCycles) {
	t.Helper()
	var scanned float64
	for line := range strings.Lines(trace) {
		if _, text, ok := strings.Cut(line, " exp.) for "); ok {
			var heap, stacks, globals float64
			if _, err := fmt.Sscanf(text, "%f+%f+%f B work", &heap, &stacks, &globals); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			scanned = heap + stacks + globals
		}
		_, text, ok := strings.Cut(line, "%: ")
		if !ok || strings.Contains(line, "forced") {
			continue
		}
		var skip, clock, sweep, assist, workers, idle, end float64
		var from, to int
		if _, err := fmt.Sscanf(text, "%f+%f+%f ms clock, %f+%f/%f/%f+%f ms cpu, %d->%d->",
			&skip, &clock, &skip, &sweep, &assist, &workers, &idle, &end, &from, &to); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all.clock += (clock - idle) * 1e6
		all.assist += assist * 1e6
		all.workers += workers * 1e6
		all.allocated += float64((to - from) << 20)
		all.scanned += scanned
	}
	if all.scanned == 0 {
		t.Fatalf("no cycle in %q", trace)
	}
	return all
}

// TestConfirmBeyondLimit has several times as much alive as the memory limit: cycles
// follow one another, and what is allocated while one marks is what revise leaves, a
// tenth of the heap, until the collector has had a second of the processor more than the
// program. From then on nobody helps as long as it has.
func TestConfirmBeyondLimit(t *testing.T) {
	tc := installed(t)
	const limit = 24 << 20
	for _, tt := range []struct {
		name    string
		stream  []step
		limited bool
	}{
		{"helping", random(rand.New(rand.NewPCG(5, 6)), 600_000, 200_000, 4_000, nothing), false},
		{"limited", quick(150_000, 480, 240_000, 32<<10), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			steps := slices.Concat(tc.layout.drains(), []step{{do: stepCollect}, {do: stepSnapshot}, {do: stepBegin}},
				tt.stream, []step{{do: stepBegin}, {do: stepSnapshot}})
			for try := 1; ; try++ {
				shots, trace := tc.real(t, steps, 1, 1, "GOGC=off", "GOMEMLIMIT="+strconv.Itoa(limit), "GODEBUG=gctrace=1,gcpacertrace=1")
				before, after := shots[0], shots[1]
				all := addCycles(t, trace)
				c := configAfter(tc.layout, before, -1)
				c.MemoryLimit = limit
				c.NonHeap = int64(before.Sys-before.HeapIdle) - c.Live
				cycles := func(speed float64, limited bool) int {
					m := Mark{Scan: (backgroundShare*all.clock + all.assist) / all.scanned, Busy: (all.clock - all.assist - all.workers) / all.allocated / speed}
					// As much as the program allocates in three times the time of scanning.
					m.Rate = (all.assist + all.workers) / all.scanned / m.Busy * (1 - backgroundShare) / backgroundShare
					if !limited {
						m.Scan = 0
					}
					c.Marks = []Mark{m}
					h := New(c)
					h.GC()
					simulated(h, tt.stream)
					return len(h.Cycles()) - 1
				}
				real := int(after.NumGC - before.NumGC)
				limited := after.Limited > uint64(before.NumGC)
				got := []int{cycles(0.5, true), cycles(1, true), cycles(2, true)}
				unlimited := cycles(1, false)
				t.Logf("%d cycles, %d in the runtime, without a limit of the collector's time %d; it was limited: %v", got, real, unlimited, limited)
				// The processor has other work, which the runtime takes for marking or for the
				// program's. Without what is confirmed here it would be five times as many.
				lo, hi := slices.Min(got), slices.Max(got)
				if fits := float64(real) >= 0.6*float64(lo) && float64(real) <= 1.5*float64(hi); !fits && try < 3 {
					continue // what was taken from a run the log tells as its own
				} else if !fits {
					t.Errorf("%d cycles, in the runtime %d", got, real)
				}
				if limited && tt.limited && unlimited < 2*real {
					t.Errorf("%d cycles, and %d in a model without a limit: the stream tells nothing of it", real, unlimited)
				}
				break
			}
		})
	}
}

// quick keeps so many objects with pointers, and makes as many others without, which
// die at once.
func quick(live int, bytes uint32, brief int, large uint32) (steps []step) {
	for i := range live {
		steps = append(steps, step{do: stepAlloc, place: uint32(i), size: bytes, pointers: 1})
	}
	for range brief {
		steps = append(steps, step{do: stepAlloc, place: uint32(live), size: large})
	}
	return steps
}
