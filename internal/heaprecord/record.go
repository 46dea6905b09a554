// Package heaprecord makes recordings of heaps.
//
//	go run …, go test … ──→ built with an agent in it, which appends to the file
//	URL ──→ package heapz, or net/http/pprof: read as it comes
//	trace file ──→ wrapped
//	      └─→ file of package recording
package heaprecord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/recording"
)

// A Request says what to record. One of Command and Source is set.
type Request struct {
	Build   engine.Build
	Command []string // go run …, go test …
	Source  string   // URL of a process, or file of a trace

	Out      string        // file to write
	MaxSize  int64         // bytes it may have, 0 no bound
	Duration time.Duration // 0: a command until it ends, a URL for 10 seconds
	GOGC     string        // of a command, "" is that of the environment
	Exact    bool          // a command's allocations get their stacks
	Version  string        // stackward's own, "" unknown
	Stdout   io.Writer     // of a command

	wait time.Duration // for a process that is asked to answer, 0 is engine.Patience
}

// A Summary says what was recorded.
type Summary struct {
	File *recording.File // read again, without the trace; to be closed
	Size int64           // bytes
	// Unpatched says why a program ran with the user's own runtime: without exact
	// stacks, and with a trace that may not be readable to its end.
	Unpatched error
}

// sourceTime is how long a process is recorded by URL.
const sourceTime = 10 * time.Second

// Record makes a recording. When ctx ends, what records is told to end, too, and
// the file is finished; there is no error then. Errors that a user can act on are
// *engine.Error.
func Record(ctx context.Context, req Request) (*Summary, error) {
	out, err := filepath.Abs(req.Out)
	if err != nil {
		return nil, err
	}
	req.Out = out
	if err := writable(out); err != nil {
		return nil, req.advise(err)
	}
	var unpatched error
	switch {
	case len(req.Command) > 0:
		unpatched, err = req.command(ctx)
	case isURL(req.Source):
		err = req.url(ctx)
	default:
		err = req.traceFile()
	}
	if err != nil {
		return nil, req.advise(err)
	}
	file, err := recording.Open(req.Out)
	if err != nil {
		return nil, err
	}
	s := &Summary{File: file, Unpatched: unpatched}
	if info, err := os.Stat(req.Out); err == nil {
		s.Size = info.Size()
	}
	return s, nil
}

// writable finds out early whether a file can be written, and leaves it as it was.
func writable(name string) error {
	_, err := os.Stat(name)
	isNew := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	f.Close()
	if isNew {
		return os.Remove(name)
	}
	return nil
}

// create makes the file.
func (req *Request) create(h recording.Header) (*recording.Writer, error) {
	h.Stackward, h.Time, h.MaxSize = req.Version, time.Now(), req.MaxSize
	return recording.Create(req.Out, &h)
}

// advise says more of what a user can act on.
func (req *Request) advise(err error) error {
	if x, ok := errors.AsType[*engine.Error](err); ok {
		return x
	}
	if x, ok := errors.AsType[*benchrun.Error](err); ok {
		return &engine.Error{Msg: x.Told(), Hint: x.Hint, Usage: x.Usage}
	}
	if x, ok := errors.AsType[*benchrun.Unsupported](err); ok {
		return &engine.Error{Msg: x.Error(), Hint: "record it where it runs, by its URL"}
	}
	if x, ok := errors.AsType[*gocmd.Error](err); ok {
		return &engine.Error{Msg: x.Error(), Hint: x.Hint}
	}
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == req.Out {
		e := &engine.Error{Msg: "writing the recording: " + err.Error()}
		switch {
		case errors.Is(err, syscall.ENOSPC):
			e.Hint = "the disk is full: -o names another file, -max-size bounds it"
			if engine.HeapReadable(context.Background(), req.Out) == nil {
				e.Hint += "; what was written until then can be read: stackward heap " + req.Out
			}
		case errors.Is(err, fs.ErrPermission):
			e.Hint = "-o names another file"
		case errors.Is(err, fs.ErrNotExist):
			e.Hint = "the directory has to be there"
			if info, err := os.Stat(filepath.Dir(req.Out)); err == nil && info.IsDir() {
				e.Hint = "-o names another file: none can be made in " + filepath.Dir(req.Out)
			}
		case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
			e.Hint = "-o names a file"
		}
		return e
	}
	return err
}

