package benchrun

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// fixture writes testdata/micro.txtar to a directory of its own.
func fixture(t testing.TB) *gocmd.Config {
	t.Helper()
	a, err := txtar.ParseFile("testdata/micro.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return &gocmd.Config{Dir: dir}
}

// bench records one package's benchmarks.
func bench(t *testing.T, cfg *gocmd.Config, opts Options) *Result {
	t.Helper()
	opts.Packages = []string{"."}
	rs, err := Bench(t.Context(), cfg, opts)
	var un *Unsupported
	if errors.As(err, &un) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(rs) })
	if len(rs) != 1 {
		t.Fatalf("%d results, want 1", len(rs))
	}
	return rs[0]
}

// exact reports what is wrong with a run's sums, "" nothing: within 0.005
// allocs/op of what the run's MemStats say, or some objects of the runtime,
// such as an m and its g, that were counted and not yet recorded.
func exact(r *Run) string {
	if !r.Checked || r.Dropped != 0 {
		return "not checked, or dropped"
	}
	diff := math.Abs(float64(r.Recorded - r.NetAllocs))
	bytes := math.Abs(float64(r.RecordedBytes - r.NetBytes))
	if diff > max(4, 0.005*float64(r.N)) || bytes > max(8<<10, float64(r.N)) {
		return "sums differ"
	}
	return ""
}

// likeStock reports what is wrong with a run's figures held against those of
// the binary without the recorder, "" nothing. Two runs allocate the same but
// for objects of the runtime: threads, more of them on a machine that is busy,
// and tables of maps, whose hash seeds differ.
func likeStock(r *Run, allocs, bytes float64) string {
	const objects, size = 100, 64 << 10
	n := float64(r.N)
	least, most := math.Floor((float64(r.NetAllocs)-objects)/n), math.Floor((float64(r.NetAllocs)+objects)/n)
	if allocs < least || allocs > most {
		return fmt.Sprintf("%v allocs/op without the recorder, %d of %d with", allocs, r.NetAllocs, r.N)
	}
	if with := float64(r.NetBytes) / n; math.Abs(bytes-with) > 1+with/100+size/n {
		return fmt.Sprintf("%v B/op without the recorder, %v with", bytes, with)
	}
	return ""
}

func TestBench(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	want := map[string]float64{ // allocs/op
		"BenchmarkTiny": 2, "BenchmarkMap": -1, "BenchmarkChan": 1, "BenchmarkGoroutine": -1, "BenchmarkFmt": -1,
		"BenchmarkStopTimer": 1, "BenchmarkLoop": 1, "BenchmarkParallel": 2, "BenchmarkSetUp": 1,
		"BenchmarkSub/b": 1, "BenchmarkSub/d": 3, "BenchmarkDeep": 1, "BenchmarkNothing": 0, "BenchmarkGC": 1,
	}
	r := bench(t, cfg, Options{Bench: "^Benchmark[A-Y]", Benchtime: "3000x", Count: 2, Stock: true})
	if r.Err != nil {
		t.Fatal(r.Err, r.Output)
	}
	seen := make(map[string]int)
	for _, run := range r.Runs {
		seen[run.Name]++
		w, ok := want[run.Name]
		if !ok {
			t.Errorf("%s: not expected", run.Name)
		}
		if msg := exact(run); msg != "" {
			t.Errorf("%s: %s: recorded %d allocs, %d B; MemStats has %d, %d; dropped %d",
				run.Name, msg, run.Recorded, run.RecordedBytes, run.NetAllocs, run.NetBytes, run.Dropped)
		}
		if run.Recorded != run.NetAllocs || run.RecordedBytes != run.NetBytes {
			t.Logf("%s: off by %d allocs, %d bytes", run.Name, run.Recorded-run.NetAllocs, run.RecordedBytes-run.NetBytes)
		}
		if run.N != 3000 {
			t.Errorf("%s: N = %d", run.Name, run.N)
		}
		perOp := float64(run.Recorded) / float64(run.N)
		if w >= 0 && math.Abs(perOp-w) > 0.1 {
			t.Errorf("%s: %.3f allocs/op, want %v", run.Name, perOp, w)
		}
		if run.Stock == nil || len(run.Stock.AllocsPerOp) != 2 {
			t.Errorf("%s: no stock results: %+v", run.Name, run.Stock)
			continue
		}
		if msg := likeStock(run, run.Stock.AllocsPerOp[0], run.Stock.BytesPerOp[0]); msg != "" {
			t.Errorf("%s: %s", run.Name, msg)
		}
	}
	for name := range want {
		if seen[name] != 2 {
			t.Errorf("%s: %d runs, want 2", name, seen[name])
		}
	}
	checkRecords(t, r)
}

