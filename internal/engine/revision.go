package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/stackward-go/stackward/internal/gitrev"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A revision is a build of what the work tree was at a commit. Temporary files
// are removed by close.
type revision struct {
	Build
	Commit string
	tmp    string
}

func (r *revision) close() { os.RemoveAll(r.tmp) }

// at is the build of a git revision. The user's overlay replaces files of it as it
// does those of the work tree. Where programs are to run, which see no overlay,
// export has the revision written into a directory of its own.
func (b Build) at(ctx context.Context, rev string, export bool) (*revision, error) {
	r := &revision{Build: b}
	err := r.make(ctx, rev, export)
	if err != nil {
		r.close()
		if g, ok := errors.AsType[*gitrev.Error](err); ok {
			return nil, &Error{Msg: g.Msg, Hint: g.Hint, Err: g.Err}
		}
		return nil, advise(err)
	}
	return r, nil
}

func (r *revision) make(ctx context.Context, rev string, export bool) error {
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return err
	}
	repo, err := gitrev.Open(ctx, dir, r.Env)
	if err != nil {
		return err
	}
	if r.Commit, err = repo.Resolve(ctx, rev); err != nil {
		return err
	}
	if r.tmp, err = os.MkdirTemp("", "stackward-rev-"); err != nil {
		return err
	}
	if !export {
		replace, err := repo.Overlay(ctx, r.Commit, r.tmp)
		if err != nil {
			return err
		}
		if !repo.Vendored(replace) {
			user, err := gocmd.ReadOverlay(r.Overlay)
			if err != nil {
				return err
			}
			for name := range user {
				delete(replace, name)
			}
			file := filepath.Join(r.tmp, "overlay.json")
			if err := gocmd.MergeOverlay(file, r.Overlay, replace); err != nil {
				return err
			}
			r.Overlay = file
			return nil
		}
	}
	into := filepath.Join(r.tmp, "tree")
	if err := os.Mkdir(into, 0o777); err != nil {
		return err
	}
	if r.Dir, err = repo.Export(ctx, r.Commit, into); err != nil {
		return err
	}
	if st, err := os.Stat(r.Dir); err != nil || !st.IsDir() {
		return &Error{Msg: "the directory " + dir + " is not in revision " + rev}
	}
	return nil
}
