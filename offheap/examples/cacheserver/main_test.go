package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/compare"
)

// TestMain lets the test binary be the server, which compare starts as its own
// executable.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
	}
	os.Exit(m.Run())
}

// TestCompare runs all of it, small.
func TestCompare(t *testing.T) {
	var out, log bytes.Buffer
	args := []string{"compare", "-short", "-entries=2000", "-closed=50ms", "-open=50ms", "-clients=3", "-rate=2000", "-maxmemory=64M", "-memlimit=128M"}
	if code := run(t.Context(), args, &out, &log); code != 0 {
		t.Fatalf("code %d\n%s", code, &log)
	}
	for _, want := range []string{
		`Both servers: GOGC=100, limit of entries 64M, limit of memory 128M, 1024 bytes of garbage per command\.`,
		`closed loop 500ms`, // that of -short
		`(?m)^ +Go heap +offheap +offheap / Go heap$`,
		`(?m)^throughput, closed loop, op/s +[1-9]\d* +[1-9]\d* +\d`,
		`(?m)^latency p99, µs +[1-9]\d* +[1-9]\d* +\d`,
		`(?m)^GC cycles +\d+ +\d+ `,
		`(?m)^forced GC, CPU ms +\d+\.\d\d +\d+\.\d\d `,
		`(?m)^evicted, 1000 +0 +0$`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no match of %s in\n%s", want, &out)
		}
	}
}

// TestServeAndLoad has the load talk to a server at a socket, which then is told
// to end.
func TestServeAndLoad(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan int)
	ready := make(chan string, 1)
	var log bytes.Buffer
	go func() {
		served <- run(ctx, []string{"serve", "-addr", socket, "-storage=go"}, writerFunc(func(p []byte) { ready <- string(p) }), &log)
	}()
	select {
	case got := <-ready:
		if want := compare.Ready + socket + "\n"; got != want {
			t.Errorf("serve said %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("not ready\n%s", &log)
	}
	var out, loadLog bytes.Buffer
	if code := run(t.Context(), []string{"load", "-addr", socket, "-entries=500", "-duration=50ms", "-rate=1000"}, &out, &loadLog); code != 0 {
		t.Errorf("load: code %d\n%s", code, &loadLog)
	}
	if want := regexp.MustCompile(`^set 500 keys in .*\n\d+ commands in .*: \d+/s, \d.*% hits\nlatency in µs: p50 \d+, p99 \d+, `); !want.Match(out.Bytes()) {
		t.Errorf("load said\n%s", &out)
	}
	stop()
	if code := <-served; code != 0 {
		t.Errorf("serve: code %d\n%s", code, &log)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args string
		code int
		want string // in stderr
	}{
		{"", 2, "Usage:"},
		{"frob", 2, "Usage:"},
		{"serve -h", 0, "-maxmemory bytes"},
		{"serve -frob", 2, "flag provided but not defined: -frob"},
		{"serve frob", 2, `"frob" is not a flag`},
		{"serve -maxmemory 1X", 2, "want a number of bytes"},
		{"serve -storage paper", 1, `unknown storage "paper"`},
		{"serve -shards 0", 1, "-shards must be 1 to 65536"},
		{"serve -memlimit 1G", 1, "-memlimit needs -maxmemory"},
		{"load -writes 2", 1, "from 0 to 1"},
		{"load -entries 0", 1, "must be above 0"},
		{"load -depth 2000", 1, "-depth must not be above 1024"},
		{"serve -garbage -1", 1, "-garbage must be 0 or above"},
		{"load -addr 127.0.0.1:1", 1, "refused"},
		{"compare -repeats 0", 1, "-repeats must be above 0"},
		{"compare -open 0", 1, "-open must be above 0"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(test.args), &stdout, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.want) || stdout.Len() > 0 {
				t.Errorf("code %d, stdout %q, stderr %q", code, &stdout, &stderr)
			}
		})
	}
}

func TestParseBytes(t *testing.T) {
	tests := []struct {
		in   string
		want int64 // -1 is an error
	}{
		{"0", 0}, {"17", 17}, {"1K", 1024}, {"2m", 2 << 20}, {"3G", 3 << 30},
		{"", -1}, {"K", -1}, {"-1", -1}, {"1KB", -1}, {"1.5G", -1}, {"9999999999G", -1},
	}
	for _, test := range tests {
		got, err := parseBytes(test.in)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("parseBytes(%q) is %d, want %d", test.in, got, test.want)
		}
	}
}
