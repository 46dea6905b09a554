package benchrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// A toolchain is the user's with the recorder in its standard library: a
// GOROOT of symbolic links to the real one, but for the few files that differ.
//
// An -overlay would do as well and be simpler, at more than twice the price.
// The compiler records a file of GOROOT as $GOROOT/src/…, one of an overlay by
// its full name, which is part of the export data of the package; so all that
// imports package runtime, and all that imports that, has other export data,
// and is compiled anew. Under a GOROOT of its own the content of the packages
// that import runtime stays the same, and what imports these is taken from the
// build cache, which does not care where GOROOT is. Besides, the go command
// refuses overlays for a GOROOT that it downloaded itself into GOMODCACHE
// (since go1.25), and the user's own overlay remains free.
type toolchain struct {
	cfg    *gocmd.Config
	env    *gocmd.Env
	goroot string // with the recorder
	flags  []string
	tmp    string // "" if goroot is kept in the user's cache
}

// newToolchain prepares the toolchain of cfg.
func newToolchain(ctx context.Context, cfg *gocmd.Config, dir string) (*toolchain, error) {
	env, err := cfg.Environ(ctx)
	if err != nil {
		return nil, err
	}
	if err := supported(env); err != nil {
		return nil, err
	}
	files, err := patched(env.GOROOT)
	if err != nil {
		return nil, err
	}
	tc := &toolchain{cfg: cfg, env: env, flags: cfg.BuildFlags}
	user := userOverlay(cfg, env)
	if user != "" {
		if err := refuseOverlay(dir, user, env.GOROOT, files); err != nil {
			return nil, err
		}
	}
	if err := tc.link(files); err != nil {
		tc.close()
		return nil, err
	}
	if user != "" {
		file, err := moveOverlay(dir, user, env.GOROOT, tc.goroot)
		if err != nil {
			tc.close()
			return nil, err
		}
		tc.flags = append(tc.flags[:len(tc.flags):len(tc.flags)], "-overlay="+file)
	}
	return tc, nil
}

// supported says no to targets where a process cannot map a file in its
// first steps, has no frame pointers, or does not run here.
func supported(env *gocmd.Env) error {
	switch env.GOOS {
	case "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
	default:
		return &Unsupported{What: "GOOS=" + env.GOOS}
	}
	switch env.GOARCH {
	case "amd64", "arm64":
	default:
		return &Unsupported{What: "GOARCH=" + env.GOARCH + " has no frame pointers"}
	}
	if env.GOOS != env.GOHOSTOS || env.GOARCH != env.GOHOSTARCH {
		return &Unsupported{What: fmt.Sprintf("a program for %s/%s does not run on %s/%s", env.GOOS, env.GOARCH, env.GOHOSTOS, env.GOHOSTARCH)}
	}
	return nil
}

// link makes the GOROOT, or finds it in the user's cache directory: the go
// command keeps an index of a GOROOT, and needs two seconds for a new one.
func (tc *toolchain) link(files map[string]string) error {
	dirs := make(map[string][]string) // that must be real, and what is in them
	for name := range files {
		for d := path.Dir(path.Join("src", name)); ; d = path.Dir(d) {
			if _, ok := dirs[d]; ok {
				break
			}
			entries, err := os.ReadDir(filepath.Join(tc.env.GOROOT, filepath.FromSlash(d)))
			if err != nil {
				return &Unsupported{What: "reading GOROOT", Err: err}
			}
			for _, e := range entries {
				dirs[d] = append(dirs[d], e.Name())
			}
			if d == "." {
				break
			}
		}
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", tc.env.GOROOT, tc.env.GOVERSION, dirs) // maps are printed in order
	fmt.Fprintf(sum, "%q\n", files)
	name := hex.EncodeToString(sum.Sum(nil)[:8])

	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "stackward", "recorder")
		err = os.MkdirAll(cache, 0o777)
	}
	if err == nil {
		tc.goroot = filepath.Join(cache, name)
		if _, err := os.Stat(tc.goroot); err == nil {
			return nil
		}
		tmp, err := os.MkdirTemp(cache, name+"-")
		if err == nil {
			defer os.RemoveAll(tmp)
			if err = linkTree(tc.env.GOROOT, tmp, dirs, files); err == nil {
				// Another process may have been faster: with the same.
				if err = os.Rename(tmp, tc.goroot); err == nil || exists(tc.goroot) {
					return nil
				}
			}
		}
	}
	if tc.tmp, err = os.MkdirTemp("", "stackward-goroot-"); err != nil {
		return fmt.Errorf("linking GOROOT: %w", err)
	}
	tc.goroot = tc.tmp
	return linkTree(tc.env.GOROOT, tc.tmp, dirs, files)
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

// close removes the GOROOT, unless it is kept.
func (tc *toolchain) close() {
	if tc != nil && tc.tmp != "" {
		os.RemoveAll(tc.tmp)
	}
}

// command returns a go command of the toolchain; flags are the build flags
// that follow the verb.
func (tc *toolchain) command(ctx context.Context, verb string, args ...string) *exec.Cmd {
	args = slices.Concat([]string{verb}, tc.flags, args)
	cmd := tc.cfg.Command(ctx, args...)
	cmd.Path = filepath.Join(tc.goroot, "bin", "go")
	cmd.Err = nil
	cmd.Env = append(cmd.Env, "GOROOT="+tc.goroot, "GOTOOLCHAIN=local")
	return cmd
}

// userOverlay returns the user's -overlay file, wherever it is named.
func userOverlay(cfg *gocmd.Config, env *gocmd.Env) string {
	file := ""
	for _, f := range slices.Concat(strings.Fields(env.GOFLAGS), cfg.BuildFlags) {
		if v, ok := strings.CutPrefix("-"+strings.TrimLeft(f, "-"), "-overlay="); ok {
			file = v
		}
	}
	if cfg.Overlay != "" {
		file = cfg.Overlay
	}
	if file != "" && !filepath.IsAbs(file) {
		file = filepath.Join(cfg.Dir, file)
	}
	return file
}

// refuseOverlay says no to an overlay that replaces a file that the recorder is
// put into.
func refuseOverlay(dir, user, goroot string, files map[string]string) error {
	ours := make(map[string]string, len(files))
	for name := range files {
		ours[filepath.Join(goroot, "src", filepath.FromSlash(name))] = ""
	}
	return gocmd.MergeOverlay(filepath.Join(dir, "overlay.json"), user, ours)
}

// moveOverlay writes the user's overlay into dir, with what it replaces of the
// standard library moved to another GOROOT.
func moveOverlay(dir, user, goroot, to string) (string, error) {
	replace, err := gocmd.ReadOverlay(user)
	if err != nil {
		return "", err
	}
	moved := make(map[string]string, len(replace))
	for from, text := range replace {
		if rel, err := filepath.Rel(goroot, from); err == nil && filepath.IsLocal(rel) {
			from = filepath.Join(to, rel)
		}
		moved[from] = text
	}
	data, err := json.Marshal(map[string]any{"Replace": moved})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return "", fmt.Errorf("writing overlay: %w", err)
	}
	return file, nil
}
