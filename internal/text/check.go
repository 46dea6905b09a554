package text

import (
	"fmt"

	"github.com/stackward-go/stackward/alloc"
)

// check writes a line a finding, as vet does, and below it what led there.
func (t *writer) check(r *alloc.Report) {
	for _, f := range r.Findings {
		fmt.Fprintf(t, "%s: %s (%s)\n", t.color(bold, t.pos(f.Pos)), f.Message, t.color(red, string(f.Rule)))
		if len(f.Chain) > 1 {
			for _, s := range f.Chain {
				t.step(s.Step, &s)
			}
		}
		for i := range f.Flow {
			t.step(f.Flow[i].Step, &f.Flow[i])
		}
		if f.Cut != nil {
			t.step(t.color(red, "cut"), f.Cut)
		}
	}
}

// step writes an indented step of a chain or a flow.
func (t *writer) step(word string, s *alloc.Step) {
	fmt.Fprintf(t, "\t%s: %s: %s\n", t.pos(s.Pos), word, s.Text)
}
