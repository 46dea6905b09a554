package alloc

import "time"

// A Heap is the heap of a program over the time of a trace, and at one moment of it.
// Times are in ns since the beginning, sizes in bytes; a size of objects is that of
// their slots, since a trace does not have what was asked for.
type Heap struct {
	File     string `json:"file"`
	Duration int64  `json:"duration_ns"`
	At       int64  `json:"at_ns"`  // the moment that spans, slots and what lives are told of
	Events   int    `json:"events"` // of memory, up to that moment
	// Unfit counts events that do not fit together, Unfits by what is wrong with them.
	Unfit  int64            `json:"unfit"`
	Unfits map[string]int64 `json:"unfit_reasons,omitempty"`

	Objects       int64 `json:"objects"` // allocated since the beginning
	Bytes         int64 `json:"bytes"`
	Tiny          int64 `json:"tiny"` // of the objects, those that share a block
	FreedObjects  int64 `json:"freed_objects"`
	FreedBytes    int64 `json:"freed_bytes"`
	LiveObjects   int64 `json:"live_objects"` // allocated and not yet swept
	LiveBytes     int64 `json:"live_bytes"`
	PeakLiveBytes int64 `json:"peak_live_bytes"`
	PeakAt        int64 `json:"peak_at_ns"`
	// Dead are of those that live the ones that the collection before had found dead:
	// they wait to be swept. Nil where the trace ends before it is known.
	Dead      *int64 `json:"dead_objects,omitempty"`
	DeadBytes *int64 `json:"dead_bytes,omitempty"`
	// Rounding is what those that live do not use of their slots.
	Rounding HeapRange `json:"rounding_bytes"`
	// Tracer is what of LiveBytes the tracer has for itself.
	Tracer int64 `json:"tracer_bytes,omitempty"`

	Arenas      int   `json:"arenas"`
	Spans       int64 `json:"spans"`
	InuseBytes  int64 `json:"inuse_bytes"`  // of spans of the heap
	ManualBytes int64 `json:"manual_bytes"` // of spans of stacks and of the runtime's own
	FreeBytes   int64 `json:"free_bytes"`   // of free slots in spans
	TailBytes   int64 `json:"tail_bytes"`   // behind the last slots of spans
	StackBytes  int64 `json:"stack_bytes"`  // of goroutine stacks
	GoalBytes   int64 `json:"goal_bytes,omitempty"`
	Collections int   `json:"collections"`
	// GrowsFrom is how many collections it takes to tell that objects grow, where there
	// were fewer: Grows of HeapLives then is not known.
	GrowsFrom int `json:"grows_from,omitempty"`
	// NoSites says why sites are not even estimated.
	NoSites string `json:"no_sites,omitempty"`
	// SiteProfile is what HeapSiteEstimates are by.
	SiteProfile *HeapSiteProfile `json:"site_profile,omitempty"`
	PauseNs     int64            `json:"pause_ns"`  // for which collections stopped the world, in sum
	MarkNs      int64            `json:"mark_ns"`   // from beginnings to ends of marking, in sum
	AssistNs    int64            `json:"assist_ns"` // of goroutines that helped, in sum
	PeakStacks  int64            `json:"peak_stack_bytes"`
	// GCCPU is absent where there was no collection, or it is not known.
	GCCPU *GCCPU `json:"gc_cpu,omitempty"`
	// CPU is absent where the trace has no samples of it.
	CPU *HeapCPU `json:"cpu,omitempty"`
	// StartStacks are what new goroutines' stacks had, in order, by the runtime's
	// metric where a recording has it; absent where none was seen to be made.
	// StacksUntied counts stacks that are of no known goroutine.
	StartStacks  []StartStack `json:"start_stacks,omitempty"`
	StacksUntied int64        `json:"stacks_untied,omitempty"`
	TypesUnknown int64        `json:"types_unknown"` // objects whose type the runtime was not told
	// SitesUnknown counts the objects without a site, of a recording that has sites.
	SitesUnknown int64 `json:"sites_unknown,omitempty"`
	// SourceChanged are the files of sites that were written after the recording began:
	// the lines are those of the program that ran.
	SourceChanged []string `json:"source_changed,omitempty"`
	// Runtime is what the program's own counters said at the end, absent where they
	// were not recorded, and for a moment before it.
	Runtime *HeapCounts `json:"runtime,omitempty"`
}

