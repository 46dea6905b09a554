package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// builtins say what the predeclared functions that keep an argument do with
// it.
var builtins = map[string]string{
	"append": "appended to a slice",
	"copy":   "copied into a slice",
	"panic":  "passed to panic",
	"min":    "passed to min",
	"max":    "passed to max",
}

func calleeOf(text string) string {
	call, _ := parseCall(text)
	return call.callee
}

// end goes on from where the explanation of d ends: b holds the last notes and
// the last destination.
func (tr *trail) end(d *alloc.Diagnostic, b block, at place) error {
	k := len(tr.story.Steps) - 1
	if k < 0 || len(b.notes) == 0 {
		tr.story.Incomplete = fmt.Sprintf("%s: the compiler names no step by which %s escapes", at.name(), d.Expr)
		return nil
	}
	n := b.notes[len(b.notes)-1]
	step, m := &tr.story.Steps[k], &tr.marks[k]
	switch {
	case n.Step == "return":
		m.decides = true
		tr.ended("returned", at)
	case strings.HasPrefix(n.Step, "too "), strings.HasPrefix(n.Step, "non-constant size"):
		m.decides = true
		tr.ended(n.Step, at)
	case strings.HasPrefix(b.dst, "{storage for "):
		return tr.stored(d, b, n, at)
	case b.dst != heap:
		return tr.assigned(d, b, n, at)
	case n.Step == "call parameter":
		m.decides = true
		return tr.passed(b, n, at)
	case n.Step == "send":
		m.decides = true
		ch, _, _ := strings.Cut(n.Text, " <- ")
		tr.ended("sent on "+ch, at)
	case n.Step == "spill" && (n.Text == "func literal" || d.Expr == "func literal"):
		m.decides = true
		step.Step = "go"
		started := ""
		if tr.Source != nil {
			started = tr.Source.started(n.Pos)
		}
		switch started {
		case "go":
			tr.ended("handed to a go statement", at)
		case "defer":
			step.Step = "defer"
			tr.ended("handed to a defer statement that may be run many times", at)
		default:
			tr.ended("handed to a go statement, or to a defer statement in a loop", at)
		}
	case strings.HasPrefix(n.Step, "append"), n.Step == "copied slice":
		m.decides = true
		tr.ended(builtins[calleeOf(n.Text)], at)
	case strings.HasPrefix(n.Step, "assign"):
		m.decides = true
		step.Step = "store"
		lhs, _, ok := strings.Cut(n.Text, " = ")
		if !ok {
			lhs, _, _ = strings.Cut(n.Text, " := ")
		}
		tr.ended("stored in "+lhs, at)
	case strings.Contains(n.Step, "map"):
		m.decides = true
		step.Step = "store"
		tr.ended("stored in a map", at)
	default:
		m.decides = true
		tr.ended("stored where it outlives "+tr.short(at), at)
	}
	return nil
}

// ended records how the trail ends, in function at.
func (tr *trail) ended(how string, at place) {
	if at.path != at.pkg { // instantiated here
		how = unqualify(how, tr.name(at.path))
	}
	tr.story.End = how
	if at.callee {
		tr.where = at
	}
}

// sayWhere completes the story's end with the function that it is in, where
// that is not the one that the trail began in.
func (tr *trail) sayWhere() {
	w := tr.where
	if w.path == "" || strings.HasPrefix(tr.story.End, "kept by ") {
		return
	}
	if k := len(tr.marks) - 1; k >= 0 && w.path != tr.marks[k].at.pkg {
		tr.story.End = unqualify(tr.story.End, tr.name(w.path))
	}
	tr.story.End += " in " + tr.short(w)
}

// stored goes on with the expression in whose memory the value is kept, which
// is on the heap for a reason of its own.
func (tr *trail) stored(from *alloc.Diagnostic, b block, n alloc.FlowLine, at place) error {
	expr := storage(b.dst)
	d, err := tr.escape(expr, nearest(n.Pos, from.Pos), at, false)
	if err != nil {
		return err
	}
	if d != nil {
		return tr.follow(d, at)
	}
	// It is not on the heap: it belongs to a function around this one, or
	// stands outside of the loop.
	tr.marks[len(tr.story.Steps)-1].decides = true
	if n.Step == "captured by a closure" || n.Step == "reference" {
		tr.ended(fmt.Sprintf("assigned to %s, a variable of the function around the function literal", n.Text), at)
	} else {
		tr.ended(fmt.Sprintf("kept in %s, which outlives it", expr), at)
	}
	return nil
}

// assigned goes on with the variable that the value is assigned to: it is on
// the heap itself, is a result, or outlives the value, being declared outside
// of a loop or function literal.
func (tr *trail) assigned(from *alloc.Diagnostic, b block, n alloc.FlowLine, at place) error {
	m := &tr.marks[len(tr.story.Steps)-1]
	if d, err := tr.escape(b.dst, nearest(n.Pos, from.Pos), at, true); err != nil {
		return err
	} else if d != nil {
		return tr.follow(d, at)
	}
	m.decides = true
	var results []string
	if tr.Source != nil {
		_, results = tr.Source.Params(n.Pos)
	}
	switch {
	case isResult(b.dst), slices.Contains(results, b.dst):
		tr.ended("returned as "+b.dst, at)
		if isResult(b.dst) {
			tr.ended("returned", at)
		}
	default:
		tr.ended(fmt.Sprintf("assigned to %s, which outlives it: declared outside of the loop or the function literal", b.dst), at)
	}
	return nil
}

// nearest is pos, or other where pos is unknown: what the compiler made itself
// has no position.
func nearest(pos, other alloc.Pos) alloc.Pos {
	if pos.Line == 0 {
		return other
	}
	return pos
}

