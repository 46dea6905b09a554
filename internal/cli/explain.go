package cli

import (
	"context"
	"flag"
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
` + buildHelp + `
example: stackward explain server.go:120
         stackward explain returned
`

func defineExplain(fs *flag.FlagSet) runner {
	var (
		b   buildFlags
		o   output
		req engine.ExplainRequest
	)
	b.define(fs)
	o.define(fs)
	fs.BoolVar(&req.Tests, "tests", false, "look into _test files, too")
	return func(ctx context.Context, e *env, args, rest []string) error {
		args = append(args, rest...)
		if err := o.check(); err != nil {
			return err
		}
		if len(args) == 0 {
			return usageError("explain what?", "write FILE:LINE, a site's id or a cause such as \"returned\"")
		}
		req.Target, req.Patterns = args[0], args[1:]
		if c := alloc.Cause(req.Target); slices.Contains(alloc.Causes, c) {
			page, ok := docs.Cause(c)
			if !ok {
				return fmt.Errorf("docs/causes.md has no page for %s", c)
			}
			_, err := io.WriteString(e.stdout, page)
			return err
		}
		return report(e, &b, &o, &req.Build, func() (*alloc.Report, error) { return engine.Explain(ctx, req) })
	}
}
