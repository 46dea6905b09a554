package heapmap

import (
	"math"
	"slices"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
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

// TestGoroutinesBefore holds what is said of goroutines that began before the trace: of
// their stacks no event tells the size, and of a deep one the trace has not the function
// that it began with.
func TestGoroutinesBefore(t *testing.T) {
	t.Parallel()
	data, _, err := tracetest.Run("testdata/waiting", slots, "GODEBUG=traceallocfree=1,adaptivestackstart=0", "GOGC=off", "GOMAXPROCS=2")
	if err != nil {
		t.Fatal(err)
	}
	_, m := replay(t, data, math.MaxInt64)
	list, _ := m.Goroutines()
	got := make(map[alloctrace.Start]Goroutines)
	for _, g := range list {
		got[g.Start] = g
	}
	for _, want := range []Goroutines{
		{Start: alloctrace.Start{Func: "runtime.main"}, Live: 1, Unsized: 1, WereUnsized: 1},
		{Start: alloctrace.Start{Called: "main.hold"}, Live: 3, Unsized: 3, WereUnsized: 3},
		// 1 begins in the trace, and grows from 2 KiB to 4, 8 and 16.
		{Start: alloctrace.Start{Func: "main.shallow"}, Began: 1, Live: 4, Unsized: 3, WereUnsized: 3, Stacks: 16 << 10, Most: 16 << 10, Largest: 16 << 10, Grown: 3, Copied: 14 << 10},
	} {
		if got[want.Start] != want {
			t.Errorf("%+v, want %+v", got[want.Start], want)
		}
	}
}

// TestGoroutineSizes holds when a goroutine's stack has a size.
func TestGoroutineSizes(t *testing.T) {
	t.Parallel()
	f := &alloctrace.Start{Func: "main.f"}
	exists := alloctrace.Event{Kind: alloctrace.GoroutineExists, N: 7, Start: f}
	begin := alloctrace.Event{Kind: alloctrace.GoroutineBegin, N: 7, Goroutine: 1, Start: f}
	end := alloctrace.Event{Kind: alloctrace.GoroutineEnd, Goroutine: 7}
	alloc := func(addr, bytes uint64) alloctrace.Event {
		return alloctrace.Event{Kind: alloctrace.StackAlloc, Goroutine: 7, Addr: addr, N: bytes}
	}
	free := func(addr uint64) alloctrace.Event {
		return alloctrace.Event{Kind: alloctrace.StackFree, Goroutine: 7, Addr: addr}
	}
	for _, tt := range []struct {
		name   string
		events []alloctrace.Event
		want   Goroutines
	}{
		{"was there", []alloctrace.Event{exists}, Goroutines{Live: 1, Unsized: 1, WereUnsized: 1}},
		{"was there and ended", []alloctrace.Event{exists, end}, Goroutines{WereUnsized: 1}},
		{"was there and grew", []alloctrace.Event{exists, alloc(10, 8192), free(1)}, Goroutines{Live: 1, WereUnsized: 1, Stacks: 8192, Most: 8192, Largest: 8192, Grown: 1, Copied: 4096}},
		{"began with a stack of an earlier one", []alloctrace.Event{begin}, Goroutines{Began: 1, Live: 1, Unsized: 1, WereUnsized: 1}},
		{"began with a new stack", []alloctrace.Event{alloc(10, 2048), begin}, Goroutines{Began: 1, Live: 1, Stacks: 2048, Most: 2048, Largest: 2048}},
		{"began as others do", []alloctrace.Event{alloc(10, 2048), begin, end, begin}, Goroutines{Began: 2, Live: 1, Stacks: 2048, Most: 2048, Largest: 2048}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGoroutines()
			for i := range tt.events {
				g.add(&tt.events[i], 4096)
			}
			tt.want.Start = *f
			if got := g.entries[g.number[*f]]; got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestStartSizes has goroutines begin with stacks of their own, one of which was a thread's.
func TestStartSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		sizes []uint64
		want  []StartSize
	}{
		{"always the same", []uint64{2048, 2048}, []StartSize{{0, 2048}}},
		{"one of a thread", []uint64{2048, 32768, 2048, 32768, 2048}, []StartSize{{0, 2048}}},
		{"larger from the second on", []uint64{2048, 4096, 4096, 4096}, []StartSize{{0, 2048}, {1, 4096}}},
		{"and smaller again", []uint64{2048, 4096, 4096, 2048, 2048}, []StartSize{{0, 2048}, {1, 4096}, {3, 2048}}},
	} {
		g := newGoroutines()
		for i, bytes := range tt.sizes {
			n := uint64(i + 1)
			g.add(&alloctrace.Event{Kind: alloctrace.StackAlloc, Addr: n, N: bytes}, 0)
			g.add(&alloctrace.Event{Kind: alloctrace.GoroutineBegin, N: n, Time: int64(i), Start: &alloctrace.Start{Func: "main.f"}}, 0)
		}
		if !slices.Equal(g.firsts, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, g.firsts, tt.want)
		}
	}
}
