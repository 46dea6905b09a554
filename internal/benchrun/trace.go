package benchrun

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// The agent that records the process it is linked into.
var (
	//go:embed patch/agent.go.txt
	agentSource string
	//go:embed patch/agent_recorder.go.txt
	agentRecorder string
)

// A Traced is a program, or the test binary of a package, that records its own
// heap: an agent is added to its main package or tests, by an overlay.
type Traced struct {
	Package string // import path
	Dir     string // of the package
	Binary  string
	BuildID string
	// Exact reports that the trace has a stack for each allocation.
	Exact bool
	// Why says why the program runs with the user's own runtime, if it does:
	// without stacks, and without the mended trace (see tracing).
	Why error

	program Program
	cfg     *gocmd.Config
	tmp     string
	tc      *toolchain // nil with the user's own runtime
}

// BuildTraced builds the program with the agent and, where the toolchain allows it,
// with the recorder in its runtime, which gives stacks if exact is set. It takes cfg
// for itself.
func BuildTraced(ctx context.Context, cfg *gocmd.Config, p Program, exact bool, step func(step, pkg string)) (_ *Traced, err error) {
	t := &Traced{program: p, cfg: cfg}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	if t.tmp, err = tempDir(); err != nil {
		return nil, err
	}
	env, err := cfg.Environ(ctx)
	if err != nil {
		return nil, err
	}
	if foreign(env) {
		return nil, &Unsupported{What: fmt.Sprintf("a program for %s/%s does not run on %s/%s", env.GOOS, env.GOARCH, env.GOHOSTOS, env.GOHOSTARCH), Foreign: true}
	}
	if !slices.Contains(unixes, env.GOOS) {
		return nil, &Unsupported{What: "GOOS=" + env.GOOS}
	}
	files, err := t.addAgent(ctx, env)
	if err != nil {
		return nil, err
	}
	cfg.BuildFlags = allowLinkname(cfg.BuildFlags, env.GOFLAGS)
	step("compiling the recorder", "")
	t.tc, t.Why = newToolchain(ctx, cfg, t.tmp, tracing, false)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var un *Unsupported
	if t.Why != nil && !errors.As(t.Why, &un) {
		return nil, t.Why
	}
	if t.Why != nil {
		t.tc.close()
		t.tc = nil
	}
	step("building with the recorder", t.Package)
	err = t.build(ctx, files)
	if err == nil && t.tc != nil {
		// Whether addresses can be told from where they lie in the process.
		_, err = slideOf(t.Binary, 0)
	}
	if err != nil && t.tc != nil && ctx.Err() == nil {
		// It may be the recorder's fault, or the program's own.
		t.Why = err
		t.tc.close()
		t.tc = nil
		err = t.build(ctx, files)
	}
	if err != nil {
		return nil, err
	}
	t.Exact = exact && t.tc != nil
	out, err := cfg.Command(ctx, "tool", "buildid", t.Binary).Output()
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	t.BuildID = strings.TrimSpace(string(out))
	return t, nil
}

// addAgent puts the agent into the package by an overlay. It returns the added
// files where the program is not a package but files: they have to be named.
func (t *Traced) addAgent(ctx context.Context, env *gocmd.Env) (files []string, err error) {
	p, err := t.list(ctx)
	if err != nil {
		return nil, err
	}
	t.Package, t.Dir = p.ImportPath, p.Dir
	if rel, err := filepath.Rel(env.GOMODCACHE, p.Dir); env.GOMODCACHE != "" && err == nil && filepath.IsLocal(rel) {
		return nil, &Error{
			Msg:  p.ImportPath + " lies in the module cache, where the go command lets nothing be added",
			Hint: "record a copy of its module: cp -r " + p.Dir,
		}
	}
	name, suffix := p.Name, ".go"
	if t.program.Test {
		// A file of the external tests may import all that the agent does, even
		// in a package of the standard library.
		name, suffix = p.Name+"_test", "_test.go"
	}
	replace := make(map[string]string)
	for _, f := range []struct{ name, text string }{{"zz_stackward_agent", agentSource}, {"zz_stackward_recorder", agentRecorder}} {
		text := filepath.Join(t.tmp, f.name+suffix)
		if err := os.WriteFile(text, []byte(strings.Replace(f.text, "package heapz", "package "+name, 1)), 0o600); err != nil {
			return nil, fmt.Errorf("adding the agent: %w", err)
		}
		at := filepath.Join(p.Dir, f.name+suffix)
		replace[at] = text
		if strings.HasSuffix(t.program.Package[0], ".go") {
			files = append(files, at)
		}
	}
	overlay := filepath.Join(t.tmp, "agent.json")
	if err := gocmd.MergeOverlay(overlay, userOverlay(t.cfg, env), replace); err != nil {
		return nil, err
	}
	t.cfg.BuildFlags = slices.DeleteFunc(slices.Clone(t.cfg.BuildFlags), func(f string) bool {
		return strings.HasPrefix(strings.TrimLeft(f, "-"), "overlay=")
	})
	t.cfg.Overlay = overlay
	return files, nil
}

