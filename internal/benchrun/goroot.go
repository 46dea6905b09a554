package benchrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A goroot is the user's GOROOT with some files changed or added: a tree of
// symbolic links, but for these.
//
// An -overlay would do as well and be simpler, at a price. The compiler records
// a file of GOROOT as $GOROOT/src/…, one of an overlay by its full name, which
// is part of the export data of the package; so all that imports package
// runtime, and all that imports that, has other export data, and is compiled
// anew. In a GOROOT of its own the export data stays the same, and the build
// cache does not care where GOROOT is. Besides, the go command refuses overlays
// for a GOROOT that it downloaded itself into GOMODCACHE (since go1.25).
type goroot struct {
	dir string
	tmp bool // dir is not kept in the user's cache
}

// newGoroot makes a GOROOT, or finds it in the user's cache directory: the go
// command keeps an index of a GOROOT, and needs two seconds for a new one.
func newGoroot(env *gocmd.Env, files map[string]string) (*goroot, error) {
	dirs, err := realDirs(env.GOROOT, files)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n%q\n", env.GOROOT, env.GOVERSION, dirs, files) // maps are printed in order
	name := hex.EncodeToString(sum.Sum(nil)[:8])
	if dir, err := keptGoroot(env, name, dirs, files); err == nil {
		return &goroot{dir: dir}, nil
	}
	tmp, err := os.MkdirTemp("", "stackward-goroot-")
	if err != nil {
		return nil, fmt.Errorf("linking GOROOT: %w", err)
	}
	g := &goroot{dir: tmp, tmp: true}
	if err := linkTree(env.GOROOT, tmp, dirs, files); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// realDirs returns the directories that cannot be links, since a file in them
// or below differs, and what is in them.
func realDirs(goroot string, files map[string]string) (map[string][]string, error) {
	dirs := make(map[string][]string)
	for name := range files {
		for d := path.Dir(path.Join("src", name)); dirs[d] == nil; d = path.Dir(d) {
			entries, err := os.ReadDir(filepath.Join(goroot, filepath.FromSlash(d)))
			if err != nil {
				return nil, &Unsupported{What: "reading GOROOT", Err: err}
			}
			for _, e := range entries {
				dirs[d] = append(dirs[d], e.Name())
			}
		}
	}
	return dirs, nil
}

// keptGoroot makes or finds a GOROOT in the user's cache directory.
func keptGoroot(env *gocmd.Env, name string, dirs map[string][]string, files map[string]string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "stackward", "recorder")
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	dir := filepath.Join(cache, name)
	if exists(dir) {
		return dir, nil
	}
	tmp, err := os.MkdirTemp(cache, name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := linkTree(env.GOROOT, tmp, dirs, files); err != nil {
		return "", err
	}
	// Another process may have been faster: with the same.
	if err := os.Rename(tmp, dir); err != nil && !exists(dir) {
		return "", err
	}
	return dir, nil
}

func (g *goroot) close() {
	if g != nil && g.tmp {
		os.RemoveAll(g.dir)
	}
}

// command returns a go command that works with this GOROOT.
func (g *goroot) command(ctx context.Context, cfg *gocmd.Config, args ...string) *exec.Cmd {
	cmd := cfg.Command(ctx, args...)
	cmd.Path = filepath.Join(g.dir, "bin", "go")
	cmd.Err = nil
	cmd.Env = append(cmd.Env, "GOROOT="+g.dir, "GOTOOLCHAIN=local")
	return cmd
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func linkTree(goroot, to string, dirs map[string][]string, files map[string]string) error {
	if err := os.Chmod(to, 0o755); err != nil {
		return fmt.Errorf("linking GOROOT: %w", err)
	}
	for _, d := range slices.Sorted(maps.Keys(dirs)) {
		if err := os.MkdirAll(filepath.Join(to, filepath.FromSlash(d)), 0o777); err != nil {
			return fmt.Errorf("linking GOROOT: %w", err)
		}
		for _, e := range dirs[d] {
			name := path.Join(d, e)
			_, isDir := dirs[name]
			_, isFile := files[strings.TrimPrefix(name, "src/")]
			if isDir || isFile {
				continue
			}
			name = filepath.FromSlash(name)
			if err := os.Symlink(filepath.Join(goroot, name), filepath.Join(to, name)); err != nil {
				return fmt.Errorf("linking GOROOT: %w", err)
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(to, "src", filepath.FromSlash(name)), []byte(text), 0o666); err != nil {
			return fmt.Errorf("linking GOROOT: %w", err)
		}
	}
	return nil
}
