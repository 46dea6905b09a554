// Package gitrev gives the files of a git revision to the go command, and leaves
// the work tree, the index and the repository as they are.
//
//	directory    → Open            → the repository around it
//	name         → Repo.Resolve    → commit; A...B is their merge base, as for git diff
//	commit       → Repo.Overlay    → what stands for which file of the work tree, for -overlay
//	             → Repo.Export     → a directory of its own with all of its files
//
// An overlay keeps everything in its place: a go.work and replaced modules
// outside of the repository, generated files that git ignores, and packages that
// have not changed keep their place in the build cache. What git neither tracks
// nor ignores is new, and hidden. Two things an overlay cannot do. The go command
// reads vendor/modules.txt past it (cmd/go/internal/modload/vendor.go, go1.26;
// see [Repo.Vendored]), and programs do not see it when they run.
//
// An export has what the revision has. Attributes such as export-ignore, which
// "git archive" obeys, take nothing away from either.
//
// Submodules are followed where they are checked out.
package gitrev

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// An Error is a refusal, with advice.
type Error struct {
	Msg  string
	Hint string // what to do, "" nothing
	Err  error  // the cause, may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// A Repo is the repository that a directory lies in.
type Repo struct {
	dir    string // as the caller spells it, absolute
	top    string // of the work tree
	prefix string // of dir below top: "" or "a/b/"
	env    []string
}

// Open finds the repository around a directory, which is absolute. env is the
// environment to run git in, nil the process's own.
func Open(ctx context.Context, dir string, env []string) (*Repo, error) {
	if env == nil {
		env = os.Environ()
	}
	// A hook is told its repository by variables, which would stand for every
	// other one, such as that of a submodule.
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(local, name)
	})
	r := &Repo{dir: dir, top: dir, env: append(env, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")}
	out, err := r.git(ctx, "rev-parse", "--show-toplevel", "--show-prefix")
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, exec.ErrNotFound) {
			return nil, &Error{Msg: "comparing with a revision needs git", Hint: "install git, or compare with a baseline file", Err: err}
		}
		return nil, &Error{Msg: "no git repository around " + dir, Hint: "compare with a baseline file where there is no repository", Err: err}
	}
	top, rest, _ := strings.Cut(string(out), "\n")
	r.prefix, _, _ = strings.Cut(rest, "\n")
	r.top = filepath.FromSlash(top)
	// Git resolves symbolic links; the go command keeps the caller's spelling.
	below := filepath.FromSlash(strings.TrimSuffix(r.prefix, "/"))
	if spelled, ok := strings.CutSuffix(filepath.Clean(dir), below); ok && (below == "" || os.IsPathSeparator(spelled[len(spelled)-1])) {
		r.top = filepath.Clean(spelled)
	}
	return r, nil
}

// local are the variables that "git rev-parse --local-env-vars" names and that
// say which repository, work tree or index is meant (git 2.39).
var local = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
	"GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// Top is the root of the work tree.
func (r *Repo) Top() string { return r.top }

// place is where a file of the repository lies in the work tree.
func (r *Repo) place(name string) string {
	if below, ok := strings.CutPrefix(name, r.prefix); ok {
		return filepath.Join(r.dir, filepath.FromSlash(below))
	}
	return filepath.Join(r.top, filepath.FromSlash(name))
}

// Resolve is the commit that a name means: a branch, a tag, a hash, HEAD~3; of
// A...B, or A... with HEAD as the other, their merge base.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if rev == "" || rev[0] == '-' {
		return "", &Error{Msg: "no revision " + rev, Hint: "write a branch, a tag, a commit, or BRANCH... for where this one left it"}
	}
	a, b, ok := strings.Cut(rev, "...")
	if !ok {
		return r.commit(ctx, rev)
	}
	var err error
	for _, side := range []*string{&a, &b} {
		if *side == "" {
			*side = "HEAD"
		}
		if *side, err = r.commit(ctx, *side); err != nil {
			return "", err
		}
	}
	out, err := r.git(ctx, "merge-base", a, b)
	if err != nil {
		return "", r.shallow(ctx, &Error{Msg: "no merge base of " + rev, Hint: "their histories have nothing in common"})
	}
	base, _, _ := strings.Cut(string(out), "\n")
	return base, nil
}

func (r *Repo) commit(ctx context.Context, rev string) (string, error) {
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	if err != nil {
		return "", r.shallow(ctx, &Error{Msg: "no revision " + rev + " in " + r.top, Hint: "git branch -a lists branches; one of a remote is origin/NAME, once it is fetched"})
	}
	return strings.TrimSpace(string(out)), nil
}

// shallow changes the advice of an error where the history was cut off.
func (r *Repo) shallow(ctx context.Context, e *Error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if out, err := r.git(ctx, "rev-parse", "--is-shallow-repository"); err == nil && string(out) == "true\n" {
		e.Hint = "the clone is shallow: git fetch --unshallow, or of actions/checkout fetch-depth: 0"
	}
	return e
}

// git runs git at the root of the work tree and returns what it prints.
func (r *Repo) git(ctx context.Context, args ...string) ([]byte, error) {
	return output(r.command(ctx, args...))
}

func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = r.top, r.env
	return cmd
}

// output runs a command. An error holds the first line of what it complained of.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if line, _, _ := strings.Cut(complaint.String(), "\n"); line != "" {
			return nil, errors.New("git: " + strings.TrimPrefix(line, "fatal: "))
		}
		return nil, err
	}
	return out.Bytes(), nil
}

// submodule is the repository of a submodule, nil where it is not checked out:
// git would find the one around it. Its commit must be there.
func (r *Repo) submodule(ctx context.Context, name, commit string) (*Repo, error) {
	dir := r.place(name)
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err != nil {
		return nil, nil
	}
	sub, err := Open(ctx, dir, r.env)
	if err != nil {
		return nil, err
	}
	if _, err := sub.git(ctx, "cat-file", "-e", commit+"^{commit}"); err != nil {
		return nil, &Error{Msg: "the submodule " + name + " has no commit " + commit, Hint: "fetch it: git -C " + dir + " fetch"}
	}
	return sub, nil
}
