package benchrun

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/sync/errgroup"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// Bench records benchmarks: one Result a package, with one Run for each line
// that go test -bench prints. Packages without a matching benchmark are left
// out; none at all is ErrNoBenchmarks. What goes wrong with one package is its
// Result's Err; what goes wrong with all, such as *Unsupported, the error.
func Bench(ctx context.Context, cfg *gocmd.Config, opts Options) ([]*Result, error) {
	ts, err := targets(ctx, cfg, opts.Packages, []string{"Benchmark"}, opts.Bench)
	if err != nil {
		return nil, err
	}
	if len(ts) == 0 {
		return nil, noBenchmarks(opts)
	}
	results, err := each(ctx, cfg, opts, ts, modeBench)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Err != nil || len(r.Runs) > 0 {
			return results, nil
		}
	}
	closeAll(results)
	return nil, noBenchmarks(opts)
}

func noBenchmarks(opts Options) error {
	return &Error{
		Msg: fmt.Sprintf("-bench=%s", opts.Bench), Err: ErrNoBenchmarks,
		Hint: "go test -list=Benchmark " + strings.Join(opts.Packages, " ") + " lists the benchmarks",
	}
}

// Test records the tests that Options.Run matches: one Result a package, with
// one Run, from the start of the first test to the end of the last, or of the
// process where that comes first.
func Test(ctx context.Context, cfg *gocmd.Config, opts Options) ([]*Result, error) {
	ts, err := targets(ctx, cfg, opts.Packages, []string{"Test", "Fuzz"}, opts.Run) // go test runs the seeds of fuzz tests
	if err != nil {
		return nil, err
	}
	if len(ts) == 0 {
		return nil, &Error{
			Msg: fmt.Sprintf("-run=%s", opts.Run), Err: ErrNoTests,
			Hint: "go test -list=. " + strings.Join(opts.Packages, " ") + " lists the tests",
		}
	}
	return each(ctx, cfg, opts, ts, modeTest)
}

func closeAll(results []*Result) {
	for _, r := range results {
		r.Close()
	}
}

// each builds and runs the test binaries, Options.AtOnce at a time.
func each(ctx context.Context, cfg *gocmd.Config, opts Options, ts []target, mode uint64) (results []*Result, err error) {
	defer func() {
		if err != nil {
			closeAll(results)
			results = nil
		}
	}()
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	opts.step("compiling the recorder", "")
	tc, err := newToolchain(ctx, cfg, dir, edits, true)
	if err != nil {
		return nil, err
	}
	if step := opts.Step; step != nil {
		var mu sync.Mutex
		opts.Step = func(what, pkg string) {
			mu.Lock()
			defer mu.Unlock()
			step(what, pkg)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, opts.AtOnce))
	for i, t := range ts {
		r := &Result{Package: t.pkg, Dir: t.dir}
		results = append(results, r)
		if i == 0 {
			r.tc = tc
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r.Err = r.record(ctx, cfg, tc, opts, t, mode)
			if un, ok := errors.AsType[*Unsupported](r.Err); ok {
				return un
			}
			return context.Cause(ctx)
		})
	}
	return results, group.Wait()
}

// record runs the tests of one binary in a directory of its own.
func (r *Result) record(ctx context.Context, cfg *gocmd.Config, tc *toolchain, opts Options, t target, mode uint64) (err error) {
	if r.tmp, err = tempDir(); err != nil {
		return err
	}
	r.Binary = filepath.Join(r.tmp, "recorded.test")
	return r.runTests(ctx, cfg, tc, opts, t, mode)
}

func (o Options) step(step, pkg string) {
	if o.Step != nil {
		o.Step(step, pkg)
	}
}

