// Package recording knows the file that a recording of a heap is: one file
// with all that was seen of one process, from its execution trace to the table
// of its stacks.
//
//	heap record ──→ Writer, or the recorded process itself ──→ file
//	file ──→ Open ──→ File: Header, Metrics, Profiles, …; Trace: the trace's bytes
//
// # Format
//
// A line, [Magic], then chunks: a byte that says what it is, four bytes of
// length and four of CRC-32C of all else in the chunk, little endian, and the
// payload. A chunk is written whole, in one piece, so a file is readable up to
// its last whole chunk whatever ended it. Chunks of unknown kinds are skipped:
// a new kind is no new version.
//
// The recorded process appends the chunks of what only it can know while it
// runs: Start, Trace, Metrics, Profile and Stop. Who records it writes the
// others: Header before, GCLog, Frames and End after. docs/formats.md has the
// payloads.
package recording

import (
	"cmp"
	"fmt"
	"runtime"
	"time"

	"github.com/stackward-go/stackward/alloc"
)

// Magic is the first line of a recording, with the version of the format.
const Magic = magic + "1\n"

const magic = "stackward heap recording "

// MaxChunk is the greatest payload, in bytes.
const MaxChunk = 64 << 20

// A Kind says what a chunk holds.
type Kind byte

// The kinds of chunks.
const (
	KindHeader  Kind = 'H' // Header, JSON
	KindStart   Kind = 'S' // Start, JSON
	KindTrace   Kind = 'T' // the next bytes of the execution trace
	KindMetrics Kind = 'M' // Sample, JSON
	KindProfile Kind = 'P' // a name, a line end, a profile in pprof's format
	KindStop    Kind = 'X' // Stop, JSON
	KindGCLog   Kind = 'G' // lines of GODEBUG=gctrace=1
	KindFrames  Kind = 'F' // FrameTable, JSON; several add up
	KindEnd     Kind = 'E' // End, JSON; nothing follows
)

// A Header says what is recorded, and by whom.
type Header struct {
	Stackward string    `json:"stackward,omitempty"` // its version
	Command   []string  `json:"command,omitempty"`   // what was asked to be recorded
	URL       string    `json:"url,omitempty"`       // where it was recorded from
	TraceFile string    `json:"trace_file,omitempty"`
	Dir       string    `json:"dir,omitempty"`  // where the command ran
	Root      string    `json:"root,omitempty"` // of the main module
	Time      time.Time `json:"time"`
	// Package is the import path of the program, or of the package tested;
	// BuildID the go command's id of the binary that ran.
	Package string `json:"package,omitempty"`
	BuildID string `json:"build_id,omitempty"`
	// Sites says how allocations are tied to their stacks.
	Sites   Sites `json:"sites,omitempty"`
	MaxSize int64 `json:"max_size,omitempty"` // bytes, 0 none
}

// Base is what files are told relative to, "" unknown.
func (h *Header) Base() string { return cmp.Or(h.Root, h.Dir) }

// Sites says how a recording ties allocations to their stacks.
type Sites string

const (
	// Exact: the trace holds the stack of each allocation, see [StackIDs].
	Exact Sites = "exact"
	// Approximate: a heap profile has stacks and sizes; which of them an event
	// of the trace belongs to can only be estimated, by size.
	Approximate Sites = "approximate"
)

// A Start is what the process knew of itself as its recording began. Of one that
// serves net/http/pprof only, most is not known.
type Start struct {
	PID        int              `json:"pid,omitempty"`
	Args       []string         `json:"args"`
	Go         string           `json:"go,omitempty"` // version of its runtime
	GOOS       string           `json:"goos,omitempty"`
	GOARCH     string           `json:"goarch,omitempty"`
	GOMAXPROCS int              `json:"gomaxprocs,omitempty"`
	GOGC       *int64           `json:"gogc,omitempty"`       // percent, -1 off
	GOMEMLIMIT int64            `json:"gomemlimit,omitempty"` // bytes, MaxInt64 none
	Time       int64            `json:"time"`                 // Unix, ns
	MemStats   runtime.MemStats `json:"memstats"`
	// OtherSys is that of MemStats before the trace began: the tracer's buffers are in
	// MemStats. 0 is unknown.
	OtherSys int64 `json:"other_sys,omitempty"`
	// ProfileRate is runtime.MemProfileRate.
	ProfileRate int `json:"profile_rate,omitempty"`
	// Collected reports that a collection was made for each heap profile, so that it has
	// all up to then.
	Collected bool `json:"collected,omitempty"`
}

