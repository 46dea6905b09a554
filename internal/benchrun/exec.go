package benchrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A Program is what go run is told: what to build, how, and with which
// arguments to run it.
type Program struct {
	Flags   []string // build flags, each in one word
	Dir     string   // of -C, "" none
	Package []string // one, or files
	Args    []string
	// Test reports that Package's tests are meant; Args are then those of its
	// test binary.
	Test bool
}

// A Command is a program for Exec to build, run and record. Its flags and its
// directory are those of Exec's configuration.
type Command struct {
	Program        Program
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Grace is how long a program may take to end after the interrupt that it
	// is sent when the context ends; 0 is 10 seconds. Then it is killed.
	Grace time.Duration
	// Step, if not nil, is told what is being done.
	Step func(step, pkg string)
}

// Exec records a whole program, from the start of its own initialisation until
// it ends, however it does: the Result of an interrupted, failed or killed
// program holds all that was recorded. When ctx ends, the program is sent an
// interrupt, unless the terminal did that. There is no total to hold the
// record against.
func Exec(ctx context.Context, cfg *gocmd.Config, c Command) (_ *Result, err error) {
	r := new(Result)
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.tmp, err = tempDir(); err != nil {
		return nil, err
	}
	c.step("compiling the recorder", "")
	if r.tc, err = newToolchain(ctx, cfg, r.tmp, edits, false); err != nil {
		return nil, err
	}
	c.step("building with the recorder", strings.Join(c.Program.Package, " "))
	if err := r.buildMain(ctx, c.Program.Package); err != nil {
		return nil, err
	}
	out := filepath.Join(r.tmp, "records")
	if err := createTable(out, modeProcess); err != nil {
		return nil, err
	}
	c.step("recording", r.Package)
	start := time.Now()
	if err := r.run(ctx, cfg, c, c.Program.Args, envOut+"="+out); err != nil {
		return nil, err
	}
	wall := time.Since(start)
	if err := r.read(out, modeProcess); err != nil {
		return nil, err
	}
	if len(r.Runs) == 0 {
		return nil, &Error{
			Msg: "recording " + r.Package + ": the program did not record", Output: r.Output,
			Hint: "it may have ended before its runtime was up",
		}
	}
	run := r.Runs[0]
	run.Duration = wall
	run.GC.TotalNs = float64(wall)
	run.Procs = runtime.GOMAXPROCS(0)
	return r, nil
}

func (c *Command) step(step, pkg string) {
	if c.Step != nil {
		c.Step(step, pkg)
	}
}

// ParseRun reads "go run [flags] package [arguments]", or the same without "go
// run".
func ParseRun(args []string) (Program, error) {
	var p Program
	refuse := func(msg, hint string) (Program, error) { return p, &Error{Msg: msg, Usage: true, Hint: hint} }
	if len(args) > 0 && filepath.Base(args[0]) == "go" {
		verb := "without a command"
		if len(args) > 1 {
			verb = args[1]
		}
		switch verb {
		case "run":
			args = args[2:]
		case "test":
			return refuse("go test is not run as a command", "-bench=REGEX or -run=REGEX, and the packages, record benchmarks and tests")
		default:
			return refuse("go "+verb+" runs no program", "write: -- go run ./cmd/server [arguments]")
		}
	}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, inOne := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		args = args[1:]
		if !inOne && !slices.Contains(boolFlags, name) && len(args) > 0 {
			value, inOne = args[0], true
			args = args[1:]
		}
		switch {
		case name == "exec":
			return refuse("go run -exec is not supported", "")
		case name == "C":
			p.Dir = value
		case inOne:
			p.Flags = append(p.Flags, "-"+name+"="+value)
		default:
			p.Flags = append(p.Flags, "-"+name)
		}
	}
	if len(args) == 0 {
		return refuse("no program named", "name a main package: ./cmd/server [arguments]")
	}
	n := 0
	for n < len(args) && strings.HasSuffix(args[n], ".go") {
		n++
	}
	n = max(n, 1)
	p.Package, p.Args = args[:n], args[n:]
	if path, version, ok := strings.Cut(args[0], "@"); ok && n == 1 {
		return refuse("go run "+path+"@"+version+" is not supported", "get its source, go mod download -json "+path+"@"+version+", and run it from there")
	}
	return p, nil
}

// boolFlags are the build flags that take no value (go help build, go1.27).
var boolFlags = []string{
	"a", "n", "race", "msan", "asan", "cover", "v", "work", "x", "json", "linkshared", "modcacherw", "trimpath",
}

// buildMain builds the program with the recorder.
func (r *Result) buildMain(ctx context.Context, pkg []string) error {
	var stdout, stderr bytes.Buffer
	list := r.tc.command(ctx, "list", slices.Concat([]string{"-json=ImportPath,Name,Dir", "--"}, pkg)...)
	list.Stdout, list.Stderr = &stdout, &stderr
	if err := r.tc.cfg.Run(ctx, list); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return notGo(pkg, stderr.String(), err)
	}
	var p struct{ ImportPath, Name, Dir string }
	dec := json.NewDecoder(&stdout)
	if err := dec.Decode(&p); err != nil {
		return fmt.Errorf("reading go list: %w", err)
	}
	if dec.More() || p.Name != "main" {
		return &Error{
			Msg: strings.Join(pkg, " ") + " is not one main package", Usage: true, Err: ErrNotGo,
			Hint: "name one: ./cmd/server [arguments]; tests are run with -run, benchmarks with -bench",
		}
	}
	r.Package, r.Dir = p.ImportPath, p.Dir
	r.Binary = filepath.Join(r.tmp, filepath.Base(p.Dir))
	out, err := r.tc.build(ctx, "build", slices.Concat([]string{"-o", r.Binary, "--"}, pkg)...)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return buildFailure(r.Package, out, err)
	}
	r.GOROOT = r.tc.goroot()
	return nil
}

// notGo says why there is no package to build.
func notGo(pkg []string, out string, err error) error {
	e := buildFailure(strings.Join(pkg, " "), out, err).(*Error)
	e.Err, e.Output = ErrNotGo, ""
	e.Hint = "only Go programs can be recorded: name a main package, or its files"
	return e
}

// run runs the program to its end. It stays in the process group of this
// process, so that it may read from the terminal and gets its Ctrl-C.
func (r *Result) run(ctx context.Context, cfg *gocmd.Config, c Command, args []string, env string) error {
	grace := c.Grace
	if grace <= 0 {
		grace = 10 * time.Second
	}
	cmd := exec.Command(r.Binary, args...)
	cmd.Dir = cfg.Dir
	cmd.Env = append(cfg.Command(ctx).Env, env)
	end := &tail{}
	cmd.Stdin = c.Stdin
	cmd.Stdout, cmd.Stderr = tee(c.Stdout, end), tee(c.Stderr, end)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running %s: %w", r.Package, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		r.Interrupted = true
		if f, ok := c.Stdin.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
			cmd.Process.Signal(os.Interrupt)
		}
		select {
		case err = <-done:
		case <-time.After(grace):
			cmd.Process.Kill()
			err = <-done
		}
	}
	r.Output = end.String()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		r.Exit = exit.Error()
	case errors.Is(err, exec.ErrWaitDelay):
		// A child of it holds its output; it ended itself.
	default:
		return fmt.Errorf("running %s: %w", r.Package, err)
	}
	return nil
}

func tee(w io.Writer, end *tail) io.Writer {
	if w == nil {
		return end
	}
	return io.MultiWriter(w, end)
}