// checkRecords looks at what was recorded of some of the fixture's benchmarks.
func checkRecords(t *testing.T, r *Result) {
	for _, run := range r.Runs {
		switch run.Name {
		case "BenchmarkChan":
			if top := most(run); top.Type != "chan int" && top.Type != "" || top.Bytes == 0 {
				t.Errorf("%s: %+v", run.Name, top)
			}
		case "BenchmarkSetUp":
			if top := most(run); top.Type != "micro.Point" || top.Bytes != 24 || top.TypeAddr == 0 || top.Cut {
				t.Errorf("%s: %+v", run.Name, top)
			}
		case "BenchmarkDeep":
			if top := most(run); !top.Cut || len(top.PCs) != maxDepth {
				t.Errorf("%s: cut %v at %d frames, want at %d", run.Name, top.Cut, len(top.PCs), maxDepth)
			}
		case "BenchmarkGC":
			// One cycle each 100 operations, by runtime.GC.
			g := run.GC
			if g.Cycles < 30 || g.Pauses < 2*g.Cycles || g.PauseNs == 0 || g.CPUShare <= 0 || g.CPUShare >= 1 || g.CPUSeconds <= 0 {
				t.Errorf("%s: %+v", run.Name, g)
			}
			t.Logf("%s: %+v", run.Name, g)
		case "BenchmarkNothing":
			if run.GC.Cycles != 0 {
				t.Errorf("%s: %+v", run.Name, run.GC)
			}
		}
	}
}

func most(run *Run) Record {
	var top Record
	for _, r := range run.Records {
		if r.Allocs > top.Allocs {
			top = r
		}
	}
	return top
}

// A test binary that runs itself again is recorded in the process that comes to
// the benchmarks; one that prints keeps its results.
func TestBenchOutput(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	rs, err := Bench(t.Context(), cfg, Options{Packages: []string{"./reexec", "./print"}, Bench: ".", Benchtime: "100x", Stock: true, Count: 2})
	var un *Unsupported
	if errors.As(err, &un) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(rs) })
	names := make(map[string]int)
	for _, r := range rs {
		if r.Err != nil {
			t.Errorf("%s: %v\n%s", r.Package, r.Err, r.Output)
		}
		for _, run := range r.Runs {
			names[run.Name]++
			if run.N != 100 || exact(run) != "" || run.Stock == nil || len(run.Stock.NsPerOp) != 2 || run.Stock.N[0] != 100 {
				t.Errorf("%s: N = %d, recorded %d of %d, %+v", run.Name, run.N, run.Recorded, run.NetAllocs, run.Stock)
			}
		}
	}
	if want := map[string]int{"BenchmarkChild": 2, "BenchmarkPrint": 2, "BenchmarkQuiet": 2}; !maps.Equal(names, want) {
		t.Errorf("runs %v, want %v", names, want)
	}
}

// Durations run a benchmark several times; the last one counts.
func TestBenchDuration(t *testing.T) {
	t.Parallel()
	r := bench(t, fixture(t), Options{Bench: "^Benchmark(Tiny|Loop|SetUp)$", Benchtime: "30ms", CPU: "1,2"})
	if r.Err != nil {
		t.Fatal(r.Err, r.Output)
	}
	if len(r.Runs) != 6 {
		t.Fatalf("%d runs, want 6", len(r.Runs))
	}
	for i, run := range r.Runs {
		if run.N < 1 || run.Procs != i%2+1 || run.Duration < 20*time.Millisecond {
			t.Errorf("%s: N = %d, procs %d, %v", run.Name, run.N, run.Procs, run.Duration)
		}
		if msg := exact(run); msg != "" {
			t.Errorf("%s: %s: %d, %d", run.Name, msg, run.Recorded, run.NetAllocs)
		}
	}
}

