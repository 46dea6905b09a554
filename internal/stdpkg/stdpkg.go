// Package stdpkg knows the packages of Go's standard library by their import paths:
// those of go1.24 to go1.27, of all systems, as their source trees have them. It is for
// programs of which there is no source, built with -trimpath: their files have names that
// begin with the import path, in the standard library and elsewhere.
package stdpkg

import (
	_ "embed" // for packages
	"strings"
	"sync"
)

//go:generate go run gen.go

//go:embed packages.txt
var packages string

var known = sync.OnceValue(func() map[string]bool {
	list := make(map[string]bool)
	for line := range strings.Lines(packages) {
		list[strings.TrimSuffix(line, "\n")] = true
	}
	return list
})

// Has reports whether a package is of the standard library. One that is internal to
// another of it is, whatever it is called: with GOFIPS140 there are some of another module,
// crypto/internal/fips140/v1.0.0/sha256.
func Has(path string) bool {
	if known()[path] {
		return true
	}
	of, _, internal := strings.Cut(path, "/internal/")
	return internal && known()[of]
}
