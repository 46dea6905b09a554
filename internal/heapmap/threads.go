package heapmap

import "github.com/stackward-go/stackward/internal/alloctrace"

// What the runtime allocates for a thread that it starts (allocm, runtime/proc.go;
// mpreinit, runtime/os_linux.go): the stack that signals are handled on, and that of its
// own code.
const (
	signalStack = 32 << 10
	systemStack = 16 << 10
)

// threadStack reports that a stack is a thread's, and so is the one before it: both are
// allocated in a row, where what is allocated for a goroutine is followed on its thread by
// the goroutine's begin, or the end of the stack that it had. With cgo the threads
// have one of them alone, which cannot be told apart.
func (g *goroutines) threadStack(e *alloctrace.Event) (other newStack, ok bool) {
	if e.Kind != alloctrace.StackAlloc {
		return newStack{}, false
	}
	p, ok := g.pending[e.Thread]
	if ok = ok && p.bytes == signalStack && e.N == systemStack; ok {
		delete(g.pending, e.Thread)
	}
	return p, ok
}
