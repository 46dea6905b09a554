package recorder

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
)

// A Run is one run of a benchmark function with its recorded allocations.
type Run struct {
	Name  string // without "Benchmark", with its sub-benchmarks
	Procs int
	N     int64 // operations
	// NetAllocs and NetBytes are what package testing counted in the timed
	// region.
	NetAllocs, NetBytes int64
	Duration            time.Duration
	Dropped             int64 // objects that were seen and not kept
	GC                  alloc.GC
	Loop                bool // the function uses b.Loop
	Samples             []alloc.Sample
}

// Recorded is the sum of what was recorded.
func (r *Run) Recorded() (objects, bytes float64) {
	for i := range r.Samples {
		objects += r.Samples[i].Allocs
		bytes += r.Samples[i].Bytes
	}
	return objects, bytes
}

// maxRecordLine bounds a line of a record: types' names can be long.
const maxRecordLine = 1 << 20

// readRecord reads what the patched package testing wrote: of each benchmark
// the last run of each repetition. A record that ends early is an error.
func readRecord(r io.Reader) ([]*Run, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxRecordLine)
	var runs []*Run
	var run *Run
	frames := make(map[string]alloc.Frame)
	for n := 1; sc.Scan(); n++ {
		kind, rest, _ := strings.Cut(sc.Text(), "\t")
		var err error
		switch {
		case kind == "B":
			if run, err = parseRun(rest); err == nil {
				runs = append(runs, run)
			}
		case kind == "S" && run != nil:
			err = run.parseSample(rest)
		case kind == "F" && run != nil && len(run.Samples) > 0:
			f, ok := frames[rest]
			if !ok {
				if f, err = parseFrame(rest); err == nil {
					frames[rest] = f
				}
			}
			s := &run.Samples[len(run.Samples)-1]
			s.Frames = append(s.Frames, f)
		default:
			err = errors.New("unexpected")
		}
		if err != nil {
			return nil, fmt.Errorf("reading record: line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("reading record: %w", err)
	}
	return lastRuns(runs), nil
}

// lastRuns drops the runs by which package testing finds N: a repetition
// begins with N = 1, or is one run where b.Loop counts for itself.
func lastRuns(runs []*Run) []*Run {
	var out []*Run
	for i, r := range runs {
		if r.Name == "Main" {
			continue // package testing's own, which holds all others
		}
		last := i+1 == len(runs)
		if !last {
			next := runs[i+1]
			last = r.Loop || next.Name != r.Name || next.Procs != r.Procs || next.N <= r.N
		}
		if last {
			out = append(out, r)
		}
	}
	for _, r := range out {
		for i := range r.Samples {
			r.Samples[i].Entry = entry(r.Samples[i].Frames)
		}
	}
	return out
}

// entry is the runtime function that the innermost frame outside of the
// runtime called.
func entry(frames []alloc.Frame) string {
	name := ""
	for _, f := range frames {
		if !strings.Contains(f.File, "/src/runtime/") && !strings.Contains(f.File, "/src/internal/runtime/") {
			break
		}
		if f.Func != "runtime.postMallocgcDebug" {
			name = f.Func
		}
	}
	return name
}

func parseRun(line string) (*Run, error) {
	f := strings.SplitN(line, "\t", 11)
	if len(f) != 11 {
		return nil, fmt.Errorf("%d fields, want 11", len(f))
	}
	var v [9]int64
	for i := range v {
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return nil, err
		}
		v[i] = n
	}
	r := &Run{
		Name: f[10], Procs: int(v[0]), N: v[1], NetAllocs: v[2], NetBytes: v[3],
		Duration: time.Duration(v[4]), Dropped: v[5], Loop: f[9] == "true",
	}
	r.GC = alloc.GC{
		Cycles: float64(v[6]), PauseNs: float64(v[7]), TotalNs: float64(v[4]),
		// A cycle stops the world twice: to begin and to end its mark phase
		// (runtime/mgc.go, go1.26).
		Pauses: 2 * float64(v[6]), CPUSeconds: float64(v[8]) / 1e9,
	}
	if all := float64(v[4]) * float64(r.Procs); all > 0 {
		r.GC.CPUShare = min(1, float64(v[8])/all)
	}
	return r, nil
}

func (r *Run) parseSample(line string) error {
	f := strings.SplitN(line, "\t", 3)
	if len(f) != 3 {
		return fmt.Errorf("%d fields, want 3", len(f))
	}
	allocs, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return err
	}
	bytes, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return err
	}
	typ := f[2]
	if typ == "-" {
		typ = ""
	}
	r.Samples = append(r.Samples, alloc.Sample{Type: typ, Allocs: float64(allocs), Bytes: float64(allocs) * float64(bytes)})
	return nil
}

func parseFrame(line string) (alloc.Frame, error) {
	f := strings.SplitN(line, "\t", 4)
	if len(f) != 4 {
		return alloc.Frame{}, fmt.Errorf("%d fields, want 4", len(f))
	}
	n, err := strconv.Atoi(f[0])
	if err != nil {
		return alloc.Frame{}, err
	}
	return alloc.Frame{Func: alloc.FoldFunc(unescape(f[2])), File: f[3], Line: n, Inlined: f[1] == "true"}, nil
}

// unescape undoes the linker's escapes in an import path: %2e is a dot
// (cmd/internal/objabi/path.go).
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
