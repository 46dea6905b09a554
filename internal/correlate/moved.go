package correlate

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// A Then is a function as it was in the build that a profile was taken of.
type Then struct {
	Func string // full; of the main package "main.F"
	File string
	Line int // that it began at, 0 unknown
}

// A Today knows the present source and its machine code.
type Today struct {
	// Files are the parsed source files of a package, nil where it is not
	// known.
	Files func(importPath string) []*expr.File
	// Mains are the import paths of the main packages.
	Mains []string
	// Calls are the allocating calls in the machine code.
	Calls []alloc.Call
	// Slot is the size of the slot of an object.
	Slot func(bytes int64, noscan bool) int64
}

// A Moved says how much of a profile was found in today's source: of the
// samples' objects and bytes, by what became of the lines that matter, the
// site's and those up to the user's own.
type Moved struct {
	// Same are at the line of old, Shifted at another, Gone at places that are
	// not there any more.
	Same, Shifted, Gone Weight
	// Known counts the frames in functions that today's source has.
	Known int
}

// A Weight is a number of objects, their bytes, and the bytes of them in use.
type Weight struct{ Objects, Bytes, InUse float64 }

func (w *Weight) add(s *alloc.Sample) {
	w.Objects += math.Abs(s.Allocs)
	w.Bytes += math.Abs(s.Bytes)
	w.InUse += math.Abs(s.InUseBytes)
}

// Move puts the frames of samples where today's source has them. A frame whose
// place is not there any more loses its line and keeps its function.
//
// A function is found by its name, wherever it is. Its lines keep their
// distance from the line that it begins at if they fit: if what was called
// there is, and something of the size is allocated. Where a line does not, and
// another one of the function does, the body was edited: then the lines of old
// are aligned, in their order, with those that fit. A function literal, whose
// name is but a number, is found by its place in the function around it, else
// by what it does.
//
// That a line fits is no proof: of two equal lines one may be taken for the
// other. own reports the user's own functions.
func (t *Today) Move(then []Then, samples []alloc.Sample, own func(fn string) bool) Moved {
	m := newMover(t, then)
	for i := range samples {
		m.need(samples[i].Frames, samples[i].Slot)
	}
	for _, o := range slices.SortedFunc(maps.Values(m.olds), func(a, b *old) int {
		return cmp.Or(cmp.Compare(a.then, b.then), cmp.Compare(a.file, b.file))
	}) {
		m.align(o)
	}
	var out Moved
	for i := range samples {
		s := &samples[i]
		shifted, gone, matters := false, false, true
		for k := range s.Frames {
			f := &s.Frames[k]
			o := m.olds[oldKey{f.Func, f.File}]
			f.Func = o.name
			if !o.unknown {
				out.Known++
				line := o.to[f.Line] // 0 where nothing is left of it
				gone = gone || matters && line == 0
				shifted = shifted || matters && line != f.Line
				f.Line = line
				if line > 0 {
					f.File = o.now.file
				}
			}
			matters = matters && !own(f.Func)
		}
		switch {
		case gone:
			out.Gone.add(s)
		case shifted:
			out.Shifted.add(s)
		default:
			out.Same.add(s)
		}
	}
	return out
}

type oldKey struct{ fn, file string }

// An old is a function of the profile.
type old struct {
	then string // its full name then
	name string // and today
	file string // then

	unknown bool      // of a package that is not known: left as it is
	fn      *function // today, nil if it is not there any more
	literal string    // its name, if it is a function literal in fn
	start   int       // line that it began at then, 0 unknown
	offset  int       // of a literal: lines from the begin of fn then, -1 unknown
	now     extent    // it, or the literal that it is today

	needs map[int]*need
	to    map[int]int // lines of old to lines of today
}

// A need is what a line of an old function did: call functions, or allocate.
type need struct {
	line    int
	callees map[string]bool // last names
	slots   map[int64]bool  // of what was allocated, 0 unknown
}

// need notes what the frames of a stack do.
func (m *mover) need(frames []alloc.Frame, slot int64) {
	for i, f := range frames {
		o := m.old(f)
		if o.unknown {
			continue
		}
		n := o.needs[f.Line]
		if n == nil {
			n = &need{line: f.Line, callees: make(map[string]bool), slots: make(map[int64]bool)}
			o.needs[f.Line] = n
		}
		if i == 0 {
			n.slots[slot] = true
		} else if name := lastWord(frames[i-1].Func); name != "" {
			n.callees[name] = true
		}
	}
}
