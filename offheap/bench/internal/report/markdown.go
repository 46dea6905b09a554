package report

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// The table stands between these lines in the README.
const (
	begin = "<!-- bench: begin; written by \"go run .\" in bench -->"
	end   = "<!-- bench: end -->"
)

// Insert replaces what stands between the markers in the file.
func Insert(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("report: %s has no lines %q and %q", file, begin, end)
	}
	var b bytes.Buffer
	b.Write(before)
	fmt.Fprintf(&b, "%s\n%s%s", begin, text, end)
	b.Write(after)
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// allocators is the columns, in order, with their heads.
var allocators = [][2]string{
	{"null", "null"},
	{"offheap", "offheap"},
	{"offheap-zeroed", "zeroed"},
	{"offheap-cache", "Cache"},
	{"make", "make"},
	{"sync.Pool", "sync.Pool"},
	{"modernc", "modernc"},
	{"ristretto-z", "z"},
	{"cgo-null", "cgo null"},
	{"cgo-mimalloc", "cgo mimalloc"},
	{"cgo-jemalloc", "cgo jemalloc"},
	{"cgo-tcmalloc", "cgo tcmalloc"},
	{"cgo-glibc", "cgo glibc"},
	{"raw-null", "raw null"},
	{"raw-mimalloc", "raw mimalloc"},
}

// Markdown is the table of the bars, and the figures behind it.
func Markdown(s *Set) string {
	var b strings.Builder
	b.WriteString("| bar | at least | measured | |\n| --- | --- | --- | --- |\n")
	for _, bar := range Bars(s) {
		want := number(bar.Want) + "x"
		switch {
		case bar.Below:
			want = "at most " + want
		case bar.Over:
			want = "over " + want
		}
		got := "-"
		if !bar.Missing {
			got = fmt.Sprintf("%sx (%s to %s)", number(bar.Got.Median), number(bar.Got.Low), number(bar.Got.High))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", bar.Name, trimZeros(want), got, bar.Verdict())
	}
	b.WriteString("\n![each bar](bench/results/bars.svg)\n")
	b.WriteString("\nCPU time in ns for an allocation and its free; medians. Patterns of one size: geometric mean of 8 to 1024 B.\n\n")
	writeTimes(&b, s)
	b.WriteString("\nMemory at the end, and at the most, over the bytes that live at the end, all of them written, less the control's:\n\n")
	writeFrag(&b, s)
	b.WriteString("\nThe table of 10 M entries, and 64 B with 1 GiB of live data on the Go heap that lies in memory in the order of its links, or in random order, or with none:\n\n")
	writeExperiments(&b, s)
	b.WriteString("\nPlots:")
	for _, name := range pictureNames() {
		fmt.Fprintf(&b, " [%s](bench/results/%s.svg)", name, name)
	}
	b.WriteString(".\n\n")
	writeConfig(&b, s)
	return b.String()
}

func trimZeros(s string) string {
	return strings.NewReplacer(".00x", "x", ".50x", ".5x", ".60x", ".6x").Replace(s)
}

// A timeRow is a pattern with a number of threads.
type timeRow struct {
	pattern string
	threads int
	fixed   bool
}

func (r timeRow) name() string { return fmt.Sprintf("%s, %d", lower(r.pattern), r.threads) }

var timeRows = []timeRow{
	{"Pair", 1, true}, {"Pair", 2, true}, {"Batch", 1, true}, {"Batch", 2, true}, {"Prodcons", 2, true},
	{"Larson", 1, false}, {"Larson", 2, false}, {"Xmalloc", 2, false}, {"Mstress", 1, false}, {"Mstress", 2, false},
	{"Rptest", 1, false}, {"Rptest", 2, false}, {"Alloctest", 1, false}, {"Alloctest", 2, false},
	{"Glibc-simple", 1, false}, {"Glibc-thread", 2, false}, {"Cache-scratch", 2, false},
}

func (s *Set) time(r timeRow, by string) (float64, bool) {
	if r.fixed {
		return s.Geomean(r.pattern, by, r.threads, 8, 1024)
	}
	return s.Median(Port(r.pattern, by, r.threads))
}

func writeTimes(b *strings.Builder, s *Set) {
	b.WriteString("| pattern, threads |")
	for _, a := range allocators {
		fmt.Fprintf(b, " %s |", a[1])
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(allocators)) + "\n")
	for _, row := range timeRows {
		fmt.Fprintf(b, "| %s |", row.name())
		for _, a := range allocators {
			b.WriteString(" " + cellOf(s.time(row, a[0])) + " |")
		}
		b.WriteString("\n")
	}
}

