package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestPlace: the line that allocates is the innermost outside of the standard library,
// wherever the program was built.
func TestPlace(t *testing.T) {
	t.Parallel()
	frame := func(fn, file string) alloc.Frame { return alloc.Frame{Func: fn, File: file, Line: 1} }
	for _, tt := range []struct {
		name   string
		frames []alloc.Frame
		want   heapPlace
	}{
		{"with full paths", []alloc.Frame{
			frame("strings.genSplit", "/go/src/strings/strings.go"), frame("m/x.F", "/m/x/f.go"), frame("runtime.main", "/go/src/runtime/proc.go"),
		}, heapPlace{fn: "m/x.F", file: "/m/x/f.go", line: 1, callee: "strings.genSplit"}},
		{"-trimpath", []alloc.Frame{
			frame("runtime.mallocgc", "runtime/malloc.go"), frame("strings.genSplit", "strings/strings.go"), frame("m/x.F", "m/x/f.go"), frame("runtime.main", "runtime/proc.go"),
		}, heapPlace{fn: "m/x.F", file: "m/x/f.go", line: 1, callee: "strings.genSplit"}},
		{"-trimpath, a module of another version", []alloc.Frame{
			frame("encoding/json.mapEncoder.encode", "encoding/json/encode.go"), frame("example.com/m.(*T).F[go.shape.int]", "example.com/m@v1.2.3/f.go"), frame("net/http.(*conn).serve", "net/http/server.go"),
		}, heapPlace{fn: "example.com/m.(*T).F[go.shape.int]", file: "example.com/m@v1.2.3/f.go", line: 1, callee: "encoding/json.mapEncoder.encode"}},
		{"-trimpath, the standard library alone", []alloc.Frame{
			frame("bufio.NewReaderSize", "bufio/bufio.go"), frame("net/http.(*conn).serve", "net/http/server.go"), frame("runtime.goexit", "runtime/asm_amd64.s"),
		}, heapPlace{fn: "bufio.NewReaderSize", file: "bufio/bufio.go", line: 1}},
		{"the recorder", []alloc.Frame{
			frame("bytes.growSlice", "/go/src/bytes/buffer.go"), frame("github.com/stackward-go/stackward/heapz.(*stackwardRecorder).profile", "/mod/heapz/recorder.go"), frame("runtime.goexit", "/go/src/runtime/asm_amd64.s"),
		}, heapPlace{}},
		{"the trace of net/http/pprof", []alloc.Frame{
			frame("runtime/trace.(*traceMultiplexer).startLocked", "runtime/trace/subscribe.go"), frame("net/http/pprof.Trace", "net/http/pprof/pprof.go"), frame("main.serve", "m/main.go"),
		}, heapPlace{}},
	} {
		s := newHeapSites(nil, "")
		if got := s.places[s.place("", 0, func(yield func(*alloc.Frame) bool) {
			for i := range tt.frames {
				if !yield(&tt.frames[i]) {
					return
				}
			}
		})]; got != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// TestRuntimesOwn: what the runtime makes for itself is not of the line that it was at.
func TestRuntimesOwn(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]bool{
		"mallocgcSmallScanHeader mallocgc newobject F":                               false,
		"mallocgc growslice F":                                                       false,
		"mallocgc newobject malg newproc1 newproc.func1 systemstack newproc F":       false, // a go statement
		"mallocgc newobject acquireSudog chanrecv chanrecv1 F":                       false, // it waits by itself
		"mallocgc newobject acquireSudog semacquire1 gcStart mallocgc makeslice F":   true,
		"mallocgc newobject acquireSudog gcParkAssist gcAssistAlloc mallocgc F":      true,
		"mallocgc newobject allocm newm startm wakep ready goready send selectgo F":  true,
		"mallocgc newobject malg mpreinit mcommoninit allocm newm startm newproc F":  true,
		"mallocgc newobject malg newproc1 newproc gcBgMarkStartWorkers gcStart GC F": true,
		"mallocgc newobject F mallocgc":                                              false,
	} {
		var frames []*alloc.Frame
		for fn := range strings.FieldsSeq(stack) {
			if fn != "F" {
				fn = "runtime." + fn
			}
			frames = append(frames, &alloc.Frame{Func: fn})
		}
		if got := runtimesOwn(slices.Values(frames)); got != want {
			t.Errorf("%s: %v", stack, got)
		}
	}
}

func TestTopFrame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		funcs []string // innermost first
		want  string
	}{
		{[]string{"bytes.growSlice", "net/http.(*conn).serve", "main.f", "runtime.main"}, "main.f"},
		{[]string{"bytes.growSlice", "mymodule/x.F", "main.f"}, "mymodule/x.F"},
		{[]string{"bytes.growSlice", "runtime.goexit"}, "bytes.growSlice"},
	} {
		var frames []alloc.Frame
		for _, f := range tt.funcs {
			frames = append(frames, alloc.Frame{Func: f})
		}
		if got := topFrame(frames); got.Func != tt.want {
			t.Errorf("%v: %s", tt.funcs, got.Func)
		}
	}
}
