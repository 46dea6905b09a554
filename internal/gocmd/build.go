package gocmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// A Module is a module as go list tells it.
type Module struct {
	Path, Version, Dir, GoMod string
	Main                      bool
	GoVersion                 string
	Replace                   *Module
}

// A Package is a package as go list tells it.
type Package struct {
	// ImportPath has a suffix for a variant: " [p.test]" for one built for the
	// test of p, " [p]" for one built with the profile of main package p.
	ImportPath string
	Name, Dir  string
	ForTest    string
	Standard   bool
	DepOnly    bool // not named by the patterns
	Module     *Module
	// GoFiles are the files compiled, absolute and slash-separated, cgo's
	// sources among them; those of a test variant include the tests.
	GoFiles []string
	Imports []string
	// Export is the package's archive in the build cache, "" where it did not
	// compile.
	Export string
	Errors []PackageError
	// Text is what the compiler said of the package with Request.Diagnose or
	// Listing: whole lines, headed "# import/path". None for a package that compiled and has
	// functions means that nothing is known of it, not that nothing allocates.
	Text []byte
}

// A PackageError is what the go command or the compiler has against a package.
type PackageError struct {
	Pos     string // FILE:LINE:COL, absolute and slash-separated; "" unknown
	Message string
}

// A Request says what to build.
type Request struct {
	Patterns []string // as for go list; none: the package in Config.Dir
	Tests    bool     // their tests, too
	Deps     bool     // return their dependencies, too
	Diagnose bool     // compile the named packages with -m=2
	// Listing compiles them with -S instead, and keeps those lines of the text
	// that it is true of: the go command keeps all, in the build cache.
	Listing func(line []byte) bool
}

// A Build is what was built.
type Build struct {
	Packages []*Package // dependencies before those that import them
}

// List returns packages without compiling them: they have no Export and only
// such Errors as their imports show.
func (c *Config) List(ctx context.Context, req Request) (*Build, error) {
	req.Diagnose, req.Listing = false, nil
	return c.list(ctx, req, "list", "-e")
}

// Build compiles packages. That one of them does not compile is told in its
// Errors; the others are built all the same. If there is nothing to build, the
// error is [ErrNoModule] or [ErrNoPackages].
//
// With Diagnose, the flags that the user has for the compiler are kept, from
// BuildFlags or GOFLAGS. Added to them are -m=2 and an -env=STACKWARD_DIR=…
// that stands for Dir: it changes nothing but what identifies the compilation
// in the build cache (see the package comment). So a package is compiled once
// for each Dir that it is looked at from, and archives stay what they are.
func (c *Config) Build(ctx context.Context, req Request) (*Build, error) {
	pgo, err := c.pgoFlag(ctx)
	if err != nil {
		return nil, err
	}
	if pgo != "auto" && pgo != "off" {
		if _, err := c.readProfile(ctx, pgo); err != nil {
			return nil, err
		}
	}
	list := func() (*Build, error) { return c.list(ctx, req, "list", "-e", "-export") }
	b, err := list()
	if err != nil || pgo != "auto" {
		return b, err
	}
	again := false
	for _, file := range defaultProfiles(b) {
		// What is no profile is told where it is used.
		isNew, err := c.readProfile(ctx, file)
		if ctx.Err() != nil {
			return nil, err
		}
		again = again || isNew
	}
	if again {
		return list()
	}
	return b, nil
}

const fields = "-json=ImportPath,Name,Dir,ForTest,Export,Standard,DepOnly,Module,GoFiles,CgoFiles,Imports,Error,DepsErrors"

func (c *Config) list(ctx context.Context, req Request, args ...string) (*Build, error) {
	flags, err := c.buildFlags(ctx, req)
	if err != nil {
		return nil, err
	}
	env, err := c.Environ(ctx)
	if err != nil {
		return nil, err
	}
	args = append(args, fields)
	if req.Deps {
		args = append(args, "-deps")
	}
	if req.Tests {
		args = append(args, "-test")
	}
	m := c.watch(ctx, req)
	if m != nil {
		defer m.stop()
		args = append(args, "-v") // names packages as their compilation starts
	}
	args = append(args, flags...)
	args = append(args, "--")
	args = append(args, req.Patterns...)

	cmd := c.Command(ctx, args...)
	if f, ok := quietGoflags(env.GOFLAGS); ok {
		cmd.Env = append(cmd.Env, "GOFLAGS="+f)
	}
	var stdout bytes.Buffer
	say := &chatter{text: make(map[string]*bytes.Buffer), stderr: c.Stderr, meter: m, tests: req.Tests, keep: req.Listing}
	cmd.Stdout, cmd.Stderr = &stdout, say
	err = c.Run(ctx, cmd)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if ferr := say.flush(); err == nil {
		err = ferr
	}
	if err != nil {
		return nil, failure("list", say.reason(), err)
	}
	b, err := c.decode(&stdout, say)
	if err != nil {
		return nil, err
	}
	return b, refused(b, req.Patterns)
}

// listed is the part of go list -json that is asked for.
type listed struct {
	ImportPath, Name, Dir, ForTest, Export string
	Standard, DepOnly                      bool
	Module                                 *Module
	GoFiles, CgoFiles                      []string
	Imports                                []string
	Error                                  *listedError
	DepsErrors                             []*listedError
}

type listedError struct {
	ImportStack []string
	Pos, Err    string
}

// decode reads go list's stream of objects.
func (c *Config) decode(r io.Reader, say *chatter) (*Build, error) {
	b := new(Build)
	var all []*listed
	broken := make(map[string]bool) // packages with an error of their own
	dec := json.NewDecoder(r)
	for {
		l := new(listed)
		if err := dec.Decode(l); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		if l.Name == "main" && strings.HasSuffix(l.ImportPath, ".test") {
			continue // the main package that the go command writes for a test
		}
		all = append(all, l)
		if l.Error != nil {
			broken[l.ImportPath] = true
		}
	}
	for _, l := range all {
		p := &Package{
			ImportPath: l.ImportPath, Name: l.Name, Dir: l.Dir, ForTest: l.ForTest, Export: l.Export,
			Standard: l.Standard, DepOnly: l.DepOnly, Module: l.Module, Imports: l.Imports,
		}
		if text := say.text[l.ImportPath]; text != nil {
			p.Text = text.Bytes()
		}
		for _, f := range slices.Concat(l.GoFiles, l.CgoFiles) {
			if !filepath.IsAbs(f) {
				f = filepath.Join(l.Dir, f)
			}
			p.GoFiles = append(p.GoFiles, filepath.ToSlash(f))
		}
		p.Errors = c.errorsOf(p, l, broken)
		b.Packages = append(b.Packages, p)
	}
	return b, nil
}

// refused returns an error if nothing of what the patterns name exists.
func refused(b *Build, patterns []string) error {
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
	switch {
	case first == nil:
		return errNoPackages(patterns, "")
	case noModule(first.Message):
		return errNoModule()
	}
	return errNoPackages(patterns, firstLine(first.Message))
}
