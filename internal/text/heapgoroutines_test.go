package text

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// What is not known of goroutines' stacks is no number.
func TestGoroutinesUnsized(t *testing.T) {
	t.Parallel()
	r := &alloc.Report{Heap: &alloc.Heap{}, Goroutines: []*alloc.GoroutineStacks{
		{Func: "m.known", Began: 2, Live: 1, Stacks: 2048, Most: 4096, Largest: 2048},
		{Func: "m.some", Began: 1, Live: 2, Unsized: 1, WereUnsized: 1, Stacks: 4096, Most: 4096, Largest: 4096},
		{Func: "m.grew", Live: 1, WereUnsized: 1, Stacks: 8192, Most: 8192, Largest: 8192, Grown: 1, Copied: 4096},
		{Called: "m.hold", Live: 10, Unsized: 10, WereUnsized: 10},
	}}
	var b strings.Builder
	w := &writer{Writer: bufio.NewWriter(&b), o: Options{Path: func(s string) string { return s }}}
	w.goroutines(r)
	w.Flush()
	const want = `
  began  live     stacks       most    largest  grown  copied at most  goroutine
      2     1   2.000KiB   4.000KiB   2.000KiB      0             0 B  m.known
      1     2  ≥4.000KiB  ≥4.000KiB  ≥4.000KiB      0             0 B  m.some
      0     1   8.000KiB  ≥8.000KiB  ≥8.000KiB      1        4.000KiB  m.grew
      0    10          ?          ?          ?      0             0 B  (not known), a caller of m.hold
?, ≥: how large the stacks are of goroutines that were there before the recording is not known until they are copied
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
