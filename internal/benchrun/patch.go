package benchrun

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// An edit is one insertion into a file of the standard library: a statement
// found by its syntax, and text put in front of or behind it on the same line,
// so that the lines of the file stay where they are.
type edit struct {
	file string // below GOROOT/src
	fn   string // function, or method as "T.m"
	// find reports whether a statement of fn is the one; it must be exactly
	// one. nil: the start of the body.
	find          func(ast.Stmt) bool
	what          string // find in words
	before, after string
}

// envOut names the file that a process records into.
const envOut = "STACKWARD_OUT"

// totals hands the recorder what the runtime counted so far.
const totals = "runtime.ReadMemStats(&memStats); " +
	"swTotals(memStats.Mallocs, memStats.TotalAlloc, time.Now().UnixNano(), runtime.GOMAXPROCS(0))"

//go:embed patch/recorder.go.txt
var recorderSource string

//go:embed patch/vars.go.txt
var varsSource string

//go:embed patch/testing.s.txt
var testingAsm string

//go:embed patch/testing.go.txt
var testingSource string

// edits are all changes to existing files (go1.24 to go1.27). Every path of
// the allocator ends in "if debug.malloc { postMallocgcDebug(…) }", with the
// size that the runtime's own statistics count: 0 for a tiny object that
// shares a block (runtime/malloc.go, malloc_stubs.go, go1.27).
//
// None of them gives package runtime a new declaration, import, local variable
// or static value, or main the use of a pointer type that it did not use, and package atomic gets variables only: the export data of
// runtime, which tells its importers the symbol indices of runtime's and
// atomic's types, stays the same to the byte. See goroot.go for what it is good
// for, and TestExportData.
var edits = []edit{
	{
		file: "runtime/malloc.go", fn: "postMallocgcDebug",
		before: "if atomic.SwRecord != nil { atomic.SwRecord(uintptr(getfp()), uintptr(unsafe.Pointer(getg())), " +
			"elemsize, uintptr(unsafe.Pointer(typ))) };",
	},
	{
		file: "runtime/mstats.go", fn: "readmemstats_m",
		before: "if atomic.SwAtStop != nil { atomic.SwAtStop() };",
	},
	{
		file: "runtime/proc.go", fn: "main",
		find: isCall("gcenable"), what: "gcenable()",
		after: "; exithook.SwStart(gogetenv(\"" + envOut + "\"), &debug.malloc, &memstats.numgc, " +
			"&sched.nmidle, unsafe.Offsetof(sched.stwTotalTimeGC)-unsafe.Offsetof(sched.nmidle), unsafe.Sizeof(sched.stwTotalTimeGC), &memstats.pause_total_ns, " +
			"&work.cpuStats.GCTotalTime, &work.cpuStats.GCIdleTime, &work.cpuStats.IdleTime, &work.cpuStats.TotalTime, " +
			"firstmoduledata.text, firstmoduledata.types, firstmoduledata.etypes, " +
			"unsafe.Offsetof(abi.Type{}.Str), unsafe.Offsetof(abi.Type{}.TFlag), uint8(abi.TFlagExtraStar), " +
			"unsafe.Offsetof(g{}.m), unsafe.Offsetof(m{}.curg), open, mmap, closefd)",
	},
	{
		file: "testing/benchmark.go", fn: "B.StartTimer",
		find: isCall("runtime.ReadMemStats"), what: "runtime.ReadMemStats",
		before: "swPend(1); ",
	},
	{
		file: "testing/benchmark.go", fn: "B.StopTimer",
		find: isCall("runtime.ReadMemStats"), what: "runtime.ReadMemStats",
		before: "swPend(2); ",
	},
	{
		file: "testing/benchmark.go", fn: "B.ResetTimer",
		find: isCall("runtime.ReadMemStats"), what: "runtime.ReadMemStats",
		before: "swPend(3); ",
	},
	{
		file: "testing/benchmark.go", fn: "B.ResetTimer",
		find: isAssign("b.netBytes"), what: "b.netBytes = …",
		after: "; if !b.timerOn { swReset() }",
	},
	{
		file: "testing/benchmark.go", fn: "B.launch",
		find: isAssign("b.result"), what: "b.result = …",
		after: "; swDump(b.name, b.N, b.netAllocs, b.netBytes, int64(b.duration), runtime.GOMAXPROCS(0))",
	},
	{
		file: "testing/testing.go", fn: "M.Run",
		find: isAssign("testRan", "testOk"), what: "testRan, testOk := …",
		before: "if swPend(4) { " + totals + " }; ", after: "; if swPend(5) { " + totals + " }",
	},
}

