package engine

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/compare"
	"github.com/stackward-go/stackward/internal/correlate"
)

// A copyChange is a place where the body that holds a site is called, and where
// one of the builds allocates and the other does not.
type copyChange struct {
	at        [2]alloc.Pos // in either build
	allocates [2]alloc.Allocates
	inlined   [2]bool
}

// copies finds the places whose verdict is not the same.
func (d *differ) copies(b, a *alloc.Site) (list []copyChange) {
	type place struct {
		file      string
		line, col int
	}
	if (a == nil || b == nil) && !d.foreign(b, a) {
		return nil // the site itself is what came or went
	}
	seen := make(map[place]bool)
	sites := [2]*alloc.Site{b, a}
	for i, s := range sites {
		if s == nil {
			continue
		}
		for _, in := range s.Inlined {
			pkg, _ := correlate.SplitFunc(in.Func, d.sides[i].known)
			there, fate := d.matcher.Elsewhere(i == 1, pkg, in.Pos)
			if fate != compare.SameLine {
				continue
			}
			c := copyChange{}
			c.at[i], c.at[1-i] = in.Pos, there
			k := place{c.at[1].File, c.at[1].Line, c.at[1].Col}
			if seen[k] {
				continue
			}
			seen[k] = true
			for n := range c.at {
				c.allocates[n], c.inlined[n] = d.at(n, sites, c.at[n])
			}
			switch was, is := c.allocates[0], c.allocates[1]; {
			case was == "" || is == "":
				if d.foreign(b, a) {
					d.unseen++
				}
			case (was == alloc.Never) != (is == alloc.Never):
				list = append(list, c)
			}
		}
	}
	return list
}

// at says whether a site, of which one may be nil, allocates on side i where its
// function is called, "" unknown.
func (d *differ) at(i int, sites [2]*alloc.Site, pos alloc.Pos) (_ alloc.Allocates, inlined bool) {
	s, x := sites[i], cmp.Or(sites[i], sites[1-i])
	if s != nil {
		for _, in := range s.Inlined {
			if in.Pos == pos {
				return in.Allocates, true
			}
		}
	}
	switch {
	case d.sides[i].inlines(pos, x.Package+"."+x.Func):
		for _, diag := range d.sides[i].said[lineKey{pos.File, pos.Line}] {
			if diag.Pos == pos && diag.Verdict == alloc.StaysOnStack && sameText(diag.Expr, x) {
				return alloc.Never, true
			}
		}
		return "", true
	case s == nil || d.foreign(sites[0], sites[1]):
		return "", false
	}
	return s.Allocates, false // it is a call
}

// sameText reports whether the compiler's text of an expression may be that of a
// site.
func sameText(text string, s *alloc.Site) bool {
	text, _, _ = strings.Cut(text, "{")
	expr, _, _ := strings.Cut(s.Expr, "{")
	text, expr = strings.TrimPrefix(text, "&"), strings.TrimPrefix(expr, "&")
	return path.Ext(text) == path.Ext(expr) && text[strings.LastIndexByte(text, '.')+1:] == expr[strings.LastIndexByte(expr, '.')+1:]
}

// inlines reports whether a call at a place is replaced by the body of a function,
// which is named in full.
func (s *side) inlines(pos alloc.Pos, fn string) bool {
	return slices.ContainsFunc(s.said[lineKey{pos.File, pos.Line}], func(x *alloc.Diagnostic) bool {
		return x.Verdict == alloc.InlinesCall && x.Pos == pos && named(x.Expr, fn)
	})
}

// named reports whether the compiler's name of a function, without its package or
// behind its package's name, may mean one.
func named(name, fn string) bool {
	return fn == name || strings.HasSuffix(fn, "."+name) || strings.HasSuffix(fn, "/"+name)
}

// why says what made the difference.
func (d *differ) why(c *alloc.Change, copies []copyChange) (said []string) {
	for _, x := range copies {
		said = append(said, d.whyCopy(c.Current(), x))
	}
	if len(copies) > 0 {
		return said
	}
	if c.Status == alloc.Changed {
		return whyChanged(c)
	}
	i := 0 // the side that allocates
	if c.Status == alloc.Appeared {
		i = 1
	}
	return d.whyOnly(i, c)
}

