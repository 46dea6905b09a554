// Package alloc is the vocabulary of stackward: what every source of evidence
// is turned into, all that reasoning sees, and what every surface reads.
//
//	evidence              Diagnostic  Call  Sample        (compiler, binary, measurement)
//	    ↓ joined by position, inline stack, type
//	Site                  one source expression that may put a value on the heap
//	    ↓ weighed
//	Cost  Benchmark       what it costs, and who measured it
//	    ↓
//	Report                a stream of Messages, written as text, JSON, pprof, …
//
// The package depends on the standard library only. It knows no files, no
// toolchain and no format but its own versioned JSON (see [Message]).
package alloc

// A Kind says what is allocated.
type Kind string

// The kinds.
const (
	New       Kind = "new"        // new(T)
	Composite Kind = "composite"  // &T{…}
	Variable  Kind = "variable"   // a variable moved to the heap
	Slice     Kind = "slice"      // make([]T) or a slice literal
	Append    Kind = "append"     // append, growing its slice
	Map       Kind = "map"        // make(map) or a map literal
	MapGrowth Kind = "map-growth" // an assignment that grows a map
	Chan      Kind = "chan"       // make(chan)
	Closure   Kind = "closure"    // a function literal or method value with captured variables
	Interface Kind = "interface"  // a value boxed in an interface
	String    Kind = "string"     // a string built: concatenation, conversion
	Bytes     Kind = "bytes"      // []byte or []rune built from a string
	Goroutine Kind = "goroutine"  // a go statement
	Defer     Kind = "defer"      // a defer statement's record
	Variadic  Kind = "variadic"   // the slice of a variadic call's arguments
	Runtime   Kind = "runtime"    // a runtime helper's own object
)

// Kinds are all kinds, in the order they are listed to people.
var Kinds = []Kind{
	New, Composite, Variable, Slice, Append, Map, MapGrowth, Chan, Closure,
	Interface, String, Bytes, Goroutine, Defer, Variadic, Runtime,
}

// A Cause says why a value is on the heap. Each is documented once, in
// docs/causes.md, which "stackward explain CAUSE" prints.
type Cause string

// The causes.
const (
	Returned      Cause = "returned"      // a pointer to it is returned
	Stored        Cause = "stored"        // stored where it outlives the function
	InInterface   Cause = "interface"     // boxed in an interface value
	Captured      Cause = "captured"      // captured by a closure that outlives the function
	TooLarge      Cause = "too-large"     // larger than the stack may hold
	UnknownSize   Cause = "unknown-size"  // its size is not a constant
	Growth        Cause = "growth"        // a slice or map grows
	CallArgument  Cause = "call-argument" // a callee keeps it
	DynamicCall   Cause = "dynamic-call"  // passed to a call the compiler cannot see through
	InGoroutine   Cause = "goroutine"     // started or used by another goroutine
	Conversion    Cause = "conversion"    // between string and []byte or []rune
	Concatenation Cause = "concatenation" // of strings
	Reflection    Cause = "reflection"    // made by package reflect
	ByRuntime     Cause = "runtime"       // made by the runtime for its own ends
	NotInlined    Cause = "not-inlined"   // returned by a function that is not inlined, to a caller that does not keep it
	Loop          Cause = "loop"          // declared outside of a loop body that needs a fresh one, or defer in a loop
)

// Causes are all causes, in the order of docs/causes.md.
var Causes = []Cause{
	Returned, Stored, InInterface, Captured, TooLarge, UnknownSize, Growth,
	CallArgument, DynamicCall, InGoroutine, Conversion, Concatenation,
	Reflection, ByRuntime, NotInlined, Loop,
}

// A Path is the way an object takes through the allocator
// (runtime/malloc.go, go1.26).
type Path string

// The allocator's paths.
const (
	Tiny  Path = "tiny"  // pointer-free and under 16 bytes: shares a block
	Small Path = "small" // a size class of at most 32 KiB, from the mcache
	Large Path = "large" // pages of its own, from the mheap
)

// Allocates says how often executing a site allocates.
type Allocates string

