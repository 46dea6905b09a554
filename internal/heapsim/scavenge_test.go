package heapsim

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// waves makes a heap grow and shrink, with holes of all sizes, by objects without
// pointers: each cycle then takes one work buffer.
func waves(rnd *rand.Rand) []step {
	const places = 4000
	stream := []step{{do: stepCollect}, {do: stepCollect}, {do: stepScavenge}, {do: stepSnapshot}}
	taken := make([]uint32, places) // sizes
	all := uint32(0)
	alloc := func(n int, most uint32) {
		for range n {
			s := step{do: stepAlloc, place: rnd.Uint32N(places), size: 1 + rnd.Uint32N(most)}
			if all += s.size - taken[s.place]; all > 100<<20 {
				all -= s.size - taken[s.place]
				continue
			}
			taken[s.place] = s.size
			stream = append(stream, s)
		}
	}
	free := func(n int) {
		for range n {
			place := rnd.Uint32N(places)
			all -= taken[place]
			taken[place] = 0
			stream = append(stream, step{do: stepFree, place: place})
		}
	}
	for range 100 {
		switch rnd.IntN(10) {
		case 0:
			alloc(4000, 12_000)
		case 1:
			alloc(400, 100_000)
		case 2:
			alloc(10, 6<<20)
		case 3:
			free(100)
			stream = append(stream, step{do: stepCollect})
		case 4:
			free(6000)
			stream = append(stream, step{do: stepCollect})
		case 5, 6:
			stream = append(stream, step{do: stepCollect})
		case 7, 8:
			stream = append(stream, step{do: stepScavenge})
		default:
			if rnd.IntN(4) == 0 {
				stream = append(stream, step{do: stepFreeOSMemory}, step{do: stepSnapshot})
			}
			alloc(4000, 12_000)
		}
		stream = append(stream, step{do: stepSnapshot})
	}
	return stream
}

// scavenging holds what the scavenger gives back against the runtime. Before,
// all pages of the heap are taken, so that both begin with none. No cycle but
// those of the stream runs, since the goal is far away.
func (tc *toolchain) scavenging(t *testing.T, gogc int) {
	stream := waves(rand.New(rand.NewPCG(8, 9)))
	before := []step{
		{do: stepCollect}, {do: stepSetGOGC, size: uint32(gogc)}, {do: stepCollect}, {do: stepCollect}, {do: stepScavenge},
		{do: stepFillPages}, {do: stepSnapshot}, {do: stepBegin},
	}
	real, _ := tc.real(t, slices.Concat(tc.layout.drains(), before, stream), 1, 1, "GOGC=off")
	base := real[0]
	c := configAfter(tc.layout, base, gogc)
	c.Live, c.LiveSpans = int64(base.HeapAlloc), int64(base.HeapInuse)
	c.HugePage, c.WorkBufs = hugePage(t), 1
	sim := simulated(New(c), stream)
	if len(real) != len(sim)+1 {
		t.Fatalf("%d snapshots, want %d", len(real), len(sim)+1)
	}
	// Whether FreeOSMemory finds the work buffer free is chance: the sweeper frees it
	// when it comes to that. What is allocated then takes its pages.
	chance := make(map[int]bool)
	collections, shots := 0, 0
	for _, s := range stream {
		switch s.do {
		case stepCollect:
			collections++
		case stepFreeOSMemory:
			collections++
			chance[shots] = true
		case stepSnapshot:
			shots++
		}
	}
	if got := int(real[len(sim)].NumGC - base.NumGC); got != collections {
		t.Fatalf("%d cycles, want %d", got, collections)
	}
	for i, s := range sim {
		compare(t, i, base, real[i+1], s)
		for _, row := range []struct {
			name      string
			got, want int64
		}{
			{"HeapIdle", s.HeapIdle, int64(real[i+1].HeapIdle - base.HeapIdle)},
			{"HeapReleased", s.HeapReleased, int64(real[i+1].HeapReleased - base.HeapReleased)},
		} {
			if row.name == "HeapReleased" && chance[i] && row.got == row.want+workBufPages*pageSize {
				continue
			}
			if row.got != row.want {
				t.Errorf("snapshot %d: %s is %d, in the runtime %d (%+d)", i, row.name, row.got, row.want, row.got-row.want)
			}
		}
	}
}

// hugePage is the size of this machine's huge pages, as the runtime reads it.
func hugePage(t *testing.T) int64 {
	data, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
	if err != nil {
		return 0
	}
	bytes, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
