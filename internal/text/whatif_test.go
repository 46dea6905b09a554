package text

import (
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestGrown says how certain it is that slices grow.
func TestGrown(t *testing.T) {
	t.Parallel()
	of := func(low, likely int64) alloc.Estimate { return alloc.Estimate{Low: low, Likely: likely, High: likely} }
	for _, tt := range []struct {
		name  string
		grown *alloc.WhatIfGrown
		want  string
	}{
		{"not asked", nil, ""},
		{"none", &alloc.WhatIfGrown{}, "presized=a.go:1: by sizes and deaths no object there took the place of a smaller one: nothing is presized.\n"},
		{"one", &alloc.WhatIfGrown{Slices: of(1, 1), Memories: of(36, 36)}, "presized=a.go:1: by sizes and deaths 1 slice grew, of 36 objects: one is left of each.\n"},
		{"most", &alloc.WhatIfGrown{Slices: of(90, 100), Memories: of(400, 500)}, "presized=a.go:1: 100 slices seem to have grown, of 500 objects, 400 of them for certain: the range has both.\n"},
		{"perhaps", &alloc.WhatIfGrown{Slices: of(0, 100), Memories: of(0, 500)}, "presized=a.go:1: 100 slices seem to have grown, of 500 objects. Sizes and deaths do not tell for certain, so the range has that none did, too.\n"},
	} {
		var b strings.Builder
		r := &alloc.Report{Header: alloc.Header{Command: "heap"}, WhatIfs: []*alloc.WhatIf{{Question: "presized=a.go:1", Grown: tt.grown}}}
		if err := Write(&b, r, Options{}); err != nil {
			t.Fatal(err)
		}
		var got string
		for line := range strings.Lines(b.String()) {
			if strings.HasPrefix(line, "presized=a.go:1: ") {
				got += line
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