// How often executing a site allocates.
const (
	Always    Allocates = "always"
	Sometimes Allocates = "sometimes" // growth, small-size fast paths, caches
	Never     Allocates = "never"     // reported by the compiler, absent from the machine code
)

// An Evidence names a source of what is said of a site.
type Evidence string

// The sources of evidence.
const (
	ByCompiler Evidence = "compiler"
	ByBinary   Evidence = "binary"
	ByProfile  Evidence = "profile"
	ByTrace    Evidence = "trace" // the recorder: exact
)

// A Site is one source expression or statement at which the compiled program
// may put a value on the heap.
type Site struct {
	// ID is "package.Func#shape#n": no line numbers, so that it survives
	// moved lines, renamed files and reformatting.
	ID      string `json:"id"`
	Package string `json:"package"`
	Func    string `json:"func"` // without the package, closures as F.func1
	Pos
	Expr string `json:"expr,omitempty"` // the source expression, shortened to one line
	Type string `json:"type,omitempty"` // the type allocated, as Go source spells it
	// Bytes is the size of one object, absent where it is not constant.
	Bytes *int64 `json:"bytes,omitempty"`
	// SizeClass is the size in bytes of the slot that such an object takes;
	// Waste is what rounding up loses, in bytes.
	SizeClass *int64 `json:"size_class,omitempty"`
	Waste     *int64 `json:"waste,omitempty"`
	Path      Path   `json:"path,omitempty"`
	// Noscan reports that the object holds no pointers, so that the collector
	// does not look into it.
	Noscan *bool `json:"noscan,omitempty"`

	Kind  Kind  `json:"kind"`
	Cause Cause `json:"cause,omitempty"` // "" is unknown
	// Escapes is the compiler's verdict, Allocates the machine code's: two
	// facts. "a + b" does not escape and allocates; an interface that holds a
	// constant escapes and does not allocate.
	Escapes   *bool      `json:"escapes,omitempty"`
	Allocates Allocates  `json:"allocates"`
	Evidence  []Evidence `json:"evidence"`
	// Entries are the runtime functions that the machine code calls here.
	Entries []string `json:"entries,omitempty"`

	// LoopDepth is the number of loops around the site in its function;
	// CallDepth the loops around calls of the function within the package,
	// the deepest chain.
	LoopDepth int `json:"loop_depth"`
	CallDepth int `json:"call_depth,omitempty"`
	// ErrorPath reports that the site runs only on the way to a panic or where
	// an error came back, as far as syntax shows it.
	ErrorPath bool `json:"error_path,omitempty"`
	// Heat is the part of the CPU time in the module's default.pgo that its
	// function has, with what the runtime does for it, 0 to 1.
	Heat float64 `json:"heat,omitempty"`
	// Generated and Test report where the file belongs.
	Generated bool `json:"generated,omitempty"`
	Test      bool `json:"test,omitempty"`

	// Inlined are the places where a copy of the site was inlined.
	Inlined []Inlining `json:"inlined,omitempty"`
	// Flow is the path by which the value escapes, from the site to what
	// forces it to the heap; Cut is the one step to change.
	Flow []Step `json:"flow,omitempty"`
	Cut  *Step  `json:"cut,omitempty"`
	// End says in words how the flow ends, and Candidates which methods may
	// be meant where it ends at a call through an interface.
	End        string   `json:"end,omitempty"`
	Candidates []string `json:"candidates,omitempty"`
}

// An Inlining is one place into which a site's function was inlined.
type Inlining struct {
	Func string `json:"func"` // full name of the function inlined into
	Pos
	Escapes   *bool     `json:"escapes,omitempty"`
	Allocates Allocates `json:"allocates,omitempty"`
}

// A Step is one step of a site's flow.
type Step struct {
	Pos
	// Step is the kind of step in the compiler's words where it has one:
	// "address-of", "spill", "assign", "return", "call parameter",
	// "interface-converted", "captured by a closure"; else "dynamic call",
	// "inlined call", "store" or "go". Of what allocates without an escape it
	// is "declared", "made", "parameter", "size", "loop", and the site's kind.
	Step string `json:"step"`
	Text string `json:"text"`
	// Func is the full name of the function that the step stands in.
	Func string `json:"func,omitempty"`
}

