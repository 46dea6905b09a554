// Command worker measures one allocator. The bench command starts one for each
// and asks them in turn, so that all see the same moods of the machine.
//
//	worker -peer offheap
//
// reads requests, a line each, and answers each with a line: a pattern's name,
// the size, the number of goroutines and the pairs that each is to do, or 0 for
// as many as take the CPU time given by -time. The answer is the pairs done, and the
// wall and CPU time in nanoseconds.
//
// With -experiment it runs one of package memexp instead and prints what that
// measured.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/stackward-go/stackward/offheap/bench/internal/memexp"
	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	name := flags.String("peer", "offheap", "the `allocator`")
	target := flags.Duration("time", 30*time.Millisecond, "the CPU `time` of a run, for each goroutine")
	experiment := flags.String("experiment", "", "the `name` of an experiment of package memexp to run")
	scale := flags.Float64("scale", 1, "`factor` on the sizes of the experiment")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p, err := peer.ByName(*name)
	if err != nil {
		return err
	}
	if *experiment != "" {
		return memexp.Run(*experiment, p, *scale, stdout)
	}
	return serve(p, *target, stdin, stdout)
}

// serve answers requests until there are no more.
func serve(p *peer.Peer, target time.Duration, stdin io.Reader, stdout io.Writer) error {
	a := p.New()
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		var name string
		var params pattern.Params
		if _, err := fmt.Sscan(lines.Text(), &name, &params.Size, &params.Threads, &params.N); err != nil {
			return fmt.Errorf("request %q: %w", lines.Text(), err)
		}
		pat := pattern.ByName(name)
		if pat == nil {
			return fmt.Errorf("no pattern %q", name)
		}
		r := measure(func(p pattern.Params) pattern.Result { return pat.Run(a, p) }, params, target)
		if _, err := fmt.Fprintln(stdout, r.N, r.Wall.Nanoseconds(), r.CPU.Nanoseconds()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// measure runs the pattern with the pairs asked for, after a tenth of them to
// warm up, or finds out how many take the target.
func measure(run func(pattern.Params) pattern.Result, params pattern.Params, target time.Duration) pattern.Result {
	if params.N > 0 {
		warm := params
		warm.N = max(1, params.N/10)
		run(warm)
		return run(params)
	}
	params.N = 1000
	for {
		r := run(params)
		took := r.CPU / time.Duration(params.Threads)
		if took >= target*3/4 {
			return r
		}
		// As much more as it seems to need, but not 100 times as much.
		factor := float64(target) / float64(max(took, 1)) * 1.1
		params.N = max(params.N+1, int(float64(max(r.N, params.N))*min(factor, 100)))
	}
}
