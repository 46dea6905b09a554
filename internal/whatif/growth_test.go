package whatif

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// grower makes pieces as growslice would, among cycles.
type grower struct {
	growing
	cycle int
}

// piece adds memory for so many elements, dead by a cycle.
func (g *grower) piece(goroutine uint32, bytes int64, found int) int {
	p := piece{bytes: g.slots.of(bytes, true), cycle: g.cycle, found: found, goroutine: goroutine, noscan: true}
	if bytes < 16 {
		p.tiny, p.bytes = true, 4 // what became of a block that four share
	}
	g.list = append(g.list, p)
	return len(g.list) - 1
}

// slice grows one of elements by appends of one until it has so many, from what one has
// room for, and a cycle begins behind so many memories, 0 none.
func (g *grower) slice(goroutine uint32, element, until int64, every int) {
	old, capacity := -1, int64(0)
	for n := 1; capacity < until; n++ {
		bytes := g.slots.of(element, true)
		if capacity > 0 {
			bytes = g.slots.grown(capacity, element, true)[0]
		}
		capacity = bytes / element
		next := g.piece(goroutine, bytes, lives)
		if old >= 0 {
			g.list[old].found = g.cycle
		}
		if old = next; every > 0 && n%every == 0 {
			g.cycle++
		}
	}
	g.list[old].found = g.cycle
}

// known says how what has grown is known.
type known int

const (
	certain known = iota
	likely
	nearly // of most it is certain
	unsure // of none it is certain
)

