package text

import (
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/alloc"
)

// TestTop says why there are no lines to show.
func TestTop(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		top  alloc.HeapTop
		want []string
		not  string
	}{
		{"first", alloc.HeapTop{}, []string{"rates with the next look"}, "sample"},
		{"first, without a sample", alloc.HeapTop{NoSamples: true}, []string{"rates with the next look", "no sample yet"}, "not changed"},
		{"without a sample", alloc.HeapTop{Window: 2, NoSamples: true}, []string{"in the last 2 s", "no sample yet"}, "not changed"},
		{"no change", alloc.HeapTop{Window: 2}, []string{"in the last 2 s", "nothing new"}, "sample"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.top.Time = time.Unix(0, 0)
			var b strings.Builder
			if err := Top(&b, &tt.top, Options{Width: 80}); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%q is not in\n%s", want, &b)
				}
			}
			if strings.Contains(b.String(), tt.not) {
				t.Errorf("%q is in\n%s", tt.not, &b)
			}
			inWidth(t, b.String(), 80)
		})
	}
}
