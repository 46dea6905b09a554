package cli

import (
	"context"
	"flag"
)

const heapHelp = `usage: stackward heap FILE
       stackward heap record [flags] -- command

Heap shows the heap of a Go program over time: what lives where, which sites
allocate it and how long it lives. FILE is a recording of stackward heap record.

  record    make a recording; see stackward help heap record

example: stackward heap record -o run.heap -- go test -bench . ./pkg
`

func defineHeap(*flag.FlagSet) runner { return runHeap }

func runHeap(_ context.Context, _ *env, args, _ []string) error {
	if len(args) != 1 {
		return usageError("heap: name one recording", "stackward heap record makes one")
	}
	return usageError("heap: reading is not there yet", "")
}
