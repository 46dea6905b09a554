package fix

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/fixes.md is what doc.go says, and doc.go has a section of each fixer.
func TestManual(t *testing.T) {
	t.Parallel()
	got := bytes.Replace(Manual(), []byte("Package fix holds the rewrites"), []byte("# Fixes\n\nPackage [fix](../fix) holds the rewrites"), 1)
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
