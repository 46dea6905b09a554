package heapsim

import (
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/stackward-go/stackward/internal/sizeclass"
)

// layoutOf is the layout of the Go that the test runs with.
func layoutOf(t testing.TB, greenTea bool) *Layout {
	sizes := sizeclass.ForGo(runtime.Version())
	if sizes == nil {
		t.Skipf("the size classes of %s are not known", runtime.Version())
	}
	l, err := NewLayout(sizes, greenTea)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// same runs a stream in the reference and in the fast heap, and compares
// addresses with every request and all else now and then.
func same(t *testing.T, c Config, rnd *rand.Rand, steps, live int) {
	ref, fast := newReference(c), New(c)
	var refs []Ref
	check := func(step int) {
		t.Helper()
		if a, b := ref.Stats(), fast.Stats(); !reflect.DeepEqual(a, b) {
			t.Fatalf("step %d:\nreference %+v\nfast      %+v", step, a, b)
		}
		if a, b := ref.Cycles(), fast.Cycles(); !slices.Equal(a, b) {
			t.Fatalf("step %d: cycles\nreference %+v\nfast      %+v", step, a, b)
		}
	}
	sizes := []int64{1 + rnd.Int64N(64), 1 + rnd.Int64N(1024), 1 + rnd.Int64N(40_000), 1 + rnd.Int64N(300_000<<rnd.IntN(4))}
	rare := 1 + rnd.IntN(8) // large ones, which make a heap of many chunks
	for i := range steps {
		switch n := rnd.IntN(1000); {
		case n == 0:
			ref.GC()
			fast.GC()
		case n == 1:
			ref.Flush()
			fast.Flush()
		case n == 2:
			ref.StartMark()
			fast.StartMark()
		case n == 3:
			ref.FinishMark()
			fast.FinishMark()
		case n == 4:
			check(i)
		case n == 5 && rnd.IntN(3) == 0:
			ref.FreeOSMemory()
			fast.FreeOSMemory()
		case n <= 7:
			bytes := []int64{1, 200_000, math.MaxInt64}[rnd.IntN(3)]
			if a, b := ref.Scavenge(bytes), fast.Scavenge(bytes); a != b {
				t.Fatalf("step %d: Scavenge(%d) = %d, in the reference %d", i, bytes, b, a)
			}
		case n == 8 && rnd.IntN(2) == 0:
			for _, r := range refs {
				ref.Free(r)
				fast.Free(r)
			}
			refs = refs[:0]
		case len(refs) > 0 && n < 9+991*len(refs)/(2*live):
			at := rnd.IntN(len(refs))
			ref.Free(refs[at])
			fast.Free(refs[at])
			refs = slices.Delete(refs, at, at+1)
		default:
			size, proc := rnd.Int64N(20), rnd.IntN(max(c.Procs, 1))
			if n := rnd.IntN(40); n < 30 {
				size = 1 + rnd.Int64N(sizes[0])
			} else if n < 38 {
				size = 1 + rnd.Int64N(sizes[1])
			} else if n < 39 {
				size = 1 + rnd.Int64N(sizes[2])
			} else if rnd.IntN(rare) == 0 {
				size = 1 + rnd.Int64N(sizes[3])
			}
			noscan := rnd.IntN(2) == 0
			a, b := ref.Alloc(proc, size, noscan), fast.Alloc(proc, size, noscan)
			if a != b {
				t.Fatalf("step %d: Alloc(%d, %d, %v) = %#x, in the reference %#x", i, proc, size, noscan, b, a)
			}
			refs = append(refs, a)
		}
	}
	check(steps)
}

// configOf draws a configuration.
func configOf(t testing.TB, rnd *rand.Rand) Config {
	c := Config{
		Layout: layoutOf(t, rnd.IntN(2) == 0), Procs: 1 + rnd.IntN(3), GOGC: []int{-1, 10, 50, 100}[rnd.IntN(4)],
		Live: rnd.Int64N(2) << 20, Globals: rnd.Int64N(100_000), Stacks: rnd.Int64N(100_000), NonHeap: rnd.Int64N(1 << 20),
		LiveSpans: rnd.Int64N(3) << 20,
		SweepNow:  rnd.IntN(3) == 0, ScavengeNow: rnd.IntN(3) == 0, HugePage: rnd.Int64N(2) << 21, WorkBufs: rnd.IntN(3),
	}
	for range rnd.IntN(3) {
		c.Marks = append(c.Marks, Mark{
			Rate: rnd.Float64() * 2, Over: rnd.Int64N(2) * rnd.Int64N(100_000), Workers: rnd.Float64(), Idle: rnd.Float64() * 0.5,
			// Of so slow a collector that it is limited within a few cycles.
			Scan: float64(rnd.IntN(2)) * rnd.Float64() * 1e4, Busy: rnd.Float64() * 1e4,
		})
	}
	if rnd.IntN(2) == 0 {
		c.MemoryLimit = 1<<20 + rnd.Int64N(4<<20)
	}
	return c
}

func TestSame(t *testing.T) {
	for seed := range uint64(24) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		same(t, configOf(t, rnd), rnd, 8_000, 1+rnd.IntN(3000))
	}
}

func FuzzSame(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint16(999), uint16(300))
	f.Fuzz(func(t *testing.T, a, b uint64, steps, live uint16) {
		rnd := rand.New(rand.NewPCG(a, b))
		same(t, configOf(t, rnd), rnd, int(steps)%1000, 1+int(live)%1000)
	})
}

// BenchmarkRequests is about objects of all sizes that live for a while: half of
// the requests allocate, half free.
func BenchmarkRequests(b *testing.B) {
	for _, bench := range []struct {
		name string
		live int
		size func(rnd *rand.Rand) int64
	}{
		{"small", 1 << 14, func(rnd *rand.Rand) int64 { return 16 + rnd.Int64N(112) }},
		{"mixed", 1 << 14, func(rnd *rand.Rand) int64 { return 1 + rnd.Int64N(1<<(3+rnd.IntN(10))) }},
		{"large live heap", 1 << 20, func(rnd *rand.Rand) int64 { return 1 + rnd.Int64N(1<<(3+rnd.IntN(7))) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			h := New(Config{Layout: layoutOf(b, true), GOGC: 100})
			rnd := rand.New(rand.NewPCG(1, 1))
			sizes := make([]int64, 1<<12)
			for i := range sizes {
				sizes[i] = bench.size(rnd)
			}
			refs := make([]Ref, bench.live)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				at := i % len(refs)
				h.Free(refs[at])
				size := sizes[i%len(sizes)]
				refs[at] = h.Alloc(0, size, size&64 == 0)
				i++
			}
			b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrequests/s")
		})
	}
}
