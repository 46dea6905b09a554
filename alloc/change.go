package alloc

import "strings"

// A Side is one of the two builds that are compared: what it was made of. What
// is "" is as the go command has it.
type Side struct {
	Rev    string `json:"rev,omitempty"`    // git revision, "" the work tree
	Commit string `json:"commit,omitempty"` // that the revision means
	Go     string `json:"go,omitempty"`     // toolchain: "go1.26.8"
	GOOS   string `json:"goos,omitempty"`
	GOARCH string `json:"goarch,omitempty"`
	PGO    string `json:"pgo,omitempty"`    // as of -pgo: "off", "auto" or a file
	NoCgo  bool   `json:"no_cgo,omitempty"` // built with CGO_ENABLED=0, for a comparison of targets
}

// A ChangeStatus says what became of a site from one build to another.
type ChangeStatus string

// The statuses of a change, the most important first.
const (
	Appeared ChangeStatus = "appeared" // it allocates after, and did not before
	Changed  ChangeStatus = "changed"  // it allocates in both, but not the same
	Vanished ChangeStatus = "vanished" // it allocated before, and does not after
)

// ChangeStatuses are all of them, in their order.
var ChangeStatuses = []ChangeStatus{Appeared, Changed, Vanished}

// An Aspect names what of a site is not the same in two builds.
type Aspect string

// The aspects, the most important first.
const (
	InCost      Aspect = "cost"      // what a benchmark counts at it
	InAllocates Aspect = "allocates" // how often executing it allocates
	InCopies    Aspect = "copies"    // whether the places that its function is called at allocate
	InEscapes   Aspect = "escapes"   // the compiler's verdict
	InBuffer    Aspect = "buffer"    // whether append begins in a buffer on the stack
	InKind      Aspect = "kind"
	InCause     Aspect = "cause"
	InBytes     Aspect = "bytes"
)

// Aspects are all of them, in their order.
var Aspects = []Aspect{InCost, InAllocates, InCopies, InEscapes, InBuffer, InKind, InCause, InBytes}

// A Change is a site that is not the same in two builds.
type Change struct {
	Status ChangeStatus `json:"status"`
	Site   string       `json:"site"` // its id after or, where it is only there, before
	// What names what is not the same, if it allocates in both.
	What []Aspect `json:"what,omitempty"`
	// Reason says in words what made the difference, as far as it is known.
	Reason string `json:"reason,omitempty"`
	// Before and After are the site in either build, absent where it has none. One
	// that the machine code shows not to allocate allocates "never".
	Before *Site `json:"before,omitempty"`
	After  *Site `json:"after,omitempty"`
	// Costs are those that changed, of each benchmark.
	Costs []*CostChange `json:"costs,omitempty"`
}

// A CostChange is what a benchmark counted at a site in two builds.
type CostChange struct {
	Source  string `json:"source"` // the benchmark
	Package string `json:"package,omitempty"`

	AllocsBefore float64 `json:"allocs_per_op_before"`
	AllocsAfter  float64 `json:"allocs_per_op_after"`
	BytesBefore  float64 `json:"bytes_per_op_before"`
	BytesAfter   float64 `json:"bytes_per_op_after"`
}

// Current is the site as it is after or, where it is only there, before.
func (c *Change) Current() *Site {
	if c.Status == Vanished || c.After == nil {
		return c.Before
	}
	return c.After
}

// String is the side in words: "go1.26.8 linux/amd64".
func (s Side) String() string {
	var parts []string
	if s.Rev != "" {
		rev := s.Rev
		if c := s.Commit; c != "" && !strings.HasPrefix(c, s.Rev) {
			rev += " (" + c[:min(10, len(c))] + ")"
		}
		parts = append(parts, rev)
	}
	parts = append(parts, s.Go, s.GOOS+"/"+s.GOARCH)
	if s.PGO != "" {
		parts = append(parts, "-pgo="+s.PGO)
	}
	if s.NoCgo {
		parts = append(parts, "without cgo")
	}
	return strings.Join(parts, " ")
}
