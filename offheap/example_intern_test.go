package offheap_test

import (
	"fmt"
	"log"

	"github.com/stackward-go/stackward/offheap"
)

// A map by text: its keys are symbols.
func ExampleInterner() {
	h := offheap.NewHeap(offheap.Config{})
	defer h.Close()
	in := offheap.Must(offheap.NewInterner(h))
	ages := offheap.Must(offheap.NewMap[offheap.Symbol, int](h))

	set := func(name string, age int) error {
		s, err := in.InternString(name)
		if err != nil {
			return err
		}
		p, found, err := ages.Upsert(s)
		if err != nil || found {
			in.Release(s) // the map's key has its reference already
		}
		if err == nil {
			*p = age
		}
		return err
	}
	get := func(name string) (int, bool) {
		s, ok := in.LookupString(name)
		if !ok {
			return 0, false
		}
		return ages.Get(s)
	}
	remove := func(name string) {
		if s, ok := in.LookupString(name); ok && ages.Delete(s) {
			in.Release(s)
		}
	}

	for i, name := range []string{"Ada", "Grace", "Ada"} {
		if err := set(name, 30+i); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(get("Ada"))
	remove("Ada")
	fmt.Println(get("Ada"))
	fmt.Println(in.Len(), ages.Len())
	// Output:
	// 32 true
	// 0 false
	// 1 1
}
