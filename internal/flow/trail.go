package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// heap is the compiler's name of the heap as a destination.
const heap = "{heap}"

// maxSteps bounds a story. The longest of the standard library have some 40
// steps; the bound is for what the set of seen diagnostics does not catch.
const maxSteps = 200

// A block is one "flow:" line with its "from" lines: how a value gets from src
// to dst.
type block struct {
	dst, src string
	notes    []alloc.FlowLine
}

func blocksOf(flow []alloc.FlowLine) []block {
	var blocks []block
	for _, l := range flow {
		if l.Dst != "" {
			blocks = append(blocks, block{dst: l.Dst, src: l.Src})
		} else if n := len(blocks); n > 0 {
			blocks[n-1].notes = append(blocks[n-1].notes, l)
		}
	}
	return blocks
}

// source is the name of what flows, without the signs for its address or its
// content and without "{storage for …}".
func (b block) source() string { return storage(strings.TrimLeft(b.src, "&*")) }

// storage is the expression of a "{storage for …}", other text as it is.
func storage(s string) string {
	if inner, ok := strings.CutPrefix(s, "{storage for "); ok {
		return strings.TrimSuffix(inner, "}")
	}
	return s
}

// A place is the function that an explanation is about.
type place struct {
	pkg  string // import path of the package whose compilation printed it
	path string // import path of the function's own package
	fn   string // the function, without its package
	// callee reports that the trail came here by a call.
	callee bool
}

// A trail is one run of [Tracer.Trace].
type trail struct {
	*Tracer
	ctx   context.Context
	story *Story
	seen  map[*alloc.Diagnostic]bool
	marks []mark // of each step
	// received reports that the trail ends at a dynamic call on the value.
	received bool
}

// follow appends the steps of d, and of what they lead to.
func (tr *trail) follow(d *alloc.Diagnostic, at place) error {
	if tr.seen[d] || len(tr.story.Steps) > maxSteps {
		tr.story.Incomplete = fmt.Sprintf("%s: the trail runs in a circle", at.name())
		return nil
	}
	tr.seen[d] = true
	blocks := blocksOf(d.Flow)
	if len(blocks) == 0 {
		return tr.unexplained(d, at)
	}
	here, err := tr.said(tr.ctx, at.pkg)
	if err != nil {
		return err
	}
	first := len(tr.story.Steps)
	inlined := make(map[alloc.Pos]place) // by the line and column of the call
	var last block                       // the last that has notes
	for bi, b := range blocks {
		if len(b.notes) > 0 {
			last = b
		}
		for ni, n := range b.notes {
			if n.Step == "assign-pair" {
				if callee, ok := tr.inlinedCall(here, n, at, inlined[n.Pos]); ok {
					tr.step(n, inlined[n.Pos].or(at), mark{inlined: true})
					s := &tr.story.Steps[len(tr.story.Steps)-1]
					s.Step, s.Text = "inlined call", callee.short()+": "+n.Text
					inlined[n.Pos] = callee
					continue
				}
				if strings.HasPrefix(n.Text, "~r") {
					continue // an inlined call's result takes its value
				}
			}
			m := mark{ends: bi == len(blocks)-1 && ni == len(b.notes)-1}
			if n.Step == "captured by a closure" {
				m.decides = true
			}
			tr.step(n, inlined[n.Pos].or(at), m)
			if n.Step == "call parameter" && ni < len(b.notes)-1 && builtins[calleeOf(n.Text)] == "" {
				tr.story.Steps[len(tr.story.Steps)-1].Text += ", and back as its result"
			}
		}
	}
	tr.passInlined(first)
	last.dst = blocks[len(blocks)-1].dst
	return tr.end(d, last, at)
}

// unexplained ends the trail at a diagnostic without an explanation: a
// parameter of a function without a body that Go's compiler sees, or a
// statement that needs none.
func (tr *trail) unexplained(d *alloc.Diagnostic, at place) error {
	if d.Verdict == alloc.Leaks {
		tr.story.End = fmt.Sprintf("kept by %s, which has no Go body that the compiler sees", at.name())
		return nil
	}
	if d.Verdict != alloc.StaysOnStack {
		tr.story.Incomplete = fmt.Sprintf("%s: the compiler does not explain why %s escapes", at.name(), d.Expr)
	}
	return nil
}

// step appends a step, unless it repeats the one before: the compiler notes
// "(spill)" or "(interface-converted)" of an expression beside the step itself.
func (tr *trail) step(n alloc.FlowLine, at place, m mark) {
	s := alloc.Step{Pos: n.Pos, Step: n.Step, Text: n.Text, Func: at.name()}
	if s.Step == "dot of pointer" && strings.HasSuffix(s.Text, "]") {
		s.Step = "element of slice" // the compiler has one word for p.f and s[i]
	}
	if k := len(tr.story.Steps); k > 0 {
		prev := &tr.story.Steps[k-1]
		again := prev.Pos == s.Pos && prev.Text == s.Text && prev.Func == s.Func
		if again && (prev.Step == s.Step || s.Step == "spill" || s.Step == "reference") {
			tr.marks[k-1].ends = tr.marks[k-1].ends || m.ends
			return
		}
	}
	m.path = at.path
	tr.story.Steps = append(tr.story.Steps, s)
	tr.marks = append(tr.marks, m)
}

// name is the function's full name.
func (p place) name() string {
	if p.fn == "" {
		return p.path
	}
	return p.path + "." + p.fn
}

// short is the function's name as source outside of its package writes it.
func (p place) short() string { return p.path[strings.LastIndexByte(p.path, '/')+1:] + "." + p.fn }

// or is p, or q where p is none.
func (p place) or(q place) place {
	if p.path == "" {
		return q
	}
	return p
}

// inlinedCall finds the inlined call to whose parameters n assigns, within the
// call of outer that was found at the same position before.
func (tr *trail) inlinedCall(here *said, n alloc.FlowLine, at, outer place) (place, bool) {
	lhs, _, ok := strings.Cut(n.Text, " := ")
	if !ok {
		return place{}, false
	}
	q, _ := qualified(split(lhs, ',')[0])
	after := outer.path == ""
	for _, d := range here.inlined[n.Pos] {
		for _, r := range readings(d.Expr) {
			if r.qualifier != q && !(q == "" && r.qualifier == "") {
				continue
			}
			callee := place{pkg: at.pkg, path: at.pkg, fn: r.fn}
			if q != "" {
				paths := tr.paths(at.pkg, q)
				if len(paths) == 0 {
					continue
				}
				callee.path = paths[0]
			}
			if !after {
				after = callee.path == outer.path && callee.fn == outer.fn
				break
			}
			return callee, true
		}
	}
	return place{}, false
}

// passInlined lets the inlined calls among the steps from first on decide from
// which the value does not come back: all further steps stand in it.
func (tr *trail) passInlined(first int) {
	steps := tr.story.Steps
	for i := len(steps) - 1; i >= first && steps[i].Pos == steps[len(steps)-1].Pos; i-- {
		if tr.marks[i].inlined {
			tr.marks[i].decides = true
		}
	}
}
