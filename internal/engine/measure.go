package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/objscan"
)

// A measurement is one benchmark with all its runs, or one process.
type measurement struct {
	pkg, name string
	runs      []*benchrun.Run
	samples   []alloc.Sample // of all runs
	// diff is what measured it instead of runs, where the recorder cannot.
	diff *benchrun.Difference
	then []correlate.Then // functions of its profile
	exit string           // how a program failed, "" if it did not
	note string           // the same in words, or that it was interrupted
}

// measure runs what the request names with the recorder in it.
func (p *pipeline) measure(ctx context.Context, req CostRequest) ([]measurement, error) {
	var results []*benchrun.Result
	var err error
	step := func(step, pkg string) { p.progress(step, 0, 0, pkg) }
	switch {
	case len(req.Command) > 0:
		var res *benchrun.Result
		res, err = benchrun.Exec(ctx, p.cfg, benchrun.Command{
			Program: p.program, Stdin: req.Stdin, Stdout: req.Stderr, Stderr: req.Stderr, Step: step,
		})
		if res != nil {
			results = append(results, res)
		}
	default:
		opts := benchrun.Options{
			Packages: p.testedPackages(), Bench: req.Bench, Run: req.Run, Benchtime: req.Benchtime,
			Count: req.Count, CPU: req.CPU, Timeout: req.Timeout, Stock: req.Bench != "", AtOnce: req.AtOnce, Step: step,
		}
		if req.Run != "" {
			results, err = benchrun.Test(ctx, p.cfg, opts)
		} else {
			results, err = benchrun.Bench(ctx, p.cfg, opts)
			if un, ok := errors.AsType[*benchrun.Unsupported](err); ok && !un.Foreign {
				return p.differences(ctx, opts, req, un)
			}
		}
	}
	for _, res := range results {
		defer res.Close()
	}
	if err != nil {
		return nil, adviseRun(err, req)
	}
	var out []measurement
	for _, res := range results {
		p.failed(res)
		ms, err := p.symbolize(res, req)
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	if len(out) == 0 {
		e := &Error{Msg: "nothing was recorded"}
		if n := len(p.problems); n > 0 {
			e.Msg = p.problems[n-1].Message
		}
		return nil, e
	}
	return out, nil
}

// failed notes what a program could not do.
func (p *pipeline) failed(res *benchrun.Result) {
	if res.Err == nil {
		return
	}
	out := strings.TrimSpace(res.Err.Error())
	if x, ok := errors.AsType[*benchrun.Error](res.Err); ok && x.Output != "" {
		out += "\n" + strings.TrimSpace(x.Output)
	}
	p.problems = append(p.problems, &alloc.Problem{Package: res.Package, Message: out})
}

// adviseRun turns a refusal of the recorder into one of this package.
func adviseRun(err error, req CostRequest) error {
	if errors.Is(err, benchrun.ErrNoBenchmarks) {
		return &Error{Msg: "no benchmarks match -bench=" + req.Bench, situation: benchrun.ErrNoBenchmarks, Hint: "list them with: go test -run='^$' -list=Benchmark ./...; without any, weigh tests: stackward cost -run ."}
	}
	if errors.Is(err, benchrun.ErrNoTests) {
		return &Error{Msg: "no tests match -run=" + req.Run, situation: benchrun.ErrNoTests, Hint: "go test -list=Test ./... lists them; examples are not measured; without tests, weigh a program: stackward cost -- go run ./cmd"}
	}
	if un, ok := errors.AsType[*benchrun.Unsupported](err); ok {
		e := &Error{Msg: un.Error(), Hint: "profile it, and weigh by that: go test -memprofile=mem.out -memprofilerate=1, then stackward cost -profile mem.out"}
		switch {
		case un.Foreign:
			e.Hint = "build for the machine that the benchmarks run on, or profile them there and weigh by -profile"
		case len(req.Command) > 0:
			e.Hint = "serve net/http/pprof in the program and weigh by its profile: stackward cost -profile http://HOST/debug/pprof/allocs"
		}
		return e
	}
	if x, ok := errors.AsType[*benchrun.Error](err); ok {
		return &Error{Msg: x.Told(), Hint: x.Hint, Usage: x.Usage}
	}
	return advise(err)
}

// testedPackages are the named packages, without the variants for their tests.
func (p *pipeline) testedPackages() []string {
	var out []string
	for _, pkg := range p.named {
		path := strings.TrimSuffix(plainPath(pkg.ImportPath), "_test")
		if pkg.ForTest != "" {
			path = pkg.ForTest
		}
		if len(pkg.Errors) == 0 && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

// symbolize turns the records of a program into samples, and takes the runs of
// one benchmark together.
func (p *pipeline) symbolize(res *benchrun.Result, req CostRequest) ([]measurement, error) {
	if len(res.Runs) == 0 {
		return nil, nil
	}
	p.progress("reading what was recorded", 0, 0, res.Package)
	bin, err := objscan.OpenBinary(res.Binary)
	if err != nil {
		return nil, err
	}
	defer bin.Close()
	known := make(map[uint64][]alloc.Frame)
	frames := func(pc uint64) []alloc.Frame {
		f, ok := known[pc]
		if !ok {
			f = bin.Frames(pc)
			for i := range f {
				// A linked GOROOT stands for the toolchain's own.
				if rest, ok := strings.CutPrefix(f[i].File, res.GOROOT+"/"); ok && res.GOROOT != "" {
					f[i].File = p.env.GOROOT + "/" + rest
				}
			}
			p.rooted(f)
			known[pc] = f
		}
		return f
	}
	var out []measurement
	at := make(map[string]int)
	for _, r := range res.Runs {
		key := fmt.Sprintf("%s-%d", r.Name, r.Procs)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			name := r.Name
			switch {
			case len(req.Command) > 0:
				name = strings.Join(req.Command, " ")
			case name == "":
				name = "go test -run=" + req.Run
			case strings.Contains(req.CPU, ",") && r.Procs != 1:
				name += fmt.Sprintf("-%d", r.Procs) // as package testing prints it
			}
			exit, note := ended(res, r)
			out = append(out, measurement{pkg: res.Package, name: name, exit: exit, note: note})
		}
		m := &out[i]
		m.runs = append(m.runs, r)
		for k := range r.Records {
			rec := &r.Records[k]
			s := alloc.Sample{Type: rec.Type, Allocs: float64(rec.Allocs), Bytes: float64(rec.Allocs * rec.Bytes)}
			for _, pc := range rec.PCs {
				at := frames(pc)
				if len(at) == 0 && len(correlate.UserFrames(s.Frames)) == 0 {
					if w, ok := bin.Wrapper(pc); ok {
						at = []alloc.Frame{w}
					}
				}
				s.Frames = append(s.Frames, at...)
			}
			s.Entry = entry(s.Frames)
			m.samples = append(m.samples, s)
		}
	}
	return out, nil
}

// ended says how a program failed, and in words how it ended, if it was not with
// status 0. One that was interrupted did not fail.
func ended(res *benchrun.Result, r *benchrun.Run) (exit, note string) {
	switch {
	case res.Interrupted:
		return "", "interrupted after " + r.Duration.Round(10*time.Millisecond).String()
	case res.Exit != "":
		return res.Exit, "the program ended with " + res.Exit
	}
	return "", ""
}

// entry is the runtime function that the innermost frame outside of the
// runtime called.
func entry(frames []alloc.Frame) string {
	name := ""
	for _, f := range frames {
		if !f.Runtime() {
			break
		}
		name = f.Func
	}
	return name
}

// benchmark is what is reported of the runs, taken together. why is the reason
// that there are none.
func (m *measurement) benchmark(why string) *alloc.Benchmark {
	if m.diff != nil {
		return m.ofDifference(why)
	}
	b := &alloc.Benchmark{Name: m.name, Package: m.pkg, Source: "recorder", GC: new(alloc.GC), Exit: m.exit}
	values := make(map[string][]float64)
	add := func(unit string, v float64) { values[unit] = append(values[unit], v) }
	var wall, cpu float64 // ns
	for _, r := range m.runs {
		n := float64(r.N)
		b.N += r.N
		objects, bytes := r.NetAllocs, r.NetBytes
		if !r.Checked {
			objects, bytes = r.Recorded, r.RecordedBytes
		}
		b.AllocsPerOp += float64(objects)
		b.BytesPerOp += float64(bytes)
		b.GC.Cycles += r.GC.Cycles
		b.GC.Pauses += r.GC.Pauses
		b.GC.PauseNs += r.GC.PauseNs
		b.GC.TotalNs += r.GC.TotalNs
		b.GC.CPUSeconds += r.GC.CPUSeconds
		wall += r.GC.TotalNs
		cpu += r.GC.TotalNs * cmp.Or(r.Busy, float64(r.Procs))
		add("allocs/op", float64(objects)/n)
		add("B/op", float64(bytes)/n)
		add("gc-cycles", r.GC.Cycles)
		add("stw-pauses", r.GC.Pauses)
		if r.Dropped > 0 {
			b.Note = fmt.Sprintf("%d objects found no place in the recorder's table", r.Dropped)
		}
	}
	if m.note != "" {
		b.Note = strings.TrimPrefix(b.Note+"; "+m.note, "; ")
	}
	b.AllocsPerOp /= float64(b.N)
	b.BytesPerOp /= float64(b.N)
	// The runs of one benchmark share what the unpatched binary measured.
	if s := m.runs[0].Stock; s != nil {
		for i, ns := range s.NsPerOp {
			b.NsPerOp += ns / float64(len(s.NsPerOp))
			add("ns/op", ns)
			if i < len(s.N) {
				add("ns", ns*float64(s.N[i]))
			}
		}
	}
	// The recorder slows the benchmark down and not the collector: the share is
	// that of the CPU time which as many operations need without it.
	if b.NsPerOp > 0 && wall > 0 {
		cpu *= b.NsPerOp * float64(b.N) / wall
	}
	if cpu > 0 {
		b.GC.CPUShare = min(1, b.GC.CPUSeconds*1e9/cpu)
	}
	if len(m.runs) > 1 {
		b.Values = values
	}
	return b
}
