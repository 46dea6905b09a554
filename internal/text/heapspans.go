package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// heapMap draws the arenas: a character for some pages, by what most of them are.
func (t *writer) heapMap(r *alloc.Report) {
	if len(r.Spans) == 0 {
		return
	}
	const page = 8 << 10
	columns := 64
	for t.o.Width > 0 && columns+18 > t.o.Width && columns > 16 {
		columns /= 2
	}
	for t.o.Width >= 2*columns+18 && columns < 128 {
		columns *= 2
	}
	var pages int64
	for _, a := range r.Arenas {
		pages += (int64(a.Top-a.Low) + page - 1) / page
	}
	const rows = 40 // or so
	per := int64(1)
	for pages/per > int64(rows*columns) {
		per *= 2
	}
	fmt.Fprintf(t, "\n%s\n", t.color(dim, fmt.Sprintf("spans by address, a character for %s", size(per*page))))
	next := 0
	for _, a := range r.Arenas {
		from := a.Low
		cells := make([]cell, (int64(a.Top-from)+per*page-1)/(per*page))
		for ; next < len(r.Spans) && r.Spans[next].Addr < a.Top; next++ {
			s := r.Spans[next]
			end := s.Addr + uint64(s.Bytes)
			for at := max(s.Addr, from); at < min(end, a.Top); {
				i := int64(at-from) / (per * page)
				to := min(from+uint64((i+1)*per*page), end, a.Top)
				cells[i].add(s, int64(to-at))
				at = to
			}
			if end > a.Top {
				break // it goes on in the next arena
			}
		}
		var lines []mapLine
		for i := 0; i < len(cells); i += columns {
			var line strings.Builder
			for k, c := range cells[i:min(i+columns, len(cells))] {
				begin := from + uint64(int64(i+k)*per*page)
				line.WriteRune(c.char(int64(min(begin+uint64(per*page), a.Top) - begin)))
			}
			begin := from + uint64(int64(i)*per*page)
			lines = append(lines, mapLine{begin, int64(min(begin+uint64(int64(columns)*per*page), a.Top) - begin), line.String()})
		}
		t.mapLines(lines)
	}
	t.fold("█ ▓ ▒ ░: spans whose slots live all, to more than a half, to less, to less than a quarter; L large objects; S stacks; R the runtime's own; . free pages")
	t.owners(r)
}

// A mapLine is a row of the map.
type mapLine struct {
	addr  uint64
	bytes int64
	cells string
}

// mapLines writes the rows of an arena. Of three and more of free pages alone the first is
// written, and how many follow.
func (t *writer) mapLines(lines []mapLine) {
	const fewest = 3
	for len(lines) > 0 {
		addr := fmt.Sprintf("%#x", lines[0].addr)
		fmt.Fprintf(t, "%s  %s\n", addr, lines[0].cells)
		n, bytes := 0, int64(0)
		for ; n < len(lines) && strings.Trim(lines[n].cells, ".") == ""; n++ {
			if n > 0 {
				bytes += lines[n].bytes
			}
		}
		if n < fewest {
			n = 1
		} else {
			fmt.Fprintf(t, "%-*s  %d more rows of dots, %s\n", len(addr), "*", n-1, size(bytes))
		}
		lines = lines[n:]
	}
}

// A cell is what there is in some pages, in bytes.
type cell struct {
	live, slots         float64 // of small objects
	small               int64
	large, stack, other int64
}

func (c *cell) add(s *alloc.HeapSpan, bytes int64) {
	switch s.Owner {
	case "large":
		c.large += bytes
	case "stack":
		c.stack += bytes
	case "runtime":
		c.other += bytes
	default:
		c.small += bytes
		part := float64(bytes) / float64(s.Bytes) * float64(s.Slot)
		c.live += float64(s.Live) * part
		c.slots += float64(s.Slots) * part
	}
}

func (c *cell) char(bytes int64) rune {
	free := bytes - c.small - c.large - c.stack - c.other
	switch most := max(free, c.small, c.large, c.stack, c.other); {
	case most == free:
		return '.'
	case most == c.large:
		return 'L'
	case most == c.stack:
		return 'S'
	case most == c.other:
		return 'R'
	case c.live == c.slots:
		return '█'
	case 2*c.live > c.slots:
		return '▓'
	case 4*c.live > c.slots:
		return '▒'
	}
	return '░'
}

// owners sums spans up by who has them.
func (t *writer) owners(r *alloc.Report) {
	type sum struct{ spans, bytes, live int64 }
	sums := make(map[string]*sum)
	for _, s := range r.Spans {
		name := s.Owner
		if s.Proc != nil {
			name = fmt.Sprintf("mcache of P %d", *s.Proc)
		}
		if sums[name] == nil {
			sums[name] = &sum{}
		}
		sums[name].spans++
		sums[name].bytes += s.Bytes
		sums[name].live += s.Live * s.Slot
	}
	var names []string
	for n := range sums {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b].bytes, sums[a].bytes), cmp.Compare(a, b))
	})
	var rows []string
	for _, n := range names {
		live := ""
		if s := sums[n]; s.live > 0 {
			live = size(s.live)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t", count(int(sums[n].spans)), size(sums[n].bytes), live))
	}
	t.table("spans\tbytes\tlive\t  owner", rows, names)
}

// waste shows the sites whose objects keep the most of spans from other use.
func (t *writer) waste(r *alloc.Report) {
	var list []*alloc.HeapSite
	for _, s := range r.HeapSites {
		if s.Waste != nil && s.Waste.Free > 0 {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b *alloc.HeapSite) int { return cmp.Compare(b.Waste.Free, a.Waste.Free) })
	n := t.rows(len(list))
	if n == 0 {
		return
	}
	var rows, names, places []string
	for _, c := range list[:n] {
		w := c.Waste
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t", size(c.LiveBytes), count(int(w.Spans)), count(int(w.Alone)), count(int(w.Occupied[0])), size(w.Free)))
		names = append(names, t.siteName(c))
		places = append(places, t.pos(c.Pos))
	}
	t.placed("live\tin spans\talone\tunder a quarter full\tfree slots\t", rows, names, places)
	t.more(len(list), n, "sites")
	t.fold("alone: spans in which no other site's objects live; free slots: in its spans, its part by the slots that live")
}
