package text

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/stackward-go/stackward/alloc"
)

// heap writes what a trace says of the heap: sums, the time, and at its moment the
// span classes and the types; the collections and the stacks.
func (t *writer) heap(r *alloc.Report) {
	h := r.Heap
	t.heapSums(r, h)
	if len(r.Moments) > 1 {
		t.heapTime(r)
	}
	t.heapClasses(r)
	t.heapTypes(r)
	t.heapSites(r)
	t.siteEstimates(r)
	t.sourceChanged(r.Heap)
	t.cpuSites(r)
	t.waste(r)
	t.heapMap(r)
	t.collections(r)
	t.stackSizes(r)
	t.goroutines(r)
}

func (t *writer) heapSums(r *alloc.Report, h *alloc.Heap) {
	fmt.Fprintf(t, "%s  %s, %s, %s", t.color(bold, h.File), r.Header.Go, duration(h.Duration), plural(h.Events, "event"))
	if r.Moments != nil && h.Duration-h.At > h.Duration/1000 {
		fmt.Fprintf(t, "; at %s", duration(h.At))
	}
	fmt.Fprintln(t)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "  %-10s  ", name)
		t.hang(fmt.Sprintf(format, args...), 14)
	}
	line("allocated", "%s, %s; %s tiny", plural(int(h.Objects), "object"), size(h.Bytes), count(int(h.Tiny)))
	line("freed", "%s, %s", plural(int(h.FreedObjects), "object"), size(h.FreedBytes))
	line("live", "%s, %s, with what is not yet swept; at most %s, at %s", plural(int(h.LiveObjects), "object"), size(h.LiveBytes), size(h.PeakLiveBytes), duration(h.PeakAt))
	line("spans", "%s of %s in %s: %s of free slots, %s behind the last slots", count(int(h.Spans)), size(h.InuseBytes), plural(h.Arenas, "arena"), size(h.FreeBytes), size(h.TailBytes))
	line("rounding", "objects that live leave %s to %s of their slots unused, by what their types tell", size(h.Rounding.Min), size(h.Rounding.Max))
	if h.Dead != nil && *h.Dead > 0 {
		line("dead", "%s of those that live, %s: found dead, but not swept", count(int(*h.Dead)), size(*h.DeadBytes))
	}
	if h.Tracer > 0 {
		line("tracer", "%s of what lives are its own buffers", size(h.Tracer))
	}
	line("stacks", "%s, at most %s", size(h.StackBytes), size(h.PeakStacks))
	if h.Collections > 0 {
		line("collector", "%s: marking %s, the world stopped %s, goroutines helped or waited to for %s", ended(r), duration(h.MarkNs), duration(h.PauseNs), duration(h.AssistNs))
		if g := h.GCCPU; g != nil {
			share := ""
			if g.Share != nil {
				share = fmt.Sprintf(" (%.1f%% of the process's)", 100**g.Share)
				if *g.Share >= 1 { // the log has the time that processors of the runtime were held
					share = " (more than the process had: others kept the machine busy)"
				}
			}
			said := "by the collector's log"
			if g.Source == alloc.FromTrace {
				said = "by the trace, which has no less"
			}
			if g.SampledNs > 0 {
				said += fmt.Sprintf("; samples have only %s of marking: others kept the machine busy", duration(g.SampledNs))
			}
			line("", "marking took %s of CPU time%s: workers %s, assists %s; and %s on processors that were idle; all processors stood still for %s; %s",
				duration(g.Sum()), share, duration(g.Workers), duration(g.Assists), duration(g.Idle), duration(g.Pauses), said)
		}
	} else {
		line("collector", "no collection")
	}
	if h.CPU != nil {
		line("CPU time", "%s", cpuTime(h.CPU))
	}
	if c := h.Runtime; c != nil {
		line("runtime", "its own counters%s", counted(c))
	}
	switch h.Unfit {
	case 0:
		line("unfit", "none of the events")
	default:
		line("unfit", "%s of %s do not fit what was there before (%.4f%%)", count(int(h.Unfit)), plural(h.Events, "event"), 100*float64(h.Unfit)/float64(h.Events))
		var reasons []string
		for _, why := range slices.Sorted(maps.Keys(h.Unfits)) {
			reasons = append(reasons, fmt.Sprintf("%s %s", count(int(h.Unfits[why])), why))
		}
		line("", "%s", strings.Join(reasons, ", "))
	}
}

// ended counts the collections, as the runtime does: those that have ended.
func ended(r *alloc.Report) string {
	n := r.Heap.Collections
	if k := len(r.Collections); k == 0 || r.Collections[k-1].End != 0 {
		return plural(n, "collection")
	}
	return plural(n-1, "collection") + " and one that had not ended"
}

