package heaprecord

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/recording"
)

func serve(t *testing.T, pages map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc(path, page)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

// source is a request to record url.
func source(t *testing.T, url string) Request {
	req := request(t, t.TempDir())
	req.Source = url
	req.Duration = time.Second
	return req
}

// busy records a process that allocates all the time, for longer until there are 5 samples
// of its CPU time and so many allocations: beside other work it has little of a second.
func busy(t *testing.T, req Request, allocs int64) *recording.File {
	t.Helper()
	for req.Duration = time.Second; ; req.Duration *= 2 {
		f := record(t, t.Context(), req)
		c, n := count(t, f), cpuSamples(t, f)
		if c.readTo != nil {
			t.Error(c.readTo)
		}
		if c.allocs >= allocs && n >= 5 {
			return f
		}
		if req.Duration > 10*time.Second {
			t.Errorf("%d allocations and %d samples of the CPU time in %v", c.allocs, n, req.Duration)
			return f
		}
	}
}

// whole replays a recording, and holds it to have the buffers of the recording itself.
func whole(t *testing.T, req Request) *alloc.Report {
	t.Helper()
	heap := func(at *time.Duration) *alloc.Report {
		r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out, At: at})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := heap(nil)
	if r.Heap.CPU == nil {
		t.Fatal("no samples of the CPU time")
	}
	// The CPU profile ends before the trace, or begins later: it is there between samples.
	amid := time.Duration(r.Heap.CPU.First+r.Heap.CPU.Last) / 2
	if n := heap(&amid).Heap.Tracer; n != 3*(1<<20+1<<17) {
		t.Errorf("%d bytes are the recording's own buffers, not those of the tracer and of a CPU profile", n)
	}
	return r
}

// This process is recorded: there is one trace at a time.
func TestPprof(t *testing.T) {
	url := serve(t, map[string]http.HandlerFunc{
		"/debug/pprof/":        pprof.Index,
		"/debug/pprof/cmdline": pprof.Cmdline,
		"/debug/pprof/trace":   pprof.Trace,
		"/debug/pprof/profile": pprof.Profile,
	})
	t.Setenv("GODEBUG", "")
	_, err := Record(t.Context(), source(t, url))
	x, ok := errors.AsType[*engine.Error](err)
	if !ok || !strings.HasSuffix(x.Msg, " has no events of allocations") || !strings.HasPrefix(x.Hint, "start it as GODEBUG=traceallocfree=1 "+os.Args[0]) {
		t.Errorf("a process that does not trace allocations: %v, %+v", err, x)
	}

	t.Setenv("GODEBUG", "traceallocfree=1")
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				kept = append(kept[:len(kept)%100], make([]byte, 1000))
			}
		}
	}()
	req := source(t, url)
	f := busy(t, req, 100)
	if f.Stop.Why != recording.WhyDuration || f.Stop.MemStats.Mallocs <= f.Start.MemStats.Mallocs || f.Start.Args[0] != os.Args[0] || len(f.Profiles) != 2 {
		t.Errorf("stopped by %q, mallocs %d to %d, args %q, %d profiles", f.Stop.Why, f.Start.MemStats.Mallocs, f.Stop.MemStats.Mallocs, f.Start.Args, len(f.Profiles))
	}

	if c := whole(t, req).Heap.Runtime; c == nil || !c.Around {
		t.Errorf("counters that were read from outside: %+v", c)
	}

	// What came up to an interrupt is there.
	req = source(t, url+"/debug/pprof/")
	req.Duration = time.Hour
	f = record(t, once(t, req.Out, func(f *recording.File) bool { return f.TraceBytes > 0 }), req)
	if f.Stop.Why != recording.WhyAsked || !f.End.Interrupted || f.TraceBytes == 0 {
		t.Errorf("stopped by %q, %d bytes of the trace", f.Stop.Why, f.TraceBytes)
	}

	req = source(t, url)
	req.Duration = time.Hour
	req.MaxSize = 1 << 20
	f = record(t, t.Context(), req)
	close(stop)
	if f.Stop.Why != recording.WhyMaxSize {
		t.Errorf("stopped by %q at the greatest size", f.Stop.Why)
	}
}

