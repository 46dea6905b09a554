package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/fix"
)

const usage = `stackward tells which source expressions of a Go module allocate on the heap,
why, and what each costs, asking the installed compiler and runtime.

usage: stackward [command] [flags] [packages]

  find      every site, with kind, cause and size (the default: stackward ./...)
  explain   FILE:LINE, a site's id or a cause: the whole story and the cut
  cost      what each site costs per benchmark operation
  fix       rewrites that remove allocations, each proved before it is shown
  check     contracts in the source and a baseline: a gate for CI
  diff      two revisions, toolchains, targets or profiles, compared by site
  heap      the heap of a program over time: heap record, heap FILE
  version   stackward's own version
  help      help COMMAND, help causes, help kinds, help fixers

What find has found is kept until something is compiled anew, in the user's
cache directory or in $STACKWARD_CACHE; "off" keeps nothing.

example: stackward ./...
`

const helpHelp = `usage: stackward help [COMMAND | causes | kinds | fixers]

example: stackward help find
`

const versionHelp = `usage: stackward version

example: stackward version
`

func defineHelp(*flag.FlagSet) runner { return runHelp }

func runHelp(_ context.Context, e *env, args, _ []string) error {
	if len(args) == 0 {
		fmt.Fprint(e.stdout, usage)
		return nil
	}
	switch args[0] {
	case "causes":
		for _, c := range alloc.Causes {
			fmt.Fprintln(e.stdout, c)
		}
		return nil
	case "kinds":
		for _, k := range alloc.Kinds {
			fmt.Fprintln(e.stdout, k)
		}
		return nil
	}
	if args[0] == "fixers" {
		for _, a := range fix.Suite {
			line, _, _ := strings.Cut(a.Doc, "\n")
			name, what, _ := strings.Cut(line, ": ")
			fmt.Fprintf(e.stdout, "%-12s %s\n", name, what)
		}
		return nil
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if len(args) > 1 {
			if sub := c.find(args[1]); sub != nil {
				c = *sub
			}
		}
		fmt.Fprint(e.stdout, c.help)
		return nil
	}
	return usageError(fmt.Sprintf("no help on %q", args[0]), "stackward help lists the commands")
}

func defineVersion(*flag.FlagSet) runner { return runVersion }

func runVersion(_ context.Context, e *env, args, _ []string) error {
	if len(args) > 0 {
		return usageError("version takes no arguments", "")
	}
	goVersion := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	fmt.Fprintf(e.stdout, "stackward %s (built with %s, report schema %d)\n", cmp.Or(version(), "unknown"), goVersion, alloc.Schema)
	return nil
}

// version is stackward's own, "" where the build does not say.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}
