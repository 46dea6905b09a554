//go:build offheapcheck || race

package offheap

import (
	"bytes"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// The checked build. See check.go for an overview.

const checked = true

const (
	canaryBytes     = 16
	canary          = 0xa5 // after an object
	poisonFresh     = 0xcd // an object that was not initialised
	poisonFreed     = 0xdb // an object that was freed
	quarantineBytes = 16 << 20
	stackDepth      = 24
)

// A checkHeap is the objects of a heap, by address.
type checkHeap struct {
	heap *Heap

	mu      sync.Mutex
	objects map[uintptr]*checkedObject // that live, or are in quarantine
	closed  bool

	// quarantine is objects that were freed, the first freed first: nobody
	// gets their memory while they are in it.
	quarantine []*checkedObject
	held       uintptr // bytes in quarantine

	requested uintptr
	peak      uintptr
	allocs    uint
	live      int
}

// A checkedObject is memory of the Go heap that stands for memory off it.
type checkedObject struct {
	mem   []byte // the object and its canary
	size  uintptr
	typ   reflect.Type // nil if it came from Alloc or AllocUninit
	alloc []uintptr    // stacks
	free  []uintptr    // nil while it lives
	page  *guardedPage // that it has for itself, or nil
}

func (c *checkHeap) init(h *Heap) {
	c.heap = h
	c.objects = map[uintptr]*checkedObject{}
}

func checkedAlloc(a Allocator, size uintptr, t reflect.Type) (p unsafe.Pointer, dirty bool, err error) {
	if t == reflect.TypeFor[plainByte]() {
		t = nil
	}
	switch a := a.(type) {
	case *Heap:
		p, err = a.check.alloc(size, t)
	case *Cache:
		if a.c.closed {
			return nil, false, ErrClosed
		}
		p, err = a.heap.check.alloc(size, t)
	default:
		return a.allocUninit(size)
	}
	return p, true, err
}

func checkedFree(a Allocator, p unsafe.Pointer, size uintptr, t reflect.Type) {
	switch a := a.(type) {
	case *Heap:
		a.check.free(p, size, t)
	case *Cache:
		a.heap.check.free(p, size, t)
	default:
		a.Free(p, size)
	}
}

func typeText(t reflect.Type) string {
	if t == nil {
		return "plain memory"
	}
	return t.String()
}

func callers() []uintptr {
	pcs := make([]uintptr, stackDepth)
	return pcs[:runtime.Callers(4, pcs)]
}

// stackText is a stack as a traceback has it.
func stackText(pcs []uintptr) string {
	if len(pcs) == 0 {
		return ""
	}
	var b strings.Builder
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		if f.Function != "" && f.Function != "runtime.goexit" {
			b.WriteString(f.Function + "\n\t" + f.File + ":" + strconv.Itoa(f.Line) + "\n")
		}
		if !more {
			return strings.TrimSuffix(b.String(), "\n")
		}
	}
}

func (c *checkHeap) alloc(size uintptr, t reflect.Type) (unsafe.Pointer, error) {
	if size == 0 {
		return unsafe.Pointer(&zeroSized), nil
	}
	if size > maxAlloc/2 {
		return nil, &oomError{size: size, cause: errTooLarge}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	c.heap.pages.mu.Lock()
	limit := c.heap.pages.limit
	c.heap.pages.mu.Unlock()
	if limit > 0 && (size > limit || c.requested > limit-size) {
		return nil, &oomError{size: size, limit: limit}
	}
	o := &checkedObject{size: size, typ: t, alloc: callers()}
	c.allocs++
	c.live++
	if c.allocs%guardEvery == 1 {
		o.page = takeGuarded(size)
	}
	if o.page != nil {
		o.mem = o.page.memory(size)
	} else {
		// As words, so that it is aligned as off-heap memory is.
		words := make([]uint64, (size+7)/8+canaryBytes/8)
		o.mem = unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)
	}
	fill(o.mem[:size], poisonFresh)
	fill(o.mem[size:], canary)
	p := unsafe.Pointer(&o.mem[0])
	c.objects[uintptr(p)] = o
	c.requested += size
	c.peak = max(c.peak, c.requested)
	return p, nil
}

