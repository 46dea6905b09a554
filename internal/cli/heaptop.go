package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/text"
)

const topHelp = `usage: stackward heap top [flags] URL

Top shows the heap of a running process, and where it allocates, again and again,
as top does: its own counters, and from its heap profile the lines that allocated
the most in the last ten looks. The process serves net/http/pprof at the URL. The
profile is sampled, and as of the last collection.

  -interval duration  between two looks (2s)
  -n looks            end after so many; 0: until Ctrl-C
  -top n              lines to show (15; 0 all)
  -format f           text or json: an object for each look

example: stackward heap top http://localhost:6060
`

func defineTop(fs *flag.FlagSet) runner {
	var (
		interval = fs.Duration("interval", 2*time.Second, "`time` between two looks")
		format   = fs.String("format", "text", "`text` or json")
		n, rows  int
	)
	countVar(fs, &n, "n", 0, "end after so many `looks`")
	countVar(fs, &rows, "top", 15, "`lines` to show, 0 all")
	return func(ctx context.Context, e *env, args, _ []string) error {
		switch {
		case len(args) != 1:
			return usageError("heap top: name the URL of a process", "such as http://localhost:6060")
		case *interval <= 0:
			return usageError("-interval: it must be more than 0", "")
		case *format != "text" && *format != "json":
			return usageError(fmt.Sprintf("-format: unknown format %q", *format), "known are text, json")
		}
		top, err := engine.NewTop(args[0])
		if err != nil {
			return err
		}
		tick := time.NewTicker(*interval)
		defer tick.Stop()
		for looks := 1; ; looks++ {
			look, err := top.Look(ctx)
			if ctx.Err() != nil && looks > 1 {
				return nil // Ctrl-C is how it ends
			}
			if err != nil {
				return err
			}
			if err := show(e, look, looks == 1, *format, rows); err != nil {
				return err
			}
			if looks == n {
				return nil
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
}

// show writes a look: on a terminal over the last one, elsewhere below it.
func show(e *env, look *alloc.HeapTop, first bool, format string, rows int) error {
	if format == "json" {
		return json.NewEncoder(e.stdout).Encode(alloc.Message{HeapTop: look})
	}
	o := text.Options{Top: rows}
	width, ok := terminal(e.stdout)
	if !ok {
		if !first {
			fmt.Fprintln(e.stdout)
		}
		return text.Top(e.stdout, look, o)
	}
	o.Width, o.Color = width, true
	if f, isFile := e.stdout.(*os.File); isFile {
		const head = 8 // lines above the table
		if _, height, err := term.GetSize(int(f.Fd())); err == nil && (rows == 0 || rows > height-head) {
			o.Top = max(1, height-head)
		}
	}
	const home = "\x1b[H\x1b[J" // and nothing below
	if _, err := fmt.Fprint(e.stdout, home); err != nil {
		return err
	}
	return text.Top(e.stdout, look, o)
}
