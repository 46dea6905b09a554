package benchrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A toolchain builds programs with the recorder.
//
// Four packages of the standard library differ with it, and their importers
// cannot tell: the export data is the same to the byte, see edits. So nothing
// but these four is compiled, once. A program is built as ever, from the
// archives that the user's own builds left in the cache, and only as it is
// linked four others take their places (-toolexec). That this is sound is for
// the linker to say: it holds the fingerprint of the export data that each
// package was compiled with against that of the package it links.
//
// Where that does not work, since the user needs -toolexec or changes the
// standard library with an overlay of their own, or fingerprints differ (a
// profile makes other things inline), the program is built with a GOROOT that
// has all changes: importers of runtime and testing are compiled anew.
type toolchain struct {
	cfg  *gocmd.Config
	env  *gocmd.Env
	dir  string // for temporary files
	user string // the user's overlay, "" none

	edits []edit // of the standard library

	mu       sync.RWMutex // of what follows
	toolexec string       // the flag, "" if whole is used
	whole    *goroot      // with all changes, nil until it is needed
	flags    []string
}

// swapped are the packages that differ, by what they are compiled for: one
// package that imports them. What is named gets the user's -gcflags, what it
// imports does not.
var swapped = []struct {
	dirs     []string // of the changed files
	importer string
}{
	{[]string{"runtime", "internal/runtime/atomic", "internal/runtime/exithook"}, "internal/reflectlite"},
	{[]string{"testing"}, "testing/slogtest"},
}

