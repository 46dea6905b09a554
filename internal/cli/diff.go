package cli

import (
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

const diffHelp = `usage: stackward diff [flags] [packages]

Diff compares two builds site by site: what appeared, vanished or changed, and what
made the difference. A flag names both, BEFORE,AFTER, or one: a revision is compared
with the files as they are, all else with what is used now. Several go together.

  -rev a..b       git revisions; -rev main, or -rev main... since it was left
  -go a,b         toolchains, such as go1.25.3,go1.26.8, fetched as by GOTOOLCHAIN
  -goos a,b, -goarch a,b
                  targets
  -pgo a,b        profiles, as of the go command: off,auto
  -bench regexp   also what benchmarks of both say: costs of sites, and totals and
                  times, run in turns -count times (6); -benchtime, -cpu, -timeout
  -top n          show the first n of each kind (30; 0 shows all; all with json)
  -exit-code      exit with 3 where anything is not the same
  -cause, -kind, -func, -tests, -generated, -o   as of find
  -format f       text or json
  -C dir, -tags, -mod, -modfile, -modcacherw, -overlay, -p, -trimpath,
  -race, -msan, -asan, -gcflags, -ldflags, -asmflags
                  as of the go command

example: stackward diff -go go1.26.8,go1.27.0 ./...
`

func defineDiff(fs *flag.FlagSet) runner {
	var (
		b      buildFlags
		f      filterFlags
		o      output
		req    engine.DiffRequest
		rev    string
		gover  string
		goos   string
		goarch string
		top    int
		status bool
	)
	b.define(fs)
	f.define(fs)
	o.define(fs)
	fs.StringVar(&rev, "rev", "", "git revisions")
	fs.StringVar(&gover, "go", "", "toolchains")
	fs.StringVar(&goos, "goos", "", "target systems")
	fs.StringVar(&goarch, "goarch", "", "target architectures")
	fs.StringVar(&req.Bench, "bench", "", "benchmarks to run")
	fs.StringVar(&req.Benchtime, "benchtime", "", "as of go test")
	fs.StringVar(&req.CPU, "cpu", "", "as of go test")
	fs.IntVar(&req.Count, "count", 6, "how often each side runs")
	fs.DurationVar(&req.Timeout, "timeout", 10*time.Minute, "end a test binary after this time")
	countVar(fs, &top, "top", -1, "show the first `n` of each kind")
	fs.BoolVar(&status, "exit-code", false, "exit with 3 where anything is not the same")
	fs.BoolVar(&req.Tests, "tests", false, "sites in _test files, too")
	fs.BoolVar(&req.Generated, "generated", false, "sites in generated files, too")
	return func(ctx context.Context, e *env, args, rest []string) error {
		if err := o.check(e); err != nil {
			return err
		}
		var err error
		if req.Filter, err = f.filter(); err != nil {
			return err
		}
		switch {
		case top >= 0:
			req.Filter.Top = top
		case o.format == "text":
			req.Filter.Top = 30
		}
		pgo := b.take("pgo")
		if rev+gover+goos+goarch+pgo == "" {
			return usageError("diff of what?", "name revisions, toolchains, targets or profiles: stackward diff -rev HEAD~1 ./...")
		}
		if _, err := regexp.Compile(req.Bench); err != nil {
			return usageError(fmt.Sprintf("-bench: %v", err), "the syntax is that of package regexp")
		}
		if req.Before.Rev, req.After.Rev, err = revisions(rev); err != nil {
			return err
		}
		for _, x := range []struct {
			flag, value   string
			before, after *string
		}{
			{"go", gover, &req.Before.Go, &req.After.Go},
			{"goos", goos, &req.Before.GOOS, &req.After.GOOS},
			{"goarch", goarch, &req.Before.GOARCH, &req.After.GOARCH},
			{"pgo", pgo, &req.Before.PGO, &req.After.PGO},
		} {
			if *x.before, *x.after, err = twoSides(x.flag, x.value); err != nil {
				return err
			}
		}
		for _, s := range []*alloc.Side{&req.Before, &req.After} {
			if s.Go != "" && s.Go[0] >= '0' && s.Go[0] <= '9' {
				s.Go = "go" + s.Go
			}
		}
		req.Patterns = slices.Concat(args, rest)
		var r *alloc.Report
		err = report(e, &b, &o, &req.Build, func() (*alloc.Report, error) {
			r, err = engine.Diff(ctx, req)
			return r, err
		})
		if err == nil && status && r.Summary.Found > 0 {
			return errFindings
		}
		return err
	}
}

// twoSides splits BEFORE,AFTER. One value is that after: before is what is used
// now.
func twoSides(flag, value string) (before, after string, err error) {
	if value == "" {
		return "", "", nil
	}
	parts := strings.Split(value, ",")
	switch {
	case len(parts) > 2:
		return "", "", usageError(fmt.Sprintf("-%s: %d values, and a comparison has two sides", flag, len(parts)), "write BEFORE,AFTER")
	case slices.Contains(parts, ""):
		return "", "", usageError(fmt.Sprintf("-%s=%s: a side is empty", flag, value), "write BEFORE,AFTER, or one value to compare with what is used now")
	case len(parts) == 1:
		return "", parts[0], nil
	}
	return parts[0], parts[1], nil
}

// revisions splits A..B or A,B. One revision is that before, after are the files
// as they are. A...B is what B has changed since it left A.
func revisions(value string) (before, after string, err error) {
	if value == "" {
		return "", "", nil
	}
	if a, b, ok := strings.Cut(value, "..."); ok && !strings.Contains(value, ",") {
		if b == "" {
			return value, "", nil
		}
		return a + "..." + b, b, nil
	}
	a, b, ok := strings.Cut(value, "..")
	if !ok {
		a, b, ok = strings.Cut(value, ",")
	}
	switch {
	case !ok:
		return value, "", nil
	case a == "", b == "":
		return "", "", usageError("-rev="+value+": a side is empty", "write A..B, or one revision to compare with the files as they are")
	}
	return a, b, nil
}
