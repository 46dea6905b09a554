package prove

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
)

// TestSift counts the packages that are looked at: all once, and then those that what
// was dropped may have to do with.
func TestSift(t *testing.T) {
	t.Parallel()
	const leaves = 20 // each imports base
	graph := graph{"base": make(map[string]bool)}
	var list []*candidate
	add := func(pkg string) *candidate {
		s := site("F", alloc.New, "new(T)", len(list)+1, 3)
		s.ID = pkg
		c := &candidate{Candidate: &fix.Candidate{}, pkg: pkg, about: s}
		list = append(list, c)
		return c
	}
	base := add("base")
	for i := range leaves {
		pkg := fmt.Sprint("leaf", i)
		graph["base"][pkg] = true
		add(pkg)
	}
	leaf := func(i int) *candidate { return list[1+i] }
	tests := []struct {
		name string
		bad  map[*candidate][]string // packages in which something is wrong with it
		told []*candidate            // it is said whose fault that is
		most int                     // packages looked at
	}{
		{"nothing", nil, nil, leaves + 1},
		{"a leaf, told", map[*candidate][]string{leaf(3): {"leaf3"}}, []*candidate{leaf(3)}, leaves + 2},
		{"a leaf", map[*candidate][]string{leaf(3): {"leaf3"}}, nil, leaves + 4},
		{"base, in a leaf", map[*candidate][]string{base: {"leaf3"}}, nil, 2*(leaves+1) + 3},
		{"two", map[*candidate][]string{base: {"leaf3", "leaf4"}, leaf(5): {"leaf5"}}, []*candidate{leaf(5)}, 2*(leaves+1) + 6},
		{"shows nowhere", map[*candidate][]string{leaf(3): {""}}, nil, 14 * (leaves + 1)},
		{"shows nowhere, with one told", map[*candidate][]string{leaf(3): {""}, leaf(5): {"leaf5"}}, []*candidate{leaf(5)}, 20 * (leaves + 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &round{work: &work{graph: graph, refusals: make(map[string]*alloc.Fix)}}
			looked := 0
			kept, err := r.sift(t.Context(), list, func(_ context.Context, list []*candidate, in within) (failures []failure, err error) {
				paths := in.of(graph.above(packagesOf(list)))
				looked += len(paths)
				for c, where := range tt.bad {
					for _, pkg := range where {
						if !slices.Contains(list, c) || pkg != "" && !slices.Contains(paths, pkg) {
							continue
						}
						f := failure{why: "wrong", pkg: pkg}
						if slices.Contains(tt.told, c) {
							f.fault = c
						}
						failures = append(failures, f)
					}
				}
				return failures, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				if _, bad := tt.bad[c]; slices.Contains(kept, c) == bad {
					t.Errorf("%s: kept is %v", c.pkg, bad)
				}
			}
			if looked > tt.most {
				t.Errorf("looked at %d packages, want at most %d", looked, tt.most)
			}
			if len(r.refusals) != len(tt.bad) {
				t.Errorf("%d refused, want %d", len(r.refusals), len(tt.bad))
			}
		})
	}
}
