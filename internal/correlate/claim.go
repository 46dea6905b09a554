package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cause"
	"github.com/stackward-go/stackward/internal/expr"
)

// A claim is a diagnostic that may explain calls of its line.
type claim struct {
	d       *alloc.Diagnostic
	node    *expr.Node // of the expression itself, nil in an inlined body
	kind    alloc.Kind
	inlines []string        // functions inlined at the diagnostic's position
	used    map[string]bool // physical functions and kinds of calls explained
}

// claims are those of one package, in the order of the source.
type claims struct {
	order []*claim
	lines map[lineKey][]*claim // by each line of the expression
}

// claims reads what may explain an allocation out of a package's diagnostics.
func (j *Joiner) claims(diags []*alloc.Diagnostic) *claims {
	inlines := make(map[alloc.Pos][]string)
	for _, d := range diags {
		if d.Verdict == alloc.InlinesCall {
			inlines[d.Pos] = append(inlines[d.Pos], d.Expr)
		}
	}
	cs := &claims{lines: make(map[lineKey][]*claim)}
	for _, d := range diags {
		switch d.Verdict {
		case alloc.EscapesToHeap, alloc.MovedToHeap, alloc.StaysOnStack:
			if c := j.claim(d, inlines[d.Pos]); c != nil {
				cs.order = append(cs.order, c)
			}
		}
	}
	slices.SortStableFunc(cs.order, func(a, b *claim) int {
		pa, pb := a.evaluated(), b.evaluated()
		return cmp.Or(strings.Compare(a.d.Pos.File, b.d.Pos.File), pa.Line-pb.Line, pa.Col-pb.Col)
	})
	for _, c := range cs.order {
		first, last := c.d.Pos.Line, c.d.Pos.Line
		if c.node != nil { // machine code may name any line of the expression
			first, last = min(first, c.node.Start), min(c.node.End.Line, c.node.Start+40)
		}
		for l := first; l <= max(first, last, c.d.Pos.Line); l++ {
			k := lineKey{c.d.Pos.File, l}
			cs.lines[k] = append(cs.lines[k], c)
		}
	}
	return cs
}

// claim is what a diagnostic speaks for, nil nothing: what stays on the stack
// and is of a known size, a parameter, a copy in a generated wrapper.
func (j *Joiner) claim(d *alloc.Diagnostic, inlines []string) *claim {
	if strings.HasPrefix(d.Pos.File, "<") {
		return nil
	}
	c := &claim{d: d, inlines: inlines, used: make(map[string]bool)}
	if f := j.files(d.Pos.File); f != nil {
		if f.Declares(d.Pos.Line, d.Pos.Col) {
			return nil
		}
		var hints []alloc.Kind
		if d.Verdict == alloc.MovedToHeap {
			hints = append(hints, alloc.Variable)
		}
		c.node = f.At(d.Pos.Line, d.Pos.Col, d.Expr, hints...)
		if c.node != nil && len(inlines) > 0 && ofBody(c.node, d.Expr) {
			c.node = nil
		}
	}
	c.kind = kindOf(d, c.node)
	if c.kind == "" || d.Verdict == alloc.StaysOnStack && !canAllocateOnStack(c.kind) && len(inlines) == 0 {
		return nil
	}
	return c
}

// evaluated is where among its neighbours the claim's value is made: what go
// and defer call is wrapped when its operands have been.
func (c *claim) evaluated() alloc.Pos {
	if c.node != nil && (c.node.Kind == alloc.Goroutine || c.node.Kind == alloc.Defer) {
		return c.node.End
	}
	return c.d.Pos
}

// ofBody reports whether the text is of the body of the inlined call n, rather
// than of the call or its result.
func ofBody(n *expr.Node, text string) bool {
	return n.Kind == "" && strings.HasSuffix(n.Text, ")") && !strings.Contains(text, "(") && !strings.HasPrefix(text, "~r")
}

// canAllocateOnStack reports whether an expression of this kind may allocate
// although it does not escape: its size is not known to the compiler.
func canAllocateOnStack(k alloc.Kind) bool {
	switch k {
	case alloc.Slice, alloc.Append, alloc.Map, alloc.MapGrowth, alloc.Chan, alloc.String, alloc.Bytes:
		return true
	}
	return false
}

// kindOf is the kind that the syntax and the compiler's text agree on.
func kindOf(d *alloc.Diagnostic, n *expr.Node) alloc.Kind {
	if d.Verdict == alloc.MovedToHeap {
		return alloc.Variable
	}
	if n != nil && (n.Kind == alloc.Goroutine || n.Kind == alloc.Defer) {
		return alloc.Closure // that the compiler wraps the call in
	}
	if n != nil && n.Kind != "" && n.Kind != alloc.Variable {
		return n.Kind
	}
	if n == nil || n.Value.Type == "" {
		if k := cause.KindOfText(d.Expr); k != "" && !isConstant(d.Expr) {
			return k
		}
	}
	if d.Verdict == alloc.StaysOnStack {
		return "" // a parameter or an interface that stays on the stack
	}
	return alloc.Interface
}

// isConstant reports the compiler's text of a constant.
func isConstant(s string) bool {
	return s != "" && (s[0] == '"' && strings.Count(s, "\"") == 2 && s[len(s)-1] == '"' || '0' <= s[0] && s[0] <= '9' && !strings.Contains(s, " "))
}

// assign gives each call the claim that explains it best, nil none. The best
// pairs are made first, so that a call whose type or kind tells what it is for
// is not taken by a vaguer claim; among equals order decides.
//
// extent is the last line of the literals that begin on a line: what is made for
// an element of one may carry the line that the literal begins at.
func (cs *claims) assign(calls []alloc.Call, extent func(file string, line int) int) []*claim {
	type pair struct {
		call, order, score int
		c                  *claim
	}
	var pairs []pair
	for i := range calls {
		if len(calls[i].Frames) == 0 {
			continue
		}
		outer := calls[i].Frames[len(calls[i].Frames)-1]
		for n, c := range cs.lines[lineKey{outer.File, outer.Line}] {
			if s := fit(c, &calls[i], outer); s > 0 {
				pairs = append(pairs, pair{i, n, s, c})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(b.score-a.score, a.call-b.call, a.order-b.order)
	})
	taken := make([]*claim, len(calls))
	// A claim is for one call of each function that it was compiled into, and
	// of each kind: a sum is built and boxed. What is left over goes to the
	// best claim all the same: one expression may be compiled several times.
	for _, again := range []bool{false, true} {
		for _, p := range pairs {
			if taken[p.call] != nil {
				continue
			}
			call := &calls[p.call]
			key := call.Frames[len(call.Frames)-1].Func + " " + string(kindOfCall(p.c, call))
			if p.c.used[key] && !again {
				continue
			}
			p.c.used[key] = true
			taken[p.call] = p.c
		}
	}
	for i := range calls {
		if taken[i] == nil && len(calls[i].Frames) == 1 {
			outer := calls[i].Frames[0]
			taken[i] = cs.element(&calls[i], outer, extent(outer.File, outer.Line))
		}
	}
	return taken
}

// element is the claim of an element of a literal that a call fits by its type,
// the first that explains none; nil none.
func (cs *claims) element(call *alloc.Call, outer alloc.Frame, last int) *claim {
	for l := outer.Line + 1; l <= last; l++ {
		for _, c := range cs.lines[lineKey{outer.File, l}] {
			const byType = 12 // what fit gives where the type is the same
			if len(c.used) == 0 && c.d.Pos.Line == l && fit(c, call, outer) >= byType {
				c.used[outer.Func] = true
				return c
			}
		}
	}
	return nil
}
