// Package heapz serves recordings of the heap of the process it is linked
// into, for "stackward heap record URL":
//
//	http.Handle("/debug/heapz", heapz.Handler())
//
// A recording has the execution trace with an event for every allocation and
// every free, the metrics of runtime/metrics ten times a second, and heap
// profiles of the begin and of the end. Its CPU time is sampled meanwhile, as by
// net/http/pprof: who asks for a CPU profile then is told that one is taken
// already. The process need not be started in any
// special way; it costs nothing while nobody records. In go1.24 to go1.27 a defect
// of the runtime may end a process of which allocations are traced, where stacks
// grow much: record none that may not end. Who may reach the handler
// may slow the process down: serve it where net/http/pprof would be served.
//
// The package is a module of its own, without requirements.
package heapz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

// Options bound a recording.
type Options struct {
	// Duration is how long it takes; 0 is until the context ends.
	Duration time.Duration
	// MaxSize is how many bytes are written at most, 0 no bound. At the limit
	// the recording ends.
	MaxSize int64
}

// ErrBusy says that the process is being recorded already, or traced.
var ErrBusy = errors.New("heapz: the process is being traced already")

// current is the recording that is made: there is one trace at a time.
var current struct {
	sync.Mutex
	busy bool
	r    *stackwardRecorder // nil before it has begun
}

// Record writes a recording of this process to w, until its time or its size
// is up, ctx ends, or Stop is called. The error is ErrBusy, or w's. The format
// is documented in stackward's docs/formats.md; what is written is readable at
// any moment.
func Record(ctx context.Context, w io.Writer, opts Options) error {
	current.Lock()
	busy := current.busy
	current.busy = true
	current.Unlock()
	if busy {
		return ErrBusy
	}
	set := func(r *stackwardRecorder, busy bool) {
		current.Lock()
		current.r, current.busy = r, busy
		current.Unlock()
	}
	defer set(nil, false)

	out := &sink{w: w, held: []byte(stackwardMagic)}
	r := &stackwardRecorder{emit: out.write, quiet: out.flush, max: opts.MaxSize, profiles: true, early: true}
	// If somebody else takes a CPU profile, its samples are in the trace.
	r.cpu = func() {
		if pprof.StartCPUProfile(io.Discard) == nil {
			r.cpuEnd = func(string) { pprof.StopCPUProfile() }
		}
	}
	header, err := json.Marshal(map[string]any{"time": time.Now(), "sites": "approximate", "max_size": opts.MaxSize})
	if err != nil {
		return err
	}
	r.chunk('H', header)
	if err := begin(r); err != nil {
		return ErrBusy
	}
	set(r, true)
	if err := out.open(); err != nil {
		r.end("error")
		return err
	}
	begun := time.Now()
	var over <-chan time.Time
	if opts.Duration > 0 {
		over = time.After(opts.Duration)
	}
	select {
	case <-ctx.Done():
		r.end("asked")
	case <-over:
		r.end("duration")
	case <-r.done:
	}
	r.chunk(stackwardEnd, fmt.Appendf(nil, `{"seconds":%g}`, time.Since(begun).Seconds()))
	out.flush()
	return out.err
}

// Stop has the recording that is made, if any, end, and reports whether there
// is one.
func Stop() bool {
	current.Lock()
	defer current.Unlock()
	if current.r != nil {
		current.r.ask("asked")
	}
	return current.r != nil
}

// begin starts r with events of allocations. The runtime looks at the setting
// where a trace starts (runtime/trace.go), and at the environment where that is
// changed.
func begin(r *stackwardRecorder) error {
	old, set := os.LookupEnv("GODEBUG")
	os.Setenv("GODEBUG", old+",traceallocfree=1")
	defer func() {
		if set {
			os.Setenv("GODEBUG", old)
		} else {
			os.Unsetenv("GODEBUG")
		}
	}()
	return r.start()
}

// A sink holds back what is written to it until it is open.
type sink struct {
	mu     sync.Mutex
	w      io.Writer
	held   []byte
	isOpen bool
	err    error
}

func (s *sink) write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen {
		s.held = append(s.held, p...)
		return nil
	}
	return s.put(p)
}

func (s *sink) put(p []byte) error {
	n, err := s.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if s.err == nil {
		s.err = err
	}
	return err
}

// open lets go what was held back.
func (s *sink) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOpen = true
	held := s.held
	s.held = nil
	return s.put(held)
}

// flush has a client see what is there.
func (s *sink) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.w.(http.Flusher); ok && s.isOpen {
		f.Flush()
	}
}

// Handler serves recordings: GET /debug/heapz?seconds=30&max=268435456. Without
// seconds it records until the client goes away, or a minute at most. A request
// with stop=1 ends the recording that another one makes, in good order.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, req *http.Request) {
	if req.FormValue("stop") != "" {
		fmt.Fprintln(w, Stop())
		return
	}
	const most = time.Minute
	opts := Options{Duration: most}
	for _, p := range []struct {
		name string
		set  func(int64)
	}{
		{"seconds", func(v int64) { opts.Duration = time.Duration(v) * time.Second }},
		{"max", func(v int64) { opts.MaxSize = v }},
	} {
		text := req.FormValue(p.name)
		if text == "" {
			continue
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v <= 0 || v > 1<<40 || p.name == "seconds" && v > 24*3600 {
			http.Error(w, fmt.Sprintf("%s=%s is not a number of %s", p.name, text, map[string]string{"seconds": "seconds", "max": "bytes"}[p.name]), http.StatusBadRequest)
			return
		}
		p.set(v)
	}
	if c := http.NewResponseController(w); c != nil {
		c.SetWriteDeadline(time.Time{}) // a recording takes longer than a page; not all servers can
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := Record(req.Context(), w, opts); errors.Is(err, ErrBusy) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.Error(w, err.Error(), http.StatusConflict)
	}
}
