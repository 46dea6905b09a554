package cli

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const costHelp = `usage: stackward cost -bench regexp [flags] [packages]
       stackward cost -compare BenchmarkA,BenchmarkB [flags] [packages]
       stackward cost -run regexp [flags] [packages]
       stackward cost [flags] -- go run package [arguments]
       stackward cost -profile file|URL|- [flags] [packages]

Cost says what each site costs: each allocation of benchmarks, tests (-run) or a
program (until it ends or Ctrl-C), at its source expression and your own line that
brought it about. What could not be placed has its own row.

  -bench regexp   benchmarks to run, as of go test
  -compare list   these benchmarks side by side: time, B/op, allocs/op, GC
                  cycles and pauses, over -count runs (6) of -benchtime (1000000x)
  -benchtime t    as of go test: 100x for a number of operations
  -count n, -cpu list   as of go test
  -timeout d      end a test binary after this time (10m)
  -profile p      weigh by a pprof heap or allocs profile, of this build or an older
  -base p         subtract this profile
  -index i        rank a profile by objects, bytes or inuse (bytes)
  -top n          show the first n sites of each benchmark (20; 0 shows all)
  -format f       text, json, pprof (for go tool pprof) or bench (for benchstat)
  -cause, -kind, -func, -o   as of find
  and -C dir and the build flags, as of the go command

example: stackward cost -bench . ./pkg
`

func runCost(ctx context.Context, e *env, args []string) error {
	var (
		b             buildFlags
		o             output
		req           engine.CostRequest
		causes, kinds string
		fn, compare   string
	)
	fs := newFlags("cost", &b, &o)
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
	fs.IntVar(&o.top, "top", 20, "show the first `n` sites of each benchmark")
	fs.StringVar(&causes, "cause", "", "only these causes")
	fs.StringVar(&kinds, "kind", "", "only these kinds")
	fs.StringVar(&fn, "func", "", "only functions that match `regexp`")
	var program []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, program = args[:i], args[i+1:]
	}
	if err := parse(e, fs, args); err != nil {
		return err
	}
	if err := o.check("pprof", "bench"); err != nil {
		return err
	}
	if !slices.Contains([]string{"objects", "bytes", "inuse"}, req.Index) {
		return usageError(fmt.Sprintf("-index: unknown index %q", req.Index), "known are objects, bytes, inuse")
	}
	if req.Base != "" && req.Profile == "" {
		return usageError("-base goes with -profile", "")
	}
	switch {
	case len(program) > 0:
		if req.Bench != "" || req.Run != "" || req.Profile != "" || compare != "" {
			return usageError("a program and another source exclude each other", "weigh by one source at a time")
		}
		req.Command = program
	case req.Run != "":
		if req.Bench != "" || req.Profile != "" || compare != "" {
			return usageError("-run and another source exclude each other", "weigh by one source at a time")
		}
	case req.Profile != "":
		if req.Bench != "" || compare != "" {
			return usageError("-profile and benchmarks exclude each other", "weigh by one source at a time")
		}
	case compare != "" && req.Bench != "":
		return usageError("-bench and -compare exclude each other", "-compare names the benchmarks")
	case compare != "":
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
		o.compare = true
		req.Count = cmp.Or(req.Count, 6)
		req.Benchtime = cmp.Or(req.Benchtime, "1000000x")
	case req.Bench == "":
		return usageError("cost of what?", "name benchmarks, tests, a program or a profile: stackward cost -bench . ./pkg")
	}
	if _, err := regexp.Compile(req.Bench); err != nil {
		return usageError(fmt.Sprintf("-bench: %v", err), "the syntax is that of package regexp")
	}
	var err error
	if req.Filter.Causes, err = words("cause", causes, alloc.Causes); err != nil {
		return err
	}
	if req.Filter.Kinds, err = words("kind", kinds, alloc.Kinds); err != nil {
		return err
	}
	if fn != "" {
		if req.Filter.Func, err = regexp.Compile(fn); err != nil {
			return usageError(fmt.Sprintf("-func: %v", err), "the syntax is that of package regexp")
		}
	}
	req.Patterns = fs.Args()
	p := newProgress(e)
	if req.Build, err = b.build(e, p); err != nil {
		return err
	}
	r, err := engine.Cost(ctx, req)
	p.clear()
	if err != nil {
		return err
	}
	if err := o.write(e, r); err != nil {
		return err
	}
	return problems(e, r)
}
