package main

import (
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

const head = `## Contracts on real modules

What stackward check says of functions that real modules promise not to allocate, and what running them shows. Made by

    go run ./docs/contracts -w docs/accuracy.md

with %s. docs/contracts/modules has the modules, where each makes the promise, and a driver for each function. The functions are given //stackward:noalloc in a copy of the module. Each driver runs in %d new processes, with 32 inputs and 20 rounds of them, the garbage collector off; what counts is the least.

- *verdict*: kept; assumed, with the number of assumptions; broken.
- *measured*: what calls allocate on the path that is promised. Never; amortised, which is only by the first round (its objects in brackets), or now and then; sometimes, for some of the inputs each time; always. Behind "rare" the same of a path that is not promised: an error, another kind of input.
- *false pass*: kept, and it allocates. *false alarm*: broken, and no measured path allocates each time it is taken. *assumption*: assumed, and it allocates each time on the promised path: what is assumed is not so.

`

// An outcome is how a verdict goes with the truth.
type outcome string

const (
	right      outcome = "right"
	falsePass  outcome = "**false pass**"
	falseAlarm outcome = "false alarm"
	assumption outcome = "assumption"
)

func (f *function) outcome() outcome {
	allocates, ever := false, false // each time on some path; on any
	for _, t := range f.truths {
		c := t.class()
		allocates = allocates || c == sometimes || c == always
		ever = ever || c != never
	}
	switch {
	case f.verdict == "" || len(f.truths) == 0:
		return ""
	case f.verdict == alloc.Kept && ever:
		return falsePass
	case f.verdict == alloc.Broken && !allocates:
		return falseAlarm
	case f.verdict == alloc.Assumed:
		if c := f.truths[0].class(); c == sometimes || c == always {
			return assumption
		}
	}
	return right
}

func write(w io.Writer, rows []row) {
	version, _ := exec.Command("go", "version").Output()
	fmt.Fprintf(w, head, strings.TrimSpace(strings.TrimPrefix(string(version), "go version ")), processes)
	fmt.Fprint(w, "| module | functions | kept | assumed | assumptions | broken | false passes | false alarms | assumptions that are not so |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	var all []*function
	for _, r := range rows {
		total(w, r.target.Modules[0], r.functions)
		all = append(all, r.functions...)
	}
	total(w, "all", all)
	fmt.Fprint(w, "\n| function | verdict | measured | outcome |\n| --- | --- | --- | --- |\n")
	for _, r := range rows {
		module, _, _ := strings.Cut(r.target.Modules[0], "@")
		for _, f := range r.functions {
			verdict := string(f.verdict)
			if n := len(f.assumptions); f.verdict == alloc.Assumed {
				verdict = fmt.Sprintf("%s (%d)", verdict, n)
			}
			fmt.Fprintf(w, "| %s.%s | %s | %s | %s |\n", short(module, f.pkg), f.name, verdict, f.measured(), f.outcome())
		}
	}
	explain(w, rows)
}

func total(w io.Writer, name string, list []*function) {
	n := make(map[any]int)
	assumptions := 0
	for _, f := range list {
		n[f.verdict]++
		n[f.outcome()]++
		if f.verdict == alloc.Assumed {
			assumptions += len(f.assumptions)
		}
	}
	fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", name, len(list), n[alloc.Kept], n[alloc.Assumed], assumptions, n[alloc.Broken],
		n[falsePass], n[falseAlarm], n[assumption])
}

// short is a package's import path without all but the last element of its
// module's.
func short(module, pkg string) string {
	parts := strings.Split(module, "/")
	name := parts[len(parts)-1]
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = parts[len(parts)-2]
	}
	return strings.TrimSuffix(name+"/"+pkg, "/.")
}

func (f *function) measured() string {
	var parts []string
	for i, t := range f.truths {
		s := string(t.class())
		if t.class() == amortised && t.first > 0 {
			s += fmt.Sprintf(" (%d)", t.first)
		}
		if i > 0 {
			s = "rare: " + s
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// explain says what the verdicts that are not right rest on.
func explain(w io.Writer, rows []row) {
	list := func(title string, o outcome, reasons func(f *function) []string) {
		first := true
		for _, r := range rows {
			module, _, _ := strings.Cut(r.target.Modules[0], "@")
			for _, f := range r.functions {
				if f.outcome() != o {
					continue
				}
				if first {
					fmt.Fprintf(w, "\n%s\n\n", title)
					first = false
				}
				fmt.Fprintf(w, "- %s.%s: %s\n", short(module, f.pkg), f.name, strings.Join(reasons(f), "; "))
			}
		}
	}
	list("The false alarms, by what is said to allocate:", falseAlarm, func(f *function) []string { return f.findings })
	assumed(w, rows)
	list("The assumptions that are not so:", assumption, func(f *function) []string { return f.assumptions })
	first := true
	for _, r := range rows {
		for _, n := range r.notes {
			if first {
				fmt.Fprint(w, "\nNot done:\n\n")
				first = false
			}
			fmt.Fprintf(w, "- %s: %s\n", r.target.Modules[0], strings.ReplaceAll(n, "\n", " "))
		}
	}
}

// subjects are what assumptions are about, by the words that they begin with.
var subjects = []struct{ prefix, subject string }{
	{"append to ", "growth of memory that is kept"},
	{"a new key of ", "growth of memory that is kept"},
	{"memory that is kept ", "growth of memory that is kept"},
	{"takes from a sync.Pool", "a sync.Pool or sync.Once"},
	{"gives to a sync.Pool", "a sync.Pool or sync.Once"},
	{"calls a sync.Once", "a sync.Pool or sync.Once"},
	{"calls the function value ", "a call of a function value"},
	{"calls ", "a call of an interface's method"},
}

// assumed counts what the functions that are assumed to keep their promise rest on.
func assumed(w io.Writer, rows []row) {
	n := make(map[string]int)
	total := 0
	for _, r := range rows {
		for _, f := range r.functions {
			if f.verdict != alloc.Assumed {
				continue
			}
			for _, a := range f.assumptions {
				subject := "something else"
				for _, s := range subjects {
					if strings.HasPrefix(a, s.prefix) {
						subject = s.subject
						break
					}
				}
				n[subject]++
				total++
			}
		}
	}
	if total == 0 {
		return
	}
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%s %d", s, n[s]))
	}
	fmt.Fprintf(w, "\nThe %d assumptions of the functions that are assumed to keep their promise, by what they are about: %s.\n", total, strings.Join(parts, ", "))
}
