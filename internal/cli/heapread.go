package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

const heapHelp = `usage: stackward heap [flags] FILE
       stackward heap record [flags] -- command
       stackward heap whatif [flags] FILE [question ...]
       stackward heap top [flags] URL

Heap shows the heap of a Go program over time: what lives where, what fills which
spans, how long it lives, what the garbage collector did about it, and what both
take of the CPU time. FILE is a recording of stackward heap record, or an execution
trace, as runtime/trace writes it, of a program that ran with
GODEBUG=traceallocfree=1.

  -at duration  the heap at this moment since the beginning; the end otherwise
  -map          draw the arenas and the spans in them
  -frames       what makes goroutines' stacks grow: builds the program's source
  -top n        rows of a table (12; 0 all; all with -format=json)
  -format f     text or json
  -o file       write to file

  record        make a recording; see stackward help heap record
  whatif        what would be with other settings; see stackward help heap whatif
  top           a running process, as top does; see stackward help heap top

Exit status: 0 done, 1 not or in part, 2 wrong usage.

example: stackward heap -at 2.5s run.heap
`

func defineHeap(fs *flag.FlagSet) runner {
	var (
		o   output
		req engine.HeapRequest
	)
	o.define(fs)
	fs.Func("at", "the heap at this `moment` since the beginning", func(s string) error {
		at, err := time.ParseDuration(s)
		if err != nil {
			return errors.New("write it as 2.5s")
		}
		if at < 0 {
			return errors.New("it is before the beginning")
		}
		req.At = &at
		return nil
	})
	fs.BoolVar(&req.Map, "map", false, "draw the arenas and the spans in them")
	fs.BoolVar(&req.Frames, "frames", false, "the frames that make goroutines' stacks grow")
	countVar(fs, &o.top, "top", 12, "`rows` of a table, 0 all")
	return func(ctx context.Context, e *env, args, command []string) error {
		switch {
		case len(args) > 0 && len(args)+len(command) > 1 && !exists(args[0]):
			return usageError(fmt.Sprintf("heap: %s is no file, and no command of heap", args[0]), "those are record, whatif and top")
		case len(args) != 1 || len(command) > 0:
			return usageError("heap: name one recording or trace", "stackward heap record makes one")
		case strings.Contains(args[0], "://"):
			return usageError("heap: "+args[0]+" is no file", fmt.Sprintf("stackward heap record %[1]s records the process, stackward heap top %[1]s shows it as it runs", args[0]))
		}
		if err := o.check(e); err != nil {
			return err
		}
		p := newProgress(e)
		defer p.clear()
		req.File, req.Progress = args[0], p.report
		return written(e, p, &o, func() (*alloc.Report, error) { return engine.Heap(ctx, req) })
	}
}
