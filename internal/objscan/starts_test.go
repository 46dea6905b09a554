package objscan

import (
	"slices"
	"testing"
)

// TestStarts holds what go statements start where write barriers stand between
// the closure and its start.
func TestStarts(t *testing.T) {
	t.Parallel()
	const source = `package main

import "sync"

//go:noinline
func deep(n int) int { return n }

//go:noinline
func run(f func()) { f() }

//go:noinline
func pick(f func()) func() { return f }

//go:noinline
func literal(wg *sync.WaitGroup) {
	for r := 0; r < 5; r++ {
		wg.Add(1)
		go func() { deep(3); wg.Done() }()
	}
}

//go:noinline
func line(wg *sync.WaitGroup) {
	for r := 0; r < 5; r++ { wg.Add(1); go func() { deep(3); wg.Done() }() }
}

//go:noinline
func two(a, b *int, c chan *int) {
	go func() { c <- a }()
	go func() {
		c <- b
	}()
}

//go:noinline
func wrapped(wg *sync.WaitGroup) {
	for r := 0; r < 5; r++ {
		go run(func() { wg.Done() })
	}
}

//go:noinline
func picked(wg *sync.WaitGroup) {
	for r := 0; r < 5; r++ {
		go pick(func() { wg.Done() })()
	}
}

//go:noinline
func pickedPlain() { go pick(func() { deep(3) })() }

//go:noinline
func twice(n int, f func()) { go func() { deep(n) }(); go f() }

func main() {
	var wg sync.WaitGroup
	literal(&wg)
	line(&wg)
	two(new(int), new(int), make(chan *int, 2))
	wrapped(&wg)
	picked(&wg)
	pickedPlain()
	twice(3, func() {})
}
`
	want := map[string][]string{
		"main.literal":     {"main.literal.func1"},
		"main.line":        {"main.line.func1"},
		"main.two":         {"main.two.func1", "main.two.func2"},
		"main.wrapped":     {"main.wrapped.gowrap1"},
		"main.picked":      {""},
		"main.pickedPlain": {""},
		"main.twice":       {"", "main.twice.func1"},
	}
	dir := writeModule(t, "example.com/m", "m.go", source)
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			s, err := NewScanner(archivesOf(t, dir, []string{"GOOS=linux", "GOARCH=" + goarch}, "."))
			if err != nil {
				t.Fatal(err)
			}
			list, err := s.Stack("example.com/m")
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, f := range list {
				w, ok := want[Symbol(f.Key)]
				if !ok {
					continue
				}
				seen++
				var got []string
				for _, key := range f.Starts {
					got = append(got, Symbol(key))
				}
				slices.Sort(got) // code stands in any order
				if !slices.Equal(got, w) {
					t.Errorf("%s starts %q, want %q", f.Name, got, w)
				}
			}
			if seen != len(want) {
				t.Errorf("%d functions seen, want %d", seen, len(want))
			}
		})
	}
}
