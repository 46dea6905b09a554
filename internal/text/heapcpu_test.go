package text

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// What few samples tell is no number.
func TestCPUShares(t *testing.T) {
	t.Parallel()
	some := alloc.CPUShare{Samples: 250, Low: 0.22, Likely: 0.25, High: 0.28}
	two := alloc.CPUShare{Samples: 2, Low: 0.0005, Likely: 0.002, High: 0.007}
	none := alloc.CPUShare{High: 0.0038}
	collection := 0.04
	r := &alloc.Report{Heap: &alloc.Heap{}, CPUSites: []*alloc.HeapCPUSite{
		{Pos: alloc.Pos{File: "a.go", Line: 1}, Callee: "strings.Clone", Allocation: some, Paid: two, Collection: &collection},
		{Pos: alloc.Pos{File: "a.go", Line: 2}, Allocation: none, Paid: none, Collection: &collection},
		{Pos: alloc.Pos{File: "a.go", Line: 3}, Allocation: two, Paid: none},
	}}
	r.Heap.CPU = &alloc.HeapCPU{Samples: 1000, Recording: 77, First: 5e6, Last: 2e9, Allocation: some, Collection: two, Paid: two, Idle: none}
	var b strings.Builder
	w := &writer{Writer: bufio.NewWriter(&b), o: Options{Path: func(s string) string { return s }}}
	w.cpuSites(r)
	w.Flush()
	for _, want := range []string{
		"        allocation  samples  collection   paid\n",
		"25.0 (22.0–28.0)%      250        4.0%  ≤0.7%  a.go:1: in strings.Clone\n",
		"            ≤0.4%        0        4.0%  ≤0.4%  a.go:2\n",
		"and 1 more sites\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	const want = "allocation 25.0 (22.0–28.0)%, collection ≤0.7%, of that ≤0.7% by goroutines that allocated; by 1,000 samples, without 77 of the recording itself, from 5ms to 2s"
	if got := cpuTime(r.Heap.CPU); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
