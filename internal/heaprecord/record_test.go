package heaprecord

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/exp/trace"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/sizeclass"
)

// program allocates 20,000 nodes, says "ready", and ends as its argument says.
const program = `package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

type node struct {
	next *node
	data [5]int
}

var list *node

func grow() { list = &node{next: list} }

func deep(n int) (sum byte) {
	var frame [60]byte
	frame[n%60] = 1
	p := new(node)
	p.data[0] = n
	list = p
	if n > 0 {
		sum = deep(n - 1)
	}
	return sum + frame[n%7]
}

func main() {
	for i := 0; i < 20000; i++ {
		grow()
	}
	fmt.Println("ready")
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "fail":
		os.Exit(3)
	case "killed":
		time.Sleep(300 * time.Millisecond)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "wait":
		time.Sleep(time.Hour)
	case "forever":
		for {
			grow()
			if list.data[0]++; len(os.Args) > 2 {
				list = nil
			}
		}
	case "deep":
		done := make(chan bool)
		for i := 0; i < 20000; i++ {
			go func(n int) {
				deep(n)
				done <- true
			}(i % 100)
			<-done
		}
	case "environ":
		out, err := exec.Command("env").Output()
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(out)
	}
}
`

func module(t *testing.T) string {
	t.Helper()
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
	default:
		t.Skip("programs are not recorded on " + runtime.GOOS)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/m\n\ngo 1.12\n", // older than what the agent imports
		"main.go": program,
		"m_test.go": "package main\n\nimport \"testing\"\n\nfunc TestGrow(t *testing.T) {\n\tfor i := 0; i < 1000; i++ {\n\t\tgrow()\n\t}\n}\n" +
			"func BenchmarkGrow(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tgrow()\n\t}\n}\n",
		"lib/lib.go": "package lib\n",
	} {
		name = filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(name), 0o777)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// request is one to record a command in dir.
func request(t *testing.T, dir string, command ...string) Request {
	return Request{
		Build:   engine.Build{Dir: dir, Stderr: io.Discard},
		Command: command,
		Out:     filepath.Join(t.TempDir(), "run.heap"),
		MaxSize: 1 << 30,
		Stdout:  io.Discard,
	}
}

// unsupported ends a test for which the recorder cannot be built into programs. That is
// a failure where it is made for: else no test would tell that a patch does not apply.
func unsupported(t *testing.T, err error) {
	t.Helper()
	known := sizeclass.ForGo(runtime.Version()) != nil
	if arch := runtime.GOARCH; known && (arch == "amd64" || arch == "arm64") {
		t.Fatal(err)
	}
	t.Skip(err)
}

func record(t *testing.T, ctx context.Context, req Request) *recording.File {
	t.Helper()
	s, err := Record(ctx, req)
	if err != nil {
		if x, ok := errors.AsType[*engine.Error](err); ok && strings.HasPrefix(x.Msg, "recorder not supported") {
			unsupported(t, err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { s.File.Close() })
	if s.Unpatched != nil {
		unsupported(t, s.Unpatched)
	}
	if s.File.Partial != nil {
		t.Errorf("partial: %v", s.File.Partial)
	}
	return s.File
}

// A tally is what the trace of a recording has.
type tally struct {
	allocs int64
	nodes  int64 // of grow, if stacks are exact
	ids    recording.StackIDs
	err    error // of the stack ids
	readTo error // nil if the trace was read to its end
}

func count(t *testing.T, f *recording.File) (c tally) {
	t.Helper()
	r, err := trace.NewReader(f.Trace())
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.ReadEvent()
		if err != nil {
			if err != io.EOF {
				c.readTo = err
			}
			break
		}
		switch ev.Kind() {
		case trace.EventSync:
			if c.err == nil {
				c.err = c.ids.Generation()
			}
			for _, b := range ev.Sync().ExperimentalBatches["AllocFree"] {
				c.ids.Batch(int64(b.Thread), b.Data)
			}
		case trace.EventExperimental:
			if ev.Experimental().Name != "HeapObjectAlloc" {
				break
			}
			c.allocs++
			if f.Header.Sites != recording.Exact {
				break
			}
			id, _ := c.ids.Next(int64(ev.Thread()))
			s := f.Stacks.Stack(id)
			if s == nil {
				t.Fatalf("no stack %d", id)
			}
			for frame := range s.Frames() {
				if strings.HasSuffix(frame.Func, "/m.grow") && strings.HasSuffix(s.Type, ".node") {
					c.nodes++
				}
			}
		}
	}
	if c.err == nil {
		c.err = c.ids.Generation()
	}
	return c
}

func TestExact(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "run", ".", "fail")
	req.Exact = true
	req.GOGC = "50"
	f := record(t, t.Context(), req)
	c := count(t, f)
	if c.err != nil || c.readTo != nil {
		t.Error(c.err, c.readTo)
	}
	if c.nodes != 20000 || c.ids.Joined != c.allocs || f.End.Allocs != c.allocs {
		t.Errorf("%d nodes; %d allocations, %d with a stack, %d recorded", c.nodes, c.allocs, c.ids.Joined, f.End.Allocs)
	}
	// What is allocated between the counters and the trace's ends: by the agent.
	if n := int64(f.Stop.MemStats.Mallocs - f.Start.MemStats.Mallocs); n < c.allocs-1000 || n > c.allocs+1000 {
		t.Errorf("%d mallocs of %d allocations", n, c.allocs)
	}
	if f.End.Exit != "exit status 3" || f.Stop.Why != recording.WhyExit || *f.Start.GOGC != 50 {
		t.Errorf("exit %q, stopped by %q, GOGC=%d", f.End.Exit, f.Stop.Why, *f.Start.GOGC)
	}
	if len(f.Metrics) == 0 || len(f.Profiles) != 1 || len(f.GCLog) == 0 || f.Header.BuildID == "" || f.Header.Package != "example.com/m" {
		t.Errorf("%d metrics, %d profiles, %d lines of the collector, build id %q, package %s",
			len(f.Metrics), len(f.Profiles), len(f.GCLog), f.Header.BuildID, f.Header.Package)
	}
}

