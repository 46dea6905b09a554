package gcdiag

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// statement takes in a line that is not part of an explanation. It reports
// whether the line has a known form. Expressions may hold anything, quoted
// strings with these very words among them: so words in front of an expression
// are looked for first, then the verdict from the right.
func (r *reader) statement(pos alloc.Pos, msg []byte) bool {
	switch {
	case has(msg, "can inline "):
		name := msg[len("can inline "):]
		if i := bytes.Index(name, []byte(" with cost ")); i >= 0 {
			name = name[:i]
		}
		r.add(pos, alloc.CanInline, alloc.FoldFunc(r.text(name)), "")
	case has(msg, "cannot inline "):
		name, reason, ok := bytes.Cut(msg[len("cannot inline "):], []byte(": "))
		d := r.add(pos, alloc.CannotInline, alloc.FoldFunc(r.text(name)), "")
		if ok {
			d.Reason = string(reason)
		}
	case has(msg, "inlining call to "):
		r.add(pos, alloc.InlinesCall, alloc.FoldFunc(r.text(msg[len("inlining call to "):])), "")
	case has(msg, "devirtualizing "):
		if i := bytes.LastIndex(msg, []byte(" to ")); i >= 0 {
			r.add(pos, alloc.Devirtualizes, r.text(msg[i+len(" to "):]), "")
		}
	case has(msg, "moved to heap: "):
		r.plain(pos, alloc.MovedToHeap, r.text(msg[len("moved to heap: "):]))
	case has(msg, "leaking param content: "):
		r.leak(pos, msg[len("leaking param content: "):], true)
	case has(msg, "leaking param: "):
		r.leak(pos, msg[len("leaking param: "):], false)
	case has(msg, "parameter ") && bytes.Contains(msg, []byte(" leaks to ")) && bytes.HasSuffix(msg, []byte(":")):
		r.explainedLeak(pos, msg[len("parameter "):len(msg)-1])
	case has(msg, "zero-copy "):
		r.add(pos, alloc.ZeroCopy, r.text(msg[len("zero-copy "):]), "")
	case bytes.HasSuffix(msg, []byte(" does not escape")):
		r.add(pos, alloc.StaysOnStack, r.text(msg[:len(msg)-len(" does not escape")]), "")
	case bytes.HasSuffix(msg, []byte(" escapes to heap")):
		r.plain(pos, alloc.EscapesToHeap, r.text(msg[:len(msg)-len(" escapes to heap")]))
	case bytes.HasSuffix(msg, []byte(":")):
		return r.explained(pos, msg[:len(msg)-1])
	default:
		return noise(msg)
	}
	return true
}

//stackward:noalloc
func has(msg []byte, prefix string) bool {
	return len(msg) >= len(prefix) && string(msg[:len(prefix)]) == prefix
}

// noise reports forms that say nothing of the heap.
func noise(msg []byte) bool {
	for _, s := range []string{
		" capturing by ", "ignoring self-assignment", " ignoring self-assignment", "mark escaped content: ", "stack object",
		"live at ", "index bounds check elided", "Proved ", "Disproved ", "hash of ", "stmt ", "inlined call", "skip inlining ",
		"should not inline ", "rewrote ", "loop variable ", "converting ", "stack allocated ", "generated function",
		"instrumentation ", "write barrier", "removed nil check", "nil check", "PGO ", "hot-node ", "added to ",
	} {
		if bytes.Contains(msg, []byte(s)) {
			return true
		}
	}
	return false
}

// add records a statement once.
func (r *reader) add(pos alloc.Pos, v alloc.Verdict, expr, to string) *alloc.Diagnostic {
	k := key{pos, v, expr, to}
	if d := r.seen[k]; d != nil {
		return d
	}
	d := &alloc.Diagnostic{Package: r.pkg, Pos: pos, Verdict: v, Expr: expr, To: to}
	r.seen[k] = d
	r.out = append(r.out, d)
	return d
}