func (r *Result) runTests(ctx context.Context, cfg *gocmd.Config, tc *toolchain, opts Options, t target, mode uint64) error {
	opts.step("building with the recorder", t.pkg)
	if err := buildTest(ctx, cfg, tc, t, r.Binary); err != nil {
		return err
	}
	r.GOROOT = tc.goroot()
	out := filepath.Join(r.tmp, "records")
	if err := createTable(out, mode); err != nil {
		return err
	}
	opts.step("recording", t.pkg)
	stdout, all, runErr := runBinary(ctx, cfg, opts, t, r.Binary, mode, envOut+"="+out)
	r.Output = all
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := r.read(out, mode); err != nil {
		return err
	}
	if mode == modeTest {
		return runErr
	}
	if runErr == nil {
		if n := len(t.results(stdout)); n > len(r.Runs) {
			return fmt.Errorf("recording %s: %d benchmarks printed, %d recorded", t.pkg, n, len(r.Runs))
		}
	}
	if !opts.Stock || len(r.Runs) == 0 {
		return runErr
	}
	if err := r.runStock(ctx, cfg, opts, t); err != nil {
		return cmp.Or(runErr, err)
	}
	return runErr
}

// read turns what the process left behind into Runs.
func (r *Result) read(out string, mode uint64) error {
	t, err := loadTable(out)
	if err != nil {
		return err
	}
	os.Remove(out)
	if !t.claimed {
		// It did not even start its runtime, or is not what was built.
		return nil
	}
	slide, err := slideOf(r.Binary, t.text)
	if err != nil {
		return err
	}
	dumps, err := t.dumps()
	if err != nil {
		return err
	}
	for _, d := range dumps {
		r.Runs = append(r.Runs, newRun(r.Package, d, slide, true))
	}
	if t.lostRuns > 0 {
		return &Error{
			Msg:  fmt.Sprintf("recording %s: no space for %d of %d runs", r.Package, t.lostRuns, t.lostRuns+uint64(len(dumps))),
			Hint: "run fewer benchmarks at a time, or with a lower -count",
		}
	}
	if mode != modeBench && len(dumps) == 0 {
		recs, err := t.records()
		if err != nil {
			return err
		}
		d := dump{n: 1, dropped: int64(t.dropped), droppedBytes: int64(t.bytes), gc: t.gc, records: recs}
		r.Runs = append(r.Runs, newRun(r.Package, d, slide, false))
	}
	return nil
}

// runBinary runs a test binary as go test would. It returns what was written
// to standard output, and the end of all output.
func runBinary(ctx context.Context, cfg *gocmd.Config, opts Options, t target, binary string, mode uint64, env ...string) (stdout []byte, all string, err error) {
	timeout := opts.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Minute
	}
	args := []string{"-test.paniconexit0", "-test.timeout=" + timeout.String()}
	if mode == modeTest {
		args = append(args, "-test.run="+opts.Run)
	} else {
		args = append(args, "-test.run=^$", "-test.bench="+opts.Bench, "-test.benchmem")
		if opts.Benchtime != "" {
			args = append(args, "-test.benchtime="+opts.Benchtime)
		}
	}
	if opts.Count > 0 {
		args = append(args, "-test.count="+strconv.Itoa(opts.Count))
	}
	if opts.CPU != "" {
		args = append(args, "-test.cpu="+opts.CPU)
	}
	// The binary ends itself with all its stacks; the context is for one that
	// cannot any more.
	grace, cancel := context.WithTimeout(ctx, timeout+10*time.Second)
	defer cancel()
	cmd := cfg.Command(grace, append(args, opts.TestFlags...)...)
	cmd.Path, cmd.Err = binary, nil
	cmd.Args[0] = binary
	cmd.Dir = t.dir
	cmd.Env = append(cmd.Env, "PWD="+t.dir)
	cmd.Env = append(cmd.Env, env...)
	var std bytes.Buffer
	end := &tail{}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&std, end), end
	err = cmd.Run()
	all = end.String()
	what := "benchmarks"
	if mode == modeTest {
		what = "tests"
	}
	switch {
	case err == nil || ctx.Err() != nil:
		return std.Bytes(), all, nil
	case grace.Err() != nil || strings.Contains(all, "panic: test timed out after "):
		return std.Bytes(), all, &Error{
			Msg: fmt.Sprintf("running the %s of %s for %v", what, t.pkg, timeout), Err: ErrTimeout, Output: all,
			Hint: "-timeout sets the limit; -benchtime=100x fixes the number of iterations",
		}
	}
	return std.Bytes(), all, &Error{
		Msg: fmt.Sprintf("running the %s of %s: %s", what, t.pkg, why(all, err)), Output: all,
		Hint: "run go test -bench on the package to see it fail without stackward",
		Err:  err,
	}
}

