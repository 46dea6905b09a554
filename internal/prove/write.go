package prove

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// Diff is a unified diff of all fixes that are applied, from the user's tree.
func (r *Result) Diff() string {
	var b strings.Builder
	for _, file := range sortedKeys(r.After) {
		b.Write(rewrite.Diff(relative(r.Report.Root, file), r.Before[file], r.After[file]))
	}
	return b.String()
}

// Clean refuses a work tree with changes, whose commit would hold them, too, or
// that git does not know.
func Clean(ctx context.Context, dir string) error {
	out, err := git(ctx, dir, nil, "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return &engine.Error{Msg: "-commit needs a git work tree", Err: err}
	}
	if len(out) > 0 {
		return &engine.Error{Msg: "-commit: the work tree has changes", Hint: "commit or stash them first, or use -w"}
	}
	return nil
}

// Commit writes the fixes one after the other, and commits each with its proof.
func (r *Result) Commit(ctx context.Context, dir string) error {
	was := r.Before
	for _, s := range r.Steps {
		changed := make(rewrite.Tree)
		for file, text := range s.Files {
			if !bytes.Equal(text, was[file]) {
				changed[file] = text
			}
		}
		if len(changed) == 0 {
			continue
		}
		if err := changed.Write(was); err != nil {
			return err
		}
		was = was.With(changed)
		args := append([]string{"commit", "--quiet", "-F", "-", "--"}, sortedKeys(changed)...)
		if _, err := git(ctx, dir, []byte(message(s.Fix)), args...); err != nil {
			return err
		}
	}
	return nil
}

// message is the commit message of a fix.
func message(f *alloc.Fix) string {
	var b strings.Builder
	pkg, _, _ := strings.Cut(f.Site, "#")
	if i := strings.LastIndex(pkg, "/"); i >= 0 {
		pkg = pkg[i+1:]
	}
	pkg, _, _ = strings.Cut(pkg, ".")
	fmt.Fprintf(&b, "%s: %s\n\nFound and proved by stackward fix (%s).\n\n", pkg, f.Message, f.Fixer)
	fmt.Fprintf(&b, "site: %s\n", f.Site)
	if f.Proof != nil {
		for step, found := range f.Proof.Steps() {
			fmt.Fprintf(&b, "%s: %s\n", step, found)
		}
	}
	return b.String()
}

func git(ctx context.Context, dir string, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(errs.Bytes()))
	}
	return out, nil
}
