// Package recorder measures benchmarks to the last allocation: it builds a
// package's test binary with a recorder in it, and runs it.
//
//	runtime.postMallocgcDebug ─→ recorder: (stack, type, size) → count
//	testing.B's timer ─────────→ on, off, reset, dump
//	    ↓ $STACKWARD_OUT
//	Run{N, netAllocs, netBytes, GC, Samples}
//
// The recorder is an overlay of the standard library: five insertions, found by
// syntax, and two files added (patch/). It records while the benchmark's timer
// runs, so set-up, StopTimer and ResetTimer are respected; it allocates nothing
// on the heap that it observes, and leaves the tiny allocator alone, so allocs/op
// and B/op are those of the plain binary. What it recorded is held against what
// package testing counted in the same run.
//
// Time is taken from the plain binary: the recorder slows allocation down.
//
// Limits: amd64 and arm64, where stacks are unwound by frame pointers. What the
// runtime allocates between the reading of its counters and the recorder's
// switch is not seen: some objects in a run. Without a fitting toolchain an
// [*Unsupported] is returned.
package recorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// Options say what to run, in the words of go test.
type Options struct {
	Bench     string // regular expression
	Benchtime string // "" as go test
	Count     int    // 0 as 1
	CPU       string
	Timeout   time.Duration // of one run of a test binary, 0 none
}

// A Plain is a benchmark's result in the plain binary.
type Plain struct {
	Name                             string // with "Benchmark" and the suffix of its procs
	N                                int64
	NsPerOp, BytesPerOp, AllocsPerOp float64
}

// A Result is what a package's benchmarks came to.
type Result struct {
	Package string
	Runs    []*Run
	Plain   []Plain
}

// ErrNoBenchmarks says that none matched.
var ErrNoBenchmarks = errors.New("no benchmarks match")

// Bench measures the benchmarks of one package, whose directory is dir.
func Bench(ctx context.Context, cfg *gocmd.Config, pkg, dir string, opt Options) (*Result, error) {
	env, err := cfg.Environ(ctx)
	if err != nil {
		return nil, err
	}
	if env.GOARCH != "amd64" && env.GOARCH != "arm64" {
		return nil, &Unsupported{"no frame pointers on " + env.GOARCH}
	}
	tmp, err := os.MkdirTemp("", "stackward-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	cfg, goroot, cleanup, err := cfg.LinkedGoroot(ctx)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	user, err := cfg.OverlayFile(ctx)
	if err != nil {
		return nil, err
	}
	overlay, err := writeOverlay(tmp, goroot, user)
	if err != nil {
		return nil, err
	}

	plain := filepath.Join(tmp, "plain.test")
	if err := compile(ctx, cfg, pkg, plain, user); err != nil {
		return nil, err
	}
	if _, err := os.Stat(plain); err != nil {
		return nil, fmt.Errorf("%s: %w: it has no tests", pkg, ErrNoBenchmarks)
	}
	recording := filepath.Join(tmp, "recording.test")
	if err := compile(ctx, cfg, pkg, recording, overlay); err != nil {
		return nil, err
	}

	res := &Result{Package: pkg}
	record := filepath.Join(tmp, "record")
	if _, err := run(ctx, cfg, recording, dir, record, opt); err != nil {
		return nil, fmt.Errorf("%s: %w", pkg, err)
	}
	f, err := os.Open(record)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w -bench=%s", pkg, ErrNoBenchmarks, opt.Bench)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if res.Runs, err = readRecord(f); err != nil {
		return nil, err
	}
	if len(res.Runs) == 0 {
		return nil, fmt.Errorf("%s: %w -bench=%s", pkg, ErrNoBenchmarks, opt.Bench)
	}
	out, err := run(ctx, cfg, plain, dir, "", opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pkg, err)
	}
	res.Plain, err = results(bytes.NewReader(out))
	return res, err
}

// compile builds a test binary with an overlay.
func compile(ctx context.Context, cfg *gocmd.Config, pkg, binary, overlay string) error {
	args := append([]string{"test", "-c", "-o", binary}, cfg.BuildFlags...)
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	cmd := cfg.Command(ctx, append(args, pkg)...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cfg.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("building the test of %s: %s", pkg, tail(text.Bytes()))
	}
	return nil
}

// run runs a test binary's benchmarks and returns its output.
func run(ctx context.Context, cfg *gocmd.Config, binary, dir, record string, opt Options) ([]byte, error) {
	args := []string{"-test.run=^$", "-test.bench=" + opt.Bench, "-test.benchmem"}
	if opt.Benchtime != "" {
		args = append(args, "-test.benchtime="+opt.Benchtime)
	}
	if opt.Count > 0 {
		args = append(args, fmt.Sprintf("-test.count=%d", opt.Count))
	}
	if opt.CPU != "" {
		args = append(args, "-test.cpu="+opt.CPU)
	}
	parent := ctx
	if opt.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opt.Timeout)
		defer cancel()
	}
	cmd := cfg.Program(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "PWD="+dir, "STACKWARD_OUT="+record)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cfg.Run(ctx, cmd)
	switch {
	case parent.Err() != nil:
		return nil, context.Cause(parent)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("the benchmarks did not end within %v:\n%s", opt.Timeout, tail(out.Bytes()))
	case err != nil:
		return nil, fmt.Errorf("running the benchmarks: %w:\n%s", err, tail(out.Bytes()))
	}
	return out.Bytes(), nil
}

// results reads the result lines of a benchmark's output.
func results(r io.Reader) ([]Plain, error) {
	var out []Plain
	br := benchfmt.NewReader(r, "output")
	for br.Scan() {
		res, ok := br.Result().(*benchfmt.Result)
		if !ok {
			continue // of the program's own output
		}
		p := Plain{Name: "Benchmark" + string(res.Name), N: int64(res.Iters)}
		for _, v := range res.Values {
			switch v.Unit {
			case "sec/op":
				p.NsPerOp = v.Value * 1e9
			case "B/op":
				p.BytesPerOp = v.Value
			case "allocs/op":
				p.AllocsPerOp = v.Value
			}
		}
		out = append(out, p)
	}
	return out, br.Err()
}

// tail is the end of a program's output.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if n := len(lines); n > 20 {
		lines = append([]string{fmt.Sprintf("… %d lines before", n-20)}, lines[n-20:]...)
	}
	return strings.Join(lines, "\n")
}
