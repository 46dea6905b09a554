package text

import (
	"bufio"
	"fmt"
	"io"
	"path"

	"github.com/stackward-go/stackward/alloc"
)

// Top writes one look at a running process.
func Top(w io.Writer, h *alloc.HeapTop, o Options) error {
	t := &writer{bufio.NewWriter(w), o}
	fmt.Fprintf(t, "%s  heap %s live of a goal of %s, %s\n", t.color(bold, h.Time.Format("15:04:05")), size(h.LiveBytes), size(h.GoalBytes), plural(int(h.LiveObjects), "object"))
	fmt.Fprint(t, "  ")
	t.foldAt(fmt.Sprintf("spans %s, idle %s of which %s were given back, stacks %s, %s from the system", size(h.InuseBytes), size(h.IdleBytes), size(h.ReleasedBytes), size(h.StackBytes), size(h.SysBytes)), 2)
	fmt.Fprintf(t, "  %s, %.2f%% of the CPU time since it began\n", plural(int(h.Collections), "collection"), 100*h.GCShare)
	if h.Window == 0 {
		fmt.Fprintln(t, "  rates with the next look")
		t.noSamples(h)
		return t.Flush()
	}
	fmt.Fprintf(t, "  in the last %.0f s: %s objects/s, %s/s, %.2f collections/s\n", h.Window, count(int(h.ObjectsPerSecond)), Bytes(h.BytesPerSecond), h.CollectionsPerSecond)
	if t.noSamples(h) {
		return t.Flush()
	}
	if len(h.Sites) == 0 {
		fmt.Fprintln(t, "  its profile has nothing new of the program: no collection may have come")
		return t.Flush()
	}
	n := t.rows(len(h.Sites))
	var rows, places []string
	for _, s := range h.Sites[:n] {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t", count(int(s.ObjectsPerSecond)), Bytes(s.BytesPerSecond), growth(s.GrowthPerSecond)))
		places = append(places, fmt.Sprintf("%s  %s:%d", s.Func, path.Base(s.File), s.Line))
	}
	t.table("objects/s\tbytes/s\tlive grows/s\t", rows, places)
	t.more(len(h.Sites), n, "lines")
	return t.Flush()
}

// noSamples says that there can be no sites yet, where it is so.
func (t *writer) noSamples(h *alloc.HeapTop) bool {
	if h.NoSamples {
		fmt.Fprint(t, "  ")
		t.foldAt("its heap profile has no sample yet: it has allocated little, or no collection has come", 2)
	}
	return h.NoSamples
}

// growth is a change with its sign, "" none.
func growth(n float64) string {
	switch {
	case n >= 1:
		return "+" + Bytes(n)
	case n <= -1:
		return Bytes(n)
	}
	return ""
}