// A Stop is what the process knew as its recording ended.
type Stop struct {
	Why        string           `json:"why"` // see the Why constants
	Error      string           `json:"error,omitempty"`
	Time       int64            `json:"time"`
	MemStats   runtime.MemStats `json:"memstats"`
	TraceBytes int64            `json:"trace_bytes"` // in Trace chunks
	// Cut reports that the trace's last bytes did not fit into MaxSize.
	Cut bool `json:"cut,omitempty"`
}

// Why a recording stopped.
const (
	WhyExit     = "exit"     // the process came to its end
	WhyMaxSize  = "max-size" // the file's bound; the process went on
	WhyDuration = "duration" // the time asked for was over
	WhyAsked    = "asked"    // it was told to
	WhyError    = "error"    // Error says which: a full disk
)

// A Sample is what runtime/metrics said at one moment.
type Sample struct {
	Time int64 `json:"time"` // Unix, ns
	// Values by the metric's name: numbers.
	Values map[string]float64 `json:"values"`
	// Histograms by the metric's name, in the last sample only.
	Histograms map[string][]Bucket `json:"histograms,omitempty"`
}

// A Bucket counts values from Lo up to Hi; nil is no bound.
type Bucket struct {
	Lo    *float64 `json:"lo"`
	Hi    *float64 `json:"hi"`
	Count uint64   `json:"count"`
}

// A Profile is one in pprof's format, compressed with gzip.
type Profile struct {
	Name string // "heap" or "heap at start"
	Data []byte
}

// A FrameTable says what the stack ids in the trace stand for. Stacks share what
// is outermost in them: they are a tree.
type FrameTable struct {
	// Frames are those of all stacks, each once.
	Frames []alloc.Frame `json:"frames"`
	// Nodes are pairs: the index of a frame, and the number of the pair of the
	// frame that called it, which comes before, -1 for none.
	Nodes  []int32 `json:"nodes"`
	Stacks []Stack `json:"stacks"`
}

// A Stack is one that allocated values of one type and size.
type Stack struct {
	ID   uint64 `json:"id"`
	Type string `json:"type,omitempty"` // as the runtime prints it, "" where the allocator was told none
	// TypePath is Type with its package's whole path, "" where that is the same, or it is
	// not a type with a name.
	TypePath string `json:"type_path,omitempty"`
	// Bytes is the size of each, as MemStats.TotalAlloc counts it: 0 for a tiny
	// one in a block that is open.
	Bytes int64 `json:"bytes"`
	// Allocs is how many allocations the recorder tied to it.
	Allocs int64 `json:"allocs"`
	// Node is the number of the pair of its innermost frame, -1 for none.
	Node int32 `json:"node"`
	// Cut reports that the outer frames are missing.
	Cut bool `json:"cut,omitempty"`
}

// An End says how it ended.
type End struct {
	Exit        string  `json:"exit,omitempty"` // "exit status 3", "signal: killed"; "" with status 0
	Interrupted bool    `json:"interrupted,omitempty"`
	Seconds     float64 `json:"seconds"`
	CPUSeconds  float64 `json:"cpu_seconds,omitempty"` // of the process
	// Allocs is how many allocations were tied to a stack, with Exact, and
	// Dropped how many found no space.
	Allocs  int64 `json:"allocs,omitempty"`
	Dropped int64 `json:"dropped,omitempty"`
}

// An Error says why a file is no recording, or not all of one.
type Error struct {
	File string
	Msg  string
	Hint string
	// At is the offset of what is wrong, in bytes.
	At  int64
	Err error
}

func (e *Error) Error() string {
	s := e.File + ": " + e.Msg
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func damage(at int64, format string, args ...any) *Error {
	return &Error{Msg: fmt.Sprintf(format, args...), At: at}
}
