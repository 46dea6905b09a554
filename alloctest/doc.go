// Package alloctest is for tests that hold a function to what it may allocate,
// and that say on failure where it allocates and why. It needs the standard
// library only.
//
//	func TestEncode(t *testing.T) {
//		buf := make([]byte, 0, 1024)
//		alloctest.Zero(t, func() { buf = Encode(buf[:0], msg) })
//	}
//
// A failure reads:
//
//	alloctest: 1 alloc/run, want 0 (the least of 5 rounds of 100 runs)
//		encode.go:31: codec.Encode: 1 alloc/run of 48 B: new object
//			&header{...} escapes to heap, from return &header{...} (return) at encode.go:31:9
//			called at encode_test.go:12
//		the whole story: stackward explain encode.go:31
//
// # In place of testing.AllocsPerRun
//
// Before:
//
//	if n := testing.AllocsPerRun(100, f); n != 0 {
//		t.Errorf("allocates %v times", n)
//	}
//
// After:
//
//	alloctest.Zero(t, f)
//
// AllocsPerRun divides as integers: a function that allocates in 99 of 100 runs
// reads 0. It counts what any goroutine of the process allocates, so it is
// flaky beside others, and panics during a parallel test. It gives a number, not
// a place.
//
// # What is counted
//
// The heap objects that f makes, as runtime.MemStats.Mallocs counts them, those
// below 16 bytes that share a block included. What f does the first time is left
// out: it is run once before. Then it is run in rounds of 100 runs, fewer where
// these would take longer than a second (three at least) and more where the
// limit is below one in 100, and the result is the round with the fewest. So a
// buffer that has grown to its size, a cache or a pool that is full cost
// nothing, and what happens at least once in each 100 runs is always seen. What
// is rarer may not be.
//
// Each round has one processor (GOMAXPROCS is 1), no collection (but a program
// that grows by 1 GiB is collected), and begins with a fresh time slice. So other
// goroutines hardly run, and a round in which the whole process allocated no more
// than the limit proves that f did not either. Where no round does, a second
// method tells f's allocations from those of others: a heap profile of each
// object (runtime.MemProfileRate is 1), in which only stacks below the call of f
// count. So a neighbour cannot make Zero fail. The methods can differ for objects
// below 16 bytes alone, since the profile has one record for all that share a
// block: that f makes such objects is then certain, but their number is the first
// method's, in which others may be counted too where f itself lets them run.
//
// Other goroutines: what a goroutine that f starts allocates is counted where it
// does so in each round and no goroutine of the same function does between
// rounds, that is, where it is there only while f runs. What lives on after f
// returned is another's.
//
// # Where it runs
//
//   - Parallel tests: measurements wait for each other, and while one runs, the
//     others have one processor and no collector. f must not itself measure:
//     that panics.
//   - Benchmarks: a measurement takes time, so call it before the loop, or
//     between b.StopTimer and b.StartTimer. In the loop it is counted as b's.
//   - The race detector (-race), -msan and -asan: such a program allocates
//     otherwise. sync.Pool drops objects at random (sync/pool.go), and what the
//     compiler inlines differs. There f is run once and nothing is judged; a
//     line in the test's log says so.
//   - Coverage (-cover) changes nothing: the compiler leaves its counters out of
//     account when it inlines (cmd/compile/internal/inline/inl.go, go1.26).
//   - -short changes nothing.
//   - A panic of f, runtime.Goexit and t.FailNow go through; what was changed for
//     the measurement is changed back.
//   - A heap profile of the same process (-memprofile) has more samples than its
//     rate says where the second method ran.
//
// # Sites and causes
//
// The place is that of the innermost function outside of the runtime, and the
// calls that lead to it; what is made there is told by the runtime function that
// was called, which the profile has from go1.26 on. The cause is the compiler's: the go command is asked to compile
// that package with -gcflags=-m=2, which the build cache answers the next time,
// and what it says of the line is quoted. Nothing is guessed: without a go
// command of the version that built the test, without the source, or where the
// compiler is silent, the message says that.
package alloctest
