package alloc

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
)

// Schema is the version of the JSON written by [Report.WriteJSON].
const Schema = 1

// A Report is what one command found: the one value that every surface reads.
type Report struct {
	// Root is the directory that the report's files are relative to. It is
	// not part of the JSON form.
	Root       string
	Header     Header
	Sites      []*Site
	Benchmarks []*Benchmark
	Costs      []*Cost
	// FuncStacks are what functions cost on a goroutine's stack.
	FuncStacks []*Stack
	// Changes are the sites that are not the same in two builds.
	Changes []*Change
	// Fixes are the rewrites that were found, those to apply in their order, then
	// what was refused; Effects what all that are applied do together.
	Fixes   []*Fix
	Effects []*Effect
	// Contracts are the promises in the source and their verdicts, Findings what
	// is not as it must be.
	Contracts []*Contract
	Findings  []*Finding
	// Heap and what follows it are what a trace says.
	Heap      *Heap
	Classes   []*HeapClass
	Types     []*HeapType
	HeapSites []*HeapSite
	// SiteEstimates stand where there are no HeapSites.
	SiteEstimates []*HeapSiteEstimate
	CPUSites      []*HeapCPUSite
	Collections   []*Collection
	Moments       []*HeapMoment
	Stacks        []*StackSize
	Goroutines    []*GoroutineStacks
	Arenas        []*HeapArena
	Spans         []*HeapSpan
	// WhatIfs are what would be otherwise.
	WhatIfs []*WhatIf
	// Problems are what could not be done; a report with problems is partial.
	Problems []*Problem
	Summary  Summary
}

// A Header says what was asked and of which toolchain and target.
type Header struct {
	Schema  int    `json:"schema"`
	Command string `json:"command"`
	Go      string `json:"go"`
	GOOS    string `json:"goos"`
	GOARCH  string `json:"goarch"`
	Module  string `json:"module,omitempty"`
	PGO     string `json:"pgo,omitempty"`
	// Order says what the sites are ranked by: "cost", or "static" where
	// nothing was measured.
	Order string `json:"order,omitempty"`
	// Before and After are the builds that are compared; what is said of one build
	// is said of that after.
	Before *Side `json:"before,omitempty"`
	After  *Side `json:"after,omitempty"`
	// Stack is how the runtime sizes stacks, where that was asked.
	Stack *StackRules `json:"stack,omitempty"`
}

