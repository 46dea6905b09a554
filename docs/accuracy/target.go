package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A target is one line of modules.txt:
//
//	module@version [package ...]                packages of a module
//	vendor module@version [package ...]         the same, after go mod vendor
//	work module@version ... [package ...]       of several, under one go.work
//
// Packages are relative to the (first) module's root; none is the root package.
type target struct {
	how      string // "", "vendor", "work"
	modules  []string
	packages []string
}

func parseTarget(line string) target {
	var t target
	for i, word := range strings.Fields(line) {
		switch {
		case i == 0 && (word == "vendor" || word == "work"):
			t.how = word
		case strings.Contains(word, "@"):
			t.modules = append(t.modules, word)
		default:
			t.packages = append(t.packages, word)
		}
	}
	if t.packages == nil {
		t.packages = []string{"."}
	}
	return t
}

func (t target) String() string {
	var names []string
	for _, m := range t.modules {
		names = append(names, strings.TrimSuffix(m, "@latest"))
	}
	s := strings.Join(names, " + ")
	if p := strings.Join(t.packages, " "); p != "." {
		s += " " + p
	}
	switch t.how {
	case "vendor":
		s += " (vendored)"
	case "work":
		s += " (workspace)"
	}
	return s
}

// prepare copies the target's modules below tmp. It returns the directory to
// work in and the environment.
func (t target) prepare(tmp string) (dir string, env []string, err error) {
	root, err := os.MkdirTemp(tmp, "module-")
	if err != nil {
		return "", nil, err
	}
	var dirs []string
	for _, m := range t.modules {
		d, err := fetch(root, m)
		if err != nil {
			return "", nil, err
		}
		dirs = append(dirs, d)
	}
	dir = dirs[0]
	// A published go.sum may lack what only tests need.
	env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "PWD="+dir)
	switch t.how {
	case "vendor":
		if err := goCommand(dir, env, "mod", "vendor"); err != nil {
			return "", nil, err
		}
		env = append(env, "GOFLAGS=-mod=vendor")
	case "work":
		env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "PWD="+dir)
		args := []string{"work", "init"}
		for _, d := range dirs {
			args = append(args, "./"+filepath.Base(d))
		}
		if err := goCommand(root, append(env, "PWD="+root), args...); err != nil {
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

func goCommand(dir string, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return errors.New("go " + strings.Join(args, " ") + ": " + strings.TrimSpace(stderr.String()))
	}
	return nil
}
