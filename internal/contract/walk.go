package contract

import (
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"math"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cause"
	"github.com/stackward-go/stackward/internal/flow"
	"github.com/stackward-go/stackward/internal/objscan"
)

// A walk goes from a function under contract to all that it calls, nearest
// first.
type walk struct {
	c      *Checker
	states map[string]*state
	queue  []*state
	events []*event
	doubts []*doubt
}

// flags are what calls on the way say of what is allocated below them.
type flags struct {
	recovers bool // a function around it recovers from panics
	// guards are the names of the lasting memory that is too small, or not there
	// yet, where it runs; stores of that which is set to what it returns.
	guards, stores []string
	drops          bool // what it returns is not kept in place of what it was handed
}

// with adds names.
func (f flags) with(guards, stores []string) flags {
	f.guards, f.stores = sorted(f.guards, guards), sorted(f.stores, stores)
	return f
}

func sorted(a, b []string) []string {
	list := slices.Concat(a, b)
	slices.Sort(list)
	return slices.Compact(list)
}

// A state is a function's code, with one meaning of its parameters.
type state struct {
	f      *objscan.Func
	scope  *scope // nil where the source does not tell
	flags  flags
	parent *state
	steps  []alloc.Step // from the parent's beginning to here

	edges    []edge
	events   []*event
	counting bool
	counted  float64 // -1 before it is
}

type edge struct {
	to     *state
	inLoop bool
}

// An event is an allocation that breaks a promise.
type event struct {
	call   alloc.Call
	kind   alloc.Kind
	site   *alloc.Site
	state  *state
	steps  []alloc.Step // within the state
	inLoop bool
}

// A doubt is what is assumed.
type doubt struct {
	text       string
	state      *state
	steps      []alloc.Step
	candidates flow.Dynamic
}

// maxStates bounds how many functions, by meaning, are looked at.
const maxStates = 20_000

// enter has a function looked at, unless it was.
func (w *walk) enter(from *state, f *objscan.Func, sc *scope, fl flags, steps []alloc.Step) *state {
	key := fmt.Sprint(f.Package, " ", f.Symbol, " ", sc.key(), fl)
	s := w.states[key]
	if s == nil {
		s = &state{f: f, scope: sc, flags: fl, parent: from, steps: steps, counted: -1}
		w.states[key] = s
		w.queue = append(w.queue, s)
	}
	return s
}

func (w *walk) run(ctx context.Context) error {
	for n := 0; n < len(w.queue); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := w.queue[n]
		if n >= maxStates {
			w.doubt(s, nil, "more functions than can be followed are called from here on", flow.Dynamic{})
			return nil
		}
		w.visit(s)
	}
	return nil
}

// An act is one activation of the inline stack at a place.
type act struct {
	alloc.Frame
	scope *scope
	call  *ast.CallExpr // in it, of the next activation; nil where it is not found
}

// acts are the activations at a place, outermost first.
func (w *walk) acts(s *state, frames []alloc.Frame) []act {
	list := make([]act, 0, len(frames))
	sc := s.scope
	for i := len(frames) - 1; i >= 0; i-- {
		a := act{Frame: frames[i], scope: sc}
		if i > 0 {
			a.call, sc = w.inline(a, frames[i-1])
		}
		list = append(list, a)
	}
	return list
}

// inline is the scope of a function that was inlined at a place.
func (w *walk) inline(at act, callee alloc.Frame) (*ast.CallExpr, *scope) {
	if at.scope == nil {
		return nil, w.unbound(callee)
	}
	src := at.scope.fn.src
	for _, call := range at.scope.fn.calls[at.Line] {
		if f := src.callee(call); f != nil && !abstract(f) {
			path, name := nameOf(f)
			if fn := w.c.function(f); fn != nil && path+"."+name == callee.Func {
				return call, w.c.bind(at.scope, call, fn, nil)
			}
			continue
		}
		if !src.dynamic(call) {
			continue
		}
		cls, _ := w.targets(at.scope, call)
		for _, cl := range cls {
			if cl.fn != nil && w.c.means(cl.fn, callee) {
				return call, w.c.bind(at.scope, call, cl.fn, cl)
			}
		}
	}
	return nil, w.unbound(callee)
}

