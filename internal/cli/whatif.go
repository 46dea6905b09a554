package cli

import (
	"context"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const whatifHelp = `usage: stackward heap whatif [flags] FILE [question ...]

Whatif says how the objects of a recording would have fared otherwise: how often the
collector would have run, how large the heap and what the CPU time had been. Go's
allocator and pacer are simulated; what a recording leaves open makes it a range.
FILE is as of stackward heap. A question is what is other, with commas between; GOGC
is 100 unless it says. Without a question some values of GOGC are asked about.

  GOGC=200, GOGC=off  as the environment variables
  GOMEMLIMIT=512MiB
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
		for _, text := range questions {
			q, err := parseQuestion(text)
			if err != nil {
				return err
			}
			req.Questions = append(req.Questions, *q)
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

// parseQuestion reads what would be other.
func parseQuestion(text string) (*engine.Question, error) {
	gogc := 100
	q := &engine.Question{Text: text, GOGC: &gogc}
	bad := func(format string, args ...any) error {
		return usageError(fmt.Sprintf("%s: ", text)+fmt.Sprintf(format, args...), "stackward help heap whatif has what can be asked")
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, bad("%q says nothing of the form name=value", part)
		}
		switch name {
		case "GOGC":
			n, err := strconv.Atoi(value)
			if value == "off" {
				n, err = -1, nil
			} else if err == nil && n < 0 {
				err = strconv.ErrRange
			}
			if err != nil {
				return nil, bad("GOGC=%s is no number of percents, nor off", value)
			}
			gogc = n
		case "GOMEMLIMIT":
			n, err := bytesOf(value)
			if value == "off" {
				n, err = math.MaxInt64, nil
			}
			if err != nil || n == 0 {
				return nil, bad("GOMEMLIMIT=%s is no size, nor off", value)
			}
			q.MemoryLimit = &n
		case "GOMAXPROCS":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 1024 {
				return nil, bad("GOMAXPROCS=%s is no number of processors", value)
			}
			q.Procs = n
		case "stack", "offheap", "presized":
			q.Changes = append(q.Changes, engine.ObjectChange{What: engine.ObjectFate(name), Of: value})
		case "smaller":
			i := strings.LastIndex(value, ":")
			n, err := strconv.ParseInt(value[i+1:], 10, 64)
			if i <= 0 || err != nil || n < 1 {
				return nil, bad("%s does not end with a number of bytes, as in smaller=pkg.Type:8", part)
			}
			q.Changes = append(q.Changes, engine.ObjectChange{What: engine.Smaller, Of: value[:i], By: n})
		default:
			return nil, bad("unknown: %s", name)
		}
	}
	return q, nil
}
