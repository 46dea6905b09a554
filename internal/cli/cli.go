// Package cli is the stackward command: one file per subcommand.
//
//	args → flags → engine request → report → encoder → stdout
//
// Results go to stdout; progress, problems and hints to stderr. The exit
// status is the same in every format: 0 the work is done, 1 it could not be
// done or only in part, or the program that was to be run failed, 2 wrong usage,
// 3 what was asked for was found.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/prove"
)

// Exit statuses.
const (
	exitDone  = 0
	exitError = 1
	exitUsage = 2
	exitFound = 3
)

// An env is where a command runs.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// A command is one subcommand.
type command struct {
	name string
	help string // hand-written, at most 25 lines, ending in an example
	// define defines the command's flags and returns what runs it with their
	// values.
	define func(fs *flag.FlagSet) runner
	// below are the commands that its first argument may name, their names in
	// full: "heap record".
	below []command
}

// A runner runs a command: args are its arguments up to "--", rest is what
// follows that.
type runner func(ctx context.Context, e *env, args, rest []string) error

// commands in the order of the usage text. It is a function, since help looks
// into it.
func commands() []command {
	return []command{
		{name: "find", help: findHelp, define: defineFind},
		{name: "explain", help: explainHelp, define: defineExplain},
		{name: "cost", help: costHelp, define: defineCost},
		{name: "fix", help: fixHelp, define: defineFix},
		{name: "check", help: checkHelp, define: defineCheck},
		{name: "diff", help: diffHelp, define: defineDiff},
		heapCommand(),
		{name: "version", help: versionHelp, define: defineVersion},
		{name: "help", help: helpHelp, define: defineHelp},
	}
}

// Main runs the command line args, without the program's name, and returns the
// exit status. It ends when ctx does.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == prove.CoverCommand { // for go test, not for people
		status, err := prove.Covered(ctx, args[1:], stdout, stderr)
		if err != nil {
			fmt.Fprintf(stderr, "stackward: %v\n", err)
			return exitError
		}
		return status
	}
	e := &env{stdin, stdout, stderr}
	err := dispatch(ctx, e, args)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "stackward: interrupted")
		return exitError
	}
	if errors.Is(err, errFindings) {
		return exitFound
	}
	if errors.Is(err, errPartial) || errors.Is(err, errProgram) {
		return exitError // told already
	}
	all := []error{err}
	if list, ok := errors.AsType[several](err); ok {
		all = list
	}
	status := exitError
	for _, err := range all {
		fmt.Fprintf(stderr, "stackward: %v\n", err)
		if x, ok := errors.AsType[*engine.Error](err); ok {
			if x.Hint != "" {
				fmt.Fprintf(stderr, "hint: %s\n", x.Hint)
			}
			if x.Usage {
				status = exitUsage
			}
		}
	}
	return status
}

// errFindings ends a command that was asked whether there is something to do,
// and found something.
var errFindings = errors.New("there is something to do")

// errPartial ends a command whose report has problems.
var errPartial = errors.New("the report is partial")

// errProgram ends a command that has run a program, and has done its own work: the
// program failed.
var errProgram = errors.New("the program failed")

// several are errors that are all told.
type several []error

func (s several) Error() string { return errors.Join(s...).Error() }

// dispatch runs the command that args name. Without a command's name the
// arguments are packages to find sites in: "stackward ./...".
func dispatch(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(e.stderr, usage)
		return usageError("no command and no packages", "try: stackward ./...")
	}
	name := args[0]
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, e, args[1:])
		}
	}
	switch {
	case slices.Contains([]string{"-h", "-help", "--help"}, name):
		fmt.Fprint(e.stdout, usage)
		return nil
	case strings.HasPrefix(name, "-") && commandAfter(args):
		return usageError(fmt.Sprintf("%s stands before the command", name), "the command comes first, then its flags: stackward find -C dir ./...")
	case strings.HasPrefix(name, "-"), strings.ContainsAny(name, "./"), name == "std", name == "all":
		return commands()[0].run(ctx, e, args)
	}
	return usageError(fmt.Sprintf("unknown command %q", name), "commands: find, explain, cost, fix, check, diff, heap, version, help; packages are written as ./name")
}

// commandAfter reports the name of a command behind the go command's flags.
func commandAfter(args []string) bool {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	new(buildFlags).define(fs)
	return fs.Parse(args) == nil && slices.ContainsFunc(commands(), func(c command) bool { return c.name == fs.Arg(0) })
}

func usageError(msg, hint string) error {
	return &engine.Error{Msg: msg, Hint: hint, Usage: true}
}