// whyChanged says what another verdict of the compiler means for a slice: the
// runtime puts a small one that does not escape on the stack (go1.25; cmd/compile/
// internal/walk/builtin.go, internal/ssagen/ssa.go), and since go1.26 what append
// makes of one that does, until it leaves the function.
func whyChanged(c *alloc.Change) (said []string) {
	s := c.After
	stays := s.Escapes != nil && !*s.Escapes
	if slices.Contains(c.What, alloc.InEscapes) {
		switch {
		case stays && s.Kind == alloc.Append:
			said = append(said, "it does not escape, so that it may begin in a buffer on the stack")
		case stays && s.Kind == alloc.Slice && s.Allocates == alloc.Sometimes:
			said = append(said, "it does not escape, so that a small one is on the stack")
		case stays:
			said = append(said, "it does not escape any more")
		default:
			said = append(said, "it did not escape")
		}
	}
	if sizeForgiven(c) {
		said = append(said, "that its size is not known would not put it on the heap any more")
	}
	if slices.Contains(c.What, alloc.InBuffer) {
		if compare.Buffered(s) {
			said = append(said, "it begins in a buffer on the stack, and is moved to the heap where it leaves the function")
		} else {
			said = append(said, "it does not begin in a buffer on the stack any more")
		}
	}
	return said
}

// sizeForgiven reports that an unknown size put a slice on the heap before, and
// something else does after.
func sizeForgiven(c *alloc.Change) bool {
	b, a := c.Before, c.After
	return b != nil && a != nil && b.Cause == alloc.UnknownSize && a.Cause != alloc.UnknownSize &&
		b.Kind == alloc.Slice && a.Kind == alloc.Slice && b.Expr == a.Expr
}

// whyOnly says why only one side allocates.
func (d *differ) whyOnly(i int, c *alloc.Change) []string {
	s := c.Current()
	this, other := d.sides[i], d.sides[1-i]
	gone := [2]string{"gone", "new"}[i]
	sameSource := this.is.Rev == other.is.Rev
	pos, fate := d.matcher.Elsewhere(i == 1, s.Package, s.Pos)
	if sameSource && this.ownPackage(s.Package) && !other.sources[s.File] {
		if msg, _ := other.leftOut(s.File); msg != "" {
			return []string{fmt.Sprintf("%s the file is not compiled: %s", [2]string{"after:", "before:"}[i], msg)}
		}
	}
	switch fate {
	case compare.NoPackage:
		return []string{"the package is " + gone}
	case compare.NoFunction:
		return []string{"the function is " + gone}
	case compare.NoLine:
		return []string{"the line is " + gone + " or edited"}
	}
	if strings.Contains(s.Func, "[...]") && !other.spoke(pos) {
		return []string{[2]string{"after:", "before:"}[i] + " nothing instantiates the function, so that it is not compiled"}
	}
	tense := [2]string{"does", "did"}[i]
	for _, x := range other.said[lineKey{pos.File, pos.Line}] {
		switch {
		case x.Pos.Col != pos.Col:
		case x.Verdict == alloc.StaysOnStack:
			return []string{x.Expr + " " + tense + " not escape"}
		case x.Verdict == alloc.ZeroCopy:
			return []string{"the conversion " + [2]string{"copies", "copied"}[i] + " nothing"}
		}
	}
	for _, x := range other.said[lineKey{pos.File, pos.Line}] {
		if x.Verdict == alloc.EscapesToHeap && d.silent(1-i, pos) {
			return []string{x.Expr + " " + [2]string{"escapes", "escaped"}[i] + ", but the machine code makes nothing for it"}
		}
	}
	return nil
}

// spoke reports whether the compiler said anything of the function around a place.
func (s *side) spoke(pos alloc.Pos) bool {
	f := s.file(pos.File)
	if f == nil {
		return false
	}
	_, start, end, _ := f.FuncAt(pos.Line)
	for line := start; line <= end; line++ {
		if len(s.said[lineKey{pos.File, line}]) > 0 {
			return true
		}
	}
	return false
}

// silent reports whether no site of a line allocates.
func (d *differ) silent(i int, pos alloc.Pos) bool {
	return !slices.ContainsFunc(d.sides[i].sites, func(s *alloc.Site) bool {
		return s.File == pos.File && s.Line == pos.Line && alive(s)
	})
}

// whyCopy says what is not the same at a place where a site's function is called.
func (d *differ) whyCopy(s *alloc.Site, x copyChange) string {
	fn := path.Base(s.Package) + "." + s.Func
	at := x.at[1]
	place := fmt.Sprintf("%s:%d:%d", d.sides[1].shorten(at.File), at.Line, at.Col)
	verdict := func(a alloc.Allocates) string {
		if a == alloc.Never {
			return "nothing"
		}
		return string(a)
	}
	how := func(i int) string {
		if x.inlined[i] {
			return "inlined"
		}
		if why := d.sides[i].cannot(s.Package, s.Func); why != "" {
			return "called: " + why
		}
		return "called"
	}
	said := fmt.Sprintf("%s at %s: allocates %s, before %s", fn, place, verdict(x.allocates[1]), verdict(x.allocates[0]))
	if x.inlined[0] != x.inlined[1] {
		said += fmt.Sprintf(" (%s; before %s)", how(1), how(0))
	}
	return said
}

