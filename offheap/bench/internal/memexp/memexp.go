// Package memexp has the experiments about what memory costs over time: the
// collector's work, and memory that is held without need. Each runs in a process
// of its own, so that nothing but itself is measured, and prints its figures in
// Go's benchmark format.
package memexp

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unsafe"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

// Names is the experiments: "live-0" and "live-1GiB", "table", and "frag-" with
// the patterns that fragmentation is measured with.
var Names = []string{"live-0", "live-1GiB", "table", "frag-mstress", "frag-rptest", "frag-larson"}

// Run runs the experiment with the peer. The scale is a factor on its size.
func Run(name string, p *peer.Peer, scale float64, w io.Writer) error {
	switch {
	case name == "live-0":
		return live(p, 0, scale, w)
	case name == "live-1GiB":
		return live(p, 1<<30, scale, w)
	case name == "table":
		return table(p, scale, w)
	case strings.HasPrefix(name, "frag-"):
		return frag(strings.TrimPrefix(name, "frag-"), p, scale, w)
	}
	return fmt.Errorf("memexp: no experiment %q, only %q", name, Names)
}

// A node is live data with pointers, of 64 bytes.
type node struct {
	left, right *node
	payload     [6]uint64
}

// tree returns n nodes.
func tree(n int) *node {
	if n <= 0 {
		return nil
	}
	t := &node{payload: [6]uint64{uint64(n)}}
	t.left = tree((n - 1) / 2)
	t.right = tree(n - 1 - (n-1)/2)
	return t
}

// live measures allocations of 64 bytes, of which 1000 live at a time, while
// bytes of linked data live on the Go heap.
func live(p *peer.Peer, bytes int, scale float64, w io.Writer) error {
	const size, ring = 64, 1000
	bytes = int(float64(bytes) * scale)
	root := tree(bytes / int(unsafe.Sizeof(node{})))
	n := int(4 << 30 / size * scale)
	if bytes == 0 {
		n /= 4
	}
	ops := p.New().Ops(size)
	slots := make([]unsafe.Pointer, ring)
	for i := range slots {
		slots[i] = ops.Alloc()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := pattern.CPUTime(), time.Now()
	at := 0
	for range n {
		ops.Free(slots[at])
		q := ops.Alloc()
		*(*uint64)(q) = 1
		slots[at] = q
		if at++; at == ring {
			at = 0
		}
	}
	wall, cpu := time.Since(start), pattern.CPUTime()-cpu
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(root)
	_, err := fmt.Fprintf(w, "BenchmarkLive/by=%s/live=%dMiB %d %.4g ns/op %.4g cpu-ns/op %d collections\n",
		p.Name, bytes>>20, n, per(wall, n), per(cpu, n), after.NumGC-before.NumGC)
	return err
}

func per(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }

// frag measures the memory of the process after a pattern with two goroutines,
// while its objects live. What the pattern itself needs is the null peer's.
func frag(name string, p *peer.Peer, scale float64, w io.Writer) error {
	pat := pattern.ByName(name)
	if pat == nil {
		return fmt.Errorf("memexp: no pattern %q", name)
	}
	n := map[string]int{"larson": 3_000_000, "mstress": 4_000_000, "rptest": 1_000_000}[name]
	a := p.New()
	runtime.GC()
	debug.FreeOSMemory()
	start, err := statusBytes("VmRSS")
	if err != nil {
		return err
	}
	params := pattern.Params{Threads: 2, N: int(float64(n) * scale), Scale: max(1, int(20*scale))}
	params.AtEnd = func(live int) {
		var rss, peak int
		if rss, err = statusBytes("VmRSS"); err != nil {
			return
		}
		if peak, err = statusBytes("VmHWM"); err != nil {
			return
		}
		_, err = fmt.Fprintf(w, "BenchmarkFrag/by=%s/pattern=%s 1 %d live-bytes %d rss-bytes %d peak-rss-bytes\n",
			p.Name, name, live, rss-start, peak-start)
	}
	pat.Run(a, params)
	return err
}

// statusBytes reads a size of this process from the kernel.
func statusBytes(field string) (int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			var kib int
			_, err := fmt.Sscan(rest, &kib)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("memexp: no %s in /proc/self/status", field)
}
