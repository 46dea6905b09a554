// Stackward tells which source expressions of a Go module allocate on the
// heap, and why. Run "stackward help" for its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/stackward-go/stackward/internal/cli"
)

// memory is where the collector begins to work harder, in bytes, unless
// GOMEMLIMIT says otherwise: 200,000 lines of diagnostics then fit into 400 MB,
// at no cost in time that docs/speed.md could measure.
const memory = 320 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	// What stackward runs is in process groups of its own: a terminal that goes
	// away has to be passed on, too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second one ends the process whatever it does
	status := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
