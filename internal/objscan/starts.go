package objscan

import "strings"

// A goStart is a call of runtime.newproc.
type goStart struct {
	at   stmt
	last string // the function whose address is taken last before it in the statement
	// returned reports that a call stands there before it, behind all addresses: it
	// starts what that returned.
	returned bool
}

// A value is a function whose address is taken.
type value struct {
	at stmt
	fn string
	// closure reports that it is the code's own address, which stands beside what
	// the function captures.
	closure bool
}

// A stmt is a line of a function, or of one call that was inlined into it.
type stmt struct{ line, node int32 }

// stmtAt is the statement at an offset in a function's code.
func stmtAt(fi *funcInfo, off, quantum int) stmt {
	return stmt{fi.line.at(off, quantum), fi.inline.at(off, quantum)}
}

// A starts finds the functions that the go statements of one function start.
type starts struct {
	gos    []goStart
	count  map[stmt]int // of gos
	values []value
	calls  map[stmt]bool // of functions outside the runtime, behind the last value there
	last   value         // taken last, until a function that is called has it
}

func (s *starts) value(at stmt, fn string, closure bool) {
	s.last = value{at, fn, closure}
	s.values = append(s.values, s.last)
	delete(s.calls, at)
}

// call notes a call of a function, "" through a pointer.
func (s *starts) call(at stmt, to string) {
	start := to == "runtime.newproc"
	if !start && strings.HasPrefix(to, "runtime.") {
		return
	}
	last := s.last
	if last.at == at {
		s.last = value{}
	} else {
		last.fn = ""
	}
	if s.calls == nil {
		s.calls, s.count = make(map[stmt]bool), make(map[stmt]int)
	}
	if start {
		s.gos = append(s.gos, goStart{at, last.fn, s.calls[at]})
		s.count[at]++
		return
	}
	s.calls[at] = true
}

// started are the functions, "" of one that comes through a pointer. Where a
// pointer is captured, the write barrier's branch lies between the closure and
// the start, and the code of the two stands in any order: then the closure that
// is made on the line of the start is meant. Of several it is the one that the
// compiler has made of the statement (gowrap), since the others are arguments; a
// function that is called just before may have returned another one to start. Of
// several go statements on a line it is not told which starts it.
func (s *starts) started() []string {
	var out []string
	for _, g := range s.gos {
		var wraps, closures []string
		for _, v := range s.values {
			switch {
			case !v.closure || v.at != g.at:
				// of another statement, or of a function that captures nothing
			case strings.Contains(v.fn, ".gowrap"):
				wraps = append(wraps, v.fn)
			default:
				closures = append(closures, v.fn)
			}
		}
		switch {
		case s.count[g.at] > 1:
		case len(wraps) == 1:
			g.last = wraps[0]
		case g.last == "" && len(wraps) == 0 && len(closures) == 1 && !g.returned:
			g.last = closures[0]
		}
		out = append(out, g.last)
	}
	return out
}
