package fix

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/token"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"

	"github.com/stackward-go/stackward/alloc"
)

// Pool takes buffers from a sync.Pool.
var Pool = newAnalyzer("pool", pool)

// maxPooled is the capacity up to which a buffer goes back, in bytes: one that
// was large once would keep its memory for uses that need little of it.
const maxPooled = 64 << 10

func pool(p *pass) {
	pools := make(map[*ast.File]*bufferPool) // nil is the key of all files that are always compiled
	for c := range p.root.Preorder((*ast.AssignStmt)(nil), (*ast.DeclStmt)(nil)) {
		b := p.buffer(c)
		if b == nil || p.inTest(c.Node().Pos()) {
			continue
		}
		grows, why := p.outlives(b)
		if why == "" {
			why = p.unpoolable(b)
		}
		if why == silent {
			continue
		}
		if why == "" {
			why = p.untouchable(c.Node().Pos())
		}
		if why != "" {
			p.refuse(b.sites[0], "%s", why)
			continue
		}
		f := p.fileOf(c.Node().Pos())
		key := f
		if !p.constrained(f) || pools[nil] != nil {
			key = nil
		}
		if pools[key] == nil {
			pools[key] = p.bufferPool(key, c.Node().Pos())
		}
		if why := pools[key].why; why != "" {
			p.refuse(b.sites[0], "%s", why)
			continue
		}
		p.proposePool(b, grows, pools[key])
	}
}

// unpoolable says why a buffer cannot be taken from a pool where it is made.
func (p *pass) unpoolable(b *buffer) string {
	var decl *ast.FuncDecl
	for up := range b.stmt.Enclosing((*ast.FuncDecl)(nil)) {
		decl = up.Node().(*ast.FuncDecl)
	}
	switch {
	case b.typ != "bytes.Buffer":
		return "the file imports bytes in a way of its own, and may have no use for it then"
	case len(p.loopsAround(b.stmt)) > 0:
		return "each round of a loop makes one, and a deferred call comes at the end of all rounds"
	case hasGoto(b.stmt):
		return "the function has a goto, which may make it again"
	case decl != nil && runsOnce(b.stmt, decl):
		return silent
	case decl != nil && slices.ContainsFunc(directives(decl.Doc), func(d string) bool { return d != "go:noinline" }):
		return decl.Name.Name + " has a compiler directive"
	}
	return ""
}

// proposePool proposes to take a buffer from a pool.
func (p *pass) proposePool(b *buffer, grows []*ast.CallExpr, from *bufferPool) {
	stmt := b.stmt.Node()
	indent := "\n" + p.indentation(stmt.Pos())
	get := from.get + "()"
	then := indent + "defer " + from.put + "(" + b.v.Name() + ")"
	if b.fill != "" {
		then += indent + b.v.Name() + "." + strings.ReplaceAll(b.fill, "\r", "")
	}
	edits := slices.Clone(from.edits)
	if b.made != nil {
		edits = append(edits, p.replace(b.made, get))
	} else {
		edits = append(edits, p.replace(stmt, b.v.Name()+" := "+get))
		for _, use := range p.uses(b.v) {
			for use.ParentEdgeKind() == edge.ParenExpr_X {
				use = use.Parent()
			}
			if use.ParentEdgeKind() == edge.UnaryExpr_X {
				edits = append(edits, analysis.TextEdit{Pos: use.Parent().Node().Pos(), End: use.Node().Pos()})
			}
		}
	}
	at := stmt.End() + token.Pos(len(p.trailing(stmt.End())))
	if last := &edits[len(from.edits)]; at == last.End {
		last.NewText = append(last.NewText, then...)
	} else {
		edits = append(edits, analysis.TextEdit{Pos: at, End: at, NewText: []byte(then)})
	}
	p.proposeBuffer(Candidate{
		Message: "take " + b.v.Name() + " from a pool", Edits: edits,
		Promise: Fewer, Adds: []alloc.Kind{alloc.New}, Shares: true,
	}, b, grows)
}

// proposeBuffer proposes a rewrite for what a buffer's declaration allocates,
// which is nothing if the compiler keeps it on the stack, and one for what it
// allocates to grow.
func (p *pass) proposeBuffer(c Candidate, b *buffer, grows []*ast.CallExpr) {
	whole := c
	whole.Sites = slices.Clone(b.sites)
	for _, call := range grows {
		c.Sites = append(c.Sites, span(call, ""))
	}
	whole.Sites = append(whole.Sites, c.Sites...)
	p.propose(&whole)
	if len(grows) > 0 {
		p.propose(&c)
	}
}

