package cli

import (
	"context"
	"fmt"
	"regexp"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const findHelp = `usage: stackward find [flags] [packages]

Find lists the heap allocation sites of packages: where, what, how large and why.
Packages are patterns as of go list; none is the package in this directory.
It asks the installed compiler for the reasons and the machine code it made for
the existence: what was compiled away is left out, what the compiler does not
speak of (map growth, channels) is added.

  -top n          show the first n sites (30; 0 shows all; all with -format=json)
  -cause list     only these causes: returned,interface,… (stackward help causes)
  -kind list      only these kinds: slice,closure,…
  -func regexp    only functions whose package.Name matches
  -tests          sites in _test files, too
  -generated      sites in generated files, too
  -never          what the compiler reports but the machine code does not do, too
  -format f       text or json
  -o file         write to file
  -C dir, -tags, -mod, -modfile, -overlay, -pgo, -race, -trimpath, -gcflags
                  as of the go command

The order is a static one: loops first. Exit status: 0 done, 1 not or in part,
2 wrong usage.

example: stackward find -top 10 -cause returned,interface ./...
`

func runFind(ctx context.Context, e *env, args []string) error {
	var (
		b             buildFlags
		o             output
		req           engine.FindRequest
		causes, kinds string
		fn            string
		top           int
	)
	fs := newFlags("find", &b, &o)
	fs.IntVar(&top, "top", -1, "show the first `n` sites")
	fs.StringVar(&causes, "cause", "", "only these causes")
	fs.StringVar(&kinds, "kind", "", "only these kinds")
	fs.StringVar(&fn, "func", "", "only functions that match `regexp`")
	fs.BoolVar(&req.Tests, "tests", false, "sites in _test files, too")
	fs.BoolVar(&req.Generated, "generated", false, "sites in generated files, too")
	fs.BoolVar(&req.Never, "never", false, "sites that do not allocate, too")
	if err := parse(e, fs, args); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
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
	switch {
	case top >= 0:
		req.Filter.Top = top
	case o.format == "text":
		req.Filter.Top = 30
	}
	req.Patterns = fs.Args()
	p := newProgress(e)
	if req.Build, err = b.build(e, p); err != nil {
		return err
	}
	r, err := engine.Find(ctx, req)
	p.clear()
	if err != nil {
		return err
	}
	if err := o.write(e, r); err != nil {
		return err
	}
	return problems(e, r)
}
