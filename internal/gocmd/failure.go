package gocmd

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// An Error is a refusal with advice for the user.
type Error struct {
	Msg  string
	Hint string
	// Usage reports that the request was wrong, not the work.
	Usage bool
	Err   error

	situation error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// Is tells which of the situations below the error stands for.
func (e *Error) Is(target error) bool { return e.situation != nil && e.situation == target }

// The situations that a caller may want to tell apart, found with errors.Is.
var (
	ErrNoGo         = errors.New("no go command")
	ErrNoModule     = errors.New("not in a module")
	ErrNoPackages   = errors.New("no packages match")
	ErrOldToolchain = errors.New("toolchain too old")
	ErrConflict     = errors.New("overlays replace the same file")
)

// failure is the error of a go command that said text and ended with err.
func failure(verb, text string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return &Error{
			Msg: "no go command", Err: err, situation: ErrNoGo,
			Hint: "install Go from https://go.dev/dl and put its bin directory on PATH",
		}
	}
	msg := strings.TrimSpace(text)
	if msg == "" {
		return fmt.Errorf("running go %s: %w", verb, err)
	}
	if noModule(msg) {
		return errNoModule()
	}
	lines := strings.Split(msg, "\n")
	if len(lines) > 12 {
		lines = append(lines[:12:12], fmt.Sprintf("… and %d more lines", len(lines)-12))
	}
	msg = strings.TrimPrefix(strings.Join(lines, "\n"), "go: ")
	if strings.Contains(msg, "(running go") && strings.Contains(msg, "requires go >=") {
		return &Error{
			Msg:  msg,
			Hint: "set GOTOOLCHAIN=auto so that the go command fetches that toolchain, or install it",
		}
	}
	return fmt.Errorf("running go %s: %s", verb, msg)
}

// noModule reports whether the go command says that there is no module.
func noModule(msg string) bool {
	return strings.Contains(msg, "go.mod file not found") ||
		strings.Contains(msg, "cannot find main module") ||
		strings.Contains(msg, "directory prefix . does not contain main module")
}

func errNoModule() error {
	return &Error{
		Msg: "not in a module", situation: ErrNoModule,
		Hint: "run it in a directory with a go.mod, or name one with -C",
	}
}

// errNoPackages says that nothing matches; why may be the go command's reason.
func errNoPackages(patterns []string, why string) error {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	e := &Error{
		Msg: "no packages match " + strings.Join(patterns, " "), situation: ErrNoPackages,
		Hint: "patterns are those of go list: ./... is every package below this directory",
	}
	if why != "" {
		e.Msg += ": " + why
	}
	if strings.Contains(why, "listed in go.work") {
		e.Hint = "./... does not reach into a workspace's modules: name one, as ./name/..., or all with the pattern work (go1.25)"
	}
	if strings.Contains(why, "build constraints exclude all Go files") {
		e.Hint = "name the build tags with -tags, or set GOOS and GOARCH"
	}
	return e
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
