package maps

import "errors"

type item struct {
	name string
	id   int
	tags []string
}

type index map[string]item

type table struct {
	items []item
	byID  map[int]item
}

func byName(items []item) map[string]item {
	m := make(map[string]item)
	for _, it := range items {
		m[it.name] = it // want "make m with the length of items"
	}
	return m
}

func literal(a, b map[string]int) map[string]int {
	all := map[string]int{}
	for k, v := range a {
		all[k] = v // want `make all with a capacity of len\(a\)\+len\(b\)`
	}
	for k, v := range b {
		all[k] = v
	}
	return all
}

func named(items []item) index {
	var m = index{}
	for i := 0; i < len(items); i++ {
		m[items[i].name] = items[i] // want "make m with the length of items"
	}
	return m
}

func both(items []item) map[string]int {
	m := make(map[string]int, 0)
	for i, it := range items {
		if it.id == 0 {
			m["none"] = i // want "make m with a capacity of 2.len.items."
		}
		m[it.name] = i
		m["-"+it.name] = -i
	}
	return m
}

func (t *table) index() {
	t.byID = make(map[int]item)
	for _, it := range t.items {
		t.byID[it.id] = it // want "make t.byID with the length of t.items"
	}
}

func later(read func() ([]item, error)) (map[string]bool, error) {
	seen := make(map[string]bool)

	items, err := read()
	if err != nil {
		return nil, err
	}
	// All of them.
	for _, it := range items {
		if it.name == "" {
			return nil, errors.New("no name")
		}
		seen[it.name] = true // want "make seen with the length of items"
	}
	return seen, nil
}

func counted(words []string) map[string]int {
	m := make(map[string]int)
	for _, w := range words {
		m[w]++ // refuse "rounds that have the same key share an entry of m"
	}
	return m
}

func grouped(items []item) map[int][]item {
	m := make(map[int][]item)
	for _, it := range items {
		m[it.id] = append(m[it.id], it) // refuse "rounds that have the same key share an entry of m"
	}
	return m
}

func some(items []item) map[string]item {
	m := make(map[string]item)
	for _, it := range items {
		if it.id > 0 {
			m[it.name] = it // refuse "the loop does not add an entry to m in each round"
		}
	}
	return m
}

func skipped(items []item) map[string]item {
	m := make(map[string]item)
	for _, it := range items {
		if it.id > 0 {
			continue
		}
		m[it.name] = it // refuse "the loop does not add an entry to m in each round"
	}
	return m
}

func same(items []item, key string) map[string]item {
	m := make(map[string]item)
	for _, it := range items {
		m[key] = it // refuse "the loop does not add an entry to m in each round"
	}
	return m
}

func ended(items []item) map[string]item {
	m := make(map[string]item)
	for _, it := range items {
		m[it.name] = it // refuse "the loop may end early"
		if it.id == 0 {
			break
		}
	}
	return m
}

func calls(items func() []item) map[string]item {
	m := make(map[string]item)
	for _, it := range items() {
		m[it.name] = it // want "make m with the length of list"
	}
	return m
}

func claimed(n int) map[int]bool {
	m := make(map[int]bool)
	for i := 0; i < n; i++ {
		m[i] = true // refuse "the number of rounds of the loop is not known before it"
	}
	return m
}

func before(read func(map[string]item) []item) map[string]item {
	m := make(map[string]item)
	items := read(m)
	for _, it := range items {
		m[it.name] = it // refuse "the size is not known yet where m is made, and it is used before it is filled"
	}
	return m
}

func commented(read func() []item) map[string]item {
	// What is read.
	m := make(map[string]item)
	items := read()
	for _, it := range items {
		m[it.name] = it // refuse "a comment, or something else on its line, belongs to the statement that makes m"
	}
	return m
}

func (t *table) read(read func() []item) {
	t.byID = make(map[int]item)
	t.items = read()
	for _, it := range t.items {
		t.byID[it.id] = it // refuse "the size is not known yet where t.byID is made"
	}
}

func bytes(b []byte) map[byte]bool {
	m := make(map[byte]bool)
	for _, c := range b {
		m[c] = true
	}
	return m
}

func letters(s string) map[rune]bool {
	m := make(map[rune]bool)
	for _, r := range s {
		m[r] = true
	}
	return m
}

func sizedAlready(items []item) map[string]item {
	m := make(map[string]item, 10)
	for _, it := range items {
		m[it.name] = it
	}
	return m
}

func (t *table) calls(items func() []item) {
	t.byID = make(map[int]item)
	for _, it := range items() {
		t.byID[it.id] = it // refuse "the size is not known yet where t.byID is made"
	}
}

func read(m map[string]int, items func(map[string]int) []string) map[string]int {
	if items != nil {
		m := make(map[string]int)
		for i, it := range items(m) {
			m[it] = i // refuse "the size is not known yet where m is made, and it is used before it is filled"
		}
		return m
	}
	return m
}
