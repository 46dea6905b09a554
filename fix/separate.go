package fix

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
)

// Drivers of analyzers merge the fixes of several: an edit that is in both is
// applied once, an insertion into what another edit replaces stays, and only two
// edits that replace different text from one place on are a conflict, by which
// one fix waits for the next run (diff.Merge in x/tools). So what a fixer
// reports inserts nothing, and replaces what must not change by itself.

// separate are a candidate's edits as they are reported: any other fix that
// cannot stand beside them is in conflict with them.
func (p *pass) separate(c *Candidate) []analysis.TextEdit {
	list := slices.Clone(c.Edits)
	for _, n := range c.units {
		list = append(list, analysis.TextEdit{Pos: n.Pos(), End: n.Pos()}, analysis.TextEdit{Pos: n.End(), End: n.End()})
	}
	sortEdits(list)
	for _, n := range c.units {
		list = p.joined(list, n.Pos(), n.End())
	}
	for i := 0; i < len(list) && !c.around; i++ {
		e := list[i]
		if e.Pos != e.End || strings.Contains(string(e.NewText), "\n") || p.isImport(e) {
			continue
		}
		// One of a pair, as parentheses are: what stands between belongs to it.
		from, to := e.Pos, e.End
		stmt := p.simple(e.Pos)
		for _, o := range list {
			if stmt != nil && p.Fset.File(o.Pos) == p.Fset.File(e.Pos) && p.simple(o.Pos) == stmt {
				from, to = min(from, o.Pos), max(to, o.End)
			}
		}
		if from < to {
			list = p.joined(list, from, to)
			i = -1
		}
	}
	list = p.widened(c, list)
	for _, h := range p.relied(c) {
		if !slices.ContainsFunc(list, func(e analysis.TextEdit) bool { return e.Pos < h.End && h.Pos < e.End }) {
			list = append(list, h)
		}
	}
	sortEdits(list)
	return list
}

// parses reports whether the files are Go with sorted edits applied: a comment in
// copied text may end its line, and with it a statement.
func (p *pass) parses(edits []analysis.TextEdit) bool {
	for _, f := range p.Files {
		var text []byte
		at := f.FileStart
		for _, e := range edits {
			if f.FileStart <= e.Pos && e.Pos <= f.FileEnd {
				text = append(append(text, p.between(at, e.Pos)...), e.NewText...)
				at = e.End
			}
		}
		if at == f.FileStart {
			continue
		}
		text = append(text, p.between(at, f.FileEnd)...)
		if _, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution); err != nil {
			return false
		}
	}
	return true
}

// isImport reports whether an edit is one of importEdit.
func (p *pass) isImport(e analysis.TextEdit) bool {
	f := p.fileOf(e.Pos)
	return e.Pos == f.Name.End() || slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool {
		return e.Pos == s.Pos() || s.Doc != nil && e.Pos == s.Doc.Pos()
	})
}

func sortEdits(list []analysis.TextEdit) {
	slices.SortStableFunc(list, func(a, b analysis.TextEdit) int { return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.End, b.End)) })
}

// joined makes one edit of those in a range, which spans it.
func (p *pass) joined(list []analysis.TextEdit, from, to token.Pos) []analysis.TextEdit {
	var out []analysis.TextEdit
	var text []byte
	at := from
	for _, e := range list {
		if e.Pos < from || e.End > to {
			out = append(out, e)
			continue
		}
		text = append(append(text, p.between(at, e.Pos)...), e.NewText...)
		at = e.End
	}
	out = append(out, analysis.TextEdit{Pos: from, End: to, NewText: append(text, p.between(at, to)...)})
	sortEdits(out)
	return out
}

// simple is the innermost statement around pos, nil outside of functions.
func (p *pass) simple(pos token.Pos) ast.Node {
	c, ok := p.root.FindByPos(pos, pos)
	if !ok {
		return nil
	}
	for up := range c.Enclosing() {
		switch n := up.Node().(type) {
		case *ast.BlockStmt, *ast.File:
			return nil
		case ast.Stmt:
			return n
		}
	}
	return nil
}

// widened has insertions replace the character behind them. Those of whole lines
// stay, since others may put theirs there too, beside an edit that changes
// nothing of that character, or of the one before where they begin a line.
func (p *pass) widened(c *Candidate, list []analysis.TextEdit) []analysis.TextEdit {
	for _, e := range slices.Clone(list) {
		if e.Pos != e.End || p.isImport(e) {
			continue
		}
		f := p.fileOf(e.Pos)
		from, to := e.Pos, e.End
		if strings.HasPrefix(string(e.NewText), "\n") {
			_, n := utf8.DecodeLastRuneInString(p.between(f.FileStart, e.Pos))
			from -= token.Pos(n)
		} else {
			_, n := utf8.DecodeRuneInString(p.between(e.Pos, f.FileEnd))
			to += token.Pos(n)
		}
		switch {
		case slices.ContainsFunc(list, func(o analysis.TextEdit) bool { return o.Pos < to && from < o.End }):
		case c.around && string(e.NewText) == ")":
		case strings.Contains(string(e.NewText), "\n"):
			list = append(list, analysis.TextEdit{Pos: from, End: to, NewText: []byte(p.between(from, to))})
		default:
			list = p.joined(list, from, to)
		}
	}
	return list
}

// relied are edits that change nothing of what a candidate takes for granted:
// the declarations of the local variables that its edits name, and what it says
// itself.
func (p *pass) relied(c *Candidate) (list []analysis.TextEdit) {
	add := func(pos, end token.Pos) {
		e := analysis.TextEdit{Pos: pos, End: end, NewText: []byte(p.between(pos, end))}
		if !slices.ContainsFunc(list, func(o analysis.TextEdit) bool { return o.Pos < end && pos < o.End }) {
			list = append(list, e)
		}
	}
	for _, s := range c.relies {
		add(s.Pos, s.End)
	}
	for _, e := range c.Edits {
		f := p.fileOf(e.Pos)
		inner := p.TypesInfo.Scopes[f].Innermost(e.Pos)
		if inner == nil {
			continue
		}
		for name := range identifiers(e.NewText) {
			_, obj := inner.LookupParent(name, e.Pos)
			if v, ok := obj.(*types.Var); ok && isLocal(v) && f.FileStart <= v.Pos() && v.Pos() < f.FileEnd {
				add(v.Pos(), v.Pos()+token.Pos(len(name)))
			}
		}
	}
	return list
}

// identifiers are the names in a piece of text that are not selected from
// something.
func identifiers(text []byte) map[string]bool {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), text, func(token.Position, string) {}, 0)
	list := make(map[string]bool)
	for before := token.ILLEGAL; before != token.EOF; {
		_, tok, lit := s.Scan()
		if tok == token.IDENT && before != token.PERIOD {
			list[lit] = true
		}
		before = tok
	}
	return list
}
