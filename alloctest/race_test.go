//go:build race || msan || asan

package alloctest_test

import (
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloctest"
)

func skipInstrumented(t *testing.T) { t.Skip("such a program allocates otherwise") }

func TestInstrumented(t *testing.T) {
	var fails fake
	n := 0
	alloctest.Zero(&fails, func() { n++; pointer = new(int) })
	if want := "alloctest: not measured: "; n != 1 || fails.failed != "" || !strings.HasPrefix(fails.logged, want) {
		t.Errorf("ran %d times, failed with %q, logged %q; want 1, nothing and %q", n, fails.failed, fails.logged, want)
	}
}
