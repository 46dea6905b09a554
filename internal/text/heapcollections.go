package text

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stackward-go/stackward/alloc"
)

// collections writes those that took the most, in their order.
func (t *writer) collections(r *alloc.Report) {
	if len(r.Collections) == 0 {
		return
	}
	list := slices.SortedStableFunc(slices.Values(r.Collections), func(a, b *alloc.Collection) int {
		return cmp.Compare(b.End-b.Begin+b.Pause, a.End-a.Begin+a.Pause)
	})
	n := t.rows(len(list))
	list = list[:n]
	slices.SortFunc(list, func(a, b *alloc.Collection) int { return a.N - b.N })
	columns := collectionColumns(r.Heap.GCCPU != nil && r.Heap.GCCPU.Share != nil)
	// A narrow screen has no room for all of them: -format=json has.
	head, rows := fitting(columns, list, []string{"%", "swept", "marked"}, func(head string, rows []string) bool {
		return t.fits(head, rows, list)
	})
	triggers := make([]string, len(list))
	for i, c := range list {
		triggers[i] = c.Trigger
	}
	t.table(head+"  by", rows, triggers)
	if len(r.Collections) > n {
		fmt.Fprintln(t, t.color(dim, fmt.Sprintf("the %d that took longest, of %s", n, count(len(r.Collections)))))
	}
}

// fits reports whether the screen has room for the rows and what began the collections.
func (t *writer) fits(head string, rows []string, list []*alloc.Collection) bool {
	if t.o.Width == 0 {
		return true
	}
	lines := t.lineUp(head, rows)
	for i, c := range list {
		if columnsOf(lines[i+1])+2+max(len(c.Trigger), len("by")) >= t.o.Width {
			return false
		}
	}
	return true
}

// collectionColumns are all that there are, with what the CPU time is of the process's if
// that is known.
func collectionColumns(shares bool) []column[*alloc.Collection] {
	some := func(n int64, show func(int64) string) string { // "" of what is not known
		if n <= 0 {
			return ""
		}
		return show(n)
	}
	columns := []column[*alloc.Collection]{
		{"cycle", func(c *alloc.Collection) string { return fmt.Sprint(c.N) }},
		{"at", func(c *alloc.Collection) string { return brief(c.Begin) }},
		{"live", func(c *alloc.Collection) string { return size(c.Live) }},
		{"goal", func(c *alloc.Collection) string { return some(c.Goal, size) }},
		{"marked", func(c *alloc.Collection) string { return some(c.Marked, size) }},
		{"marking", func(c *alloc.Collection) string {
			if c.End == 0 {
				return ""
			}
			return brief(c.End - c.Begin)
		}},
		{"CPU", func(c *alloc.Collection) string {
			if c.CPU == nil {
				return ""
			}
			return brief(c.CPU.Sum())
		}},
		{"%", func(c *alloc.Collection) string {
			if c.CPU == nil || c.CPU.Share == nil {
				return ""
			}
			return fmt.Sprintf("%.1f%%", 100**c.CPU.Share)
		}},
		{"pause", func(c *alloc.Collection) string { return brief(c.Pause) }},
		{"swept", func(c *alloc.Collection) string { return size(c.FreedBytes) }},
	}
	if !shares {
		columns = slices.DeleteFunc(columns, func(c column[*alloc.Collection]) bool { return c.head == "%" })
	}
	return columns
}
