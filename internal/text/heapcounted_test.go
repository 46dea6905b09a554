package text

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

func TestOff(t *testing.T) {
	t.Parallel()
	for want, x := range map[string][2]int64{
		"±0.00%": {999_999, 1_000_000}, "-0.01%": {999_900, 1_000_000}, "+10.00%": {11, 10},
	} {
		if got := off(x[0], x[1]); got != want {
			t.Errorf("%d for %d: %s, want %s", x[0], x[1], got, want)
		}
	}
	if got := off(0, 0); got != "±0.00%" {
		t.Errorf("nothing for nothing: %s", got)
	}
}

// TestEnded: what the runtime counts is what heap does.
func TestEnded(t *testing.T) {
	t.Parallel()
	whole, open := &alloc.Collection{Begin: 1, End: 2}, &alloc.Collection{Begin: 3}
	for want, list := range map[string][]*alloc.Collection{
		"1 collection": {whole}, "2 collections and one that had not ended": {whole, whole, open}, "0 collections and one that had not ended": {open},
	} {
		r := &alloc.Report{Heap: &alloc.Heap{Collections: len(list)}, Collections: list}
		if got := ended(r); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