// counted tells what the runtime counted, and by how much the replay differs at that
// moment, where it has it.
func counted(c *alloc.HeapCounts) string {
	objects := plural(int(c.Objects), "object")
	r := c.Replayed
	switch {
	case c.Around:
		return fmt.Sprintf(", from before the trace until after it: %s and %s allocated", objects, size(c.Bytes))
	case r == nil:
		return fmt.Sprintf(", of a moment that the trace does not have: %s and %s allocated", objects, size(c.Bytes))
	}
	return fmt.Sprintf(": %s (%s) and %s allocated (%s), %s live (%s), spans of %s (%s)", objects, off(r.Objects, c.Objects), size(c.Bytes), off(r.Bytes, c.Bytes),
		size(c.LiveBytes), off(r.LiveBytes, c.LiveBytes), size(c.InuseBytes), off(r.InuseBytes, c.InuseBytes))
}

// off is by how much a figure differs from what it should be.
func off(is, should int64) string {
	percent := 0.0
	if should != 0 {
		percent = 100 * (float64(is)/float64(should) - 1)
	}
	if math.Abs(percent) < 0.005 {
		return "±0.00%"
	}
	return fmt.Sprintf("%+.2f%%", percent)
}

func size(n int64) string { return Bytes(float64(n)) }

func duration(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Nanosecond).String()
}

// brief is duration with three digits.
func brief(ns int64) string {
	d := time.Duration(ns)
	for unit := time.Duration(1); unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}

// heapTime plots bytes over time.
func (t *writer) heapTime(r *alloc.Report) {
	columns := 100
	if t.o.Width > 0 {
		columns = t.o.Width
	}
	columns = min(max(columns-12, 20), 160) // beside the axis
	last := r.Moments[len(r.Moments)-1].At
	if last == 0 {
		return
	}
	var top int64
	for _, m := range r.Moments {
		top = max(top, m.Inuse, m.Goal)
	}
	unit, name := scale(top)
	plot := make([][]float64, 3)
	next := 0
	for c := range columns {
		until := last * int64(c+1) / int64(columns)
		at := r.Moments[max(next-1, 0)]
		peak := *at
		for next < len(r.Moments) && r.Moments[next].At <= until {
			m := r.Moments[next]
			if next == 0 || peak.At <= last*int64(c)/int64(columns) {
				peak = *m
			}
			peak.Live, peak.Inuse, peak.Goal = max(peak.Live, m.Live), max(peak.Inuse, m.Inuse), m.Goal
			next++
		}
		plot[0] = append(plot[0], float64(peak.Goal)/unit)
		plot[1] = append(plot[1], float64(peak.Inuse)/unit)
		plot[2] = append(plot[2], float64(peak.Live)/unit)
	}
	options := []asciigraph.Option{asciigraph.Height(10), asciigraph.LowerBound(0), asciigraph.Precision(1)}
	if t.o.Color {
		options = append(options, asciigraph.SeriesColors(asciigraph.Gray, asciigraph.Blue, asciigraph.Green))
	}
	legend := "goal, spans, live"
	if !t.o.Color {
		// Three lines of one colour cannot be told apart.
		plot, legend = plot[2:], "live"
	}
	fmt.Fprintf(t, "\n%s\n", t.color(dim, fmt.Sprintf("%s in %s over %s", legend, name, duration(last))))
	fmt.Fprintln(t, asciigraph.PlotMany(plot, options...))
}

// scale is the unit to plot so many bytes in.
func scale(top int64) (unit float64, name string) {
	switch {
	case top >= 10<<30:
		return 1 << 30, "GiB"
	case top >= 10<<20:
		return 1 << 20, "MiB"
	}
	return 1 << 10, "KiB"
}

// rows is how many rows of a table of so many to show.
func (t *writer) rows(n int) int {
	if t.o.Top > 0 {
		return min(n, t.o.Top)
	}
	return n
}

// table writes columns aligned to the right; the head is dim, and every line has
// something behind it.
func (t *writer) table(head string, rows, behind []string) {
	t.placed(head, rows, behind, nil)
}

// leastName is how many columns of a name have to be there for it to be shown beside
// figures: less of it says nothing.
const leastName = 12

// placed is table where what stands behind begins with a place, which is never cut.
// What does not fit stands on a line of its own.
func (t *writer) placed(head string, rows, behind, places []string) {
	for i, line := range t.lineUp(head, rows) {
		switch {
		case i == 0:
			fmt.Fprintf(t, "\n%s\n", t.color(dim, strings.TrimRight(line, " ")))
		case len(behind) == 0:
			fmt.Fprintln(t, strings.TrimRight(line, " "))
		case places == nil:
			t.behind(line, behind[i-1], "")
		default:
			t.behind(line, behind[i-1], places[i-1])
		}
	}
}

