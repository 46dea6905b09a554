package flow

import (
	"context"
	"fmt"
	"slices"
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
	start place  // the inlined function that holds the value's expression, if it is one
	where place  // the function that the trail ends in, if it is not the first
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
	if tr.start.path != "" && first == 0 {
		inlined[d.Pos] = tr.start
		tr.step(alloc.FlowLine{Text: tr.short(tr.start), Step: "inlined call", Pos: d.Pos}, at, place{}, mark{inlined: true})
	}
	var last block // the last that has notes
	for bi, b := range blocks {
		if len(b.notes) > 0 {
			last = b
		}
		for ni, n := range b.notes {
			if k := len(tr.marks) - 1; k >= first && tr.marks[k].note.Pos != n.Pos {
				delete(inlined, tr.marks[k].note.Pos) // the value has left that body
			}
			if n.Step == "assign-pair" {
				if callee, ok := tr.inlinedCall(here, n, at, inlined[n.Pos]); ok {
					tr.step(n, at, inlined[n.Pos], mark{inlined: true, callee: callee})
					tr.story.Steps[len(tr.story.Steps)-1].Step = "inlined call"
					inlined[n.Pos] = callee
					continue
				}
				if strings.HasPrefix(n.Text, "~r") {
					continue // an inlined call's result takes its value
				}
			}
			if strings.HasPrefix(n.Text, ".autotmp_") && (bi < len(blocks)-1 || ni < len(b.notes)-1) {
				continue // the compiler's own variable
			}
			m := mark{ends: bi == len(blocks)-1 && ni == len(b.notes)-1}
			if n.Step == "captured by a closure" {
				m.decides = true
			}
			if isResultName(n.Text) {
				delete(inlined, n.Pos) // the inlined call as an expression of its caller
			}
			tr.step(n, at, inlined[n.Pos], m)
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

// step appends a step in function at, or in the function in that was inlined
// into it, unless the step repeats the one before: the compiler notes "(spill)"
// or "(interface-converted)" of an expression beside the step itself.
func (tr *trail) step(n alloc.FlowLine, at, in place, m mark) {
	s := alloc.Step{Pos: n.Pos, Step: n.Step, Text: n.Text, Func: in.or(at).name()}
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
	m.path, m.note, m.at, m.in = in.or(at).path, n, at, in
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

// short is a function's name as source outside of its package writes it.
func (t *Tracer) short(p place) string { return t.name(p.path) + "." + p.fn }

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
	params := split(lhs, ',')
	q, _ := qualified(params[0])
	from := outer.or(at).path
	same := false // outer is one that would do
	for _, d := range here.inlined[n.Pos] {
		for _, r := range readings(d.Expr) {
			if r.qualifier != q {
				continue
			}
			callee := place{pkg: at.pkg, path: at.pkg, fn: r.fn}
			if q != "" {
				callee.path = tr.packageOf(from, q, at.pkg)
			}
			if callee.path == "" || !tr.takes(callee, params) {
				continue
			}
			if r.fn == outer.fn && callee.path == outer.path {
				same = true
				continue
			}
			return callee, true
		}
	}
	if !same {
		return place{}, false
	}
	// A function may call one of the same name in a package of the same name:
	// the compiler's lines about the two are the same line.
	imported, _ := tr.paths(from, q)
	if len(imported) == 0 || imported[0] == outer.path || !tr.declares(imported[0], outer.fn) {
		return place{}, false
	}
	return place{pkg: at.pkg, path: imported[0], fn: outer.fn}, true
}

// packageOf is the import path that the package name q stands for in the
// source of package from, or of that which was compiled; "" if there is none.
func (tr *trail) packageOf(from, q, compiled string) string {
	if from != compiled && q == tr.name(from) {
		return from
	}
	imported, other := tr.paths(from, q)
	if paths := slices.Concat(imported, other); len(paths) > 0 {
		return paths[0]
	}
	return ""
}

// takes reports whether a function may have the parameters that an inlined call
// assigns to.
func (tr *trail) takes(fn place, params []string) bool {
	if tr.Source == nil || tr.Files == nil || strings.Contains(fn.fn, ".func") {
		return true
	}
	_, decl := tr.Source.function(tr.Files(fn.path), fn.fn)
	if decl == nil {
		return true
	}
	have := names(decl.Recv, decl.Type.Params)
	for _, p := range params {
		if strings.Contains(p, ".dict") {
			continue // of type parameters
		}
		_, name := qualified(strings.TrimSpace(p))
		if name != "_" && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "~") && !slices.Contains(have, name) {
			return false
		}
	}
	return true
}

// declares reports whether the compiler knows a function of a package.
func (tr *trail) declares(path, fn string) bool {
	s, err := tr.said(tr.ctx, path)
	if err != nil {
		return false
	}
	_, ok := s.declared[fn]
	return ok
}

// name is a package's name.
func (t *Tracer) name(path string) string {
	if t.Name != nil {
		if name := t.Name(path); name != "" {
			return name
		}
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// passInlined lets the inlined calls among the steps from first on decide from
// which the value does not come back: all further steps stand in it.
func (tr *trail) passInlined(first int) {
	marks := tr.marks
	for i := len(marks) - 1; i >= first && marks[i].note.Pos == marks[len(marks)-1].note.Pos && (marks[i].inlined || !isResultName(marks[i].note.Text)); i-- {
		if tr.marks[i].inlined {
			tr.marks[i].decides = true
		}
	}
}
