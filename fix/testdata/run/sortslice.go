// Sortslice keeps the order, of equal elements too.
package main

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"
)

var _ = sort.Ints // the import stays

type item struct {
	name string
	n    int
	at   time.Time
	list []int
}

func main() {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 7, 30, 500} {
		var items []item
		for i := range size {
			items = append(items, item{string(rune('a' + rnd.IntN(4))), i, time.Unix(int64(rnd.IntN(3)), 0), []int{rnd.IntN(5)}})
		}
		show := func(what string) {
			sum := 0
			for i, it := range items {
				sum = sum*31 + it.n*i
			}
			fmt.Println(what, size, sum)
		}
		sort.Slice(items, func(i, j int) bool { return items[i].name < items[j].name }) // fixed
		show("name")
		sort.Slice(items, func(i, j int) bool { return items[i].list[0] > items[j].list[0] }) // fixed
		show("list")
		sort.SliceStable(items, func(i, j int) bool { return items[i].at.After(items[j].at) }) // fixed
		show("at")
		sort.Slice(items, func(i, j int) bool { return len(items[j].name) < len(items[i].name) }) // fixed
		show("length")
		// fixed
		sort.Slice(items, func(i, j int) bool {
			if items[i].name != items[j].name {
				return items[i].name > items[j].name
			}
			return items[i].at.Before(items[j].at)
		})
		show("keys")
	}
	defer func() { fmt.Println(recover()) }()
	items := []item{{name: "a", list: []int{1}}, {name: "b"}}
	sort.Slice(items, func(i, j int) bool { return items[i].list[0] > items[j].list[0] }) // fixed
}
