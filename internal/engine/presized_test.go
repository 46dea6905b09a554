package engine

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/whatif"
)

// TestPresizedSites has the history note only what is asked about.
func TestPresizedSites(t *testing.T) {
	t.Parallel()
	var list []whatif.Question
	for _, s := range []string{"presized=b/c.go:12,GOGC=50", "stack=c.go:13,presized=d.go:1", "presized=../../e.go:7", "GOGC=100"} {
		q, err := whatif.ParseQuestion(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, *q)
	}
	sites := presizedSites(list)
	for _, tt := range []struct {
		file string
		line int
		want bool
	}{
		{"/a/b/c.go", 12, true}, {"b/c.go", 12, true}, {"/ab/c.go", 12, false}, {"/a/b/c.go", 13, false}, {"/x/c.go", 13, false}, {"d.go", 1, true}, {"/a/e.go", 7, true},
	} {
		if got := sites.has(&heapPlace{file: tt.file, line: tt.line}); got != tt.want {
			t.Errorf("%s:%d: %t", tt.file, tt.line, got)
		}
	}
}

// TestGrownOf sums up the sites that are meant.
func TestGrownOf(t *testing.T) {
	t.Parallel()
	means := []func(heapsim.Object) bool{func(o heapsim.Object) bool { return o.Site == 1 }, func(o heapsim.Object) bool { return o.Site < 3 }}
	g := &whatif.Growths{At: map[int32]whatif.Grown{1: {Slices: 1, Memories: 3}, 2: {Slices: 10, Memories: 30}, 3: {Slices: 100, Memories: 300}}}
	if got, want := grownOf(g, means), (whatif.Grown{Slices: 11, Memories: 33}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestAlso widens an estimate to both sides, and lets alone what neither has.
func TestAlso(t *testing.T) {
	t.Parallel()
	e := alloc.Estimate{Low: 10, Likely: 20, High: 30}
	also(&e, &alloc.Estimate{Low: 5, Likely: 6, High: 7})
	also(&e, &alloc.Estimate{Low: 15, Likely: 40, High: 50})
	also(nil, &e)
	also(&e, nil)
	if want := (alloc.Estimate{Low: 5, Likely: 20, High: 50}); e != want {
		t.Errorf("%+v, want %+v", e, want)
	}
}
