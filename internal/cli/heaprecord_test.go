package cli

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/internal/heaprecord"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/tracetest"
)

// TestRecordedInPart says what can be read of a recording that an error has ended.
func TestRecordedInPart(t *testing.T) {
	whole := tracetest.Own(t)
	const full = "write run.heap: no space left on device"
	for _, tt := range []struct {
		name   string
		trace  []byte
		stop   *recording.Stop
		want   []string
		hinted bool
	}{
		{"in part", whole, &recording.Stop{Why: recording.WhyError, Error: full, Cut: true}, []string{"of which up to a second is lost: " + full}, true},
		{"nothing", whole[:len(whole)/2], &recording.Stop{Why: recording.WhyError, Error: full, Cut: true},
			[]string{full, "nothing of it can be read: ", "cut off before the end of its first part"}, false},
		{"nothing, of a process that was killed", whole[:len(whole)/2], nil, []string{"did not come to its end", "nothing of it can be read: "}, false},
		{"no trace", nil, nil, []string{"did not come to its end", "nothing of it can be read: "}, false},
		{"nothing, at the greatest size", whole[:len(whole)/2], &recording.Stop{Why: recording.WhyMaxSize, Cut: true}, []string{"since -max-size is", "nothing of it can be read: "}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "run.heap")
			w, err := recording.Create(out, &recording.Header{Time: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			write := func(kind recording.Kind, v any) {
				if err := w.JSON(kind, v); err != nil {
					t.Fatal(err)
				}
			}
			write(recording.KindStart, recording.Start{Go: runtime.Version()})
			if err := w.Write(recording.KindTrace, tt.trace); err != nil {
				t.Fatal(err)
			}
			if tt.stop != nil {
				write(recording.KindStop, tt.stop)
			}
			write(recording.KindEnd, recording.End{})
			w.Close()
			f, err := recording.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var stderr strings.Builder
			err = recorded(t.Context(), &env{stderr: &stderr}, &heaprecord.Request{Out: out}, &heaprecord.Summary{File: f})
			if hinted := strings.Contains(stderr.String(), "hint: stackward heap "); err == nil || hinted != tt.hinted {
				t.Errorf("%v, hinted: %v\n%s", err, hinted, &stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("not said: %s\n%s", want, &stderr)
				}
			}
		})
	}
}
