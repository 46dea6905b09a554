// Package compare runs the same load against servers that differ in where their
// entries are, and puts what it measured side by side.
//
// Each server is a process of its own, and the clients are in another, this one.
// For each repetition and each storage:
//
//  1. a server starts, and all keys are set
//  2. a forced collection, so that what follows counts whole cycles
//  3. a closed loop, for the throughput
//  4. an open loop at a rate that is the same for all, for the latency
//  5. a forced collection, whose cost is measured
//
// The order of the storages turns around from one repetition to the next. What
// is told is the median of the repetitions.
package compare

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/load"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/process"
)

// Config is what is compared, and how.
type Config struct {
	Server   []string // command that serves; flags are appended
	Variants []Variant
	Repeats  int
	Closed   time.Duration
	Open     time.Duration

	// Rate of the open loop, commands in a second. 0 is half of the throughput of
	// the closed loop in the first run of all.
	Rate float64

	Load load.Config // its Network, Addr, Rate and Duration are not used
	Log  io.Writer   // for what happens meanwhile
}

// A Variant is a server.
type Variant struct {
	Name    string
	Storage string
	GOGC    string   // the environment variable
	Flags   []string // more of them
}

// A Result is medians of what was measured of a variant.
type Result struct {
	Variant Variant
	Values  map[string]float64 // by the name of the metric
}

// Run measures all variants. It returns the rate of the open loop, too.
func Run(ctx context.Context, config Config) ([]Result, float64, error) {
	runs := make([][]map[string]float64, len(config.Variants))
	for repeat := range config.Repeats {
		for i := range config.Variants {
			if repeat%2 == 1 {
				i = len(config.Variants) - 1 - i
			}
			v := config.Variants[i]
			fmt.Fprintf(config.Log, "run %d of %d, %s:", repeat+1, config.Repeats, v.Name)
			values, err := config.measure(ctx, v)
			if err != nil {
				fmt.Fprintln(config.Log)
				if ctx.Err() != nil {
					err = ctx.Err() // which ended the server
				}
				return nil, 0, fmt.Errorf("%s: %w", v.Name, err)
			}
			runs[i] = append(runs[i], values)
		}
	}
	results := make([]Result, len(runs))
	for i, values := range runs {
		results[i] = Result{config.Variants[i], medians(values)}
	}
	return results, config.Rate, nil
}

// medians is each metric's median. Where the number of values is even it is the
// mean of the two in the middle.
func medians(runs []map[string]float64) map[string]float64 {
	m := map[string]float64{}
	for name := range runs[0] {
		var values []float64
		for _, run := range runs {
			values = append(values, run[name])
		}
		slices.Sort(values)
		m[name] = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	return m
}

// measure measures a variant once. It sets the rate if that is not set.
func (config *Config) measure(ctx context.Context, v Variant) (values map[string]float64, err error) {
	argv := append(slices.Clone(config.Server), "-addr", "127.0.0.1:0", "-storage", v.Storage, "-debug")
	s, err := startServer(ctx, append(argv, v.Flags...), "GOGC="+v.GOGC)
	if err != nil {
		return nil, err
	}
	defer func() {
		if stopErr := s.stop(); err == nil && stopErr != nil {
			err = fmt.Errorf("the server ended with %w", stopErr)
		}
	}()
	l := config.Load
	l.Network, l.Addr = "tcp", s.addr

	fill, err := config.load(ctx, "fill", l, load.Fill)
	if err != nil {
		return nil, err
	}
	if _, err := s.collect(); err != nil {
		return nil, err
	}
	before, err := s.info()
	if err != nil {
		return nil, err
	}
	cpu := startCPU()
	l.Duration = config.Closed
	closed, err := config.load(ctx, "closed loop", l, load.Run)
	if err != nil {
		return nil, err
	}
	if config.Rate == 0 {
		config.Rate = closed.Throughput() / 2
	}
	l.Rate, l.Duration = config.Rate, config.Open
	open, err := config.load(ctx, "open loop", l, load.Run)
	if err != nil {
		return nil, err
	}
	after, err := s.info()
	if err != nil {
		return nil, err
	}
	others := cpu.others(after["cpu_seconds"] - before["cpu_seconds"])
	wall, err := s.collect()
	if err != nil {
		return nil, err
	}
	last, err := s.info()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(config.Log)
	return valuesOf(measured{fill, closed, open, before, after, last, wall, others}), nil
}

// load runs a load, and takes no wrong reply.
func (config *Config) load(ctx context.Context, name string, l load.Config, run func(context.Context, load.Config) (*load.Result, error)) (*load.Result, error) {
	r, err := run(ctx, l)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case r.Wrong > 0:
		return nil, fmt.Errorf("%s: %d of %d replies are not what was set", name, r.Wrong, r.Ops)
	case r.Errors > 0:
		return nil, fmt.Errorf("%s: %d of %d replies are errors, such as %q", name, r.Errors, r.Ops, r.FirstError)
	}
	fmt.Fprintf(config.Log, " %s %.0f/s", name, r.Throughput())
	return r, nil
}

// measured is all of a run.
type measured struct {
	fill, closed, open  *load.Result
	before, after, last map[string]float64 // INFO: around the loops, and after the forced collection
	collect             time.Duration
	others              float64 // share of the machine's CPU that other programs had in the loops
}

// A cpuMeter tells who has the CPU.
type cpuMeter struct {
	at            time.Time
	machine, self time.Duration
}

func startCPU() cpuMeter {
	return cpuMeter{time.Now(), process.MachineCPU(), process.Self().CPU}
}

// others is the share of the machine's CPU since the start that programs had
// besides this one and the server, which had so many seconds. It is 0 where the
// system does not tell.
func (m cpuMeter) others(server float64) float64 {
	now := startCPU()
	used := (now.machine - m.machine - (now.self - m.self)).Seconds() - server
	return max(0, used/(now.at.Sub(m.at).Seconds()*float64(runtime.NumCPU())))
}