func TestGrowth(t *testing.T) {
	t.Parallel()
	rnd := func() *rand.Rand { return rand.New(rand.NewPCG(3, 4)) }
	for _, tt := range []struct {
		name string
		make func(*grower)
		// How many slices there are, 0 where none grows, and by what that is known.
		slices int
		known  known
	}{
		{"one through the run, with cycles between", func(g *grower) { g.slice(1, 8, 1<<20, 2) }, 1, certain},
		{"one of bytes", func(g *grower) { g.slice(1, 1, 1<<20, 2) }, 1, certain},
		{"one of 24 bytes each", func(g *grower) { g.slice(1, 24, 1<<20, 3) }, 1, certain},
		{"many, one after the other", func(g *grower) {
			for i := range 1000 {
				if g.slice(1, 8, 100, 0); i%30 == 0 {
					g.cycle++
				}
			}
		}, 1000, certain},
		{"many, of two goroutines in turns", func(g *grower) {
			for range 500 {
				var one, other grower
				one.slots, other.slots, one.cycle, other.cycle = g.slots, g.slots, g.cycle, g.cycle
				one.slice(1, 8, 100, 0)
				other.slice(2, 8, 100, 0)
				for i := range one.list {
					g.list = append(g.list, one.list[i], other.list[i])
				}
			}
		}, 1000, certain},
		{"many at once: sizes tell, but not the order", func(g *grower) {
			var all [][]int64
			for range 500 {
				var list []int64
				for capacity := int64(1); capacity < 200; capacity *= 2 {
					list = append(list, 8*capacity)
				}
				all = append(all, list)
			}
			for r := rnd(); len(all) > 0; {
				i := r.IntN(len(all))
				g.piece(1, all[i][0], 0)
				if all[i] = all[i][1:]; len(all[i]) == 0 {
					all = slices.Delete(all, i, i+1)
				}
			}
		}, 500, likely},
		{"copies of any size, dropped at once", func(g *grower) {
			r := rnd()
			for i := range 20_000 {
				if g.piece(1, 1+r.Int64N(4000), g.cycle); i%300 == 0 {
					g.cycle++
				}
			}
		}, 0, certain},
		{"copies of any size in a cache", func(g *grower) {
			var cache [500]int
			r := rnd()
			for i := range 20_000 {
				n := r.IntN(len(cache))
				if i > len(cache) {
					g.list[cache[n]].found = g.cycle
				}
				if cache[n] = g.piece(uint32(i%3), 1+r.Int64N(4000), lives); i%300 == 0 {
					g.cycle++
				}
			}
		}, 0, certain},
		{"copies of sizes that slices grow to, which no size tells from growths", func(g *grower) {
			r := rnd()
			for i := range 20_000 {
				if g.piece(1, 8<<r.IntN(6), g.cycle); i%300 == 0 {
					g.cycle++
				}
			}
		}, 0, unsure},
		{"one that was made as a cycle marked that had not come to the old one", func(g *grower) {
			g.cycle = 3
			for size := int64(16); size < 1<<12; size *= 2 {
				g.piece(1, size, g.cycle)
				g.cycle++
				g.list[len(g.list)-1].marking = true
			}
			g.cycle += 5
		}, 1, certain},
		{"copies of one size", func(g *grower) {
			for range 1000 {
				g.piece(1, 64, 0)
			}
		}, 0, certain},
		{"ever larger copies, all kept", func(g *grower) {
			for size := int64(8); size < 1<<30; size *= 2 {
				g.piece(1, size, lives)
				g.cycle++
			}
		}, 0, certain},
		{"larger ones long after the smaller died", func(g *grower) {
			for size := int64(16); size < 1<<30; size *= 2 {
				g.piece(1, size, g.cycle)
				g.cycle += 2
			}
		}, 0, certain},
		{"of many at once: the first chunk is of any size, as is the next where it is larger", func(g *grower) {
			r := rnd()
			for range 1000 {
				old := int64(0)
				for length := int64(0); length < 3000; {
					if length += 1 + r.Int64N(400); length <= old {
						continue
					}
					size := length
					if length <= 2*old {
						list := g.slots.grown(old, 1, true)
						size = list[slices.IndexFunc(list, func(n int64) bool { return n >= length })]
					}
					old = g.slots.of(size, true)
					g.piece(1, size, 0)
				}
			}
		}, 1000, nearly},
	} {
		g := grower{growing: growing{slots: slots}}
		tt.make(&g)
		g.cycles = g.cycle
		sure, all := g.match()
		count := func(before []int32) (n int) {
			for i, old := range before {
				if old >= int32(i) {
					t.Fatalf("%s: %d came in the place of %d", tt.name, i, old)
				}
				if old >= 0 {
					n++
				}
			}
			return n
		}
		want, c, l := 0, count(sure), count(all)
		if tt.slices > 0 {
			want = len(g.list) - tt.slices
		}
		var right bool
		switch tt.known {
		case certain:
			right = c == want && l == want
		case likely:
			right = c == 0 && l == want
		case unsure:
			right = c == 0
		case nearly:
			right = c > want*8/10 && c < l && l > want*97/100 && l <= want
		}
		if !right {
			t.Errorf("%s: of %d memories %d certainly come in the place of others, %d likely, want %d", tt.name, len(g.list), c, l, want)
		}
	}
}

// TestChains has the first memory of a slice take on the last one's size and death.
func TestChains(t *testing.T) {
	h := traced()
	certain, likely := h.Growths()
	if certain.At[1] != likely.At[1] || len(certain.members) != len(likely.members) {
		t.Errorf("%+v certain, %+v likely", certain.At[1], likely.At[1])
	}
	first, made := 0, int64(0)
	for o := range h.ObjectsOf(false, certain) {
		if o.Growth == nil {
			continue
		}
		if now, stays := o.Presized(); stays {
			first++
			if now.Bytes <= o.Bytes || now.Dead < o.Dead {
				t.Fatalf("the first memory %+v of a slice, presized %+v", o, now)
			}
		} else if made++; now.Bytes != 0 {
			t.Fatalf("%+v is not made", now)
		}
	}
	if at := certain.At[1]; int64(first) != at.Slices || made+int64(first) != at.Memories {
		t.Errorf("%d slices with %d other memories, said %+v", first, made, at)
	}
}
