package gitrev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Export writes all files of a commit into an empty directory and returns what
// is there the directory that the repository was opened for; the commit may not
// have it.
func (r *Repo) Export(ctx context.Context, commit, into string) (dir string, err error) {
	into, err = filepath.Abs(into)
	if err == nil {
		err = r.export(ctx, commit, into)
	}
	if err != nil {
		return "", fmt.Errorf("exporting revision %s: %w", commit, err)
	}
	return filepath.Join(into, filepath.FromSlash(r.prefix)), nil
}

func (r *Repo) export(ctx context.Context, commit, into string) error {
	tmp, err := os.MkdirTemp("", "stackward-index-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	// An index of its own. Large files that git-lfs keeps stay the notes that
	// they are in the repository: fetching them is no business of a comparison.
	git := func(args ...string) ([]byte, error) {
		cmd := r.command(ctx, append([]string{"-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"}, args...)...)
		cmd.Env = append(cmd.Environ(), "GIT_INDEX_FILE="+filepath.Join(tmp, "index"))
		return output(cmd)
	}
	if _, err := git("read-tree", "--no-sparse-checkout", commit); err != nil {
		return err
	}
	if _, err := git("checkout-index", "--all", "--prefix="+filepath.ToSlash(into)+"/"); err != nil {
		return err
	}
	staged, err := git("ls-files", "-z", "--stage")
	if err != nil {
		return err
	}
	// MODE OBJECT STAGE TAB NAME NUL
	for entry := range strings.SplitSeq(string(staged), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		f := strings.Fields(head)
		if len(f) != 3 || f[0] != modeSubmodule {
			continue
		}
		sub, err := r.submodule(ctx, name, f[1])
		if err == nil && sub != nil {
			err = sub.export(ctx, f[1], filepath.Join(into, filepath.FromSlash(name)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
