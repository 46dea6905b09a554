// Package rewrite applies edits to source text, shows them, and writes files.
//
//	Edits + text → text → overlay for the go command | diff for people | files, each whole
//
// It knows nothing of what the edits are for. A file that was formatted as
// gofmt does is so afterwards; one that was not keeps its own form, CRLF line
// ends too. An import that has lost its last use goes.
package rewrite

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/diff"
)

// An Edit replaces the bytes [Start, End) of a text.
type Edit struct {
	Start, End int
	New        string
}

// imports reports whether an edit inserts an import declaration, or a line of
// one: two of the same text are one.
func (e Edit) imports() bool { return e.Start == e.End && importLine.MatchString(e.New) }

var importLine = regexp.MustCompile(`^(?:"[^"\n]+"\n\t|\n\nimport "[^"\n]+")$`)

// Overlaps reports whether the edits cannot both be applied: their bytes
// overlap. The same import inserted twice is one insertion; other texts inserted
// at one place have no order, and where they are the same, such as two closing
// parentheses, nobody could tell which belongs to what.
func Overlaps(a, b []Edit) bool {
	for _, x := range a {
		for _, y := range b {
			switch {
			case x == y && x.imports():
			case x.Start == y.Start, x.Start < y.End && y.Start < x.End:
				return true
			}
		}
	}
	return false
}

// A Text is a source file's text, with what is to be kept of its form.
type Text struct {
	src       []byte
	formatted bool // as gofmt does
	crlf      bool
	name      func(importPath string) string
}

// NewText takes a file's text. The function tells the name of an imported
// package, "" where it is not known.
func NewText(src []byte, name func(importPath string) string) *Text {
	formatted, err := format.Source(src)
	lines, crlf := bytes.Count(src, []byte("\n")), bytes.Count(src, []byte("\r\n"))
	return &Text{src, err == nil && bytes.Equal(formatted, src), lines > 0 && lines == crlf, name}
}

// Apply returns the text with edits applied. Edits that overlap, or that make
// it no Go, are an error.
func (t *Text) Apply(edits []Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	edits = slices.CompactFunc(edits, func(a, b Edit) bool { return a == b && a.imports() })
	var out []byte
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(t.src) {
			return nil, fmt.Errorf("edits overlap at byte %d", e.Start)
		}
		out = append(out, t.src[at:e.Start]...)
		text := []byte(e.New)
		if t.crlf {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		}
		out = append(out, text...)
		at = e.End
	}
	out = append(out, t.src[at:]...)
	out, err := t.dropImports(out)
	if err != nil || !t.formatted {
		return out, err
	}
	return format.Source(out)
}

// dropImports removes the imports of a text that nothing uses. All of them had
// a use before. A name that is declared in the text itself is no package's: the
// parser resolves it.
func (t *Text) dropImports(src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	used := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil {
				used[id.Name] = true
			}
		}
		return true
	})
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	var drop []Edit
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		var gone []Edit
		for _, s := range g.Specs {
			if spec := s.(*ast.ImportSpec); !used[t.importName(spec)] && t.importName(spec) != "" {
				from, to := wholeLines(src, offset(spec.Pos()), offset(spec.End()))
				gone = append(gone, Edit{Start: from, End: to})
			}
		}
		if len(gone) == len(g.Specs) && len(gone) > 0 {
			from, to := wholeLines(src, offset(g.Pos()), offset(g.End()))
			gone = []Edit{{Start: from, End: to}}
		}
		drop = append(drop, gone...)
	}
	for _, e := range slices.Backward(drop) {
		src = slices.Delete(src, e.Start, e.End)
	}
	return src, nil
}

// importName is the name that an import gives its package, "" for one that
// needs no use, or is not known.
func (t *Text) importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		if spec.Name.Name == "_" || spec.Name.Name == "." {
			return ""
		}
		return spec.Name.Name
	}
	importPath, err := strconv.Unquote(spec.Path.Value)
	if err != nil || importPath == "C" {
		return ""
	}
	if name := t.name(importPath); name != "" {
		return name
	}
	// The standard library's own, which an edit may have added.
	return path.Base(importPath)
}

// wholeLines widens a range to its lines, where nothing else stands on them.
func wholeLines(src []byte, from, to int) (int, int) {
	start, end := from, to
	for start > 0 && (src[start-1] == ' ' || src[start-1] == '\t') {
		start--
	}
	for end < len(src) && (src[end] == ' ' || src[end] == '\t' || src[end] == '\r' || src[end] == ';') {
		end++
	}
	if (start == 0 || src[start-1] == '\n') && (end == len(src) || src[end] == '\n') {
		return start, min(end+1, len(src))
	}
	return from, to
}

// Diff is a unified diff of a file, nil where nothing changed. The name is
// slash-separated and relative, so that patch -p1 and git apply take it.
func Diff(name string, before, after []byte) []byte {
	text := diff.Diff("a/"+name, before, "b/"+name, after)
	if head, rest, ok := bytes.Cut(text, []byte("\n")); ok && bytes.HasPrefix(head, []byte("diff ")) {
		return rest // a line that git would have more to say in
	}
	return text
}
