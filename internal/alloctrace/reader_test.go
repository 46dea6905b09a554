package alloctrace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	rtrace "runtime/trace"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/exp/trace"
)

// slotBytes are the size classes of go1.25 to go1.27, internal/runtime/gc.
var slotBytes = []int64{
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448,
	480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096,
	4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072,
	20480, 21760, 24576, 27264, 28672, 32768,
}

// record traces what do does, with events of allocations.
func record(t testing.TB, do func()) []byte {
	t.Helper()
	t.Setenv("GODEBUG", os.Getenv("GODEBUG")+",traceallocfree=1")
	var b bytes.Buffer
	if err := rtrace.Start(&b); err != nil {
		t.Fatal(err)
	}
	do()
	rtrace.Stop()
	return b.Bytes()
}

// open opens a trace.
func open(t testing.TB, data []byte) *Reader {
	t.Helper()
	r, err := Open(bytes.NewReader(data), Options{SlotBytes: slotBytes})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type (
	node  struct{ next, _ *node } // 16 bytes, scan
	large struct {
		_ *int
		_ [1000]byte
	}
)

var sink struct {
	nodes  []*node
	larges []*large
	huge   []byte
	tiny   []*int16
}

// churn allocates in all ways, on several goroutines.
func churn() {
	sink.nodes, sink.larges, sink.tiny = nil, nil, nil
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				n := new(node)
				if i%100 == 0 {
					runtime.Gosched()
				}
				_ = deep(i%50, n)
			}
		})
	}
	for range 1000 {
		sink.nodes = append(sink.nodes, new(node))
		sink.larges = append(sink.larges, new(large))
		sink.tiny = append(sink.tiny, new(int16))
	}
	sink.huge = make([]byte, 1<<20)
	wg.Wait()
	runtime.GC()
	sink.larges = nil
	runtime.GC()
	runtime.GC()
}

//go:noinline
func deep(n int, p *node) *node {
	var pad [100]int
	pad[n] = n
	if n == 0 || pad[0] != 0 {
		return &node{next: p}
	}
	return deep(n-1, p)
}

// sound is a trace of churn of which next to nothing does not fit. The runtime damages
// one now and then where stacks grow (docs/heap.md): not each of several in turn.
func sound(t *testing.T) []byte {
	t.Helper()
	for range 5 {
		data := record(t, churn)
		var all, misfits int
		var damage error
		for e, err := range open(t, data).Events() {
			if err != nil {
				damage = err
				break
			}
			if all++; e.Kind == Misfit {
				misfits++
			}
		}
		if damage == nil && misfits*2000 <= all {
			return data
		}
		t.Logf("a damaged trace: %v, and %d of %d events do not fit", damage, misfits, all)
	}
	t.Fatal("each of five traces is damaged")
	return nil
}

// TestEvents reads a trace of this process and holds what is known of it.
func TestEvents(t *testing.T) {
	data := sound(t)
	r := open(t, data)
	kinds := make(map[Kind]int)
	whys := make(map[Why]int)
	byType := make(map[string]int)
	bySlot := make(map[string]int64)
	var last int64
	forced := false
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Time < last {
			t.Fatalf("time goes back from %d to %d", last, e.Time)
		}
		last = e.Time
		kinds[e.Kind]++
		switch e.Kind {
		case Misfit:
			whys[e.Why]++
		case MarkBegin:
			forced = forced || slices.Contains(e.Stack, "runtime.GC") && slices.Contains(e.Stack, "github.com/stackward-go/stackward/internal/alloctrace.churn")
		case ObjectAlloc:
			name := r.Type(e.Type).Name
			byType[name]++
			bySlot[name] = r.Span(e.Span).SlotBytes
			if s := r.Span(e.Span); e.Slot < 0 || e.Slot >= s.Slots {
				t.Fatalf("slot %d of %+v", e.Slot, s)
			}
		}
	}
	for kind, least := range map[Kind]int{
		SpanExists: 10, SpanAlloc: 10, SpanFree: 1, ObjectExists: 100, ObjectAlloc: 80_000, ObjectFree: 70_000,
		StackExists: 2, StackAlloc: 4, StackFree: 4, MarkBegin: 3, MarkEnd: 3, PauseBegin: 6, PauseEnd: 6,
		HeapLive: 1, HeapGoal: 3, Procs: 1,
	} {
		if kinds[kind] < least {
			t.Errorf("%d events of kind %d, want at least %d", kinds[kind], kind, least)
		}
	}
	for name, want := range map[string]struct {
		n    int
		slot int64
	}{"alloctrace.node": {81_000, 16}, "alloctrace.large": {1000, 1024}, "int16": {1000, 16}} {
		if byType[name] < want.n || bySlot[name] != want.slot {
			t.Errorf("%s: %d in slots of %d, want at least %d in slots of %d", name, byType[name], bySlot[name], want.n, want.slot)
		}
	}
	if n := kinds[Misfit]; n > kinds[ObjectAlloc]/1000 {
		t.Errorf("%d events do not fit: %v", n, whys)
	}
	if !forced {
		t.Error("no collection has the stack of churn and runtime.GC")
	}
	if c := r.Clock(); c == nil || c.Wall.IsZero() {
		t.Errorf("clock %+v", c)
	}
}

