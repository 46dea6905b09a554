package correlate

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// isMove reports a call that moves a slice which append grew in a buffer on
// the stack to the heap, where it leaves its function (cmd/compile/internal/
// slice, go1.26).
func isMove(call *alloc.Call) bool { return strings.HasPrefix(call.Entry, "runtime.moveSlice") }

// settle records such calls at the appends, when all are known: a move is the
// append's allocation, put off.
func (j *Joiner) settle() {
	if len(j.moves) == 0 {
		return
	}
	copies := make(map[placeKey][]*entry) // by function, file and line inlined into
	within := make(map[string][]*entry)   // by the declared function around
	for _, e := range j.entries {
		if e.site.Kind == alloc.Append {
			for k := range e.inlined {
				k.col = 0
				copies[k] = append(copies[k], e)
			}
			fn := e.site.Package + "." + Declared(e.site.Func)
			within[fn] = append(within[fn], e)
		}
	}
	for i := range j.moves {
		call := &j.moves[i]
		inner, outer := call.Frames[0], call.Frames[len(call.Frames)-1]
		e := moved(call, j.byFunc[inner.Func], j.byFunc[valueMethod(inner.Func)], copies[placeKey{fn: outer.Func, file: outer.File, line: outer.Line}],
			within[Declared(inner.Func)]) // the body of a range over a function grows what its function moves
		if e == nil {
			j.call(nil, call)
			continue
		}
		e.calls = append(e.calls, *call)
		e.explained = append(e.explained, true)
		if len(call.Frames) == 1 {
			e.ownCall = true
		}
		k := lineKey{inner.File, inner.Line}
		j.lines[k] = append(j.lines[k], e)
	}
	j.moves = nil
}

// moved is the append whose slice a call moves, the first of those in the lists
// that may be; nil none.
func moved(call *alloc.Call, lists ...[]*entry) *entry {
	for _, list := range lists {
		var best *entry
		for _, e := range list {
			if e.site.Kind != alloc.Append || e.node == nil || call.Type != "" && !e.holds(call.Type) {
				continue
			}
			if better := best == nil || e.grows() && !best.grows(); better || e.grows() == best.grows() && before(e, best) {
				best = e
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

func before(a, b *entry) bool {
	return a.site.File == b.site.File && (a.site.Line < b.site.Line || a.site.Line == b.site.Line && a.site.Col < b.site.Col)
}

// grows reports an append that grows in a buffer on the stack.
func (e *entry) grows() bool {
	for i := range e.calls {
		if strings.HasPrefix(e.calls[i].Entry, "runtime.growsliceBuf") {
			return true
		}
	}
	return false
}

// holds reports whether the entry's slice may have elements of a type.
func (e *entry) holds(elem string) bool {
	known := ""
	for i := range e.calls {
		if t := e.calls[i].Type; t != "" {
			known = t
		}
	}
	return known == "" || known == elem
}
