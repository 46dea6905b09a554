package hoist

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"sort"
)

type T struct{ n int }

func (t *T) Add(n int) { t.n += n }
func (t *T) Range(int) {}
func (t T) Value(int)  {}

type adder interface{ Add(int) }

type embeds struct{ *T }

func each(list []int, visit func(int)) {}
func apply(f func(int))                {}
func plain(f func())                   {}

func literals(lists [][]int, ch chan int) (total int) {
	for _, l := range lists {
		each(l, func(n int) { total += n }) // want "make the function literal once, before the loop"
	}
	// Comment of the loop.
	for range 3 {
		apply(func(n int) { // want "make the function literal"
			total += n
		})
	}
	for range 3 {
		go func() { // want "make the function literal"
			for n := range ch {
				total += n
			}
		}()
	}
outer:
	for range 3 {
		for i := range 3 {
			apply(func(n int) { total-- })       // want "make the function literal"
			apply(func(n int) { println(n, i) }) // the round's own
			if i > 1 {
				continue outer
			}
		}
	}
	for range 3 {
		x := 1
		for range 3 {
			apply(func(n int) { x += n }) // want "make the function literal"
		}
		fn := func(n int) { total++ } // want "make the function literal"
		apply(fn)
		x++ // want +1 "make the function literal"
		count := func(n int) {
			total++
		}
		apply(count)
		if x > 1 {
			for range 3 {
				apply(func(n int) { total++ }) // want "make the function literal"
			}
		}
		_ = x
	}
	return total
}

func notLiterals(lists [][]int, more bool) (total int) {
	for _, l := range lists {
		each(l, func(n int) { println(n) }) // captures nothing
		func() { total++ }()                // called in place
		go func(n int) { total += n }(len(l))
		sort.Slice(l, func(i, j int) bool { return l[i] < l[j] })
		if more {
			apply(func(n int) { total += n }) // refuse "not every round makes it"
		}
	}
	for l := range over(lists) {
		apply(func(n int) { total += n }) // refuse "ranges over a function"
		_ = l
	}
	return total
}

func over(lists [][]int) iter.Seq[[]int] { return nil }

func jumps(list []int) (total int) {
	if len(list) == 0 {
		goto end
	}
	for range list {
		apply(func(n int) { total += n }) // refuse "a goto"
	}
end:
	return total
}

func methods(t *T, v T, a adder, list []int) {
	for range list {
		apply(t.Add) // want "make the method value t.Add once"
	}
	for range list {
		apply(v.Add) // want "make the method value v.Add once"
	}
	for range list {
		apply(t.Range) // want "make the method value t.Range once"
		t.Add(1)
		apply((*T).Add2(t))
	}
}

func (t *T) Add2() func(int) { return nil }

type holder struct{ t *T }

var global *T

func notMethods(t, u *T, h holder, a adder, e embeds, list []int) {
	for range list {
		t = u
		apply(t.Add)      // refuse "t may point to another one"
		apply(h.t.Add)    // refuse "h.t may be another one"
		apply(a.Add)      // refuse "holds a copy of a"
		apply(u.Value)    // refuse "holds a copy of u"
		apply(e.Add)      // refuse "Add is a method of an embedded field"
		apply(global.Add) // refuse "others may assign to global"
	}
	for range list {
		w := new(T)
		apply(w.Add)
	}
}

type user struct {
	ID   int
	Name string
	Raw  json.RawMessage
}

type picky struct{ n level }

type level int

func (l *level) UnmarshalJSON([]byte) error { return nil }

func variables(data [][]byte, rows *sql.Rows) (ids []int, users []user, err error) {
	for rows.Next() {
		var id int      // want "declare id before the loop, and set it anew each round"
		var name string // want "declare name before the loop"
		if err := rows.Scan(&id, &name); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id, len(name))
	}
	for rows.Next() {
		var u user // want "declare u before"
		rows.Scan(&u.ID, &u.Name)
		users = append(users, u)
	}
	for _, d := range data {
		for i := range 3 {
			v := map[string]any{"i": i} // want "declare v before"
			json.Unmarshal(d, &v)
			println(len(v))
		}
	}
	for _, d := range data {
		var list [2][]int // want "declare list before"
		fmt.Sscan(string(d), &list[0], &list[1])
		println(list[0])
	}
	return
}

func notVariables(data [][]byte, rows *sql.Rows, keep func(*int)) (err error) {
	outside := 1
	for rows.Next() {
		var kept int // refuse "keep may keep the address of kept"
		rows.Scan(&kept)
		keep(&kept)

		var captured int // refuse "a function literal uses captured"
		rows.Scan(&captured)
		plain(func() { captured++ })

		var level picky // refuse "level.UnmarshalJSON may keep"
		json.Unmarshal(nil, &level)

		var raw sql.RawBytes // refuse "RawBytes may keep"
		rows.Scan(&raw)

		var later int // refuse "the call runs after the round"
		defer rows.Scan(&later)
		rows.Scan(&later)

		var again int // refuse "again is declared together with others later"
		rows.Scan(&again)
		again, other := 1, 2
		println(again, other)

		var outside int // refuse "outside means something else around it"
		rows.Scan(&outside)

		type local int
		var l local // refuse "the type of l has no name"
		rows.Scan(&l)

		if outside > 1 {
			var some int // refuse "not every round"
			rows.Scan(&some)
		}
		var parts [2]int // refuse "parts.:. takes the address"
		rows.Scan(&parts[0])
		println(len(parts[:]))

		var unknown int
		keep(&unknown)

		var pointer int // refuse "&pointer takes the address"
		rows.Scan(&pointer)
		p := &pointer
		_ = p

		var commented /* a number */ int // refuse "a comment"
		rows.Scan(&commented)
	}
	var once int
	rows.Scan(&once)
	println(outside)
	return nil
}

func generic[E any](rows *sql.Rows) (all []E) {
	for rows.Next() {
		var e E // refuse "E may keep the address of e"
		rows.Scan(&e)
		all = append(all, e)
	}
	return all
}
