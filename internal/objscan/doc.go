// Package objscan reads machine code: which calls in it may allocate, and
// which source lines a PC stands for.
//
//	object archives (go list -export) → Scanner.Calls ─┐
//	                                                   ├→ alloc.Call
//	linked executable                 → Binary.Calls  ─┘
//	                                  → Binary.Frames  →  alloc.Frame
//
// # Entries
//
// Which functions of the runtime allocate is asked of the installed runtime:
// the call graph of its own archives (runtime, internal/runtime/...) is read
// from their relocations, and an entry is a function in it that
//
//   - compiled code calls (the toolchain's
//     cmd/compile/internal/typecheck/_builtin/runtime.go and
//     cmd/internal/goobj/builtinlist.go), or that linkname hands to another
//     package (reflect.unsafe_New, internal/bytealg.MakeNoZero), and
//   - from which a chain of calls leads to runtime.mallocgc or one of its
//     forms, where each call of the chain can come back: an allocation on a
//     way that ends in a panic or a throw is the panic's. Whether it can is
//     read from the control flow of the code, and which functions do not
//     return is derived, starting from gopanic and throw.
//
// An entry is dedicated when its purpose is to return new memory or to grow,
// and incidental when each chain leads through one of the runtime's services
// (a record of a waiting goroutine, the cache of a type assertion, the
// scheduler), or when it is called for something else than memory (time.Sleep).
// These two lists, in entries.go, only take away: what a new runtime adds
// shows up as an entry. What a function does on the system stack counts for
// the entry itself (runtime.newproc), not for those that call it on the way.
// testdata has the lists derived from each toolchain.
//
// # Limits
//
// Calls from assembly and C are not seen, nor those through a function value.
// The type that a call allocates is read on amd64 and arm64 only; it is
// missing where the code gets it from a dictionary of type arguments. On
// architectures other than amd64, arm64, 386 and arm no calls are read.
package objscan
