package offheap_test

import (
	"fmt"
	"log"
	"slices"

	"github.com/stackward-go/stackward/offheap"
)

func ExampleSlice() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()

	var s offheap.Slice[int]
	defer s.Free(h)
	if err := s.Append(h, 3, 1, 2); err != nil {
		log.Fatal(err)
	}
	slices.Sort(s.View())
	fmt.Println(s.View())

	// Without the second element.
	rest := slices.Delete(s.View(), 1, 2)
	s.Resize(h, len(rest))
	fmt.Println(s.View())
	// Output:
	// [1 2 3]
	// [1 3]
}

// An index: the lists are values of a map, and are changed in place.
func ExampleSlice_inMap() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()
	index := offheap.Must(offheap.NewMap[byte, offheap.Slice[int]](h))
	for at, c := range []byte("offheap") {
		list, _, err := index.Upsert(c)
		if err == nil {
			err = list.Append(h, at)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(index.At('f').View(), index.At('p').View())
	// Output: [1 2] [6]
}
