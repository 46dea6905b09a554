package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
)

// A simulated program allocates at places, some of them in slots of one size, others of
// many, in three parts of its life.
type simulated struct {
	places []map[int64][3]int64 // objects by size: before the recording, up to the profile's end, after
}

// simulate makes a program that allocates about so many MiB in the recording, of which a
// part after the end of its profile, and may have done something else before. Steady
// ones do all the time the same.
func simulate(rnd *rand.Rand, after, before float64, steady bool) simulated {
	slots := []int64{16, 32, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096, 8192, 65536, 1 << 20}
	var s simulated
	for range 30 {
		place := make(map[int64][3]int64)
		bytes := math.Exp(rnd.Float64()*math.Log(400)) * 20_000 // 20 kB to 8 MB
		n := 1 + rnd.IntN(6)
		if rnd.IntN(4) == 0 {
			n = len(slots)
		}
		first := rnd.IntN(len(slots) - n + 1)
		var parts [3]float64
		for i, part := range []float64{before, 1 - after, after} {
			if steady || rnd.IntN(3) > 0 {
				parts[i] = part
			}
		}
		for _, slot := range slots[first : first+n] {
			var objects [3]int64
			for i, part := range parts {
				objects[i] = int64(math.Round(bytes * part / float64(n) / float64(slot)))
			}
			place[slot] = objects
		}
		s.places = append(s.places, place)
	}
	return s
}

// sample draws a profile: each object is in it or not by itself.
func (s simulated) sample(rnd *rand.Rand, rate float64, older bool) (h sampledHeap, classes []heapmap.Class, truth map[int]int64) {
	sums := make(map[int64]*heapmap.Class)
	truth = make(map[int]int64)
	h = sampledHeap{rate: rate, covered: make(map[int64]heapmap.Lives), older: older}
	for i, place := range s.places {
		for slot, n := range place {
			size := dealtAs(slot)
			if sums[size] == nil {
				sums[size] = &heapmap.Class{Size: size}
			}
			sums[size].Allocs += n[1] + n[2]
			sums[size].Bytes += (n[1] + n[2]) * slot
			truth[i] += (n[1] + n[2]) * slot
			c := h.covered[size]
			c.Allocs += n[1]
			c.AllocBytes += n[1] * slot
			h.covered[size] = c
			q, k := seen(float64(slot), rate), 0
			for at := int64(0); q > 0; k++ { // to the next one that is sampled
				if at += 1 + int64(math.Log(1-rnd.Float64())/math.Log1p(-q)); at > n[0]+n[1] {
					break
				}
			}
			if k > 0 {
				objects := math.Floor(float64(k) / q)
				h.since = append(h.since, alloc.Sample{Slot: slot, Allocs: objects, Bytes: objects * float64(slot), Frames: []alloc.Frame{{Func: "m.f", File: "/m/m.go", Line: i}}})
			}
		}
	}
	for _, c := range sums {
		classes = append(classes, *c)
	}
	return h, classes, truth
}

// TestRanges holds the ranges of sites to programs that are known, whose heap profiles are
// drawn by chance.
func TestRanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		rate          float64
		after, before float64
		steady        bool
	}{
		{"all, often sampled", 4096, 0, 0, true},
		{"all", 512 << 10, 0, 0, true},
		{"two collections", 512 << 10, 0.6, 0.4, true},
		{"two collections, often sampled", 4096, 0.6, 0.4, true},
		{"four collections", 512 << 10, 0.3, 0.2, true},
		{"not steady", 512 << 10, 0.4, 0.3, false},
		{"not steady, often sampled", 4096, 0.4, 0.3, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const recordings = 60
			shown, inside, few, insideFew, below := 0, 0, 0, 0, 0
			for i := range recordings {
				rnd := rand.New(rand.NewPCG(uint64(i), 7))
				h, classes, truth := simulate(rnd, tt.after, tt.before, tt.steady).sample(rnd, tt.rate, tt.before > 0)
				list, scope := dealOut(h, classes, nil, "/m")
				if scope.Samples == 0 {
					t.Fatal("no samples")
				}
				for j, e := range list {
					v := truth[e.Line]
					shown++
					in := v >= e.Bytes.Low && v <= e.Bytes.High
					if in {
						inside++
					} else if v < e.Bytes.Low {
						below++
					}
					if j < 6 {
						few++
						if in {
							insideFew++
						}
					}
				}
			}
			share := func(n, of int) string { return fmt.Sprintf("%.1f of 100", 100*float64(n)/float64(of)) }
			t.Logf("%s of %d sites are in their range, %s are below; of the first six of each %s are", share(inside, shown), shown, share(below, shown), share(insideFew, few))
			if 10*inside < 9*shown || 10*insideFew < 9*few {
				t.Errorf("fewer than 90 of 100")
			}
		})
	}
}
