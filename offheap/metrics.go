package offheap

import (
	"encoding/json"
	"fmt"
)

// Numbers for monitoring, in the manners of packages runtime/metrics and expvar.

// A MetricSample is a named number; see [Heap.ReadMetrics].
type MetricSample struct {
	Name  string
	Value uint64
}

// A MetricDescription describes a metric.
type MetricDescription struct {
	Name        string // ends in ":" and the unit, as in runtime/metrics
	Description string

	read func(*Stats) uint64
}

var metrics = []MetricDescription{
	{"/offheap/limit:bytes", "Limit of committed memory; 0 is none.", func(s *Stats) uint64 { return s.Limit }},
	{"/offheap/memory/committed:bytes", "Memory that the heap has of the system, its bookkeeping included.", func(s *Stats) uint64 { return s.Committed }},
	{"/offheap/memory/committed-peak:bytes", "The most that committed memory ever was.", func(s *Stats) uint64 { return s.PeakCommitted }},
	{"/offheap/memory/released:bytes", "Memory of the heap's arenas that was given back to the system.", func(s *Stats) uint64 { return s.Released }},
	{"/offheap/memory/free:bytes", "Pages without objects, given back or not.", func(s *Stats) uint64 { return s.Free }},
	{"/offheap/memory/in-use:bytes", "Pages with objects.", func(s *Stats) uint64 { return s.InUse }},
	{"/offheap/memory/in-use-peak:bytes", "The most that pages with objects ever were.", func(s *Stats) uint64 { return s.PeakInUse }},
	{"/offheap/objects/live:objects", "Objects that were allocated and not freed.", func(s *Stats) uint64 { return s.Objects }},
	{"/offheap/objects/requested:bytes", "Bytes asked for in live objects.", func(s *Stats) uint64 { return s.Requested }},
	{"/offheap/objects/lost:bytes", "Bytes of live objects that were not asked for.", func(s *Stats) uint64 { return s.Lost }},
	{"/offheap/objects/cached:bytes", "Free objects in caches.", func(s *Stats) uint64 { return s.Cached }},
	{"/offheap/objects/large:objects", "Live objects above 32 KiB.", func(s *Stats) uint64 { return s.Large.Objects }},
	{"/offheap/objects/large:bytes", "Pages of live objects above 32 KiB.", func(s *Stats) uint64 { return s.Large.Bytes }},
}

// Metrics describes the metrics that [Heap.ReadMetrics] knows.
func Metrics() []MetricDescription { return append([]MetricDescription(nil), metrics...) }

// ReadMetrics sets the value of each sample by its name, as runtime/metrics.Read
// does. It panics at a name that [Metrics] does not have.
func (h *Heap) ReadMetrics(samples []MetricSample) {
	stats := h.Stats()
	for i := range samples {
		samples[i].Value = metric(samples[i].Name).read(&stats)
	}
}

func metric(name string) *MetricDescription {
	for i := range metrics {
		if metrics[i].Name == name {
			return &metrics[i]
		}
	}
	panic(fmt.Sprintf("offheap: there is no metric %q", name))
}

// A StatsVar is an expvar.Var of a heap's [Stats]:
//
//	expvar.Publish("offheap", h.Var())
//
// This package does not import expvar, which brings an HTTP server.
type StatsVar struct{ h *Heap }

// Var returns the heap's Stats as an expvar.Var.
func (h *Heap) Var() StatsVar { return StatsVar{h} }

// String is the heap's Stats as JSON.
func (v StatsVar) String() string {
	b, err := json.Marshal(v.h.Stats())
	if err != nil {
		return "null" // cannot happen: Stats is numbers
	}
	return string(b)
}
