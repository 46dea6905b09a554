package heapz

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/trace"
	"strings"
	"testing"
	"time"
)

// chunks checks a recording and returns its chunks by kind.
func chunks(t *testing.T, data []byte) map[byte][]string {
	t.Helper()
	rest, ok := bytes.CutPrefix(data, []byte(stackwardMagic))
	if !ok {
		t.Fatalf("no recording: %.60q", data)
	}
	all := make(map[byte][]string)
	for len(rest) > 0 {
		n := binary.LittleEndian.Uint32(rest[1:])
		payload := rest[9 : 9+n]
		sum := crc32.Checksum(append(bytes.Clone(rest[:5]), payload...), stackwardCRC)
		if sum != binary.LittleEndian.Uint32(rest[5:]) {
			t.Fatalf("chunk %q: wrong checksum", rest[0])
		}
		all[rest[0]] = append(all[rest[0]], string(payload))
		if rest[0] != stackwardTrace && rest[0] != stackwardProfile && !json.Valid(payload) {
			t.Errorf("chunk %q: no JSON: %.200s", rest[0], payload)
		}
		rest = rest[9+n:]
	}
	return all
}

var kept [][]byte

func allocate(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			kept = append(kept[:len(kept)%100], make([]byte, 1000))
		}
	}
}

func TestRecord(t *testing.T) {
	before, set := os.LookupEnv("GODEBUG")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { allocate(stop); close(done) }()
	var out bytes.Buffer
	if err := Record(t.Context(), &out, Options{Duration: 300 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	close(stop)
	<-done
	c := chunks(t, out.Bytes())
	for kind, n := range map[byte]int{'H': 1, 'S': 1, 'M': 1, 'T': 1, 'P': 2, 'X': 1, 'E': 1} {
		if len(c[kind]) < n {
			t.Errorf("%d chunks %q, want %d", len(c[kind]), kind, n)
		}
	}
	tr := strings.Join(c['T'], "")
	if !strings.HasPrefix(tr, "go 1.") || !strings.Contains(tr, "\x31\x01") { // a batch of experiment 1
		t.Errorf("no trace with allocations: %.40q", tr)
	}
	var start struct{ MemStats runtime.MemStats }
	var end struct {
		Why        string
		MemStats   runtime.MemStats
		TraceBytes int `json:"trace_bytes"`
	}
	json.Unmarshal([]byte(c['S'][0]), &start)
	json.Unmarshal([]byte(c['X'][0]), &end)
	if end.Why != "duration" || end.TraceBytes != len(tr) || end.MemStats.Mallocs <= start.MemStats.Mallocs || end.MemStats.BySize[5].Size != 48 {
		t.Errorf("stopped by %q, %d of %d bytes of the trace, mallocs from %d to %d", end.Why, end.TraceBytes, len(tr), start.MemStats.Mallocs, end.MemStats.Mallocs)
	}
	if now, still := os.LookupEnv("GODEBUG"); now != before || still != set {
		t.Errorf("GODEBUG is %q, was %q", now, before)
	}
}

// The counters at the beginning are those of the trace's first event: what the tracer took
// is in them, and what a CPU profile takes is not.
func TestStartCounters(t *testing.T) {
	const profile = 64 << 20
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var out bytes.Buffer
	out.WriteString(stackwardMagic)
	r := &stackwardRecorder{emit: func(p []byte) error { out.Write(p); return nil }}
	r.cpu = func() { kept = append(kept[:0], make([]byte, profile)) }
	if trace.IsEnabled() {
		t.Skip("the tests are traced themselves: go test -trace")
	}
	if err := begin(r); err != nil {
		t.Fatal(err)
	}
	r.end("asked")
	var start struct {
		MemStats runtime.MemStats
		OtherSys uint64 `json:"other_sys"`
	}
	json.Unmarshal([]byte(chunks(t, out.Bytes())['S'][0]), &start)
	if n := start.MemStats.TotalAlloc - m.TotalAlloc; n >= profile {
		t.Errorf("%d bytes were allocated before, with %d of the CPU profile", n, profile)
	}
	if start.OtherSys == 0 || start.OtherSys >= start.MemStats.OtherSys {
		t.Errorf("%d bytes of other kinds without the tracer, %d with it", start.OtherSys, start.MemStats.OtherSys)
	}
}

// At its greatest size a recording ends, and says so.
func TestMaxSize(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	go allocate(stop)
	var out bytes.Buffer
	const most = 1 << 20
	if err := Record(t.Context(), &out, Options{MaxSize: most}); err != nil {
		t.Fatal(err)
	}
	c := chunks(t, out.Bytes())
	if len(c['X']) != 1 || !strings.Contains(c['X'][0], `"why":"max-size"`) {
		t.Errorf("stopped: %q", c['X'])
	}
	if out.Len() > most+16<<10 { // a last chunk says that it was the size
		t.Errorf("%d bytes", out.Len())
	}
}

func TestBusy(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("the tests are traced themselves: go test -trace")
	}
	if err := trace.Start(io.Discard); err != nil {
		t.Fatal(err)
	}
	err := Record(t.Context(), io.Discard, Options{})
	trace.Stop()
	if !errors.Is(err, ErrBusy) {
		t.Errorf("while the program traces itself: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	pr, pw := io.Pipe()
	done := make(chan error)
	go func() { done <- Record(ctx, pw, Options{}) }()
	io.ReadFull(pr, make([]byte, 10)) // it has begun
	go io.Copy(io.Discard, pr)
	rec := httptest.NewRecorder()
	Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/debug/heapz?seconds=1", nil))
	if rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "traced already") {
		t.Errorf("a second recording: %d %s", rec.Code, rec.Body)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n++; f.n > 2 {
		return 0, errors.New("gone")
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	go allocate(stop)
	if err := Record(t.Context(), new(failing), Options{}); err == nil || err.Error() != "gone" {
		t.Errorf("a writer that fails: %v", err)
	}
}

// A client sees what is there while the recording goes on, and ends it.
func TestHandler(t *testing.T) {
	srv := httptest.NewServer(Handler())
	defer srv.Close()
	resp, err := http.Get(srv.URL + "?seconds=600")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	head := make([]byte, len(stackwardMagic))
	if _, err := io.ReadFull(resp.Body, head); err != nil {
		t.Fatal(err)
	}
	stop, err := http.Get(srv.URL + "?stop=1")
	if err != nil {
		t.Fatal(err)
	}
	stop.Body.Close()
	rest, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	c := chunks(t, append(head, rest...))
	if len(c['X']) != 1 || !strings.Contains(c['X'][0], `"why":"asked"`) {
		t.Errorf("stopped: %q", c['X'])
	}
	for _, query := range []string{"seconds=0", "seconds=x", "max=-1", "seconds=99999999"} {
		resp, err := http.Get(srv.URL + "?" + query)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", query, resp.Status)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, s := range []string{"", "a\"b\\c", "tab\tnl\n\x01", "ü 世"} {
		var got string
		if err := json.Unmarshal(stackwardQuote(nil, s), &got); err != nil || got != s {
			t.Errorf("%q becomes %q: %v", s, got, err)
		}
	}
}
