// Stackward tells which source expressions of a Go module allocate on the
// heap, and why. Run "stackward help" for its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/stackward-go/stackward/internal/cli"
)

func main() {
	// What stackward runs is in process groups of its own: a terminal that goes
	// away has to be passed on, too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second one ends the process whatever it does
	status := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
