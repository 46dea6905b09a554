package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs"
	"github.com/stackward-go/stackward/internal/engine"
)

const explainHelp = `usage: stackward explain [flags] FILE:LINE[:COL] | ID | CAUSE [packages]

Explain tells the whole story of the allocations at a place: what is allocated,
the path by which it escapes, on into callees, dependencies and the standard
library, up to what forces it to the heap, and the cut: the one step to change.
ID is a site's id, as find -format=json prints it. Of a CAUSE it prints the
page: what it is, an example, what removes it, when to leave it alone.
Packages, if given, are the patterns to look in.

  -tests          look into _test files, too
  -format f       text or json
  -o file         write to file
  -C dir, -tags, -mod, -modfile, -overlay, -pgo, -race, -trimpath, -gcflags
                  as of the go command

example: stackward explain server.go:120
         stackward explain returned
`

func runExplain(ctx context.Context, e *env, args []string) error {
	var (
		b   buildFlags
		o   output
		req engine.ExplainRequest
	)
	fs := newFlags("explain", &b, &o)
	fs.BoolVar(&req.Tests, "tests", false, "look into _test files, too")
	if err := parse(e, fs, args); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return usageError("explain what?", "write FILE:LINE, a site's id or a cause such as \"returned\"")
	}
	req.Target, req.Patterns = fs.Arg(0), fs.Args()[1:]
	if c := alloc.Cause(req.Target); slices.Contains(alloc.Causes, c) {
		page, ok := docs.Cause(c)
		if !ok {
			return fmt.Errorf("docs/causes.md has no page for %s", c)
		}
		_, err := io.WriteString(e.stdout, page)
		return err
	}
	p := newProgress(e)
	var err error
	if req.Build, err = b.build(e, p); err != nil {
		return err
	}
	r, err := engine.Explain(ctx, req)
	p.clear()
	if err != nil {
		return err
	}
	if err := o.write(e, r); err != nil {
		return err
	}
	return problems(e, r)
}
