package correlate

import (
	"iter"
	"strings"
)

// SplitFunc splits a function's full name into import path and name. The last
// element of a path may hold dots of its own ("gopkg.in/yaml.v3.F",
// "github.com/nats-io/nats.go.Connect"), and a type may be named v2: known
// tells the packages of the program, nil that they are not known. Without it a
// name is taken to start behind the first dot that no version follows.
func SplitFunc(full string, known func(importPath string) bool) (pkg, name string) {
	found := false
	for p, n := range Splits(full) {
		switch {
		case known != nil && known(p):
			pkg, name, found = p, n, true // the longest path that is one
		case found:
		case pkg == "" || isVersion(p[len(pkg):]):
			pkg, name = p, n
		}
	}
	if pkg == "" {
		return "", full
	}
	return pkg, name
}

// Splits yields the ways to split a function's full name, the shortest import
// path first.
func Splits(full string) iter.Seq2[string, string] {
	return func(yield func(pkg, name string) bool) {
		end := len(full)
		if i := strings.IndexAny(full, "[("); i >= 0 {
			end = i
		}
		for i := strings.LastIndexByte(full[:end], '/') + 1; i < end; i++ {
			if full[i] == '.' && !yield(full[:i], full[i+1:]) {
				return
			}
		}
	}
}

// isVersion reports whether s is a version as the end of an import path:
// ".v3".
func isVersion(s string) bool {
	digits, ok := strings.CutPrefix(s, ".v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