// why finds the line of a failed test's output that says why.
func why(out string, err error) string {
	for line := range strings.Lines(out) {
		for _, p := range []string{"panic: ", "fatal error: ", "--- FAIL: ", "flag provided but not defined"} {
			// A benchmark that fails stands behind its name.
			if i := strings.Index(line, p); i == 0 || i > 0 && p == "--- FAIL: " {
				return strings.TrimSpace(line[i:])
			}
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "the binary failed"
	}
	return "it did not start"
}

// results reads the result lines of t's benchmarks. A line that only looks like
// one, for a benchmark that is not there, is the program's own.
func (t *target) results(out []byte) []*benchfmt.Result {
	var all []*benchfmt.Result
	rd := benchfmt.NewReader(bytes.NewReader(joinResults(out)), "go test")
	for rd.Scan() {
		res, ok := rd.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		name, _ := splitProcs(string(res.Name))
		name, _, _ = strings.Cut("Benchmark"+name, "/")
		if slices.Contains(t.funcs, name) {
			all = append(all, res.Clone())
		}
	}
	return all
}

var (
	resultLine  = regexp.MustCompile(`^Benchmark\S*\s*\t *\d+\t`)
	resultStart = regexp.MustCompile(`^Benchmark\S*\s*\t`)
	resultEnd   = regexp.MustCompile(` *\d+\t +[0-9.]+ ns/op.*$`)
)

// joinResults returns the result lines of a test binary's output, those that a
// benchmark's own output has torn apart put together again: package testing
// prints the name of a benchmark before it runs it, and its figures after.
func joinResults(out []byte) []byte {
	var joined, start []byte
	for line := range bytes.Lines(out) {
		line = bytes.TrimRight(line, "\r\n")
		if resultLine.Match(line) {
			joined = append(append(joined, line...), '\n')
		} else if s := resultStart.Find(line); s != nil {
			start = s
		} else if end := resultEnd.Find(line); end != nil && start != nil {
			joined = append(append(append(joined, start...), end...), '\n')
			start = nil
		}
	}
	return joined
}

// runStock runs the benchmarks without the recorder and hands the results to
// the runs of the same name.
func (r *Result) runStock(ctx context.Context, cfg *gocmd.Config, opts Options, t target) error {
	opts.step("building", t.pkg)
	binary := filepath.Join(r.tmp, "stock.test")
	if err := buildTest(ctx, cfg, nil, t, binary); err != nil {
		return err
	}
	defer os.Remove(binary)
	opts.step("timing", t.pkg)
	stdout, _, err := runBinary(ctx, cfg, opts, t, binary, modeBench)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	byName := make(map[string]*Stock)
	for _, res := range t.results(stdout) {
		s := byName[string(res.Name)]
		if s == nil {
			s = &Stock{Extra: make(map[string][]float64)}
			byName[string(res.Name)] = s
		}
		s.add(res)
	}
	for _, run := range r.Runs {
		name := strings.TrimPrefix(run.Name, "Benchmark")
		if run.Procs != 1 {
			name += "-" + strconv.Itoa(run.Procs)
		}
		run.Stock = byName[name]
	}
	return err
}

func (s *Stock) add(res *benchfmt.Result) {
	s.N = append(s.N, int64(res.Iters))
	for _, v := range res.Values {
		switch v.Unit {
		case "sec/op":
			s.NsPerOp = append(s.NsPerOp, v.Value*1e9)
		case "B/op":
			s.BytesPerOp = append(s.BytesPerOp, v.Value)
		case "allocs/op":
			s.AllocsPerOp = append(s.AllocsPerOp, v.Value)
		default:
			s.Extra[v.Unit] = append(s.Extra[v.Unit], v.Value)
		}
	}
}
