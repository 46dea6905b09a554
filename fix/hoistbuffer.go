package fix

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

// hoistBuffer declares before a loop the buffer that each round makes, which
// then is reset each round.
func (p *pass) hoistBuffer(b *buffer, loops []inspector.Cursor) {
	w, why := p.out(b.stmt, loops, token.NoPos)
	if why == silent {
		return
	}
	grows, leaves := p.outlives(b)
	name, loop := b.v.Name(), w.loop
	t := b.v.Type()
	if b.made != nil {
		t = types.Unalias(t).(*types.Pointer).Elem()
	}
	typ, ok := "", false
	if why == "" {
		typ, ok = p.spelled(loop.Node().Pos(), t)
	}
	switch {
	case leaves != "":
		why = leaves
	case why != "":
	case !ok:
		why = "the type of " + name + " has no name before the loop"
	case p.meansAround(b.v):
		why = name + " means something else around it"
	case b.made != nil && !p.universal(loop.Node().Pos(), "new"):
		why = "the name new means something else here"
	}
	if why == "" && !p.claim(name, w.at) {
		why = declaredTwice(name)
	}
	if why != "" {
		p.refuse(b.sites[0], "%s", why)
		return
	}
	text, adds := "var "+name+" "+typ+"\n", alloc.Variable
	if b.made != nil {
		text, adds = name+" := new("+typ+")\n", alloc.New
	}
	stmt := b.stmt.Node().(ast.Stmt)
	reset := name + ".Reset()"
	if b.fill != "" {
		reset += "\n" + p.indentation(stmt.Pos()) + name + "." + strings.ReplaceAll(b.fill, "\r", "")
	}
	at := p.before(w.at.Node())
	p.proposeBuffer(Candidate{
		Message: "declare " + name + " before the loop, and reset it each round",
		Promise: Fewer, Adds: []alloc.Kind{adds},
		Edits: []analysis.TextEdit{{Pos: at, End: at, NewText: []byte(text)}, p.replace(stmt, reset)},
	}, b, grows)
}

// declaredTwice says why only one of two variables of a name is declared before
// its loop.
func declaredTwice(name string) string {
	return "another " + name + " is declared there, before the loop that makes it"
}

// meansAround reports whether the name of a variable means something where
// the block that declares it stands.
func (p *pass) meansAround(v *types.Var) bool {
	for s := v.Parent().Parent(); s != nil; s = s.Parent() {
		if s.Lookup(v.Name()) != nil {
			return true
		}
	}
	return false
}
