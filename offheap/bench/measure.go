package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/offheap/bench/internal/memexp"
	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

// A cell is one thing to measure with each allocator.
type cell struct {
	pattern *pattern.Pattern
	size    int // 0 if the pattern has sizes of its own
	threads int
}

// cells is all there is to measure.
func cells() (all []cell) {
	for i := range pattern.Patterns {
		p := &pattern.Patterns[i]
		sizes := []int{0}
		if p.Fixed {
			sizes = peer.Sizes
		}
		for _, threads := range p.Threads {
			for _, size := range sizes {
				all = append(all, cell{p, size, threads})
			}
		}
	}
	return all
}

// can reports whether the program has the cell.
func (p program) can(c cell) bool {
	if p.raw {
		return c.pattern.Name == "pair" || c.pattern.Name == "batch"
	}
	if known, err := peer.ByName(p.name); err == nil && known.Single {
		return c.threads == 1
	}
	return true
}

// name is the benchmark's, without "Benchmark".
func (c cell) name(by string) string {
	s := strings.ToUpper(c.pattern.Name[:1]) + c.pattern.Name[1:] + "/by=" + by
	if c.size > 0 {
		s += fmt.Sprintf("/size=%d", c.size)
	}
	return s + fmt.Sprintf("/threads=%d", c.threads)
}

// A process is a running program.
type process struct {
	program
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Reader
	pairs   map[cell]int // that take the plan's time; of all rounds
}

func (p program) start(plan plan, pairs map[cell]int) (*process, error) {
	args := slices.Concat(p.args, []string{"-time", plan.time.String()})
	if p.raw {
		args = []string{fmt.Sprint(plan.time.Nanoseconds())}
	}
	cmd := exec.Command(p.path, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = new(strings.Builder)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{p, cmd, in, bufio.NewReader(out), pairs}, nil
}

// stop ends the process.
func (p *process) stop() error {
	err := p.in.Close()
	if werr := p.cmd.Wait(); werr != nil {
		err = fmt.Errorf("%s: %w\n%s", p.name, werr, p.cmd.Stderr)
	}
	return err
}

// ask measures a cell once and returns a line of results.
func (p *process) ask(c cell) (string, error) {
	if _, err := fmt.Fprintln(p.in, c.pattern.Name, c.size, c.threads, p.pairs[c]); err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	var n, wall, cpu int
	if _, err := fmt.Fscanln(p.answers, &n, &wall, &cpu); err != nil {
		return "", fmt.Errorf("%s of %s: %w", c.name(p.name), p.name, err)
	}
	p.pairs[c] = n
	total := n
	if !c.pattern.Flow {
		total *= c.threads
	}
	return fmt.Sprintf("Benchmark%s %d %.4g ns/op %.4g cpu-ns/op\n", c.name(p.name), n,
		float64(wall)/float64(n), float64(cpu)/float64(total)), nil
}

// patterns measures all cells with all programs, in rounds. One round before
// them, which is not written, finds out how many pairs take the plan's time.
func patterns(plan plan, programs []program, w io.Writer, log io.Writer) error {
	pairs := make([]map[cell]int, len(programs))
	for i := range pairs {
		pairs[i] = map[cell]int{}
	}
	for n := range plan.rounds + 1 {
		fmt.Fprintf(log, "patterns: round %d of %d\n", n, plan.rounds)
		lines, err := round(plan, n, programs, pairs)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if _, err := io.WriteString(w, lines); err != nil {
			return err
		}
	}
	return nil
}

// round measures all cells once. Each round has new processes: where a process
// happens to have its memory makes a difference of up to a third, for all that it
// measures.
func round(plan plan, n int, programs []program, pairs []map[cell]int) (lines string, err error) {
	var running []*process
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.stop())
		}
	}()
	for i, p := range programs {
		r, err := p.start(plan, pairs[i])
		if err != nil {
			return "", err
		}
		running = append(running, r)
	}
	for i, c := range cells() {
		for k := range running {
			// Another one is first each time.
			p := running[(k+i+n)%len(running)]
			if !p.can(c) {
				continue
			}
			line, err := p.ask(c)
			if err != nil {
				return "", err
			}
			lines += line
		}
	}
	return lines, nil
}

// experimentPeers is the allocators of each of package memexp's experiments, by
// the first word of its name.
var experimentPeers = map[string][]string{
	"live":  {"null", "make", "offheap-zeroed", "offheap", "offheap-cache", "cgo-mimalloc"},
	"table": {"make", "offheap"},
	"frag":  {"null", "offheap", "offheap-cache", "make", "cgo-mimalloc", "cgo-jemalloc", "cgo-tcmalloc", "cgo-glibc"},
}

// experiments runs the experiments of a kind, or all, with their allocators, each
// in a process.
func experiments(plan plan, only string, programs []program, w io.Writer, log io.Writer) error {
	for repetition := range plan.repetitions {
		for _, name := range memexp.Names {
			kind, _, _ := strings.Cut(name, "-")
			if only != "" && only != "experiments" && only != kind {
				continue
			}
			fmt.Fprintf(log, "experiments: %s, %d of %d\n", name, repetition+1, plan.repetitions)
			for _, by := range experimentPeers[kind] {
				i := slices.IndexFunc(programs, func(p program) bool { return p.name == by })
				if i < 0 {
					continue // left out
				}
				p := programs[i]
				cmd := exec.Command(p.path, slices.Concat(p.args, []string{"-experiment", name, "-scale", fmt.Sprint(plan.scale)})...)
				cmd.Stdout = w
				var stderr strings.Builder
				cmd.Stderr = &stderr
				if err := cmd.Run(); err != nil {
					return fmt.Errorf("%s of %s: %w\n%s", name, by, err, stderr.String())
				}
			}
		}
	}
	return nil
}