func cellOf(v float64, ok bool) string {
	if !ok {
		return ""
	}
	return number(v)
}

// liveOrders is the live data of the experiment.
var liveOrders = []string{"none", "ordered", "random"}

var fragAllocators = []string{"offheap", "offheap-cache", "make", "cgo-mimalloc", "cgo-jemalloc", "cgo-tcmalloc", "cgo-glibc"}

func writeFrag(b *strings.Builder, s *Set) {
	b.WriteString("| after |")
	for _, by := range fragAllocators {
		fmt.Fprintf(b, " %s |", by)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(fragAllocators)) + "\n")
	for _, pattern := range fragPatterns {
		fmt.Fprintf(b, "| %s |", pattern)
		for _, by := range fragAllocators {
			rss, peak := s.Frag(by, pattern, "rss-bytes"), s.Frag(by, pattern, "peak-rss-bytes")
			if len(rss) == 0 || len(peak) == 0 {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(b, " %s, %s |", number(summary(rss).Center), number(summary(peak).Center))
		}
		b.WriteString("\n")
	}
}

func writeExperiments(b *strings.Builder, s *Set) {
	b.WriteString("| | CPU per op, ns | wall per op, ns | RSS, MiB | forced collection, CPU ms | collections |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, by := range []string{"make", "offheap"} {
		k := func(unit string) Key { return Key{"Table", by, "", unit} }
		fmt.Fprintf(b, "| table, %s | %s | %s | %s | %s | %s |\n", by,
			cellOf(s.Median(k("cpu-ns/op"))), cellOf(s.Median(k("ns/op"))),
			cellOf(s.scaled(k("rss-bytes"), 1<<20)), cellOf(s.scaled(k("forced-gc-cpu-ns"), 1e6)), cellOf(s.Median(k("collections"))))
	}
	for _, live := range liveOrders {
		for _, by := range []string{"null", "make", "offheap-zeroed", "offheap", "offheap-cache", "cgo-mimalloc"} {
			k := func(unit string) Key { return Key{"Live", by, "/live=" + live, unit} }
			fmt.Fprintf(b, "| 64 B, live data %s, %s | %s | %s | | | %s |\n", live, by,
				cellOf(s.Median(k("cpu-ns/op"))), cellOf(s.Median(k("ns/op"))), cellOf(s.Median(k("collections"))))
		}
	}
}

// scaled is the median divided by a unit.
func (s *Set) scaled(k Key, unit float64) (float64, bool) {
	v, ok := s.Median(k)
	return v / unit, ok
}

func writeConfig(b *strings.Builder, s *Set) {
	c := func(k string) string {
		if v := s.Config[k]; v != "" {
			return v
		}
		return "unknown"
	}
	commit := s.Config["offheap"] // older results do not have it
	if commit != "" {
		commit = " of offheap at " + commit
	}
	fmt.Fprintf(b, "Measured on %s%s with `%s` in bench; %s. %s, %s CPUs, kernel %s, %s/%s; %s; modernc.org/memory %s, ristretto %s; mimalloc %s, jemalloc %s, tcmalloc %s, glibc %s, gcc %s. Load of the machine at the start: %s.\n",
		c("date"), commit, c("command"), c("rounds"), c("cpu"), c("cpus"), c("kernel"), c("goos"), c("goarch"), c("go"),
		c("modernc.org-memory"), c("github.com-dgraph-io-ristretto-v2"),
		c("libmimalloc2.0"), c("libjemalloc2"), c("libtcmalloc-minimal4"), c("libc6"), c("gcc"), c("load"))
}

func lower(s string) string { return strings.ToLower(s) }