// A Cost is what a site costs according to one source.
type Cost struct {
	Site   string `json:"site,omitempty"` // the site's id, absent where Gone is set
	Source string `json:"source"`         // the benchmark, profile or command that was measured
	// Package is the benchmark's.
	Package string `json:"package,omitempty"`

	AllocsPerOp float64 `json:"allocs_per_op"`
	BytesPerOp  float64 `json:"bytes_per_op"`
	// Share is this cost's part of all allocations of the source, or of what
	// its Index names, 0 to 1.
	Share float64 `json:"share"`
	// InUseObjects and InUseBytes are what is retained, from heap profiles.
	InUseObjects float64 `json:"inuse_objects,omitempty"`
	InUseBytes   float64 `json:"inuse_bytes,omitempty"`
	// GCShare is the estimated part of the source's CPU time that collecting
	// these bytes took, 0 to 1.
	GCShare float64 `json:"gc_share,omitempty"`

	// Via is the call path from the user's own line, its first frame, down to
	// the site, where the site lies in a dependency or the standard library;
	// Caller is that line, as FILE:LINE.
	Via    []Frame `json:"via,omitempty"`
	Caller string  `json:"caller,omitempty"`
	// Gone names the place of an older build, its function and line, that
	// today's source does not have any more: such a cost has no site.
	Gone string `json:"gone,omitempty"`
}

// A Benchmark is the total that the costs of one source are held against.
type Benchmark struct {
	Name    string `json:"name"`
	Package string `json:"package,omitempty"`
	// Source is how it was measured: "recorder" (exact), "profile difference"
	// (inexact), "profile".
	Source string `json:"source"`
	N      int64  `json:"n,omitempty"` // operations timed

	NsPerOp     float64 `json:"ns_per_op,omitempty"`
	BytesPerOp  float64 `json:"bytes_per_op"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	// Recorded is the sum of what the source recorded; it equals AllocsPerOp
	// where the source is exact.
	RecordedAllocsPerOp float64 `json:"recorded_allocs_per_op"`
	RecordedBytesPerOp  float64 `json:"recorded_bytes_per_op"`
	// InUseObjects and InUseBytes are what is retained, from heap profiles.
	InUseObjects float64 `json:"inuse_objects,omitempty"`
	InUseBytes   float64 `json:"inuse_bytes,omitempty"`
	// Index is what the costs are ranked by and have shares of: "objects",
	// "bytes" or "inuse"; "" is objects.
	Index string `json:"index,omitempty"`
	// Explained is the share of AllocsPerOp that has a site with a kind, a
	// cause and a line of the user's own, 0 to 1; the rest is UnexplainedAllocsPerOp.
	Explained              float64 `json:"explained"`
	UnexplainedAllocsPerOp float64 `json:"unexplained_allocs_per_op"`

	GC *GC `json:"gc,omitempty"`
	// Note says what is to be known of the source: how much of an older
	// profile was found in today's source.
	Note string `json:"note,omitempty"`
	// Exit is how a program failed: "exit status 3", "signal: killed".
	Exit string `json:"exit,omitempty"`
	// Values are the figures of each run, where there was more than one
	// (-count), by unit: "ns/op", "B/op", "allocs/op", "ns", "gc-cycles",
	// "stw-pauses".
	Values map[string][]float64 `json:"values,omitempty"`
}

// A GC is the collector's part in one measured run.
type GC struct {
	Cycles     float64 `json:"cycles"`      // completed in the timed region
	Pauses     float64 `json:"stw_pauses"`  // stop-the-world pauses for GC in it
	PauseNs    float64 `json:"stw_ns"`      // their total, ns
	CPUShare   float64 `json:"cpu_share"`   // GC CPU time of all CPU time used, 0 to 1
	TotalNs    float64 `json:"total_ns"`    // wall time of the timed region, ns
	CPUSeconds float64 `json:"cpu_seconds"` // GC CPU time, s
}
