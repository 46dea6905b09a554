package heapz

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"time"
)

// This file is copied into the programs that "stackward heap record" runs
// (internal/benchrun/patch/agent_recorder.go.txt, which a test holds to be the
// same): it needs no newer language than go1.12, imports the standard library
// only, and its names are its own.

// stackwardMagic is the first line of a recording; its format is told in
// docs/formats.md of stackward.
const stackwardMagic = "stackward heap recording 1\n"

// The chunks that the recorded process writes.
const (
	stackwardStart   = 'S'
	stackwardTrace   = 'T'
	stackwardMetrics = 'M'
	stackwardProfile = 'P'
	stackwardStop    = 'X'
	stackwardEnd     = 'E' // by heapz only
)

// stackwardEvery is the time between two samples of the metrics.
const stackwardEvery = 100 * time.Millisecond

// A stackwardRecorder records the process it runs in: trace, metrics, profiles.
type stackwardRecorder struct {
	emit     func(chunk []byte) error // writes a whole chunk, or nothing
	max      int64                    // bytes to emit, 0 no bound
	profiles bool                     // take a heap profile at the end, behind a collection: it has what that knows
	early    bool                     // and one before the trace: the process was there before
	quiet    func()                   // if not nil, called after each sample
	cpu      func()                   // if not nil, has the process's CPU time be sampled
	cpuEnd   func(why string)         // if not nil, ends that

	mu     sync.Mutex
	buf    []byte // the chunk being emitted
	size   int64  // bytes emitted
	traced int64  // bytes of the trace emitted
	cut    bool   // not all of the trace was
	err    error

	why     chan string // asks it to end
	done    chan struct{}
	samples []metrics.Sample
	text    []byte // of the last sample
}

var stackwardCRC = crc32.MakeTable(crc32.Castagnoli)

// start begins the recording. It fails if the program traces itself.
func (r *stackwardRecorder) start() error {
	r.why, r.done = make(chan string, 1), make(chan struct{})
	for _, d := range metrics.All() {
		r.samples = append(r.samples, metrics.Sample{Name: d.Name})
	}
	metrics.Read(r.samples)
	if r.early {
		runtime.GC()
		r.profile("heap at start")
	}
	if err := trace.Start(stackwardTracer{r}); err != nil {
		return err
	}
	// What the tracer allocates as it starts is before the trace's first event, and what
	// a CPU profile does, behind it. As in finish, the moment is known by the function.
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if r.cpu != nil {
		r.cpu() // the samples go into the trace
	}
	r.chunk(stackwardStart, r.self(&m))
	go r.loop()
	return nil
}

// end ends the recording, says why, and waits until all is written.
func (r *stackwardRecorder) end(why string) {
	r.ask(why)
	<-r.done
}

// ask has the recording end soon; the first who asks says why.
func (r *stackwardRecorder) ask(why string) {
	select {
	case r.why <- why:
	default:
	}
}

func (r *stackwardRecorder) loop() {
	t := time.NewTicker(stackwardEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			r.sample(false)
			if r.quiet != nil {
				r.quiet()
			}
		case why := <-r.why:
			r.finish(why)
			close(r.done)
			return
		}
	}
}

// finish writes what is known at the end.
func (r *stackwardRecorder) finish(why string) {
	// The counters are read while there is a trace, which so has the moment that they are
	// of: until trace.Stop returns, all is handed over, and the program goes on. stackward
	// knows the moment by the name of this function.
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	trace.Stop() // what comes before it is in the trace, which has a bound
	if r.cpuEnd != nil {
		r.cpuEnd(why)
	}
	r.sample(true)
	if r.profiles {
		runtime.GC()
		r.profile("heap")
	}
	b := append([]byte(`{"why":`), strconv.Quote(why)...)
	r.mu.Lock()
	if r.err != nil {
		b = append(b, `,"error":`...)
		b = stackwardQuote(b, r.err.Error())
		r.err = nil // there may be space for this
	}
	b = stackwardField(b, `,"trace_bytes":`, r.traced)
	if r.cut {
		b = append(b, `,"cut":true`...)
	}
	r.mu.Unlock()
	b = stackwardField(b, `,"time":`, time.Now().UnixNano())
	b = append(b, `,"memstats":`...)
	b = append(stackwardMemStats(b, &m), '}')
	r.chunk(stackwardStop, b)
}

