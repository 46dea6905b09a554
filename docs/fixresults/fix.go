package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs/internal/modules"
)

const (
	benchtime = "100x"
	timeout   = 10 * time.Minute // of a test binary
	limit     = 40 * time.Minute // of a module
)

// A row is what was found out about one module.
type row struct {
	target  modules.Target
	report  *alloc.Report
	broken  []string // tests that passed before and fail with the fixes written
	tests   int      // that pass with them
	err     error
	elapsed time.Duration
}

func fixModule(tmp, tool, diffs string, t modules.Target) (r row) {
	r.target = t
	start := time.Now()
	defer func() { r.elapsed = time.Since(start) }()
	dir, env, err := t.Prepare(tmp)
	if err != nil {
		r.err = err
		return r
	}
	defer os.RemoveAll(filepath.Dir(dir))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	before, _, err := testsOf(ctx, dir, env, t.Packages)
	if err != nil {
		r.err = err
		return r
	}
	patch := filepath.Join(tmp, "fix.diff")
	args := []string{"fix", "-w", "-run=.", "-timeout=" + timeout.String(), "-format=json", "-patch=" + patch}
	if benchmarks, err := hasBenchmarks(ctx, dir, env, t.Packages); err != nil {
		r.err = err
		return r
	} else if benchmarks {
		args = append(args, "-bench=.", "-benchtime="+benchtime)
	}
	cmd := exec.CommandContext(ctx, tool, slices.Concat(args, t.Packages)...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, _ := cmd.Output() // a report that is partial is one, too
	if r.report, err = alloc.ReadJSON(bytes.NewReader(out)); err != nil {
		r.err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
		return r
	}
	if diffs != "" {
		if err := copyFile(patch, filepath.Join(diffs, strings.ReplaceAll(t.String(), "/", "_")+".diff")); err != nil {
			r.err = err
			return r
		}
	}
	after, passed, err := testsOf(ctx, dir, env, t.Packages)
	if err != nil {
		r.err = err
		return r
	}
	r.tests = passed
	for name := range after {
		if !before[name] {
			r.broken = append(r.broken, name)
		}
	}
	slices.Sort(r.broken)
	return r
}

// hasBenchmarks reports whether packages have any.
func hasBenchmarks(ctx context.Context, dir string, env, packages []string) (bool, error) {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-run=^$", "-list=^Benchmark"}, packages)...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return false, err
	}
	return bytes.HasPrefix(out, []byte("Benchmark")) || bytes.Contains(out, []byte("\nBenchmark")), nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// testsOf runs the tests of packages: which fail, and how many pass.
func testsOf(ctx context.Context, dir string, env, packages []string) (failed map[string]bool, passed int, err error) {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-json", "-timeout=" + timeout.String()}, packages)...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return nil, 0, err
	}
	failed = make(map[string]bool)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var e struct{ Action, Package, Test string }
		if err := dec.Decode(&e); err == io.EOF {
			return failed, passed, nil
		} else if err != nil {
			return nil, 0, err
		}
		switch {
		case e.Action == "fail":
			failed[e.Package+"."+e.Test] = true
		case e.Action == "pass" && e.Test != "":
			passed++
		}
	}
}
