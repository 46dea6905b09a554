// Package heapsim is Go's memory allocator and the pacer of its collector,
// simulated: a stream of requests goes in, and at any moment it can be asked
// which spans there are, what is in them, and when the collector ran.
//
//	Config → New → Heap; Alloc, Free, GC → Stats, Cycles
//
// It follows the runtime's source for the version whose layout the Config has
// (docs/heapsim.md names the file behind each part and says what agrees with
// the runtime and what does not):
//
//   - a request goes to a block of 16 bytes that it shares, to a slot of the
//     span that its processor has cached, or to pages of its own;
//   - a cached span that is full is exchanged for one from the class's central
//     lists, which sweeps as far as it must, or for a new one;
//   - pages come from the processor's page cache or from the lowest address at
//     which there are enough;
//   - a cycle starts when the heap reaches the trigger, keeps what is alive then
//     and what is allocated while it marks, and leaves the rest to be swept.
//
// What takes time in the runtime is counted in bytes here: there are no clocks
// and no threads, so that the same stream has the same result every time.
package heapsim

import "math"

const (
	pageSize     = 8192       // PageSize, internal/runtime/gc
	chunkPages   = 512        // pallocChunkPages, runtime/mpagealloc.go: what the heap grows by
	arenaPages   = 8192       // pagesPerArena where an arena has 64 MiB
	cachePages   = 64         // pageCachePages, runtime/mpagecache.go
	reclaimPages = 512        // pagesPerReclaimerChunk, runtime/mheap.go
	sweepBudget  = 100        // spanBudget, runtime/mcentral.go
	heapBase     = 0xc0 << 32 // where the runtime asks for its first arena on 64-bit systems
)

// A Config says which runtime is simulated, with which settings, and what of it
// the stream of requests does not have.
type Config struct {
	// Layout is how spans are divided.
	Layout *Layout
	// Procs is GOMAXPROCS, the number of caches; 1 where it is less.
	Procs int
	// GOGC is the percentage, negative for off.
	GOGC int
	// MemoryLimit is GOMEMLIMIT in bytes, 0 for none.
	MemoryLimit int64

	// Live are bytes in objects that stay alive and that no request stands for.
	Live int64
	// LiveSpans are the bytes of the spans that those are in, Live where it is less.
	LiveSpans int64
	// Stacks and Globals are the bytes of roots that a cycle scans; Marks may know of
	// other stacks.
	Stacks, Globals int64
	// NonHeap are bytes that count towards the memory limit and are not heap:
	// stacks and the runtime's own structures.
	NonHeap int64

	// Marks are what the program does while cycles mark, which take them in turn.
	// Without any marking takes no time.
	Marks []Mark
	// draw says how the next cycle marks in their place, if it is not nil.
	draw func() Mark
	// SweepNow lets each cycle sweep as it ends, as the background sweeper does
	// when a processor is idle. Without it, only those who allocate sweep.
	SweepNow bool
	// ScavengeNow lets the background scavenger reach its goals each time that it
	// is woken: as a cycle begins and when all is swept. Without it, only Scavenge,
	// the growth of the heap and the memory limit give memory back.
	ScavengeNow bool
	// WorkBufs is how many spans of 32 KiB each cycle takes for the lists of what is
	// to be scanned. They are free again when all is swept.
	WorkBufs int
	// HugePage is the size of the machine's huge pages in bytes, of which none that
	// is free is broken up; 0 where there are none.
	HugePage int64
}

// A Mark is what a program does while a cycle marks.
type Mark struct {
	// At is when the cycle began of which this is known: how many objects the
	// recording had made. 0 is not known.
	At uint64
	// Rate is what it allocates, in bytes for each byte that workers scan, as long as it
	// does not have to help, and Doubt by how many times it may be more: where it was seen
	// to help, it is not known what it would have done. 0 is 1.
	Rate, Doubt float64
	// Over is what it allocates besides, in bytes, when all is scanned: while the world
	// comes to a stop.
	Over int64
	// Workers is the share of the processors' time in which workers mark, and Idle what of
	// it no program wanted: the pacer takes the former to be a quarter, which is what 0
	// stands for, and counts the latter besides.
	Workers, Idle float64
	// Scan and Busy are what the limiter of the collector's time counts: what the
	// collector takes of the processors, in ns for each byte that it scans, and the
	// program, in ns for each that it allocates. Without Scan there is no limit.
	Scan, Busy float64
	// Stacks are the bytes of goroutines' stacks that it scans, 0 those of Config.
	Stacks int64
}

// limit is the memory limit, the largest number where there is none.
func (c *Config) limit() uint64 {
	if c.MemoryLimit <= 0 {
		return math.MaxInt64
	}
	return uint64(c.MemoryLimit)
}

// A Ref is the address of an object in the simulated heap, with which it is
// freed. Those in one tiny block have the same. It is 0 for an object of no size.
type Ref uint64

// Stats is the state of the heap at a moment. Bytes are those of slots, not of
// requests.
type Stats struct {
	// Mallocs and Frees count objects, of a tiny block only the block, as
	// MemStats.BySize does; Frees are those that were swept. TinyAllocs are the
	// requests that found room in a block.
	Mallocs, Frees, TinyAllocs uint64
	// TotalAlloc are the bytes that were ever allocated, Requested those that
	// were asked for: the rest went to rounding, headers and the ends of blocks.
	TotalAlloc, Requested uint64
	// HeapAlloc are the bytes of objects that are not swept yet, dead or not.
	HeapAlloc int64
	// HeapInuse are the bytes of spans, HeapSys those of the address space that
	// the heap has grown to, HeapIdle the rest of that, HeapReleased what of it
	// the system has back or never gave.
	HeapInuse, HeapSys, HeapIdle, HeapReleased int64
	// HeapLive is what the pacer takes for the heap: marked by the last cycle
	// and allocated since, with the free slots of cached spans.
	HeapLive int64
	// Spans are the spans in use, by class, without those that have none.
	Spans []SpanStats
}

// SpanStats are the spans of one size class, with pointers or without.
type SpanStats struct {
	// Class is the number of the size class, 0 for large objects.
	Class  int
	NoScan bool
	// Slot is the size of a slot in bytes, 0 for large objects.
	Slot int64
	// A span is cached by a processor, unswept, or on the list of those that
	// have free slots or of those that have none.
	Cached, Unswept, Partial, Full int
	// Bytes are those of the spans, Objects the slots that are taken, Free those
	// that are not, Tail what is left behind the last slot, in bytes.
	Bytes         int64
	Objects, Free int
	Tail          int64
}

// A Cycle is one run of the collector. The bytes are those of the pacer's view.
type Cycle struct {
	// Trigger and Goal are what was aimed at when it started, Start is the heap
	// at its start and End that at the end of marking.
	Trigger, Goal, Start, End int64
	// Marked is what it found alive, with what was allocated while it marked.
	Marked int64
	// Scan is what it scanned, with roots.
	Scan int64
	// Forced says that the program asked for it.
	Forced bool
}

// A Peak is the most that there was at any moment.
type Peak struct {
	// HeapLive is what the pacer took for the heap, HeapInuse the bytes of spans.
	HeapLive, HeapInuse int64
}
