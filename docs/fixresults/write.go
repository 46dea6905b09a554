package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// write writes the page.
func write(w io.Writer, rows []row) {
	fmt.Fprint(w, `# What stackward fix does to real modules

Made by `+"`go run ./docs/fixresults`"+`: each module is fetched, copied, fixed with its own tests and benchmarks (`+"`stackward fix -w -bench . -benchtime "+benchtime+"`"+`), and its tests are run once more on what was written.

- *proved*: the compiler says that the site is gone, no test fails that passed, and tests or benchmarks run the changed lines. Only these are written.
- *unexercised*: no test or benchmark runs all the lines that would change. *unmeasured*: only a measurement could tell, and none did.
- *refused*: by a fixer, whose conditions did not hold, or by a step of the proof.
- allocs/op, B/op and ns/op: the geometric mean of after/before over the benchmarks that a written fix reaches, where neither is 0; medians of six runs of each side in turns.

| module | sites | proved | unexercised | unmeasured | refused | benchmarks | allocs/op | B/op | ns/op | tests after | took |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |
`)
	for _, r := range rows {
		if r.report == nil {
			fmt.Fprintf(w, "| %s | | | | | | | | | | not done | |\n", r.target)
			continue
		}
		n := make(map[alloc.FixStatus]int)
		for _, f := range r.report.Fixes {
			n[f.Status]++
		}
		tests := fmt.Sprintf("%d pass", r.tests)
		if len(r.broken) > 0 {
			tests += fmt.Sprintf(", %d broken", len(r.broken))
		}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d | %s | %s | %s | %s | %.0f s |\n", r.target, len(r.report.Sites),
			n[alloc.Proved], n[alloc.Unexercised], n[alloc.Unmeasured], n[alloc.Refused], marks(r.report.Effects),
			mean(r.report.Effects, "allocs/op"), mean(r.report.Effects, "B/op"), mean(r.report.Effects, "ns/op"), tests, r.elapsed.Seconds())
	}
	fixers(w, rows)
	reasons(w, rows)
	notes(w, rows)
}

func marks(list []*alloc.Effect) int {
	seen := make(map[string]bool)
	for _, e := range list {
		seen[e.Package+e.Benchmark] = true
	}
	return len(seen)
}

// mean is the geometric mean of what a unit came to.
func mean(list []*alloc.Effect, unit string) string {
	sum, n := 0.0, 0
	for _, e := range list {
		if e.Unit == unit && e.Before > 0 && e.After > 0 {
			sum += math.Log(e.After / e.Before)
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f", math.Exp(sum/float64(n)))
}

// fixers writes what each fixer came to.
func fixers(w io.Writer, rows []row) {
	type count map[alloc.FixStatus]int
	by := make(map[string]count)
	for _, r := range rows {
		if r.report == nil {
			continue
		}
		for _, f := range r.report.Fixes {
			if by[f.Fixer] == nil {
				by[f.Fixer] = make(count)
			}
			by[f.Fixer][f.Status]++
		}
	}
	fmt.Fprint(w, "\n## By fixer\n\n| fixer | proved | unexercised | unmeasured | refused |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, name := range slices.Sorted(maps.Keys(by)) {
		n := by[name]
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d |\n", name, n[alloc.Proved], n[alloc.Unexercised], n[alloc.Unmeasured], n[alloc.Refused])
	}
}

// reasons writes why fixes were refused, by the step that refused them.
func reasons(w io.Writer, rows []row) {
	steps := []struct{ name, prefix string }{
		{"it would not compile", "it does not compile"},
		{"its edits do not apply", "its edits"},
		{"the compiler still lists the site", "the compiler still lists"},
		{"a new site comes", "a new site"},
		{"another site comes in its place", "another site"},
		{"go vet complains", "go vet"},
		{"a test fails", "a test fails"},
		{"together with another fix", "together"},
		{"a benchmark says no", "Benchmark"},
		{"it makes no difference", "it makes no difference"},
		{"an exported declaration would change", "it changes an exported"},
	}
	n := make(map[string]int)
	for _, r := range rows {
		if r.report == nil {
			continue
		}
		for _, f := range r.report.Fixes {
			if f.Status != alloc.Refused {
				continue
			}
			step := "by the fixer: its conditions do not hold"
			for _, s := range steps {
				if strings.HasPrefix(f.Reason, s.prefix) {
					step = s.name
				}
			}
			n[step]++
		}
	}
	fmt.Fprint(w, "\n## Refused\n\n| why | fixes |\n| --- | ---: |\n")
	for _, step := range slices.SortedFunc(maps.Keys(n), func(a, b string) int { return n[b] - n[a] }) {
		fmt.Fprintf(w, "| %s | %d |\n", step, n[step])
	}
}

// notes writes what went wrong.
func notes(w io.Writer, rows []row) {
	var list []string
	for _, r := range rows {
		if r.err != nil {
			list = append(list, fmt.Sprintf("- %s: %s", r.target, strings.ReplaceAll(r.err.Error(), "\n", " ")))
		}
		for _, name := range r.broken {
			list = append(list, fmt.Sprintf("- %s: %s fails with the fixes and did not before", r.target, name))
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(w, "\n## Notes\n\n%s\n", strings.Join(list, "\n"))
	}
}
