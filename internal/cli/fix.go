package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/prove"
	"github.com/stackward-go/stackward/internal/rewrite"
)

const fixHelp = `usage: stackward fix [flags] [packages]

Fix rewrites code so that it allocates less, and proves each rewrite: the site is
gone and no other has come, go vet says nothing new, no test fails that passed,
benchmarks count fewer allocations and are not slower. It shows the diffs.

  -bench regexp     prove by these benchmarks, too; -benchtime, -count as of go test
  -run regexp       where no benchmark does, count what these tests allocate
  -w                write the fixes
  -commit           write each fix and commit it with its proof (git)
  -patch file       write the diff to file; -diff exits with 3 if there is any
  -site id          only the site of this id (find -format=json lists them)
  -fixer list       only these fixers (stackward help fixers)
  -min-share p      only sites with this part of a benchmark's allocations: 1%
  -unexercised      take fixes whose lines no test or benchmark runs
  -unmeasured       take fixes that only a measurement could prove, and none did
  -exported         let exported declarations change
  -explain-refused  what was refused and why, and advice for what is left
  -timeout d        end a test binary after this time (10m)
  -cause, -kind, -func, -format, -o   as of find
` + buildHelp + `
example: stackward fix -bench . -w ./...
`

// fixMemory is where the collector begins to work harder, in bytes, unless GOMEMLIMIT
// says otherwise. The types of a module of 200 packages take more than main allows
// the other commands, whose collector then takes three times as long as all else.
const fixMemory = 1 << 30

type fixFlags struct {
	write, commit, diff, refused bool
	patch, fixers, share         string
}

func defineFix(fs *flag.FlagSet) runner {
	var (
		b   buildFlags
		f   filterFlags
		o   output
		x   fixFlags
		req prove.Request
	)
	b.define(fs)
	f.define(fs)
	o.define(fs)
	fs.StringVar(&req.Bench, "bench", "", "benchmarks to prove by")
	fs.StringVar(&req.Run, "run", "", "tests to count allocations in")
	fs.StringVar(&req.Benchtime, "benchtime", "", "as of go test")
	fs.IntVar(&req.Count, "count", 0, "runs of each side")
	fs.BoolVar(&x.write, "w", false, "write the proved fixes")
	fs.BoolVar(&x.commit, "commit", false, "commit each fix")
	fs.StringVar(&x.patch, "patch", "", "write the diff to `file`")
	fs.BoolVar(&x.diff, "diff", false, "exit with 3 if there are fixes")
	fs.StringVar(&req.Site, "site", "", "only this site")
	fs.StringVar(&x.fixers, "fixer", "", "only these fixers")
	fs.StringVar(&x.share, "min-share", "", "only sites with this share")
	fs.BoolVar(&req.Unexercised, "unexercised", false, "take fixes that nothing runs")
	fs.BoolVar(&req.Unmeasured, "unmeasured", false, "take fixes that nothing measured")
	fs.BoolVar(&req.API, "exported", false, "let exported declarations change")
	fs.BoolVar(&x.refused, "explain-refused", false, "show what was refused")
	fs.DurationVar(&req.Timeout, "timeout", 10*time.Minute, "end a test binary after this time")
	return func(ctx context.Context, e *env, args, rest []string) error {
		if err := o.check(e); err != nil {
			return err
		}
		var err error
		if req.Filter, err = f.filter(); err != nil {
			return err
		}
		if err := x.check(&req); err != nil {
			return err
		}
		o.refused = x.refused
		req.Patterns = slices.Concat(args, rest)
		return x.run(ctx, e, &b, &o, &req)
	}
}

// check refuses what cannot be before there is any work.
func (x *fixFlags) check(req *prove.Request) error {
	if err := selects(req.Bench, req.Run); err != nil {
		return err
	}
	if req.Count < 0 {
		return usageError(fmt.Sprintf("-count: %d is no number of runs", req.Count), "it is how often each side of a comparison runs")
	}
	if x.patch != "" {
		if err := writable("-patch", x.patch); err != nil {
			return err
		}
	}
	if x.fixers != "" {
		req.Fixers = strings.Split(x.fixers, ",")
	}
	if x.share != "" {
		number, percent := strings.CutSuffix(x.share, "%")
		v, err := strconv.ParseFloat(number, 64)
		if percent {
			v /= 100
		}
		if err != nil || v < 0 || v > 1 {
			return usageError(fmt.Sprintf("-min-share: %q is no part of a whole", x.share), "write 1% or 0.01")
		}
		if req.Bench == "" {
			return usageError("-min-share goes with -bench", "shares are of a benchmark's allocations")
		}
		req.MinShare = v
	}
	return nil
}

// run finds and proves fixes, shows them, and writes them if it was told to.
func (x *fixFlags) run(ctx context.Context, e *env, b *buildFlags, o *output, req *prove.Request) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(fixMemory)
	}
	var res *prove.Result
	err := report(e, b, o, &req.Build, func() (r *alloc.Report, err error) {
		if x.commit {
			if err := prove.Clean(ctx, req.Dir); err != nil {
				return nil, err
			}
		}
		if res, err = prove.Run(ctx, *req); err != nil {
			return nil, err
		}
		return res.Report, nil
	})
	if err != nil && !errors.Is(err, errPartial) || res == nil {
		return err
	}
	if x.patch != "" {
		err := writeFile(x.patch, func(w io.Writer) error {
			_, err := io.WriteString(w, res.Diff())
			return err
		})
		if err != nil {
			return err
		}
	}
	switch {
	case x.commit:
		if err := res.Commit(ctx, req.Dir); err != nil {
			return err
		}
	case x.write && len(res.After) > 0:
		if err := res.After.Write(res.Before); err != nil {
			hint := ""
			if errors.Is(err, rewrite.ErrChanged) {
				hint = "nothing was written: run stackward fix again"
			}
			return &engine.Error{Msg: err.Error(), Hint: hint}
		}
		files := slices.Sorted(maps.Keys(res.After))
		for i, f := range files {
			files[i] = fromHere(res.Report.Root)(strings.TrimPrefix(f, res.Report.Root+"/"))
		}
		fmt.Fprintf(e.stderr, "stackward: wrote %s\n", strings.Join(files, ", "))
	}
	if err == nil && x.diff && len(res.Steps) > 0 {
		return errFindings
	}
	return err
}
