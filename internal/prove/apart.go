package prove

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// CoverCommand is the command of stackward with which go test runs test binaries
// where each shall keep a cover profile of its own: go test merges them, and whose
// tests ran a line is lost. It takes a directory, then what the user's -exec flag says,
// if there is one, the binary and its arguments ([Covered]).
const CoverCommand = "run-covered"

// profileApart is the -exec flag that has each binary write its profile into a
// directory. with is the user's own -exec, which stays: it starts the binary where
// [Covered] would.
func profileApart(dir, with string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding what tests run: %w", err)
	}
	return strings.TrimSpace(fmt.Sprintf("-exec=%s %s %s %s", quoted(self), CoverCommand, quoted(dir), with)), nil
}

// quoted is a field as the go command splits those of a flag (cmd/internal/quoted,
// go1.26): there is no escape in quotes.
func quoted(s string) string {
	if strings.Contains(s, "'") {
		return `"` + s + `"`
	}
	return "'" + s + "'"
}

// profileOf is the cover profile of the tests that run in the directory of a package.
func profileOf(dir, pkgDir string) string {
	if real, err := filepath.EvalSymlinks(filepath.FromSlash(pkgDir)); err == nil {
		pkgDir = real
	}
	sum := sha256.Sum256([]byte(filepath.ToSlash(pkgDir)))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".out")
}

// Covered runs a test binary in the working directory, with the arguments that follow
// [CoverCommand], and returns its exit status.
func Covered(ctx context.Context, args []string, stdout, stderr io.Writer) (status int, err error) {
	if len(args) < 2 {
		return 0, fmt.Errorf("%s: no test binary", CoverCommand)
	}
	wd, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	dir, args := args[0], args[1:]
	for i, arg := range args {
		if strings.HasPrefix(arg, "-test.coverprofile=") {
			args[i] = "-test.coverprofile=" + profileOf(dir, wd)
		}
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = cmd.Run()
	if x, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, x.ExitCode()), nil // -1 where a signal has ended it
	}
	return 0, err
}
