// Accuracy makes docs/accuracy.md: it runs "stackward cost" on the benchmarks
// of real modules and says what share of their allocations was placed.
//
//	go run ./docs/accuracy >docs/accuracy.md
//
// The modules are those that modules.txt names, fetched with the go command,
// copied to a temporary directory and measured there, one by one. With modules
// as arguments it measures those instead.
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

//go:embed modules.txt
var modules string

func main() {
	list := os.Args[1:]
	if len(list) == 0 {
		list = strings.Split(strings.TrimSpace(modules), "\n")
	}
	if err := run(list); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// A row is one module's benchmarks.
type row struct {
	module, note       string
	benchmarks         int
	exact              int     // recorded within 0.005 allocs/op of what was reported
	recorded, reported float64 // allocs/op, summed
	explained          float64
	fully              int // benchmarks with at least 99 % explained
	worst              *alloc.Benchmark
	sites              int
}

func run(list []string) error {
	tmp, err := os.MkdirTemp("", "accuracy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tool := filepath.Join(tmp, "stackward")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/stackward").CombinedOutput(); err != nil {
		return fmt.Errorf("building stackward: %s", out)
	}
	var rows []row
	for _, m := range list {
		fmt.Fprintln(os.Stderr, "measuring", m)
		rows = append(rows, measure(tmp, tool, m))
	}
	write(rows)
	return nil
}

// measure measures a package of one module, "path@version ./package"; what goes
// wrong is noted.
func measure(tmp, tool, target string) row {
	r := row{module: target}
	module, pkg, _ := strings.Cut(target, " ")
	pkg = cmp.Or(pkg, ".")
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	var info struct{ Dir, Version string }
	if err != nil || json.Unmarshal(out, &info) != nil {
		r.note = "could not be fetched"
		return r
	}
	dir := filepath.Join(tmp, strings.NewReplacer("/", "_", "@", "_").Replace(module))
	if err := os.CopyFS(dir, os.DirFS(info.Dir)); err != nil {
		r.note = err.Error()
		return r
	}
	cmd := exec.Command(tool, "cost", "-bench", ".", "-benchtime", "200x", "-timeout", "3m", "-format=json", pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "PWD="+dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		lines := strings.SplitN(stderr.String(), "\n", 3)
		r.note = strings.TrimSpace(strings.Join(lines[:min(2, len(lines))], " "))
	}
	rep, err := alloc.ReadJSON(&stdout)
	if err != nil {
		r.note = cmp.Or(r.note, err.Error())
		return r
	}
	for _, b := range rep.Benchmarks {
		r.benchmarks++
		if math.Abs(b.RecordedAllocsPerOp-b.AllocsPerOp) <= 0.005 {
			r.exact++
		}
		r.recorded += b.RecordedAllocsPerOp
		r.reported += b.AllocsPerOp
		r.explained += b.AllocsPerOp - b.UnexplainedAllocsPerOp
		if b.Explained >= 0.99 {
			r.fully++
		}
		if r.worst == nil || b.UnexplainedAllocsPerOp > r.worst.UnexplainedAllocsPerOp {
			r.worst = b
		}
	}
	r.sites = len(rep.Sites)
	return r
}

func write(rows []row) {
	version, _ := exec.Command("go", "version").Output()
	fmt.Printf(`# Accuracy

What share of the allocations of real benchmarks stackward places at a site with a kind, a cause and a line. Made by

    go run ./docs/accuracy >docs/accuracy.md

with %s. Each module's root package, or the one named, is measured with -benchtime 200x. *exact* counts the benchmarks whose recorded sum is within 0.005 allocs/op of what package testing counted in the same run; *explained* is the share of all their allocs/op, and the number of benchmarks of which at least 99 %% is explained.

| module | benchmarks | allocs/op, sum | recorded | exact | explained | ≥ 99 %% explained | sites |
| --- | --- | --- | --- | --- | --- | --- | --- |
`, strings.TrimSpace(strings.TrimPrefix(string(version), "go version ")))
	var all row
	for _, r := range rows {
		if r.benchmarks == 0 {
			continue
		}
		line(r)
		all.benchmarks += r.benchmarks
		all.reported += r.reported
		all.recorded += r.recorded
		all.exact += r.exact
		all.explained += r.explained
		all.fully += r.fully
		all.sites += r.sites
	}
	all.module = "all"
	line(all)

	fmt.Print("\n## The worst\n\n")
	worst := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.worst == nil || r.worst.UnexplainedAllocsPerOp == 0 })
	slices.SortFunc(worst, func(a, b row) int {
		return cmp.Compare(b.worst.UnexplainedAllocsPerOp, a.worst.UnexplainedAllocsPerOp)
	})
	for _, r := range worst[:min(8, len(worst))] {
		b := r.worst
		fmt.Printf("- %s %s: %.4g of %.4g allocs/op unexplained, %.4g recorded\n", r.module, b.Name, b.UnexplainedAllocsPerOp, b.AllocsPerOp, b.RecordedAllocsPerOp)
	}
	if len(worst) == 0 {
		fmt.Println("None: everything was placed.")
	} else {
		fmt.Print("\nWhat is recorded short of the reported figure was allocated by other goroutines or the runtime between the reading of its counters and the switch of the recorder.\n")
	}
	fmt.Print("\n## Not measured\n\n")
	none := true
	for _, r := range rows {
		if r.note != "" {
			none = false
			fmt.Printf("- %s: %s\n", r.module, r.note)
		}
	}
	if none {
		fmt.Println("None.")
	}
}

func line(r row) {
	r.module = strings.TrimSuffix(strings.TrimSpace(r.module), "@latest")
	share := 1.0
	if r.reported > 0 {
		share = r.explained / r.reported
	}
	fmt.Printf("| %s | %d | %.1f | %.1f | %d | %.2f %% | %d | %d |\n", r.module, r.benchmarks, r.reported, r.recorded, r.exact, 100*share, r.fully, r.sites)
}
