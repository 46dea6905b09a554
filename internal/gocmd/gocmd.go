// Package gocmd drives the user's own go command: it never guesses what there
// is to build, how, or with which toolchain.
//
//	Config (directory, environment, build flags)
//	    Environ  → Env      "go env -json", where the toolchain lines of go.mod took effect
//	    Build    → Build    packages, their archives in the build cache, the compiler's text
//	    Command  → any other go command, killed with its children when the context ends
//
// Build runs one "go list -e -export -deps": it compiles, links nothing, and
// names for each package the archive in the build cache. With Diagnose the
// named packages are compiled with -m=2; the text comes from the compiler or,
// for a package that is cached, from the cache, which replays it (go1.24 to
// go1.27). Dependencies keep their place in the cache, since -m=2 changes
// nothing of what is compiled.
//
// File names in that text are relative to the directory that the go command
// runs in, whichever directory first filled the cache: cmd/go writes them with
// a placeholder and expands it as it prints (cmd/go/internal/work/shell.go,
// go1.26).
//
// A package that does not compile has Errors and no Export. A package that
// compiles always makes the compiler say something as soon as it has a
// function: no text at all for it means that the flag did not arrive.
package gocmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Oldest is the oldest toolchain whose text and machine code are understood.
const Oldest = "go1.24"

// A Config is how to run the go command.
type Config struct {
	Dir string   // working directory, absolute
	Env []string // nil: the process's own
	// BuildFlags are passed verbatim to list, build and test: -tags=…, -mod=….
	BuildFlags []string
	Overlay    string // the user's -overlay file, "" none
	// Progress, if not nil, is called as packages are compiled.
	Progress func(Progress)

	envOnce sync.Once
	env     *Env
	envErr  error
}

// A Progress says how far a build is. Total is 0 while it is not known.
type Progress struct {
	Step        string
	Done, Total int
	Package     string
}

// An Env is what "go env -json" says.
type Env struct {
	GOROOT, GOVERSION, GOOS, GOARCH string
	GOMOD, GOWORK                   string
	GOMODCACHE, GOCACHE             string
	GOFLAGS, GOEXPERIMENT           string
	GOTOOLCHAIN, CGO_ENABLED        string
}

// An Error is a refusal with advice for the user.
type Error struct {
	Msg  string
	Hint string
	// Usage reports that the request was wrong, not the work.
	Usage bool
	Err   error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// The situations that a caller may want to tell apart, found with errors.Is.
var (
	ErrNoModule   = errors.New("not in a module")
	ErrNoPackages = errors.New("no packages match")
)

// Command returns a go command that runs in the configured directory and is
// killed, with all that it started, when ctx ends.
func (c *Config) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = c.Dir
	cmd.Env = c.environ()
	ownGroup(cmd)
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

func (c *Config) environ() []string {
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	return append(env[:len(env):len(env)], "PWD="+c.Dir)
}

// Flags are the build flags, the user's overlay among them.
func (c *Config) Flags() []string {
	if c.Overlay == "" {
		return c.BuildFlags
	}
	return append(c.BuildFlags[:len(c.BuildFlags):len(c.BuildFlags)], "-overlay="+c.Overlay)
}

// Environ asks the go command for its environment, once.
func (c *Config) Environ(ctx context.Context) (*Env, error) {
	c.envOnce.Do(func() { c.env, c.envErr = c.environOnce(ctx) })
	return c.env, c.envErr
}

func (c *Config) environOnce(ctx context.Context) (*Env, error) {
	out, err := c.output(ctx, "env", "-json")
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, &Error{Msg: "no go command", Hint: "install Go from https://go.dev/dl and put its bin directory on PATH", Err: err}
		}
		return nil, err
	}
	env := new(Env)
	if err := json.Unmarshal(out, env); err != nil {
		return nil, fmt.Errorf("reading go env: %w", err)
	}
	// A development toolchain is newer than any release.
	v, _, _ := strings.Cut(env.GOVERSION, " ")
	if version.IsValid(v) && version.Compare(v, Oldest) < 0 {
		return nil, &Error{
			Msg:  fmt.Sprintf("toolchain %s is older than %s", env.GOVERSION, Oldest),
			Hint: "set GOTOOLCHAIN=" + Oldest + ".0 or newer, or raise the toolchain line of go.mod",
		}
	}
	return env, nil
}

