// Package memexp has the experiments about what memory costs over time: the
// collector's work, and memory that is held without need. Each runs in a process
// of its own, so that nothing but itself is measured, and prints its figures in
// Go's benchmark format.
package memexp

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unsafe"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
	"github.com/stackward-go/stackward/offheap/bench/internal/peer"
)

// Names is the experiments: allocation with live data, of none, and of 1 GiB that
// lies in memory in the order of its links, or in random order; the table; and
// "frag-" with the patterns that fragmentation is measured with.
var Names = []string{"live-none", "live-ordered", "live-random", "table", "frag-mstress", "frag-rptest", "frag-larson"}

// Run runs the experiment with the peer. The scale is a factor on its size.
func Run(name string, p *peer.Peer, scale float64, w io.Writer) error {
	kind, detail, _ := strings.Cut(name, "-")
	switch kind {
	case "live":
		return live(detail, p, scale, w)
	case "table":
		return table(p, scale, w)
	case "frag":
		return frag(detail, p, scale, w)
	}
	return fmt.Errorf("memexp: no experiment %q, only %q", name, Names)
}

// A node is live data with pointers, of 64 bytes.
type node struct {
	left, right *node
	_           [6]uint64
}

// tree returns n nodes, each next to those it links to in memory, as far as that
// goes, or anywhere, as in a program that runs for long.
func tree(n int, random bool) *node {
	if n == 0 {
		return nil
	}
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = new(node)
	}
	if random {
		g := rand.New(rand.NewPCG(1, 2))
		g.Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	}
	return link(nodes)
}

// link makes a tree of the nodes.
func link(nodes []*node) *node {
	if len(nodes) == 0 {
		return nil
	}
	root, rest := nodes[0], nodes[1:]
	root.left, root.right = link(rest[:len(rest)/2]), link(rest[len(rest)/2:])
	return root
}

// live measures allocations of 64 bytes, of which 1000 live at a time, while
// 1 GiB of linked data, or none, lives on the Go heap.
func live(order string, p *peer.Peer, scale float64, w io.Writer) error {
	const size, ring = 64, 1000
	nodes := int((1 << 30) / float64(unsafe.Sizeof(node{})) * scale)
	n := int((4 << 30) / size * scale)
	switch order {
	case "none":
		nodes, n = 0, n/4
	case "ordered", "random":
	default:
		return fmt.Errorf("memexp: no order %q", order)
	}
	root := tree(nodes, order == "random")
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
	_, err := fmt.Fprintf(w, "BenchmarkLive/by=%s/live=%s %d %.4g ns/op %.4g cpu-ns/op %d collections\n",
		p.Name, order, n, per(wall, n), per(cpu, n), after.NumGC-before.NumGC)
	return err
}

func per(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }

// filling writes all of an object, so that what an allocator hands out is memory
// that the process has, and not only address space.
type filling struct{ pattern.Allocator }

func (f filling) SizedOps() pattern.SizedOps {
	ops := f.Allocator.SizedOps()
	alloc := ops.Alloc
	ops.Alloc = func(size uintptr) unsafe.Pointer {
		p := alloc(size)
		clear(unsafe.Slice((*byte)(p), size))
		return p
	}
	return ops
}

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
	pat.Run(filling{a}, params)
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