// Where a goroutine's stack grows as an event of it is written, the trace stays
// whole.
func TestGrowingStacks(t *testing.T) {
	t.Parallel()
	f := record(t, t.Context(), request(t, module(t), "go", "run", ".", "deep"))
	if c := count(t, f); c.readTo != nil || c.allocs < 1_000_000 {
		t.Errorf("%d allocations, %v", c.allocs, c.readTo)
	}
}

// The clock of the trace has a finer step than the runtime's, of 64 ns: it is as fast as
// events are written, or a thread's would be told later and later.
func TestClock(t *testing.T) {
	t.Parallel()
	f := record(t, t.Context(), request(t, module(t), "go", "run", "."))
	r, err := alloctrace.Open(f.Trace(), alloctrace.Options{SlotBytes: sizeclass.ForGo(runtime.Version()).Slots()})
	if err != nil {
		t.Fatal(err)
	}
	between := 0
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Time%64 != 0 {
			between++
		}
	}
	if between < 10000 {
		t.Errorf("%d events are between the steps of the runtime's own clock", between)
	}
}

func TestTests(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "test", "-bench", "Grow", "-benchtime", "3000x", ".")
	req.Exact = true
	var out bytes.Buffer
	req.Stdout = &out
	f := record(t, t.Context(), req)
	c := count(t, f)
	if c.nodes != 4001 || c.err != nil { // a benchmark runs once before
		t.Errorf("%d nodes, %v", c.nodes, c.err)
	}
	if !strings.Contains(out.String(), "BenchmarkGrow") {
		t.Errorf("output: %s", out.String())
	}
}

// The program, and what it starts, see the environment that they would see.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "run", ".", "environ")
	var out bytes.Buffer
	req.Stdout = &out
	req.Build.Env = append(os.Environ(), "GODEBUG=http2client=0")
	record(t, t.Context(), req)
	if !strings.Contains(out.String(), "\nGODEBUG=http2client=0\n") || strings.Contains(out.String(), "STACKWARD_") || strings.Contains(out.String(), "traceallocfree") {
		t.Errorf("environment:\n%s", out.String())
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	f := record(t, t.Context(), request(t, module(t), "go", "run", ".", "killed"))
	if f.End.Exit != "signal: killed" || f.Stop != nil || f.Start == nil {
		t.Errorf("exit %q, stop %v", f.End.Exit, f.Stop)
	}
	if len(f.Metrics) == 0 {
		t.Error("nothing of what came before")
	}
}

// once is a context that ends as soon as what is in a recording that is being made is so.
func once(t *testing.T, name string, so func(*recording.File) bool) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if f, err := recording.Open(name); err == nil {
				if so(f) {
					cancel()
				}
				f.Close()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return ctx
}

func TestMaxSize(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "run", ".", "forever", "dropped")
	req.MaxSize = 16 << 20
	// It goes on after its recording has ended: somebody has to end it.
	s, err := Record(once(t, req.Out, func(f *recording.File) bool { return f.Stop != nil }), req)
	if err != nil {
		t.Fatal(err)
	}
	defer s.File.Close()
	f := s.File
	if f.Stop.Why != recording.WhyMaxSize || !f.End.Interrupted {
		t.Errorf("stopped by %q, interrupted: %v", f.Stop.Why, f.End.Interrupted)
	}
	if s.Size > req.MaxSize+100<<10 { // the log of the collector is not bounded
		t.Errorf("%d bytes", s.Size)
	}
	if f.Stop.Cut {
		return // a machine so busy that the trace could not be taken in time
	}
	if c := count(t, f); c.allocs < 20000 || c.readTo != nil {
		t.Errorf("%d allocations, %v", c.allocs, c.readTo)
	}
}

