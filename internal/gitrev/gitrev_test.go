package gitrev

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A work is a repository that a test makes.
type work struct {
	testing.TB
	dir string
	env []string
}

// repository makes an empty one.
func repository(t testing.TB) *work {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &work{t, dir, append(os.Environ(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_ALLOW_PROTOCOL=file")}
	w.git("init", "-q", "-b", "main")
	return w
}

func (w *work) git(args ...string) string {
	w.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write writes files, or with the text "-" removes them.
func (w *work) write(files ...string) {
	w.Helper()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(w.dir, filepath.FromSlash(files[i]))
		if files[i+1] == "-" {
			if err := os.Remove(name); err != nil {
				w.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			w.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o666); err != nil {
			w.Fatal(err)
		}
	}
}

// commit commits everything and returns the commit.
func (w *work) commit(files ...string) string {
	w.Helper()
	w.write(files...)
	w.git("add", "-A")
	w.git("commit", "-q", "-m", "x")
	return w.git("rev-parse", "HEAD")
}

func (w *work) open(below string) *Repo {
	w.Helper()
	r, err := Open(w.Context(), filepath.Join(w.dir, below), w.env)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// overlaid is the tree of a commit as an overlay shows it: names and texts.
func (w *work) overlaid(r *Repo, commit string) map[string]string {
	w.Helper()
	overlay, err := r.Overlay(w.Context(), commit, w.TempDir())
	if err != nil {
		w.Fatal(err)
	}
	tree := w.tree(w.dir)
	for name, file := range overlay {
		rel, err := filepath.Rel(w.dir, name)
		if err != nil || !filepath.IsLocal(rel) {
			w.Errorf("%s in the overlay, outside of %s", name, w.dir)
		}
		rel = filepath.ToSlash(rel)
		if file == "" {
			delete(tree, rel)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			w.Error(err)
		}
		tree[rel] = string(text)
	}
	return tree
}

// exported is the tree of a commit as it is exported.
func (w *work) exported(r *Repo, commit string) map[string]string {
	w.Helper()
	into := w.TempDir()
	if _, err := r.Export(w.Context(), commit, into); err != nil {
		w.Fatal(err)
	}
	return w.tree(into)
}

func (w *work) tree(dir string) map[string]string {
	w.Helper()
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch st, serr := os.Stat(name); {
		case err != nil || serr != nil:
			return errors.Join(err, serr)
		case d.Name() == ".git" && d.IsDir():
			return fs.SkipDir
		case d.Name() == ".git" || st.IsDir():
			return nil
		}
		rel, _ := filepath.Rel(dir, name)
		text, err := os.ReadFile(name)
		tree[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return tree
}

// TestTrees compares what an overlay and an export show of a revision with what
// was committed, from the top and from a directory below.
func TestTrees(t *testing.T) {
	t.Parallel()
	w := repository(t)
	was := map[string]string{
		"go.mod": "module m\n", "a/a.go": "package a // 1\n", "a/gone.go": "package a\n", "b/b.go": "package b\n",
		"a/ü x.go":       "package a // a name with more than ASCII\n",
		".gitattributes": "*.go export-subst\ntestdata export-ignore\n", "testdata/x": "$Format:%H$", ".gitignore": "*.pb.go\n",
	}
	var files []string
	for name, text := range was {
		files = append(files, name, text)
	}
	first := w.commit(files...)
	w.commit("a/a.go", "package a // 2\n", "c/committed.go", "package c\n")
	w.git("tag", "second")
	w.write("a/gone.go", "-", "a/staged.go", "package a\n", "b/b.go", "package b // changed, not staged\n")
	w.git("add", "a/staged.go")
	w.write("a/new.go", "package a // neither tracked nor ignored\n", "a/a.pb.go", "package a // ignored\n")
	status := w.git("status", "--porcelain")
	index, err := os.ReadFile(filepath.Join(w.dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	before := w.tree(w.dir)
	for _, below := range []string{"", "a"} {
		r := w.open(below)
		commit, err := r.Resolve(t.Context(), "second~1")
		if err != nil || commit != first {
			t.Fatalf("resolved %s, %v", commit, err)
		}
		if diff := cmp.Diff(was, w.exported(r, commit)); diff != "" {
			t.Errorf("from %q exported (-was +got):\n%s", below, diff)
		}
		got := w.overlaid(r, commit)
		if got["a/a.pb.go"] == "" {
			t.Error("an ignored file is hidden")
		}
		delete(got, "a/a.pb.go")
		if diff := cmp.Diff(was, got); diff != "" {
			t.Errorf("from %q overlaid (-was +got):\n%s", below, diff)
		}
	}
	if diff := cmp.Diff(before, w.tree(w.dir)); diff != "" {
		t.Errorf("the work tree changed (-before +after):\n%s", diff)
	}
	if now, err := os.ReadFile(filepath.Join(w.dir, ".git", "index")); err != nil || string(now) != string(index) {
		t.Errorf("the index changed: %v", err)
	}
	if now := w.git("status", "--porcelain"); now != status {
		t.Errorf("the status changed from\n%s\nto\n%s", status, now)
	}
}

// TestResolve checks names, and what is said of wrong ones.
func TestResolve(t *testing.T) {
	t.Parallel()
	w := repository(t)
	base := w.commit("x", "1")
	w.git("branch", "other")
	head := w.commit("x", "2")
	w.git("checkout", "-q", "other")
	other := w.commit("y", "1")
	w.git("checkout", "-q", "--orphan", "alone")
	alone := w.commit("z", "1")
	w.git("checkout", "-q", "main")
	r := w.open("")
	for rev, want := range map[string]string{
		"main": head, "HEAD~1": base, "other": other, "alone": alone, head[:12]: head,
		"other...": base, "other...main": base, "...other": base,
	} {
		if got, err := r.Resolve(t.Context(), rev); got != want || err != nil {
			t.Errorf("%s = %s, %v; want %s", rev, got, err, want)
		}
	}
	for rev, want := range map[string]string{
		"nowhere": "no revision nowhere in", "": "no revision", "--all": "no revision --all",
		"main:x": "no revision main:x", "alone...": "no merge base of alone...", "nowhere...": "no revision nowhere",
	} {
		_, err := r.Resolve(t.Context(), rev)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.HasPrefix(e.Msg, want) || e.Hint == "" {
			t.Errorf("%q: %#v, want %q and a hint", rev, err, want)
		}
	}
}

// TestRefused checks what is said where there is no git, no repository, and half
// a history.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := repository(t)
	w.commit("x", "1")
	w.commit("x", "2")
	_, err := Open(t.Context(), t.TempDir(), w.env)
	if e, ok := errors.AsType[*Error](err); !ok || !strings.HasPrefix(e.Msg, "no git repository around ") || e.Hint == "" {
		t.Errorf("outside: %v", err)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	w.git("clone", "-q", "--depth=1", "file://"+filepath.ToSlash(w.dir), clone)
	r, err := Open(t.Context(), clone, w.env)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "HEAD~1")
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Hint, "--unshallow") {
		t.Errorf("shallow: %v", err)
	}
}

func TestNoGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Open(t.Context(), t.TempDir(), nil)
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Msg, "needs git") || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestHook runs as git's hooks do, with variables that name the repository.
func TestHook(t *testing.T) {
	t.Parallel()
	other, w := repository(t), repository(t)
	other.commit("x", "other")
	first := w.commit("x", "1")
	w.commit("x", "2")
	w.env = append(slices.Clip(w.env), "GIT_DIR="+filepath.Join(other.dir, ".git"), "GIT_INDEX_FILE=nowhere")
	r := w.open("")
	if diff := cmp.Diff(map[string]string{"x": "1"}, w.overlaid(r, first)); diff != "" {
		t.Error(diff)
	}
}

// TestSubmodules follows one to the commit that a revision had of it.
func TestSubmodules(t *testing.T) {
	t.Parallel()
	lib, w := repository(t), repository(t)
	lib.commit("l.go", "package l // 1\n")
	w.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", lib.dir, "lib")
	first := w.commit("m.go", "package m\n")
	lib.commit("l.go", "package l // 2\n", "new.go", "package l\n")
	w.git("-C", "lib", "pull", "-q", "origin", "main")
	second := w.commit("m.go", "package m // 2\n")
	r := w.open("")
	for commit, want := range map[string]string{first: "package l // 1\n", second: "package l // 2\n"} {
		for how, got := range map[string]map[string]string{"overlaid": w.overlaid(r, commit), "exported": w.exported(r, commit)} {
			if got["lib/l.go"] != want || (got["lib/new.go"] == "") != (commit == first) {
				t.Errorf("%s %s: %q", how, commit, got)
			}
		}
	}
	// A change that is in no commit of the submodule.
	w.write("lib/l.go", "package l // 3\n")
	if got := w.overlaid(r, second)["lib/l.go"]; got != "package l // 2\n" {
		t.Errorf("changed, not committed: overlaid %q", got)
	}
	w.git("submodule", "--quiet", "deinit", "-f", "lib")
	if _, ok := w.exported(r, first)["lib/l.go"]; ok {
		t.Error("a submodule that is not checked out is exported")
	}
}

// TestLinks has a file that is a link to one that changes.
func TestLinks(t *testing.T) {
	t.Parallel()
	w := repository(t)
	w.write("a/a.go", "package a // 1\n")
	if err := os.Symlink("a/a.go", filepath.Join(w.dir, "l.go")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink("a", filepath.Join(w.dir, "dir")); err != nil {
		t.Fatal(err)
	}
	first := w.commit()
	w.commit("a/a.go", "package a // 2\n", "l.go", "-", "dir", "-")
	r := w.open("")
	if got := w.overlaid(r, first)["l.go"]; got != "package a // 1\n" {
		t.Errorf("the link shows %q", got)
	}
}

// TestSpelling opens a directory by a link: names are spelled as the caller does.
func TestSpelling(t *testing.T) {
	t.Parallel()
	w := repository(t)
	first := w.commit("sub/x.go", "1")
	w.write("sub/x.go", "2")
	link := filepath.Join(t.TempDir(), "link")
	for target, want := range map[string]string{w.dir: "link/sub/x.go", filepath.Join(w.dir, "sub"): "link/x.go"} {
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
		r, err := Open(t.Context(), link, w.env)
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := r.Overlay(t.Context(), first, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := overlay[filepath.Join(filepath.Dir(link), filepath.FromSlash(want))]; !ok || len(overlay) != 1 {
			t.Errorf("%v, want %s", overlay, want)
		}
	}
}

func TestVendored(t *testing.T) {
	t.Parallel()
	w := repository(t)
	first := w.commit("vendor/modules.txt", "# 1\n", "x", "1")
	second := w.commit("vendor/modules.txt", "# 2\n")
	w.write("x", "2")
	r := w.open("")
	for commit, want := range map[string]bool{first: true, second: false} {
		overlay, err := r.Overlay(t.Context(), commit, t.TempDir())
		if err != nil || r.Vendored(overlay) != want {
			t.Errorf("%v, %v", overlay, err)
		}
	}
}
