package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/heaprecord"
	"github.com/stackward-go/stackward/internal/recording"
)

const recordHelp = `usage: stackward heap record [flags] -- go run|go test …
       stackward heap record [flags] URL|TRACE

Record makes a recording of the heap of a program, of the tests or benchmarks of
a package, or of a process that serves net/http/pprof or stackward/heapz: its
execution trace with all allocations and samples of its CPU time, metrics, the
collector's log and heap profiles, in one file. It ends with the program, at
Ctrl-C, or at its bounds. Where the program fails, the exit status is 1.

  -o file         the recording (run.heap)
  -max-size size  its bound (1GB): the recording ends there, the program goes on
  -duration d     end the program after this time; of a URL, how long (10s)
  -gogc n         the program's GOGC: at 10 or 25, lifetimes are known best
  -sites          have each allocation's stack in it, exactly, not only a profile
` + buildHelp + `
example: stackward heap record -o run.heap -- go test -bench . ./pkg
`

func defineRecord(fs *flag.FlagSet) runner {
	var (
		b    buildFlags
		req  heaprecord.Request
		size string
	)
	b.define(fs)
	fs.StringVar(&req.Out, "o", "run.heap", "the recording's `file`")
	fs.StringVar(&size, "max-size", "1GB", "how much it may be")
	fs.DurationVar(&req.Duration, "duration", 0, "end it after this time")
	fs.StringVar(&req.GOGC, "gogc", "", "the program's GOGC")
	fs.BoolVar(&req.Exact, "sites", false, "have each allocation's stack")
	return func(ctx context.Context, e *env, args, command []string) error {
		req.Command = command
		if err := checkRecord(&req, args, size); err != nil {
			return err
		}
		p := newProgress(e)
		defer p.clear()
		var err error
		if req.Build, err = b.build(e, p); err != nil {
			return err
		}
		req.Version, req.Stdout = version(), p.through(e.stdout)
		s, err := heaprecord.Record(ctx, req)
		p.clear()
		if err != nil {
			return err
		}
		defer s.File.Close()
		return recorded(context.WithoutCancel(ctx), e, &req, s)
	}
}

// checkRecord completes a request and says what is wrong with it.
func checkRecord(req *heaprecord.Request, args []string, size string) error {
	var err error
	switch {
	case len(args)+len(req.Command) == 0:
		return usageError("record what?", "name a command: stackward heap record -- go test -bench . ./pkg; or a URL, or a trace")
	case len(req.Command) > 0 && len(args) > 0:
		return usageError(fmt.Sprintf("heap record: %s stands before the command", args[0]), "record one thing at a time")
	case len(args) > 1:
		hint := ""
		if args[0] == "go" {
			hint = "write a command behind --: heap record -- " + strings.Join(args, " ")
		}
		return usageError(fmt.Sprintf("heap record: one source at a time, and %s is another", args[1]), hint)
	case len(args) == 1:
		req.Source = args[0]
		_, port, err := net.SplitHostPort(strings.TrimSuffix(req.Source, "/"))
		if _, no := strconv.Atoi(port); err == nil && no == nil && !exists(req.Source) {
			return usageError(fmt.Sprintf("heap record: no file %s", req.Source), "a process is recorded by its URL: http://"+req.Source)
		}
		if req.Exact {
			return usageError("-sites needs a program to build", "write it behind --: -- go run ./cmd/server")
		}
		if req.GOGC != "" {
			return usageError("-gogc needs a program to start", "write it behind --: -- go run ./cmd/server")
		}
	}
	if req.MaxSize, err = bytesOf(size); err != nil || req.MaxSize < minRecording {
		return usageError(fmt.Sprintf("-max-size: %s is no size of at least 16MB", size), "write it as 500MB or 2GB")
	}
	if n, err := strconv.Atoi(req.GOGC); req.GOGC != "" && req.GOGC != "off" && (err != nil || n <= 0) {
		return usageError(fmt.Sprintf("-gogc: %s is no number of percents", req.GOGC), "it is that of the environment variable GOGC")
	}
	if req.Duration < 0 {
		return usageError("-duration: a time is not negative", "")
	}
	return nil
}

// exists reports whether there is a file of a name.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// minRecording is twice what the recorder keeps free for the end of the trace, which is
// half a second of it for a program that does nothing but make small objects.
const minRecording = 16e6