// chunk emits a chunk unless it does not fit.
func (r *stackwardRecorder) chunk(kind byte, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := int64(9 + len(payload))
	room := r.err == nil && (r.max == 0 || r.size+size <= r.max || kind == stackwardStop || kind == stackwardEnd)
	if kind == stackwardTrace {
		if r.cut || !room {
			r.cut = true
			return
		}
		r.traced += int64(len(payload))
	} else if !room {
		return
	}
	b := append(r.buf[:0], kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	sum := crc32.Update(crc32.Checksum(b, stackwardCRC), stackwardCRC, payload)
	b = binary.LittleEndian.AppendUint32(b, sum)
	b = append(b, payload...)
	r.buf = b
	if err := r.emit(b); err != nil {
		r.err = err
		if kind == stackwardTrace {
			r.traced -= int64(len(payload))
			r.cut = true
		}
		r.ask("error")
		return
	}
	r.size += size
	if r.max > 0 && r.size > r.max-r.reserve() {
		r.ask("max-size")
	}
}

// reserve is what is kept free for the end: the last metrics, the profile, and
// what of the trace the runtime has not handed out yet. A trace is read in whole
// generations, a second each: without its end the last one is lost.
func (r *stackwardRecorder) reserve() int64 {
	const least = 8 << 20
	n := r.max / 8
	if n < least {
		n = least
	}
	if n > r.max/2 {
		n = r.max / 2
	}
	return n
}

// A stackwardTracer takes the trace. What it returns nobody looks at
// (runtime/trace), and nothing of what it is handed is kept.
type stackwardTracer struct{ r *stackwardRecorder }

func (t stackwardTracer) Write(p []byte) (int, error) {
	t.r.chunk(stackwardTrace, p)
	return len(p), nil
}

// profile writes the heap profile.
func (r *stackwardRecorder) profile(name string) {
	b := bytes.NewBufferString(name + "\n")
	if p := pprof.Lookup("heap"); p != nil && p.WriteTo(b, 0) == nil {
		r.chunk(stackwardProfile, b.Bytes())
	}
}

// self is what the process knows of itself. The samples are from before the trace, m from
// its begin.
func (r *stackwardRecorder) self(m *runtime.MemStats) []byte {
	b := append([]byte(`{"go":"`), runtime.Version()...)
	b = append(b, `","goos":"`+runtime.GOOS+`","goarch":"`+runtime.GOARCH+`","args":[`...)
	for i, a := range os.Args {
		if i > 0 {
			b = append(b, ',')
		}
		b = stackwardQuote(b, a)
	}
	b = stackwardField(b, `],"pid":`, int64(os.Getpid()))
	b = stackwardField(b, `,"gomaxprocs":`, int64(runtime.GOMAXPROCS(0)))
	for _, s := range r.samples {
		switch {
		case s.Value.Kind() != metrics.KindUint64:
		case s.Name == "/gc/gogc:percent":
			gogc := int64(s.Value.Uint64())
			if uint64(gogc) >= math.MaxInt32 { // off
				gogc = -1
			}
			b = stackwardField(b, `,"gogc":`, gogc)
		case s.Name == "/gc/gomemlimit:bytes":
			b = stackwardField(b, `,"gomemlimit":`, int64(s.Value.Uint64()))
		case s.Name == "/memory/classes/other:bytes": // MemStats.OtherSys: the tracer's buffers are in it
			b = stackwardField(b, `,"other_sys":`, int64(s.Value.Uint64()))
		}
	}
	b = stackwardField(b, `,"profile_rate":`, int64(runtime.MemProfileRate))
	if r.profiles {
		b = append(b, `,"collected":true`...)
	}
	b = stackwardField(b, `,"time":`, time.Now().UnixNano())
	b = append(b, `,"memstats":`...)
	return append(stackwardMemStats(b, m), '}')
}

// sample writes what the metrics say; histograms only grow, so they are
// written at the end.
func (r *stackwardRecorder) sample(histograms bool) {
	metrics.Read(r.samples)
	b := stackwardField(r.text[:0], `{"time":`, time.Now().UnixNano())
	b = append(b, `,"values":{`...)
	sep := `"`
	for _, s := range r.samples {
		var v float64
		switch s.Value.Kind() {
		case metrics.KindUint64:
			v = float64(s.Value.Uint64())
		case metrics.KindFloat64:
			v = s.Value.Float64()
		default:
			continue
		}
		if math.IsNaN(v) || math.IsInf(v, 0) || strings.HasPrefix(s.Name, "/godebug/") {
			continue
		}
		b = append(append(append(b, sep...), s.Name...), `":`...)
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
		sep = `,"`
	}
	b = append(b, '}')
	if histograms {
		b = append(b, `,"histograms":{`...)
		sep = `"`
		for _, s := range r.samples {
			if s.Value.Kind() == metrics.KindFloat64Histogram {
				b = append(append(append(b, sep...), s.Name...), `":[`...)
				b = append(stackwardBuckets(b, s.Value.Float64Histogram()), ']')
				sep = `,"`
			}
		}
		b = append(b, '}')
	}
	b = append(b, '}')
	r.text = b
	r.chunk(stackwardMetrics, b)
}

// stackwardBuckets appends those that count something.
func stackwardBuckets(b []byte, h *metrics.Float64Histogram) []byte {
	sep := ""
	for i, n := range h.Counts {
		if n == 0 {
			continue
		}
		b = append(b, sep...)
		sep = ","
		for j, name := range []string{`{"lo":`, `,"hi":`} {
			b = append(b, name...)
			if v := h.Buckets[i+j]; math.IsInf(v, 0) {
				b = append(b, "null"...)
			} else {
				b = strconv.AppendFloat(b, v, 'g', -1, 64)
			}
		}
		b = append(strconv.AppendUint(append(b, `,"count":`...), n, 10), '}')
	}
	return b
}

func stackwardField(b []byte, name string, v int64) []byte {
	return strconv.AppendInt(append(b, name...), v, 10)
}

// stackwardQuote appends a JSON string; bytes that are no UTF-8 are lost.
func stackwardQuote(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, string(c)...)
		}
	}
	return append(b, '"')
}

