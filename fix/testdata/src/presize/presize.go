package presize

import (
	"slices"
	"sort"
	"strings"
)

func each(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v+1) // want "length of data"
	}
	return s
}

// A nil result stays nil.
func nilKept(data map[string]int) []string {
	var keys []string
	// All of them.
	for k := range data {
		keys = append(keys, k) // want `length of data`
	}
	return keys
}

// Nobody sees whether it is nil.
func nilMoot(data []string) string {
	var parts []string
	for _, d := range data {
		parts = append(parts, "<"+d+">") // want `length of data`
	}
	sort.Strings(parts)
	return strings.Join(parts, ",")
}

func never0(data []string) []string {
	var parts []string
	parts = append(parts, "head", "line")
	for _, d := range data {
		parts = append(parts, d) // want `capacity of len.data..2`
	}
	return parts
}

func named(data []string) (out []string) {
	for _, d := range data {
		out = append(out, d, d) // want `capacity of 2.len.data.`
	}
	return
}

func called(text string) []string {
	out := make([]string, 0)
	for _, f := range strings.Fields(text) {
		out = append(out, f) // want `length of items`
	}
	return out
}

func counts(n int, data [10]int, text string) ([]int, []int, []rune, []int) {
	a := []int{}
	for i := 0; i < n; i++ {
		a = append(a, i*i) // want `capacity of max.n, 0.`
	}
	b := []int{}
	for i := len(data) - 1; i >= 0; i-- {
		b = append(b, data[i]) // want `capacity of 10`
	}
	c := []rune{}
	for _, r := range text {
		c = append(c, r) // want `capacity of utf8.RuneCountInString.text.`
	}
	d := []int{}
	for i := range n {
		d = append(d, len(called(text))+i) // want `capacity of min.max.n, 0., 1024.`
	}
	return a, b, c, d
}

func steps(text string, bytes []byte) ([]byte, []byte) {
	a := []byte{}
	for i := 0; i < len(text); i += 2 {
		a = append(a, text[i]) // want `capacity of .len.text..1./2`
	}
	b := []byte{}
	for _, r := range text {
		b = append(b, byte(r)) // want `length of text`
	}
	return a, b
}

func grid(rows, cols []int) []int {
	all := []int{}
	for _, r := range rows {
		for _, c := range cols {
			all = append(all, r*c) // want `capacity of len.rows..len.cols.`
		}
	}
	return all
}

type page struct{ items, more []int }

func flat(pages []page) []int {
	var all []int
	for i, pg := range pages {
		all = append(all, i) // want `capacity of n`
		all = append(all, pg.items...)
	}
	return all
}

func flatPointers(pages []*page) []int {
	all := []int{}
	for _, pg := range pages {
		all = append(all, pg.items...) // want `capacity of n`
	}
	return all
}

func two(a, b []int) []int {
	all := []int{}
	for _, v := range a {
		all = append(all, v) // want `capacity of len.a..len.b.`
	}
	for _, v := range b {
		all = append(all, v)
	}
	return all
}

func failing(data []string) ([]int, error) {
	out := []int{}
	for _, d := range data {
		n, err := parse(d)
		if err != nil {
			return nil, err
		}
		out = append(out, n) // want `length of data`
	}
	return out, nil
}

func claimed(n int) ([]int, error) {
	out := []int{}
	for i := 0; i < n; i++ {
		v, err := parse("")
		if err != nil {
			return nil, err
		}
		out = append(out, v) // want `capacity of min.max.n, 0., 1024.`
	}
	return out, nil
}

func parse(string) (int, error) { return 0, nil }

func eitherWay(data []int) int {
	var s []int
	for _, v := range data {
		if v < 0 {
			s = append(s, -v) // want `capacity of 2.len.data.`
		} else {
			s = append(s, v, v)
		}
	}
	return len(s)
}

func inBranch(data []int, yes bool) []int {
	var s []int
	if yes {
		for _, v := range data {
			s = append(s, v) // want `length of data`
		}
	}
	return s
}

func apart(data []int) []int {
	s := []int{}
	data = data[1:]
	for _, v := range data {
		s = append(s, v) // want `length of data`
	}
	return s
}

func sorted(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v) // want `length of data`
	}
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })
	slices.Reverse(s)
	return s[:len(s)-1]
}

func labelled(data [][]int) []int {
	var s []int
	// Row after row.
outer:
	for _, row := range data {
		s = append(s, len(row)) // want `length of data`
		for _, v := range row {
			if v < 0 {
				continue outer
			}
		}
	}
	return s
}

type number interface{ ~int | ~float64 }

func generic[T number, S ~[]T](in S) []T {
	var out []T
	for _, v := range in {
		out = append(out, v*2)
	}
	return out
}

func genericSlice[T number](in []T) []T {
	var out []T
	for _, v := range in {
		out = append(out, v*2) // want `length of in`
	}
	return out
}

type pair[T any] struct{ a, b T }

func pairs[T any](in []T) []pair[T] {
	out := []pair[T]{}
	for _, v := range in {
		out = append(out, pair[T]{v, v}) // want `length of in`
	}
	return out
}