// newToolchain prepares the toolchain of cfg, with edits of the standard library;
// temporary files are made in dir.
func newToolchain(ctx context.Context, cfg *gocmd.Config, dir string, edits []edit, tests bool) (*toolchain, error) {
	env, err := cfg.Environ(ctx)
	if err != nil {
		return nil, err
	}
	if err := supported(env); err != nil {
		return nil, err
	}
	files, err := patched(env.GOROOT, edits)
	if err != nil {
		return nil, err
	}
	tc := &toolchain{cfg: cfg, env: env, dir: dir, user: userOverlay(cfg, env), edits: edits}
	if tc.user != "" {
		ours := make(map[string]string, len(files))
		for name := range files {
			ours[filepath.Join(env.GOROOT, "src", filepath.FromSlash(name))] = ""
		}
		if err := gocmd.MergeOverlay(filepath.Join(dir, "overlay.json"), tc.user, ours); err != nil {
			return nil, err
		}
	}
	if tc.swappable() {
		if err := tc.swap(ctx, files, tests); err == nil {
			return tc, nil
		} else if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return tc, tc.useWhole()
}

// supported says no to targets where a process cannot map a file in its
// first steps, has no frame pointers, or does not run here.
func supported(env *gocmd.Env) error {
	if foreign(env) {
		return &Unsupported{
			What:    fmt.Sprintf("a program for %s/%s does not run on %s/%s", env.GOOS, env.GOARCH, env.GOHOSTOS, env.GOHOSTARCH),
			Foreign: true,
		}
	}
	if !slices.Contains(unixes, env.GOOS) {
		return &Unsupported{What: "GOOS=" + env.GOOS}
	}
	switch env.GOARCH {
	case "amd64", "arm64":
	default:
		return &Unsupported{What: "GOARCH=" + env.GOARCH + " has no frame pointers"}
	}
	return nil
}

// unixes are the systems with what the recorder needs.
var unixes = []string{"linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly"}

// foreign reports whether programs do not run here: those of another system or
// architecture. A processor of amd64 runs those of 386, too.
func foreign(env *gocmd.Env) bool {
	return env.GOOS != env.GOHOSTOS || env.GOARCH != env.GOHOSTARCH && !(env.GOARCH == "386" && env.GOHOSTARCH == "amd64")
}

// swappable reports whether archives may be swapped as a program is linked.
func (tc *toolchain) swappable() bool {
	for _, f := range slices.Concat(strings.Fields(tc.env.GOFLAGS), tc.cfg.BuildFlags) {
		if f = strings.TrimLeft(f, "-"); f == "toolexec" || strings.HasPrefix(f, "toolexec=") || strings.HasPrefix(f, "compiler") {
			return false
		}
	}
	replace, err := gocmd.ReadOverlay(tc.user)
	for from := range replace {
		if rel, err := filepath.Rel(tc.env.GOROOT, from); err == nil && filepath.IsLocal(rel) {
			return false
		}
	}
	return err == nil
}

// swap compiles the packages that differ, and writes the program that puts
// their archives into the linker's list.
func (tc *toolchain) swap(ctx context.Context, files map[string]string, tests bool) error {
	var script strings.Builder // of sed
	for _, sw := range swapped {
		if sw.dirs[0] == "testing" && !tests {
			continue
		}
		some := make(map[string]string)
		for name, text := range files {
			if d := filepath.ToSlash(filepath.Dir(name)); slices.Contains(sw.dirs, d) {
				some[name] = text
			}
		}
		g, err := newGoroot(tc.env, some)
		if err != nil {
			return err
		}
		defer g.close()
		args := slices.Concat([]string{"list"}, tc.cfg.Flags(), []string{"-deps", "-export", "-json=ImportPath,Export", "--", sw.importer})
		cmd := g.command(ctx, tc.cfg, args...)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := tc.cfg.Run(ctx, cmd); err != nil {
			return err
		}
		found := 0
		for dec := json.NewDecoder(&out); dec.More(); {
			var p struct{ ImportPath, Export string }
			if err := dec.Decode(&p); err != nil {
				return err
			}
			if slices.Contains(sw.dirs, p.ImportPath) && p.Export != "" {
				found++
				fmt.Fprintf(&script, "s|^packagefile %s=.*|packagefile %s=%s|\n",
					strings.ReplaceAll(p.ImportPath, ".", `\.`), p.ImportPath, sedQuote.Replace(p.Export))
			}
		}
		if found != len(sw.dirs) {
			return errors.New("not all packages were compiled")
		}
	}
	list := filepath.Join(tc.dir, "swap.sed")
	prog := filepath.Join(tc.dir, "swap.sh")
	if err := os.WriteFile(list, []byte(script.String()), 0o600); err != nil {
		return err
	}
	if strings.ContainsAny(prog, "'\"\n") {
		return errors.New("no quoting for " + prog)
	}
	if err := os.WriteFile(prog, fmt.Appendf(nil, swapScript, list), 0o700); err != nil {
		return err
	}
	tc.toolexec = "-toolexec='" + prog + "'"
	tc.flags = append(slices.Clip(tc.cfg.Flags()), tc.toolexec)
	return nil
}

var sedQuote = strings.NewReplacer(`\`, `\\`, "&", `\&`, "|", `\|`)

// swapScript runs the tool that it is handed; the linker's list of archives is
// edited first.
const swapScript = `#!/bin/sh
list='%s'
case $1 in
*/link)
	prev=
	for a do
		if [ "$prev" = -importcfg ]; then
			sed -f "$list" "$a" >"$a.stackward" && mv "$a.stackward" "$a" || exit 1
		fi
		prev=$a
	done
	;;
esac
exec "$@"
`

// useWhole turns to a GOROOT with all changes.
func (tc *toolchain) useWhole() error {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	if tc.whole != nil {
		return nil // another build has come to this
	}
	files, err := patched(tc.env.GOROOT, tc.edits)
	if err != nil {
		return err
	}
	if tc.whole, err = newGoroot(tc.env, files); err != nil {
		return err
	}
	tc.toolexec, tc.flags = "", tc.cfg.BuildFlags
	if tc.user == "" {
		return nil
	}
	file, err := moveOverlay(tc.dir, tc.user, tc.env.GOROOT, tc.whole.dir)
	if err != nil {
		tc.close()
		return err
	}
	tc.flags = append(slices.Clip(tc.flags), "-overlay="+file)
	return nil
}

// build runs a go command that links a program, and returns what it said. If
// the linker finds that an archive does not fit, all is built.
func (tc *toolchain) build(ctx context.Context, verb string, args ...string) (string, error) {
	whole, out, err := tc.try(ctx, verb, args...)
	if err != nil && !whole && ctx.Err() == nil &&
		(strings.Contains(out, "fingerprint mismatch") || strings.Contains(out, "swap.sh")) {
		if err := tc.useWhole(); err != nil {
			return "", err
		}
		_, out, err = tc.try(ctx, verb, args...)
	}
	return out, err
}

// try runs a go command with the toolchain as it is, and reports whether that builds
// all.
func (tc *toolchain) try(ctx context.Context, verb string, args ...string) (whole bool, out string, err error) {
	tc.mu.RLock()
	defer tc.mu.RUnlock()
	out, err = tc.run(ctx, verb, args...)
	return tc.whole != nil, out, err
}

func (tc *toolchain) run(ctx context.Context, verb string, args ...string) (string, error) {
	cmd := tc.command(ctx, verb, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := tc.cfg.Run(ctx, cmd)
	return out.String(), err
}

// command returns a go command; the build flags follow the verb.
func (tc *toolchain) command(ctx context.Context, verb string, args ...string) *exec.Cmd {
	args = slices.Concat([]string{verb}, tc.flags, args)
	if tc.whole == nil {
		return tc.cfg.Command(ctx, args...)
	}
	return tc.whole.command(ctx, tc.cfg, args...)
}

// goroot is the GOROOT that binaries name for the standard library's files.
func (tc *toolchain) goroot() string {
	tc.mu.RLock()
	defer tc.mu.RUnlock()
	if tc.whole != nil {
		return tc.whole.dir
	}
	return tc.env.GOROOT
}

func (tc *toolchain) close() {
	if tc != nil {
		tc.whole.close()
	}
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

// moveOverlay writes the user's overlay into dir, with what it replaces of the
// standard library moved to another GOROOT.
func moveOverlay(dir, user, goroot, to string) (string, error) {
	replace, err := gocmd.ReadOverlay(user)
	if err != nil {
		return "", err
	}
	moved := make(map[string]string, len(replace))
	for _, from := range slices.Sorted(maps.Keys(replace)) {
		text := replace[from]
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
