package heaprecord

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
	"github.com/stackward-go/stackward/internal/sizeclass"
	"github.com/stackward-go/stackward/internal/whatif"
)

// cpuProgram is testdata/cpu in a module of its own.
func cpuProgram(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("testdata/cpu/main.go")
	if err != nil {
		t.Fatal(err)
	}
	dir := module(t)
	for name, text := range map[string][]byte{"main.go": src, "go.mod": []byte("module example.com/m\n\ngo 1.24\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "m_test.go")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestCollectionCPU holds what a trace tells of the collector's time to what the
// collector's own log does, cycle by cycle.
func TestCollectionCPU(t *testing.T) {
	t.Parallel()
	req := request(t, cpuProgram(t), "go", "run", ".", "alloc")
	f := record(t, t.Context(), req)
	tr, err := alloctrace.Open(f.Trace(), alloctrace.Options{SlotBytes: sizeclass.ForGo(runtime.Version()).Slots()})
	if err != nil {
		t.Fatal(err)
	}
	m := heapmap.New(tr, runtime.Version())
	for e, err := range tr.Events() {
		if err != nil {
			t.Fatal(err)
		}
		m.Add(e)
	}
	m.Finish()
	lines := whatif.ReadLog(f.GCLog)
	n, marking := 0, int64(0)
	for _, c := range m.Collections {
		if c.End > 0 {
			n++
			marking += c.End - c.Begin
		}
	}
	lines = whatif.Align(lines, n, func(i int, l *whatif.LogLine) bool {
		return l.Start == m.Collections[i].Begun>>20 && l.Marked == m.Collections[i].Marked>>20
	})
	if n < 20 || len(lines) != n {
		t.Fatalf("%d cycles, and %d lines are theirs", n, len(lines))
	}
	var log, trace heapmap.CPU
	differ := 0
	for i, l := range lines {
		c := &m.Collections[i]
		if l.Start != c.Begun>>20 || l.Marked != c.Marked>>20 {
			differ++
		}
		log.Workers += int64(l.Workers * 1e6)
		log.Assists += int64(l.Assist * 1e6)
		log.Idle += int64(l.Idle * 1e6)
		log.Pauses += int64((l.SweepTerm + l.MarkTerm) * 1e6)
		trace.Workers += c.CPU.Workers
		trace.Assists += c.CPU.Assists
		trace.Idle += c.CPU.Idle
		trace.Pauses += c.CPU.Pauses
	}
	if differ > 0 {
		t.Errorf("%d of %d lines have other sizes than their cycles", differ, n)
	}
	// The trace has a worker's time up to where it gives its P away, which is at least
	// that of marking, the log's; the log has two digits.
	for _, x := range []struct {
		what       string
		trace, log int64
	}{{"workers", trace.Workers, log.Workers}, {"assists", trace.Assists, log.Assists}, {"idle", trace.Idle, log.Idle}} {
		if float64(x.trace) < 0.9*float64(x.log) {
			t.Errorf("%s: by the trace %d ns, by the log %d ns", x.what, x.trace, x.log)
		}
	}
	if most := marking * int64(f.Start.GOMAXPROCS); trace.Workers+trace.Idle > most {
		t.Errorf("workers took %d ns of %d", trace.Workers+trace.Idle, most)
	}

	r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out})
	if err != nil {
		t.Fatal(err)
	}
	g := r.Heap.GCCPU
	if g == nil || g.Source != alloc.FromGCLog || g.Workers != log.Workers || g.Share == nil || *g.Share <= 0 || *g.Share > 1 {
		t.Errorf("%+v, want %d ns of workers by the log", g, log.Workers)
	}
	sum := int64(0)
	for _, c := range r.Collections {
		if c.CPU != nil {
			sum += c.CPU.Sum()
		}
	}
	if sum != g.Sum() {
		t.Errorf("the collections have %d ns of CPU time, together %d", sum, g.Sum())
	}

	// Of a part of the recording, what it is of all CPU time is not known.
	at := time.Duration(m.Collections[n/2].Begin)
	r, err = engine.Heap(t.Context(), engine.HeapRequest{File: req.Out, At: &at})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Heap.GCCPU; p == nil || p.Source != alloc.FromGCLog || p.Workers >= g.Workers || p.Share != nil {
		t.Errorf("half of it has %+v, all %+v", p, g)
	}
	if c := r.Heap.CPU; c == nil || c.Last > m.Collections[n/2].Begin || c.Samples == 0 {
		t.Errorf("half of it has samples %+v", c)
	}

	// Without a log the trace tells.
	file := filepath.Join(t.TempDir(), "trace")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, f.Trace()); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if r, err = engine.Heap(t.Context(), engine.HeapRequest{File: file}); err != nil {
		t.Fatal(err)
	}
	if g := r.Heap.GCCPU; g == nil || g.Source != alloc.FromTrace || g.Workers != trace.Workers || g.Share != nil {
		t.Errorf("%+v, want %d ns of workers by the trace", g, trace.Workers)
	}
}

