package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
)

// TestFramesWithoutSource holds what is said where no source is known.
func TestFramesWithoutSource(t *testing.T) {
	t.Parallel()
	r := &alloc.Report{Goroutines: []*alloc.GoroutineStacks{{Func: "main.f", Grown: 1}}}
	for _, rec := range []*recording.File{nil, {}} {
		if err := fillFrames(t.Context(), r, rec, Build{}); !errors.Is(err, errNoSource) || !strings.HasPrefix(noFrames(err).Message, "no frames: where ") {
			t.Errorf("%v", err)
		}
	}
}

func TestPackageOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"example.com/m.F":                              "example.com/m",
		"net/http.(*conn).serve":                       "net/http",
		"github.com/dgraph-io/badger/v4.(*DB).f.func1": "github.com/dgraph-io/badger/v4",
		"example.com/m/v2.F[example.com/n.T].func1":    "example.com/m/v2",
		"main.f": "main",
	} {
		if got := packageOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
