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