// A Problem is a part of the work that could not be done.
type Problem struct {
	Package string `json:"package,omitempty"`
	Pos
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// A Summary counts what was found.
type Summary struct {
	Packages  int `json:"packages"`
	Sites     int `json:"sites"`               // that may allocate
	Found     int `json:"found"`               // of them that pass the filters
	Shown     int `json:"shown"`               // of those that are shown
	Never     int `json:"never"`               // reported by the compiler, not in the machine code
	Generated int `json:"generated"`           // left out: in generated files
	Tests     int `json:"tests"`               // left out: in test files
	Contracts int `json:"contracts,omitempty"` // that were checked
	Findings  int `json:"findings,omitempty"`
	Functions int `json:"functions,omitempty"` // whose stacks were looked at
	Gone      int `json:"gone,omitempty"`      // sites of the baseline that are not there any more
	// NotInstantiated counts the generic functions that none of the packages
	// instantiates: they were not compiled, and their sites are not known.
	NotInstantiated int `json:"not_instantiated,omitempty"`

	// Of a comparison: the sites of the build before, the changes of each status,
	// and, of those that allocate in both, those of each aspect.
	SitesBefore int                  `json:"sites_before,omitempty"`
	ByStatus    map[ChangeStatus]int `json:"by_status,omitempty"`
	ByAspect    map[Aspect]int       `json:"by_aspect,omitempty"`
	// Unseen counts the places where only one of the builds inlines a function of a
	// package that was not asked for: what it allocates in the other is not known.
	Unseen int `json:"unseen,omitempty"`

	ByCause map[Cause]int `json:"by_cause,omitempty"`
	ByKind  map[Kind]int  `json:"by_kind,omitempty"`
	Seconds float64       `json:"seconds"`
}

// A Message is one line of the JSON form of a report: an object with exactly
// one key.
type Message struct {
	Header    *Header    `json:"header,omitempty"`
	Site      *Site      `json:"site,omitempty"`
	Cost      *Cost      `json:"cost,omitempty"`
	Benchmark *Benchmark `json:"benchmark,omitempty"`
	Stack     *Stack     `json:"stack,omitempty"`
	Change    *Change    `json:"change,omitempty"`
	Fix       *Fix       `json:"fix,omitempty"`
	Effect    *Effect    `json:"effect,omitempty"`
	Contract  *Contract  `json:"contract,omitempty"`
	Finding   *Finding   `json:"finding,omitempty"`

	Heap         *Heap             `json:"heap,omitempty"`
	HeapClass    *HeapClass        `json:"heap_class,omitempty"`
	HeapType     *HeapType         `json:"heap_type,omitempty"`
	HeapSite     *HeapSite         `json:"heap_site,omitempty"`
	SiteEstimate *HeapSiteEstimate `json:"heap_site_estimate,omitempty"`
	HeapCPUSite  *HeapCPUSite      `json:"heap_cpu_site,omitempty"`
	Collection   *Collection       `json:"collection,omitempty"`
	HeapMoment   *HeapMoment       `json:"heap_moment,omitempty"`
	StackSize    *StackSize        `json:"stack_size,omitempty"`
	Goroutines   *GoroutineStacks  `json:"goroutine_stacks,omitempty"`
	HeapArena    *HeapArena        `json:"heap_arena,omitempty"`
	HeapSpan     *HeapSpan         `json:"heap_span,omitempty"`
	WhatIf       *WhatIf           `json:"what_if,omitempty"`
	HeapTop      *HeapTop          `json:"heap_top,omitempty"`

	Problem *Problem `json:"problem,omitempty"`
	Summary *Summary `json:"summary,omitempty"`
}

// Messages yields the report as its stream of messages: header, sites,
// benchmarks, costs, stacks, changes, fixes, effects, contracts, findings, the heap
// with its classes, types, sites, their estimates, collections, moments, stacks, goroutines, arenas and spans,
// what-ifs, problems, summary.
func (r *Report) Messages() iter.Seq[Message] {
	return func(yield func(Message) bool) {
		if !yield(Message{Header: &r.Header}) {
			return
		}
		for _, s := range r.Sites {
			if !yield(Message{Site: s}) {
				return
			}
		}
		for _, b := range r.Benchmarks {
			if !yield(Message{Benchmark: b}) {
				return
			}
		}
		for _, c := range r.Costs {
			if !yield(Message{Cost: c}) {
				return
			}
		}
		for _, s := range r.FuncStacks {
			if !yield(Message{Stack: s}) {
				return
			}
		}
		for _, c := range r.Changes {
			if !yield(Message{Change: c}) {
				return
			}
		}
		for _, f := range r.Fixes {
			if !yield(Message{Fix: f}) {
				return
			}
		}
		for _, e := range r.Effects {
			if !yield(Message{Effect: e}) {
				return
			}
		}
		for _, c := range r.Contracts {
			if !yield(Message{Contract: c}) {
				return
			}
		}
		for _, f := range r.Findings {
			if !yield(Message{Finding: f}) {
				return
			}
		}
		if r.Heap != nil && !yield(Message{Heap: r.Heap}) {
			return
		}
		for _, c := range r.Classes {
			if !yield(Message{HeapClass: c}) {
				return
			}
		}
		for _, t := range r.Types {
			if !yield(Message{HeapType: t}) {
				return
			}
		}
		for _, s := range r.HeapSites {
			if !yield(Message{HeapSite: s}) {
				return
			}
		}
		for _, e := range r.SiteEstimates {
			if !yield(Message{SiteEstimate: e}) {
				return
			}
		}
		for _, s := range r.CPUSites {
			if !yield(Message{HeapCPUSite: s}) {
				return
			}
		}
		for _, c := range r.Collections {
			if !yield(Message{Collection: c}) {
				return
			}
		}
		for _, m := range r.Moments {
			if !yield(Message{HeapMoment: m}) {
				return
			}
		}
		for _, s := range r.Stacks {
			if !yield(Message{StackSize: s}) {
				return
			}
		}
		for _, g := range r.Goroutines {
			if !yield(Message{Goroutines: g}) {
				return
			}
		}
		for _, a := range r.Arenas {
			if !yield(Message{HeapArena: a}) {
				return
			}
		}
		for _, a := range r.Spans {
			if !yield(Message{HeapSpan: a}) {
				return
			}
		}
		for _, w := range r.WhatIfs {
			if !yield(Message{WhatIf: w}) {
				return
			}
		}
		for _, p := range r.Problems {
			if !yield(Message{Problem: p}) {
				return
			}
		}
		yield(Message{Summary: &r.Summary})
	}
}

// WriteJSON writes the report as version [Schema] of the JSON form: one
// message a line.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for m := range r.Messages() {
		if err := enc.Encode(m); err != nil {
			return fmt.Errorf("writing report: %w", err)
		}
	}
	return nil
}