var kept [][]byte

// A fake of package heapz, which is another module.
func heapz(tail string) http.HandlerFunc {
	stopped := make(chan struct{})
	return func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("stop") != "" {
			close(stopped)
			return
		}
		b := recording.AppendChunk([]byte(recording.Magic), recording.KindHeader, []byte(`{"time":"2026-11-26T00:00:00Z"}`))
		b = recording.AppendChunk(b, recording.KindStart, []byte(`{"pid":7}`))
		w.Write(recording.AppendChunk(b, recording.KindTrace, []byte("go 1.26")))
		w.(http.Flusher).Flush()
		if req.FormValue("seconds") == "3600" {
			<-stopped
		}
		switch tail {
		case "broken":
			w.Write(recording.AppendChunk(nil, recording.KindTrace, []byte("more"))[:10])
		case "damaged":
			b = recording.AppendChunk(nil, recording.KindTrace, []byte("more"))
			b[10] ^= 1
			w.Write(b)
		default:
			b = recording.AppendChunk(nil, recording.KindStop, []byte(`{"why":"asked"}`))
			w.Write(recording.AppendChunk(b, recording.KindEnd, []byte(`{}`)))
		}
	}
}

func TestHeapz(t *testing.T) {
	t.Parallel()
	f := record(t, t.Context(), source(t, serve(t, map[string]http.HandlerFunc{"/debug/heapz": heapz("")})))
	if f.Start.PID != 7 || f.TraceBytes != 7 || f.Stop.Why != "asked" || !strings.HasPrefix(f.Header.URL, "http://127") {
		t.Errorf("%+v", f)
	}

	// Elsewhere, and until it is asked to stop.
	req := source(t, serve(t, map[string]http.HandlerFunc{"/mine": heapz("")})+"/mine")
	req.Duration = time.Hour
	f = record(t, once(t, req.Out, func(f *recording.File) bool { return f.TraceBytes > 0 }), req)
	if f.Stop == nil || !f.End.Interrupted {
		t.Errorf("stop %v, end %v", f.Stop, f.End)
	}

	f = record(t, t.Context(), source(t, serve(t, map[string]http.HandlerFunc{"/debug/heapz": heapz("broken")})))
	if f.TraceBytes != 7 || f.Stop != nil {
		t.Errorf("of a connection that broke: %d bytes, stop %v", f.TraceBytes, f.Stop)
	}
	for _, tt := range []struct {
		page http.HandlerFunc
		want string
	}{
		{heapz("damaged"), "what came is damaged"},
		{func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "stackward heap recording 9\n") }, " serves recordings of another format"},
		{func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusConflict) }, " is being traced already"},
		{func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who?", http.StatusForbidden) }, "403 Forbidden: who?"},
		{func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "404 Not Found: 404 page not found"}, // nor is there pprof
	} {
		_, err := Record(t.Context(), source(t, serve(t, map[string]http.HandlerFunc{"/debug/heapz": tt.page})))
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// The trace's first generation tells whether it has allocations.
func TestCheckTrace(t *testing.T) {
	t.Parallel()
	head := "go 1.26 trace\x00\x00\x00"
	for _, tt := range []struct{ trace, want string }{
		{head + "\x01\x01\x00\x05\x02ab\x31\x01\x01\x00\x05\x00", ""},
		{head + "\x01\x01\x00\x05\x02ab\x34\x31\x01", "f has no events of allocations"},
		{head + "\x01\x01\x00\x05\x00\x01\x02\x00\x05\x00\x31\x01", "f has no events of allocations"},
		{head, "f has no events of allocations"},
		{head + "\x07", "reading f: no batch begins with 7"},
		{head + "\x01\x01\x00\x05\xff\xff\xff\x7f", "reading f: a batch of 268435455 bytes"},
		{"go 1.19 trace\x00\x00\x00", "f is a trace of go1.19, which has no events of allocations"},
		{"go 1.26", "f is no execution trace"},
		{"", "f is no execution trace"},
	} {
		got := ""
		if err := checkTrace(strings.NewReader(tt.trace), "f"); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.trace, got, tt.want)
		}
	}
}