// explain follows the flows of changes, and adds to the reasons what these show.
func (d *differ) explain(ctx context.Context, changes []*alloc.Change) error {
	for n, c := range changes {
		if d.req.Progress != nil {
			d.req.Progress("following the flows", n, len(changes), c.Site)
		}
		for i, s := range [2]*alloc.Site{c.Before, c.After} {
			if !alive(s) || !tells(c) {
				continue
			}
			if err := d.sides[i].story(ctx, s); err != nil {
				return err
			}
		}
		said := append(d.whyInlined(c), d.ends(c)...)
		if c.Reason == "" && len(said) == 0 && len(c.Costs) > 0 {
			said = d.whyCost(c)
		}
		if c.Reason != "" {
			said = slices.Insert(said, 0, c.Reason)
		}
		c.Reason = strings.Join(said, "; ")
	}
	return nil
}

// tells reports whether the flows of a change have something to do with it: sizes
// change with the target.
func tells(c *alloc.Change) bool {
	return c.Status != alloc.Changed || slices.ContainsFunc(c.What, func(a alloc.Aspect) bool { return a != alloc.InBytes && a != alloc.InCost })
}

// story gives a site its flow.
func (s *side) story(ctx context.Context, site *alloc.Site) error {
	if s.joined == nil {
		j, err := s.join(ctx)
		if err != nil {
			return err
		}
		s.joiner, s.tracing, s.joined = j, s.tracer(), make(map[string]*alloc.Site)
		for _, x := range j.Sites() {
			s.joined[x.ID] = x
		}
	}
	x := s.joined[site.ID]
	if x == nil {
		return nil
	}
	if err := s.pipeline.explain(ctx, s.tracing, s.joiner, x, target{id: site.ID}); err != nil {
		return err
	}
	site.Flow, site.Cut, site.End, site.Candidates = x.Flow, x.Cut, x.End, x.Candidates
	return nil
}

// ends says how the flows end.
func (d *differ) ends(c *alloc.Change) []string {
	end := func(s *alloc.Site) string {
		if !alive(s) || s.End == string(s.Cause) {
			return ""
		}
		return s.End
	}
	was, is := end(c.Before), end(c.After)
	switch {
	case sizeForgiven(c) && is != "":
		return []string{is}
	case c.Status != alloc.Changed && was+is != "":
		return []string{was + is}
	case slices.Contains(c.What, alloc.InCause) && was != is && was != "" && is != "":
		return []string{is + ", before: " + was}
	}
	return nil
}

// whyInlined names the functions, on the way of a value to the heap, that only one
// of the builds inlines.
func (d *differ) whyInlined(c *alloc.Change) (said []string) {
	for i, s := range [2]*alloc.Site{c.Before, c.After} {
		if !alive(s) {
			continue
		}
		seen := make(map[alloc.Pos]bool)
		for _, step := range s.Flow {
			pkg, _ := correlate.SplitFunc(step.Func, d.sides[i].known)
			if step.Line == 0 || seen[step.Pos] {
				continue
			}
			seen[step.Pos] = true
			there, fate := d.matcher.Elsewhere(i == 1, pkg, step.Pos)
			if fate != compare.SameLine {
				continue
			}
			var at [2]alloc.Pos
			at[i], at[1-i] = step.Pos, there
			for _, line := range d.inlining(at) {
				if !slices.Contains(said, line) {
					said = append(said, line)
				}
			}
		}
	}
	return said
}

// inlining says what only one build inlines at a place.
func (d *differ) inlining(at [2]alloc.Pos) (said []string) {
	var names [2][]string
	for i, s := range d.sides {
		for _, x := range s.said[lineKey{at[i].File, at[i].Line}] {
			if x.Verdict == alloc.InlinesCall && x.Pos == at[i] && correlate.Declared(x.Expr) == x.Expr && !slices.Contains(names[i], x.Expr) {
				names[i] = append(names[i], x.Expr)
			}
		}
	}
	place := fmt.Sprintf("%s:%d:%d", d.sides[1].shorten(at[1].File), at[1].Line, at[1].Col)
	for i, list := range names {
		for _, fn := range list {
			if slices.Contains(names[1-i], fn) {
				continue
			}
			line := fn + [2]string{" is not inlined any more at ", " is inlined now at "}[i] + place
			if why := d.sides[1-i].cannot("", fn); why != "" {
				line += fmt.Sprintf(" (%s: %s)", [2]string{"after", "before"}[i], why)
			}
			said = append(said, line)
			break // what it inlines in turn follows
		}
	}
	return said
}

// cannot is the compiler's reason for not inlining a function of a package, of any
// package where that is "", as the compiler names it; "" where it has none.
func (s *side) cannot(pkg, fn string) string {
	for path, list := range s.diags {
		if pkg != "" && path != pkg {
			continue
		}
		for _, x := range list {
			if x.Verdict == alloc.CannotInline && x.Expr == fn {
				return x.Reason
			}
		}
	}
	return ""
}
