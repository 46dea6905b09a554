package fix_test

import (
	"testing"

	"github.com/stackward-go/stackward/fix"
	"golang.org/x/tools/go/analysis"
)

// Two slices are filled by a loop over what a call returns. Drivers that do not
// type-check what they apply together are to see that only one of them can have
// the loop's source before it: identical edits would be one for them.
func TestOneSource(t *testing.T) {
	const src = `package main

func main() {
	a := []int{}
	for _, x := range list() {
		a = append(a, x)
	}
	b, c := []int{}, 1
	d := []int{}
	e := []int{}
	for _, x := range list() {
		d = append(d, x)
		e = append(e, x)
	}
	m := map[int]bool{}
	for _, x := range list() {
		m[x] = true
	}
	println(a, b, c, d, e, m)
}

func list() []int { return nil }
`
	b := newBench(t, []*analysis.Analyzer{fix.Presize})
	c, err := b.check([]byte(src), "go1.26")
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.propose(fix.Presize, c, make(map[*analysis.Analyzer]any))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Candidates) < 4 {
		t.Fatalf("%d candidates", len(res.Candidates))
	}
	names := make(map[string]bool)
	for _, c := range res.Candidates {
		for _, e := range b.edits(c) {
			if src[e.Start:e.End] == "list()" {
				if names[e.New] {
					t.Errorf("two candidates name what list returns %s", e.New)
				}
				names[e.New] = true
			}
		}
	}
}
