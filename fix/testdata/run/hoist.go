// Hoist keeps what function literals, method values and variables do, also
// where somebody keeps them.
package main

import (
	"encoding/json"
	"fmt"
	"time"
)

type counter struct{ n int }

func (c *counter) add(n int) { c.n += n }

var kept []func(int)

func keep(f func(int)) { kept = append(kept, f) }

func run() {
	for i, f := range kept {
		f(i)
	}
	kept = nil
}

func main() {
	shared, limit := 0, 1
	for i := range 3 {
		limit = i * 10
		keep(func(n int) { // fixed
			shared += n + limit
			fmt.Println("shared", shared, limit)
		})
		keep(func(n int) { fmt.Println("own", n, i) })
	}
	limit = 100
	run()
	for range 0 {
		keep(func(n int) { shared++ }) // fixed
	}

	c := &counter{}
	var v counter
	for i := range 3 {
		keep(c.add) // fixed
		v = counter{i}
	}
	for range 2 {
		keep(v.add) // fixed
	}
	run()
	fmt.Println(c.n, v.n, shared)

	var none *counter
	for range 2 {
		keep(none.add) // fixed
	}
	kept = nil

	type doc struct {
		A    int
		List []int
		At   time.Time
		M    map[string]int
	}
	var docs []doc
	var lists [][]int
	for _, text := range []string{`{"A":1,"List":[1,2]}`, `{"M":{"a":1}}`, `{"A":"x","List":[3]}`, `null`, `{"List":[4],"M":{"b":2}}`} {
		var d doc // fixed
		err := json.Unmarshal([]byte(text), &d)
		fmt.Println(d, err)
		docs, lists = append(docs, d), append(lists, d.List)
	}
	fmt.Println(docs, lists, docs[0].M == nil)
	for i := range 3 {
		x := i * 2 // fixed
		n, err := fmt.Sscan("7", &x)
		y := 1 // fixed
		fmt.Sscan("no", &y)
		fmt.Println(x, n, err, y)
		y++
	}

	done := make(chan int, 3)
	for range 3 {
		go func() { // fixed
			done <- 1
		}()
	}
	for range 3 {
		<-done
	}
	func() {
		for i := range 3 {
			limit = i
			defer func() { // fixed
				fmt.Println("deferred", limit, recover())
			}()
		}
		panic("x")
	}()
}
