package report

import (
	"fmt"
	"math"
)

// A Bar is a demand, and what was measured.
type Bar struct {
	Name  string
	Want  float64 // at least; at most, if Below
	Below bool
	Over  bool // more than Want, not as much

	Got     Ratio
	Missing bool // not measured
}

// Met reports whether the median fulfils the demand.
func (b Bar) Met() bool {
	switch {
	case b.Missing:
		return false
	case b.Below:
		return b.Got.Median <= b.Want
	case b.Over:
		return b.Got.Median > b.Want
	}
	return b.Got.Median >= b.Want
}

// Verdict says whether the bar is met, and if not by how much it is missed.
func (b Bar) Verdict() string {
	switch {
	case b.Missing:
		return "not measured"
	case b.Met():
		return "met"
	case b.Below:
		return fmt.Sprintf("missed by %.0f%%", (b.Got.Median/b.Want-1)*100)
	}
	return fmt.Sprintf("missed by %.0f%%", (1-b.Got.Median/b.Want)*100)
}

// Bars is all demands, in order.
func Bars(s *Set) []Bar {
	var bars []Bar
	add := func(name string, want float64, pairs ...pairOf) *Bar {
		got, ok := s.compare(pairs)
		bars = append(bars, Bar{Name: name, Want: want, Got: got, Missing: !ok})
		return &bars[len(bars)-1]
	}
	const small, large = 8, 1024
	for _, c := range []struct {
		pattern string
		threads int
		want    float64
	}{{"Pair", 1, 5}, {"Batch", 1, 5}, {"Pair", 2, 4}, {"Batch", 2, 4}, {"Prodcons", 2, 4}} {
		add(fmt.Sprintf("cgo mimalloc, %s, %s", lower(c.pattern), threads(c.threads)), c.want,
			bySize(c.pattern, "cgo-mimalloc", "offheap", c.threads, small, large)...)
	}
	for n := 1; n <= 2; n++ {
		add(fmt.Sprintf("Go make, zeroed, batch of 24 B and up, %s", threads(n)), 2.5,
			bySize("Batch", "make", "offheap-zeroed", n, 24, large)...)
	}
	for _, order := range []string{"ordered", "random"} {
		live := func(by string) Key { return Key{"Live", by, "/live=" + order, "cpu-ns/op"} }
		add("Go heap, CPU at 64 B, zeroed, 1 GiB of live data, "+order, 8, pairOf{a: live("make"), b: live("offheap-zeroed")})
	}
	table := func(by, unit string) Key { return Key{"Table", by, "", unit} }
	add("table of 10 M entries: CPU per op", 2, pairOf{a: table("make", "cpu-ns/op"), b: table("offheap", "cpu-ns/op")})
	add("table of 10 M entries: RSS", 0.6, pairOf{a: table("offheap", "rss-bytes"), b: table("make", "rss-bytes")}).Below = true
	add("table of 10 M entries: CPU of a forced collection", 100,
		pairOf{a: table("make", "forced-gc-cpu-ns"), b: table("offheap", "forced-gc-cpu-ns")})
	for _, pattern := range []string{"Pair", "Batch", "Prodcons"} {
		add(fmt.Sprintf("sync.Pool, %s, 2 threads", lower(pattern)), 1,
			bySize(pattern, "sync.Pool", "offheap", 2, small, large)...).Over = true
	}
	for _, pattern := range []string{"Pair", "Batch"} {
		add(fmt.Sprintf("Cache against modernc.org/memory, %s, 1 thread", lower(pattern)), 1,
			bySize(pattern, "modernc", "offheap-cache", 1, small, large)...).Over = true
	}
	for _, by := range []struct {
		name, text string
		want       float64
	}{{"offheap", "per-P path", 0.6}, {"offheap-cache", "Cache", 1}} {
		for _, pattern := range []string{"Pair", "Batch"} {
			add(fmt.Sprintf("raw mimalloc, less null, %s, %s, 1 thread", by.text, lower(pattern)), by.want,
				netOfNull(pattern, by.name, 1, small, large)...)
		}
	}
	for _, pattern := range fragPatterns {
		b := add(fmt.Sprintf("RSS over live bytes after %s, against cgo mimalloc", pattern), 1)
		b.Below = true
		b.Got, b.Missing = s.fragRatio(pattern)
	}
	return bars
}

// bySize pairs the figures of a and b at each size.
func bySize(pattern, a, b string, threads, low, high int) (pairs []pairOf) {
	for _, size := range sizesOf(low, high) {
		pairs = append(pairs, pairOf{a: Sized(pattern, a, size, threads), b: Sized(pattern, b, size, threads)})
	}
	return pairs
}

// netOfNull pairs raw mimalloc with an allocator in Go, each less the control of
// its harness.
func netOfNull(pattern, by string, threads, low, high int) (pairs []pairOf) {
	for _, size := range sizesOf(low, high) {
		pairs = append(pairs, pairOf{
			a:     Sized(pattern, "raw-mimalloc", size, threads),
			nullA: Sized(pattern, "raw-null", size, threads),
			b:     Sized(pattern, by, size, threads),
			nullB: Sized(pattern, "null", size, threads),
		})
	}
	return pairs
}

var fragPatterns = []string{"mstress", "rptest", "larson"}

// Frag is what an allocator's process has more than the control's, over the
// bytes that live, for each repetition.
func (s *Set) Frag(by, pattern, unit string) []float64 {
	key := func(by, unit string) Key { return Key{"Frag", by, "/pattern=" + pattern, unit} }
	base, ok := s.Median(key("null", unit))
	if !ok {
		return nil
	}
	rss, live := s.Rounds(key(by, unit)), s.Rounds(key(by, "live-bytes"))
	ratios := make([]float64, min(len(rss), len(live)))
	for i := range ratios {
		ratios[i] = (rss[i] - base) / live[i]
	}
	return ratios
}

func (s *Set) fragRatio(pattern string) (r Ratio, missing bool) {
	ours, theirs := s.Frag("offheap", pattern, "rss-bytes"), s.Frag("cgo-mimalloc", pattern, "rss-bytes")
	n := min(len(ours), len(theirs))
	if n == 0 {
		return Ratio{}, true
	}
	ratios := make([]float64, n)
	for i := range ratios {
		ratios[i] = ours[i] / theirs[i]
	}
	return ratioOf(ratios), false
}

// Geomean is the geometric mean of an allocator's medians over sizes, and
// whether all are there.
func (s *Set) Geomean(pattern, by string, threads, low, high int) (float64, bool) {
	sum, n := 0.0, 0
	for _, size := range sizesOf(low, high) {
		v, ok := s.Median(Sized(pattern, by, size, threads))
		if !ok {
			return 0, false
		}
		sum += math.Log(v)
		n++
	}
	return math.Exp(sum / float64(n)), true
}

func threads(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}
