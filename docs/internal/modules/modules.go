// Package modules gets real modules to measure on: published ones, copied to a
// directory of their own.
package modules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Target is one line of a list of modules:
//
//	module@version [package ...]                packages of a module
//	vendor module@version [package ...]         the same, after go mod vendor
//	work module@version ... [package ...]       of several, under one go.work
//
// Packages are relative to the (first) module's root; none is the root package.
type Target struct {
	How      string // "", "vendor", "work"
	Modules  []string
	Packages []string
}

// Parse reads a line.
func Parse(line string) Target {
	var t Target
	for i, word := range strings.Fields(line) {
		switch {
		case i == 0 && (word == "vendor" || word == "work"):
			t.How = word
		case strings.Contains(word, "@"):
			t.Modules = append(t.Modules, word)
		default:
			t.Packages = append(t.Packages, word)
		}
	}
	if t.Packages == nil {
		t.Packages = []string{"."}
	}
	return t
}

func (t Target) String() string {
	var names []string
	for _, m := range t.Modules {
		names = append(names, strings.TrimSuffix(m, "@latest"))
	}
	s := strings.Join(names, " + ")
	if p := strings.Join(t.Packages, " "); p != "." {
		s += " " + p
	}
	switch t.How {
	case "vendor":
		s += " (vendored)"
	case "work":
		s += " (workspace)"
	}
	return s
}

// Prepare copies the target's modules below tmp. It returns the directory to
// work in and the environment.
func (t Target) Prepare(tmp string) (dir string, env []string, err error) {
	root, err := os.MkdirTemp(tmp, "module-")
	if err != nil {
		return "", nil, err
	}
	var dirs []string
	for _, m := range t.Modules {
		d, err := fetch(root, m)
		if err != nil {
			return "", nil, err
		}
		dirs = append(dirs, d)
	}
	dir = dirs[0]
	// A published go.sum may lack what only tests need.
	env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "PWD="+dir)
	switch t.How {
	case "vendor":
		if err := command(dir, env, "mod", "vendor"); err != nil {
			return "", nil, err
		}
		env = append(env, "GOFLAGS=-mod=vendor")
	case "work":
		env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "PWD="+dir)
		args := []string{"work", "init"}
		for _, d := range dirs {
			args = append(args, "./"+filepath.Base(d))
		}
		if err := command(root, append(env, "PWD="+root), args...); err != nil {
			return "", nil, err
		}
	}
	return dir, env, nil
}

// fetch copies a module to a directory of its own below root.
func fetch(root, module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // in no module
	out, err := cmd.Output()
	var info struct{ Dir, Error string }
	if json.Unmarshal(out, &info) != nil || info.Dir == "" {
		return "", fmt.Errorf("fetching %s: %s", module, strings.TrimSpace(info.Error+fmt.Sprint(err)))
	}
	name, _, _ := strings.Cut(module, "@")
	dir := filepath.Join(root, strings.ReplaceAll(name, "/", "_"))
	return dir, os.CopyFS(dir, os.DirFS(info.Dir))
}

func command(dir string, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return errors.New("go " + strings.Join(args, " ") + ": " + strings.TrimSpace(stderr.String()))
	}
	return nil
}

// Each calls do with each line of a list: those of args or, if there are none,
// of listed. The tool is stackward, built from the module that the current
// directory is in, and tmp a directory that is removed at the end. What is being
// done is told on w, where verb says what that is.
func Each(w io.Writer, verb, listed string, args []string, do func(tmp, tool string, t Target)) error {
	if len(args) == 0 {
		args = strings.Split(strings.TrimSpace(listed), "\n")
	}
	tmp, err := os.MkdirTemp("", "stackward-modules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tool := filepath.Join(tmp, "stackward")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/stackward").CombinedOutput(); err != nil {
		return fmt.Errorf("building stackward: %s", out)
	}
	for i, line := range args {
		fmt.Fprintf(w, "%s %d of %d: %s\n", verb, i+1, len(args), line)
		do(tmp, tool, Parse(line))
	}
	return nil
}

// ReplaceSection puts a section of a file of Markdown, from its heading to the next of its level, in the place
// of the one of the same heading, or at the end.
func ReplaceSection(file string, section []byte) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	title, _, _ := bytes.Cut(section, []byte("\n"))
	before, rest, found := bytes.Cut(old, append(title, '\n'))
	var after []byte
	if !found {
		before = append(before, '\n')
	} else if i := bytes.Index(rest, []byte("\n## ")); i >= 0 {
		after = rest[i:]
	}
	return os.WriteFile(file, slices.Concat(before, section, after), 0o666)
}
