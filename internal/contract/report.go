package contract

import (
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/flow"
)

// steps are the calls of an inline stack, the last of which leads to what.
func steps(acts []act, what string) []alloc.Step {
	list := make([]alloc.Step, len(acts))
	for i, a := range acts {
		list[i] = alloc.Step{Pos: alloc.Pos{File: a.File, Line: a.Line}, Step: "call", Func: a.Func}
		if i+1 < len(acts) {
			list[i].Step, list[i].Text = "inlined call", short(acts[i+1].Func)
		} else {
			list[i].Text = what
		}
	}
	return list
}

// short is a function's name without the directories of its package.
func short(full string) string {
	end := len(full)
	if i := strings.IndexAny(full, "[("); i >= 0 {
		end = i
	}
	return full[strings.LastIndexByte(full[:end], '/')+1:]
}

// chain is the whole way to a place.
func chain(s *state, last []alloc.Step) []alloc.Step {
	list := slices.Clone(last)
	for ; s != nil; s = s.parent {
		list = append(slices.Clone(s.steps), list...)
	}
	return list
}

// what says what an event allocates.
func (w *walk) what(ev *event, acts []act) string {
	if ev.site != nil {
		return ev.site.Expr
	}
	at := innermost(acts)
	if at.scope != nil && ev.kind == alloc.Append {
		if calls := at.scope.fn.appends(at.Line); len(calls) == 1 {
			return text(calls[0])
		}
	}
	if ev.call.Type != "" {
		return fmt.Sprintf("%s of %s", ev.kind, ev.call.Type)
	}
	return string(ev.kind) + " (" + ev.call.Entry + ")"
}

func (w *walk) doubt(s *state, acts []act, text string, dyn flow.Dynamic) {
	w.doubts = append(w.doubts, &doubt{text, s, steps(acts, text), dyn})
}

// describe says which call through a pointer could not be followed.
func (w *walk) describe(at act, call *ast.CallExpr) (string, flow.Dynamic) {
	src := at.scope.fn.src
	callee := src.callee(call)
	if callee == nil {
		return "calls the function value " + text(call.Fun), flow.Dynamic{}
	}
	recv := types.TypeString(callee.Signature().Recv().Type(), func(p *types.Package) string { return p.Name() })
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if ok {
		recv = types.TypeString(src.Info.TypeOf(sel.X), func(p *types.Package) string { return p.Name() })
	}
	return fmt.Sprintf("calls %s of the interface %s", text(call.Fun), recv), flow.Dynamic{
		Package: src.Path, Func: at.Func, Method: callee.Name(), Pos: src.pos(call.Lparen),
	}
}

// own reports whether a function is of the packages whose promises are checked.
func (w *walk) own(fn string) bool {
	for path := range splits(fn) {
		if slices.Contains(w.c.Packages, path) {
			return true
		}
	}
	return false
}

// lastOwn is the index of the last step of a chain that is in the packages'
// own code.
func (w *walk) lastOwn(list []alloc.Step) int {
	last := 0
	for i, s := range list {
		if w.own(s.Func) {
			last = i
		}
	}
	return last
}

// findings are the events, the nearest of each of the packages' own lines.
func (w *walk) findings(d *Directive, name string) []*alloc.Finding {
	var list []*alloc.Finding
	seen := make(map[string]*alloc.Finding)
	more := make(map[*alloc.Finding]bool)
	for _, ev := range w.events {
		way := chain(ev.state, ev.steps)
		if len(way) == 0 {
			way = []alloc.Step{{Pos: alloc.Pos{File: ev.state.f.File, Line: ev.state.f.Line}, Step: "call", Text: w.what(ev, nil), Func: ev.state.f.Name}}
		}
		way[len(way)-1].Step = "allocates"
		i := w.lastOwn(way)
		key := fmt.Sprintf("%s:%d %d", way[i].File, way[i].Line, len(way)-i)
		if i < len(way)-1 {
			key = fmt.Sprintf("%s:%d %s", way[i].File, way[i].Line, way[i].Text)
		} else if ev.site != nil {
			key = ev.site.ID
		} else {
			key += way[i].Text
		}
		if f := seen[key]; f != nil {
			more[f] = true
			continue
		}
		last := way[len(way)-1]
		f := &alloc.Finding{
			Rule: alloc.Rule(d.Verb), Pos: last.Pos, Func: name, Kind: ev.kind, Chain: way,
		}
		if ev.site != nil {
			f.Site, f.Pos, f.Cause = ev.site.ID, ev.site.Pos, ev.site.Cause
			way[len(way)-1].Pos = ev.site.Pos
		}
		switch {
		case len(way) == 1:
			f.Message = fmt.Sprintf("%s: %s allocates", short(name), last.Text)
		default:
			f.Message = fmt.Sprintf("%s: %s allocates in %s", short(name), last.Text, short(last.Func))
		}
		if i < len(way)-1 { // it lies in a dependency: the user's line is what is wrong
			f.Pos = way[i].Pos
			f.Message = fmt.Sprintf("%s: %s allocates: %s in %s", short(name), way[i].Text, last.Text, short(last.Func))
		}
		seen[key] = f
		list = append(list, f)
	}
	for f := range more {
		if len(f.Chain) > 1 {
			f.Message += ", and more below it"
		}
	}
	return list
}

// maxCandidates bounds how many functions an assumption names.
const maxCandidates = 5

// assumptions are the doubts, the nearest of each of the packages' own lines. Below
// a line that is found to allocate they are of no interest.
func (w *walk) assumptions(findings []*alloc.Finding) []*alloc.Assumption {
	var list []*alloc.Assumption
	seen := make(map[string]bool)
	gives := slices.ContainsFunc(w.doubts, func(d *doubt) bool { return d.text == givesPooled })
	for _, d := range w.doubts {
		if d.text == takesPooled && !gives {
			d.text += ", and nothing here gives back"
		}
		way := chain(d.state, d.steps)
		if len(way) == 0 {
			way = []alloc.Step{{Pos: alloc.Pos{File: d.state.f.File, Line: d.state.f.Line}, Step: "call", Text: d.text, Func: d.state.f.Name}}
		}
		way[len(way)-1].Step = "assumed"
		i := w.lastOwn(way)
		key := fmt.Sprintf("%s:%d %s", way[i].File, way[i].Line, d.text)
		if seen[key] {
			continue
		}
		seen[key] = true
		if i < len(way)-1 && slices.ContainsFunc(findings, func(f *alloc.Finding) bool { return f.File == way[i].File && f.Line == way[i].Line }) {
			continue
		}
		last := way[len(way)-1]
		a := &alloc.Assumption{Pos: way[i].Pos, Func: last.Func, Text: d.text, Chain: way}
		if d.candidates.Method != "" {
			list, err := w.c.Program.Implementations(context.Background(), d.candidates)
			if err == nil {
				a.Candidates = list[:min(len(list), maxCandidates)]
			}
		}
		list = append(list, a)
	}
	return list
}

// text is an expression's source text on one line, shortened.
func text(e ast.Expr) string {
	const most = 60
	s := types.ExprString(e)
	if len(s) > most {
		s = s[:most-1] + "…"
	}
	return s
}
