package engine

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/whatif"
)

// A siteName is a line as a question names it.
type siteName struct {
	file string // or the end of its path
	line int
}

// siteOf reads FILE.go:LINE; isSite is false of what has no such form, and the problem is a
// line that is none.
func siteOf(text string) (s siteName, isSite bool, problem *alloc.Problem) {
	file, line, isSite := strings.Cut(text, ".go:")
	if !isSite {
		return s, false, nil
	}
	n, err := strconv.Atoi(line)
	if err != nil {
		return s, true, &alloc.Problem{Message: line + " is no line", Hint: "name a site as FILE:LINE"}
	}
	file = filepath.ToSlash(file) + ".go"
	for strings.HasPrefix(file, "../") { // heap tells it so below the module's root
		file = file[len("../"):]
	}
	return siteName{file, n}, true, nil
}

// is reports whether a place is at the line.
func (s siteName) is(p *heapPlace) bool { return p.line == s.line && inFile(p.file, s.file) }

// siteNames are lines.
type siteNames []siteName

// presizedSites are those of which questions ask what if slices did not grow there.
func presizedSites(questions []whatif.Question) (list siteNames) {
	for i := range questions {
		for _, c := range questions[i].Changes {
			if s, isSite, problem := siteOf(c.Of); c.What == whatif.Presized && isSite && problem == nil {
				list = append(list, s)
			}
		}
	}
	return list
}

func (s siteNames) has(p *heapPlace) bool {
	return slices.ContainsFunc(s, func(name siteName) bool { return name.is(p) })
}

// answers asks the simulation, of slices that do not grow twice: with all that are likely
// to, and with those that certainly do.
func (a *asked) answers(q *asking) *alloc.WhatIf {
	w := a.answer(&q.is, a.likely, false)
	var presized []func(heapsim.Object) bool
	for i := range q.Changes {
		if q.Changes[i].What == whatif.Presized {
			is, _ := a.matches(&q.Changes[i]) // asking has none with a problem
			presized = append(presized, is)
		}
	}
	if presized == nil {
		return w
	}
	certain, likely := grownOf(a.certain, presized), grownOf(a.likely, presized)
	w.Grown = &alloc.WhatIfGrown{
		Slices:   alloc.Estimate{Low: min(certain.Slices, likely.Slices), Likely: likely.Slices, High: max(certain.Slices, likely.Slices)},
		Memories: alloc.Estimate{Low: certain.Memories, Likely: likely.Memories, High: likely.Memories},
	}
	if certain != likely {
		other := a.answer(&q.is, a.certain, false)
		also(&w.Collections, &other.Collections)
		also(&w.Peak, &other.Peak)
		also(&w.PeakMarked, &other.PeakMarked)
		also(&w.PeakInuse, &other.PeakInuse)
		also(w.GCCPU, other.GCCPU)
		also(w.OffHeap, other.OffHeap)
	}
	return w
}

// also widens an estimate by another one.
func also(e, other *alloc.Estimate) {
	if e != nil && other != nil {
		e.Low, e.High = min(e.Low, other.Low), max(e.High, other.High)
	}
}

// grownOf are the slices that have grown where any of these means.
func grownOf(g *whatif.Growths, means []func(heapsim.Object) bool) (sum whatif.Grown) {
	for site, at := range g.At {
		if slices.ContainsFunc(means, func(is func(heapsim.Object) bool) bool { return is(heapsim.Object{Site: int(site)}) }) {
			sum.Slices += at.Slices
			sum.Memories += at.Memories
		}
	}
	return sum
}
