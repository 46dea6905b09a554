package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/whatif"
)

const whatifHelp = `usage: stackward heap whatif [flags] FILE [question ...]

Whatif says how the objects of a recording would have fared otherwise: how often the
collector would have run, how large the heap and what the CPU time had been. Go's
allocator and pacer are simulated; what a recording leaves open makes it a range.
FILE is as of stackward heap. A question is what is other, with commas between; GOGC
is 100 unless it says. Without a question some values of GOGC are asked about. One
about objects has before it a row of the same settings with nothing changed.

  GOGC=200, GOGC=off  as the environment variables
  GOMEMLIMIT=512MiB   in B, KiB, MiB, GiB or TiB
  GOMAXPROCS=4
  stack=OF            these objects on the stack, not allocated
  offheap=OF          these objects in memory of their own
  smaller=OF:8        these objects smaller by so many bytes
  presized=SITE       slices that grow there made with their last capacity

OF is a type, as stackward heap shows it, or a SITE, FILE:LINE, of a recording that
was made with sites.

  -format f  text or json
  -o file    write to file

example: stackward heap whatif run.heap GOGC=200 GOGC=off,GOMEMLIMIT=1GiB
`

func defineWhatIf(fs *flag.FlagSet) runner {
	var (
		o   output
		req engine.WhatIfRequest
	)
	o.define(fs)
	return func(ctx context.Context, e *env, args, _ []string) error {
		if len(args) == 0 {
			return usageError("heap whatif: name a recording or a trace", "stackward heap record makes one")
		}
		req.File = args[0]
		questions := args[1:]
		if len(questions) == 0 {
			questions = []string{"GOGC=50", "GOGC=100", "GOGC=200", "GOGC=400"}
		}
		var bad several
		for _, text := range questions {
			q, err := whatif.ParseQuestion(text)
			if err != nil {
				hint := "stackward help heap whatif has what can be asked"
				if x, ok := errors.AsType[*whatif.QuestionError](err); ok {
					hint = cmp.Or(x.Hint, hint)
				}
				bad = append(bad, usageError(err.Error(), hint))
				continue
			}
			req.Questions = append(req.Questions, *q)
		}
		if bad != nil {
			return bad
		}
		if err := o.check(e); err != nil {
			return err
		}
		p := newProgress(e)
		defer p.clear()
		req.Progress = p.report
		return written(e, p, &o, func() (*alloc.Report, error) { return engine.WhatIf(ctx, req) })
	}
}
