// Command bench compares offheap with other allocators, and writes what it
// measured, plots of it, and the table of offheap's README.
//
//	go run .            # all, about 15 minutes
//	go run . -short     # about two minutes, for trying
//	go run . -report    # only the plots and the table, from the results there are
//
// It runs on Linux. Peers through cgo need Debian's libmimalloc-dev, libjemalloc-dev and
// libgoogle-perftools-dev; what is not there is left out, and the table says so.
// The raw mimalloc needs its sources, since Debian has no static library:
//
//	git clone -b v2.0.9 https://github.com/microsoft/mimalloc
//	go run . -mimalloc mimalloc
//
// Each allocator has a process of its own, and all are asked in turn, in rounds:
// a round has each pattern, and for each pattern each allocator, one at a time.
// Each round has new processes.
// See package pattern for the patterns, package memexp for the experiments about
// the collector and fragmentation, and package report for how the figures are
// made.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/stackward-go/stackward/offheap/bench/internal/report"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// A plan is how much is measured.
type plan struct {
	rounds      int           // of the patterns
	time        time.Duration // of a pattern's run, on the CPU
	repetitions int           // of the experiments
	scale       float64       // of the experiments
}

var (
	full  = plan{rounds: 6, time: 40 * time.Millisecond, repetitions: 3, scale: 1}
	short = plan{rounds: 2, time: 8 * time.Millisecond, repetitions: 1, scale: 0.1}
)

func run(args []string, log io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	isShort := flags.Bool("short", false, "measure less, for trying; writes nothing but the results file")
	onlyReport := flags.Bool("report", false, "measure nothing: make the plots and the table from the results file")
	out := flags.String("out", "results", "`folder` for the results")
	readme := flags.String("readme", filepath.Join("..", "README.md"), "`file` that has the table")
	source := flags.String("mimalloc", "", "`folder` with mimalloc's sources")
	only := flags.String("only", "", "only the `part`: patterns, experiments, or live, table or frag; makes no report")
	if err := flags.Parse(args); err != nil {
		return err
	}
	name := runtime.GOOS + "-" + runtime.GOARCH + ".txt"
	if *isShort {
		name = "short.txt"
	}
	file := filepath.Join(*out, name)
	if !*onlyReport {
		p := full
		if *isShort {
			p = short
		}
		if err := measure(p, *only, *source, file, args, log); err != nil {
			return err
		}
	}
	if *only != "" {
		return nil // a part is no report
	}
	set, err := report.Read(file)
	if err != nil {
		return err
	}
	if *isShort {
		_, err := io.WriteString(log, report.Markdown(set))
		return err
	}
	if err := report.Plots(set, *out); err != nil {
		return err
	}
	return report.Insert(*readme, report.Markdown(set))
}

// measure does the plan and writes the results file.
func measure(p plan, only, source, file string, args []string, log io.Writer) (err error) {
	start := time.Now()
	temp, err := os.MkdirTemp("", "offheap-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	programs, err := build(temp, source, log)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := writeConfig(f, p, args, start); err != nil {
		return err
	}
	if only == "" || only == "patterns" {
		if err := patterns(p, programs, f, log); err != nil {
			return err
		}
	}
	if only != "patterns" {
		if err := experiments(p, only, programs, f, log); err != nil {
			return err
		}
	}
	fmt.Fprintf(log, "measured for %v\n", time.Since(start).Round(time.Second))
	return nil
}

// writeConfig writes what the figures depend on.
func writeConfig(w io.Writer, p plan, args []string, start time.Time) error {
	config := [][2]string{
		{"date", start.UTC().Format(time.DateOnly)},
		{"command", strings.Join(append([]string{"go run ."}, hidePaths(args)...), " ")},
		{"rounds", fmt.Sprintf("%d of %v, experiments %d times at scale %g", p.rounds, p.time, p.repetitions, p.scale)},
		{"goos", runtime.GOOS},
		{"goarch", runtime.GOARCH},
		{"cpu", cpuModel()},
		{"cpus", fmt.Sprint(runtime.NumCPU())},
		{"kernel", firstWord("/proc/sys/kernel/osrelease")},
		{"load", firstWord("/proc/loadavg")},
		{"go", runtime.Version()},
	}
	if commit := measuredCommit(".."); commit != "" {
		config = append(config, [2]string{"offheap", commit})
	}
	for _, module := range []string{"modernc.org/memory", "github.com/dgraph-io/ristretto/v2"} {
		version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
		if err != nil {
			return fmt.Errorf("version of %s: %w", module, err)
		}
		config = append(config, [2]string{strings.ReplaceAll(module, "/", "-"), strings.TrimSpace(string(version))})
	}
	for _, deb := range []string{"libmimalloc2.0", "libjemalloc2", "libtcmalloc-minimal4", "libc6", "gcc"} {
		version, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", deb).Output()
		if err != nil {
			continue // not Debian, or not there
		}
		config = append(config, [2]string{deb, string(version)})
	}
	for _, c := range config {
		if _, err := fmt.Fprintf(w, "%s: %s\n", c[0], c[1]); err != nil {
			return err
		}
	}
	return nil
}

// measuredCommit is the last commit that changed the sources of the package in a
// folder, and whether they were changed since: "3fa162d0c1b2 and changes". It is
// "" where git does not know. The build information has none: the package is in
// another module, by a replace directive.
func measuredCommit(dir string) string {
	git := func(args ...string) (string, error) {
		args = append(args, "--", ":(glob)*.go", ":(glob)*.s", "go.mod")
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("log", "-1", "--abbrev=12", "--format=%h")
	if err != nil {
		return ""
	}
	if changes, err := git("status", "--porcelain"); err != nil || changes != "" {
		commit += " and changes"
	}
	return commit
}

// hidePaths leaves of each argument that is a path only its end.
func hidePaths(args []string) []string {
	hidden := make([]string, len(args))
	for i, a := range args {
		hidden[i] = filepath.Base(a)
	}
	return hidden
}

func firstWord(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	word, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return word
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