// TestConfirm compares the events with those of golang.org/x/exp/trace, each
// thread's in order: the type and place of each allocation, pauses, collections.
func TestConfirm(t *testing.T) {
	data := sound(t)
	want := make(map[int64][]string)
	ref, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[uint64]string)
	var base uint64
	for {
		e, err := ref.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s := ""
		switch e.Kind() {
		case trace.EventSync:
			clear(names)
			for _, b := range e.Sync().ExperimentalBatches["AllocFree"] {
				d := decoder{data: b.Data[1:]}
				if b.Data[0] == infoBatch {
					base = d.uvarint()
				}
				for b.Data[0] == typesBatch && len(d.data) > 0 {
					id := d.uvarint()
					d.uvarint()
					d.uvarint()
					d.uvarint()
					names[id] = string(d.bytes(d.uvarint()))
				}
			}
		case trace.EventExperimental:
			x := e.Experimental()
			id := x.ArgValue(0).Uint64()
			switch x.Name {
			case "HeapObject", "HeapObjectAlloc":
				s = fmt.Sprintf("%x %s", base+8*id, names[x.ArgValue(1).Uint64()])
			case "HeapObjectFree":
				s = fmt.Sprintf("%x free", base+8*id)
			case "Span", "SpanAlloc":
				s = fmt.Sprintf("%x span %d", base+8192*id, x.ArgValue(1).Uint64())
			case "SpanFree":
				s = fmt.Sprintf("%x span free", base+8192*id)
			case "GoroutineStack", "GoroutineStackAlloc":
				if o := x.ArgValue(1).Uint64(); o > 0 {
					s = fmt.Sprintf("%x stack %d", base+2048*id, 1<<(o-1))
				}
			case "GoroutineStackFree":
				s = fmt.Sprintf("%x stack free", base+2048*id)
			}
		case trace.EventRangeBegin, trace.EventRangeEnd:
			if name := e.Range().Name; strings.HasPrefix(name, "stop-the-world") || strings.Contains(name, "concurrent mark") {
				s = strings.TrimPrefix(name, "stop-the-world ") + e.Kind().String()
			}
		case trace.EventMetric:
			s = fmt.Sprint(e.Metric().Value.Uint64())
		}
		if s != "" {
			want[int64(e.Thread())] = append(want[int64(e.Thread())], s)
		}
	}
	got := make(map[int64][]string)
	r := open(t, data)
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == Misfit {
			t.Logf("misfit: %v at %#x", e.Why, e.Addr)
		}
		s := ""
		switch e.Kind {
		case ObjectExists, ObjectAlloc:
			s = fmt.Sprintf("%x %s", e.Addr, r.Type(e.Type).Name)
		case ObjectFree:
			s = fmt.Sprintf("%x free", e.Addr)
		case SpanExists, SpanAlloc:
			s = fmt.Sprintf("%x span %d", e.Addr, e.N)
		case SpanFree:
			s = fmt.Sprintf("%x span free", e.Addr)
		case StackExists, StackAlloc:
			s = fmt.Sprintf("%x stack %d", e.Addr, e.N)
		case StackFree:
			s = fmt.Sprintf("%x stack free", e.Addr)
		case PauseBegin:
			s = "(" + e.Reason + ")RangeBegin"
		case PauseEnd:
			s = "RangeEnd"
		case MarkBegin:
			s = "GC concurrent mark phaseRangeBegin"
		case MarkEnd:
			s = "GC concurrent mark phaseRangeEnd"
		case HeapLive, HeapGoal, Procs:
			s = fmt.Sprint(e.N)
		default:
			continue
		}
		got[e.Thread] = append(got[e.Thread], s)
	}
	compared := 0
	for thread, list := range want {
		for i, w := range list {
			if strings.HasSuffix(w, ")RangeEnd") {
				w = "RangeEnd"
			}
			if i >= len(got[thread]) || got[thread][i] != w {
				t.Fatalf("thread %d, event %d: got %q, want %q", thread, i, got[thread][i:min(i+1, len(got[thread]))], w)
			}
			compared++
		}
		if len(got[thread]) != len(list) {
			t.Errorf("thread %d: %d events, want %d", thread, len(got[thread]), len(list))
		}
	}
	if compared < 150_000 {
		t.Errorf("only %d events compared", compared)
	}
}

