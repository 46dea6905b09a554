// Package engine is the one pipeline: it asks the sources for evidence, has it
// joined, classified and weighed, and returns a report that every surface
// reads.
//
//	Find     patterns                → sites, in a static order
//	Explain  a place or a site's id  → sites with their whole flow and cut
//	Diff     patterns, two builds    → sites that are not the same in both
//	Cost     patterns and a source   → sites with their costs, every allocation accounted for
//	Check    patterns and a baseline → findings: broken contracts, new sites, budgets exceeded
//
// Files in a report are relative to the main module's root; outside of it they
// are absolute.
package engine

import (
	"errors"
	"io"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A Build says what to build and how: the part of a request that is handed to
// the user's go command.
type Build struct {
	// Dir is the directory to work in, "" the current one.
	Dir string
	// Flags are build flags of the go command, verbatim: -tags=…, -mod=…,
	// -modfile=…, -race, -pgo=…, -trimpath.
	Flags []string
	// Overlay is the user's -overlay file, "" none.
	Overlay string
	// Cache is the directory that keeps what Find has found from one run to the
	// next, "" none.
	Cache string
	// Env is the environment, nil the process's own.
	Env []string
	// GoEnv is what the go command says of itself in Dir, nil where it has to be
	// asked.
	GoEnv *gocmd.Env
	// Stdin and Stderr are those of a command that Cost runs.
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Progress, if not nil, is told what is being done: a step, how much of
	// it, and on what. total is 0 where it is not known.
	Progress func(step string, done, total int, what string)
}

// A Filter chooses the sites of a report. The zero Filter keeps all.
type Filter struct {
	Top    int // at most so many sites; 0 all
	Causes []alloc.Cause
	Kinds  []alloc.Kind
	Func   *Funcs
}

// A FindRequest asks for the sites of packages.
type FindRequest struct {
	Build
	Patterns []string
	// Tests adds the packages' tests, Generated the generated files, and
	// Never the sites that the machine code shows not to allocate.
	Tests, Generated, Never bool
	Filter                  Filter
}

// An ExplainRequest asks for the whole story of a place or site.
type ExplainRequest struct {
	Build
	// Target is FILE:LINE[:COL], FILE relative to Dir, or a site's id.
	Target string
	// Patterns are the packages to look in for an id; none: the id's own.
	Patterns []string
	Tests    bool
}

// A CostRequest asks what sites cost. Exactly one of Bench, Run, Command,
// Profile and Compare names the source.
type CostRequest struct {
	Build
	Patterns  []string
	Bench     string // regular expression of benchmarks, as of go test -bench
	Run       string // of tests
	Command   []string
	Profile   string // file, URL or "-"
	Base      string // profile to subtract
	Compare   []string
	Benchtime string
	Count     int
	CPU       string
	Timeout   time.Duration
	// AtOnce is how many test binaries run at a time; 0 is one. Of more, the times
	// mean nothing.
	AtOnce int
	// Index is what a profile is ranked by: "objects", "bytes", "inuse".
	Index  string
	Filter Filter
}

// An Error is a refusal or failure with advice for the user.
type Error struct {
	Msg   string // what was wrong, and where
	Hint  string // what to do, "" nothing
	Usage bool   // the request itself was wrong
	Err   error  // the cause, may be nil

	situation error // that errors.Is finds, without a word of it in Msg
}

func (e *Error) Is(target error) bool { return e.situation != nil && target == e.situation }

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// advise turns a refusal of the go command into one of this package.
func advise(err error) error {
	if g, ok := errors.AsType[*gocmd.Error](err); ok {
		return &Error{Msg: g.Msg, Hint: g.Hint, Usage: g.Usage, Err: g.Err}
	}
	return err
}
