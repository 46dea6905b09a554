// Cacheserver is an in-memory cache that clients of Redis can talk to, whose
// entries are on Go's heap or off it, as a flag says; and what measures the
// difference.
//
//	go run . compare              all of it: one table, in about two minutes
//	go run . serve -storage go    a server
//	go run . load                 clients for it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stackward-go/stackward/offheap"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/compare"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/server"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/store"
)

const usage = `Cacheserver is an in-memory cache on Go's heap, or off it, to compare the two.

Usage:

    cacheserver compare [flags]   measure both, and print a table
    cacheserver serve [flags]     serve clients of Redis
    cacheserver load [flags]      be clients

"cacheserver COMMAND -h" tells the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

var commands = map[string]func(ctx context.Context, flags *flag.FlagSet, args []string, stdout, stderr io.Writer) error{
	"compare": compareCommand,
	"load":    loadCommand,
	"serve":   serveCommand,
}

// errUsage is what was told to the user already.
var errUsage = errors.New("usage")

// run is the program. It returns the exit code: 1 after an error, 2 if it was
// called in a wrong way.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(stderr, usage)
		return 2
	}
	flags := flag.NewFlagSet("cacheserver "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	err := commands[args[0]](ctx, flags, args[1:], stdout, stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintf(stderr, "cacheserver: %v\n", err)
	return 1
}

// parse parses flags, after which there must be nothing.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(flags.Output(), "cacheserver: %q is not a flag\n", flags.Arg(0))
		return errUsage
	}
	return nil
}

// bytesFlag adds a flag that is a number of bytes, such as 512M.
func bytesFlag(flags *flag.FlagSet, name, usage string) *int64 {
	n := new(int64)
	flags.Func(name, usage, func(s string) (err error) {
		*n, err = parseBytes(s)
		return err
	})
	return n
}

func parseBytes(s string) (int64, error) {
	digits, shift := s, 0
	if i := strings.IndexAny(s, "KMGkmg"); i > 0 && i == len(s)-1 {
		digits, shift = s[:i], 10*(1+strings.Index("KMG", strings.ToUpper(s[i:])))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return 0, errors.New("want a number of bytes, such as 512M or 2G")
	}
	return n << shift, nil
}

func serveCommand(ctx context.Context, flags *flag.FlagSet, args []string, stdout, _ io.Writer) error {
	addr := flags.String("addr", "127.0.0.1:6380", "`address` to serve at, or the path of a socket if it has a slash")
	storage := flags.String("storage", "offheap", "where the entries are: "+strings.Join(store.Storages, " or "))
	shards := flags.Int("shards", 64, "parts with a lock each")
	maxMemory := bytesFlag(flags, "maxmemory", "`bytes` of all entries, such as 512M; entries go to keep to it (default no limit)")
	memLimit := bytesFlag(flags, "memlimit", "`bytes` that the whole server should keep to; GOMEMLIMIT is set accordingly")
	clients := flags.Int("maxclients", 10000, "`number` of clients at once")
	idle := flags.Duration("timeout", 0, "`time` after which a client that is silent is sent away (default never)")
	garbage := flags.Int("garbage", 0, "`bytes` of Go's heap that each command takes and drops, as most servers do")
	debugCommand := flags.Bool("debug", false, "allow the command DEBUG GC")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *shards < 1 || *shards > 1<<16 {
		return errors.New("-shards must be 1 to 65536")
	}
	if *garbage < 0 {
		return errors.New("-garbage must be 0 or above")
	}
	cache, err := store.New(store.Config{Storage: *storage, Shards: *shards, Limit: *maxMemory})
	if err != nil {
		return err
	}
	if *memLimit > 0 {
		if err := setMemoryLimit(cache.Heap(), *memLimit, *maxMemory); err != nil {
			return err
		}
	}
	network := "tcp"
	if strings.Contains(*addr, "/") {
		network = "unix"
	}
	l, err := net.Listen(network, *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s%s\n", compare.Ready, l.Addr())
	s := server.New(server.Config{Cache: cache, IdleTimeout: *idle, MaxClients: *clients, Garbage: *garbage, Debug: *debugCommand})
	return errors.Join(s.Serve(ctx, l), cache.Close())
}

// setMemoryLimit sets GOMEMLIMIT so that the server has total bytes at most. The
// collector does not see what is off the heap, so that part is taken off.
func setMemoryLimit(heap *offheap.Heap, total, maxMemory int64) error {
	switch {
	case heap == nil:
		debug.SetMemoryLimit(total)
	case maxMemory == 0:
		return errors.New("-memlimit needs -maxmemory, since what is off the heap must have a limit")
	default:
		offheap.SetMemoryLimit(total, heap)
	}
	return nil
}

// positive is an error for a time that is not above 0.
func positive(name string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("-%s must be above 0", name)
	}
	return nil
}
