package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/baseline"
	"github.com/stackward-go/stackward/internal/engine"
)

const checkHelp = `usage: stackward check [flags] [packages]

Check holds packages to the contracts in their source (//stackward:noalloc), and
to what allocated before: a file that is checked in, or a git revision. It prints
what is not so, with the calls and the flow that lead there, or nothing.
What it cannot know is no pass: a package that does not compile or is gone, another
toolchain, a baseline that cannot be read, nothing to check end with status 1.

  -baseline file  allow what is in file (its form: docs/formats.md)
  -update, -update=all
                  take from file what is gone; write it anew, new sites allowed
  -new-from-rev r allow the sites of revision r; main... is where this left main
  -bench regexp   measure benchmarks for -update=all; those in file always are
  -benchtime, -count, -timeout   as of cost
  -selftest       plant allocations in an overlay and demand that they are found
  -tests, -generated             sites in such files, too
  -format f, -o file   text, json, sarif, github, markdown, junit or checkstyle;
                  others beside it in files: -format=github,sarif=out.sarif
` + buildHelp + `
Exit status: 0 clean, 1 not or in part, 2 wrong usage, 3 findings.

example: stackward check -baseline allocs.txt ./...
`

func defineCheck(fs *flag.FlagSet) runner {
	var (
		b        buildFlags
		o        output
		req      engine.CheckRequest
		file     string
		selftest bool
	)
	b.define(fs)
	o.define(fs)
	fs.StringVar(&file, "baseline", "", "allow what is in `file`")
	fs.Var((*updateFlag)(&req.Update), "update", "update the baseline")
	fs.StringVar(&req.NewFrom, "new-from-rev", "", "allow the sites of `revision`")
	fs.StringVar(&req.Bench, "bench", "", "measure benchmarks that match `regexp`")
	fs.StringVar(&req.Benchtime, "benchtime", "1000x", "as of go test")
	fs.IntVar(&req.Count, "count", 3, "as of go test")
	fs.DurationVar(&req.Timeout, "timeout", 10*time.Minute, "as of go test")
	fs.BoolVar(&selftest, "selftest", false, "plant allocations and demand findings")
	fs.BoolVar(&req.Tests, "tests", false, "sites in _test files, too")
	fs.BoolVar(&req.Generated, "generated", false, "sites in generated files, too")
	return func(ctx context.Context, e *env, args, rest []string) error {
		if err := o.split(); err != nil {
			return err
		}
		if err := o.check(e, "sarif", "github", "markdown", "junit", "checkstyle"); err != nil {
			return err
		}
		switch {
		case req.Update != engine.Keep && file == "":
			return usageError("-update of what?", "name the file: -baseline allocs.txt")
		case req.Bench != "" && file == "":
			return usageError("-bench has no baseline to hold benchmarks to", "name the file: -baseline allocs.txt")
		case selftest && req.Update != engine.Keep:
			return usageError("-selftest and -update exclude each other", "")
		}
		req.Patterns = slices.Concat(args, rest)
		var err error
		if req.Baseline, err = readBaseline(file, req.Update); err != nil {
			return err
		}
		if selftest {
			return selfTest(ctx, e, &b, req)
		}
		var found error
		err = report(e, &b, &o, &req.Build, func() (*alloc.Report, error) {
			r, err := engine.Check(ctx, req)
			if err != nil {
				return nil, err
			}
			found = verdict(e, r, file)
			if req.Update != engine.Keep && len(r.Problems) == 0 {
				err = writeFile(file, req.Baseline.Write)
			}
			return r, err
		})
		if err != nil {
			return err
		}
		return found
	}
}

// verdict is how a check ends that has no problems. What is missing was not
// looked at, which is no finding of what allocates.
func verdict(e *env, r *alloc.Report, file string) error {
	if n := r.Summary.Gone; n > 0 {
		fmt.Fprintf(e.stderr, "stackward: sites of %s that are gone: %d; -update takes them out\n", file, n)
	}
	switch {
	case slices.ContainsFunc(r.Findings, func(f *alloc.Finding) bool { return f.Rule == alloc.RuleMissing }):
		fmt.Fprintf(e.stderr, "stackward: what %s has is missing\nhint: check all of its packages; -update forgets packages that are gone, -update=all contracts and benchmarks\n", file)
		return errPartial
	case len(r.Findings) > 0:
		return errFindings
	}
	return nil
}

// readBaseline reads the file of -baseline; one that is not there yet is begun
// only if all is to be allowed.
func readBaseline(name string, update engine.Update) (*baseline.Baseline, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && update == engine.Accept:
		if err := writable("-baseline", name); err != nil {
			return nil, err
		}
		return &baseline.Baseline{Name: name}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &engine.Error{Msg: "no baseline " + name, Hint: "the first one is written by: stackward check -baseline " + name + " -update=all ./..."}
	case err != nil:
		return nil, fmt.Errorf("reading baseline: %w", err)
	}
	defer f.Close()
	b, err := baseline.Read(f, name)
	if x, ok := errors.AsType[*baseline.SyntaxError](err); ok {
		return nil, &engine.Error{Msg: "reading baseline: " + x.Error(), Hint: x.Hint}
	}
	return b, err
}

// selfTest tells whether the check can fail.
func selfTest(ctx context.Context, e *env, b *buildFlags, req engine.CheckRequest) error {
	p := newProgress(e)
	defer p.clear()
	var err error
	if req.Build, err = b.build(e, p); err != nil {
		return err
	}
	found, err := engine.SelfTest(ctx, req)
	p.clear()
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.stdout, "the gate can fail: "+found+"\n")
	return err
}

// updateFlag is -update, or -update=all.
type updateFlag engine.Update

func (u *updateFlag) IsBoolFlag() bool { return true }

func (u *updateFlag) String() string {
	switch engine.Update(*u) {
	case engine.Tighten:
		return "true"
	case engine.Accept:
		return "all"
	}
	return ""
}

func (u *updateFlag) Set(s string) error {
	switch s {
	case "true":
		*u = updateFlag(engine.Tighten)
	case "all":
		*u = updateFlag(engine.Accept)
	case "false":
		*u = updateFlag(engine.Keep)
	default:
		return errors.New("it is -update or -update=all")
	}
	return nil
}
