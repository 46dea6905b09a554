package cli

import (
	"context"
	"flag"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

// stackFlags ask find for what functions take on a stack.
type stackFlags struct {
	stack, chain, vars bool
}

func (f *stackFlags) define(fs *flag.FlagSet) {
	fs.BoolVar(&f.stack, "stack", false, "what functions take on a goroutine's stack")
	fs.BoolVar(&f.chain, "chain", false, "with -stack, the chain of calls down from each function")
	fs.BoolVar(&f.vars, "vars", false, "with -stack, what is in the largest frames")
}

// run is find -stack.
func (f *stackFlags) run(ctx context.Context, e *env, b *buildFlags, o *output, find *engine.FindRequest, top int) error {
	switch {
	case !f.stack && f.chain:
		return usageError("-chain is of find -stack", "")
	case !f.stack:
		return usageError("-vars is of find -stack", "")
	case len(find.Filter.Causes) > 0 || len(find.Filter.Kinds) > 0 || find.Never:
		return usageError("-cause, -kind and -never are of sites, not of stacks", "find -stack takes -func")
	}
	req := engine.StackRequest{
		Patterns: find.Patterns, Tests: find.Tests, Generated: find.Generated, Func: find.Filter.Func, Chain: f.chain,
	}
	o.every = req.Func != nil
	switch {
	case o.format == "json":
		req.Top = max(top, 0)
	case top >= 0:
		o.top = top
	default:
		o.top = 15
	}
	if f.vars {
		req.Vars = -1
		if !o.every && o.format == "text" && o.top > 0 {
			req.Vars = o.top
		}
	}
	return report(e, b, o, &req.Build, func() (*alloc.Report, error) { return engine.Stack(ctx, req) })
}
