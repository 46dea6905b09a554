package text

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// Rows of nothing but free pages are one line where there are many.
func TestHeapMapFolds(t *testing.T) {
	t.Parallel()
	const page, row = 8 << 10, 64 * 8 << 10
	arena := func(low uint64, rows int, used ...uint64) (*alloc.HeapArena, []*alloc.HeapSpan) {
		var spans []*alloc.HeapSpan
		for _, at := range used {
			spans = append(spans, &alloc.HeapSpan{Addr: low + at*row, Bytes: page, Owner: "large"})
		}
		return &alloc.HeapArena{Low: low, Top: low + uint64(rows)*row}, spans
	}
	r := &alloc.Report{}
	for _, x := range []struct {
		low  uint64
		rows int
		used []uint64
	}{
		{0xc000000000, 12, []uint64{0, 3, 10}}, // two free rows, six, and one
		{0xc004000000, 4, nil},                 // of free rows alone
	} {
		a, spans := arena(x.low, x.rows, x.used...)
		r.Arenas = append(r.Arenas, a)
		r.Spans = append(r.Spans, spans...)
	}
	var b strings.Builder
	w := &writer{Writer: bufio.NewWriter(&b)}
	w.heapMap(r)
	w.Flush()
	dots := strings.Repeat(".", 64)
	want := `
spans by address, a character for 8.000KiB
0xc000000000  L` + dots[1:] + `
0xc000080000  ` + dots + `
0xc000100000  ` + dots + `
0xc000180000  L` + dots[1:] + `
0xc000200000  ` + dots + `
*             5 more rows of dots, 2.500MiB
0xc000500000  L` + dots[1:] + `
0xc000580000  ` + dots + `
0xc004000000  ` + dots + `
*             3 more rows of dots, 1.500MiB
`
	if got, _, _ := strings.Cut(b.String(), "█"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