// unbound is a scope of which nothing is known but the function, nil where that
// is not.
func (w *walk) unbound(f alloc.Frame) *scope {
	for path := range splits(f.Func) {
		src := w.c.source(path)
		if src == nil {
			continue
		}
		fn := src.decls[strings.TrimPrefix(f.Func, path+".")]
		if fn == nil {
			fn = src.at(f.Func, f.File, f.Line)
		}
		if fn != nil {
			return w.c.bind(nil, nil, fn, nil)
		}
	}
	return nil
}

// splits yields what may be the import path of a function's full name.
func splits(full string) func(func(string) bool) {
	return func(yield func(string) bool) {
		end := len(full)
		if i := strings.IndexAny(full, "[("); i >= 0 {
			end = i
		}
		for i := strings.LastIndexByte(full[:end], '/') + 1; i < end; i++ {
			if full[i] == '.' && !yield(full[:i]) {
				return
			}
		}
	}
}

// means reports whether a frame is of a function.
func (c *Checker) means(fn *function, f alloc.Frame) bool {
	if fn.lit == nil {
		return fn.src.Path+"."+fn.name == f.Func
	}
	from, to := fn.src.pos(fn.lit.Pos()), fn.src.pos(fn.lit.End())
	return from.File == f.File && from.Line <= f.Line && f.Line <= to.Line
}

func (w *walk) visit(s *state) {
	if !s.flags.recovers && w.recovers(s) {
		s.flags.recovers = true
	}
	w.defers(s)
	for _, ref := range s.f.Refs() {
		if ref.Cold && !s.flags.recovers {
			continue
		}
		acts := w.acts(s, ref.Frames)
		if slices.ContainsFunc(acts, func(a act) bool {
			return w.c.cold(a.File, a.Line) || a.Inlined && w.c.coldFunc[a.Func] || w.dead(a)
		}) {
			continue
		}
		if ref.Cold && boxes(ref.To) { // a panic of the runtime's, which is recovered
			ref.Call = alloc.Call{Entry: ref.To, Frames: ref.Frames}
			w.allocates(s, ref, acts)
			continue
		}
		switch ref.Kind {
		case objscan.RefAlloc:
			w.allocates(s, ref, acts)
		case objscan.RefCall:
			w.calls(s, ref, acts)
		case objscan.RefDynamic:
			w.callsThrough(s, acts)
		case objscan.RefValue:
			w.refers(s, ref, acts)
		}
	}
}

// defers goes on into what a function defers through a pointer: the runtime calls
// it, and the function's own code may not.
func (w *walk) defers(s *state) {
	if s.scope == nil {
		return
	}
	fn := s.scope.fn
	for _, d := range fn.defers {
		if !fn.src.dynamic(d.Call) {
			continue
		}
		at := fn.src.pos(d.Call.Lparen)
		w.through(s, []act{{Frame: alloc.Frame{Func: s.f.Name, File: at.File, Line: at.Line}, scope: s.scope}}, d.Call)
	}
}

// recovers reports whether a function defers one that recovers.
func (w *walk) recovers(s *state) bool {
	for _, ref := range s.f.Refs() {
		if ref.Kind != objscan.RefValue && ref.Kind != objscan.RefCall {
			continue
		}
		if !strings.HasPrefix(ref.To, s.f.Symbol+".") {
			continue
		}
		for _, f := range w.c.Code.Find(s.f.Package, ref.To) {
			if slices.ContainsFunc(f.Refs(), func(r objscan.Ref) bool { return r.To == "runtime.gorecover" }) {
				return true
			}
		}
	}
	return false
}