// TestBadInput holds what is said of input that is no trace, or not all of one.
func TestBadInput(t *testing.T) {
	data := sound(t)
	plain := func() []byte {
		t.Setenv("GODEBUG", "traceallocfree=0")
		var b bytes.Buffer
		if err := rtrace.Start(&b); err != nil {
			t.Fatal(err)
		}
		rtrace.Stop()
		return b.Bytes()
	}()
	with := func(version string) []byte {
		return append([]byte("go 1."+version+" trace\x00\x00\x00"), data[headerBytes:]...)
	}
	damaged := slices.Clone(data)
	for i := len(data) / 2; i < len(data)/2+1000; i++ {
		damaged[i] = 0xff
	}
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "an empty file"},
		{"short", data[:7], "cut off in its first bytes"},
		{"text", []byte("package main\n\nfunc main() {}\n"), "no execution trace"},
		{"old", with("19"), "a trace of go1.19, which has no events of allocations"},
		{"go1.22", with("22"), "a trace of go1.22, which has no events of allocations"},
		{"new", with("31"), "a trace of format go1.31"},
		{"header only", data[:headerBytes], "a trace without events"},
		{"plain", plain, "it has no events of allocations"},
		{"truncated", data[:len(data)/2], "cut off"},
		{"damaged", damaged, "damaged: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := Open(bytes.NewReader(test.data), Options{SlotBytes: slotBytes})
			if err == nil {
				for _, err = range r.Events() {
				}
			}
			x, ok := errors.AsType[*Error](err)
			if !ok || !strings.HasPrefix(x.Error(), test.want) || x.Hint == "" {
				t.Errorf("got %#v, want one that begins with %q and has a hint", err, test.want)
			}
		})
	}
}

// TestPartial checks that a trace that is cut off yields all whole generations.
func TestPartial(t *testing.T) {
	one := sound(t)
	// The second has the same generation again, under the next number: cut, the
	// first is whole.
	r, err := Open(io.MultiReader(bytes.NewReader(one), bytes.NewReader(one[headerBytes:len(one)/2])), Options{SlotBytes: slotBytes})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var last error
	for _, err := range r.Events() {
		if err != nil {
			last = err
			break
		}
		n++
	}
	x, ok := errors.AsType[*Error](last)
	if !ok || !x.Partial || n < 100_000 {
		t.Errorf("%d events, then %v", n, last)
	}
}

func FuzzReader(f *testing.F) {
	small := record(f, func() { sink.nodes = append(sink.nodes[:0], new(node)) })
	f.Add(small)
	f.Add(small[:len(small)/2])
	f.Add([]byte("go 1.25 trace\x00\x00\x00"))
	// One with a sample of a CPU profile, of a stack that there is not, and without a clock.
	f.Add([]byte("go 1.25 trace\x00\x00\x00\x01\x01\x01\x01\x07\x06\x07\x01\x01\x01\x01\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(bytes.NewReader(data), Options{SlotBytes: slotBytes, Sample: func(s *Sample) {
			for _, f := range s.Stack {
				if f.Line < 0 {
					t.Fatalf("%+v", f)
				}
			}
		}})
		if err != nil {
			return
		}
		for e, err := range r.Events() {
			if err != nil {
				return
			}
			if e.Kind == 0 || e.Kind >= numKinds {
				t.Fatalf("kind %d", e.Kind)
			}
			switch e.Kind {
			case ObjectExists, ObjectAlloc, ObjectFree:
				if s := r.Span(e.Span); e.Slot < 0 || e.Slot >= s.Slots || s.Class != e.Class {
					t.Fatalf("%+v in %+v", e, s)
				}
				r.Type(e.Type)
			}
		}
	})
}

// traceFile is a trace to measure with, of a program of one's own.
func traceFile(b *testing.B) []byte {
	if name := os.Getenv("ALLOCTRACE"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		return data
	}
	return record(b, func() {
		for range 10 {
			churn()
		}
	})
}

// BenchmarkRead reads a trace, ALLOCTRACE names another than its own; sub-benchmark
// xexp reads the same with golang.org/x/exp/trace and does nothing with it.
func BenchmarkRead(b *testing.B) {
	data := traceFile(b)
	b.Run("alloctrace", func(b *testing.B) {
		n := 0
		for b.Loop() {
			r := open(b, data)
			for _, err := range r.Events() {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		b.ReportMetric(float64(n)/1e6/b.Elapsed().Seconds(), "Mevents/s")
	})
	b.Run("xexp", func(b *testing.B) {
		n := 0
		for b.Loop() {
			r, err := trace.NewReader(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			for {
				e, err := r.ReadEvent()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				if e.Kind() == trace.EventExperimental {
					n++
				}
			}
		}
		b.ReportMetric(float64(n)/1e6/b.Elapsed().Seconds(), "Mevents/s")
	})
}
