package heaprecord

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/memprof"
	"github.com/stackward-go/stackward/internal/recording"
)

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// A remote is a process that is recorded by URL.
type remote struct {
	req  *Request
	url  url.URL        // what was named
	soon *engine.Client // for what the process has at hand
	late *engine.Client // for what is there when it has been recorded
}

// url records a process that serves package heapz or net/http/pprof.
func (req *Request) url(ctx context.Context) error {
	u, err := url.Parse(req.Source)
	if err != nil || u.Host == "" {
		return &engine.Error{Msg: req.Source + " is no URL", Usage: true, Hint: "write it as http://localhost:6060"}
	}
	req.Duration = cmp.Or(req.Duration, sourceTime)
	wait := cmp.Or(req.wait, engine.Patience)
	r := &remote{req: req, url: *u, soon: engine.NewClient(wait), late: engine.NewClient(req.Duration + time.Second + wait)}
	if before, _, ok := strings.Cut(u.Path, "/debug/pprof"); ok {
		r.url.Path = before
		return r.pprof(ctx)
	}
	if strings.Trim(u.Path, "/") != "" {
		return r.heapz(ctx)
	}
	r.url.Path = "/debug/heapz"
	err = r.heapz(ctx)
	if errors.Is(err, errNoHeapz) {
		r.url.Path = ""
		err = r.pprof(ctx)
	}
	return err
}

var errNoHeapz = errors.New("no package heapz")

// get asks for a page below the URL; what is no page is an error.
func (r *remote) get(ctx context.Context, c *engine.Client, path, query string) (io.ReadCloser, error) {
	u := r.url
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	u.RawQuery = query
	resp, err := c.Get(ctx, &u, "is it running, and serving net/http/pprof or stackward/heapz?")
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		resp.Body.Close()
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
			text = nil // a page for people
		}
		return nil, &statusError{u.String(), resp.Status, resp.StatusCode, strings.TrimSpace(string(text))}
	}
	return resp.Body, nil
}

type statusError struct {
	url, status string
	code        int
	text        string
}

func (e *statusError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s: %s: %s", e.url, e.status, e.text), ": ")
}

// heapz reads a recording that the process makes itself.
func (r *remote) heapz(ctx context.Context) error {
	query := fmt.Sprintf("seconds=%d", max(1, int((r.req.Duration+time.Second-1)/time.Second)))
	if r.req.MaxSize > 0 {
		query += fmt.Sprintf("&max=%d", r.req.MaxSize)
	}
	r.req.progress("recording", r.url.Host)
	alive, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	begins := context.AfterFunc(ctx, cancel) // until then there is nothing to end in good order
	body, err := r.get(alive, r.soon, "", query)
	if !begins() {
		return context.Cause(ctx)
	}
	// What is asked to end has a while for it.
	defer context.AfterFunc(ctx, func() {
		short, done := context.WithTimeout(alive, 5*time.Second)
		defer done()
		body, err := r.get(short, r.soon, "", "stop=1")
		if err != nil {
			cancel()
			return
		}
		body.Close()
		time.AfterFunc(10*time.Second, cancel)
	})()
	var status *statusError
	switch {
	case errors.As(err, &status) && status.code == http.StatusNotFound:
		return fmt.Errorf("%w: %w", errNoHeapz, err)
	case errors.As(err, &status) && status.code == http.StatusConflict:
		return &engine.Error{Msg: r.url.Host + " is being traced already", Hint: "there is one trace of a process at a time"}
	case err != nil:
		return err
	}
	defer body.Close()
	br := bufio.NewReaderSize(body, 1<<20)
	if head, _ := br.Peek(len(recording.Magic)); string(head) != recording.Magic {
		if recording.IsRecording(head) {
			return &engine.Error{Msg: r.url.Host + " serves recordings of another format", Hint: "it is linked with another version of heapz"}
		}
		return fmt.Errorf("%w: %w", errNoHeapz, &engine.Error{Msg: r.url.String() + " serves no recordings"})
	}
	br.Discard(len(recording.Magic))
	w, err := r.req.create(recording.Header{URL: r.req.Source, Sites: recording.Approximate})
	if err != nil {
		return err
	}
	defer w.Close()
	begun := time.Now()
	if err := copyChunks(w, br); err != nil {
		return err
	}
	return w.JSON(recording.KindEnd, recording.End{Interrupted: ctx.Err() != nil, Seconds: time.Since(begun).Seconds()})
}

// copyChunks appends the chunks that follow, but the header and the end: those are
// made here. A connection that breaks ends it.
func copyChunks(w *recording.Writer, br *bufio.Reader) error {
	var head [9]byte
	for {
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return nil
		}
		kind, n := recording.Kind(head[0]), binary.LittleEndian.Uint32(head[1:])
		if n > recording.MaxChunk {
			return &engine.Error{Msg: "what came is no recording"}
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(br, payload); err != nil {
			return nil
		}
		switch {
		case !bytes.Equal(recording.AppendChunk(nil, kind, payload)[:9], head[:]):
			return &engine.Error{Msg: "what came is damaged"}
		case kind == recording.KindEnd:
			return nil
		case kind != recording.KindHeader:
			if err := w.Write(kind, payload); err != nil {
				return err
			}
		}
	}
}

