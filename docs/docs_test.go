package docs

import (
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestCauses checks that causes.md has a section for every cause, in the order
// of alloc.Causes, and no other.
func TestCauses(t *testing.T) {
	t.Parallel()
	var headings []string
	for line := range strings.Lines(causes) {
		if h, ok := strings.CutPrefix(line, "## "); ok {
			headings = append(headings, strings.TrimSpace(h))
		}
	}
	var want []string
	for _, c := range alloc.Causes {
		want = append(want, string(c))
	}
	if got, want := strings.Join(headings, " "), strings.Join(want, " "); got != want {
		t.Errorf("sections of causes.md:\n got %s\nwant %s", got, want)
	}
	for _, c := range alloc.Causes {
		section, ok := Cause(c)
		if !ok || !strings.HasPrefix(section, "## "+string(c)+"\n") {
			t.Errorf("Cause(%q) = %q, %v", c, section, ok)
			continue
		}
		for _, part := range []string{"```go\n", "```text\n", "\nWhat removes it: ", "\nLeave it alone "} {
			if !strings.Contains(section, part) {
				t.Errorf("the section of %s has no %q", c, part)
			}
		}
		for _, sentence := range []string{Remedy(c), Alone(c)} {
			if sentence == "" || strings.Contains(sentence, "\n") {
				t.Errorf("the section of %s: sentence %q", c, sentence)
			}
		}
		if strings.Contains(section[3:], "\n## ") {
			t.Errorf("the section of %s holds another heading", c)
		}
	}
	if s, ok := Cause("causes"); ok {
		t.Errorf("Cause of no cause = %q", s)
	}
}
