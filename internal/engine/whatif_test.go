package engine

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestAsWrong widens a range to the side on which the recording itself lies.
func TestAsWrong(t *testing.T) {
	t.Parallel()
	recorded := &alloc.WhatIf{
		Collections: alloc.Estimate{Likely: 100}, PeakMarked: alloc.Estimate{Likely: 50}, GCCPU: &alloc.Estimate{Likely: 10},
		Recorded: &alloc.WhatIfRecorded{Collections: 120, Peak: 40},
	}
	w := &alloc.WhatIf{
		Collections: alloc.Estimate{Low: 10, Likely: 20, High: 30}, Peak: alloc.Estimate{Low: 100, Likely: 200, High: 300},
		GCCPU: &alloc.Estimate{Low: 1, Likely: 2, High: 3},
	}
	asWrong(w, recorded)
	for _, tt := range []struct {
		what      string
		got, want alloc.Estimate
	}{
		{"collections", w.Collections, alloc.Estimate{Low: 10, Likely: 20, High: 36}},
		{"heap", w.Peak, alloc.Estimate{Low: 80, Likely: 200, High: 300}},
		{"CPU, of which the recording says nothing", *w.GCCPU, alloc.Estimate{Low: 1, Likely: 2, High: 3}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}