// output runs a go command and returns its standard output. The error of a
// failed command holds the last lines of what it said.
func (c *Config) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := c.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return stdout.Bytes(), failure(args[0], stderr.Bytes(), err)
	}
	return stdout.Bytes(), nil
}

// failure is the error of a go command that said text and exited with err.
func failure(verb string, text []byte, err error) error {
	msg := strings.TrimSpace(string(text))
	switch {
	case strings.Contains(msg, "go.mod file not found") || strings.Contains(msg, "cannot find main module"):
		return &Error{
			Msg: "not in a module", Err: nil,
			Hint:  "run it in a directory with a go.mod, or name one with -C",
			Usage: false,
		}
	case msg == "":
		return fmt.Errorf("running go %s: %w", verb, err)
	}
	lines := strings.Split(msg, "\n")
	if len(lines) > 12 {
		lines = append(lines[:12:12], fmt.Sprintf("… and %d more lines", len(lines)-12))
	}
	return fmt.Errorf("running go %s: %s", verb, strings.TrimPrefix(strings.Join(lines, "\n"), "go: "))
}

// A Module is a module as go list tells it.
type Module struct {
	Path, Version, Dir, GoMod string
	Main                      bool
	GoVersion                 string
}

// A Package is a package as go list tells it.
type Package struct {
	ImportPath string // with the suffix " [p.test]" for a variant built for a test
	Name, Dir  string
	ForTest    string
	Standard   bool
	DepOnly    bool // not named by the patterns
	Module     *Module
	// GoFiles are the files compiled, absolute, cgo's sources among them;
	// those of a test variant include the tests.
	GoFiles []string
	Imports []string
	// Export is the package's archive in the build cache, "" where it did not
	// compile.
	Export string
	Errors []PackageError
}

// A PackageError is what the go command or the compiler has against a package.
type PackageError struct {
	Pos     string // FILE:LINE:COL as printed, "" unknown
	Message string
}

// A Request says what to build.
type Request struct {
	Patterns []string
	Tests    bool // their tests, too
	Deps     bool // return their dependencies, too
	Diagnose bool // compile the named packages with -m=2
	// Text receives what the compiler says while it runs.
	Text io.Writer
}

// A Build is what was built.
type Build struct {
	Packages []*Package
}

// listed is the part of go list -json that is asked for.
type listed struct {
	ImportPath, Name, Dir, ForTest, Export string
	Standard, DepOnly, Incomplete          bool
	Module                                 *Module
	GoFiles, CgoFiles, IgnoredGoFiles      []string
	Imports                                []string
	Error                                  *struct {
		Pos, Err string
	}
	DepsErrors []*struct {
		ImportStack []string
		Pos, Err    string
	}
}

const fields = "-json=ImportPath,Name,Dir,ForTest,Export,Standard,DepOnly,Incomplete,Module,GoFiles,CgoFiles,Imports,Error,DepsErrors"

// Build compiles packages. That one of them does not compile is told in its
// Errors; the others are built all the same.
func (c *Config) Build(ctx context.Context, req Request) (*Build, error) {
	args := []string{"list", "-e", "-export", fields}
	if req.Deps {
		args = append(args, "-deps")
	}
	if req.Tests {
		args = append(args, "-test")
	}
	flags, gcflags, err := c.gcflags(ctx)
	if err != nil {
		return nil, err
	}
	if req.Diagnose {
		gcflags = strings.TrimSpace(gcflags + " -m=2")
		flags = append(flags, "-gcflags="+gcflags)
	}
	args = append(args, flags...)
	stop := c.watch(ctx, req)
	defer stop()
	args = append(args, "--")
	args = append(args, req.Patterns...)

	cmd := c.Command(ctx, args...)
	var stdout bytes.Buffer
	tail := &tailWriter{w: req.Text}
	cmd.Stdout, cmd.Stderr = &stdout, tail
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, failure("list", tail.tail, err)
	}
	b, err := decode(&stdout)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(b.Packages, func(p *Package) bool { return !p.DepOnly }) {
		return nil, &Error{
			Msg: "no packages match " + strings.Join(req.Patterns, " "), Err: nil,
			Hint: "patterns are those of go list: ./... is every package below this directory",
		}
	}
	return b, c.refused(b, req.Patterns)
}