// behind writes a line of a table with a name behind it that begins with a place, if any.
func (t *writer) behind(line, name, place string) {
	room := t.o.Width - columnsOf(line) - 3
	own := t.o.Width - 5 // on a line of its own
	bare := strings.TrimRight(line, " ")
	switch n := columnsOf(name); {
	case name == "":
		fmt.Fprintln(t, bare)
	case t.o.Width == 0 || n <= room:
		fmt.Fprintf(t, "%s  %s\n", line, name)
	case place == "" && room >= leastName:
		fmt.Fprintf(t, "%s  %s\n", line, elide(name, room))
	case place == "":
		fmt.Fprintf(t, "%s\n    %s\n", bare, elide(name, own))
	case n <= own && columnsOf(place) > room:
		fmt.Fprintf(t, "%s\n    %s\n", bare, name)
	default:
		if columnsOf(place) <= room {
			fmt.Fprintf(t, "%s  %s\n", line, place)
		} else {
			fmt.Fprintf(t, "%s\n    %s\n", bare, place)
		}
		if rest := strings.TrimLeft(strings.TrimPrefix(name, place), ":, "); rest != "" {
			fmt.Fprintf(t, "    %s\n", elide(rest, own))
		}
	}
}

func (t *writer) more(all, shown int, what string) {
	if n := all - shown; n > 0 {
		fmt.Fprintln(t, t.color(dim, fmt.Sprintf("and %s more %s", count(n), what)))
	}
}

