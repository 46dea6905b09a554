package engine

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/tracetest"
)

// TestEarly: of a recording that was cut off it is not said what only a trace file or
// who wrote the program could do about it.
func TestEarly(t *testing.T) {
	whole := tracetest.Own(t)
	for want, data := range map[string][]byte{
		"nothing of its trace": nil, "cut off before the end of its first part": whole[:len(whole)/2],
	} {
		name := filepath.Join(t.TempDir(), "run.heap")
		w, err := recording.Create(name, &recording.Header{Time: time.Now(), URL: "http://localhost:1"})
		if err != nil {
			t.Fatal(err)
		}
		if data != nil {
			err = w.Write(recording.KindTrace, data)
		}
		if err := errors.Join(err, w.JSON(recording.KindEnd, recording.End{}), w.Close()); err != nil {
			t.Fatal(err)
		}
		e, ok := errors.AsType[*Error](HeapReadable(t.Context(), name))
		if !ok || !strings.Contains(e.Msg, want) || strings.Contains(e.Msg, "empty file") || strings.Contains(e.Hint, "trace.Stop") {
			t.Errorf("%v, hint %q, want %q", e, e.Hint, want)
		}
	}
}
