package cli

import (
	"context"
	"flag"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

// stackFlags ask find for what functions take on a stack.
type stackFlags struct {
	stack, chain bool
}

func (f *stackFlags) define(fs *flag.FlagSet) {
	fs.BoolVar(&f.stack, "stack", false, "what functions take on a goroutine's stack")
	fs.BoolVar(&f.chain, "chain", false, "with -stack, the chain of calls down from each function")
}

// run is find -stack.
func (f *stackFlags) run(ctx context.Context, e *env, b *buildFlags, o *output, find *engine.FindRequest, top int) error {
	switch {
	case !f.stack:
		return usageError("-chain is of find -stack", "")
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
	return report(e, b, o, &req.Build, func() (*alloc.Report, error) { return engine.Stack(ctx, req) })
}
