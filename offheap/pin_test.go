//go:build !nolinkname

package offheap

import (
	"runtime"
	"testing"
)

func TestPinWorks(t *testing.T) {
	if !usePin {
		t.Error("pinning is not as expected: caches are shards with a lock")
	}
}

// Where pinning is not as expected, caches are shards.
func TestFallback(t *testing.T) {
	if checked {
		t.Skip("the checked build has no caches")
	}
	defer useFast(useFast(false))
	defer func(use bool) { usePin = use }(usePin)
	usePin = false
	stress(t, stressOps(t)/8, func(i int) int { return 1 + i%6 })
}

// Ps beyond those that may have a cache use the shards.
func TestManyPs(t *testing.T) {
	if checked {
		t.Skip("the checked build has no caches")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	h := NewHeap(Config{})
	defer h.Close()
	runtime.GOMAXPROCS(maxPinned + 2)
	if c := h.acquire(); c == nil {
		t.Fatal("no cache")
	} else {
		h.let(c)
	}
	stress(t, stressOps(t)/8, func(i int) int { return maxPinned + 1 - i%2*(maxPinned-1) })
}
