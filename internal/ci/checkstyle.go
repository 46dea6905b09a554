package ci

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

type checkstyle struct {
	XMLName xml.Name          `xml:"checkstyle"`
	Version string            `xml:"version,attr"`
	Files   []*checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string             `xml:"name,attr"`
	Errors []*checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr,omitempty"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// Checkstyle writes a file as Checkstyle does, which most servers that show
// findings read. What is of no file is of the main module's go.mod.
func Checkstyle(w io.Writer, r *alloc.Report, path func(string) string) error {
	all := &checkstyle{Version: "4.3"}
	add := func(p alloc.Pos, message, source string) {
		name := path(p.File)
		if name == "" {
			name = path("go.mod")
		}
		i := slices.IndexFunc(all.Files, func(f *checkstyleFile) bool { return f.Name == name })
		if i < 0 {
			i = len(all.Files)
			all.Files = append(all.Files, &checkstyleFile{Name: name})
		}
		f := all.Files[i]
		f.Errors = append(f.Errors, &checkstyleError{Line: p.Line, Column: p.Col, Severity: "error", Message: message, Source: source})
	}
	for _, f := range r.Findings {
		add(f.Pos, strings.Join(append([]string{f.Message}, details(f, path)...), "\n"), "stackward."+string(f.Rule))
	}
	for _, p := range r.Problems {
		add(p.Pos, problem(p), "stackward.problem")
	}
	return writeXML(w, all)
}