// A listed is a package as go list tells.
type listed struct {
	ImportPath, Name, Dir     string
	TestGoFiles, XTestGoFiles []string
}

// list returns the one package of the program.
func (t *Traced) list(ctx context.Context) (p listed, err error) {
	names := strings.Join(t.program.Package, " ")
	args := slices.Concat([]string{"list"}, t.cfg.Flags(), []string{"-json=ImportPath,Name,Dir,TestGoFiles,XTestGoFiles", "--"}, t.program.Package)
	cmd := t.cfg.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := t.cfg.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return p, context.Cause(ctx)
		}
		return p, buildFailure(names, stderr.String(), err)
	}
	dec := json.NewDecoder(&stdout)
	if err := dec.Decode(&p); err != nil {
		return p, &Error{Msg: names + " matches no packages", Usage: true}
	}
	switch {
	case dec.More():
		return p, &Error{Msg: names + " is more than one package", Usage: true, Hint: "one process is recorded: name one package"}
	case t.program.Test && len(p.TestGoFiles)+len(p.XTestGoFiles) == 0:
		return p, &Error{Msg: p.ImportPath + " has no tests", Usage: true, Err: ErrNoTests}
	case !t.program.Test && p.Name != "main":
		return p, &Error{Msg: names + " is not a main package", Usage: true, Err: ErrNotGo, Hint: "name one, or its tests: -- go test " + names}
	}
	return p, nil
}

// allowLinkname lets the agent call what the linker would keep from it: the
// user's flags of the linker, wherever they are, with one more.
func allowLinkname(flags []string, goflags string) []string {
	const allow = "-checklinkname=0"
	var ldflags []string
	for _, f := range strings.Fields(goflags) {
		if v, ok := strings.CutPrefix(strings.TrimLeft(f, "-"), "ldflags="); ok {
			ldflags = []string{v}
		}
	}
	var out []string
	for _, f := range flags {
		if v, ok := strings.CutPrefix(strings.TrimLeft(f, "-"), "ldflags="); ok {
			ldflags = append(ldflags, v)
		} else {
			out = append(out, f)
		}
	}
	if len(ldflags) == 0 {
		ldflags = []string{""}
	}
	for _, f := range ldflags {
		out = append(out, "-ldflags="+strings.TrimSpace(f+" "+allow))
	}
	return out
}

// build compiles and links, with the toolchain that has the recorder or, without
// one, as the user would.
func (t *Traced) build(ctx context.Context, files []string) error {
	verb, args := "build", []string{"-o"}
	t.Binary = filepath.Join(t.tmp, filepath.Base(t.Dir))
	if t.program.Test {
		verb, args = "test", []string{"-c", "-vet=off", "-o"}
		t.Binary += ".test"
	}
	// Behind a -- go test takes what is left for arguments of the test binary.
	args = slices.Concat(args, []string{t.Binary}, t.program.Package, files)
	var out string
	var err error
	if t.tc != nil {
		out, err = t.tc.build(ctx, verb, args...)
	} else {
		out, err = (&toolchain{cfg: t.cfg, flags: t.cfg.Flags()}).run(ctx, verb, args...)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return buildFailure(t.Package, out, err)
	}
	return nil
}

// Close removes the binary.
func (t *Traced) Close() error {
	t.tc.close()
	if t.tmp == "" {
		return nil
	}
	return os.RemoveAll(t.tmp)
}

// File is the user's name of a file that the binary names: one of the standard
// library may lie in a copy that has the recorder.
func (t *Traced) File(name string) string {
	if t.tc == nil || t.tc.whole == nil {
		return name
	}
	if rest, ok := strings.CutPrefix(name, filepath.ToSlash(t.tc.whole.dir)+"/"); ok {
		return filepath.ToSlash(t.tc.env.GOROOT) + "/" + rest
	}
	return name
}

