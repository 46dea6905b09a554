package engine

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	_ "net/http/pprof" // what is looked at
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/alloc"
)

var topSink []byte

//go:noinline
func allocateForTop() {
	for range 2000 {
		topSink = make([]byte, 64<<10)
	}
	runtime.GC() // the profile is as of the last but one
	runtime.GC()
}

// TestTop looks at this very process.
func TestTop(t *testing.T) {
	srv := httptest.NewServer(http.DefaultServeMux)
	defer srv.Close()
	top, err := NewTop(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	first, err := top.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.LiveBytes == 0 || first.GoalBytes == 0 || first.LiveObjects == 0 || first.StackBytes == 0 || first.SysBytes == 0 || first.Window != 0 || len(first.Sites) > 0 {
		t.Errorf("first look: %+v", first)
	}
	allocateForTop()
	second, err := top.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second.Window <= 0 || second.BytesPerSecond*second.Window < 2000*64<<10 || second.Collections < first.Collections+2 {
		t.Errorf("second look: %+v", second)
	}
	var site *alloc.HeapTopSite
	for _, s := range second.Sites {
		if strings.HasSuffix(s.Func, ".allocateForTop") {
			site = s
		}
	}
	// Sampled: 250 samples are expected.
	if site == nil || site.BytesPerSecond*second.Window < 1000*64<<10 || site.Line == 0 {
		t.Errorf("%+v of %d", site, len(second.Sites))
	}
}

// TestTopEmpty looks at a process that is so young, or allocates so little, that its heap
// profile has no sample, and at it again when it has some.
func TestTopEmpty(t *testing.T) {
	t.Parallel()
	const stats = "\n# runtime.MemStats\n# HeapAlloc = 4096\n# Mallocs = 7\n# NumGC = 1\n"
	profiles := []string{
		"heap profile: 0: 0 [0: 0] @ heap/1048576\n" + stats,
		"heap profile: 0: 0 [0: 0] @ heap/1048576\n" + stats,
		"heap profile: 1: 4096 [2: 8192] @ heap/1\n1: 4096 [2: 8192] @ 0x1\n#\t0x1\texample.com/m.f+0x1\t/m/f.go:3\n" +
			"1: 8192 [2: 16384] @ 0x2 0x3\n#\t0x2\tcompress/flate.NewWriter+0x1\t/go/f.go:3\n#\t0x3\tnet/http/pprof.Index+0x1\t/go/p.go:3\n" + stats, // a look's own
	}
	looks := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(profiles[looks]))
	}))
	defer srv.Close()
	top, err := NewTop(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	var sites [][]*alloc.HeapTopSite
	for looks = range profiles {
		h, err := top.Look(t.Context())
		if err != nil {
			t.Fatalf("look %d: %v", looks, err)
		}
		if h.LiveBytes != 4096 || h.NoSamples != (looks < 2) {
			t.Errorf("look %d: %+v", looks, h)
		}
		sites = append(sites, h.Sites)
	}
	if len(sites[1]) != 0 || len(sites[2]) != 1 || sites[2][0].Func != "example.com/m.f" || sites[2][0].BytesPerSecond <= 0 {
		t.Errorf("sites: %v", sites)
	}
}

func TestTopRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "localhost:6060", "/file", "ftp://host/", "http://"} {
		if _, err := NewTop(name); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	top, err := NewTop(srv.URL + "/debug/pprof/allocs?x=1")
	if err != nil {
		t.Fatal(err)
	}
	if got := top.profile.String(); got != srv.URL+"/debug/pprof/heap" {
		t.Errorf("asks %s", got)
	}
	for _, want := range []string{"404 Not Found", "no answer from"} {
		_, err := top.Look(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), want) || e.Hint == "" {
			t.Errorf("error %v, want %q", err, want)
		}
		srv.Close()
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("# HeapAlloc = 1\n")) }))
	defer other.Close()
	top, _ = NewTop(other.URL)
	if _, err := top.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "is no heap profile") {
		t.Errorf("error %v", err)
	}
}

// TestSilent asks a process that takes questions and does not answer.
func TestSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	top, err := NewTop("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	top.client = NewClient(20 * time.Millisecond)
	_, err = top.Look(t.Context())
	if x, ok := errors.AsType[*Error](err); !ok || x.Error() != "no answer from "+l.Addr().String()+": it took the question, and sent nothing for 20ms" || x.Hint == "" {
		t.Errorf("%v", err)
	}
	top.client = NewClient(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := top.Look(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after an interrupt: %v", err)
	}
}
