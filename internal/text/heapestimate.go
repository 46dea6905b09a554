package text

import (
	"fmt"

	"golang.org/x/perf/benchunit"

	"github.com/stackward-go/stackward/alloc"
)

// siteEstimates writes where objects were likely allocated.
func (t *writer) siteEstimates(r *alloc.Report) {
	n := t.rows(len(r.SiteEstimates))
	if n == 0 {
		if why := r.Heap.NoSites; why != "" {
			t.fold("no sites: " + why)
		}
		return
	}
	var rows, names, places []string
	for _, e := range r.SiteEstimates[:n] {
		temporary, survived, grows := "", "", ""
		if e.Lives != nil {
			temporary, survived, grows = lifeColumns(e.Lives)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%.0f%%\t%s\t%s\t%s\t", count(int(e.Objects)), estimate(&e.Bytes, 1, benchunit.Binary, "B"), size(e.LiveBytes), 100*e.Alone, temporary, survived, grows))
		names = append(names, t.siteName(&alloc.HeapSite{Pos: e.Pos, Callee: e.Callee}))
		places = append(places, t.pos(e.Pos))
	}
	t.placed("objects\tbytes\tlive\talone\ttemporary\tsurvived\tgrows\t", rows, names, places)
	t.more(len(r.SiteEstimates), n, "sites")
	t.siteProfile(r.Heap)
	t.fold("approximate: what the trace counts of each size, dealt out by a sampled heap profile; in brackets where bytes are in 95 of 100 cases; alone: of the bytes, what no other site can have in 95 of 100, since the profile has none of these sizes: where that is nearly all, it is told what became of them. heap record -sites has each allocation's own stack")
}

// A profile of fewer samples is said to have few: of ten sites each then is known to
// about a third. So is one that has less than most of what was allocated.
const (
	fewSamples  = 400
	mostSampled = 0.75
	ownRate     = 4096 // of the programs that stackward starts
)

// siteProfile says how much the sites are known by.
func (t *writer) siteProfile(h *alloc.Heap) {
	p := h.SiteProfile
	if p == nil {
		return
	}
	s := fmt.Sprintf("by %s, one for %s", plural(int(p.Samples), "sample"), size(p.Rate))
	if p.Until > 0 {
		s += fmt.Sprintf(", which end at %s, the last collection but one: %s of %s that were allocated; of the rest it is not known who did", duration(p.Until), size(p.Bytes), size(h.Bytes))
	}
	s += fmt.Sprintf("; a site of up to %s may have none", size(p.Unseen))
	switch few := p.Samples < fewSamples; {
	case few && p.Rate > ownRate:
		s += ". They are few: record longer, or set runtime.MemProfileRate"
	case few:
		s += ". They are few: record longer"
	case float64(p.Bytes) < mostSampled*float64(h.Bytes):
		s += ". Record longer"
	}
	t.fold(s)
}
