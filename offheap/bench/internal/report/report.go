// Package report makes the table and the plots from a file of results.
//
// The file is in Go's benchmark format, so benchstat reads it, too. Its
// benchmarks are named Pattern/by=ALLOCATOR/size=BYTES/threads=N, and a
// benchmark's lines are its rounds in order, since all allocators were measured
// in each round.
//
// Times are CPU times of the whole process. So the collector's work counts that
// is done on other CPUs, and the time does not in which other programs had the
// CPU; the file has the wall times, too.
//
// A ratio is made of the figures of one round at a time, as the geometric mean
// over the sizes, and then the median over the rounds is taken, with its
// confidence interval of 95%, or the range where the rounds are too few for one.
package report

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// A Set is a file's results.
type Set struct {
	Config map[string]string
	values map[Key][]float64
}

// A Key is one figure, which has a value for each round.
type Key struct {
	Pattern string // "Batch"; of experiments "Live", "Table", "Frag"
	By      string // the allocator
	Detail  string // "/size=64/threads=1", as it stands in the file
	Unit    string
}

// timeUnit is that of the times that are compared.
const timeUnit = "cpu-ns/op"

// Sized is the key of the time of a pattern of one size.
func Sized(pattern, by string, size, threads int) Key {
	return Key{pattern, by, fmt.Sprintf("/size=%d/threads=%d", size, threads), timeUnit}
}

// Port is the key of the time of a pattern with sizes of its own.
func Port(pattern, by string, threads int) Key {
	return Key{pattern, by, fmt.Sprintf("/threads=%d", threads), timeUnit}
}

// Read reads a file.
func Read(file string) (*Set, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &Set{Config: map[string]string{}, values: map[Key][]float64{}}
	r := benchfmt.NewReader(f, file)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			for _, c := range rec.Config {
				s.addConfig(c.Key, string(c.Value))
			}
			if err := s.add(rec); err != nil {
				return nil, err
			}
		}
	}
	return s, r.Err()
}

// addConfig takes note of a setting. A file may have parts that were measured
// apart, each with its settings: those that differ are all told.
func (s *Set) addConfig(key, value string) {
	switch old := s.Config[key]; {
	case old == "":
		s.Config[key] = value
	case !slices.Contains(strings.Split(old, "; "), value):
		s.Config[key] = old + "; " + value
	}
}

func (s *Set) add(r *benchfmt.Result) error {
	name := string(r.Name.Full())
	pattern, rest, ok := strings.Cut(name, "/by=")
	if !ok {
		return fmt.Errorf("report: benchmark %s names no allocator", name)
	}
	by, detail, _ := strings.Cut(rest, "/")
	if detail != "" {
		detail = "/" + detail
	}
	for _, v := range r.Values {
		unit, value := v.Unit, v.Value
		if v.OrigUnit != "" { // the reader makes seconds of nanoseconds
			unit, value = v.OrigUnit, v.OrigValue
		}
		k := Key{pattern, by, detail, unit}
		s.values[k] = append(s.values[k], value)
	}
	return nil
}

// Rounds is the values of a figure, or nil.
func (s *Set) Rounds(k Key) []float64 { return s.values[k] }

// Median is the median of a figure, and whether there is one.
func (s *Set) Median(k Key) (float64, bool) {
	v := s.values[k]
	if len(v) == 0 {
		return 0, false
	}
	return summary(v).Center, true
}

// By is the allocators that the pattern was measured with, sorted.
func (s *Set) By(pattern string) []string {
	names := map[string]bool{}
	for k := range s.values {
		if k.Pattern == pattern {
			names[k.By] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// summary leaves v as it is: a sample sorts its values.
func summary(v []float64) benchmath.Summary {
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(v), &benchmath.DefaultThresholds), 0.95)
}

// A Ratio is what a comparison came to.
type Ratio struct {
	Median, Low, High float64
}

// ratioOf summarizes the rounds' ratios.
func ratioOf(rounds []float64) Ratio {
	sum := summary(rounds)
	r := Ratio{sum.Center, sum.Lo, sum.Hi}
	if math.IsInf(r.Low, 0) || math.IsInf(r.High, 0) || len(rounds) < 6 {
		r.Low, r.High = slices.Min(rounds), slices.Max(rounds)
	}
	return r
}

// compare returns the ratio of figures a to figures b, each less its null, if it
// has one: the geometric mean over the pairs, for each round. It returns false
// if a figure is missing.
func (s *Set) compare(pairs []pairOf) (Ratio, bool) {
	rounds := math.MaxInt
	for _, p := range pairs {
		for _, k := range []Key{p.a, p.b} {
			rounds = min(rounds, len(s.values[k]))
		}
	}
	if rounds == 0 || len(pairs) == 0 {
		return Ratio{}, false
	}
	ratios := make([]float64, rounds)
	for round := range ratios {
		sum := 0.0
		for _, p := range pairs {
			sum += math.Log(s.net(p.a, p.nullA, round) / s.net(p.b, p.nullB, round))
		}
		ratios[round] = math.Exp(sum / float64(len(pairs)))
	}
	return ratioOf(ratios), true
}

// A pairOf is two figures to compare, and what is taken off them.
type pairOf struct {
	a, b         Key
	nullA, nullB Key // zero for nothing
}

// resolution is the least that is left of a figure less its null, in ns: less
// than that is not to be told from nothing.
const resolution = 0.5

// net is a figure in a round, less the median of its null.
func (s *Set) net(k, null Key, round int) float64 {
	v := s.values[k][round]
	if null == (Key{}) {
		return v
	}
	n, _ := s.Median(null)
	return max(v-n, resolution)
}

// sizesOf returns the sizes from low to high.
func sizesOf(low, high int) (sizes []int) {
	for _, size := range []int{8, 16, 24, 64, 256, 1024, 8192, 32768} {
		if size >= low && size <= high {
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// number formats with three digits.
func number(v float64) string {
	switch {
	case v >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