// A HeapRange is a number of bytes that is not known exactly.
type HeapRange struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// HeapCounts are counters of the runtime (runtime.MemStats): objects and bytes that
// were allocated while it was traced, and bytes at its end.
type HeapCounts struct {
	HeapCounted
	// Around is that the counters were read from outside, by net/http/pprof: they have
	// what came before and behind the trace, too.
	Around bool `json:"around,omitempty"`
	// Replayed is what the replay has for the same moments: while the world was stopped
	// for the reading, what is nearest to the counters. It is nil where the trace does not
	// have them: the counters are not comparable with it.
	Replayed *HeapCounted `json:"replayed,omitempty"`
}

// A HeapCounted is what was counted from one moment to another, and at that one.
type HeapCounted struct {
	Objects    int64 `json:"objects"` // allocated
	Bytes      int64 `json:"bytes"`
	LiveBytes  int64 `json:"live_bytes"`
	InuseBytes int64 `json:"inuse_bytes"` // of spans of objects
}

// A HeapClass is what a span class has at a heap's moment.
type HeapClass struct {
	Size     int64     `json:"size,omitempty"` // bytes of a slot, absent for large objects
	Noscan   bool      `json:"noscan"`         // objects without pointers
	Spans    int64     `json:"spans"`
	Inuse    int64     `json:"inuse_bytes"`
	Slots    int64     `json:"slots"`
	Live     int64     `json:"live_slots"`
	Full     int64     `json:"full_spans"`
	Empty    int64     `json:"empty_spans"`
	Free     int64     `json:"free_bytes"`
	Tail     int64     `json:"tail_bytes"`
	Rounding HeapRange `json:"rounding_bytes"`
	Objects  int64     `json:"objects"` // allocated since the beginning
	Bytes    int64     `json:"bytes"`
	// Occupied counts the spans in which something lives by how much of their slots
	// does: up to a quarter, a half, three quarters, less than all, all.
	Occupied [5]int64 `json:"occupied"`
}

// TypeUnknown is how a type is shown that the runtime was not given.
const TypeUnknown = "(type unknown)"

// A HeapType is what became of the objects of a type.
type HeapType struct {
	Type string `json:"type,omitempty"` // absent where the runtime was not told it
	// Name is one that no other type of the recording has, absent where Type is: with the
	// package's whole path, or the address of the runtime's description behind an @.
	Name string `json:"name,omitempty"`
	Size int64  `json:"size,omitempty"` // bytes of one value
	HeapLives
	Rounding HeapRange `json:"rounding_bytes"` // of those that live
}

// A HeapSite is what became of the objects that were allocated at a place: the
// innermost line outside of the standard library, and of one type.
type HeapSite struct {
	Pos
	Func string `json:"func"` // at Pos
	// Callee is the function of the standard library that it calls and in which the
	// objects are allocated, absent where they are allocated at Pos.
	Callee string `json:"callee,omitempty"`
	Type   string `json:"type,omitempty"`
	Name   string `json:"name,omitempty"` // of the type, as of HeapType
	HeapLives
	// Waste is nil where nothing of the site lives.
	Waste *HeapWaste `json:"waste,omitempty"`
}

// A HeapSiteProfile is what a heap profile has of a recording.
type HeapSiteProfile struct {
	Samples int64 `json:"samples"` // with those of shortly before it, of a process by its URL
	Rate    int64 `json:"rate"`    // bytes, one sample of so many
	// Until is where it ends, in ns since the beginning, 0 where it has all. Bytes is what
	// was allocated up to there.
	Until int64 `json:"until_ns,omitempty"`
	Bytes int64 `json:"bytes"`
	// Unseen is what a place may have allocated of which the profile has no sample, in 95
	// of 100 cases.
	Unseen int64 `json:"unseen_bytes"`
}