// sampleCPU asks for a CPU profile, whose samples are in a trace that is taken meanwhile,
// and throws it away. Where another is taken already, there are that one's.
func (r *remote) sampleCPU(ctx context.Context, page string, seconds int) {
	body, err := r.get(ctx, r.late, page, fmt.Sprintf("seconds=%d", seconds))
	if err != nil {
		return
	}
	defer body.Close()
	io.Copy(io.Discard, body)
}

// pprof records a process that serves net/http/pprof.
func (r *remote) pprof(ctx context.Context) error {
	const base = "/debug/pprof/"
	text := func(page, query string) (string, error) {
		body, err := r.get(ctx, r.soon, base+page, query)
		if err != nil {
			return "", err
		}
		defer body.Close()
		data, err := io.ReadAll(body)
		return string(data), err
	}
	args, err := text("cmdline", "")
	var status *statusError
	if errors.As(err, &status) {
		return &engine.Error{Msg: err.Error(), Hint: "the process has to serve net/http/pprof, or stackward/heapz at /debug/heapz"}
	}
	if err != nil {
		return err
	}
	before, err := text("heap", "gc=1") // else it is as of the last collection but one
	if err != nil {
		return err
	}
	stats, err := text("heap", "debug=1")
	if err != nil {
		return err
	}
	start := recording.Start{Args: strings.Split(args, "\x00"), Time: time.Now().UnixNano(), MemStats: memStats(stats), Collected: true}

	seconds := max(1, int((r.req.Duration+time.Second-1)/time.Second))
	r.req.progress("recording", r.url.Host)
	begun := time.Now()
	body, err := r.get(ctx, r.late, base+"trace", fmt.Sprintf("seconds=%d", seconds))
	if errors.As(err, &status) {
		return &engine.Error{Msg: err.Error(), Hint: "there is one trace of a process at a time"}
	}
	if err != nil {
		return err
	}
	defer body.Close()
	// What is looked at first is copied, too.
	var seen bytes.Buffer
	if err := checkTrace(io.TeeReader(body, &seen), r.url.Host); err != nil {
		if x, ok := errors.AsType[*engine.Error](err); ok && ctx.Err() == nil {
			x.Msg = "the trace of " + x.Msg
			x.Hint = "start it as GODEBUG=traceallocfree=1 " + strings.Join(start.Args, " ") + "; or have it serve stackward/heapz at /debug/heapz"
			x.Usage = false
		}
		return err
	}
	sampling, enough := context.WithCancel(ctx)
	defer enough()
	go r.sampleCPU(sampling, base+"profile", seconds)
	w, err := r.req.create(recording.Header{URL: r.req.Source, Command: start.Args, Sites: recording.Approximate})
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.JSON(recording.KindStart, start); err != nil {
		return err
	}
	if err := w.Write(recording.KindProfile, []byte("heap at start\n"+before)); err != nil {
		return err
	}
	c := copier{w: w, max: r.req.MaxSize}
	stop := recording.Stop{Why: recording.WhyDuration}
	switch err := c.copy(io.MultiReader(&seen, connection{body})); {
	case ctx.Err() != nil:
		stop.Why = recording.WhyAsked
	case errors.Is(err, errRead):
		stop.Why, stop.Error = recording.WhyError, strings.TrimPrefix(err.Error(), errRead.Error()+": ")
		short, done := context.WithTimeout(ctx, 5*time.Second)
		if body, err := r.get(short, r.soon, base+"cmdline", ""); err == nil {
			body.Close()
		} else if !errors.As(err, &status) {
			stop.Error += ", and nobody answers there any more: it ended, or was killed; a defect of the runtime may be why (docs/heap.md, Recording)"
		}
		done()
	case err != nil:
		return err
	case c.cut:
		stop.Why = recording.WhyMaxSize
	}
	body.Close()
	enough()
	// The end is asked for even if the user has asked to stop.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	ctx = last
	stop.Time, stop.TraceBytes, stop.Cut = time.Now().UnixNano(), c.bytes, stop.Why != recording.WhyDuration
	if stop.Why != recording.WhyError { // else who answers now may be another
		if stats, err := text("heap", "debug=1"); err == nil {
			stop.MemStats = memStats(stats)
		}
		after, err := text("heap", "gc=1")
		again, argsErr := text("cmdline", "")
		switch {
		case err != nil:
		case argsErr == nil && again != args || stop.MemStats.Mallocs < start.MemStats.Mallocs:
			stop.Why, stop.Error, stop.MemStats = recording.WhyError, "another process answered at the end than at the beginning: its heap profile is left out", runtime.MemStats{}
		default:
			if err := w.Write(recording.KindProfile, []byte("heap\n"+after)); err != nil {
				return err
			}
		}
	}
	if err := w.JSON(recording.KindStop, stop); err != nil {
		return err
	}
	return w.JSON(recording.KindEnd, recording.End{Interrupted: stop.Why == recording.WhyAsked, Seconds: time.Since(begun).Seconds()})
}

// A connection reads what is sent until the sender ends it. One that breaks is told
// apart from a last part that is short.
type connection struct{ io.Reader }

var errBroken = errors.New("the connection broke before the end of the trace")

func (c connection) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errBroken
	}
	return n, err
}

// memStats are the counters in a heap profile in text, zero where it has none: a
// recording is of use without them.
func memStats(text string) (m runtime.MemStats) {
	if stats, err := memprof.Stats(text); err == nil {
		m = *stats
	}
	return m
}
