package gocmd

import (
	"context"
	"encoding/json"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Oldest is the oldest toolchain whose text and machine code are understood.
const Oldest = "go1.24"

// An Env is what "go env -json" says.
type Env struct {
	GOROOT, GOVERSION, GOOS, GOARCH string
	GOMOD, GOWORK                   string
	GOMODCACHE, GOCACHE, GOTMPDIR   string
	GOFLAGS, GOEXPERIMENT           string
	GOTOOLCHAIN                     string
	CGOEnabled                      string `json:"CGO_ENABLED"`
	GOHOSTOS, GOHOSTARCH            string
}

// Root is the directory that files are told relative to: of the main module, of the
// workspace where there is none, or dir.
func (e *Env) Root(dir string) string {
	if filepath.Base(e.GOMOD) == "go.mod" {
		return filepath.Dir(e.GOMOD)
	}
	if e.GOWORK != "" && e.GOWORK != "off" {
		return filepath.Dir(e.GOWORK)
	}
	return dir
}

// Environ asks the go command for its environment, once. It is the environment
// of the toolchain that the directory's go.mod or go.work selects, not of the
// go command on PATH.
func (c *Config) Environ(ctx context.Context) (*Env, error) {
	if env := c.env.Load(); env != nil {
		return env, nil
	}
	out, err := c.output(ctx, "env", "-json")
	if err != nil {
		return nil, err
	}
	env := new(Env)
	if err := json.Unmarshal(out, env); err != nil {
		return nil, fmt.Errorf("reading go env: %w", err)
	}
	// "go1.26.8 X:nodwarf5" names experiments; a development toolchain, which
	// has no valid version, is newer than any release.
	v, _, _ := strings.Cut(env.GOVERSION, " ")
	if version.IsValid(v) && version.Compare(v, Oldest) < 0 {
		return nil, &Error{
			Msg:       fmt.Sprintf("toolchain %s is older than %s", env.GOVERSION, Oldest),
			situation: ErrOldToolchain,
			Hint:      "set GOTOOLCHAIN=" + Oldest + ".0 or newer, or raise the toolchain line of go.mod",
		}
	}
	c.env.Store(env)
	return env, nil
}

// Know takes the environment for granted that another Config of the same directory,
// variables and flags was told. nil is none.
func (c *Config) Know(env *Env) {
	if env != nil {
		c.env.Store(env)
	}
}

// LinkedGoroot returns a configuration with the same toolchain whose GOROOT may
// be replaced in an overlay, and that GOROOT.
//
// Since go1.25 the go command refuses to replace files beneath GOMODCACHE,
// where the toolchains that it downloads for a go.mod line are. For such a one
// LinkedGoroot makes a symbolic link in the user's cache directory, always the
// same, since the standard library is compiled anew for each GOROOT; for any
// other it returns c. After cleanup the configuration is no longer usable.
func (c *Config) LinkedGoroot(ctx context.Context) (cfg *Config, goroot string, cleanup func(), err error) {
	env, err := c.Environ(ctx)
	if err != nil {
		return nil, "", nil, err
	}
	cleanup = func() {}
	if env.GOMODCACHE == "" || !beneath(env.GOMODCACHE, env.GOROOT) {
		return c, env.GOROOT, cleanup, nil
	}
	name := strings.ReplaceAll(env.GOVERSION, " ", "-") + "-" + env.GOHOSTOS + "-" + env.GOHOSTARCH
	goroot, err = c.stableLink(name, env.GOROOT)
	if err != nil {
		// A second best: a link of this run alone.
		dir, terr := os.MkdirTemp("", "stackward-goroot-")
		if terr == nil {
			cleanup = func() { os.RemoveAll(dir) }
			goroot = filepath.Join(dir, name)
			terr = link(env.GOROOT, goroot)
		}
		if terr != nil {
			cleanup()
			return nil, "", nil, &Error{
				Msg: "linking the toolchain out of the module cache", Err: terr,
				Hint: "install " + env.GOVERSION + " outside of the module cache and set GOTOOLCHAIN=local",
			}
		}
	}
	base := c.Env
	if base == nil {
		base = os.Environ()
	}
	return &Config{
		Dir:        c.Dir,
		Env:        append(base[:len(base):len(base)], "GOROOT="+goroot, "GOTOOLCHAIN=local"),
		BuildFlags: c.BuildFlags, Overlay: c.Overlay, Stderr: c.Stderr, Progress: c.Progress,
		gobin: filepath.Join(goroot, "bin", "go"+exe(env.GOHOSTOS)),
	}, goroot, cleanup, nil
}

func exe(goos string) string {
	if goos == "windows" {
		return ".exe"
	}
	return ""
}

// beneath reports whether file is in dir or below it.
func beneath(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// stableLink makes a link to target in the user's cache directory.
func (c *Config) stableLink(name, target string) (string, error) {
	cache := c.cacheDir
	if cache == "" {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(cache, "stackward", "goroot")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	at := filepath.Join(dir, name)
	if to, err := os.Readlink(at); err == nil && to == target {
		return at, nil
	}
	// Another process may do the same: both rename a link to the same target.
	tmp := fmt.Sprintf("%s.%d", at, os.Getpid())
	if err := link(target, tmp); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, at); err != nil {
		os.Remove(tmp)
		return "", err
	}
	return at, nil
}

// link makes a symbolic link or, on Windows, where these ask for a privilege, a
// junction.
func link(target, at string) error {
	err := os.Symlink(target, at)
	if err != nil && runtime.GOOS == "windows" {
		return exec.Command("cmd", "/c", "mklink", "/J", at, target).Run()
	}
	return err
}