// A HeapSiteEstimate is what a place allocates by a heap profile, which is sampled, of
// the objects that the trace counts: of a recording without the stacks of allocations.
type HeapSiteEstimate struct {
	Pos
	Func   string   `json:"func"`
	Callee string   `json:"callee,omitempty"` // as of HeapSite
	Bytes  Estimate `json:"bytes"`
	// Objects and LiveBytes are likely; what lives is as of the last collection.
	Objects   int64 `json:"objects"`
	LiveBytes int64 `json:"live_bytes"`
	// Alone is the share of the likely Bytes that are the place's own at least, in 95 of
	// 100 cases, by sizes of slots of which the profile has no other place. Lives are those
	// of the objects in them, absent where that is not nearly all.
	Alone float64    `json:"alone"`
	Lives *HeapLives `json:"lives,omitempty"`
}

// A HeapWaste is what the spans of a site's objects hold that no object uses, in bytes.
// Of a span in which objects of several sites live each has the part that its slots
// are of all that live there.
type HeapWaste struct {
	Spans    int64     `json:"spans"`       // in which it has objects
	Alone    int64     `json:"spans_alone"` // of these, those in which no other site has
	Free     int64     `json:"free_bytes"`  // of free slots
	Tail     int64     `json:"tail_bytes"`  // behind the last slots
	Rounding HeapRange `json:"rounding_bytes"`
	Occupied [5]int64  `json:"occupied"` // as of HeapClass; large objects are not counted
}

// A HeapArena is a part of the address space that the heap has grown to.
type HeapArena struct {
	Addr uint64 `json:"addr"`
	Low  uint64 `json:"low"` // the lowest address of a span that was seen
	Top  uint64 `json:"top"` // the highest end of one
	Used int64  `json:"used_bytes"`
}

// A HeapSpan is a run of pages of one class.
type HeapSpan struct {
	Addr   uint64 `json:"addr"`
	Bytes  int64  `json:"bytes"`
	Slot   int64  `json:"size,omitempty"` // bytes of a slot
	Noscan bool   `json:"noscan,omitempty"`
	// Owner is "mcache", "mcentral partial", "mcentral full", "large", "stack" or
	// "runtime"; Proc the P whose mcache it is.
	Owner string `json:"owner"`
	Proc  *int32 `json:"proc,omitempty"`
	// Swept is that the span is known to be swept since marking ended last.
	Swept bool  `json:"swept,omitempty"`
	Slots int64 `json:"slots,omitempty"`
	Live  int64 `json:"live_slots,omitempty"`
	Tiny  int64 `json:"tiny,omitempty"` // objects that share live slots, beyond one in each
	Dead  int64 `json:"dead_slots,omitempty"`
}

// HeapLives are the lives of some objects.
type HeapLives struct {
	Objects        int64 `json:"objects"` // allocated since the beginning
	Bytes          int64 `json:"bytes"`
	LiveObjects    int64 `json:"live_objects"` // blocks of tiny objects count as one
	LiveBytes      int64 `json:"live_bytes"`
	FreedObjects   int64 `json:"freed_objects"`
	Temporary      int64 `json:"temporary"` // of those freed, found dead by the first collection after their birth
	TemporaryBytes int64 `json:"temporary_bytes"`
	// Survived is how many collections those freed lived through, on average.
	Survived float64 `json:"survived,omitempty"`
	// FreedShare is how much of the objects, with those that were there before, was
	// freed: where it is little, Temporary and Survived say little of them.
	FreedShare float64 `json:"freed_share"`
	// Ages counts those freed by which collection after their birth found them dead:
	// the first, the second, up to the 4th, up to the 8th, a later one.
	Ages [5]int64 `json:"ages"`
	// Grows is by how many the objects that had survived a collection grew in the
	// second half, where they grew all the way.
	Grows int64 `json:"grows,omitempty"`
}