func TestMemStats(t *testing.T) {
	t.Parallel()
	m := memStats("heap profile: …\n# runtime.MemStats\n# Alloc = 7\n# Stack = 1 / 2\n# NumGC = 3\n# PauseNs = [1 2]\n# GCCPUFraction = 0.5\n# DebugGC = false\n")
	if m.Alloc != 7 || m.NumGC != 3 || m.GCCPUFraction != 0.5 {
		t.Errorf("%+v", m)
	}
}

// Package heapz, linked into a program.
func TestHeapzModule(t *testing.T) {
	t.Parallel()
	dir := module(t)
	heapz, err := filepath.Abs("../../heapz")
	if err != nil {
		t.Fatal(err)
	}
	const main = `package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/stackward-go/stackward/heapz"
)

var sink []byte

func main() {
	http.Handle("/debug/heapz", heapz.Handler())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + l.Addr().String())
	go func() {
		for {
			sink = make([]byte, 1000)
			for i := range 1_000_000 {
				sink[i%1000]++
			}
			time.Sleep(time.Millisecond)
		}
	}()
	http.Serve(l, nil)
}
`
	mod := "module example.com/m\n\ngo 1.24.0\n\nrequire github.com/stackward-go/stackward/heapz v0.0.0\n\nreplace github.com/stackward-go/stackward/heapz => " + heapz + "\n"
	for name, text := range map[string]string{"go.mod": mod, "main.go": main} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-trimpath", "-o", "server", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := exec.Command(filepath.Join(dir, "server"))
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	req := source(t, strings.TrimSpace(url))
	f := busy(t, req, 50)
	if f.Stop.Why != recording.WhyDuration || f.Start.PID != server.Process.Pid || len(f.Metrics) == 0 || len(f.Profiles) != 2 {
		t.Errorf("stopped by %q, process %d, %d metrics, %d profiles", f.Stop.Why, f.Start.PID, len(f.Metrics), len(f.Profiles))
	}
	r := whole(t, req)
	held(t, r.Heap.Runtime)
	for _, s := range r.SiteEstimates {
		if strings.Contains(s.File, "heapz") || strings.HasPrefix(s.File, "runtime/") {
			t.Errorf("site of the recording: %s:%d, for %s", s.File, s.Line, s.Callee)
		}
	}
}

// TestSilent asks processes that take questions and do not answer.
func TestSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	silent := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, tt := range []struct{ name, url string }{
		{"all", "http://" + l.Addr().String()},
		{"pprof", "http://" + l.Addr().String() + "/debug/pprof/"},
		{"heap", serve(t, map[string]http.HandlerFunc{"/debug/pprof/cmdline": func(http.ResponseWriter, *http.Request) {}, "/debug/pprof/heap": silent})},
		{"trace", serve(t, map[string]http.HandlerFunc{"/debug/pprof/cmdline": func(http.ResponseWriter, *http.Request) {}, "/debug/pprof/heap": func(http.ResponseWriter, *http.Request) {}, "/debug/pprof/trace": silent})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := source(t, tt.url)
			req.Duration, req.wait = time.Millisecond, 300*time.Millisecond
			_, err := Record(t.Context(), req)
			if x, ok := errors.AsType[*engine.Error](err); !ok || !strings.Contains(x.Error(), ": it took the question, and sent nothing for ") || x.Hint == "" {
				t.Errorf("%v", err)
			}
			req.wait = time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := Record(ctx, req); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after an interrupt: %v", err)
			}
		})
	}
}