// A trigger cancels a context when a program says "ready".
type trigger struct {
	mu     sync.Mutex
	cancel func()
	said   strings.Builder
}

func (w *trigger) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.Write(p)
	if strings.Contains(w.said.String(), "ready") {
		w.cancel()
	}
	return len(p), nil
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := request(t, module(t), "go", "run", ".", "wait")
	req.Stdout = &trigger{cancel: cancel}
	f := record(t, ctx, req)
	if f.Stop == nil || f.Stop.Why != recording.WhyAsked || !f.End.Interrupted {
		t.Fatalf("stop %v, end %v", f.Stop, f.End)
	}
	if c := count(t, f); c.allocs < 20000 || c.readTo != nil {
		t.Errorf("%d allocations, %v", c.allocs, c.readTo)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	req := request(t, module(t), "go", "run", ".", "wait")
	req.Duration = 200 * time.Millisecond
	f := record(t, t.Context(), req)
	if f.Stop == nil || f.Stop.Why != recording.WhyDuration || !f.End.Interrupted {
		t.Fatalf("stop %v, end %v", f.Stop, f.End)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	dir := module(t)
	built := filepath.Join(dir, "built")
	if err := os.WriteFile(built, []byte("\x7fELF"), 0o777); err != nil {
		t.Fatal(err)
	}
	notTrace := filepath.Join(dir, "main.go")
	plain := filepath.Join(dir, "plain.trace")
	if err := os.WriteFile(plain, []byte("go 1.26 trace\x00\x00\x00\x01\x01\x01\x01\x01\x00\x34"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		command string
		source  string
		out     string
		want    string
		hint    string
	}{
		{command: "ls -l", want: "building ls: package ls is not in std", hint: "only go run … and go test … are recorded, a process by its URL, or a trace file"},
		{command: "./built -x", want: "./built is built already, and has nothing in it that records"},
		{command: "go run ./lib", want: "./lib is not a main package"},
		{command: "go test ./lib", want: "example.com/m/lib has no tests"},
		{command: "go test ./...", want: "./... is more than one package"},
		{command: "go vet .", want: "go vet runs no program"},
		{command: "go run -nonsense=1 .", want: "building .: flag provided but not defined: -nonsense"},
		{source: "http://localhost:1", want: "no answer from localhost:1: "},
		{source: "http://", want: "http:// is no URL"},
		{source: notTrace, want: notTrace + " is no execution trace"},
		{source: plain, want: plain + " has no events of allocations"},
		{source: filepath.Join(dir, "none"), want: "open " + filepath.Join(dir, "none") + ": no such file"},
		{source: dir, want: dir + " is a directory"},
		{command: "go run .", out: filepath.Join(dir, "none", "x"), want: "writing the recording: open "},
	} {
		req := request(t, dir, strings.Fields(tt.command)...)
		req.Source = tt.source
		if tt.out != "" {
			req.Out = tt.out
		}
		_, err := Record(t.Context(), req)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s%s: %v, want %s", tt.command, tt.source, err, tt.want)
		}
		if e, ok := errors.AsType[*engine.Error](err); tt.hint != "" && (!ok || e.Hint != tt.hint) {
			t.Errorf("%s%s: %+v, want the hint %s", tt.command, tt.source, err, tt.hint)
		}
		if _, err := os.Stat(req.Out); err == nil {
			t.Errorf("%s%s: a file was made", tt.command, tt.source)
		}
	}
}

// A full disk stops the recording, not the program.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	req := request(t, module(t), "go", "run", ".")
	req.Out = "/dev/full"
	_, err := Record(t.Context(), req)
	x, ok := errors.AsType[*engine.Error](err)
	if !ok || !strings.Contains(x.Hint, "the disk is full") {
		t.Errorf("%v", err)
	}
}

func TestTraceFile(t *testing.T) {
	t.Parallel()
	dir := module(t)
	f := record(t, t.Context(), request(t, dir, "go", "run", "."))
	file := filepath.Join(dir, "trace.out")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(out, f.Trace())
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	req := request(t, dir)
	req.Source = file
	g := record(t, t.Context(), req)
	if g.TraceBytes != n || g.Header.TraceFile != file || g.Start != nil {
		t.Errorf("%d of %d bytes of %s", g.TraceBytes, n, g.Header.TraceFile)
	}
	req.Out = file
	if _, err := Record(t.Context(), req); err == nil || err.Error() != file+" would be overwritten" {
		t.Errorf("a trace onto itself: %v", err)
	}
	if a, b := count(t, f).allocs, count(t, g).allocs; a != b || a < 20000 {
		t.Errorf("%d allocations, were %d", b, a)
	}
}
