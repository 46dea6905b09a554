package heapmap

import (
	"math"
	"testing"

	"github.com/stackward-go/stackward/internal/tracetest"
)

// TestGoroutines holds stacks by their goroutines' first functions to a program that
// knows them.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	data, _, err := tracetest.Run("testdata/stacks", slots, "GODEBUG=traceallocfree=1,adaptivestackstart=0", "GOGC=off", "GOMAXPROCS=2")
	if err != nil {
		t.Fatal(err)
	}
	_, m := replay(t, data, math.MaxInt64)
	list, unknown := m.Goroutines()
	got := make(map[string]Goroutines)
	for _, g := range list {
		got[g.Start.Func] = g
	}
	for name, want := range map[string]Goroutines{
		// 100 that need 20 KiB or so grow to 4, 8, 16 and 32 KiB, and are gone.
		"main.deep": {Began: 100, Grown: 400, Copied: 100 * (2 + 4 + 8 + 16) << 10, Largest: 32 << 10},
		// 50 that need next to nothing, and wait until the end.
		"main.flat": {Began: 50, Live: 50, Stacks: 50 * 2 << 10, Largest: 2 << 10},
		// One that grows while it waits for nobody.
		"main.main.func1": {Began: 1, Live: 1, Stacks: 128 << 10, Grown: 6, Copied: (2 + 4 + 8 + 16 + 32 + 64) << 10, Largest: 128 << 10},
	} {
		is := got[name]
		is.Start, is.Most = want.Start, want.Most
		if is != want {
			t.Errorf("%s: %+v, want %+v", name, is, want)
		}
	}
	if by := got["sync.(*WaitGroup).Go.func1"].Start.By; by != "main.main" {
		t.Errorf("what sync.WaitGroup.Go starts is by %q, want main.main", by)
	}
	if unknown > 5 {
		t.Errorf("%d stacks could not be tied to a goroutine", unknown)
	}
	if first := m.StartSizes(); len(first) != 1 || first[0].Bytes != 2<<10 {
		t.Errorf("new stacks: %+v", first)
	}
}