// tracing are the edits with which an execution trace has a stack for each event
// of an allocation, besides. postMallocgcDebug writes the event while it holds
// the trace, which pins it to its thread and the trace to its generation
// (runtime/traceruntime.go, traceAcquire); an id goes into a batch of the same
// thread and generation, one that the trace's readers hand on as it is. There is
// no goroutine or processor needed for that, as there is for most events. 1 is
// the experiment of these events (internal/trace/tracev2), 2 a kind of batch
// that it has not (runtime/traceallocfree.go, go1.25 to go1.27).
//
// The others mend the runtime (go1.24 to go1.27). What writes an event must not
// have its stack grow, since a growing stack writes events, too, but
// traceWriter.refill is not nosplit. Where the stack grows as it is called, the
// inner event hands the full buffer over and takes a new one, and the outer hands
// over the old one again: the trace cannot be read. In most runs of the
// benchmarks of github.com/BurntSushi/toml, say. So the outer looks for the buffer
// once more.
//
// And the trace's clock has a step of 64 ns, since no scheduler is faster; but sweeping
// writes an event in 20 to 30 ns, and each event of a thread is at least a step behind
// the one before (traceWriter.event): a thread that sweeps is ahead of the time, by
// hundreds of µs, and what it has freed others are seen to use before. So the step is 8 ns.
var tracing = slices.Concat(edits[:1], []edit{
	{
		file: "runtime/malloc.go", fn: "postMallocgcDebug",
		find: isCall("trace.HeapObjectAlloc"), what: "trace.HeapObjectAlloc",
		before: "if atomic.SwAlloc != nil { w, fresh := trace.expWriter(1).ensure(1 + traceBytesPerNumber); if fresh { w.byte(2) }; " +
			"w.varint(uint64(atomic.SwAlloc(uintptr(getfp()), uintptr(unsafe.Pointer(getg())), elemsize, uintptr(unsafe.Pointer(typ))))); w.end() }; ",
	},
	{
		file: "runtime/tracebuf.go", fn: "traceWriter.refill",
		before: "if w.mp != nil { w.traceBuf = w.mp.trace.buf[w.gen%2][w.exp] };",
	},
	{
		file: "runtime/tracetime.go", fn: "traceClockNow",
		before: "if !osHasLowResClock { return traceTime(nanotime() / 8) };",
	},
	{
		file: "runtime/tracetime.go", fn: "traceClockUnitsPerSecond",
		before: "if !osHasLowResClock { return 1e9 / 8 };",
	},
}, edits[1:])

// added are the files added to the standard library.
var added = map[string]*string{
	"internal/runtime/atomic/zz_stackward.go":   &varsSource,
	"internal/runtime/exithook/zz_stackward.go": &recorderSource,
	"testing/zz_stackward.go":                   &testingSource,
	"testing/zz_stackward.s":                    &testingAsm,
}

// An Unsupported error says that the recorder cannot be built into programs of
// a toolchain or target: the costs must come from somewhere else.
type Unsupported struct {
	What string
	// Foreign reports that such a program does not run here at all.
	Foreign bool
	Err     error
}

func (e *Unsupported) Error() string {
	if e.Err != nil {
		return "recorder not supported: " + e.What + ": " + e.Err.Error()
	}
	return "recorder not supported: " + e.What
}

func (e *Unsupported) Unwrap() error { return e.Err }

// patched returns the files of the standard library at goroot that edits change,
// and those added, by their names below its src.
func patched(goroot string, edits []edit) (map[string]string, error) {
	files := make(map[string]string)
	for i := 0; i < len(edits); {
		name := edits[i].file
		text, err := os.ReadFile(filepath.Join(goroot, "src", filepath.FromSlash(name)))
		if err != nil {
			return nil, &Unsupported{What: "no " + name, Err: err}
		}
		j := i
		for j < len(edits) && edits[j].file == name {
			j++
		}
		if files[name], err = apply(name, text, edits[i:j]); err != nil {
			return nil, err
		}
		i = j
	}
	for name, text := range added {
		if _, err := os.Stat(filepath.Join(goroot, "src", filepath.FromSlash(path.Dir(name)))); err != nil {
			return nil, &Unsupported{What: "no " + path.Dir(name), Err: err}
		}
		files[name] = *text
	}
	return files, nil
}

// apply makes edits in one file.
func apply(name string, text []byte, edits []edit) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return "", &Unsupported{What: "syntax of " + name, Err: err}
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	inserts := make(map[int]string)
	for _, e := range edits {
		body := funcBody(f, e.fn)
		if body == nil {
			return "", &Unsupported{What: name + " has no function " + e.fn}
		}
		if e.find == nil {
			inserts[offset(body.Lbrace)+1] += " " + e.before
			continue
		}
		var found []ast.Stmt
		ast.Inspect(body, func(n ast.Node) bool {
			if s, ok := n.(ast.Stmt); ok && e.find(s) {
				found = append(found, s)
			}
			return true
		})
		if len(found) != 1 {
			return "", &Unsupported{What: fmt.Sprintf("%s: %s has %d statements %s, want 1", name, e.fn, len(found), e.what)}
		}
		inserts[offset(found[0].Pos())] += e.before
		inserts[offset(found[0].End())] += e.after
	}
	var b strings.Builder
	last := 0
	for _, at := range slices.Sorted(maps.Keys(inserts)) {
		b.Write(text[last:at])
		b.WriteString(inserts[at])
		last = at
	}
	b.Write(text[last:])
	return b.String(), nil
}

// funcBody returns the body of the function, or of the method "T.m", of f.
func funcBody(f *ast.File, name string) *ast.BlockStmt {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		full := fn.Name.Name
		if fn.Recv != nil {
			t := fn.Recv.List[0].Type
			if star, ok := t.(*ast.StarExpr); ok {
				t = star.X
			}
			full = dotted(t) + "." + full
		}
		if full == name {
			return fn.Body
		}
	}
	return nil
}

func isCall(fn string) func(ast.Stmt) bool {
	return func(s ast.Stmt) bool {
		e, ok := s.(*ast.ExprStmt)
		if !ok {
			return false
		}
		c, ok := e.X.(*ast.CallExpr)
		return ok && dotted(c.Fun) == fn
	}
}

func isAssign(to ...string) func(ast.Stmt) bool {
	return func(s ast.Stmt) bool {
		a, ok := s.(*ast.AssignStmt)
		return ok && slices.EqualFunc(a.Lhs, to, func(e ast.Expr, name string) bool { return dotted(e) == name })
	}
}

// dotted returns "a" or "a.b" for such an expression, "" for any other.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}
