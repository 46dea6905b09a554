package offheap_test

import (
	"fmt"
	"log"

	"github.com/stackward-go/stackward/offheap"
)

func ExampleMap() {
	h := offheap.NewHeap(offheap.Config{Limit: 64 << 20})
	defer h.Close()

	type point struct{ X, Y float64 }
	m, err := offheap.NewMap[uint64, point](h)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Free()

	for i := range uint64(1000) {
		if err := m.Set(i, point{float64(i), 1}); err != nil {
			log.Fatal(err)
		}
	}
	m.At(7).Y = 70 // in place
	m.Delete(8)

	p, ok := m.Get(7)
	fmt.Println(p, ok)
	p, ok = m.Get(8)
	fmt.Println(p, ok)
	fmt.Println(m.Len())
	// Output:
	// {7 70} true
	// {0 0} false
	// 999
}

// Counting, with one look-up each.
func ExampleMap_Upsert() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()
	counts := offheap.Must(offheap.NewMap[rune, int](h))
	for _, r := range "off the heap" {
		n, _, err := counts.Upsert(r)
		if err != nil {
			log.Fatal(err)
		}
		*n++
	}
	n, _ := counts.Get('e')
	fmt.Println(n)
	// Output: 2
}

// Entries may be deleted while they are iterated over.
func ExampleMap_All() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()
	expires := offheap.Must(offheap.NewMap[int, int64](h))
	for i := range 100 {
		expires.Set(i, int64(i))
	}
	const now = 90
	for k, at := range expires.All() {
		if at < now {
			expires.Delete(k)
		}
	}
	fmt.Println(expires.Len())
	// Output: 10
}
