package heapmap

import (
	"strings"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

// A Tracer knows what a recording has in the heap of the program for itself: buffers for
// samples of CPU profiles (newProfBuf, runtime/profbuf.go, go1.24 to go1.27). Two are the
// tracer's, which it makes as it starts (traceInitReadCPU, runtime/tracecpu.go). A third
// one is that of a CPU profile that is asked for so that the trace has samples.
type Tracer struct {
	data, tags int
	made       map[int64]profileBuffer // by goroutine: the last that it has allocated
}

const (
	tracerData = 8 << 17 // bytes: profBufWordCount words
	tracerTags = 8 << 14 // profBufTagCount pointers
)

// A profileBuffer is the two parts of one, by the caller's numbers, 0 none.
type profileBuffer struct{ data, tags uint64 }

// Add counts an object that there was when the trace began, in a slot of so many bytes,
// and reports whether it is like a part of the tracer's own two.
func (t *Tracer) Add(r *alloctrace.Reader, e *alloctrace.Event, bytes int64) bool {
	data, tags := likeBuffer(r, e, bytes)
	if data {
		t.data++
	}
	if tags {
		t.tags++
	}
	return data || tags
}

// likeBuffer reports whether an object is like a part of a buffer. Of memory without
// pointers a type is told as it is allocated only.
func likeBuffer(r *alloctrace.Reader, e *alloctrace.Event, bytes int64) (data, tags bool) {
	switch {
	case e.Class.Size() > 0:
	case bytes == tracerData && e.Class.Noscan():
		data = e.Type == 0 || r.Type(e.Type).Name == "uint64"
	case bytes == tracerTags:
		tags = r.Type(e.Type).Name == "unsafe.Pointer"
	}
	return data, tags
}

// Bytes is what the tracer's own buffers have, 0 where there are fewer of either part.
func (t *Tracer) Bytes() int64 {
	if t.data < 2 || t.tags < 2 {
		return 0
	}
	return 2 * (tracerData + tracerTags)
}

// Alloc takes in an object that is allocated, by a number of the caller's.
func (t *Tracer) Alloc(r *alloctrace.Reader, e *alloctrace.Event, bytes int64, n uint64) {
	data, tags := likeBuffer(r, e, bytes)
	if !data && !tags {
		return
	}
	if t.made == nil {
		t.made = make(map[int64]profileBuffer)
	}
	b := t.made[e.Goroutine]
	if data {
		b = profileBuffer{data: n}
	} else {
		b.tags = n
	}
	t.made[e.Goroutine] = b
}

// Profile takes in that a goroutine begins. Where a CPU profile begins with it, which
// package heapz has asked for or a request to net/http/pprof, it returns the numbers of
// the profile's buffer: the one that its goroutine allocated last.
func (t *Tracer) Profile(e *alloctrace.Event) (data, tags uint64, ok bool) {
	if e.Start == nil || e.Start.Func != "runtime/pprof.profileWriter" {
		return 0, 0, false
	}
	b := t.made[e.Goroutine]
	delete(t.made, e.Goroutine)
	if by := e.Start.By; by != "net/http/pprof.Profile" && !strings.HasPrefix(by, "github.com/stackward-go/stackward/heapz.") {
		return 0, 0, false
	}
	return b.data, b.tags, b.data > 0 && b.tags > 0
}