// A Collection is one cycle of the garbage collector.
type Collection struct {
	N int `json:"n"`
	// Trigger is what began it: "goal", "runtime.GC", "FreeOSMemory", "period";
	// absent where the trace does not tell.
	Trigger    string `json:"trigger,omitempty"`
	Begin      int64  `json:"begin_ns"`
	End        int64  `json:"end_ns,omitempty"`
	Goal       int64  `json:"goal_bytes,omitempty"`
	Live       int64  `json:"live_bytes"`             // when it began
	Marked     int64  `json:"marked_bytes,omitempty"` // live when marking ended, by the runtime's own count
	Pause      int64  `json:"pause_ns"`
	Assist     int64  `json:"assist_ns"`
	Freed      int64  `json:"freed_slots"` // swept until the next one began
	FreedBytes int64  `json:"freed_bytes"`
	// CPU is nil where it is not known.
	CPU *CollectionCPU `json:"cpu,omitempty"`
}

// A CollectionCPU is what collections took of the processors: time on a P, in ns.
type CollectionCPU struct {
	Workers int64 `json:"workers_ns"` // that marked in the background
	Assists int64 `json:"assists_ns"` // goroutines that allocated and helped
	Pauses  int64 `json:"pauses_ns"`  // all Ps, while the world stood still: little of it is CPU time
	Idle    int64 `json:"idle_ns"`    // workers on Ps that had nothing else to do
	// Share is that of Sum in the CPU time of the process, absent where that is not known.
	Share *float64 `json:"share,omitempty"`
}

// Sum is what marking took from the program.
func (c *CollectionCPU) Sum() int64 { return c.Workers + c.Assists }

// A GCCPU is what all collections took of the processors.
type GCCPU struct {
	// Source says who tells it: the collector's own log, or the trace's events.
	Source GCSource `json:"source"`
	// SampledNs is what the samples of the processors have of marking, where the
	// log has more than they allow: other programs had the processors then.
	SampledNs int64 `json:"sampled_ns,omitempty"`
	CollectionCPU
}

// A GCSource is where the time of collections is known from.
type GCSource string

// The sources.
const (
	FromGCLog GCSource = "gc log" // GODEBUG=gctrace=1
	FromTrace GCSource = "trace"
	// FromSamples is by samples of the processors, of a recording whose log is missing, or
	// tells more than they allow.
	FromSamples GCSource = "samples"
)

// A HeapMoment is the heap at one of many moments.
type HeapMoment struct {
	At     int64 `json:"at_ns"`
	Live   int64 `json:"live_bytes"`
	Inuse  int64 `json:"inuse_bytes"`
	Goal   int64 `json:"goal_bytes,omitempty"`
	Stacks int64 `json:"stack_bytes"`
}

// A StackSize is what became of goroutine stacks of one size.
type StackSize struct {
	Size   int64 `json:"size"`
	Live   int64 `json:"live"`
	Most   int64 `json:"most"`   // at once
	Allocs int64 `json:"allocs"` // since the beginning
	// Threads counts those that were allocated for threads' own use since the
	// beginning, and are in none of the others.
	Threads int64 `json:"threads,omitempty"`
}

// A GoroutineStacks is what became of the stacks of goroutines that began with the same
// function. Sizes are in bytes.
type GoroutineStacks struct {
	Func string `json:"func,omitempty"` // absent where the trace does not tell
	// Called is the outermost function that the trace has of them where it cuts their
	// stacks off, and so does not tell Func.
	Called string `json:"called,omitempty"`
	// By is the function that had them begin through Func's package, as sync.WaitGroup.Go
	// and http.Serve do: the innermost of another one.
	By    string `json:"by,omitempty"`
	Began int64  `json:"began"` // since the beginning
	Live  int64  `json:"live"`
	// Unsized are those of Live whose stacks have no known size: Stacks, Most and
	// Largest are without them. WereUnsized counts all that were so at some time.
	Unsized     int64 `json:"unsized,omitempty"`
	WereUnsized int64 `json:"were_unsized,omitempty"`
	Stacks      int64 `json:"stack_bytes"`
	Most        int64 `json:"most_stack_bytes"` // at once
	Largest     int64 `json:"largest_bytes"`    // of one
	// Grown counts stacks that were copied to larger ones, Copied is at most what was
	// copied: the bytes of those that were left. Shrunk counts copies to smaller ones.
	Grown  int64 `json:"grown"`
	Copied int64 `json:"copied_bytes"`
	Shrunk int64 `json:"shrunk,omitempty"`
	// Static is what the machine code says of Func, as it is built now, where that was
	// asked for.
	Static *StaticStack `json:"static,omitempty"`
}

