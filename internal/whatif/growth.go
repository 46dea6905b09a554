package whatif

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/heapsim"
)

// A memory is what growslice made at a site.
type memory struct {
	n         uint64 // the object
	goroutine uint32 // its number
	marking   bool   // a cycle marked
	tiny      bool   // it may share its block
}

// Growths are the memories of slices that grow, by which took the place of which. A
// trace has only their sizes and between which cycles they died.
type Growths struct {
	At      map[int32]Grown // by site
	members []member
}

// Grown are slices that have grown at a site, in so many memories.
type Grown struct{ Slices, Memories int64 }

// notMade is what becomes of all memories of a slice but the first.
var notMade heapsim.Growth

// A member is an object with others in whose place it came, or which came in its own.
type member struct {
	n      uint64
	growth *heapsim.Growth
}

// grows notes the next object as memory for a slice that had too little.
func (h *History) grows(site int32, goroutine int64, tiny bool) {
	n, ok := h.goroutines[goroutine]
	if !ok {
		n = uint32(len(h.goroutines))
		h.goroutines[goroutine] = n
	}
	marking := len(h.Cycles) > 0 && !h.Cycles[len(h.Cycles)-1].Done
	h.memories[site] = append(h.memories[site], memory{h.made, n, marking, tiny})
}

// Growths says which slices have grown at the sites of memories, of a history that is
// finished: all that are likely to have, and those of them that are certain.
func (h *History) Growths() (certain, likely *Growths) {
	certain, likely = &Growths{At: make(map[int32]Grown)}, &Growths{At: make(map[int32]Grown)}
	sizes := h.slotSizes()
	for site, list := range h.memories {
		g := growing{slots: sizes, cycles: len(h.marks), list: make([]piece, len(list))}
		for i := range list {
			g.list[i] = h.piece(&list[i])
			if t := h.kinds[h.object(list[i].n).kind&kindMask].typ; t > 0 {
				g.element = h.reader.Type(t).Bytes
			}
		}
		sure, all := g.match()
		h.chains(certain, site, list, sure)
		h.chains(likely, site, list, all)
	}
	for _, g := range []*Growths{certain, likely} {
		slices.SortFunc(g.members, func(a, b member) int { return cmp.Compare(a.n, b.n) })
	}
	return certain, likely
}

// chains adds the slices of a site; before is the index of the memory in whose place
// each one came, -1 none.
func (h *History) chains(g *Growths, site int32, list []memory, before []int32) {
	at := Grown{}
	last := make([]int32, len(list)) // by the first of a slice, 0 of others
	for i, old := range slices.Backward(before) {
		if old < 0 {
			continue
		}
		if last[i] == 0 {
			last[i] = int32(i)
		}
		last[old], last[i] = last[i], 0
		at.Memories++
		g.members = append(g.members, member{list[i].n, &notMade})
	}
	for i, end := range last {
		if end == 0 {
			continue
		}
		at.Slices++
		at.Memories++
		b := h.birth(list[end].n)
		var o heapsim.Object
		h.lived(&b, &o)
		g.members = append(g.members, member{list[i].n, &heapsim.Growth{Bytes: o.Bytes, Alive: o.Alive, Likely: o.Likely, Dead: o.Dead}})
	}
	g.At[site] = at
}

// birth is that of object n.
func (h *History) birth(n uint64) birth {
	cycle := sort.Search(len(h.marks), func(i int) bool { return h.marks[i] > n })
	return birth{n, cycle, h.object(n)}
}

// slotSizes are those of the size classes.
func (h *History) slotSizes() (list slotSizes) {
	for class := 1; h.reader.SlotBytes(class) > 0; class++ {
		list = append(list, h.reader.SlotBytes(class))
	}
	return list
}

func (h *History) piece(m *memory) piece {
	b := h.birth(m.n)
	k := &h.kinds[b.object.kind&kindMask]
	p := piece{goroutine: m.goroutine, bytes: k.bytes, noscan: k.noscan, tiny: m.tiny, marking: m.marking, cycle: b.cycle, found: lives}
	if found, dead := b.object.found(); dead {
		p.found = found
	}
	return p
}

