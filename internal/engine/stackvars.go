package engine

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/asmlist"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// LargeFrame is the smallest frame of which Stack says what is in it: less are a few
// words.
const LargeFrame = 256

// variables adds what is in the largest frames of rows. The packages that hold them
// are compiled once more, for the compiler's listing: the same code, since a flag
// that prints does not change it.
func (s *stacks) variables(ctx context.Context, rows []*alloc.Stack) error {
	rows = slices.SortedStableFunc(slices.Values(rows), alloc.ByFrame)
	rows = slices.DeleteFunc(rows, func(r *alloc.Stack) bool { return r.Frame < LargeFrame })
	if s.req.Vars > 0 {
		rows = rows[:min(s.req.Vars, len(rows))]
	}
	packages := make(map[string]map[string]*alloc.Stack) // rows by symbol
	for _, r := range rows {
		if packages[r.Package] == nil {
			packages[r.Package] = make(map[string]*alloc.Stack)
		}
		packages[r.Package][s.symbols[r]] = r
	}
	if len(packages) == 0 {
		return nil
	}
	req := gocmd.Request{Patterns: s.listable(packages), Tests: s.req.Tests, Listing: asmlist.Concerns}
	build, err := s.p.cfg.Build(ctx, req)
	if err != nil {
		return advise(err)
	}
	s.p.imports = expr.NewImporter(func(path string) string { return s.p.archives[path] })
	typed := make(map[string]bool)
	for _, pkg := range build.Packages {
		want := packages[plainPath(pkg.ImportPath)]
		for f, err := range asmlist.Read(bytes.NewReader(pkg.Text), func(symbol string) bool { return want[symbol] != nil }) {
			if err != nil {
				return err
			}
			s.frame(want[f.Symbol], f, typed)
			delete(want, f.Symbol) // the package is built once more with its tests
		}
		pkg.Text = nil // it is long
	}
	return nil
}

// listable are the patterns that name packages.
func (s *stacks) listable(packages map[string]map[string]*alloc.Stack) []string {
	if packages["command-line-arguments"] != nil {
		return patterns(s.req.Patterns) // they are files
	}
	list := slices.Sorted(maps.Keys(packages))
	for i, path := range list {
		// The tests of a package that are outside of it are built with it.
		if pkg := s.p.packages[path]; pkg != nil && pkg.ForTest != "" {
			list[i] = plainPath(pkg.ForTest)
		}
	}
	return slices.Compact(list)
}

// A slot is a place in a frame.
type slot struct {
	alloc.StackVar
	variable   string // as the listing names it
	start, end int64  // end is beyond its last byte
	known      bool   // the size is that of a type
}

// frame says what a function's frame is made of.
func (s *stacks) frame(row *alloc.Stack, f *asmlist.Func, typed map[string]bool) {
	slots, args := s.slots(row, f, typed)
	// The largest first, which others may share the place of.
	slices.SortStableFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.start, b.start))
	})
	row.Args, row.Other = args, row.Frame-args
	var taken []slot
	for _, v := range slots {
		if v.Bytes < alloc.SmallestVar {
			row.Smaller++
			continue
		}
		// The parameter of a body that was inlined is the argument, most of the time.
		if slices.ContainsFunc(taken, func(t slot) bool { return t.start == v.start && t.Type == v.Type && t.Bytes == v.Bytes }) {
			continue
		}
		v.Shared = slices.ContainsFunc(taken, func(t slot) bool { return v.start < t.end && t.start < v.end })
		taken = append(taken, v)
		if !v.Shared {
			row.Other -= v.Bytes
		}
		row.Vars = append(row.Vars, v.StackVar)
	}
}