// cpuSamples is how many samples of the CPU time the trace of a recording has.
func cpuSamples(t *testing.T, f *recording.File) (n int) {
	t.Helper()
	tr, err := alloctrace.Open(f.Trace(), alloctrace.Options{
		SlotBytes: sizeclass.ForGo(runtime.Version()).Slots(),
		Sample:    func(*alloctrace.Sample) { n++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range tr.Events() {
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestCPU says where a program that mostly allocates in one place spends its time, with
// exact sites and without.
func TestCPU(t *testing.T) {
	t.Parallel()
	for _, exact := range []bool{true, false} {
		req := request(t, cpuProgram(t), "go", "run", ".", "alloc")
		req.Exact = exact
		record(t, t.Context(), req)
		r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out})
		if err != nil {
			t.Fatal(err)
		}
		c := r.Heap.CPU
		if c == nil || c.Samples < 20 || c.Recording == 0 {
			t.Fatalf("exact %v: samples %+v", exact, c)
		}
		if c.Allocation.Likely < 0.1 || c.Collection.Likely < 0.05 || c.Paid.Samples > c.Collection.Samples {
			t.Errorf("exact %v: allocation %+v, collection %+v, paid %+v", exact, c.Allocation, c.Collection, c.Paid)
		}
		if len(r.CPUSites) == 0 {
			t.Fatalf("exact %v: no sites", exact)
		}
		s := r.CPUSites[0]
		if s.File != "main.go" || s.Line != 44 || s.Func != "example.com/m.hot" || s.Callee != "" {
			t.Errorf("exact %v: the first is %s:%d in %s", exact, s.File, s.Line, s.Func)
		}
		if float64(s.Allocation.Samples) < 0.8*float64(c.Allocation.Samples) || float64(s.Paid.Samples) < 0.5*float64(c.Paid.Samples) {
			t.Errorf("exact %v: the first has %+v of %+v, and paid %+v of %+v", exact, s.Allocation, c.Allocation, s.Paid, c.Paid)
		}
		if s.Collection == nil || *s.Collection < 0.9*c.Collection.Likely || *s.Collection > c.Collection.Likely*1.001 {
			t.Errorf("exact %v: %v of the collector's %v are its part", exact, s.Collection, c.Collection.Likely)
		}
	}
}

// cpuOf is what a run of the program's spent its time on.
func cpuOf(t *testing.T, mode string) *alloc.HeapCPU {
	t.Helper()
	req := request(t, cpuProgram(t), "go", "run", ".", mode)
	record(t, t.Context(), req)
	r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out})
	if err != nil {
		t.Fatal(err)
	}
	return r.Heap.CPU
}

// A program that allocates nothing spends no time on it.
func TestNoAllocationCPU(t *testing.T) {
	t.Parallel()
	c := cpuOf(t, "none")
	if c == nil || c.Samples < 20 {
		t.Fatalf("samples %+v", c)
	}
	if c.Allocation.Samples > 1+c.Samples/50 || c.Collection.Samples > 1+c.Samples/50 {
		t.Errorf("of %d samples %d are of allocation and %d of collection", c.Samples, c.Allocation.Samples, c.Collection.Samples)
	}
}

// A program whose goroutines grow their stacks spends time on that.
func TestStacksCPU(t *testing.T) {
	t.Parallel()
	c := cpuOf(t, "stacks")
	if c == nil || c.Samples < 20 || c.Stacks.High < 0.1 || c.Stacks.Samples < 3 {
		t.Fatalf("growing stacks: %+v", c)
	}
}

// A program that takes a CPU profile of itself gets it, of the time that it asked for.
func TestOwnCPUProfile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "cpu.prof")
	req := request(t, cpuProgram(t), "go", "run", ".", "profile", name)
	var stderr bytes.Buffer
	req.Build.Stderr = &stderr
	f := record(t, t.Context(), req)
	if f.End.Exit != "" || stderr.Len() > 0 {
		t.Fatalf("it ended with %q, and said %s", f.End.Exit, &stderr)
	}
	its, others := profiled(t, name)
	if its < 5 || others > its/2 {
		t.Errorf("its profile has %d samples of what it profiles, and %d others", its, others)
	}
	if n := cpuSamples(t, f); int64(n) < 3*its/2 {
		t.Errorf("the trace has %d samples, the profile of its second half %d", n, its)
	}
}

// profiled counts the samples of a CPU profile: those of the program's function of this
// name, and the others.
func profiled(t *testing.T, name string) (its, others int64) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.ParseData(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Sample {
		in := slices.ContainsFunc(s.Location, func(l *profile.Location) bool {
			return slices.ContainsFunc(l.Line, func(l profile.Line) bool { return l.Function.Name == "main.profiled" })
		})
		if in {
			its += s.Value[0]
		} else {
			others += s.Value[0]
		}
	}
	return its, others
}

// Where the recording ends at its bound, a program's own CPU profile goes on.
func TestOwnCPUProfileGoesOn(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "cpu.prof")
	req := request(t, cpuProgram(t), "go", "run", ".", "profile", name, "allocate")
	req.MaxSize = 4 << 20
	f := record(t, t.Context(), req)
	if f.Stop.Why != recording.WhyMaxSize || f.End.Exit != "" {
		t.Fatalf("stopped by %q, ended with %q", f.Stop.Why, f.End.Exit)
	}
	if its, others := profiled(t, name); its < 5 || others == 0 {
		t.Errorf("its profile has %d samples of behind the recording, and %d of before", its, others)
	}
}
