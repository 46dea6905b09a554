package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// TestDiff is a comparison as people see it, in full and in a narrow terminal.
func TestDiff(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	small, large := int64(16), int64(24)
	grown := func(escapes *bool) *alloc.Site {
		return &alloc.Site{
			Package: "m", Func: "F", Pos: alloc.Pos{File: "m.go", Line: 7, Col: 3}, Kind: alloc.Append, Type: "[]int",
			Cause: alloc.Growth, Allocates: alloc.Sometimes, Escapes: escapes, LoopDepth: 1,
		}
	}
	box := func(bytes *int64) *alloc.Site {
		return &alloc.Site{
			Package: "m", Func: "G", Pos: alloc.Pos{File: "m.go", Line: 9, Col: 5}, Kind: alloc.Composite, Type: "m.T",
			Bytes: bytes, Cause: alloc.Returned, Allocates: alloc.Always,
		}
	}
	r := &alloc.Report{
		Header: alloc.Header{
			Command: "diff",
			Before:  &alloc.Side{Rev: "v1.2.0", Commit: "0123456789abcdef", Go: "go1.25.3", GOOS: "linux", GOARCH: "amd64"},
			After:   &alloc.Side{Go: "go1.26.8", GOOS: "linux", GOARCH: "amd64", PGO: "off"},
		},
		Changes: []*alloc.Change{
			{Status: alloc.Appeared, After: box(&small), Reason: "the function is new"},
			{
				Status: alloc.Changed, What: []alloc.Aspect{alloc.InCost, alloc.InEscapes}, Before: grown(&yes), After: grown(&no),
				Reason: "it does not escape, so that it may begin in a buffer on the stack",
				Costs:  []*alloc.CostChange{{Source: "BenchmarkF", AllocsBefore: 3, AllocsAfter: 1, BytesBefore: 56, BytesAfter: 56}},
			},
			{Status: alloc.Changed, What: []alloc.Aspect{alloc.InBytes}, Before: box(&small), After: box(&large)},
			{Status: alloc.Vanished, Before: box(&small), Reason: "&T{} does not escape; New is inlined now at m.go:12:9 (before: function too complex: cost 85 exceeds budget 80)"},
		},
		Effects: []*alloc.Effect{
			{Benchmark: "BenchmarkF", Unit: "allocs/op", Before: 3, After: 1, P: 0.002},
			{Benchmark: "BenchmarkF", Unit: "ns/op", Before: 100, After: 90, P: 0.3},
			{Benchmark: "BenchmarkG", Unit: "allocs/op", Before: 1, After: 1, P: 1},
			{Benchmark: "BenchmarkG", Unit: "ns/op", Before: 100, After: 104, P: 0.3},
		},
		Summary: alloc.Summary{
			Packages: 2, Sites: 11, SitesBefore: 10, Found: 5, Shown: 4, Unseen: 3,
			ByStatus: map[alloc.ChangeStatus]int{alloc.Appeared: 2, alloc.Changed: 2, alloc.Vanished: 1},
			ByAspect: map[alloc.Aspect]int{alloc.InCost: 1, alloc.InEscapes: 1, alloc.InBytes: 1},
		},
	}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{0, `
before: v1.2.0 (0123456789) go1.25.3 linux/amd64, 10 sites
after: go1.26.8 linux/amd64 -pgo=off, 11 sites

appeared: 2
m.go:9:5: composite of m.T (16 B): returned
  the function is new
… and 1 more: -top 0 shows all

changed: 2
m.go:7:3: append of []int: growth, sometimes [loop 1]
  escapes: yes → no
  it does not escape, so that it may begin in a buffer on the stack
  BenchmarkF: 3 → 1 allocs/op
m.go:9:5: composite of m.T (24 B): returned
  bytes: 16 B → 24 B

vanished: 1, at their places in v1.2.0
m.go:9:5: composite of m.T (16 B): returned
  &T{} does not escape; New is inlined now at m.go:12:9 (before: function too complex: cost 85 exceeds budget 80)

             before  after  change
BenchmarkF
  allocs/op       3      1  -66.7%    p=0.002
  ns/op         100     90       ~    p=0.300

no difference in 1 benchmark: G

5 changes in 2 packages: 2 appeared, 2 changed, 1 vanished (cost 1, escapes 1, bytes 1)
not known: 3 places where only one side inlines a function of a package that was not asked for
`},
		{60, `
before: v1.2.0 (0123456789) go1.25.3 linux/amd64, 10 sites
after: go1.26.8 linux/amd64 -pgo=off, 11 sites

appeared: 2
m.go:9:5: composite of m.T (16 B): returned
  the function is new
… and 1 more: -top 0 shows all

changed: 2
m.go:7:3: append of []int: growth, sometimes [loop 1]
  escapes: yes → no
  it does not escape, so that it may begin in a buffer on
  the stack
  BenchmarkF: 3 → 1 allocs/op
m.go:9:5: composite of m.T (24 B): returned
  bytes: 16 B → 24 B

vanished: 1, at their places in v1.2.0
m.go:9:5: composite of m.T (16 B): returned
  &T{} does not escape; New is inlined now at m.go:12:9
  (before: function too complex: cost 85 exceeds budget 80)

             before  after  change
BenchmarkF
  allocs/op       3      1  -66.7%    p=0.002
  ns/op         100     90       ~    p=0.300

no difference in 1 benchmark: G

5 changes in 2 packages: 2 appeared, 2 changed, 1 vanished
  (cost 1, escapes 1, bytes 1)
not known: 3 places where only one side inlines a function
  of a package that was not asked for
`},
	} {
		var b strings.Builder
		if err := Write(&b, r, Options{Width: tt.width}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, "\n"+b.String()); diff != "" {
			t.Errorf("width %d (-want +got):\n%s", tt.width, diff)
		}
	}
}
