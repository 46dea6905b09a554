package alloc

// A HeapCPU is what a program's CPU time went to, by the samples of it that a trace has.
type HeapCPU struct {
	// Samples is how many there are, up to the moment of the heap, without those of the
	// recording itself, which are Recording.
	Samples   int64 `json:"samples"`
	Recording int64 `json:"recording_samples,omitempty"`
	// First and Last are when the first and the last of all were taken.
	First int64 `json:"first_ns"`
	Last  int64 `json:"last_ns"`
	// Allocation is where the runtime made memory, without what it did there for the
	// collector.
	Allocation CPUShare `json:"allocation"`
	// Collection is marking, sweeping, and giving memory back to the system. Paid is of
	// it what goroutines did as they allocated, and Idle what workers did on processors
	// that were idle.
	Collection CPUShare `json:"collection"`
	Paid       CPUShare `json:"paid"`
	Idle       CPUShare `json:"idle"`
	// Stacks is where goroutines' stacks were copied to larger ones.
	Stacks CPUShare `json:"stacks"`
}

// A CPUShare is a part of a program's CPU time, 0 to 1: by how many samples it is known,
// and between what it is in 95 of 100 cases.
type CPUShare struct {
	Samples int64   `json:"samples"`
	Low     float64 `json:"low"`
	Likely  float64 `json:"likely"`
	High    float64 `json:"high"`
}

// A HeapCPUSite is what a place costs of a program's CPU time: the innermost line outside
// of the standard library.
type HeapCPUSite struct {
	Pos
	Func       string   `json:"func"`
	Callee     string   `json:"callee,omitempty"` // as of HeapSite
	Allocation CPUShare `json:"allocation"`
	// Paid is what was done there for the collector.
	Paid CPUShare `json:"paid"`
	// Collection is the place's part of the whole collector's CPU time: that of its bytes in
	// all that were allocated. It is nil where these are not known.
	Collection *float64 `json:"collection,omitempty"`
}

// Sum is what the place costs, Paid not counted: it is in Collection.
func (s *HeapCPUSite) Sum() float64 {
	if s.Collection == nil {
		return s.Allocation.Likely + s.Paid.Likely
	}
	return s.Allocation.Likely + *s.Collection
}
