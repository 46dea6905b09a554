package contract

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// A Verb is what a directive asks for.
type Verb string

// The verbs.
const (
	Noalloc Verb = "noalloc"
	Allocs  Verb = "allocs"
	Stack   Verb = "stack"
	Ignore  Verb = "ignore"
	Cold    Verb = "cold"
)

const prefix = "//stackward:"

// A Directive is one comment //stackward:… in the source.
type Directive struct {
	alloc.Pos
	Verb Verb
	Text string // as written, without the prefix
	Max  int    // of Allocs
	// Causes and Reason are those of Ignore. A cause may be a kind.
	Causes []string
	Reason string

	Package string // import path
	// Func is the function that it is about, without its package: "(*T).M"; for a
	// method of an interface "I.M".
	Func      string
	Interface bool
	// Within is the declared function that it stands in or at, "" of none.
	Within  string
	Literal bool // the function literal that begins at From
	// From and To are the lines that it is about.
	From, To int
	// Wrong says why it says nothing, "" where it does.
	Wrong string
}

// Mentioned reports whether a file may have directives: a look at its text that
// saves the parsing of most.
func Mentioned(src []byte) bool { return bytes.Contains(src, []byte(prefix)) }

// Scan finds the directives of a package's files, in source order.
func Scan(path string, fset *token.FileSet, files []*ast.File) []*Directive {
	var list []*Directive
	for _, f := range files {
		s := &scan{fset: fset, file: f}
		for _, group := range f.Comments {
			for _, c := range group.List {
				if text, ok := strings.CutPrefix(c.Text, prefix); ok {
					d := parse(strings.TrimRight(text, " \t\r"))
					at := fset.Position(c.Pos())
					d.Pos = alloc.Pos{File: filepath.ToSlash(at.Filename), Line: at.Line, Col: at.Column}
					d.Package = path
					if d.Wrong == "" {
						s.place(d, c, group)
					}
					list = append(list, d)
				}
			}
		}
	}
	return list
}

// parse reads a directive's text.
func parse(text string) *Directive {
	d := &Directive{Text: text}
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	verb, max, counted := strings.Cut(word, "<=")
	d.Verb = Verb(verb)
	// What follows after a second comment's beginning is one for people.
	note, _, _ := strings.Cut(rest, "//")
	switch d.Verb {
	case Noalloc, Stack, Cold:
		if counted || strings.TrimSpace(note) != "" {
			d.Wrong = fmt.Sprintf("%s takes nothing: write %s%s", verb, prefix, verb)
		}
	case Allocs:
		n, err := strconv.Atoi(max)
		if !counted || err != nil || n < 0 || strings.TrimSpace(note) != "" {
			d.Wrong = "allocs takes a number: write " + prefix + "allocs<=2"
		}
		d.Max = n
	case Ignore:
		var causes string
		causes, d.Reason, _ = strings.Cut(rest, " ")
		d.Reason = strings.TrimSpace(d.Reason)
		if causes == "" || d.Reason == "" {
			d.Wrong = "ignore takes a cause, or several with commas, and a reason: write " + prefix + "ignore returned the caller keeps it"
			break
		}
		d.Causes = strings.Split(causes, ",")
		for _, c := range d.Causes {
			if !slices.Contains(alloc.Causes, alloc.Cause(c)) && !slices.Contains(alloc.Kinds, alloc.Kind(c)) {
				d.Wrong = fmt.Sprintf("no cause or kind %q: stackward help causes lists them", c)
			}
		}
	default:
		d.Wrong = fmt.Sprintf("no directive %q: there are noalloc, allocs<=N, stack, ignore and cold", word)
	}
	return d
}

// A scan looks for what the directives of one file are about.
type scan struct {
	fset *token.FileSet
	file *ast.File
}

func (s *scan) line(p token.Pos) int { return s.fset.Position(p).Line }

// place finds what a directive is about: the declaration that it is part of the
// comment of, the interface's method, or else what begins on the line behind it,
// or on its own line.
func (s *scan) place(d *Directive, c *ast.Comment, group *ast.CommentGroup) {
	target := s.line(c.Pos())
	if s.alone(c) {
		target = s.line(group.End()) + 1
	}
	var stmt ast.Node
	var lit *ast.FuncLit
	ast.Inspect(s.file, func(n ast.Node) bool {
		if n == nil || d.Func != "" {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Doc == group || n.Pos() <= c.Pos() && c.Pos() < n.End() {
				d.Within = expr.FuncName(n)
			}
			if n.Doc == group {
				d.Func = expr.FuncName(n)
				d.From, d.To = s.line(n.Pos()), s.line(n.End())
				if n.Body == nil && d.Verb != Cold {
					d.Wrong = d.Func + " has no body here: it is assembly or linked by name"
				}
			}
		case *ast.TypeSpec:
			it, ok := n.Type.(*ast.InterfaceType)
			if !ok {
				break
			}
			for _, m := range it.Methods.List {
				if (m.Doc == group || m.Comment == group) && len(m.Names) == 1 {
					d.Func, d.Interface = n.Name.Name+"."+m.Names[0].Name, true
					d.From, d.To = s.line(m.Pos()), s.line(m.End())
				}
			}
		case *ast.FuncLit:
			if lit == nil && s.line(n.Pos()) == target {
				lit = n
			}
		case ast.Stmt, *ast.GenDecl, *ast.ValueSpec:
			if _, block := n.(*ast.BlockStmt); !block && stmt == nil && s.line(n.Pos()) == target {
				stmt = n
			}
		}
		return true
	})
	if d.Func != "" {
		if d.Verb == Stack {
			d.Wrong = "stack is about a variable or an expression: write it before or behind the line"
		} else if d.Interface && d.Verb != Noalloc && d.Verb != Allocs {
			d.Wrong = string(d.Verb) + " does not go with the method of an interface"
		}
		return
	}
	switch d.Verb {
	case Noalloc, Allocs:
		if lit == nil {
			d.Wrong = "no function begins here: write it in the comment of a function or on the line before a function literal"
			return
		}
		d.Literal, d.From, d.To = true, s.line(lit.Pos()), s.line(lit.End())
	default:
		if stmt == nil {
			d.Wrong = "no statement begins on this line or the next"
			return
		}
		d.From, d.To = s.line(stmt.Pos()), s.line(stmt.End())
	}
}

// alone reports whether a comment has its line to itself.
func (s *scan) alone(c *ast.Comment) bool {
	line, alone := s.line(c.Pos()), true
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.File:
			return true
		}
		if s.line(n.Pos()) > line || s.line(n.End()) < line {
			return false
		}
		if n.Pos() < c.Pos() && (s.line(n.Pos()) == line || s.line(n.End()) == line && n.End() <= c.Pos()) {
			alone = false
		}
		return alone
	})
	return alone
}
