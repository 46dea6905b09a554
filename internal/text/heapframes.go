package text

import (
	"fmt"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// static writes what makes the stacks of goroutines grow, where it is known: once for
// those that began with the same function, by whomever.
func (t *writer) static(list []*alloc.GoroutineStacks) {
	largest := make(map[string]int64) // by function
	for _, g := range list {
		largest[g.Func] = max(largest[g.Func], g.Largest)
	}
	head := true
	for _, g := range list {
		s, most := g.Static, largest[g.Func]
		if s == nil || most == 0 {
			continue
		}
		largest[g.Func] = 0
		if head {
			fmt.Fprintln(t)
			t.fold(t.color(bold, "frames of the goroutines that grew") + ", as the source is built now: the longest chain of direct calls")
			head = false
		}
		notes := []string{fmt.Sprintf("%s: %s B, a stack of %s; the largest was %s", shortFunc(g.Func), count(int(s.Bytes)), stackSize(s.Size), stackSize(most))}
		if s.Aside != "" {
			notes = append(notes, "it leads "+aside(s.Aside))
		}
		notes = append(notes, limitNotes(s.Recursive, s.RecursiveOff, s.Dynamic, s.DynamicOff)...)
		t.fold(strings.Join(notes, "; "))
		var cells []string
		for _, f := range s.Frames {
			cells = append(cells, count(int(f.Frame))+"\t")
		}
		for i, cell := range t.lineUp("frame\t", cells) {
			if i == 0 {
				continue
			}
			f := s.Frames[i-1]
			var vars []string
			for _, v := range frameVars(&alloc.Stack{Vars: f.Vars}) {
				if len(vars) == frameLines {
					vars = append(vars, "…")
					break
				}
				vars = append(vars, fmt.Sprintf("%s (%s)", v.what(), count(int(v.bytes))))
			}
			line := cell + "  " + shortFunc(f.Func)
			if len(vars) > 0 {
				line += ": " + strings.Join(vars, ", ")
			}
			if t.o.Width > 0 {
				line = elide(line, t.o.Width-4)
			}
			fmt.Fprintf(t, "    %s\n", line)
		}
	}
	if !head {
		fmt.Fprintln(t)
	}
}