func TestBenchFails(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	for _, tt := range []struct {
		bench   string
		timeout time.Duration
		is      error
		text    string
		runs    int
	}{
		{"^Benchmark(Chan|ZZFails)$", 0, nil, "--- FAIL: BenchmarkZZFails", 1},
		{"^Benchmark(Chan|ZZHangs)$", 5 * time.Second, ErrTimeout, "timed out", 1},
	} {
		r := bench(t, cfg, Options{Bench: tt.bench, Benchtime: "10x", Timeout: tt.timeout})
		var e *Error
		if !errors.As(r.Err, &e) || !strings.Contains(e.Error(), tt.text) || e.Output == "" || e.Hint == "" {
			t.Errorf("%s: %v", tt.bench, r.Err)
		}
		if tt.is != nil && !errors.Is(r.Err, tt.is) {
			t.Errorf("%s: %v is not %v", tt.bench, r.Err, tt.is)
		}
		if len(r.Runs) != tt.runs {
			t.Errorf("%s: %d runs, want %d", tt.bench, len(r.Runs), tt.runs)
		}
	}
	if _, err := Bench(t.Context(), cfg, Options{Bench: "NoSuch"}); !errors.Is(err, ErrNoBenchmarks) {
		t.Errorf("no benchmark: %v", err)
	}
	if _, err := Bench(t.Context(), cfg, Options{Bench: "Sub/nosuch", Benchtime: "1x"}); !errors.Is(err, ErrNoBenchmarks) {
		t.Errorf("no sub-benchmark: %v", err)
	}
	if _, err := Bench(t.Context(), cfg, Options{Bench: "("}); err == nil {
		t.Error("invalid pattern: no error")
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	rs, err := Test(t.Context(), cfg, Options{Run: "^TestTiny$"})
	if err != nil {
		t.Skip(err)
	}
	defer closeAll(rs)
	r := rs[0]
	if r.Err != nil || len(r.Runs) != 1 {
		t.Fatalf("%d runs, %v", len(r.Runs), r.Err)
	}
	run := r.Runs[0]
	if msg := exact(run); msg != "" || run.Recorded < 2000 || run.Recorded > 2500 {
		t.Errorf("%s: recorded %d of %d", msg, run.Recorded, run.NetAllocs)
	}
	rs, err = Test(t.Context(), cfg, Options{Run: "^TestFails$"})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(rs)
	if r := rs[0]; r.Err == nil || len(r.Runs) != 1 || most(r.Runs[0]).Allocs == 0 {
		t.Errorf("failing test: %v, %d runs", r.Err, len(r.Runs))
	}
}

func TestExec(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	for _, tt := range []struct {
		arg, exit string
		deep      int64 // objects of micro.Point
		interrupt bool
	}{
		{"exit", "exit status 3", 5000, false},
		{"panic", "exit status 2", 5000, false},
		{"return", "", 5000, false},
		{"hang", "signal: interrupt", 5000, true},
		{"graceful", "", 5700, true},
	} {
		t.Run(tt.arg, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ready := writerFunc(func(p []byte) (int, error) {
				if strings.Contains(string(p), "ready") {
					cancel()
				}
				return len(p), nil
			})
			r, err := Exec(ctx, cfg, Command{Program: Program{Package: []string{"./cmd/serve"}, Args: []string{tt.arg}}, Stdout: ready})
			var un *Unsupported
			if errors.As(err, &un) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if r.Exit != tt.exit || r.Interrupted != tt.interrupt {
				t.Errorf("exit %q, interrupted %v", r.Exit, r.Interrupted)
			}
			n := int64(0)
			for _, rec := range r.Runs[0].Records {
				if rec.Type == "micro.Point" {
					n += rec.Allocs
				}
			}
			if n != tt.deep {
				t.Errorf("%d points, want %d", n, tt.deep)
			}
		})
	}
	for _, pkg := range []string{".", "./nosuch", "ls", "./go.mod"} {
		var e *Error
		if _, err := Exec(t.Context(), cfg, Command{Program: Program{Package: []string{pkg}}}); !errors.As(err, &e) || e.Hint == "" || e.Output != "" {
			t.Errorf("%q: %v", pkg, err)
		}
	}
}

func TestParseRun(t *testing.T) {
	for _, tt := range []struct {
		args string
		want Program
	}{
		{"go run ./cmd a -b", Program{Package: []string{"./cmd"}, Args: []string{"a", "-b"}}},
		{"./cmd -x=1", Program{Package: []string{"./cmd"}, Args: []string{"-x=1"}}},
		{"go run -race -tags a,b -ldflags=-X=y . z", Program{Flags: []string{"-race", "-tags=a,b", "-ldflags=-X=y"}, Package: []string{"."}, Args: []string{"z"}}},
		{"/usr/bin/go run -C dir a.go b.go c", Program{Dir: "dir", Package: []string{"a.go", "b.go"}, Args: []string{"c"}}},
	} {
		got, err := ParseRun(strings.Fields(tt.args))
		if d := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", tt.args, err, d)
		}
	}
	for args, want := range map[string]string{
		"":                            "no program named",
		"go":                          "go without a command runs no program",
		"go run":                      "no program named",
		"go run -race":                "no program named",
		"go test .":                   "go test is not run as a command",
		"go build .":                  "go build runs no program",
		"go run -exec x .":            "go run -exec is not supported",
		"go run example.com/m@latest": "go run example.com/m@latest is not supported",
	} {
		var e *Error
		if _, err := ParseRun(strings.Fields(args)); !errors.As(err, &e) || !e.Usage || e.Msg != want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