// A TraceRun says how to run a Traced.
type TraceRun struct {
	Out      string        // file of the recording, absolute: the process appends to it
	MaxSize  int64         // bytes it may have
	Duration time.Duration // the program is ended then, 0 never
	GOGC     string        // "" leaves it to the environment
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	// Grace is how long the program may take to finish its recording, and then
	// to end itself; 0 is 10 seconds.
	Grace time.Duration
}

// A TraceResult says how a program ended.
type TraceResult struct {
	Exit        string // "exit status 3", "" with status 0
	Interrupted bool   // it was ended by the context or the duration
	Duration    time.Duration
	CPU         time.Duration // of the process
	GCLog       []string      // lines of GODEBUG=gctrace=1
	// Stacks are those that the trace has ids of, with Exact.
	Stacks  []TracedStack
	Dropped int64 // allocations without a stack, for lack of space
}

// A TracedStack is a Record that events in the trace name.
type TracedStack struct {
	ID uint64
	Record
}

// profileRate is the sampling rate of the heap profile, in bytes: 128 times as fine
// as the runtime's own, and still cheap beside the trace.
const profileRate = 4096

// Run runs the program until it ends, the context does, or the time is over. Then
// the recording is finished first, and the program interrupted.
func (t *Traced) Run(ctx context.Context, run TraceRun) (*TraceResult, error) {
	if run.Grace <= 0 {
		run.Grace = 10 * time.Second
	}
	table := filepath.Join(t.tmp, "records")
	extra := []string{fmt.Sprintf("STACKWARD_RECORD=%d,%d,%s", run.MaxSize, profileRate, run.Out)}
	if t.Exact {
		if err := createTable(table, modeTrace); err != nil {
			return nil, err
		}
		defer os.Remove(table)
		extra = append(extra, envOut+"="+table)
	}
	if run.GOGC != "" {
		extra = append(extra, "GOGC="+run.GOGC)
	}
	res := new(TraceResult)
	if err := t.start(ctx, run, extra, res); err != nil {
		return nil, err
	}
	if !t.Exact {
		return res, nil
	}
	tab, err := loadTable(table)
	if err != nil || !tab.claimed {
		return res, err
	}
	slide, err := slideOf(t.Binary, tab.text)
	if err != nil {
		return res, err
	}
	res.Dropped = int64(tab.dropped)
	res.Stacks, err = tab.tracedStacks(slide)
	return res, err
}

// tracedStacks returns the entries as events in the trace name them.
func (t *table) tracedStacks(slide uint64) ([]TracedStack, error) {
	var out []TracedStack
	err := t.each(func(at uint64, r Record) {
		r.unslide(slide)
		out = append(out, TracedStack{(at-arenaStart)/8 + 1, r})
	})
	return out, err
}

// start runs the process and waits for it.
func (t *Traced) start(ctx context.Context, run TraceRun, extra []string, res *TraceResult) error {
	askR, askW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer askW.Close()
	doneR, doneW, err := os.Pipe()
	if err != nil {
		askR.Close()
		return err
	}
	defer doneR.Close()

	alive, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	cmd := t.cfg.Program(alive, t.Binary, t.args()...)
	cmd.WaitDelay = time.Second
	if t.program.Test {
		cmd.Dir = t.Dir
		cmd.Env = append(cmd.Env, "PWD="+t.Dir)
	}
	cmd.Env = traceEnv(cmd.Env, extra)
	cmd.ExtraFiles = []*os.File{askR, doneW}
	cmd.Stdout = run.Stdout
	log := &gcLog{w: run.Stderr, lines: &res.GCLog}
	cmd.Stderr = log
	stdin, err := stdinOf(cmd, run.Stdin)
	if err == nil {
		begin := time.Now()
		defer func() { res.Duration = time.Since(begin) }()
		err = cmd.Start()
	}
	askR.Close()
	doneW.Close()
	if err != nil {
		return fmt.Errorf("running %s: %w", t.Package, err)
	}
	stdin()

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var over <-chan time.Time
	if run.Duration > 0 {
		over = time.After(run.Duration)
	}
	why := byte('a')
	select {
	case err = <-ended:
	case <-over:
		why = 'd'
		res.Interrupted = true
	case <-ctx.Done():
		res.Interrupted = true
	}
	if res.Interrupted {
		err = stop(cmd, run.Grace, why, askW, doneR, ended)
	}
	log.flush()
	if cmd.ProcessState != nil {
		res.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	var exit *exec.ExitError
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
	case errors.As(err, &exit):
		res.Exit = exit.Error()
	default:
		return fmt.Errorf("running %s: %w", t.Package, err)
	}
	return nil
}