// calls goes on into a callee.
func (w *walk) calls(s *state, ref objscan.Ref, acts []act) {
	targets := w.c.Code.Find(s.f.Package, ref.To)
	if len(targets) == 0 {
		w.doubt(s, acts, "calls "+ref.To+", of which there is no Go code", flow.Dynamic{})
		return
	}
	at := innermost(acts)
	for _, f := range targets {
		if f.Internal() && !s.f.Runtime && f.Name != "runtime.cgocall" {
			continue // of the runtime, and none that allocates
		}
		switch {
		case f.Name == "runtime.cgocall":
			w.doubt(s, acts, "calls C", flow.Dynamic{})
			continue
		case amortised[f.Name] != "":
			w.doubt(s, acts, amortised[f.Name], flow.Dynamic{})
			continue
		case w.c.coldFunc[f.Name]:
			continue
		}
		fn := w.c.home(f)
		found := false
		if at.scope != nil && fn != nil {
			for _, call := range at.scope.fn.calls[at.Line] {
				if cl, ok := w.matches(at.scope, call, f, fn); ok {
					found = true
					w.goInto(s, f, w.c.bind(at.scope, call, fn, cl), acts, call)
				}
			}
			for _, d := range at.scope.fn.defers {
				if found {
					break
				}
				if cl, ok := w.matches(at.scope, d.Call, f, fn); ok {
					found = true
					w.goInto(s, f, w.c.bind(at.scope, d.Call, fn, cl), acts, d.Call)
				}
			}
		}
		if !found {
			var sc *scope
			if fn != nil {
				sc = w.c.bind(nil, nil, fn, nil)
			}
			w.goInto(s, f, sc, acts, nil)
		}
	}
}

// matches reports whether a call in the source is that of a function in the
// machine code.
func (w *walk) matches(sc *scope, call *ast.CallExpr, f *objscan.Func, fn *function) (*closure, bool) {
	src := sc.fn.src
	if callee := src.callee(call); callee != nil && !abstract(callee) {
		path, name := nameOf(callee)
		return nil, fn.lit == nil && path+"."+name == f.Name
	}
	if !src.dynamic(call) {
		return nil, false
	}
	cls, _ := w.targets(sc, call)
	for _, cl := range cls {
		if cl.fn == fn {
			return cl, true
		}
	}
	return nil, false
}

// goInto enters a callee, with what the calls on the way say of it.
func (w *walk) goInto(s *state, f *objscan.Func, sc *scope, acts []act, call *ast.CallExpr) {
	fl := s.flags
	if len(acts) > 0 {
		acts = slices.Clone(acts)
		acts[len(acts)-1].call = call
	}
	fl = fl.with(w.growth(acts))
	fl.drops = call != nil && !w.keeps(s, acts)
	to := w.enter(s, f, sc, fl, steps(acts, short(f.Name)))
	s.edges = append(s.edges, edge{to, w.inLoop(acts)})
}

// callsThrough goes on into what a call through a pointer may mean.
func (w *walk) callsThrough(s *state, acts []act) {
	at := innermost(acts)
	if at.scope == nil {
		// What wraps a deferred call has none; defers has looked at it.
		if !strings.Contains(s.f.Name, ".deferwrap") {
			w.doubt(s, acts, "calls through a pointer", flow.Dynamic{})
		}
		return
	}
	fn := at.scope.fn
	found := false
	for _, call := range fn.calls[at.Line] {
		if fn.src.dynamic(call) {
			w.through(s, acts, call)
			found = true
		}
	}
	for _, r := range fn.iterations(at.Line) {
		w.iterates(s, acts, r)
		found = true
	}
	if !found && len(fn.defers) == 0 { // a deferred call runs at the function's end
		w.doubt(s, acts, "calls through a pointer", flow.Dynamic{})
	}
}

// through goes on into what one call in the source may mean.
func (w *walk) through(s *state, acts []act, call *ast.CallExpr) {
	at := innermost(acts)
	cls, open := w.targets(at.scope, call)
	for _, cl := range cls {
		w.enterClosure(s, cl, acts, call)
	}
	if open {
		text, dyn := w.describe(at, call)
		w.doubt(s, acts, text, dyn)
	}
}

