package alloc

// A WhatIf is a question about a recording, and what the simulated heap answers: how
// the objects of the recording would have fared. Sizes are in bytes, times in ns.
type WhatIf struct {
	// Question is as it was asked, "" for the recording as it was: that answer is of
	// the traced program, and Recorded says how it really was.
	Question string          `json:"question,omitempty"`
	Recorded *WhatIfRecorded `json:"recorded,omitempty"`
	// Baseline is that nobody asked: nothing is changed, with the settings of a question
	// that changes objects, which are behind it.
	Baseline bool `json:"baseline,omitempty"`

	GOGC        int   `json:"gogc"` // percent, -1 off
	MemoryLimit int64 `json:"memory_limit,omitempty"`
	Procs       int   `json:"procs"`

	Collections Estimate `json:"collections"`
	// Peak is the largest heap as the pacer counts it, PeakMarked that at the end of a
	// collection's marking, which gctrace prints, PeakInuse that of the spans.
	Peak       Estimate `json:"peak_bytes"`
	PeakMarked Estimate `json:"peak_marked_bytes"`
	PeakInuse  Estimate `json:"peak_inuse_bytes"`
	// GCCPU is what collections take of the processors, absent where the recording
	// does not have what they took.
	GCCPU *Estimate `json:"gc_cpu_ns,omitempty"`
	// Bytes are allocated in all, those of slots.
	Bytes int64 `json:"bytes"`

	// Grown are slices that grow where the question presizes them, nil if it does not.
	Grown *WhatIfGrown `json:"grown,omitempty"`
	// Objects and ObjectBytes are those that the question takes off the heap or makes
	// other, as they were; OffHeap the most at once of those that it puts elsewhere.
	Objects     int64     `json:"objects,omitempty"`
	ObjectBytes int64     `json:"object_bytes,omitempty"`
	OffHeap     *Estimate `json:"off_heap_bytes,omitempty"`
	// Types are those that a name in the question means, where it is that of several.
	Types []WhatIfType `json:"types,omitempty"`
}

// A WhatIfType is one of several types of the same name.
type WhatIfType struct {
	Of      string `json:"of"`   // the name in the question
	Type    string `json:"type"` // a name that no other type of the recording has
	Objects int64  `json:"objects"`
}

// WhatIfGrown are slices that grow, each in two memories or more, of which one is left:
// sizes and deaths tell which took the place of which. Low is what is certain.
type WhatIfGrown struct {
	Slices   Estimate `json:"slices"`
	Memories Estimate `json:"memories"`
}

// A WhatIfRecorded is what the recording itself has.
type WhatIfRecorded struct {
	Collections int64 `json:"collections"`
	Peak        int64 `json:"peak_bytes"`
	GCCPU       int64 `json:"gc_cpu_ns,omitempty"`
	// GCCPUSource says by what GCCPU is known.
	GCCPUSource GCSource `json:"gc_cpu_source,omitempty"`
	// GCPauses is what of GCCPU processors stood still for while the world was stopped, by
	// the log; the rest is what marking took.
	GCPauses int64 `json:"gc_pauses_ns,omitempty"`
	// GCLogged is what the log has of marking where samples tell GCCPU, absent where
	// there is no log: others had the processors then.
	GCLogged int64 `json:"gc_logged_ns,omitempty"`
	Bytes    int64 `json:"bytes"`
	// TracerBytes is what the recorder had in the heap, which is no part of what is asked.
	TracerBytes int64 `json:"tracer_bytes,omitempty"`
	// GOGC says how its setting is known, where the process did not tell it.
	GOGC GOGCSource `json:"gogc_source,omitempty"`
}

// A GOGCSource says how the GOGC of a recorded process is known.
type GOGCSource string

// The sources.
const (
	GOGCTold    GOGCSource = ""        // by the process
	GOGCGoals   GOGCSource = "goals"   // by the goals of its collector
	GOGCAssumed GOGCSource = "assumed" // it is not
)

// An Estimate is a figure with its range.
type Estimate struct {
	Low    int64 `json:"low"`
	Likely int64 `json:"likely"`
	High   int64 `json:"high"`
}