// refused returns an error if nothing of what the patterns name exists.
func (c *Config) refused(b *Build, patterns []string) error {
	var first *PackageError
	for _, p := range b.Packages {
		if p.DepOnly {
			continue
		}
		if len(p.Errors) == 0 || len(p.GoFiles) > 0 {
			return nil
		}
		if first == nil {
			first = &p.Errors[0]
		}
	}
	if first == nil {
		return nil
	}
	msg := first.Message
	if strings.Contains(msg, "go.mod file not found") || strings.Contains(msg, "cannot find main module") {
		return &Error{Msg: "not in a module", Hint: "run it in a directory with a go.mod, or name one with -C"}
	}
	return &Error{
		Msg:  "no packages match " + strings.Join(patterns, " ") + ": " + firstLine(msg),
		Hint: "patterns are those of go list: ./... is every package below this directory",
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// decode reads go list's stream of objects.
func decode(r io.Reader) (*Build, error) {
	b := new(Build)
	dec := json.NewDecoder(r)
	for {
		var l listed
		if err := dec.Decode(&l); err == io.EOF {
			return b, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		if l.Name == "main" && strings.HasSuffix(l.ImportPath, ".test") {
			continue // the main package that the go command writes for a test
		}
		p := &Package{
			ImportPath: l.ImportPath, Name: l.Name, Dir: l.Dir, ForTest: l.ForTest, Export: l.Export,
			Standard: l.Standard, DepOnly: l.DepOnly, Module: l.Module, Imports: l.Imports,
		}
		for _, f := range slices.Concat(l.GoFiles, l.CgoFiles) {
			if !filepath.IsAbs(f) {
				f = filepath.Join(l.Dir, f)
			}
			p.GoFiles = append(p.GoFiles, filepath.ToSlash(f))
		}
		if l.Error != nil {
			p.Errors = append(p.Errors, PackageError{Pos: l.Error.Pos, Message: strings.TrimSpace(l.Error.Err)})
		}
		if l.Export == "" && l.Error == nil {
			for _, e := range l.DepsErrors {
				p.Errors = append(p.Errors, PackageError{Pos: e.Pos, Message: strings.TrimSpace(e.Err)})
			}
		}
		b.Packages = append(b.Packages, p)
	}
}

// watch tells the progress of a build that takes longer than a blink: how many
// packages there are comes from a second, quick go list, so it is only started
// when the first one turns out not to be quick itself.
func (c *Config) watch(ctx context.Context, req Request) (stop func()) {
	if c.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-ctx.Done():
			return
		case <-time.After(300 * time.Millisecond):
		}
		args := append([]string{"list", "-e"}, c.Flags()...)
		if req.Tests {
			args = append(args, "-test")
		}
		args = append(args, "--")
		out, err := c.output(ctx, append(args, req.Patterns...)...)
		total := 0
		if err == nil {
			total = bytes.Count(out, []byte("\n"))
		}
		c.Progress(Progress{Step: "compiling", Total: total})
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				c.Progress(Progress{Step: "compiling", Total: total})
			}
		}
	}()
	return func() { cancel(); <-done }
}

// gcflags splits the build flags, GOFLAGS among them, into those to pass on
// and the compiler flags that the user gives the named packages: a -gcflags of
// ours would otherwise replace theirs.
func (c *Config) gcflags(ctx context.Context) (flags []string, gcflags string, err error) {
	env, err := c.Environ(ctx)
	if err != nil {
		return nil, "", err
	}
	take := func(f string) bool {
		v, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(f, "-"), "-"), "gcflags=")
		if !ok {
			return false
		}
		// A pattern in front applies to other packages, but for "all".
		if pattern, rest, ok := strings.Cut(v, "="); ok && !strings.HasPrefix(v, "-") {
			if pattern != "all" {
				return false
			}
			gcflags = rest
			return false // it is for the dependencies, too
		}
		gcflags = v
		return true
	}
	for f := range strings.FieldsSeq(env.GOFLAGS) {
		take(f) // it stays in the environment
	}
	for _, f := range c.Flags() {
		if !take(f) {
			flags = append(flags, f)
		}
	}
	if gcflags != "" {
		flags = append(flags, "-gcflags="+gcflags)
	}
	return flags, gcflags, nil
}

// tailWriter passes on what is written and remembers the end of it.
type tailWriter struct {
	w    io.Writer
	tail []byte
}

func (t *tailWriter) Write(p []byte) (int, error) {
	const most = 8 << 10
	t.tail = append(t.tail, p...)
	if len(t.tail) > 2*most {
		t.tail = append(t.tail[:0], t.tail[len(t.tail)-most:]...)
	}
	if t.w == nil {
		return len(p), nil
	}
	return t.w.Write(p)
}