// stackwardMemStats appends m as encoding/json would, without the lists of
// pauses.
func stackwardMemStats(b []byte, m *runtime.MemStats) []byte {
	sep := "{"
	for _, f := range []struct {
		name  string
		value uint64
	}{
		{"Alloc", m.Alloc}, {"TotalAlloc", m.TotalAlloc}, {"Sys", m.Sys},
		{"Mallocs", m.Mallocs}, {"Frees", m.Frees},
		{"HeapAlloc", m.HeapAlloc}, {"HeapSys", m.HeapSys}, {"HeapIdle", m.HeapIdle},
		{"HeapInuse", m.HeapInuse}, {"HeapReleased", m.HeapReleased}, {"HeapObjects", m.HeapObjects},
		{"StackInuse", m.StackInuse}, {"StackSys", m.StackSys},
		{"MSpanInuse", m.MSpanInuse}, {"MSpanSys", m.MSpanSys},
		{"MCacheInuse", m.MCacheInuse}, {"MCacheSys", m.MCacheSys},
		{"BuckHashSys", m.BuckHashSys}, {"GCSys", m.GCSys}, {"OtherSys", m.OtherSys},
		{"NextGC", m.NextGC}, {"LastGC", m.LastGC}, {"PauseTotalNs", m.PauseTotalNs},
		{"NumGC", uint64(m.NumGC)}, {"NumForcedGC", uint64(m.NumForcedGC)},
	} {
		b = append(b, sep+`"`+f.name+`":`...)
		b = strconv.AppendUint(b, f.value, 10)
		sep = ","
	}
	b = append(b, `,"GCCPUFraction":`...)
	b = strconv.AppendFloat(b, m.GCCPUFraction, 'g', -1, 64)
	sep = `,"BySize":[{"Size":`
	for i := range m.BySize {
		c := &m.BySize[i]
		b = strconv.AppendUint(append(b, sep...), uint64(c.Size), 10)
		b = strconv.AppendUint(append(b, `,"Mallocs":`...), c.Mallocs, 10)
		b = strconv.AppendUint(append(b, `,"Frees":`...), c.Frees, 10)
		sep = `},{"Size":`
	}
	return append(b, "}]}"...)
}
