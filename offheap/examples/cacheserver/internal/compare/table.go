package compare

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A metric is a line of the table.
type metric struct {
	name   string
	format string
	ratio  bool // whether to say how many times the first variant's it is
	value  func(m *measured) float64
}

const mib = 1 << 20

var metrics = []metric{
	{"throughput, closed loop, op/s", "%.0f", true, func(m *measured) float64 { return m.closed.Throughput() }},
	{"throughput of filling, op/s", "%.0f", true, func(m *measured) float64 { return m.fill.Throughput() }},
	{"server CPU, µs/op", "%.2f", true, func(m *measured) float64 {
		return m.delta("cpu_seconds") * 1e6 / float64(m.closed.Ops+m.open.Ops)
	}},
	{"latency p50, open loop, µs", "%.0f", true, latency(50)},
	{"latency p99, µs", "%.0f", true, latency(99)},
	{"latency p99.9, µs", "%.0f", true, latency(99.9)},
	{"latency max, µs", "%.0f", true, latency(100)},
	{"GC, share of server CPU, %", "%.2f", true, func(m *measured) float64 {
		busy := m.delta("go_cpu_seconds") - m.delta("go_idle_cpu_seconds")
		if busy <= 0 {
			return 0 // no cycle ended
		}
		return 100 * m.delta("gc_cpu_seconds") / busy
	}},
	{"GC cycles", "%.0f", true, func(m *measured) float64 { return m.delta("gc_cycles") }},
	{"forced GC, CPU ms", "%.2f", true, func(m *measured) float64 {
		return 1e3 * (m.last["cpu_seconds"] - m.after["cpu_seconds"]) // nobody else keeps the server busy
	}},
	{"forced GC, ms", "%.2f", true, func(m *measured) float64 { return m.collect.Seconds() * 1e3 }},
	{"RSS, MiB", "%.0f", true, func(m *measured) float64 { return m.after["rss_bytes"] / mib }},
	{"RSS peak, MiB", "%.0f", true, func(m *measured) float64 { return m.after["peak_rss_bytes"] / mib }},
	{"entries, 1000", "%.0f", false, func(m *measured) float64 { return m.after["entries"] / 1e3 }},
	{"evicted, 1000", "%.0f", false, func(m *measured) float64 { return m.delta("evicted_keys") / 1e3 }},
	{"hits, % of GET", "%.1f", false, func(m *measured) float64 { return 100 * m.open.HitRatio() }},
	{"late by the client, p99, µs", "%.0f", false, func(m *measured) float64 {
		return float64(m.open.Late.ValueAtPercentile(99)) / 1e3
	}},
	{"CPU that other programs had, %", "%.0f", false, func(m *measured) float64 { return 100 * m.others }},
}

// latency is a percentile of the open loop's, in microseconds.
func latency(percentile float64) func(m *measured) float64 {
	return func(m *measured) float64 { return float64(m.open.Latency.ValueAtPercentile(percentile)) / 1e3 }
}

// delta is by how much a number of INFO grew in the loops.
func (m *measured) delta(name string) float64 { return m.after[name] - m.before[name] }

func valuesOf(m measured) map[string]float64 {
	values := map[string]float64{}
	for _, metric := range metrics {
		values[metric.name] = metric.value(&m)
	}
	return values
}

// rows is the table, its head first. The last columns say how many times the
// first variant's value the others' are.
func rows(results []Result) [][]string {
	head := []string{""}
	for _, r := range results {
		head = append(head, r.Variant.Name)
	}
	for _, r := range results[1:] {
		head = append(head, fmt.Sprintf("%s / %s", r.Variant.Name, results[0].Variant.Name))
	}
	table := [][]string{head}
	for _, m := range metrics {
		row := []string{m.name}
		for _, r := range results {
			row = append(row, fmt.Sprintf(m.format, r.Values[m.name]))
		}
		first := results[0].Values[m.name]
		for _, r := range results[1:] {
			switch {
			case !m.ratio:
				row = append(row, "")
			case first == 0:
				row = append(row, "-")
			default:
				row = append(row, fmt.Sprintf("%.3g", r.Values[m.name]/first))
			}
		}
		table = append(table, row)
	}
	return table
}

// WriteText writes the results as a table with aligned columns.
func WriteText(w io.Writer, results []Result) error {
	table := rows(results)
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&line, "%-*s", widths[i], cell)
			} else {
				fmt.Fprintf(&line, "  %*s", widths[i], cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the results as a table in Markdown.
func WriteMarkdown(w io.Writer, results []Result) error {
	var b strings.Builder
	for i, row := range rows(results) {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("| ---" + strings.Repeat(" | --:", len(row)-1) + " |\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
