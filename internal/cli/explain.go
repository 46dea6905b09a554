package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs"
	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/near"
	"github.com/stackward-go/stackward/internal/prove"
)

const explainHelp = `usage: stackward explain [flags] FILE:LINE[:COL] | ID | CAUSE | FIXER [packages]

Explain tells the whole story of the allocations at a place: what is allocated,
the path by which it escapes, on into callees, dependencies and the standard
library, up to what forces it to the heap, and the cut: the one step to change.
ID is a site's id, as find -format=json prints it. Of a CAUSE it prints the
page: what it is, an example, what removes it, when to leave it alone; of a FIXER
what it rewrites, and when it does not.
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
		if err := o.check(e); err != nil {
			return err
		}
		if len(args) == 0 {
			return usageError("explain what?", "write FILE:LINE, a site's id, a fixer or a cause such as \"returned\"")
		}
		req.Target, req.Patterns = args[0], args[1:]
		if i := slices.IndexFunc(req.Patterns, isPlace); i >= 0 {
			return usageError("explain: one place at a time, and "+req.Patterns[i]+" is another", "what follows the place are packages to look in")
		}
		if c := alloc.Cause(req.Target); slices.Contains(alloc.Causes, c) {
			page, ok := docs.Cause(c)
			if !ok {
				return fmt.Errorf("docs/causes.md has no page for %s", c)
			}
			_, err := io.WriteString(e.stdout, page)
			return err
		}
		if section := fix.Section(req.Target); section != "" {
			_, err := io.WriteString(e.stdout, section+"\n")
			return err
		}
		if err := noCause(req.Target); err != nil {
			return err
		}
		return report(e, &b, &o, &req.Build, func() (*alloc.Report, error) { return engine.Explain(ctx, req) })
	}
}

// isPlace reports FILE.go:LINE, which no pattern of packages looks like.
func isPlace(arg string) bool {
	_, line, ok := strings.Cut(arg, ".go:")
	return ok && line != "" && line[0] >= '0' && line[0] <= '9'
}

// noCause is the answer to a word that is neither a cause or a fixer nor the
// beginning of a place or id.
func noCause(word string) error {
	if word == "" || strings.ContainsAny(word, `:#./\`) {
		return nil
	}
	if _, err := os.Stat(word); err == nil {
		return nil
	}
	var all []string
	for _, c := range alloc.Causes {
		all = append(all, string(c))
	}
	best := near.Word(word, slices.Concat(all, prove.Names()), 2)
	msg := fmt.Sprintf("no cause or fixer %q", word)
	switch {
	case best != "":
		return usageError(msg, "did you mean "+best+"?")
	case slices.Contains(alloc.Kinds, alloc.Kind(word)):
		return usageError(msg, "it is a kind; sites of a kind are listed by: stackward find -kind "+word)
	}
	return usageError(msg, "causes are "+strings.Join(all, ", ")+"; fixers are listed by: stackward help fixers")
}
