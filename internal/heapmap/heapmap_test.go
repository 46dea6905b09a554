package heapmap

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"math"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/sizeclass"
	"github.com/stackward-go/stackward/internal/tracetest"
)

var traceFile = flag.String("heap.trace", "", "the trace that BenchmarkReplay reads; testdata/prog's otherwise")

// traced runs testdata/prog: its trace, and what the runtime counted at its beginning
// and its end.
var traced = sync.OnceValues(func() ([]byte, [2]runtime.MemStats) {
	var data []byte
	var stats [2]runtime.MemStats
	for range 5 { // threads write their events late now and then, so that some do not fit
		trace, out, err := tracetest.Run("testdata/prog", slots, "GOGC=100", "GOMAXPROCS=4")
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(out, &stats); err != nil {
			panic(err)
		}
		data = trace
		if _, m, err := replayed(data, math.MaxInt64); err == nil && m.Unfit.Sum() == 0 {
			break
		}
	}
	return data, stats
})

func replay(t testing.TB, data []byte, until int64) (*alloctrace.Reader, *Map) {
	t.Helper()
	r, m, err := replayed(data, until)
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

func replayed(data []byte, until int64) (*alloctrace.Reader, *Map, error) {
	r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
	if err != nil {
		return nil, nil, err
	}
	m := New(r, r.Version())
	for e, err := range r.Events() {
		if err != nil {
			return nil, nil, err
		}
		if e.Time > until {
			break
		}
		m.Add(e)
	}
	m.Finish()
	return r, m, nil
}

// TestEnded leaves out a collection that is under way.
func TestEnded(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	_, whole := replay(t, data, math.MaxInt64)
	last := whole.Collections[len(whole.Collections)-1]
	_, m := replay(t, data, last.End-1)
	if n := len(m.Collections); n != len(whole.Collections) || int(m.ended) != n-1 {
		t.Errorf("%d collections of %d, %d ended", n, len(whole.Collections), int(m.ended))
	}
}

var slots = sizeclass.ForGo(runtime.Version()).Slots()

// TestRuntimeCounts holds a replay to what the traced process itself counted.
func TestRuntimeCounts(t *testing.T) {
	t.Parallel()
	data, stats := traced()
	_, m := replay(t, data, math.MaxInt64)
	before, after := &stats[0], &stats[1]
	// What is allocated between a counter's reading and the trace's end: the runtime's
	// own, some dozens of objects. A part in a hundred is far above it.
	near := func(what string, got int64, want uint64) {
		if d := math.Abs(float64(got)/float64(want) - 1); d > 0.01 {
			t.Errorf("%s: %d, the runtime counted %d", what, got, want)
		}
	}
	near("objects allocated", m.Allocs, after.Mallocs-before.Mallocs)
	near("bytes allocated", m.AllocBytes, after.TotalAlloc-before.TotalAlloc)
	near("objects freed", m.Frees, after.Frees-before.Frees)
	near("bytes live", m.LiveBytes, after.HeapAlloc)
	near("bytes of spans", m.Inuse, after.HeapInuse)
	if got, want := len(m.Collections), int(after.NumGC-before.NumGC); got != want {
		t.Errorf("%d collections, the runtime counted %d", got, want)
	}
	if got, want := int(m.ended), int(after.NumGC-before.NumGC); got != want {
		t.Errorf("%d collections ended, the runtime counted %d", got, want)
	}
	if last := m.Collections[len(m.Collections)-1]; last.End <= last.Begin || last.Marked == 0 || last.Pause == 0 {
		t.Errorf("last collection: %+v", last)
	}
	if first := m.Collections[0]; first.Goal == 0 {
		t.Errorf("first collection: %+v", first)
	}
	if n := m.Unfit.Sum(); n*1000 > m.Events {
		t.Errorf("%d of %d events do not fit: %+v", n, m.Events, m.Unfit)
	}
	if m.Tiny == 0 {
		t.Error("no tiny objects")
	}
	// One for each P and collection: mallocgc may be stopped before it tells of an object.
	if m.Early > 4*int64(len(m.Collections)) {
		t.Errorf("%d objects were freed before a collection could find them dead", m.Early)
	}
	triggers := make(map[Trigger]int)
	for _, c := range m.Collections {
		triggers[c.Trigger]++
	}
	if n := len(m.Collections); triggers[ByGC] != 1 || triggers[ByGoal] != n-1 {
		t.Errorf("of %d collections: %v, want one that was asked for and the others by the goal", n, triggers)
	}
}

// TestWhole holds the parts of a map to each other.
func TestWhole(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	tr, m := replay(t, data, math.MaxInt64)
	var spans, inuse, live, allocs int64
	for _, c := range m.Classes() {
		spans += c.Spans
		inuse += c.Inuse
		allocs += c.Allocs
		if c.Size > 0 {
			live += c.Live * c.Size
			if c.Inuse != c.Live*c.Size+c.Free+c.Tail {
				t.Errorf("class of %d: %d bytes are not %d live, %d free and %d behind", c.Size, c.Inuse, c.Live*c.Size, c.Free, c.Tail)
			}
		} else {
			live += c.Inuse
		}
		if c.Live > c.Slots || c.Full+c.Empty > c.Spans {
			t.Errorf("class: %+v", c)
		}
	}
	if spans != m.Spans || inuse != m.Inuse || live != m.LiveBytes || allocs != m.Allocs {
		t.Errorf("classes have %d spans of %d, %d live, %d allocated; in all %d of %d, %d, %d", spans, inuse, live, allocs, m.Spans, m.Inuse, m.LiveBytes, m.Allocs)
	}
	types := make(map[string]Lives)
	var bytes int64
	for _, c := range m.Types() {
		bytes += c.LiveBytes
		types[tr.Type(c.N).Name] = c
	}
	if bytes != m.LiveBytes {
		t.Errorf("types have %d live, in all %d", bytes, m.LiveBytes)
	}
	unfit := m.Unfit.Sum() // an object that does not fit is not counted
	if n := types["main.node"]; n.Allocs < 180000-unfit || n.Allocs > 180000 || n.AllocBytes != n.Allocs*64 || n.Live < 12500 || n.Temporary == 0 {
		t.Errorf("nodes: %+v", n)
	}
	if n := types["main.large"]; n.Allocs < 11250-unfit || n.Allocs > 11250 || n.AllocBytes != n.Allocs*2688 || float64(n.Temporary) < 0.9*float64(n.Freed) {
		t.Errorf("large: %+v", n)
	}
	if n := types["main.growing"]; n.Live != 6250 || n.Grows == 0 {
		t.Errorf("growing: %+v", n)
	}
	if n := types["main.large"].Grows; n != 0 {
		t.Errorf("large grows by %d", n)
	}
	grown := false
	for _, s := range m.Stacks() {
		grown = grown || s.Bytes == 64<<10 && s.Allocs > 0
	}
	if !grown {
		t.Errorf("no stack has grown to 64 KiB: %+v", m.Stacks())
	}
	last := int64(-1)
	for _, p := range m.Points() {
		if p.Time <= last {
			t.Fatalf("%d after %d", p.Time, last)
		}
		last = p.Time
	}
}

// TestUntil stops at a moment.
func TestUntil(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	_, whole := replay(t, data, math.MaxInt64)
	half := whole.Now() / 2
	_, m := replay(t, data, half)
	if m.Now() > half || m.Allocs == 0 || m.Allocs >= whole.Allocs {
		t.Errorf("at %d of %d ns: %d of %d objects", m.Now(), whole.Now(), m.Allocs, whole.Allocs)
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class             alloctrace.Class
		size, slot, below int64
		want              Range
	}{
		{4 << 1, 25, 32, 24, Range{7, 7}},                       // one
		{4 << 1, 8, 32, 24, Range{0, 0}},                        // four
		{5 << 1, 8, 48, 32, Range{0, 8}},                        // five or six
		{5<<1 | 1, 0, 48, 32, Range{0, 15}},                     // 33 to 48 bytes
		{32 << 1, 1008, 1024, 896, Range{16, 16}},               // with a header
		{alloctrace.TinyClass, 16, 16, 8, Range{}},              // alone in its block
		{alloctrace.TinyClass, 2, 16, 8, Range{0, 15}},          // with others
		{0, 33_000, 5 * 8192, 0, Range{7960, 7960}},             // large
		{1, 1, 5 * 8192, 0, Range{0, alloctrace.PageBytes - 1}}, // large, of bytes
		{4 << 1, 40, 32, 24, Range{0, 32}},                      // of another type
	} {
		if got := unused(tt.size, tt.class, tt.slot, tt.below); got != tt.want {
			t.Errorf("a type of %d bytes in a slot of %d: %v, want %v", tt.size, tt.slot, got, tt.want)
		}
	}
}

// TestRounding holds what types tell of the whole heap: large has 2408 bytes, with a
// header, in a slot of 2688.
func TestRounding(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	tr, m := replay(t, data, math.MaxInt64)
	classes, types := m.Rounding()
	var a, b Range
	for _, r := range classes {
		a.add(r)
	}
	for _, r := range types {
		b.add(r)
	}
	if a != b || a.Min <= 0 || a.Max > m.LiveBytes {
		t.Errorf("classes lose %v, types %v of %d", a, b, m.LiveBytes)
	}
	for _, c := range m.Types() {
		if tr.Type(c.N).Name == "main.large" {
			if want := c.Live * (2688 - 2408); types[c.N] != (Range{want, want}) {
				t.Errorf("%d large lose %v, want %d", c.Live, types[c.N], want)
			}
		}
	}
	if got := m.Tracer(); got != 2*(1<<20+1<<17) {
		t.Errorf("the tracer has %d bytes", got)
	}
}

// TestDead stops as a collection has marked: what it found dead is told, and is what
// it sweeps until the next one.
func TestDead(t *testing.T) {
	t.Parallel()
	data, _ := traced()
	_, whole := replay(t, data, math.MaxInt64)
	if whole.DeadKnown {
		t.Error("at the end it is not known what is dead")
	}
	r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
	if err != nil {
		t.Fatal(err)
	}
	c := whole.Collections[len(whole.Collections)/2]
	m := New(r, r.Version())
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Time <= c.End {
			m.Add(e)
		} else {
			m.After(e)
		}
	}
	if !m.DeadKnown || m.Dead == 0 || m.Dead > c.Swept || m.Dead < c.Swept/2 || m.DeadBytes > m.LiveBytes {
		t.Errorf("%d of %d bytes are dead at the end of marking, and the collection swept %d", m.Dead, m.DeadBytes, c.Swept)
	}
}