// A bufferPool is a pool that the package has, or that edits declare.
type bufferPool struct {
	get, put string // the names of its functions
	edits    []analysis.TextEdit
	why      string // it cannot be declared
}

// poolText is how a pool is declared: the names of the package sync, the
// package bytes, the pool, and the functions. A pool without a function New is
// ready before any variable is set.
const poolText = `// %[3]s holds buffers that nothing uses.
var %[3]s %[1]s.Pool

// %[4]s returns an empty buffer.
func %[4]s() *%[2]s.Buffer {
	if b, ok := %[3]s.Get().(*%[2]s.Buffer); ok {
		return b
	}
	return new(%[2]s.Buffer)
}

// %[5]s gives a buffer back, unless it has become large.
func %[5]s(b *%[2]s.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		%[3]s.Put(b)
	}
}
`

// bufferPool is the pool for a file, nil for all files that are always
// compiled. If it has to be declared, that is above the function at pos.
func (p *pass) bufferPool(only *ast.File, pos token.Pos) *bufferPool {
	for _, f := range p.Files {
		if f != only && p.constrained(f) {
			continue
		}
		if have := p.declaredPool(f); have != nil {
			return have
		}
	}
	f := p.fileOf(pos)
	i := slices.IndexFunc(f.Decls, func(d ast.Decl) bool { return d.Pos() <= pos && pos < d.End() })
	at := f.Decls[i].Pos()
	switch d := f.Decls[i].(type) {
	case *ast.FuncDecl:
		if d.Doc != nil {
			at = d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			at = d.Doc.Pos()
		}
	}
	sync, importSync, ok := p.imported(at, "sync")
	bytes, importBytes, okBytes := p.imported(at, "bytes")
	switch {
	case !ok:
		return &bufferPool{why: "the name sync means something else here"}
	case !okBytes:
		return &bufferPool{why: "the name bytes means something else here"}
	case !p.universal(at, "new"):
		return &bufferPool{why: "the name new means something else here"}
	}
	pool := p.declarable("bufferPool")
	number := strings.TrimPrefix(pool, "bufferPool")
	b := &bufferPool{get: p.declarable("getBuffer" + number), put: p.declarable("putBuffer" + number)}
	if pool == "" || b.get == "" || b.put == "" {
		return &bufferPool{why: "a file that is not part of this build cannot be read"}
	}
	text := fmt.Sprintf(poolText, sync, bytes, pool, b.get, b.put) + "\n"
	c := &Candidate{Edits: append(append(importSync, importBytes...), analysis.TextEdit{Pos: at, End: at, NewText: []byte(text)})}
	merged(c)
	b.edits = c.Edits
	return b
}

// declaredPool is the pool that an earlier rewrite has put into a file and that
// nothing but its functions uses, nil if there is none.
func (p *pass) declaredPool(f *ast.File) *bufferPool {
	for i, d := range f.Decls[:max(len(f.Decls)-2, 0)] {
		g, ok := d.(*ast.GenDecl)
		get, isGet := f.Decls[i+1].(*ast.FuncDecl)
		put, isPut := f.Decls[i+2].(*ast.FuncDecl)
		if !ok || !isGet || !isPut || g.Tok != token.VAR || g.Doc == nil || len(g.Specs) != 1 {
			continue
		}
		spec := g.Specs[0].(*ast.ValueSpec)
		typ, ok := spec.Type.(*ast.SelectorExpr)
		bytes, _, okBytes := p.imported(g.Pos(), "bytes")
		if !ok || !okBytes || len(spec.Names) != 1 {
			continue
		}
		text := fmt.Sprintf(poolText, p.text(typ.X), bytes, spec.Names[0].Name, get.Name.Name, put.Name.Name)
		if have := p.between(g.Doc.Pos(), put.End()) + "\n"; strings.ReplaceAll(have, "\r", "") != text {
			continue
		}
		if uses := p.uses(p.TypesInfo.Defs[spec.Names[0]]); len(uses) == 2 {
			return &bufferPool{get: get.Name.Name, put: put.Name.Name}
		}
	}
	return nil
}

// constrained reports whether a file is compiled in some builds only.
func (p *pass) constrained(f *ast.File) bool {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if c.Pos() < f.Package && (constraint.IsGoBuild(c.Text) || constraint.IsPlusBuild(c.Text)) {
				return true
			}
		}
	}
	name := p.Fset.File(f.FileStart).Name()
	elsewhere := build.Context{GOOS: "none", GOARCH: "none", Compiler: "gc", CgoEnabled: true,
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package p")), nil }}
	ok, err := elsewhere.MatchFile(filepath.Dir(name), filepath.Base(name))
	return !ok || err != nil
}