// A piece is a memory with what is known of it.
type piece struct {
	bytes         int64 // of a tiny one it is not known
	cycle, found  int   // the first that began behind its birth, and the one that found it dead
	goroutine     uint32
	noscan        bool
	tiny, marking bool
}

// lives is what no cycle found dead.
const lives = math.MaxInt

// growing are the memories that growslice made at a site.
type growing struct {
	slots   slotSizes
	cycles  int
	element int64 // bytes, 0 not known
	list    []piece

	size  []int64           // of the slot, by piece
	count map[int64]int     // of pieces, by size
	from  map[int64][]int64 // sizes that are grown from, by size
}

// elements are the sizes that are tried where that of the elements is not known: memory
// without pointers has no type. The first of equals is taken.
var elements = []int64{8, 1, 4, 2, 16, 24, 32, 12, 40, 48, 64}

// match says of each piece in whose place it came, by index, -1 none: only what is
// certain, and all that is likely.
//
// A piece is as large as growslice would make it from the other one, and that one was
// found dead by the first cycle behind the piece's birth, but by none before. That is
// not yet a growth: of copies of any size, each dropped soon, many fit by chance. Two
// things tell growths from these. They follow one another, so that the right size comes
// more often just behind the one it is grown from than the sizes' own numbers make
// likely. Or, where many slices grow at once: each size but the first has another one to
// grow from. Where neither is so, none is taken to have grown.
func (g *growing) match() (certain, likely []int32) {
	none := slices.Repeat([]int32{-1}, len(g.list))
	if len(g.list) < 2 {
		return none, none
	}
	best, chance, at := -1, 0.0, int64(0)
	try := elements
	if g.element > 0 {
		try = []int64{g.element}
	}
	for _, element := range try {
		g.elementsOf(element)
		if n := g.following(nil, false); n > best {
			best, chance, at = n, g.chance(), element
		}
	}
	g.elementsOf(at)
	// Chance alone has 1.5 times as many, and two standard deviations, hardly ever.
	follow := float64(best) > 1.5*chance+2*math.Sqrt(chance)
	among := slices.Clone(none)
	if g.anywhere(among) {
		if follow {
			return among, among
		}
		return none, among
	}
	if !follow {
		return none, none
	}
	certain, likely = slices.Clone(none), slices.Clone(none)
	g.following(certain, false)
	g.following(likely, true)
	return certain, likely
}

// elementsOf takes the elements to have so many bytes.
func (g *growing) elementsOf(element int64) {
	g.size, g.count, g.from = make([]int64, len(g.list)), make(map[int64]int), make(map[int64][]int64)
	for i := range g.list {
		p := &g.list[i]
		bytes, size := p.bytes, int64(0)
		if p.tiny {
			// The least class is of 8 bytes: so large is what is less than a block, but
			// for elements that do not fill it.
			bytes = max(8/element, 1) * element
			size = 8
		} else {
			size = g.slots.of(bytes, p.noscan)
		}
		g.size[i] = size
		if g.count[size]++; g.count[size] == 1 {
			for _, to := range g.slots.grown(bytes/element, element, p.noscan) {
				if to > size && !slices.Contains(g.from[to], size) {
					g.from[to] = append(g.from[to], size)
				}
			}
		}
	}
}

// chance is how many pieces would be of a size that the one before grows to if they came
// in any order.
func (g *growing) chance() (n float64) {
	for to, list := range g.from {
		for _, size := range list {
			n += float64(g.count[to]) * float64(g.count[size]) / float64(len(g.list))
		}
	}
	return n
}

