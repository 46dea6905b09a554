package alloctrace

import (
	"errors"
	"math"
	"strings"
)

// A Sample is one of the CPU profile that the traced program took meanwhile: what a
// thread did at a moment, for which it had used the processor since the sample before.
type Sample struct {
	Time  int64   // ns since the trace began
	Stack []Frame // innermost first, with those that are inlined
}

// A Frame is a function that was being called.
type Frame struct {
	Func string // linker's name; a program's main package is "main"
	File string
	Line int
}

// samples tells those of a generation, in no order.
func (r *Reader) samples(g *generation) error {
	if r.opt.Sample == nil {
		return nil
	}
	stacks := make(map[uint64][]Frame)
	for _, data := range g.samples {
		for d := (decoder{data: data}); len(d.data) > 0; {
			if d.byte() != evCPUSample {
				return errors.New("damaged samples")
			}
			tick := d.uvarint()
			d.uvarint() // thread
			d.uvarint() // P
			d.uvarint() // goroutine
			id := d.uvarint()
			if d.bad {
				return errors.New("a sample that its batch cuts off")
			}
			s, ok := stacks[id]
			if !ok {
				s = g.positions(id)
				stacks[id] = s
			}
			r.opt.Sample(&Sample{Time: r.time(tick), Stack: s})
		}
	}
	return nil
}

// positions looks up the frames of a stack of the generation, innermost first.
func (g *generation) positions(id uint64) []Frame {
	var list []Frame
	for d := (decoder{data: g.stackData(id)}); len(d.data) > 0; {
		d.uvarint()
		f, file, line := d.uvarint(), d.uvarint(), d.uvarint()
		list = append(list, Frame{Func: plain(g.text(f)), File: g.text(file), Line: int(min(line, math.MaxInt32))})
	}
	return list
}

// plain is a function's name as source has it: the linker writes a dot in the last
// element of a package's path otherwise.
func plain(function string) string { return strings.ReplaceAll(function, "%2e", ".") }