// buildFlags are the go command's flags that every command takes.
type buildFlags struct {
	dir     string
	overlay string
	flags   []string
}

// buildHelp names them.
const buildHelp = `  -C dir, -tags, -mod, -modfile, -modcacherw, -overlay, -pgo, -p, -trimpath,
  -race, -msan, -asan, -gcflags, -ldflags, -asmflags
                  as of the go command
`

func (b *buildFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&b.dir, "C", "", "work in `dir`")
	fs.StringVar(&b.overlay, "overlay", "", "the go command's -overlay `file`")
	for _, name := range []string{"tags", "mod", "modfile", "pgo", "p", "gcflags", "ldflags", "asmflags"} {
		fs.Func(name, "passed to the go command", func(v string) error {
			b.flags = append(b.flags, "-"+name+"="+v)
			return nil
		})
	}
	for _, name := range []string{"race", "msan", "asan", "trimpath", "modcacherw"} {
		fs.BoolFunc(name, "passed to the go command", func(v string) error {
			b.flags = append(b.flags, "-"+name+"="+v)
			return nil
		})
	}
}

// take removes the go command's flag of a name and returns its value, "" none.
func (b *buildFlags) take(name string) (value string) {
	b.flags = slices.DeleteFunc(b.flags, func(f string) bool {
		v, ok := strings.CutPrefix(f, "-"+name+"=")
		if ok {
			value = v
		}
		return ok
	})
	return value
}

// run parses the command's flags and runs it, or the one below it that the
// first argument names; -h prints its help.
func (c *command) run(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		if sub := c.find(args[0]); sub != nil {
			return sub.run(ctx, e, args[1:])
		}
	}
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	run := c.define(fs)
	var rest []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, rest = args[:i], args[i+1:]
	}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.stdout, c.help)
		return nil
	}
	if err != nil {
		return usageError(fmt.Sprintf("%s: %v", c.name, err), "flags are listed by: stackward help "+c.name)
	}
	for _, arg := range fs.Args() {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && fs.Lookup(name) != nil {
			return usageError(fmt.Sprintf("%s: the flag %s stands after %s", c.name, arg, fs.Arg(0)), "flags come before packages")
		}
	}
	return run(ctx, e, fs.Args(), rest)
}

// find returns the command below c that has a name, nil if there is none.
func (c *command) find(name string) *command {
	for i := range c.below {
		if c.below[i].name == c.name+" "+name {
			return &c.below[i]
		}
	}
	return nil
}

// build is the part of a request that the build flags make.
func (b *buildFlags) build(e *env, p *progress) (engine.Build, error) {
	out := engine.Build{Dir: b.dir, Flags: b.flags, Cache: engine.CacheDir(), Stdin: e.stdin, Stdout: e.stdout, Stderr: p.through(e.stderr), Progress: p.report}
	if b.overlay != "" {
		file, err := filepath.Abs(b.overlay)
		if err != nil {
			return out, err
		}
		if _, err := os.Stat(file); err != nil {
			return out, usageError(fmt.Sprintf("no overlay file %s", b.overlay), "")
		}
		out.Overlay = file
	}
	return out, nil
}

// report has the engine make a report, shows how far it is, and writes it.
func report(e *env, b *buildFlags, o *output, build *engine.Build, do func() (*alloc.Report, error)) error {
	p := newProgress(e)
	defer p.clear()
	var err error
	if *build, err = b.build(e, p); err != nil {
		return err
	}
	return written(e, p, o, do)
}

// written writes a report once it is made.
func written(e *env, p *progress, o *output, do func() (*alloc.Report, error)) error {
	r, err := do()
	p.clear()
	if err != nil {
		return err
	}
	if err := o.write(e, r); err != nil {
		return err
	}
	return problems(e, r)
}

// problems tells what the report lacks, and makes the command fail if it
// lacks anything.
func problems(e *env, r *alloc.Report) error {
	for _, p := range r.Problems {
		switch {
		case p.File != "" && p.Line > 0 && !strings.Contains(p.Message, p.File):
			fmt.Fprintf(e.stderr, "stackward: %s: %s:%d:%d: %s\n", p.Package, p.File, p.Line, p.Col, p.Message)
		case p.Package == "":
			fmt.Fprintf(e.stderr, "stackward: %s\n", p.Message)
		default:
			fmt.Fprintf(e.stderr, "stackward: %s: %s\n", p.Package, p.Message)
		}
		if p.Hint != "" {
			fmt.Fprintf(e.stderr, "hint: %s\n", p.Hint)
		}
	}
	if len(r.Problems) > 0 {
		fmt.Fprintln(e.stderr, "stackward: the report is partial")
		return errPartial
	}
	return nil
}
