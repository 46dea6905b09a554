// Package ci writes the findings of a report as build servers read them:
// annotations of GitHub, a summary in Markdown, JUnit and Checkstyle files.
//
//	Report → GitHub | Markdown | JUnit | Checkstyle → bytes
//
// All of them have a report's findings and its problems: a server that shows
// only what a file says must not show a check that was not done as a pass.
//
// A path function turns a file of the report into what the server knows it by:
// mostly its place in the repository.
package ci

import (
	"fmt"
	"path"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// place is a position as text, "" where there is no file.
func place(p alloc.Pos, name func(string) string) string {
	s := name(p.File)
	if s == "" || p.Line == 0 {
		return s
	}
	s += fmt.Sprintf(":%d", p.Line)
	if p.Col > 0 {
		s += fmt.Sprintf(":%d", p.Col)
	}
	return s
}

// located is text with its place before it, where it has one.
func located(p alloc.Pos, name func(string) string, text string) string {
	if at := place(p, name); at != "" {
		return at + ": " + text
	}
	return text
}

// details are the lines that say what led to a finding: calls, flow, cut.
func details(f *alloc.Finding, name func(string) string) []string {
	var lines []string
	add := func(word string, s *alloc.Step) {
		lines = append(lines, located(s.Pos, name, word+": "+s.Text))
	}
	if len(f.Chain) > 1 { // of one step it is the finding again
		for i := range f.Chain {
			add(f.Chain[i].Step, &f.Chain[i])
		}
	}
	for i := range f.Flow {
		add(f.Flow[i].Step, &f.Flow[i])
	}
	if f.Cut != nil {
		add("cut", f.Cut)
	}
	return lines
}

// problem is what could not be done, on one line.
func problem(p *alloc.Problem) string {
	s := p.Message
	if p.Package != "" {
		s = p.Package + ": " + s
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// packageOf is the import path of the package that a position is in: the main
// module's own where it is no file of one.
func packageOf(r *alloc.Report, p alloc.Pos) string {
	dir := path.Dir(p.File)
	if !strings.HasSuffix(p.File, ".go") || path.IsAbs(p.File) || strings.Contains(p.File, ":") || dir == "." {
		return r.Header.Module
	}
	return path.Join(r.Header.Module, dir)
}

// count is a number of things, in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
