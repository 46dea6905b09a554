package fix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
)

// What is copied may end in a comment that takes what follows it away.
func TestParses(t *testing.T) {
	const src = "package p\n\nvar x = f(a /* b */, c)\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	p := &pass{Pass: &analysis.Pass{Fset: fset, Files: []*ast.File{f}, ReadFile: func(string) ([]byte, error) { return []byte(src), nil }}}
	at := f.FileStart + token.Pos(strings.Index(src, "a /*"))
	for text, want := range map[string]bool{"len(a)": true, "len(a /* b */)": true, "len(a // b\n)": false, "len(a // b)": false} {
		if got := p.parses([]analysis.TextEdit{{Pos: at, End: at + 1, NewText: []byte(text)}}); got != want {
			t.Errorf("%q parses: %v, want %v", text, got, want)
		}
	}
}
