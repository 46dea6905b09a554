package server

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/process"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
)

// gcMetrics is what INFO says of the collector. The runtime brings the CPU times
// up to date where a cycle ends, so they are of whole cycles, and fit each other.
var gcMetrics = []struct{ name, metric string }{
	{"gc_cpu_seconds", "/cpu/classes/gc/total:cpu-seconds"},
	{"gc_idle_cpu_seconds", "/cpu/classes/gc/mark/idle:cpu-seconds"},
	{"go_cpu_seconds", "/cpu/classes/total:cpu-seconds"},
	{"go_idle_cpu_seconds", "/cpu/classes/idle:cpu-seconds"},
	{"gc_cycles", "/gc/cycles/total:gc-cycles"},
	{"go_heap_live_bytes", "/gc/heap/live:bytes"},
	{"go_memory_bytes", "/memory/classes/total:bytes"},
	{"go_memory_released_bytes", "/memory/classes/heap/released:bytes"},
	{"gogc_percent", "/gc/gogc:percent"},
	{"gomemlimit_bytes", "/gc/gomemlimit:bytes"},
}

// info is INFO: lines of name:value.
func (c *client) info([][]byte) {
	var b bytes.Buffer
	line := func(name string, value any) { fmt.Fprintf(&b, "%s:%v\r\n", name, value) }
	s := c.server

	s.mu.Lock()
	clients := len(s.clients)
	s.mu.Unlock()
	b.WriteString("# Server\r\n")
	line("go_version", runtime.Version())
	line("uptime_in_seconds", int64(time.Since(s.started).Seconds()))
	line("connected_clients", clients)
	line("total_commands_processed", s.commands.Load())
	usage := process.Self()
	line("cpu_seconds", usage.CPU.Seconds())
	line("rss_bytes", usage.RSS)
	line("peak_rss_bytes", usage.PeakRSS)

	stats := s.config.Cache.Stats()
	b.WriteString("\r\n# Cache\r\n")
	line("entries", stats.Entries)
	line("entry_bytes", stats.Bytes)
	line("maxmemory", stats.Limit)
	line("keyspace_hits", stats.Hits)
	line("keyspace_misses", stats.Misses)
	line("evicted_keys", stats.Evicted)
	line("expired_keys", stats.Expired)

	b.WriteString("\r\n# Go\r\n")
	samples := make([]metrics.Sample, len(gcMetrics))
	for i := range samples {
		samples[i].Name = gcMetrics[i].metric
	}
	metrics.Read(samples)
	for i, sample := range samples {
		switch sample.Value.Kind() {
		case metrics.KindUint64:
			line(gcMetrics[i].name, sample.Value.Uint64())
		case metrics.KindFloat64:
			line(gcMetrics[i].name, sample.Value.Float64())
		}
	}

	if heap := s.config.Cache.Heap(); heap != nil {
		stats := heap.Stats()
		b.WriteString("\r\n# Offheap\r\n")
		line("offheap_committed_bytes", stats.Committed)
		line("offheap_objects", stats.Objects)
		line("offheap_requested_bytes", stats.Requested)
		line("offheap_lost_bytes", stats.Lost)
	}
	c.out = resp.AppendBulk(c.out, b.Bytes())
}

// debug is DEBUG GC: a whole collection. The reply is its time in nanoseconds.
func (c *client) debug(args [][]byte) {
	switch {
	case !c.server.config.Debug:
		c.fail("ERR DEBUG command not allowed")
	case !bytes.EqualFold(args[0], []byte("GC")):
		c.fail("ERR unknown subcommand of DEBUG")
	default:
		start := time.Now()
		runtime.GC()
		c.out = resp.AppendInteger(c.out, int64(time.Since(start)))
	}
}
