package main

import (
	"cmp"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

const head = `# Accuracy

What share of the allocations of real benchmarks stackward explains: at a site with a kind, a cause that some evidence tells, and a line of the module's own that brought it about. Made by

    go run ./docs/accuracy >docs/accuracy.md

with %s. docs/accuracy/modules.txt names the modules. They are fetched with the go command and copied. The one marked vendored is a module that go mod vendor was run on, the workspace is a go.work over two modules: published modules have neither. Each package is measured with -benchtime %s and a -timeout of %v.

- *packages*, *benchmarks*: those that ran.
- *allocs/op*: what package testing counted, summed over the benchmarks; *recorded*: what the recorder saw of it.
- *exact*: benchmarks whose recorded sum is within 0.005 allocs/op.
- *explained*: the share of allocs/op with kind, cause and line; *≥ 99 %%*: benchmarks of which at least 99 %% is.
- *sites*: where they allocate, the standard library and dependencies included.
- *find*: of the allocs/op at sites in the module itself, the share at sites that stackward find -tests ./... lists as well.
- *explain*: of the %d sites in the module itself that cost most and escape, how many stackward explain follows to what forces them to the heap.

| module | packages | benchmarks | allocs/op | recorded | exact | explained | ≥ 99 %% | sites | find | explain |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

func write(w io.Writer, rows []row) {
	version, _ := exec.Command("go", "version").Output()
	fmt.Fprintf(w, head, strings.TrimSpace(strings.TrimPrefix(string(version), "go version ")), benchtime, timeout, explains)
	all := row{packages: make(map[string]bool)}
	for _, r := range rows {
		if r.benchmarks == 0 {
			continue
		}
		line(w, r.target.String(), r)
		for p := range r.packages {
			all.packages[p] = true
		}
		all.benchmarks += r.benchmarks
		all.exact += r.exact
		all.fully += r.fully
		all.recorded += r.recorded
		all.reported += r.reported
		all.explained += r.explained
		all.noCause += r.noCause
		all.noLine += r.noLine
		all.sites += r.sites
		all.own += r.own
		all.listed += r.listed
		all.tried += r.tried
		all.ended += r.ended
		all.bad = append(all.bad, r.bad...)
	}
	line(w, "all", all)
	worst(w, all)
	troubles(w, rows)
}

func line(w io.Writer, name string, r row) {
	fmt.Fprintf(w, "| %s | %d | %d | %.1f | %.1f | %d | %s | %d | %d | %s | %d of %d |\n", name, len(r.packages), r.benchmarks,
		r.reported, r.recorded, r.exact, share(r.explained, r.reported), r.fully, r.sites, share(r.listed, r.own), r.ended, r.tried)
}

// share is a part of a whole in percent, never rounded up to all of it.
func share(part, whole float64) string {
	if whole == 0 {
		return "–"
	}
	s := fmt.Sprintf("%.2f %%", 100*part/whole)
	if s == "100.00 %" && part < whole*(1-1e-9) {
		return "> 99.99 %"
	}
	return s
}

// worst lists the benchmarks of which the most is not explained, one for each
// reason.
func worst(w io.Writer, all row) {
	fmt.Fprintf(w, "\n## The worst\n\nNot explained: %.4g allocs/op of %.1f: %.4g not recorded, %.4g without a cause, %.4g without a line of the module's own.\n",
		all.reported-all.explained, all.reported, max(0, all.reported-all.recorded), all.noCause, all.noLine)
	if len(all.bad) == 0 {
		fmt.Fprintln(w, "\nNo benchmark is explained to less than 99 %.")
		return
	}
	fmt.Fprintf(w, "\nExplained to less than 99 %%: %d of %d benchmarks. Those with the most that is not, by what most of it is:\n\n", len(all.bad), all.benchmarks)
	type group struct {
		bad
		n int
	}
	var groups []group
	for _, b := range all.bad {
		i := slices.IndexFunc(groups, func(g group) bool { return g.why == b.why })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{bad: b})
		}
		groups[i].n++
		if b.UnexplainedAllocsPerOp > groups[i].UnexplainedAllocsPerOp {
			groups[i].bad = b
		}
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Compare(b.UnexplainedAllocsPerOp, a.UnexplainedAllocsPerOp)
	})
	const most = 12
	for _, g := range groups[:min(most, len(groups))] {
		fmt.Fprintf(w, "- %s %s: %.3g of %.4g allocs/op (%s explained). %s. So in %s.\n", g.Package, g.Name,
			g.UnexplainedAllocsPerOp, g.AllocsPerOp, share(g.Explained, 1), upper(g.why), benchmarks(g.n))
	}
	if n := len(groups) - most; n > 0 {
		fmt.Fprintf(w, "- and %d other reasons, each of less.\n", n)
	}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func benchmarks(n int) string {
	if n == 1 {
		return "1 benchmark"
	}
	return fmt.Sprintf("%d benchmarks", n)
}

// troubles lists what was not measured.
func troubles(w io.Writer, rows []row) {
	fmt.Fprint(w, "\n## Not measured\n\n")
	none := true
	for _, r := range rows {
		for _, n := range r.notes {
			none = false
			fmt.Fprintf(w, "- %s: %s\n", r.target, strings.ReplaceAll(n, "\n", " "))
		}
	}
	if none {
		fmt.Fprintln(w, "Nothing was left out.")
	}
}
