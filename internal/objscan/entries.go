package objscan

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// An entryKind says what a function of the runtime has to do with memory.
type entryKind byte

const (
	dedicated  entryKind = 1 + iota // its purpose is to return new memory or to grow
	incidental                      // it may allocate records of the runtime's own
)

// allocators are the functions that all Go memory comes from
// (runtime/malloc.go), with their size-specialised forms.
const allocators = "runtime.mallocgc"

// ends are the functions that do not return, from which all other such
// functions are derived.
var ends = []string{
	"runtime.gopanic", "runtime.throw", "runtime.fatal", "runtime.fatalthrow",
	"runtime.fatalpanic", "runtime.abort", "runtime.exit",
}

// services are functions by which the runtime keeps its own records: memory
// that they allocate is not handed to whoever called into the runtime. A chain
// of calls through one of them makes an entry incidental. A service that a new
// runtime adds and that is missing here shows itself as a new entry.
var services = []string{
	"runtime.acquireSudog", // waiting goroutines, a list cached by P
	"runtime.releaseSudog",
	"runtime.semacquire1",
	"runtime.goready", // scheduling, threads
	"runtime.wakep",
	"runtime.newm",
	"runtime.stopTheWorld",
	"runtime.getitab", // interface tables and the caches of type assertions
	"runtime.itabAdd",
	"runtime.buildTypeAssertCache",
	"runtime.buildInterfaceSwitchCache",
	"runtime.deferreturn", // runs deferred calls
	"runtime.(*_panic).nextDefer",
	"runtime.gcStart", // the collector and its workers
	"runtime.GC",
	"runtime.(*timers).addHeap", // the heap of timers
	"runtime.godebugNotify",     // settings
	"runtime.ensureSigM",        // the signal goroutine
	"runtime.initMetrics",       // descriptions of metrics
	"runtime.mapKeyError",       // why a map key panics (go1.24)
	"internal/runtime/maps.mapKeyError",
	"internal/runtime/exithook.Run",
}

// asides are functions that others call for something else than memory, and
// whose own code allocates a record on the side.
var asides = []string{
	"runtime.addCovMeta",
	"runtime.doInit",
	"runtime.mstart",
	"runtime.traceAdvance",
	"runtime.vgetrandom",
	"runtime.pprof_", // and what follows: the runtime's own instruments
	"runtime/",
	"internal/coverage/",
	"internal/godebug.",
	"internal/synctest.",
	"internal/runtime/maps.mapKeyError",
	"crypto/internal/boring/bcache.",
	"arena.runtime_arena_arena_Free",
	"os/signal.",
	"plugin.",
	"reflect.addReflectOff",
	"reflect.rselect",
	"syscall.runtimeSetenv",
	"syscall.runtimeUnsetenv",
	"time.Sleep", // a timer, once for each goroutine
	"unique.runtime_registerUniqueMapCleanup",
}

// derive finds the entries in the runtime's call graph. See the package
// comment for the rules.
//
// called reports the functions that compiled code calls; that others were
// given a function by linkname is seen in the graph itself.
func derive(g *graph, called func(name string) bool) (map[string]entryKind, error) {
	g.markNoreturn(ends)
	var targets []string
	for name := range g.nodes {
		if strings.HasPrefix(name, allocators) {
			targets = append(targets, name)
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("no function " + allocators + " in the runtime: this toolchain is not understood")
	}
	slices.Sort(targets)
	callable := func(n *node) bool {
		return called(n.name) || strings.HasPrefix(n.name, allocators) || !ownName(n.name) || n.linkname && !exported(n.name)
	}
	near := g.reaching(targets, func(*node, edge) bool { return false })
	returns := func(n *node, e edge) bool {
		_, ok := near[e.to]
		to := g.nodes[e.to]
		// What a function does on the system stack for others is not theirs:
		// it starts threads and readies goroutines.
		if e.off < 0 && !callable(n) {
			return false
		}
		return ok && to != nil && !to.noreturn && !n.noreturn && g.returnsFrom(n, e)
	}
	all := g.reaching(targets, func(n *node, e edge) bool { return !returns(n, e) })
	plain := g.reaching(targets, func(n *node, e edge) bool {
		return !returns(n, e) || slices.Contains(services, e.to) || slices.Contains(services, n.name)
	})
	entries := make(map[string]entryKind)
	for name := range all {
		if !callable(g.nodes[name]) {
			continue
		}
		entries[name] = incidental
		if _, ok := plain[name]; ok && !aside(name) {
			entries[name] = dedicated
		}
	}
	return entries, nil
}

// ownName reports a name within the runtime's own packages; all others were
// pushed there by linkname.
func ownName(name string) bool {
	return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") ||
		strings.HasPrefix(name, "go:") || strings.HasPrefix(name, "type:") || strings.HasPrefix(name, "_.")
}

// exported reports a function or method of package runtime that anybody may
// call: it is read like any other code instead.
func exported(name string) bool {
	base, ok := strings.CutPrefix(name, "runtime.")
	return ok && base != "" && ('A' <= base[0] && base[0] <= 'Z' || base[0] == '(')
}

func aside(name string) bool {
	return slices.ContainsFunc(asides, func(a string) bool {
		rest, ok := strings.CutPrefix(name, a)
		return ok && (rest == "" || strings.ContainsAny(a[len(a)-1:], "./_"))
	})
}

func sortedEntries(m map[string]entryKind, kind entryKind) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range maps.Keys(m) {
			if m[name] == kind && !yield(name) {
				return
			}
		}
	})
}
