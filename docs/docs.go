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

// Remedy is the first sentence of what removes c, and Alone that of when to leave
// it alone; "" where its section has none.
func Remedy(c alloc.Cause) string { return sentence(c, "\nWhat removes it: ") }

func Alone(c alloc.Cause) string { return sentence(c, "\nLeave it alone ") }

// sentence is the first sentence in a cause's section behind some words.
func sentence(c alloc.Cause, words string) string {
	section, _ := Cause(c)
	_, text, ok := strings.Cut(section, words)
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if first, _, more := strings.Cut(text, ". "); more {
		text = first
	}
	return strings.TrimSuffix(text, ".")
}
