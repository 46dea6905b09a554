package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// frameLines are how many lines tell what is in a frame, without the one of the rest.
const frameLines = 4

// A frameVar is what several places of a frame hold that are called the same.
type frameVar struct {
	alloc.StackVar
	bytes int64 // of all
	n     int
}

// frameVars are the places of a frame, those of the same name and type together,
// without those that are shared.
func frameVars(s *alloc.Stack) []frameVar {
	var list []frameVar
	for _, v := range s.Vars {
		if v.Shared {
			continue
		}
		same := func(o frameVar) bool {
			return o.Name == v.Name && o.Expr == v.Expr && o.Type == v.Type && o.Bytes == v.Bytes
		}
		i := slices.IndexFunc(list, same)
		if i < 0 || v.Name == "" && v.Expr == "" {
			i = len(list)
			list = append(list, frameVar{StackVar: v})
		}
		list[i].bytes += v.Bytes
		list[i].n++
	}
	slices.SortStableFunc(list, func(a, b frameVar) int { return cmp.Compare(b.bytes, a.bytes) })
	return list
}

// frame writes what is in a frame, behind a column of figures that ends where the
// frame's does.
func (t *writer) frame(s *alloc.Stack, column int) {
	if len(s.Vars) == 0 && s.Args == 0 && s.Other == 0 {
		return
	}
	figures := max(column, 10) + 2
	list := frameVars(s)
	shown := min(len(list), frameLines)
	if t.o.Top == 0 {
		shown = len(list)
	}
	line := func(bytes int64, place, what string) {
		cell := fmt.Sprintf("%*s  ", figures, count(int(bytes)))
		room := t.o.Width - columnsOf(cell)
		if t.o.Width > 0 && columnsOf(place)+2+columnsOf(what) > room && room-columnsOf(place)-2 >= 16 {
			what = elide(what, room-columnsOf(place)-2)
		}
		if place != "" {
			place = t.color(bold, place) + ": "
		}
		fmt.Fprintf(t, "%s%s%s\n", cell, place, what)
	}
	for _, v := range list[:shown] {
		line(v.bytes, t.pos(alloc.Pos{File: v.File, Line: v.Line}), v.what())
	}
	rest := s.Other
	var parts []string
	if more := list[shown:]; len(more) > 0 {
		n := 0
		for _, v := range more {
			n, rest = n+v.n, rest+v.bytes
		}
		parts = append(parts, plural(n, "more value"))
	}
	if s.Smaller > 0 {
		parts = append(parts, plural(s.Smaller, "smaller value"))
	}
	parts = append(parts, "saved registers")
	if s.Args > 0 {
		line(s.Args, "", "arguments and results of calls")
	}
	if rest > 0 {
		line(rest, "", strings.Join(parts, ", "))
	}
}

// what is what a place holds: "buf [4096]byte", "make([]byte, 64)".
func (v *frameVar) what() string {
	var s string
	switch {
	case v.Name != "":
		s = v.Name
		if v.Type != "" {
			s += " " + elide(v.Type, named)
		}
	case v.Kind == alloc.Variadic:
		s = "arguments of " + v.Expr
	case v.Kind != "":
		s = v.Expr
	case v.Expr != "":
		s = "copy of " + v.Expr
	default:
		s = "a value without a name"
	}
	if v.n > 1 {
		s = fmt.Sprintf("%d × %s, %s each", v.n, s, count(int(v.Bytes)))
	}
	return s
}