// iterates goes on into the function that a loop ranges over. It calls the loop's
// body, which is a function value of the code's own.
func (w *walk) iterates(s *state, acts []act, r *ast.RangeStmt) {
	at := innermost(acts)
	v := w.c.eval(at.scope, r.X)
	for _, cl := range v.funcs {
		w.enterClosure(s, cl, acts, nil)
	}
	if v.outside || len(v.funcs) == 0 {
		w.doubt(s, acts, "calls the iterator "+text(r.X), flow.Dynamic{})
	}
}

// targets are the functions that a call through a pointer may mean, and whether
// there may be others.
func (w *walk) targets(sc *scope, call *ast.CallExpr) (list []*closure, open bool) {
	src := sc.fn.src
	callee := src.callee(call)
	if callee == nil {
		v := w.c.eval(sc, call.Fun)
		return v.funcs, v.outside || len(v.funcs) == 0
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || src.Info.Selections[sel] == nil {
		return nil, true
	}
	path, name := nameOf(callee)
	if w.c.promised[path+"."+name] {
		return nil, false // its implementations are held to it
	}
	v := w.c.eval(sc, sel.X)
	recv := src.Info.TypeOf(sel.X)
	if p, ok := types.Unalias(recv).(*types.TypeParam); ok {
		t := sc.actual(p)
		if t == p {
			return nil, true
		}
		v = sc.held(v, t)
	}
	open = v.outside || len(v.types) == 0
	for _, t := range v.types {
		o, _, _ := types.LookupFieldOrMethod(t, true, callee.Pkg(), callee.Name())
		f, ok := o.(*types.Func)
		if !ok || abstract(f) {
			open = true
			continue
		}
		list = append(list, w.c.declared(f, value{lasting: v.lasting, outside: true}))
	}
	if it, ok := recv.Underlying().(*types.Interface); ok && open && closed(it) {
		if home := w.c.source(path); home != nil {
			if tn, ok := home.Types.Scope().Lookup(strings.TrimSuffix(name, "."+callee.Name())).(*types.TypeName); ok {
				if it, ok := tn.Type().Underlying().(*types.Interface); ok {
					for _, f := range home.methodsOf(it, callee.Name()) {
						list, open = append(list, w.c.declared(f, value{outside: true})), false
					}
				}
			}
		}
	}
	return list, open
}

// closed reports an interface that only the types of one package implement.
func closed(it *types.Interface) bool {
	for m := range it.Methods() {
		if !m.Exported() {
			return true
		}
	}
	return false
}

// enterClosure goes on into a function value.
func (w *walk) enterClosure(s *state, cl *closure, acts []act, call *ast.CallExpr) {
	if cl.body {
		return
	}
	var fs []*objscan.Func
	if cl.fn != nil && cl.fn.lit != nil {
		at := cl.fn.src.pos(cl.fn.lit.Pos())
		for _, f := range w.c.Code.At(cl.fn.src.Path, at.File, at.Line) {
			if literalName(f.Name) {
				fs = append(fs, f)
			}
		}
		// A copy in a function of another package that the maker was inlined into.
		for _, f := range w.c.Code.At(s.f.Package, at.File, at.Line) {
			if literalName(f.Name) && s.f.Package != cl.fn.src.Path {
				fs = append(fs, f)
			}
		}
	} else {
		path, name := nameOf(cl.decl)
		fs = w.c.named(path, name)
		if len(fs) == 0 {
			fs = w.c.Code.Named(s.f.Package, path+"."+name)
		}
	}
	if len(fs) == 0 {
		w.doubt(s, acts, "calls a function value that has no code of its own", flow.Dynamic{})
		return
	}
	at := innermost(acts)
	for _, f := range fs {
		if w.c.coldFunc[f.Name] {
			continue
		}
		var sc *scope
		if cl.fn != nil {
			sc = w.c.bind(at.scope, call, cl.fn, cl)
		}
		w.goInto(s, f, sc, acts, call)
	}
}

// refers goes on into function values that the runtime or a loop calls.
func (w *walk) refers(s *state, ref objscan.Ref, acts []act) {
	_, last, _ := cutLast(ref.To, ".")
	at := innermost(acts)
	called := strings.HasPrefix(last, "deferwrap") || strings.Contains(ref.To, "-range")
	for _, f := range w.c.Code.Find(s.f.Package, ref.To) {
		fn := w.c.home(f)
		var sc *scope
		if fn != nil {
			sc = w.c.bind(nil, nil, fn, nil)
			if at.scope != nil {
				switch {
				case fn == at.scope.fn:
					sc = at.scope
				case fn.outer == at.scope.fn:
					sc.outer = at.scope
				}
				called = called || slices.ContainsFunc(at.scope.fn.defers, func(d *ast.DeferStmt) bool { return ast.Unparen(d.Call.Fun) == fn.node() })
			}
		}
		if called {
			w.goInto(s, f, sc, acts, nil)
		}
	}
}

// allocates judges one call of an entry.
func (w *walk) allocates(s *state, ref objscan.Ref, acts []act) {
	ev := &event{call: ref.Call, kind: cause.KindOfEntry(ref.Call.Entry, ref.Call.Type), state: s, inLoop: w.inLoop(acts)}
	ev.site = w.c.Site(ref.Call)
	var why alloc.Cause
	if ev.site != nil {
		ev.kind, why = ev.site.Kind, ev.site.Cause
		if ev.site.Allocates == alloc.Never {
			return
		}
	}
	for _, a := range acts {
		if w.c.ignored(a.File, a.Line, ev.kind, why) {
			return
		}
	}
	ev.steps = steps(acts, w.what(ev, acts))
	if text := w.grows(s, ev, acts); text != "" {
		w.doubt(s, acts, text, flow.Dynamic{})
		return
	}
	s.events = append(s.events, ev)
	w.events = append(w.events, ev)
}

// count is how many allocations one run of a function may make, infinite in a
// loop or recursion.
func (w *walk) count(s *state) float64 {
	if s.counted >= 0 {
		return s.counted
	}
	if s.counting {
		return 0 // a recursion allocates if what it comes back to does
	}
	s.counting = true
	defer func() { s.counting = false }()
	n := 0.0
	add := func(m float64, loop bool) {
		if m > 0 && loop {
			m = math.Inf(1)
		}
		n += m
	}
	for _, ev := range s.events {
		add(1, ev.inLoop)
	}
	for _, e := range s.edges {
		if e.to.counting && len(w.events) > 0 {
			add(1, true)
			continue
		}
		add(w.count(e.to), e.inLoop)
	}
	s.counted = n
	return n
}

// boxes reports a function of the runtime that makes the value of a panic: of an
// index or a slice out of range, or of a type that is another than asserted
// (runtime/panic.go, runtime/error.go). Those of a nil pointer or a division by
// zero are made once.
func boxes(symbol string) bool {
	for _, prefix := range []string{"runtime.panicBounds", "runtime.panicExtend", "runtime.panicIndex", "runtime.panicSlice", "runtime.panicdottype", "runtime.panicnildottype"} {
		if strings.HasPrefix(symbol, prefix) {
			return true
		}
	}
	return false
}

func innermost(acts []act) act {
	if len(acts) == 0 {
		return act{}
	}
	return acts[len(acts)-1]
}

// amortised are functions of the standard library whose allocations are made once,
// or to be used again: by their documentation.
var amortised = map[string]string{
	"sync.(*Pool).Get":     takesPooled,
	"sync.(*Pool).Put":     givesPooled,
	"sync.(*Pool).pinSlow": takesPooled,
	"sync.(*Once).doSlow":  "calls a sync.Once's function, the first time",
	"sync.(*Once).Do":      "calls a sync.Once's function, the first time",
}

const (
	takesPooled = "takes from a sync.Pool, which is refilled where it is empty"
	givesPooled = "gives to a sync.Pool, which may grow"
)
