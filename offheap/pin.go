//go:build !nolinkname

package offheap

import (
	"runtime"
	"sync"
	"sync/atomic"
	_ "unsafe" // for linkname
)

// Pinning. See doc.go for an overview.
//
// A goroutine that is pinned runs on its P until it unpins: it is not preempted
// and the P runs no other. So a pinned goroutine may use its P's cache without
// a lock. It must not block, and must not grow the cache table: the slow paths
// unpin, take what locks they need, and pin again, maybe on another P.
//
// procPin and procUnpin are the runtime's own, which sync.Pool uses. The runtime
// says of them "do not remove or change the type signature"
// (go.dev/issue/67401); that is no promise, so their behaviour is tried out when
// the program starts, and where it is not as expected the caches are shards with
// a lock, as under the build tag nolinkname.

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// usePin says that caches are per P.
var usePin = pinWorks()

// pinWorks tries the assumptions: the ids are those of Ps, pinning nests, and
// no two goroutines are pinned to one P at a time.
func pinWorks() bool {
	procs := runtime.GOMAXPROCS(0)
	a := procPin()
	b := procPin()
	procUnpin()
	procUnpin()
	if a != b || a < 0 || a >= procs {
		return false
	}
	const goroutines, rounds = 4, 50
	var (
		owner = make([]atomic.Uint32, procs)
		wrong atomic.Bool
		wg    sync.WaitGroup
	)
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				id := procPin()
				ok := id >= 0 && id < procs && owner[id].CompareAndSwap(0, 1)
				for range 10 {
					ok = ok && owner[id].Load() == 1
				}
				if ok {
					owner[id].Store(0)
				}
				procUnpin()
				if !ok {
					wrong.Store(true)
					return
				}
			}
		})
	}
	wg.Wait()
	return !wrong.Load()
}
