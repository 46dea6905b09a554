package pattern

import (
	"sync"
	"testing"
	"unsafe"
)

// counting is the Go heap, and knows what lives.
type counting struct {
	t *testing.T

	mu     sync.Mutex
	live   map[unsafe.Pointer]uintptr
	bytes  uintptr
	allocs int
}

func (c *counting) Ops(size int) Ops {
	ops := c.SizedOps()
	return Ops{
		Alloc: func() unsafe.Pointer { return ops.Alloc(uintptr(size)) },
		Free:  func(p unsafe.Pointer) { ops.Free(p, uintptr(size)) },
	}
}

func (c *counting) SizedOps() SizedOps {
	return SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer {
			if size < 8 || size > 64<<10 {
				c.t.Errorf("an object of %d bytes", size)
			}
			p := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
			c.mu.Lock()
			defer c.mu.Unlock()
			c.live[p] = size
			c.bytes += size
			c.allocs++
			return p
		},
		Free: func(p unsafe.Pointer, size uintptr) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if got, ok := c.live[p]; !ok || got != size {
				c.t.Errorf("%d bytes freed of an object of %d, that lives: %v", size, got, ok)
			}
			delete(c.live, p)
			c.bytes -= size
		},
	}
}

// TestPatterns sees to it that each pattern frees what it allocates, once, with
// its size, tells of what lives, and does as many pairs as it says.
func TestPatterns(t *testing.T) {
	for i := range Patterns {
		p := &Patterns[i]
		t.Run(p.Name, func(t *testing.T) {
			for _, threads := range p.Threads {
				c := &counting{t: t, live: map[unsafe.Pointer]uintptr{}}
				params := Params{Size: 24, Threads: threads, N: 120_000}
				params.AtEnd = func(live int) {
					if uintptr(live) != c.bytes {
						t.Errorf("%d live bytes, but %d are allocated", live, c.bytes)
					}
				}
				r := p.Run(c, params)
				if len(c.live) > 0 {
					t.Errorf("%d threads: %d objects are not freed", threads, len(c.live))
				}
				pairs := r.N
				if !p.Flow {
					pairs *= threads
				}
				// What lives at the start and at the end is not counted, or not
				// all the way.
				if pairs <= 0 || c.allocs < pairs*9/10 || c.allocs > pairs+pairs/10+16_000*threads {
					t.Errorf("%d threads: %d pairs, but %d allocations", threads, pairs, c.allocs)
				}
				if r.N > params.N*11/10 || r.N < params.N/3 {
					t.Errorf("%d threads: %d pairs, where %d were asked for", threads, r.N, params.N)
				}
			}
		})
	}
}

func TestSizes(t *testing.T) {
	var g rng
	for name, f := range map[string]func(*rng) uintptr{"mstress": mstressSize, "rptest": rptestSize, "pareto": paretoSize} {
		sum, n := uintptr(0), 100_000
		for range n {
			sum += f(&g)
		}
		t.Logf("%s: %d bytes on average", name, sum/uintptr(n))
	}
	seen := map[int]bool{}
	for _, i := range g.shuffle(1000) {
		seen[i] = true
	}
	if len(seen) != 1000 {
		t.Errorf("shuffle has %d of 1000 numbers", len(seen))
	}
}
