package engine

import (
	"testing"

	"github.com/stackward-go/stackward/internal/heapmap"
)

func TestFreedShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		freed, live int64
		want        float64
	}{{0, 0, 0}, {0, 7, 0}, {49, 151, 0.245}, {3, 0, 1}, {3, -1, 1}} {
		if got := livesOf(&heapmap.Lives{Freed: tt.freed, Live: tt.live}).FreedShare; got != tt.want {
			t.Errorf("%d freed, %d live: %v, want %v", tt.freed, tt.live, got, tt.want)
		}
	}
}
