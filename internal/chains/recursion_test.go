package chains

import (
	"slices"
	"testing"

	"github.com/stackward-go/stackward/internal/objscan"
)

// TestOff names what recurs below a function though its longest chain goes elsewhere.
func TestOff(t *testing.T) {
	t.Parallel()
	system := fn("runtime.f", 50, "runtime.f")
	system.Runtime = true
	panics := fn("panics", 10, "deep")
	panics.Calls[0].Cold = true
	g := New(rules)
	g.Add([]objscan.StackFunc{
		fn("large", 3000), fn("deep", 100, "deep"),
		fn("worker", 50, "large", "deep", "runtime.f"),
		fn("top", 10, "worker", "b"),
		fn("a", 5, "b"), fn("b", 5, "a"),
		fn("through", 10, "deep"), fn("flat", 10, "large", ""),
		system, panics,
	})
	g.Solve()
	for _, tt := range []struct {
		key  string
		want []string
	}{
		{"worker", []string{"deep"}},
		{"top", []string{"b", "deep"}}, // entered by b
		{"through", nil},               // it is on the chain
		{"deep", nil},
		{"a", nil},
		{"flat", nil},
		{"runtime.f", nil},
		{"panics", nil}, // aside
	} {
		var got []string
		for _, f := range g.Ordinary(tt.key, rules.Start).Off {
			got = append(got, f.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: off its chain %q, want %q", tt.key, got, tt.want)
		}
	}
}
