package fix

import (
	"bytes"
	"go/doc/comment"
	"strings"
)

// Manual is the documentation of all fixers in Markdown, one section each: what
// doc.go says.
func Manual() []byte {
	_, text, _ := strings.Cut(manual, "/*\n")
	text, _, _ = strings.Cut(text, "\n*/")
	var p comment.Parser
	printer := comment.Printer{
		HeadingLevel: 2,
		HeadingID:    func(h *comment.Heading) string { return "" },
		DocLinkURL:   func(*comment.DocLink) string { return "" },
	}
	return bytes.ReplaceAll(printer.Markdown(p.Parse(text)), []byte("\n## Analyzer "), []byte("\n## "))
}