// command builds the program, runs it and completes the recording.
func (req *Request) command(ctx context.Context) (unpatched error, err error) {
	prog, err := benchrun.ParseCommand(req.Command)
	if err != nil {
		return nil, err
	}
	if err := isSource(&prog, req.Command, req.Build.Dir); err != nil {
		return nil, err
	}
	cfg, err := req.config(&prog)
	if err != nil {
		return nil, err
	}
	t, err := benchrun.BuildTraced(ctx, cfg, prog, req.Exact, func(step, pkg string) { req.progress(step, pkg) })
	if err != nil {
		return nil, req.notGo(req.advise(err))
	}
	defer t.Close()
	env, err := cfg.Environ(ctx)
	if err != nil {
		return nil, err
	}
	h := recording.Header{Command: req.Command, Dir: cfg.Dir, Root: env.Root(cfg.Dir), Package: t.Package, BuildID: t.BuildID, Sites: recording.Approximate}
	if t.Exact {
		h.Sites = recording.Exact
	}
	w, err := req.create(h)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	req.progress("recording", t.Package)
	res, err := t.Run(ctx, benchrun.TraceRun{
		Out: req.Out, MaxSize: req.MaxSize, Duration: req.Duration, GOGC: req.GOGC,
		Stdin: req.Build.Stdin, Stdout: req.Stdout, Stderr: req.Build.Stderr,
	})
	if err != nil {
		return nil, err
	}
	return t.Why, finish(w, t, res)
}

// notGo has an error of building say what can be recorded, where the command is another
// than the go command.
func (req *Request) notGo(err error) error {
	if e, ok := errors.AsType[*engine.Error](err); ok && e.Hint == "" && filepath.Base(req.Command[0]) != "go" {
		e.Hint = "only go run … and go test … are recorded, a process by its URL, or a trace file"
	}
	return err
}

// isSource says no to a program that is built already.
func isSource(p *benchrun.Program, command []string, dir string) error {
	name := p.Package[0]
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	st, err := os.Stat(name)
	if err != nil || !st.Mode().IsRegular() || strings.HasSuffix(name, ".go") {
		return nil
	}
	return &engine.Error{
		Msg: command[0] + " is built already, and has nothing in it that records", Usage: true,
		Hint: "record its package: -- go run ./cmd/name; or start it as GODEBUG=traceallocfree=1 " + strings.Join(command, " ") +
			" and record its net/http/pprof by URL",
	}
}

// config is how to run the go command, for the program's flags.
func (req *Request) config(p *benchrun.Program) (*gocmd.Config, error) {
	dir, err := filepath.Abs(cmp.Or(req.Build.Dir, "."))
	if err != nil {
		return nil, err
	}
	if p.Dir != "" && filepath.IsAbs(p.Dir) {
		dir = p.Dir
	} else {
		dir = filepath.Join(dir, p.Dir)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return nil, &engine.Error{Msg: "no directory " + dir, Usage: true}
	}
	flags := slices.Concat(req.Build.Flags, p.Flags, []string{"-trimpath=false"}) // frames name files that can be opened
	cfg := &gocmd.Config{Dir: dir, Env: req.Build.Env, BuildFlags: flags, Overlay: req.Build.Overlay}
	if req.Build.Progress != nil {
		cfg.Progress = func(g gocmd.Progress) { req.Build.Progress(g.Step, g.Done, g.Total, g.Package) }
	}
	return cfg, nil
}

func (req *Request) progress(step, what string) {
	if req.Build.Progress != nil {
		req.Build.Progress(step, 0, 0, what)
	}
}

