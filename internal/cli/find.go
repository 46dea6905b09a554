package cli

import (
	"context"
	"flag"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const findHelp = `usage: stackward find [flags] [packages]

Find lists the heap allocation sites of packages: where, what, how large and why.
Packages are patterns as of go list; none is the package in this directory.
It asks the installed compiler for the reasons and the machine code for the
existence: what was compiled away is left out, map growth and channels are added.
A static order: hot functions of a default.pgo, deep loops, size; error paths last.

  -top n          show the first n sites (30; 0 shows all; all with -format=json)
  -cause list     only these causes: returned,interface,… (stackward help causes)
  -kind list      only these kinds: slice,closure,… (stackward help kinds)
  -func regexp    only functions that match, named as the runtime does: m/p.(*T).M
  -tests, -generated
                  sites in _test files, in generated files, too
  -never          what the compiler reports but the machine code does not do, too
  -stack          not sites: what functions take on a goroutine's stack; with -chain
                  call by call, with -vars what is in large frames (docs/stack.md)
  -format f, -o f text or json; write to file f
` + buildHelp + `
Exit status: 0 done, 1 not or in part, 2 wrong usage.

example: stackward find -top 10 -cause returned,interface ./...
`

func defineFind(fs *flag.FlagSet) runner {
	var (
		b   buildFlags
		f   filterFlags
		o   output
		req engine.FindRequest
		top int
		st  stackFlags
	)
	b.define(fs)
	f.define(fs)
	o.define(fs)
	st.define(fs)
	countVar(fs, &top, "top", -1, "show the first `n` sites")
	fs.BoolVar(&req.Tests, "tests", false, "sites in _test files, too")
	fs.BoolVar(&req.Generated, "generated", false, "sites in generated files, too")
	fs.BoolVar(&req.Never, "never", false, "sites that do not allocate, too")
	return func(ctx context.Context, e *env, args, rest []string) error {
		if err := o.check(e); err != nil {
			return err
		}
		var err error
		if req.Filter, err = f.filter(); err != nil {
			return err
		}
		req.Patterns = slices.Concat(args, rest)
		if st.stack || st.chain || st.vars {
			return st.run(ctx, e, &b, &o, &req, top)
		}
		switch {
		case top >= 0:
			req.Filter.Top = top
		case o.format == "text":
			req.Filter.Top = 30
		}
		return report(e, &b, &o, &req.Build, func() (*alloc.Report, error) { return engine.Find(ctx, req) })
	}
}
