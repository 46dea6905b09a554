package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const costHelp = `usage: stackward cost -bench|-compare|-run|-profile which [flags] [packages]
       stackward cost [flags] -- go run package [arguments]

Cost says what each site costs: each allocation of benchmarks, tests or a program
(until it ends or Ctrl-C; if it fails, the exit status is 1), at its source
expression and your own line that brought it about; what has none has its own row.

  -bench regexp   benchmarks to run, as of go test
  -compare list   BenchmarkA,BenchmarkB side by side: time, B/op, allocs/op, GC
                  cycles and pauses, over -count runs (6) of -benchtime (1000000x)
  -run regexp     tests to run, as of go test
  -benchtime t, -count n, -cpu list
                  as of go test; 100x is a number of operations
  -timeout d      end a test binary after this time (10m)
  -profile p      weigh by a pprof heap or allocs profile, of this build or an older
  -base p         subtract this profile
  -index i        rank a profile by objects, bytes or inuse (bytes)
  -top n          show the first n sites of each benchmark (20; 0 shows all)
  -format f       text, json, pprof (for go tool pprof) or bench (for benchstat)
  -cause, -kind, -func, -o   as of find
` + buildHelp + `
example: stackward cost -bench . ./pkg
`

func defineCost(fs *flag.FlagSet) runner {
	var (
		b       buildFlags
		f       filterFlags
		o       output
		req     engine.CostRequest
		compare string
	)
	b.define(fs)
	f.define(fs)
	o.define(fs)
	fs.StringVar(&req.Bench, "bench", "", "benchmarks to run")
	fs.StringVar(&req.Run, "run", "", "tests to run")
	fs.StringVar(&compare, "compare", "", "benchmarks side by side")
	fs.StringVar(&req.Benchtime, "benchtime", "", "as of go test")
	fs.IntVar(&req.Count, "count", 0, "as of go test")
	fs.StringVar(&req.CPU, "cpu", "", "as of go test")
	fs.DurationVar(&req.Timeout, "timeout", 10*time.Minute, "end a test binary after this time")
	fs.StringVar(&req.Profile, "profile", "", "weigh by a heap profile")
	fs.StringVar(&req.Base, "base", "", "subtract this profile")
	fs.StringVar(&req.Index, "index", "objects", "rank a profile by")
	countVar(fs, &o.top, "top", 20, "show the first `n` sites of each benchmark")
	return func(ctx context.Context, e *env, args, program []string) error {
		if err := o.check(e, "pprof", "bench"); err != nil {
			return err
		}
		req.Patterns, req.Command = args, program
		if err := source(&req, compare); err != nil {
			return err
		}
		o.compare = len(req.Compare) > 0
		var err error
		if req.Filter, err = f.filter(); err != nil {
			return err
		}
		failed := false
		err = report(e, &b, &o, &req.Build, func() (*alloc.Report, error) {
			r, err := engine.Cost(ctx, req)
			failed = err == nil && slices.ContainsFunc(r.Benchmarks, func(b *alloc.Benchmark) bool { return b.Exit != "" })
			return r, err
		})
		if err == nil && failed {
			return errProgram
		}
		return err
	}
}

// source checks that a request names one source of costs, and makes the list
// of -compare a part of it.
func source(req *engine.CostRequest, compare string) error {
	sources := []struct {
		name  string
		named bool
	}{
		{"-bench", req.Bench != ""},
		{"-compare", compare != ""},
		{"-run", req.Run != ""},
		{"-profile", req.Profile != ""},
		{"a program", len(req.Command) > 0},
	}
	var named []string
	for _, s := range sources {
		if s.named {
			named = append(named, s.name)
		}
	}
	switch {
	case len(named) == 0:
		return usageError("cost of what?", "name benchmarks, tests, a program or a profile: stackward cost -bench . ./pkg")
	case len(named) > 1:
		return usageError(named[0]+" and "+named[1]+" exclude each other", "weigh by one source at a time")
	case !slices.Contains([]string{"objects", "bytes", "inuse"}, req.Index):
		return usageError(fmt.Sprintf("-index: unknown index %q", req.Index), "known are objects, bytes, inuse")
	case req.Base != "" && req.Profile == "":
		return usageError("-base goes with -profile", "")
	}
	if compare != "" {
		names := strings.Split(compare, ",")
		if len(names) < 2 {
			return usageError("-compare needs two benchmarks", "write them as BenchmarkA,BenchmarkB")
		}
		quoted := make([]string, len(names))
		for i, n := range names {
			names[i] = strings.TrimSpace(n)
			quoted[i] = regexp.QuoteMeta(names[i])
		}
		req.Bench = "^(" + strings.Join(quoted, "|") + ")$"
		req.Compare = names
		req.Count = cmp.Or(req.Count, 6)
		req.Benchtime = cmp.Or(req.Benchtime, "1000000x")
	}
	return selects(req.Bench, req.Run)
}

// selects refuses what is no regular expression in -bench and -run.
func selects(bench, run string) error {
	for _, f := range []struct{ name, regexp string }{{"-bench", bench}, {"-run", run}} {
		if _, err := regexp.Compile(f.regexp); err != nil {
			return usageError(fmt.Sprintf("%s: %v", f.name, err), "the syntax is that of package regexp")
		}
	}
	return nil
}