// following has pieces come in the place of the one that the goroutine made before, and
// says how many. With much, also where more was appended at once than there was.
func (g *growing) following(before []int32, much bool) (n int) {
	last := make(map[uint32]int32)
	for i := range g.list {
		p := &g.list[i]
		old, ok := last[p.goroutine]
		last[p.goroutine] = int32(i)
		if !ok || !g.diesAt(old, p) {
			continue
		}
		if slices.Contains(g.from[g.size[i]], g.size[old]) || much && g.size[i] > 2*g.size[old] {
			n++
			if before != nil {
				before[i] = old
			}
		}
	}
	return n
}

// diesAt reports whether a piece can have died as p was made.
func (g *growing) diesAt(old int32, p *piece) bool {
	o := &g.list[old]
	if o.tiny && o.found >= p.cycle { // its block may live on
		return true
	}
	return slices.Contains(g.deaths(p), o.found)
}

// deaths are the cycles that find what p came in the place of: the first one that began
// behind p's birth. One that marked at the time may have, where it had not come to it;
// and what the last one found is not swept to the end.
func (g *growing) deaths(p *piece) []int {
	list := append(make([]int, 0, 3), p.cycle)
	if p.marking {
		list = append(list, p.cycle-1)
	}
	if p.cycle >= g.cycles-1 {
		list = append(list, lives)
	}
	return list
}

// wide is how many of a hundred pieces may have nothing to have grown from, though they
// are of another size than the first ones of most slices.
const wide = 10

// anywhere has pieces come in the place of any that the goroutine made before, the last
// that fits, and reports whether nearly all do, but for the first ones of one size.
func (g *growing) anywhere(before []int32) bool {
	type group struct {
		goroutine uint32
		size      int64
		found     int
	}
	open := make(map[group][]int32)
	first := make(map[int64]int)
	grown := 0
	for i := range g.list {
		p := &g.list[i]
		best, of := int32(-1), group{}
		try := func(size int64, found int) {
			k := group{p.goroutine, size, found}
			if list := open[k]; len(list) > 0 && list[len(list)-1] > best {
				best, of = list[len(list)-1], k
			}
		}
		for _, size := range g.from[g.size[i]] {
			for _, found := range g.deaths(p) {
				try(size, found)
			}
			if p.noscan && size == 8 { // tiny
				for list := open[group{p.goroutine, size, -1}]; len(list) > 0 && !g.diesAt(list[len(list)-1], p); list = list[:len(list)-1] {
					open[group{p.goroutine, size, -1}] = list[:len(list)-1]
				}
				try(size, -1)
			}
		}
		if best >= 0 {
			grown++
			before[i] = best
			open[of] = open[of][:len(open[of])-1]
		} else {
			first[g.size[i]]++
		}
		k := group{p.goroutine, g.size[i], p.found}
		if p.tiny {
			k.found = -1
		}
		open[k] = append(open[k], int32(i))
	}
	most, others := 0, 0
	for _, n := range first {
		most, others = max(most, n), others+n
	}
	others -= most
	return grown > 0 && others*100 <= wide*(grown+others)
}

// slotSizes are those of the size classes, in bytes, the least first.
type slotSizes []int64

// of is the size of the slot for so many bytes (roundupsize, runtime/msize.go).
func (s slotSizes) of(bytes int64, noscan bool) int64 {
	if !noscan && bytes > headerFrom {
		bytes += header
	}
	if i, _ := slices.BinarySearch(s, bytes); i < len(s) {
		return s[i]
	}
	return (bytes + alloctrace.PageBytes - 1) / alloctrace.PageBytes * alloctrace.PageBytes
}

// grown are the sizes of the slots that memory of so many elements grows to where less
// is appended than there is (nextslicecap, runtime/slice.go, go1.18 to go1.27).
func (s slotSizes) grown(capacity, element int64, noscan bool) (list []int64) {
	const threshold = 256
	if capacity < threshold {
		return []int64{s.of(2*capacity*element, noscan)}
	}
	for c := capacity; c < 2*capacity; {
		c += (c + 3*threshold) >> 2
		list = append(list, s.of(c*element, noscan))
	}
	return list
}