// ReadJSON reads what [Report.WriteJSON] wrote. It refuses other versions and
// a stream that has no header or ends before its summary.
func ReadJSON(r io.Reader) (*Report, error) {
	dec := json.NewDecoder(r)
	rep := new(Report)
	for n := 1; ; n++ {
		var m Message
		if err := dec.Decode(&m); err == io.EOF {
			return nil, fmt.Errorf("reading report: message %d: ends before the summary: %w", n, io.ErrUnexpectedEOF)
		} else if err != nil {
			return nil, fmt.Errorf("reading report: message %d: %w", n, err)
		}
		if (n == 1) != (m.Header != nil) {
			return nil, fmt.Errorf("reading report: message %d: the header must be first, and once", n)
		}
		switch {
		case m.Header != nil:
			if m.Header.Schema != Schema {
				return nil, fmt.Errorf("reading report: schema %d is not supported, want %d", m.Header.Schema, Schema)
			}
			rep.Header = *m.Header
		case m.Site != nil:
			rep.Sites = append(rep.Sites, m.Site)
		case m.Benchmark != nil:
			rep.Benchmarks = append(rep.Benchmarks, m.Benchmark)
		case m.Cost != nil:
			rep.Costs = append(rep.Costs, m.Cost)
		case m.Stack != nil:
			rep.FuncStacks = append(rep.FuncStacks, m.Stack)
		case m.Change != nil:
			rep.Changes = append(rep.Changes, m.Change)
		case m.Fix != nil:
			rep.Fixes = append(rep.Fixes, m.Fix)
		case m.Effect != nil:
			rep.Effects = append(rep.Effects, m.Effect)
		case m.Contract != nil:
			rep.Contracts = append(rep.Contracts, m.Contract)
		case m.Finding != nil:
			rep.Findings = append(rep.Findings, m.Finding)
		case m.Heap != nil:
			rep.Heap = m.Heap
		case m.HeapClass != nil:
			rep.Classes = append(rep.Classes, m.HeapClass)
		case m.HeapType != nil:
			rep.Types = append(rep.Types, m.HeapType)
		case m.HeapSite != nil:
			rep.HeapSites = append(rep.HeapSites, m.HeapSite)
		case m.HeapCPUSite != nil:
			rep.CPUSites = append(rep.CPUSites, m.HeapCPUSite)
		case m.Collection != nil:
			rep.Collections = append(rep.Collections, m.Collection)
		case m.HeapMoment != nil:
			rep.Moments = append(rep.Moments, m.HeapMoment)
		case m.StackSize != nil:
			rep.Stacks = append(rep.Stacks, m.StackSize)
		case m.Problem != nil:
			rep.Problems = append(rep.Problems, m.Problem)
		case m.Summary != nil:
			rep.Summary = *m.Summary
			return rep, nil
		}
	}
}