// bytesOf reads a size: bytes, or a number with a unit of powers of 1000 (kB, MB,
// GB) or of 1024 (KiB, MiB, GiB).
func bytesOf(s string) (int64, error) {
	num := strings.TrimRight(s, "kKMGTiB")
	unit, ok := map[string]float64{
		"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[s[len(num):]]
	v, err := strconv.ParseFloat(num, 64)
	if err != nil {
		return 0, err
	}
	if v *= unit; !ok || !(v >= 0 && v < math.MaxInt64) {
		return 0, fmt.Errorf("no size: %s", s)
	}
	return int64(v), nil
}

// recorded tells what was recorded, and what was not.
func recorded(ctx context.Context, e *env, req *heaprecord.Request, s *heaprecord.Summary) error {
	f := s.File
	fmt.Fprintf(e.stderr, "stackward: recorded %s: %s", req.Out, sizeText(s.Size))
	full := f.Stop != nil && f.Stop.Why == recording.WhyMaxSize // how long it was recorded is told below
	if f.End != nil && f.End.Seconds > 0 && !full {
		fmt.Fprintf(e.stderr, ", %v", time.Duration(f.End.Seconds*float64(time.Second)).Round(10*time.Millisecond))
		if f.End.CPUSeconds > 0 {
			fmt.Fprintf(e.stderr, " (%.2fs CPU)", f.End.CPUSeconds)
		}
	}
	if f.Start != nil && f.Stop != nil && f.Stop.MemStats.Mallocs > 0 {
		fmt.Fprintf(e.stderr, ", %s, %s",
			number(f.Stop.MemStats.Mallocs-f.Start.MemStats.Mallocs, "allocation"), number(uint64(f.Stop.MemStats.NumGC-f.Start.MemStats.NumGC), "collection"))
	}
	fmt.Fprintln(e.stderr)
	failed := f.End != nil && f.End.Exit != "" && !f.End.Interrupted
	if failed {
		fmt.Fprintf(e.stderr, "stackward: the program ended with %s\n", f.End.Exit)
	}
	if s.Unpatched != nil {
		if req.Exact {
			fmt.Fprintf(e.stderr, "stackward: the stacks are not exact: %v\n", s.Unpatched)
		} else {
			fmt.Fprintf(e.stderr, "stackward: the trace may have a gap, which a mended runtime would not leave: %v\n", s.Unpatched)
		}
	} else if f.Header.Sites == recording.Exact && f.End != nil && f.End.Dropped > 0 {
		fmt.Fprintf(e.stderr, "stackward: %d of %d allocations have no stack, for lack of space\n", f.End.Dropped, f.End.Allocs+f.End.Dropped)
	}
	if f.Partial != nil || f.Stop == nil || f.Stop.Cut || f.Stop.Why == recording.WhyError {
		if err := engine.HeapReadable(ctx, req.Out); err != nil {
			incomplete(e.stderr, f, "")
			fmt.Fprintf(e.stderr, "stackward: nothing of it can be read: %v\n", err)
			return errPartial
		}
	}
	fmt.Fprintf(e.stderr, "hint: stackward heap %s\n", req.Out)
	if err := incomplete(e.stderr, f, ", of which up to a second is lost"); err != nil || !failed {
		return err
	}
	return errProgram
}

// incomplete tells why a recording does not reach to the end of what was
// recorded, if it does not; lost is what an error took with it.
func incomplete(w io.Writer, f *recording.File, lost string) error {
	switch stop := f.Stop; {
	case f.Partial != nil:
		fmt.Fprintf(w, "stackward: %v\n", f.Partial)
	case f.Start == nil && f.TraceBytes == 0:
		fmt.Fprintln(w, "stackward: the program ended before it was recorded: its main package had not begun")
	case f.Header.TraceFile != "":
		return nil
	case stop == nil:
		fmt.Fprintln(w, "stackward: the process did not come to its end: what it did last, up to a second, is missing")
	case stop.Why == recording.WhyMaxSize:
		fmt.Fprintf(w, "stackward: recording ended after %v, since -max-size is %s", f.Span().Round(10*time.Millisecond), sizeText(f.Header.MaxSize))
		if stop.Cut {
			fmt.Fprintln(w, "\nstackward: the end of the trace did not fit: what came last, up to a second, is lost")
		} else {
			fmt.Fprintln(w, ", of which a part is kept for the end of the trace")
		}
		return nil
	case stop.Why == recording.WhyError:
		fmt.Fprintf(w, "stackward: recording ended after %v%s: %s\n", f.Span().Round(10*time.Millisecond), lost, stop.Error)
	case stop.Cut:
		fmt.Fprintln(w, "stackward: what the process had not sent yet is missing, up to a second")
		return nil
	default:
		return nil
	}
	return errPartial
}

// number is a number of things.
func number(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// sizeText is a number of bytes with a unit.
func sizeText(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1e3)
}
