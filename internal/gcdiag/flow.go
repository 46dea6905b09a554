package gcdiag

import (
	"bytes"

	"github.com/stackward-go/stackward/alloc"
)

var (
	arrow   = []byte(" ← ")
	equals  = []byte(" = ") // go1.24
	atPlace = []byte(") at ")
)

// flow takes in a line of the explanation of the last statement:
//
//	flow: DST ← SRC:
//	  from TEXT (STEP) at FILE:LINE:COL
func (r *reader) flow(msg []byte) {
	if r.last == nil {
		return // the explanation of something that is told already
	}
	if rest, ok := bytes.CutPrefix(msg, flowPrefix); ok {
		rest = bytes.TrimSuffix(rest, []byte(":"))
		dst, src, ok := bytes.Cut(rest, arrow)
		if !ok {
			dst, src, _ = bytes.Cut(rest, equals)
		}
		r.flows = append(r.flows, alloc.FlowLine{Dst: r.text(dst), Src: r.text(src)})
		return
	}
	rest, ok := bytes.CutPrefix(msg, fromPrefix)
	if !ok {
		return
	}
	i := bytes.LastIndex(rest, atPlace)
	if i < 0 {
		r.flows = append(r.flows, alloc.FlowLine{Text: r.text(rest)})
		return
	}
	l := alloc.FlowLine{Pos: r.place(rest[i+len(atPlace):])}
	rest = rest[:i]
	if j := bytes.LastIndex(rest, []byte(" (")); j >= 0 {
		l.Text, l.Step = r.text(rest[:j]), r.text(rest[j+2:])
	} else {
		l.Text = r.text(rest)
	}
	r.flows = append(r.flows, l)
}

// place reads FILE:LINE:COL at the end of a line.
func (r *reader) place(b []byte) alloc.Pos {
	var pos alloc.Pos
	file := b
	if i := bytes.LastIndexByte(b, ':'); i > 0 {
		if n, end := number(b, i+1); end == len(b) && end > i+1 {
			pos.Line, file = n, b[:i]
			if j := bytes.LastIndexByte(file, ':'); j > 0 {
				if m, end := number(file, j+1); end == len(file) && end > j+1 {
					pos.Line, pos.Col, file = m, n, file[:j]
				}
			}
		}
	}
	pos.File = r.file(file)
	return pos
}

// closeFlow hands the lines read to the statement they explain.
func (r *reader) closeFlow() {
	if r.last != nil && len(r.flows) > 0 {
		if len(r.last.Flow) == 0 {
			r.last.Flow = append([]alloc.FlowLine(nil), r.flows...)
		}
		if reason := tooBig(r.last.Flow); reason != "" && r.last.Reason == "" {
			r.last.Reason = reason
		}
	}
	r.flows = r.flows[:0]
	r.last = nil
}

// tooBig is the compiler's word for a value whose size keeps it from the
// stack (cmd/compile/internal/escape/utils.go, HeapAllocReason), "" for others.
func tooBig(flow []alloc.FlowLine) string {
	for i := range flow {
		switch s := flow[i].Step; s {
		case "too large for stack", "non-constant size", "too large for implicit stack variable":
			return s
		}
	}
	return ""
}
