package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/compare"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/load"
)

// loadFlags adds the flags of a load.
func loadFlags(flags *flag.FlagSet) *load.Config {
	c := &load.Config{}
	flags.IntVar(&c.Clients, "clients", 8, "connections")
	flags.IntVar(&c.Depth, "depth", 16, "commands that a client sends at once")
	w := &c.Workload
	flags.IntVar(&w.Entries, "entries", 2_000_000, "`number` of keys")
	flags.Float64Var(&w.Skew, "skew", 1.1, "exponent of the Zipf distribution of keys; 1 or less is a uniform one")
	flags.Float64Var(&w.Writes, "writes", 0.2, "`share` of commands that are SET; most others are GET")
	flags.Float64Var(&w.Deletes, "deletes", 0.02, "`share` of commands that are DEL")
	flags.Float64Var(&w.TTLs, "expiring", 0.1, "`share` of SETs with a time to live")
	flags.DurationVar(&w.TTL, "ttl", 5*time.Second, "that `time`")
	flags.Uint64Var(&w.Seed, "seed", 1, "seed of chance")
	return c
}

// check says what of a load makes no sense.
func check(c *load.Config) error {
	w := c.Workload
	switch {
	case c.Clients < 1 || c.Depth < 1 || w.Entries < 1:
		return fmt.Errorf("-clients, -depth and -entries must be above 0")
	case c.Depth > 1024:
		return fmt.Errorf("-depth must not be above 1024")
	case w.Writes < 0 || w.Deletes < 0 || w.Writes+w.Deletes > 1 || w.TTLs < 0 || w.TTLs > 1:
		return fmt.Errorf("-writes, -deletes and -expiring are shares, from 0 to 1")
	case w.TTLs > 0:
		return positive("ttl", w.TTL)
	}
	return nil
}

func loadCommand(ctx context.Context, flags *flag.FlagSet, args []string, stdout, _ io.Writer) error {
	c := loadFlags(flags)
	flags.StringVar(&c.Addr, "addr", "127.0.0.1:6380", "`address` of the server, or the path of its socket")
	flags.DurationVar(&c.Duration, "duration", 10*time.Second, "how `long`")
	flags.Float64Var(&c.Rate, "rate", 0, "open loop: commands in a `second`; 0 is a closed loop")
	fill := flags.Bool("fill", true, "set all keys first")
	if err := parse(flags, args); err != nil {
		return err
	}
	if err := check(c); err != nil {
		return err
	}
	c.Network = "tcp"
	if strings.Contains(c.Addr, "/") {
		c.Network = "unix"
	}
	if *fill {
		r, err := load.Fill(ctx, *c)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "set %d keys in %v\n", r.Ops, r.Elapsed.Round(time.Millisecond))
	}
	r, err := load.Run(ctx, *c)
	if err != nil {
		return err
	}
	us := func(percentile float64) float64 { return float64(r.Latency.ValueAtPercentile(percentile)) / 1e3 }
	fmt.Fprintf(stdout, "%d commands in %v: %.0f/s, %.1f%% hits\n", r.Ops, r.Elapsed.Round(time.Millisecond), r.Throughput(), 100*r.HitRatio())
	fmt.Fprintf(stdout, "latency in µs: p50 %.0f, p99 %.0f, p99.9 %.0f, max %.0f\n", us(50), us(99), us(99.9), us(100))
	if r.Errors+r.Wrong > 0 {
		return fmt.Errorf("%d errors, such as %q; %d wrong values", r.Errors, r.FirstError, r.Wrong)
	}
	return nil
}

func compareCommand(ctx context.Context, flags *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	l := loadFlags(flags)
	c := compare.Config{Log: stderr}
	flags.IntVar(&c.Repeats, "repeats", 3, "`times` that each storage is measured")
	flags.DurationVar(&c.Closed, "closed", 5*time.Second, "`time` for the closed loop")
	flags.DurationVar(&c.Open, "open", 8*time.Second, "`time` for the open loop")
	flags.Float64Var(&c.Rate, "rate", 0, "commands in a `second` of the open loop (default half of the first run's throughput)")
	gogc := flags.String("gogc", "100", "GOGC of the servers")
	maxMemory := flags.String("maxmemory", "", "`bytes` of all entries, such as 512M (default no limit)")
	memLimit := flags.String("memlimit", "", "`bytes` that a server should keep to; see serve -h")
	garbage := flags.Int("garbage", 1024, "`bytes` of Go's heap that each command takes and drops in the server; a bare net/http handler has 1400")
	short := flags.Bool("short", false, "a few seconds, to see whether it works")
	markdown := flags.Bool("markdown", false, "print the table in Markdown")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *short {
		l.Workload.Entries = min(l.Workload.Entries, 20_000)
		c.Repeats, c.Closed, c.Open = 1, 500*time.Millisecond, time.Second
	}
	if err := check(l); err != nil {
		return err
	}
	if c.Repeats < 1 {
		return fmt.Errorf("-repeats must be above 0")
	}
	if err := positive("closed", c.Closed); err != nil {
		return err
	}
	if err := positive("open", c.Open); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	c.Server, c.Load = []string{exe, "serve"}, *l
	more := []string{"-garbage", strconv.Itoa(*garbage)}
	for name, value := range map[string]string{"-maxmemory": *maxMemory, "-memlimit": *memLimit} {
		if value != "" {
			more = append(more, name, value)
		}
	}
	c.Variants = []compare.Variant{{Name: "Go heap", Storage: "go", GOGC: *gogc, Flags: more}, {Name: "offheap", Storage: "offheap", GOGC: *gogc, Flags: more}}
	results, rate, err := compare.Run(ctx, c)
	if err != nil {
		return err
	}
	c.Rate = rate
	describe(stdout, &c, *garbage, *gogc, *maxMemory, *memLimit)
	if *markdown {
		return compare.WriteMarkdown(stdout, results)
	}
	return compare.WriteText(stdout, results)
}

// describe says what was measured, and on what.
func describe(w io.Writer, c *compare.Config, garbage int, gogc, maxMemory, memLimit string) {
	or := func(value, none string) string {
		if value == "" {
			return none
		}
		return value
	}
	work := c.Load.Workload
	fmt.Fprintf(w, "%s %s/%s, %d CPUs%s, shared by server and clients.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpuModel())
	fmt.Fprintf(w, "%d keys; %g%% SET (%g%% of them expire after %v), %g%% DEL, the rest GET; a GET that misses is followed by a SET.\n",
		work.Entries, 100*work.Writes, 100*work.TTLs, work.TTL, 100*work.Deletes)
	fmt.Fprintf(w, "%d connections, %d commands at once; closed loop %v; open loop %v at %.0f op/s; median of %d runs.\n",
		c.Load.Clients, c.Load.Depth, c.Closed, c.Open, c.Rate, c.Repeats)
	fmt.Fprintf(w, "Both servers: GOGC=%s, limit of entries %s, limit of memory %s, %d bytes of garbage per command.\n\n", gogc, or(maxMemory, "none"), or(memLimit, "none"), garbage)
}

// cpuModel is the name of the CPU where the system tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return " (" + strings.TrimSpace(value) + ")"
		}
	}
	return ""
}
