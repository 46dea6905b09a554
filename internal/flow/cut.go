package flow

import "github.com/stackward-go/stackward/alloc"

// A mark is what the search for the cut knows of a step.
type mark struct {
	path    string // import path of the package whose code the step stands in
	decides bool   // the step forces the value on, rather than carries it
	ends    bool   // the last step of an explanation
	inlined bool   // the value is handed to an inlined function

	note   alloc.FlowLine // what the compiler said
	at     place          // the function that it said it of
	in     place          // the inlined function that the step is known to stand in, if any
	callee place          // the inlined function that takes the value
}

// cut finds the step to change: see the package comment.
func (tr *trail) cut() {
	local := func(i int) bool { return tr.Local == nil || tr.Local(tr.marks[i].path) }
	steps := tr.story.Steps
	for i := range steps {
		if !tr.marks[i].decides || !local(i) {
			continue
		}
		tr.story.Cut = &steps[i]
		if !tr.story.Received {
			return
		}
		for j := range i {
			if steps[j].Step == "interface-converted" && local(j) && before(steps[j].Pos, steps[i].Pos) && steps[j].Line != steps[i].Line {
				tr.story.Cut = &steps[j]
				return
			}
		}
		return
	}
}
