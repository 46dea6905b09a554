package heapmap

import (
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// TestProfile: whose a CPU profile is that begins, its goroutine's parent says.
func TestProfile(t *testing.T) {
	t.Parallel()
	const goroutine = 7
	for _, tt := range []struct {
		first, by string
		goroutine int64
		want      bool
	}{
		{"runtime/pprof.profileWriter", "net/http/pprof.Profile", goroutine, true},
		{"runtime/pprof.profileWriter", "github.com/stackward-go/stackward/heapz.Record.func2", goroutine, true},
		{"runtime/pprof.profileWriter", "github.com/stackward-go/stackward/heapz.Record.func2", goroutine + 1, false},
		{"runtime/pprof.profileWriter", "testing.(*M).before", goroutine, false},
		{"runtime/pprof.profileWriter", "main.main", goroutine, false},
		{"net/http.(*conn).serve", "net/http/pprof.Profile", goroutine, false},
	} {
		tracer := Tracer{made: map[int64]profileBuffer{goroutine: {3, 4}}}
		e := alloctrace.Event{Kind: alloctrace.GoroutineBegin, Goroutine: tt.goroutine, Start: &alloctrace.Start{Func: tt.first, By: tt.by}}
		data, tags, ok := tracer.Profile(&e)
		if ok != tt.want || ok && (data != 3 || tags != 4) {
			t.Errorf("%s by %s, of goroutine %d: %d, %d, %v", tt.first, tt.by, tt.goroutine, data, tags, ok)
		}
	}
}