// escape finds the compiler's statement that the expression or variable expr
// escapes: rather of the same function, and of several the nearest before the
// step at pos that puts the value there, or else the first after it. A variable
// must be one of the function or of one around or within it; an expression may
// be of a caller, because the compiler explains functions that call each other
// together.
func (tr *trail) escape(expr string, pos alloc.Pos, at place, variable bool) (*alloc.Diagnostic, error) {
	here, err := tr.said(tr.ctx, at.pkg)
	if err != nil {
		return nil, err
	}
	var best *alloc.Diagnostic
	rank := func(d *alloc.Diagnostic) int {
		r := 0
		if fn := here.fn(d); fn == at.fn {
			r = 4
		} else if sameFunc(fn, at.fn) {
			r = 2
		}
		if !before(pos, d.Pos) {
			r++
		}
		return r
	}
	for _, d := range here.escapes[storageName(expr)] {
		if len(d.Flow) == 0 || tr.seen[d] || d.Pos.File != pos.File || variable && rank(d) < 2 {
			continue
		}
		if best == nil || rank(d) > rank(best) || rank(d) == rank(best) && before(best.Pos, d.Pos) != before(pos, d.Pos) {
			best = d
		}
	}
	return best, nil
}

// sameFunc reports whether one function is the other or is declared within it.
func sameFunc(a, b string) bool {
	within := func(a, b string) bool {
		rest, ok := strings.CutPrefix(a, b)
		return ok && (rest == "" || strings.HasPrefix(rest, ".func") || strings.HasPrefix(rest, "-range"))
	}
	return within(a, b) || within(b, a)
}

// passed goes on in the callee of the call that n notes, or ends there.
func (tr *trail) passed(b block, n alloc.FlowLine, at place) error {
	k := len(tr.story.Steps) - 1
	step := &tr.story.Steps[k]
	call, ok := parseCall(n.Text)
	if !ok {
		tr.story.Incomplete = fmt.Sprintf("%s: not a call: %s", at.name(), n.Text)
		return nil
	}
	if what := builtins[call.callee]; what != "" {
		if call.callee != "panic" {
			step.Step = "store"
		}
		tr.ended(what, at)
		return nil
	}
	arg := b.source()
	if len(b.notes) > 1 {
		arg = b.notes[len(b.notes)-2].Text
	}
	if tr.isVariable(n.Pos, call.callee) {
		return tr.dynamic(call, arg, n, at)
	}
	f, err := tr.resolve(tr.ctx, at.pkg, call.callee)
	if tr.ctx.Err() != nil {
		return tr.ctx.Err()
	}
	if err != nil {
		tr.story.End = "kept by " + call.callee
		tr.story.Incomplete = fmt.Sprintf("%s: %v", tr.story.Steps[k].Func, err)
		return nil
	}
	if f == nil {
		return tr.dynamic(call, arg, n, at)
	}
	if f.bodiless {
		tr.ended("kept by "+f.full()+", which has no Go body: the compiler assumes that it keeps what it is given", at)
		return nil
	}
	d, param := f.leak(call, arg)
	if d == nil {
		if d, param, err = tr.heldBy(f, call, arg); err != nil {
			return err
		}
	}
	if d == nil {
		if !f.certain {
			return tr.dynamic(call, arg, n, at) // of a variable with a function's name
		}
		tr.story.End = "kept by " + call.callee
		tr.story.Incomplete = fmt.Sprintf("%s: which parameter of %s takes %s is not clear", tr.story.Steps[k].Func, f.full(), arg)
		return nil
	}
	step.Text += ", its parameter " + param
	if tr.seen[d] {
		tr.story.End = "kept by " + f.full() + ", which calls itself"
		return nil
	}
	return tr.follow(d, place{pkg: f.compiled, path: f.path, fn: f.name, callee: true})
}

// heldBy returns why the parameter of f that takes arg is on the heap itself:
// the compiler then does not say of it that it leaks.
func (tr *trail) heldBy(f *function, call callText, arg string) (*alloc.Diagnostic, string, error) {
	call = f.withoutDictionary(call)
	there, err := tr.said(tr.ctx, f.compiled)
	if err != nil || len(f.params) != len(call.args) {
		return nil, "", err
	}
	for _, i := range call.indices(arg) {
		for _, d := range there.escapes[f.params[i]] {
			if there.fn(d) == f.name && len(d.Flow) > 0 {
				return d, f.params[i], nil
			}
		}
	}
	return nil, "", nil
}

// dynamic ends the trail at a call whose callee the compiler does not know.
func (tr *trail) dynamic(call callText, arg string, n alloc.FlowLine, at place) error {
	k := len(tr.story.Steps) - 1
	tr.story.Steps[k].Step = "dynamic call"
	tr.story.Received = !slices.Contains(call.args, arg)
	dyn := &Dynamic{Package: tr.marks[k].path, Func: tr.story.Steps[k].Func, Pos: n.Pos, Text: n.Text, Method: call.callee[strings.LastIndexByte(call.callee, '.')+1:]}
	tr.story.Dynamic = dyn
	what := call.callee
	if tr.Method != nil {
		method, err := tr.Method(tr.ctx, *dyn)
		if err != nil {
			return fmt.Errorf("looking for the method that %s calls: %w", n.Text, err)
		}
		if method != "" {
			what += " (" + method + ")"
		}
	}
	if tr.Implementations != nil {
		var err error
		if tr.story.Candidates, err = tr.Implementations(tr.ctx, *dyn); err != nil {
			return fmt.Errorf("looking for what %s may call: %w", n.Text, err)
		}
	}
	tr.ended("dynamic call of "+what, at)
	return nil
}
