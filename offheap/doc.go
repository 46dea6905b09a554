// Package offheap is explicit memory outside the Go heap, which the garbage
// collector neither scans nor counts: for large sets of values that live long,
// as in caches, indexes and stores. It is pure Go, without cgo, and has the
// structures of Go's own allocator.
//
//	h := offheap.NewHeap(offheap.Config{Limit: 1 << 30})
//	p, err := offheap.New[Point](h) // zero, as Go promises
//	...
//	offheap.Free(h, p)
//
// # When to use it, and when not
//
// The collector's work grows with the pointers that live. A program that keeps
// millions of linked values pays for them again and again; off the heap they
// cost it nothing. Measure first: where few values live long, where they have no
// pointers (a slice of structs of numbers is scanned by nobody), or where
// sync.Pool or a plain free list does, this package is a risk for no gain. It is
// not made to be faster than Go for objects of 16 bytes and less that die young.
//
// The price is C's: what is not freed leaks, and what is used after it was freed
// is another object's memory. Test with the checked build (see below).
//
// # Ownership
//
//   - Memory is the program's from [New], [MakeSlice] or [CloneString] until
//     [Free], [FreeSlice] or [FreeString]. Each is freed once, as what it was
//     allocated as: the size comes from the type, or the slice's capacity, or
//     the string's length.
//   - Any goroutine may free what another allocated. A [Heap] may be used by any
//     number of goroutines; a [Cache] or an [Arena] by one at a time.
//   - An object of a heap is freed through that heap, or a Cache of it.
//   - T must have no Go pointers, strings, slices, maps, channels, functions and
//     interfaces included: the collector would not see them. New panics with the
//     field's path. Links between objects off the heap are a [Ptr]; strings are
//     numbers of bytes somewhere off the heap.
//   - Pointers from the Go heap and stacks to objects off it are fine, and
//     nothing to the collector.
//   - [Heap.Close] frees all of a heap's objects at once.
//
// No memory is an error that wraps [ErrOutOfMemory], never the end of the
// program. A free that cannot be right panics with a [Misuse] where it is
// noticed.
//
// GOGC and GOMEMLIMIT do not know of this memory. A program whose live data is
// nearly all off the heap has a small Go heap, which is collected often at
// GOGC=100, though each time is short: set GOGC higher. A program with
// GOMEMLIMIT must leave room for this memory; [SetMemoryLimit] does.
//
// # Structures
//
// Memory comes in pages of 8192 bytes. An object of up to 32 KiB is rounded up to
// one of 67 size classes, those of the Go runtime. The structures, each with its
// file, whose comments have the details:
//
//	sizeclass.go  the sizes
//	os.go         reserving, committing and giving back memory
//	arena.go      arenas: 64 MiB of address space with its description;
//	              from an address to its arena and span
//	mspan.go      spans: runs of pages with objects of one class, or one
//	              large object, or free
//	mheap.go      the page heap: free spans, split and joined
//	huge.go       objects longer than an arena
//	mcentral.go   the free objects and spans of one class
//	mcache.go     the caches of free objects, one for each P
//	pin.go        why a P's cache needs no lock
//	fast.go       the paths of a hit in a cache, in assembly where possible
//	tiny.go       objects below 16 bytes
//	flush.go      emptying caches
//	trim.go       giving memory back
//
// Containers are made of such memory, and have no part in the above:
//
//	map.go        Map, a hash map; its tables are in map_table.go, how it
//	              grows and shrinks in map_grow.go
//	intern.go     Interner, text and symbols for it
//	slice.go      Slice, a vector that grows
//
// Allocating an object of up to 32 KiB goes up:
//
//  1. The size gives the class, and the class the bin in this P's cache. If the
//     bin's loaded chain has an object, that is it. No lock.
//  2. If the bin's previous chain has objects, the two chains change places.
//  3. The class's mcentral hands over a whole chain that some cache gave it: one
//     lock, held for a few instructions.
//  4. The mcentral carves a chain from its spans, those first that are the
//     fullest.
//  5. The page heap makes a span of the best run of free pages.
//  6. The page heap commits more of an arena, 2 MiB at least, or takes a new
//     arena.
//
// Freeing one comes down:
//
//  1. The object goes on the loaded chain of this P's bin. No lock, and the span
//     is not looked up, since the size gives the class.
//  2. If that chain is full, the two chains change places.
//  3. If both are full, one goes whole to the mcentral.
//  4. If the mcentral has enough chains, the objects go back into their spans.
//  5. A span with all its objects goes back to the page heap, which joins it with
//     the free runs on both sides.
//  6. [Heap.Trim], or [Heap.TrimEvery] in the background, gives free memory back
//     to the system, 2 MiB at a time.
//
// Objects above 32 KiB come from the page heap directly, and those longer than
// an arena from the system.
//
// All of it is anonymous memory that is the process's own: no file, no memory that
// is shared or locked, nothing that outlives the process or that another could
// find half written. The system takes it back with the process. So a program may
// be killed at any moment, and leaves nothing behind; nor does it keep anything:
// what is to be there after a restart, the program itself must write somewhere.
//
// Where this is not as in the runtime, it is since a program that frees knows
// what the runtime must find out:
//
//   - A free object is in a list, through its own first word, and not a bit of its
//     span. The runtime sweeps a span at once; here objects come back one by one,
//     on any P, and should go out again the same way.
//   - A P's cache has two chains for each class, not a span. What another P
//     allocated stays with the P that freed it until a whole chain does, so a
//     producer and a consumer meet at a lock once in a chain. Chains get longer
//     where they are swapped often, within a budget for each P.
//   - An mspan lies in its arena, at a place that follows from its first page.
//     The description of memory needs no other memory, and so no allocation that
//     could fail.
//   - Tiny objects are counted in their block, so that they can be freed.
//   - Free runs of pages are in lists by length, joined at once; the runtime has a
//     tree of summaries, which finds the lowest address.
//
// # Invariants
//
//   - An arena's address space is never given back, only its memory. So an
//     address that was ours never becomes the Go heap's, where a stale pointer
//     to it would be fatal to the collector.
//   - A committed page of an arena, its description apart, is in one span. Two
//     free spans are never adjacent.
//   - A free object of up to 32 KiB is in one place: a bin's chain, a chain of
//     its mcentral, or its span. Its first word is a link, and is a uintptr to
//     the compiler, so no write barrier sees it.
//   - What a P's cache has is touched only by who is pinned to that P, or runs on
//     it and is in assembly, which is not preempted; or, when the cache was taken
//     out of the table and the world has stopped since, by who took it out.
//   - Whoever is pinned neither blocks nor allocates.
//   - Locks are taken in the order Heap.flushMu, Heap.mu, mcentral.mu,
//     mcentral.spanMu, mheap.mu, space.mu.
//   - A page whose bit in arena.dirty is clear is zero.
//
// # The checked build
//
// Under -tags offheapcheck, and always under -race, objects are memory of the Go
// heap, so the race detector and checkptr see them, and double frees, uses after
// free, writes past the end, frees with another type or size and leaks are
// caught, with the stacks of the allocation and the free. See check.go.
//
// # Without the runtime's internals
//
// Per-P caches use runtime.procPin through a linkname, as other packages do, and
// whether it works as expected is tried out when the program starts. If it does
// not, and always under -tags nolinkname, caches are shards with a lock. See
// pin.go.
//
// On linux/amd64 a hit in a P's cache does not even pin: it is found by way of the
// runtime's structures, whose layout is tried out when the program starts, too,
// and is known for Go 1.25 to 1.27. Elsewhere, and with a toolchain that is newer,
// it pins. See fast.go.
package offheap