// A StaticStack is what makes the stacks of goroutines grow, as far as it is known
// without running them.
type StaticStack struct {
	// Bytes is the longest chain of frames over direct calls, Size the stack that it
	// needs, Dynamic the calls through pointers on it, which are not followed. It is one
	// that leads aside, and Aside says why, where the ordinary one needs less than there
	// was.
	Aside   StackAside `json:"aside,omitempty"`
	Bytes   int64      `json:"bytes"`
	Size    int64      `json:"stack"`
	Dynamic int        `json:"dynamic,omitempty"`
	// DynamicOff is as of [StackChain].
	DynamicOff bool `json:"dynamic_off,omitempty"`
	// Recursive are the functions of the chain that may be entered again from
	// themselves: it goes round once, and has no bound.
	Recursive []string `json:"recursive,omitempty"`
	// RecursiveOff are those off the chain, as of [StackChain].
	RecursiveOff []string `json:"recursive_off,omitempty"`
	// Frames are the largest on the chain, the largest first.
	Frames []StaticFrame `json:"frames,omitempty"`
}

// A StaticFrame is a large frame, and what is in it.
type StaticFrame struct {
	Func  string     `json:"func"`
	Frame int64      `json:"frame"`
	Vars  []StackVar `json:"vars,omitempty"`
}

// A StartStack is the size of a new goroutine's stack from a moment on.
type StartStack struct {
	At    int64 `json:"at_ns"`
	Bytes int64 `json:"bytes"`
}

// A HeapTop is one look at a running process: its own counters, and where it has
// allocated in the last so many seconds, by its sampled heap profile. Sizes are in
// bytes.
type HeapTop struct {
	Time          time.Time `json:"time"`
	LiveBytes     int64     `json:"live_bytes"` // with what is not yet swept
	LiveObjects   int64     `json:"live_objects"`
	GoalBytes     int64     `json:"goal_bytes"` // of the next collection
	InuseBytes    int64     `json:"inuse_bytes"`
	IdleBytes     int64     `json:"idle_bytes"`     // of the heap, in no span
	ReleasedBytes int64     `json:"released_bytes"` // of those, given back to the system
	StackBytes    int64     `json:"stack_bytes"`
	SysBytes      int64     `json:"sys_bytes"`
	Collections   int64     `json:"collections"`
	GCShare       float64   `json:"gc_share"` // of CPU time since the process began
	// NoSamples is that its heap profile has none yet: there are no sites.
	NoSamples bool `json:"no_samples,omitempty"`

	// Window is the time in seconds that the rates are of; 0 in the first look.
	Window               float64        `json:"window_seconds"`
	ObjectsPerSecond     float64        `json:"objects_per_second"`
	BytesPerSecond       float64        `json:"bytes_per_second"`
	CollectionsPerSecond float64        `json:"collections_per_second"`
	Sites                []*HeapTopSite `json:"sites,omitempty"`
}

// A HeapTopSite is a line from which a process allocates: the innermost that is not of
// the standard library.
type HeapTopSite struct {
	Func             string  `json:"func"`
	File             string  `json:"file,omitempty"`
	Line             int     `json:"line,omitempty"`
	ObjectsPerSecond float64 `json:"objects_per_second"`
	BytesPerSecond   float64 `json:"bytes_per_second"`
	GrowthPerSecond  float64 `json:"growth_per_second"` // of bytes that live
}
