package offheap_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/stackward-go/stackward/offheap"
)

func Example() {
	h := offheap.NewHeap(offheap.Config{Limit: 64 << 20})
	defer h.Close()

	type point struct{ X, Y float64 }
	p, err := offheap.New[point](h)
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // no memory, from the system or within the limit
		return
	}
	p.X = 3
	fmt.Println(*p)
	offheap.Free(h, p)
	// Output: {3 0}
}

// Objects link to each other with a Ptr, which the collector does not follow.
func ExamplePtr() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()

	type node struct {
		key  int
		next offheap.Ptr[node]
	}
	var list offheap.Ptr[node]
	for key := range 3 {
		n := offheap.Must(offheap.New[node](h))
		*n = node{key, list}
		list = offheap.PtrTo(n)
	}
	for !list.IsNil() {
		n := list.Get()
		fmt.Println(n.key)
		list = n.next
		offheap.Free(h, n)
	}
	// Output:
	// 2
	// 1
	// 0
}

func ExampleAppendSlice() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()

	s, err := offheap.MakeSlice[int](h, 0, 4)
	for i := 0; i < 10 && err == nil; i++ {
		s, err = offheap.AppendSlice(h, s, i*i)
	}
	fmt.Println(s, err)
	offheap.FreeSlice(h, s)
	// Output: [0 1 4 9 16 25 36 49 64 81] <nil>
}

// A Cache is for one goroutine. Its objects belong to the heap.
func ExampleHeap_NewCache() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()

	c := h.NewCache()
	n := offheap.Must(offheap.New[int64](c))
	*n = 42
	c.Close()
	fmt.Println(*n)
	offheap.Free(h, n)
	// Output: 42
}

// All that an Arena has goes at once.
func ExampleHeap_NewArena() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()

	a := h.NewArena()
	defer a.Close()
	for request := range 3 {
		words := offheap.Must(offheap.MakeSlice[id](a, 0, 2))
		words, _ = offheap.AppendSlice(a, words, id(request), id(request*10))
		fmt.Println(words)
		a.Reset()
	}
	// Output:
	// [0 0]
	// [1 10]
	// [2 20]
}

type id int

func ExampleConfig_limit() {
	h := offheap.NewHeap(offheap.Config{Limit: 1 << 20})
	defer h.Close()

	_, err := offheap.MakeSlice[byte](h, 2<<20, 2<<20)
	fmt.Println(errors.Is(err, offheap.ErrOutOfMemory), errors.Is(err, offheap.ErrLimit))
	// Output: true true
}

// A type with Go pointers is refused, since the collector would not see them.
func ExampleCheckType() {
	type user struct {
		ID   int
		Name string
	}
	fmt.Println(offheap.CheckType[user]())
	// Output: offheap: offheap_test.user has Go pointers, which the collector would not see: .Name is a string
}