// slots are the places of a frame that its code names, and what is there; args is
// what is below them, for the arguments of calls.
func (s *stacks) slots(row *alloc.Stack, f *asmlist.Func, typed map[string]bool) (slots []slot, args int64) {
	top := row.Frame
	if s.p.env.GOARCH == "amd64" {
		top -= s.rules.Call // the frame pointer is saved there
	}
	type place struct {
		name string
		at   int64
	}
	touches := make(map[place][]asmlist.Touch)
	for _, t := range f.Touches {
		at := t.Offset
		if at < 0 {
			at += top
		}
		if at >= 0 && at < row.Frame { // else it is an argument of the function's own
			touches[place{t.Var, at}] = append(touches[place{t.Var, at}], t)
		}
	}
	places := slices.SortedFunc(maps.Keys(touches), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.name, b.name))
	})
	if len(places) == 0 {
		return nil, 0
	}
	last := -1 // the slot of the place before
	for _, x := range places {
		if slices.ContainsFunc(slots, func(o slot) bool { return o.known && o.variable == x.name && x.at < o.end }) {
			continue // within it
		}
		v := s.variable(touches[x], typed)
		v.variable, v.start = x.name, x.at
		switch {
		case v.known:
			// Its first words may be told only where nobody knows it, at the call of what
			// was inlined.
			i := slices.IndexFunc(slots, func(o slot) bool { return !o.known && o.variable == x.name && x.at < o.start+v.Bytes })
			if i >= 0 {
				v.start, v.end = slots[i].start, slots[i].start+v.Bytes
				slots[i] = v
				continue
			}
			v.end = x.at + v.Bytes
		case last >= 0 && slots[last].variable == x.name:
			continue // more of the same
		}
		last = len(slots)
		slots = append(slots, v)
	}
	for i := range slots {
		v := &slots[i]
		if v.known {
			continue
		}
		// It ends where the next is named.
		v.end = top
		for _, x := range places {
			if x.at > v.start && x.name != v.variable {
				v.end = x.at
				break
			}
		}
		v.Bytes = v.end - v.start
		if v.Name == "" {
			s.made(v, typed)
			continue
		}
		// What is told only where a body is called that was inlined, as its parameter
		// is, has another place in the body.
		if i := slices.IndexFunc(slots, func(o slot) bool { return o.known && o.variable == v.variable && fits(o.Bytes, v.Bytes) }); i >= 0 {
			v.StackVar = slots[i].StackVar
		}
	}
	return slots, places[0].at &^ 7
}

// partBytes is the most that a part of a value has that was taken apart: a word.
const partBytes = 8

// fits reports whether a value of a size fills a place, which is rounded up to a word.
func fits(bytes, place int64) bool { return bytes <= place && place-bytes < 8 }

// variable is the variable that touches of one place are of. They may be in the
// body of a function that was inlined, where it is a parameter, and where that is
// called: the last that has the largest size is taken. What has no name is told by
// the place that first touches it.
func (s *stacks) variable(touches []asmlist.Touch, typed map[string]bool) slot {
	first := touches[0]
	v := slot{StackVar: alloc.StackVar{Pos: alloc.Pos{File: first.File, Line: first.Line}}}
	if first.Part { // each place is that of another, of one name where bodies were inlined
		v.Bytes, v.known = partBytes, true
		return v
	}
	if first.Temp || strings.HasPrefix(first.Var, "~") {
		return v
	}
	v.Name = first.Var
	for i, t := range touches {
		if i > 0 && t.File == touches[i-1].File && t.Line == touches[i-1].Line {
			continue
		}
		f := s.source(t.File, typed)
		if f == nil {
			continue
		}
		if n := f.Declared(t.Line, t.Var); n != nil && n.Value.Size > 0 && n.Value.Size >= v.Bytes {
			v.Pos, v.Type, v.Bytes, v.known = n.Pos, n.Value.Type, n.Value.Size, true
		}
	}
	return v
}

// source is a source file with types.
func (s *stacks) source(name string, typed map[string]bool) *expr.File {
	for path, pkg := range s.p.packages {
		if !slices.Contains(pkg.GoFiles, name) {
			continue
		}
		if !typed[path] {
			typed[path] = true
			s.p.types(path)
		}
		return s.p.file(name)
	}
	return nil
}

// made finds the expression that a value without a name comes of: one on the line
// that first touches it, and of its size.
func (s *stacks) made(v *slot, typed map[string]bool) {
	if v.Bytes < alloc.SmallestVar {
		return
	}
	f := s.source(v.File, typed)
	if f == nil {
		return
	}
	for _, m := range f.Made(v.Line) {
		if fits(m.Bytes, v.Bytes) {
			v.Expr, v.Kind, v.Type, v.Pos, v.Bytes = m.Text, m.Kind, m.Value.Type, m.Pos, m.Bytes
			if v.Kind == alloc.Variable {
				v.Expr, v.Kind = strings.TrimPrefix(m.Text, "var "), ""
			}
			return
		}
	}
}
