package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

// Each request has one line of answer: the pairs done, and what they took.
func TestServe(t *testing.T) {
	var out strings.Builder
	in := "pair 64 1 5000\nbatch 16 2 3000\nlarson 0 1 2000\n"
	if err := run([]string{"-peer", "offheap"}, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%q", out.String())
	}
	for i, least := range []int{5000, 3000, 2000} {
		var n, wall, cpu int
		if _, err := fmt.Sscan(lines[i], &n, &wall, &cpu); err != nil || n < least || n > 2*least || wall <= 0 || cpu < 0 {
			t.Errorf("%q: %v", lines[i], err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, test := range []struct{ args, in, want string }{
		{"-peer nobody", "", "nobody"},
		{"-peer make -experiment nothing", "", "nothing"},
		{"-peer make", "pair 64\n", "request"},
		{"-peer make", "nothing 64 1 10\n", "no pattern"},
	} {
		err := run(strings.Fields(test.args), strings.NewReader(test.in), new(strings.Builder))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.args, err, test.want)
		}
	}
}

// Without a number of pairs, it is found out how many take the time asked for.
func TestMeasure(t *testing.T) {
	const perPair = 100 * time.Nanosecond
	runs := 0
	run := func(p pattern.Params) pattern.Result {
		runs++
		took := time.Duration(p.N) * perPair
		return pattern.Result{N: p.N, Wall: took, CPU: took * time.Duration(p.Threads)}
	}
	for _, threads := range []int{1, 2} {
		runs = 0
		r := measure(run, pattern.Params{Threads: threads}, time.Second)
		if r.Wall < 750*time.Millisecond || r.Wall > 1200*time.Millisecond || runs > 10 {
			t.Errorf("%d threads: %v after %d runs", threads, r.Wall, runs)
		}
		runs = 0
		if r := measure(run, pattern.Params{Threads: threads, N: 70}, time.Second); r.N != 70 || runs != 2 {
			t.Errorf("%d pairs in %d runs, want 70 in 2, of which one is to warm up", r.N, runs)
		}
	}
}
