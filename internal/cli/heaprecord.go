package cli

import (
	"context"
	"flag"
)

const recordHelp = `usage: stackward heap record [flags] -- command

Record runs a program and records its heap over time.

example: stackward heap record -o run.heap -- go test -bench . ./pkg
`

func defineRecord(*flag.FlagSet) runner { return runRecord }

func runRecord(context.Context, *env, []string, []string) error {
	return usageError("heap record: not there yet", "")
}
