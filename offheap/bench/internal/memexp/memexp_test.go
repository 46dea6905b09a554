package memexp

import (
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/stackward-go/stackward/offheap"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

// The experiments, very small: each prints one result, with the figures that
// package report reads.
func TestRun(t *testing.T) {
	for name, units := range map[string][]string{
		"live-none":    {"cpu-sec/op", "collections"},
		"live-random":  {"cpu-sec/op", "collections"},
		"table":        {"cpu-sec/op", "rss-bytes", "forced-gc-cpu-sec", "collections"},
		"frag-mstress": {"live-bytes", "rss-bytes", "peak-rss-bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := peer.ByName("offheap")
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := Run(name, p, 0.001, &out); err != nil {
				t.Fatal(err)
			}
			r := benchfmt.NewReader(strings.NewReader(out.String()), name)
			n := 0
			for ; r.Scan(); n++ {
				result, ok := r.Result().(*benchfmt.Result)
				if !ok {
					t.Fatalf("%q: %v", out.String(), r.Result())
				}
				if !strings.Contains(string(result.Name), "/by=offheap") {
					t.Errorf("name %q", result.Name)
				}
				for _, unit := range units {
					if _, ok := result.Value(unit); !ok {
						t.Errorf("no %s in %q", unit, out.String())
					}
				}
			}
			if n != 1 || r.Err() != nil {
				t.Errorf("%d results in %q, %v", n, out.String(), r.Err())
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	null, err := peer.ByName("null")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "live-upside-down", "frag-nothing", "table"} {
		if err := Run(name, null, 0.001, new(strings.Builder)); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

// Both tables do the same: chains, of which entries are taken out at every place.
func TestTables(t *testing.T) {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()
	buckets, err := offheap.MakeSlice[offheap.Ptr[offEntry]](h, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []store{&goTable{make([]*goEntry, 16), 60}, &offTable{h, buckets, 60}} {
		live := map[uint64]bool{}
		for key := range uint64(200) {
			table.insert(key)
			live[key] = true
		}
		for key := uint64(0); key < 200; key += 3 {
			table.remove(key)
			delete(live, key)
		}
		table.remove(1000) // is not there
		for key := range uint64(210) {
			if table.find(key) != live[key] {
				t.Errorf("%T: key %d is there: %v", table, key, !live[key])
			}
		}
	}
}

func TestTree(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		for _, random := range []bool{false, true} {
			seen := map[*node]bool{}
			var walk func(*node)
			walk = func(n *node) {
				if n != nil && !seen[n] {
					seen[n] = true
					walk(n.left)
					walk(n.right)
				}
			}
			if walk(tree(n, random)); len(seen) != n {
				t.Errorf("%d nodes of %d", len(seen), n)
			}
		}
	}
}
