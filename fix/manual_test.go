package fix

import (
	"bytes"
	"go/doc/comment"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/fixes.md is what doc.go says, and doc.go has a section of each fixer.
func TestManual(t *testing.T) {
	t.Parallel()
	got := bytes.Replace(markdown(), []byte("Package fix holds the rewrites"), []byte("# Fixes\n\nPackage [fix](../fix) holds the rewrites"), 1)
	name := filepath.Join("..", "docs", "fixes.md")
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("docs/fixes.md is not what fix/doc.go says (-file +doc.go); go test ./fix -run Manual -update writes it:\n%s", d)
	}
	for _, a := range Suite {
		head, _, _ := strings.Cut(a.Doc, "\n")
		if !strings.HasPrefix(head, a.Name+": ") {
			t.Errorf("the section of %s begins with %q, not with %q", a.Name, head, a.Name+": ")
		}
	}
}

// markdown is the documentation of all fixers in Markdown, one section each: what
// doc.go says.
func markdown() []byte {
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
