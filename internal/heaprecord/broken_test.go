package heaprecord

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stackward-go/stackward/internal/recording"
)

// traceHead is the beginning of a trace with events of allocations, as [checkTrace]
// wants it.
const traceHead = "go 1.26 trace\x00\x00\x00" + "\x01\x01\x00\x05\x02ab\x31\x01\x01\x00\x05\x00"

// process is a fake of net/http/pprof. Each question of page heap is answered with
// the next of mallocs; the trace ends whole or not, and with that the process or not.
func process(mallocs []int, breaks, ends bool) map[string]http.HandlerFunc {
	args := "server"
	asked := 0
	var gone atomic.Bool
	breakOff := func(w http.ResponseWriter) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
	}
	return map[string]http.HandlerFunc{
		"/debug/pprof/cmdline": func(w http.ResponseWriter, _ *http.Request) {
			if gone.Load() {
				breakOff(w)
				return
			}
			io.WriteString(w, args)
		},
		"/debug/pprof/heap": func(w http.ResponseWriter, r *http.Request) {
			n := mallocs[min(asked, len(mallocs)-1)]
			asked++
			if r.FormValue("debug") == "1" {
				fmt.Fprintf(w, "heap profile: …\n# runtime.MemStats\n# Mallocs = %d\n# NumGC = 1\n", n)
				return
			}
			fmt.Fprintf(w, "profile %d", n)
		},
		"/debug/pprof/trace": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, traceHead)
			w.(http.Flusher).Flush()
			if breaks {
				gone.Store(ends)
				breakOff(w)
			}
		},
	}
}

// TestBroken records processes that go away, or are not the same at the end.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		mallocs  []int
		breaks   bool
		ends     bool
		why      string
		error    string
		profiles int
	}{
		{"whole", []int{10, 20, 30, 40}, false, false, recording.WhyDuration, "", 2},
		{"broken", []int{10, 20, 30, 40}, true, false, recording.WhyError, "the connection broke before the end of the trace", 1},
		{"ended", []int{10, 20, 30, 40}, true, true, recording.WhyError, "the connection broke before the end of the trace, and nobody answers there any more: it ended, or was killed; a defect of the runtime may be why (docs/heap.md, Recording)", 1},
		{"another", []int{1000, 1000, 30, 40}, false, false, recording.WhyError, "another process answered at the end than at the beginning: its heap profile is left out", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := record(t, t.Context(), source(t, serve(t, process(tt.mallocs, tt.breaks, tt.ends))))
			if f.Stop.Why != tt.why || f.Stop.Error != tt.error || len(f.Profiles) != tt.profiles {
				t.Fatalf("stopped by %q: %q, %d profiles", f.Stop.Why, f.Stop.Error, len(f.Profiles))
			}
			if f.TraceBytes != int64(len(traceHead)) {
				t.Errorf("%d bytes of the trace, want %d", f.TraceBytes, len(traceHead))
			}
			for _, p := range f.Profiles {
				if tt.error != "" && !strings.Contains(p.Name, "start") {
					t.Errorf("profile %s", p.Name)
				}
			}
		})
	}
}