// finish appends what is known once the process has ended.
func finish(w *recording.Writer, t *benchrun.Traced, res *benchrun.TraceResult) error {
	if err := w.Resume(); err != nil {
		return err
	}
	if len(res.GCLog) > 0 {
		if err := w.Write(recording.KindGCLog, []byte(strings.Join(res.GCLog, "\n")+"\n")); err != nil {
			return err
		}
	}
	end := recording.End{Exit: res.Exit, Interrupted: res.Interrupted, Seconds: res.Duration.Seconds(), CPUSeconds: res.CPU.Seconds(), Dropped: res.Dropped}
	if len(res.Stacks) > 0 {
		bin, err := objscan.OpenBinary(t.Binary)
		if err != nil {
			return err
		}
		defer bin.Close()
		frames := func(pc uint64) []alloc.Frame {
			list := bin.Frames(pc)
			for i := range list {
				list[i].File = t.File(list[i].File)
			}
			return list
		}
		allocs, err := writeStacks(w, res.Stacks, frames, bin.TypeName)
		if err != nil {
			return err
		}
		end.Allocs = allocs
	}
	return w.JSON(recording.KindEnd, end)
}

// writeStacks expands the PCs of stacks and appends them, with the whole path of their
// types' packages. It returns how many allocations they made.
func writeStacks(w *recording.Writer, stacks []benchrun.TracedStack, frames func(pc uint64) []alloc.Frame, typeName func(addr uint64) string) (allocs int64, err error) {
	byPC := make(map[uint64][]alloc.Frame)
	var b recording.FrameTableBuilder
	var list []alloc.Frame
	for i, s := range stacks {
		allocs += s.Allocs
		list = list[:0]
		for _, pc := range s.PCs {
			fs, ok := byPC[pc]
			if !ok {
				fs = frames(pc)
				byPC[pc] = fs
			}
			list = append(list, fs...)
		}
		path := typeName(s.TypeAddr)
		if path == s.Type || s.Type == "" {
			path = ""
		}
		b.Add(recording.Stack{ID: s.ID, Type: s.Type, TypePath: path, Bytes: s.Bytes, Allocs: s.Allocs, Cut: s.Cut}, list)
		if b.Full() || i == len(stacks)-1 {
			if err := w.JSON(recording.KindFrames, b.Table); err != nil {
				return 0, err
			}
			b = recording.FrameTableBuilder{}
		}
	}
	return allocs, nil
}

// traceFile wraps the file of a trace.
func (req *Request) traceFile() error {
	in, err := os.Open(req.Source)
	if err != nil {
		if strings.Contains(req.Source, "://") {
			return &engine.Error{Msg: req.Source + " is no URL of http", Usage: true, Hint: "write it as http://localhost:6060"}
		}
		return &engine.Error{Msg: err.Error(), Usage: true, Hint: "name a file of runtime/trace, a URL, or a command behind --"}
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return &engine.Error{Msg: req.Source + " is a directory", Usage: true, Hint: "to record a program, write: -- go run " + req.Source}
	}
	if err := checkTrace(in, req.Source); err != nil {
		return err
	}
	if same, err := sameFile(in, req.Out); err == nil && same {
		return &engine.Error{Msg: req.Source + " would be overwritten", Usage: true, Hint: "-o names another file"}
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := req.create(recording.Header{TraceFile: req.Source})
	if err != nil {
		return err
	}
	defer w.Close()
	c := copier{w: w, max: req.MaxSize}
	if err := c.copy(in); err != nil {
		return err
	}
	return w.JSON(recording.KindEnd, recording.End{})
}

func sameFile(f *os.File, name string) (bool, error) {
	a, err := f.Stat()
	if err != nil {
		return false, err
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b), err
}

// A copier copies a trace into a recording, up to a size.
type copier struct {
	w     *recording.Writer
	max   int64
	bytes int64 // of the trace
	cut   bool
}

// copy copies all of r. Its error is the writer's, unless reading fails:
// that is an errRead.
func (c *copier) copy(r io.Reader) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if c.max > 0 && c.w.Size()+int64(n) > c.max {
				c.cut = true
				return nil
			}
			if err := c.w.Write(recording.KindTrace, buf[:n]); err != nil {
				return err
			}
			c.bytes += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errRead, err)
		}
	}
}

var errRead = errors.New("reading the trace")
