package ci

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []*suite `xml:"testsuite"`
}

type suite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []*testcase `xml:"testcase"`
}

type testcase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	File    string  `xml:"file,attr,omitempty"`
	Line    int     `xml:"line,attr,omitempty"`
	Failure *reason `xml:"failure"`
	Error   *reason `xml:"error"`
	Output  string  `xml:"system-out,omitempty"`
}

type reason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a file as JUnit does: a suite for each package, with a test for
// each contract and each finding that is of none, and one for the check itself,
// which has the problems, so that there is a test where all is clean.
func JUnit(w io.Writer, r *alloc.Report, path func(string) string) error {
	all := &suites{Name: "stackward check"}
	add := func(pkg string, c *testcase) {
		c.Class = pkg
		i := slices.IndexFunc(all.Suites, func(s *suite) bool { return s.Name == pkg })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, &suite{Name: pkg})
		}
		all.Suites[i].Cases = append(all.Suites[i].Cases, c)
	}
	add("stackward", checked(r, path))
	told := make(map[*alloc.Finding]bool)
	for _, c := range r.Contracts {
		t := &testcase{Name: c.Func + " " + c.Directive, File: path(c.File), Line: c.Line}
		var lines []string
		for _, f := range r.Findings {
			if !told[f] && c.Verdict == alloc.Broken && breaks(f, c) {
				told[f] = true
				lines = append(lines, report(f, path)...)
			}
		}
		if c.Verdict == alloc.Broken {
			t.Failure = &reason{Message: "the contract is broken", Type: c.Directive, Text: strings.Join(lines, "\n")}
		}
		for _, a := range c.Assumptions {
			t.Output += located(a.Pos, path, "assumed: "+a.Text) + "\n"
		}
		add(packageOf(r, c.Pos), t)
	}
	for _, f := range r.Findings {
		if told[f] {
			continue
		}
		add(packageOf(r, f.Pos), &testcase{
			Name: string(f.Rule) + ": " + subject(f), File: path(f.File), Line: f.Line,
			Failure: &reason{Message: f.Message, Type: string(f.Rule), Text: strings.Join(report(f, path), "\n")},
		})
	}
	for _, s := range all.Suites {
		for _, c := range s.Cases {
			s.Tests++
			if c.Failure != nil {
				s.Failures++
			}
			if c.Error != nil {
				s.Errors++
			}
		}
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	return writeXML(w, all)
}

// checked is the test that all could be checked.
func checked(r *alloc.Report, path func(string) string) *testcase {
	t := &testcase{Name: "all is checked"}
	if len(r.Problems) == 0 {
		return t
	}
	var lines []string
	for _, p := range r.Problems {
		lines = append(lines, located(p.Pos, path, problem(p)))
	}
	t.Error = &reason{Message: count(len(lines), "problem"), Type: "problem", Text: strings.Join(lines, "\n")}
	return t
}

// breaks reports whether a finding is of a contract.
func breaks(f *alloc.Finding, c *alloc.Contract) bool {
	return f.Func == c.Func && strings.HasPrefix(c.Directive, string(f.Rule))
}

// report are a finding and what led to it, in lines.
func report(f *alloc.Finding, path func(string) string) []string {
	lines := []string{located(f.Pos, path, f.Message)}
	for _, d := range details(f, path) {
		lines = append(lines, "  "+d)
	}
	return lines
}

// subject is what a finding is about: a test's name, which stays while lines move.
func subject(f *alloc.Finding) string {
	switch {
	case f.Site != "" && f.Func != "":
		return f.Func + ": " + f.Site
	case f.Site != "":
		return f.Site
	}
	return f.Message
}

func writeXML(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing XML: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing XML: %w", err)
	}
	return nil
}