func (t *writer) heapClasses(r *alloc.Report) {
	list := slices.SortedStableFunc(slices.Values(r.Classes), func(a, b *alloc.HeapClass) int { return cmp.Compare(b.Inuse, a.Inuse) })
	list = slices.DeleteFunc(list, func(c *alloc.HeapClass) bool { return c.Spans == 0 })
	n := t.rows(len(list))
	var rows, bars []string
	for _, c := range list[:n] {
		name := "large"
		if c.Size > 0 {
			name = count(int(c.Size))
		}
		pointers := "scan"
		if c.Noscan {
			pointers = "noscan"
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t", name, pointers, count(int(c.Spans)), count(int(c.Full)), size(c.Inuse), count(int(c.Live)), size(c.Free)))
		bars = append(bars, bar(c))
	}
	t.table("slot B\tpointers\tspans\tfull\tbytes\tlive\tfree\t", rows, bars)
	t.more(len(list), n, "classes")
}

// bar shows what of a class's spans is live, free, and behind the last slots.
func bar(c *alloc.HeapClass) string {
	const width = 16
	if c.Inuse == 0 {
		return ""
	}
	part := func(n int64) int { return int((n*width + c.Inuse/2) / c.Inuse) }
	free, tail := part(c.Free), part(c.Tail)
	return strings.Repeat("█", max(0, width-free-tail)) + strings.Repeat("░", free) + strings.Repeat("·", tail)
}

// lifeHead and lifeRow are the columns of what became of objects.
const lifeHead = "objects\tbytes\tlive\ttemporary\tsurvived\tgrows\t"

func lifeRow(c *alloc.HeapLives) string {
	temporary, survived, grows := lifeColumns(c)
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t", count(int(c.Objects)), size(c.Bytes), size(c.LiveBytes), temporary, survived, grows)
}

// mostFreed is the share of objects that has to be freed for what became of the freed
// ones to be told of all: of a leak a few may be, at once.
const mostFreed = 0.5

func lifeColumns(c *alloc.HeapLives) (temporary, survived, grows string) {
	if c.FreedShare >= mostFreed {
		temporary = fmt.Sprintf("%.0f%%", 100*float64(c.Temporary)/float64(c.FreedObjects))
		survived = fmt.Sprintf("%.1f", c.Survived)
	}
	if c.Grows > 0 {
		grows = "+" + count(int(c.Grows))
	}
	return temporary, survived, grows
}

func (t *writer) heapTypes(r *alloc.Report) {
	if len(r.Types) == 0 {
		return
	}
	n := t.rows(len(r.Types))
	var rows, names []string
	for _, c := range r.Types[:n] {
		rows = append(rows, lifeRow(&c.HeapLives))
		name := cmp.Or(c.Name, c.Type, alloc.TypeUnknown)
		if c.Name != "" {
			name += ", " + count(int(c.Size)) + " B"
		}
		names = append(names, name)
	}
	t.table(lifeHead, rows, names)
	t.more(len(r.Types), n, "types")
	t.fold("temporary: of those freed, dead at the first collection after their birth, and survived: collections, on average, both where half are freed; grows: more that survived one, in the second half")
	t.growsFrom(r.Heap)
}

// growsFrom says why no objects are said to grow, if there were too few collections.
func (t *writer) growsFrom(h *alloc.Heap) {
	if h.GrowsFrom > 0 {
		t.fold(fmt.Sprintf("grows takes %d collections to tell a leak, and there were %d: record longer, or with a lower GOGC", h.GrowsFrom, h.Collections))
	}
}

// heapSites writes where objects were allocated, if that is known.
func (t *writer) heapSites(r *alloc.Report) {
	if len(r.HeapSites) == 0 {
		return
	}
	n := t.rows(len(r.HeapSites))
	var rows, names, places []string
	for _, c := range r.HeapSites[:n] {
		rows = append(rows, lifeRow(&c.HeapLives))
		names = append(names, t.siteName(c))
		places = append(places, t.pos(c.Pos))
	}
	t.placed(lifeHead, rows, names, places)
	t.more(len(r.HeapSites), n, "sites")
	if k := r.Heap.SitesUnknown; k > 0 {
		t.fold(fmt.Sprintf("%s have no site: the runtime's own and the recorder's", plural(int(k), "object")))
	}
}

// sourceChanged says which source is not that of the program that ran.
func (t *writer) sourceChanged(h *alloc.Heap) {
	if n := len(h.SourceChanged); n > 0 {
		names := make([]string, min(n, 3))
		for i := range names {
			names[i] = t.o.Path(h.SourceChanged[i])
		}
		more := ""
		if n > len(names) {
			more = fmt.Sprintf(" and %d more", n-len(names))
		}
		t.fold("written since it was recorded: " + strings.Join(names, ", ") + more + "; the lines are those of the program that ran")
	}
}

// siteName is a site with its type and who allocates for it.
func (t *writer) siteName(c *alloc.HeapSite) string {
	name, sep := t.pos(c.Pos), ": "
	if typ := cmp.Or(c.Name, c.Type); typ != "" {
		name += ": " + typ
		sep = ", "
	}
	if c.Callee != "" {
		name += sep + "in " + c.Callee
	}
	return name
}

func (t *writer) stackSizes(r *alloc.Report) {
	if len(r.Stacks) == 0 {
		return
	}
	var rows, threads []string
	for _, s := range r.Stacks {
		if s.Most+s.Allocs > 0 {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t", size(s.Size), count(int(s.Live)), count(int(s.Most)), count(int(s.Allocs))))
		}
		if s.Threads > 0 {
			threads = append(threads, fmt.Sprintf("%s of %s", count(int(s.Threads)), stackSize(s.Size)))
		}
	}
	t.table("stack\tlive\tmost\tallocated\t", rows, nil)
	if len(threads) > 0 {
		t.fold("and stacks of threads that were started: " + strings.Join(threads, ", "))
	}
}

// sizeKnown is a size to which so many add what is not known.
func sizeKnown(bytes, unknown int64) string {
	switch {
	case unknown == 0:
		return size(bytes)
	case bytes == 0:
		return "?"
	}
	return "≥" + size(bytes)
}

// goroutines writes whose stacks they are.
func (t *writer) goroutines(r *alloc.Report) {
	n := t.rows(len(r.Goroutines))
	if n == 0 {
		return
	}
	var rows, names []string
	var unsized int64
	for _, g := range r.Goroutines[:n] {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t", count(int(g.Began)), count(int(g.Live)), sizeKnown(g.Stacks, g.Unsized), sizeKnown(g.Most, g.WereUnsized), sizeKnown(g.Largest, g.WereUnsized), count(int(g.Grown)), size(g.Copied)))
		name := cmp.Or(shortFunc(g.Func), "(not known)")
		if g.Called != "" {
			name += ", a caller of " + shortFunc(g.Called)
		}
		unsized += g.WereUnsized
		if g.By != "" {
			name += ", by " + shortFunc(g.By)
		}
		names = append(names, name)
	}
	t.table("began\tlive\tstacks\tmost\tlargest\tgrown\tcopied at most\t  goroutine", rows, names)
	t.more(len(r.Goroutines), n, "functions that goroutines began with")
	if unsized > 0 {
		t.fold("?, ≥: how large the stacks are of goroutines that were there before the recording is not known until they are copied")
	}
	t.static(r.Goroutines[:n])
	const most = 4 // sizes of new stacks
	var sizes []string
	for i, s := range r.Heap.StartStacks[:min(most, len(r.Heap.StartStacks))] {
		if sizes = append(sizes, "of "+size(s.Bytes)); i > 0 {
			sizes[i] += " from " + duration(s.At) + " on"
		}
	}
	if len(r.Heap.StartStacks) > most {
		sizes[most-1] += " and so on"
	}
	if len(sizes) > 0 {
		t.fold("new goroutines have a stack " + strings.Join(sizes, ", "))
	}
	if k := r.Heap.StacksUntied; k > 0 {
		t.fold(fmt.Sprintf("%s could not be tied to a goroutine", plural(int(k), "new stack")))
	}
}