// explained takes in "EXPR escapes to heap in FUNC" (go1.25 and later) or
// "EXPR escapes to heap" (go1.24).
func (r *reader) explained(pos alloc.Pos, msg []byte) bool {
	const verdict = " escapes to heap"
	fn := ""
	i := bytes.LastIndex(msg, []byte(verdict+" in "))
	if i >= 0 {
		fn = alloc.FoldFunc(r.text(msg[i+len(verdict+" in "):]))
	} else if bytes.HasSuffix(msg, []byte(verdict)) {
		i = len(msg) - len(verdict)
	} else {
		return false
	}
	expr := r.text(msg[:i])
	if d := r.seen[key{pos, alloc.EscapesToHeap, expr, ""}]; d != nil {
		// A repetition, or the explanation of what is told already.
		if len(d.Flow) == 0 {
			r.last = d
		}
		if d.Func == "" {
			d.Func = fn
		}
		return true
	}
	d := r.add(pos, alloc.EscapesToHeap, expr, "")
	d.Func = fn
	r.last = d
	r.open[pos] = append(r.open[pos], d)
	return true
}

// plain takes in the short form of a verdict, and gives it the explanation
// that came before: of the same text, of a fuller one ("append(s, x)" for
// "append"), or of the variable that was moved.
func (r *reader) plain(pos alloc.Pos, v alloc.Verdict, expr string) {
	list := r.open[pos]
	for i, d := range list {
		if d.Expr == expr || strings.HasPrefix(d.Expr, expr+"(") {
			r.open[pos] = append(list[:i:i], list[i+1:]...)
			if v == alloc.MovedToHeap {
				delete(r.seen, key{pos, d.Verdict, d.Expr, ""})
				d.Verdict = v
				if k := (key{pos, v, expr, ""}); r.seen[k] == nil {
					r.seen[k] = d
				}
			}
			// Later repetitions of the short form are the same statement.
			if k := (key{pos, v, expr, ""}); r.seen[k] == nil {
				r.seen[k] = d
			}
			return
		}
	}
	if v == alloc.MovedToHeap {
		r.add(pos, v, expr, "")
		return
	}
	if r.seen[key{pos, v, expr, ""}] == nil {
		for k, d := range r.seenAt(pos, v) {
			if strings.HasPrefix(k, expr+"(") && d != nil {
				return // told in full
			}
		}
	}
	r.add(pos, v, expr, "")
}

// seenAt are the statements of one verdict at one position, by expression.
func (r *reader) seenAt(pos alloc.Pos, v alloc.Verdict) map[string]*alloc.Diagnostic {
	out := make(map[string]*alloc.Diagnostic)
	for i := len(r.out) - 1; i >= 0 && i >= len(r.out)-64; i-- {
		if d := r.out[i]; d.Pos == pos && d.Verdict == v {
			out[d.Expr] = d
		}
	}
	return out
}

// leak takes in "leaking param: NAME", with " to result R level=N" behind it
// where it leaks to no more than a result.
func (r *reader) leak(pos alloc.Pos, rest []byte, content bool) {
	name, to, ok := bytes.Cut(rest, []byte(" to result "))
	d := (*alloc.Diagnostic)(nil)
	if !ok {
		d = r.add(pos, alloc.Leaks, r.text(name), "{heap}")
	} else {
		res, level, _ := bytes.Cut(to, []byte(" level="))
		d = r.add(pos, alloc.Leaks, r.text(name), r.text(res))
		if n, err := strconv.Atoi(string(level)); err == nil && d.Flow == nil {
			d.Derefs = n
		}
	}
	d.Content = d.Content || content
}

// explainedLeak takes in "NAME leaks to DST for FUNC with derefs=N" (go1.24:
// without "for FUNC").
func (r *reader) explainedLeak(pos alloc.Pos, msg []byte) {
	derefs := 0
	if i := bytes.LastIndex(msg, []byte(" with derefs=")); i >= 0 {
		derefs, _ = strconv.Atoi(string(msg[i+len(" with derefs="):]))
		msg = msg[:i]
	}
	name, dst, _ := bytes.Cut(msg, []byte(" leaks to "))
	fn := ""
	if i := bytes.LastIndex(dst, []byte(" for ")); i >= 0 && !bytes.HasSuffix(dst, []byte("}")) {
		fn, dst = alloc.FoldFunc(r.text(dst[i+len(" for "):])), dst[:i]
	}
	d := r.add(pos, alloc.Leaks, r.text(name), r.text(dst))
	if d.Func == "" {
		d.Func = fn
	}
	if len(d.Flow) == 0 {
		d.Derefs = derefs
		r.last = d
	}
}
