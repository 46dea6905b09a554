package heapmap

import (
	"slices"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// TestThreadStacks keeps the stacks of threads, which the runtime allocates two in a
// row, apart from those that goroutines begin with and grow to.
func TestThreadStacks(t *testing.T) {
	t.Parallel()
	m := New(nil, "go1.26")
	for _, e := range []alloctrace.Event{
		{Kind: alloctrace.StackExists, Addr: 1, N: 8 << 10},
		{Kind: alloctrace.StackAlloc, Thread: 1, Addr: 2, N: 32 << 10}, // for signals
		{Kind: alloctrace.StackAlloc, Thread: 2, Addr: 3, N: 16 << 10}, // another thread, whose goroutine grows
		{Kind: alloctrace.StackFree, Thread: 2, Addr: 1, Goroutine: 7},
		{Kind: alloctrace.StackAlloc, Thread: 1, Addr: 4, N: 16 << 10}, // of the runtime's own code on the thread
		{Kind: alloctrace.StackFree, Thread: 1, Addr: 99, Goroutine: 8},
		{Kind: alloctrace.StackAlloc, Thread: 1, Addr: 5, N: 32 << 10},
		{Kind: alloctrace.StackFree, Thread: 1, Addr: 3, Goroutine: 7},
		{Kind: alloctrace.StackFree, Thread: 1, Addr: 2}, // the first thread ends
	} {
		e.Span = -1
		m.Add(&e)
	}
	want := []StackSize{
		{Bytes: 8 << 10, Most: 1},
		{Bytes: 16 << 10, Most: 1, Allocs: 1, Threads: 1},
		{Bytes: 32 << 10, Live: 1, Most: 1, Allocs: 1, Threads: 1},
	}
	if got := m.Stacks(); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	list, unknown := m.Goroutines()
	if len(list) != 1 || list[0].Grown != 2 || unknown != 0 {
		t.Errorf("%+v, %d not known", list, unknown)
	}
	if m.StackBytes != 48<<10 {
		t.Errorf("%d bytes", m.StackBytes)
	}
}