func TestTrigger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stack []string
		want  Trigger
	}{
		{nil, ByAnything},
		{[]string{"runtime.mallocgcSmallScanNoHeader", "runtime.mallocgc", "runtime.newobject", "main.main"}, ByGoal},
		{[]string{"runtime.GC", "main.main"}, ByGC},
		{[]string{"runtime.GC", "runtime/debug.freeOSMemory", "runtime/debug.FreeOSMemory", "main.main"}, ByFree},
		{[]string{"runtime.forcegchelper"}, ByPeriod},
		{[]string{"runtime.gcStart"}, ByAnything},
	} {
		if got := TriggerOf(tt.stack); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.stack, got, tt.want)
		}
	}
}

func TestGrows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		old  []int64
		want int64
	}{
		{"short", []int64{1, 2, 3, 4}, 0},
		{"leak", []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4},
		{"level", []int64{0, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 0},
		{"waves", []int64{0, 10, 2, 12, 3, 14, 4, 16, 5, 18}, 0},
		{"fills", []int64{0, 40, 70, 90, 99, 99, 99, 99, 99, 99}, 0},
	}
	for _, tt := range tests {
		if got := grows(tt.old); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// BenchmarkReplay reads a trace with a replay, and beside it with nothing: the
// difference is the replay's part.
func BenchmarkReplay(b *testing.B) {
	data, _ := traced()
	if *traceFile != "" {
		var err error
		if data, err = os.ReadFile(*traceFile); err != nil {
			b.Fatal(err)
		}
	}
	for _, side := range []string{"replay", "read"} {
		b.Run(side, func(b *testing.B) {
			events := 0
			for b.Loop() {
				r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
				if err != nil {
					b.Fatal(err)
				}
				m := New(r, r.Version())
				for e, err := range r.Events() {
					if err != nil {
						b.Fatal(err)
					}
					if side == "replay" {
						m.Add(e)
					}
					events++
				}
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}

// FuzzRead replays damaged traces: whatever is read must be told or refused.
func FuzzRead(f *testing.F) {
	data, _ := traced()
	f.Add(data[:min(len(data), 1<<16)])
	f.Add([]byte("go 1.26 trace\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := alloctrace.Open(bytes.NewReader(data), alloctrace.Options{SlotBytes: slots})
		if err != nil {
			return
		}
		m := New(r, r.Version())
		for e, err := range r.Events() {
			if err == nil {
				m.Add(e)
			}
		}
		for _, c := range m.Classes() {
			if c.Live > c.Slots && m.Unfit.Sum() == 0 || c.Spans < 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

// What does not fit is told by what is wrong with it.
func TestUnfitReasons(t *testing.T) {
	var u Unfit
	if len(u.Reasons()) != 0 || u.Sum() != 0 {
		t.Errorf("none: %v", u.Reasons())
	}
	u.Twice, u.Why[alloctrace.NoSpan], u.Why[alloctrace.StackSize] = 2, 3, 1
	want := map[string]int64{"something lives there": 2, "object in no span": 3, "impossible stack": 1}
	if got := u.Reasons(); !maps.Equal(got, want) || u.Sum() != 6 {
		t.Errorf("%v, %d", got, u.Sum())
	}
}