// stop has the process finish its recording and interrupts it then; what does
// not end is killed.
func stop(cmd *exec.Cmd, grace time.Duration, why byte, ask, done *os.File, ended <-chan error) error {
	ask.Write([]byte{why}) // it may be gone by now
	finished := make(chan struct{})
	go func() {
		done.Read(make([]byte, 1)) // the end of the file
		close(finished)
	}()
	select {
	case err := <-ended:
		return err
	case <-finished:
	case <-time.After(grace):
	}
	interrupt(cmd)
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
	}
	kill(cmd)
	return <-ended
}

// stdinOf gives the program its standard input. It is in a process group of its
// own, where reading from a terminal would stop it: there it gets a pipe. The
// function it returns is to be called once the program runs.
func stdinOf(cmd *exec.Cmd, in io.Reader) (started func(), err error) {
	f, ok := in.(*os.File)
	if in == nil || ok && !term.IsTerminal(int(f.Fd())) {
		cmd.Stdin = in
		return func() {}, nil
	}
	pipe, err := cmd.StdinPipe()
	return func() {
		go func() {
			io.Copy(pipe, in)
			pipe.Close()
		}()
	}, err
}

// args are the program's, those of go test spelled for its binary.
func (t *Traced) args() []string {
	if !t.program.Test {
		return t.program.Args
	}
	return append([]string{"-test.paniconexit0", "-test.timeout=10m0s"}, t.program.Args...)
}

// traceEnv adds to an environment what the agent needs. The user's GODEBUG stays
// in force, and is kept for the agent to put back.
func traceEnv(env, extra []string) []string {
	godebug, set := "", false
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "GODEBUG="); ok {
			godebug, set = v, true
		}
	}
	if set {
		extra = append(extra, "STACKWARD_GODEBUG="+godebug)
	}
	ours := "traceallocfree=1"
	if !strings.Contains(godebug, "gctrace=") {
		ours += ",gctrace=1"
	}
	return slices.Concat(env, extra, []string{"GODEBUG=" + strings.TrimPrefix(godebug+","+ours, ",")})
}

// A gcLog passes on what a program writes, but for the lines of gctrace.
type gcLog struct {
	w     io.Writer
	lines *[]string
	buf   []byte // a line's beginning
}

func (l *gcLog) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for {
		line, rest, ok := bytes.Cut(l.buf, []byte("\n"))
		if !ok {
			// What cannot become a line of gctrace need not wait for its end.
			if !maybeGCLine(line) {
				l.pass(line)
				l.buf = l.buf[:0]
			}
			return len(p), nil
		}
		if gcLine.Match(line) {
			*l.lines = append(*l.lines, string(line))
		} else {
			l.pass(l.buf[:len(line)+1])
		}
		l.buf = append(l.buf[:0], rest...)
	}
}

func (l *gcLog) pass(p []byte) {
	if l.w != nil && len(p) > 0 {
		l.w.Write(p)
	}
}

// flush passes on a line without an end.
func (l *gcLog) flush() {
	if gcLine.Match(l.buf) {
		*l.lines = append(*l.lines, string(l.buf))
	} else {
		l.pass(l.buf)
	}
	l.buf = nil
}

// gcLine is a line of gctrace: "gc 7 @0.1s 3%: …" (runtime/mgc.go).
var gcLine = regexp.MustCompile(`^gc \d+ @[0-9.]+s \d+%: `)

// maybeGCLine reports whether a line of gctrace may begin so.
func maybeGCLine(start []byte) bool {
	const like = "gc 1 @1.1s 1%: "
	i := 0
	for _, c := range start {
		switch digit := c >= '0' && c <= '9'; {
		case i == len(like):
			return true
		case digit && i > 0 && like[i-1] == '1': // one more
		case c == like[i], digit && like[i] == '1':
			i++
		default:
			return false
		}
	}
	return true
}
