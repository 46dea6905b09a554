// Package docs holds the pages that the program prints: causes.md, one section
// for each cause.
package docs

import (
	_ "embed"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

//go:embed causes.md
var causes string

// Cause returns the section of causes.md about c, from its heading to the next
// one, and whether there is one.
func Cause(c alloc.Cause) (string, bool) {
	_, section, ok := strings.Cut(causes, "\n## "+string(c)+"\n")
	if !ok {
		return "", false
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return "## " + string(c) + "\n" + strings.TrimRight(section, "\n") + "\n", true
}

// Remedy is the first sentence of what removes c, "" where its section has none.
func Remedy(c alloc.Cause) string {
	section, _ := Cause(c)
	_, text, ok := strings.Cut(section, "\nWhat removes it: ")
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if sentence, _, more := strings.Cut(text, ". "); more {
		text = sentence
	}
	return strings.TrimSuffix(text, ".")
}
