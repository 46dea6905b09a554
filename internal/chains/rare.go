package chains

import (
	"slices"
	"strings"
)

// rare are functions of the runtime that others of it call now and then: for a
// message, for the collector, a profile, a trace, a pool that is empty. A function
// that allocates would otherwise seem to need what a goroutine takes that has to
// help the collector end its cycle, thousands of bytes. A name that ends in a star
// stands for all that begin so. The list only takes away: what a new runtime adds
// makes chains longer.
var rare = []string{
	// Messages: on the way to a crash, or of debug settings.
	"runtime.print*", "runtime.preprintpanics", "runtime.gwrite", "runtime.recordForPanic", "runtime.rtype.string",
	"runtime.postMallocgcDebug", "runtime.funcpkgpath",
	// The collector and the sweeper.
	"runtime.gcStart", "runtime.gcAssistAlloc", "runtime.deductSweepCredit", "runtime.(*mspan).ensureSwept", "runtime.stopTheWorld",
	// Memory that is not there: a span for a P, an arena, a list that grows.
	"runtime.(*mcache).refill", "runtime.acquireSudog", "runtime.releaseSudog", "runtime.(*timers).addHeap",
	"runtime.popDefer", "runtime.getitab", "runtime.persistentalloc",
	// Profiles and traces.
	"runtime.profilealloc", "runtime.mProf_*", "runtime.blockevent", "runtime.(*mLockProfile).*", "runtime.trace*",
	// Threads that are not there.
	"runtime.wakep", "runtime.startm",
}

// isRare reports a function of the runtime that is not followed into.
func isRare(name string) bool {
	return slices.ContainsFunc(rare, func(r string) bool {
		prefix, open := strings.CutSuffix(r, "*")
		return name == r || open && strings.HasPrefix(name, prefix)
	})
}