func (c *checkHeap) free(p unsafe.Pointer, size uintptr, t reflect.Type) {
	if size == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	o := c.objects[uintptr(p)]
	switch {
	case o == nil:
		panic(badFree(p, size, badForeign))
	case o.free != nil:
		panic(o.misuse(badTwice))
	case o.size != size:
		panic(o.misuse(badSize + ": " + strconv.Itoa(int(size)) + " bytes"))
	case o.typ != t:
		panic(o.misuse("was allocated as " + typeText(o.typ) + " and is freed as " + typeText(t)))
	}
	o.checkCanary()
	o.free = callers()
	c.requested -= size
	c.live--
	if o.page != nil {
		o.page.free()
		return
	}
	fill(o.mem[:size], poisonFreed)
	c.quarantine = append(c.quarantine, o)
	for c.held += size; c.held > quarantineBytes && len(c.quarantine) > 1; {
		old := c.quarantine[0]
		c.quarantine[0] = nil
		c.quarantine = c.quarantine[1:]
		c.held -= old.size
		old.checkPoison()
		delete(c.objects, uintptr(unsafe.Pointer(&old.mem[0])))
	}
}

func fill(b []byte, v byte) {
	if len(b) > 0 {
		b[0] = v
	}
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// other is the index of the first byte in b that is not v, or -1.
func other(b []byte, v byte) int {
	if len(b) == 0 || b[0] == v && bytes.Equal(b[1:], b[:len(b)-1]) {
		return -1
	}
	return slices.IndexFunc(b, func(c byte) bool { return c != v })
}

func (o *checkedObject) checkCanary() {
	if i := other(o.mem[o.size:], canary); i >= 0 {
		panic(o.misuse("was written " + strconv.Itoa(i+1) + " bytes past its end"))
	}
}

func (o *checkedObject) checkPoison() {
	if o.page != nil {
		return // it cannot be read, nor was it written
	}
	if i := other(o.mem[:o.size], poisonFreed); i >= 0 {
		panic(o.misuse("was written after it was freed, at byte " + strconv.Itoa(i)))
	}
	o.checkCanary()
}

func (o *checkedObject) misuse(what string) *Misuse {
	return &Misuse{
		What: what, Addr: uintptr(unsafe.Pointer(&o.mem[0])), Size: o.size,
		Allocated: stackText(o.alloc), Freed: stackText(o.free),
	}
}

// verify panics if an object was written past its end, or after it was freed.
func (c *checkHeap) verify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.objects {
		if o.free == nil {
			o.checkCanary()
		} else {
			o.checkPoison()
		}
	}
}

func (c *checkHeap) close() {
	c.verify()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, o := range c.objects {
		if o.page != nil && o.free == nil {
			o.page.free()
		}
	}
	c.objects, c.quarantine, c.held, c.requested, c.live = nil, nil, 0, 0, 0
}

func (c *checkHeap) contains(p unsafe.Pointer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, o := range c.objects {
		if o.free == nil && uintptr(p)-at < o.size {
			return true
		}
	}
	return false
}

// leaks is the objects that live, by where they were allocated.
func (c *checkHeap) leaks() []Leak {
	c.mu.Lock()
	defer c.mu.Unlock()
	type key struct{ typ, stack string }
	at := map[key]*Leak{}
	for _, o := range c.objects {
		if o.free != nil {
			continue
		}
		k := key{stack: stackText(o.alloc)}
		if o.typ != nil {
			k.typ = o.typ.String()
		}
		l := at[k]
		if l == nil {
			l = &Leak{Type: k.typ, Stack: k.stack}
			at[k] = l
		}
		l.Objects++
		l.Bytes += int64(o.size)
	}
	var all []Leak
	for _, l := range at {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b Leak) int {
		if a.Bytes != b.Bytes {
			return int(b.Bytes - a.Bytes)
		}
		return strings.Compare(a.Stack, b.Stack)
	})
	return all
}

// stats has what the normal build's has of the program: there are no spans.
func (c *checkHeap) stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		Committed: uint64(c.requested), PeakCommitted: uint64(c.peak),
		InUse: uint64(c.requested), PeakInUse: uint64(c.peak),
		Objects: uint64(c.live), Requested: uint64(c.requested), Cached: uint64(c.held),
	}
	return s
}
