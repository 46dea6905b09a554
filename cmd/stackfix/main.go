// Stackfix runs the fixers of package fix as any analyzers are run, each on its
// own word: it asks neither the compiler whether a place allocates nor tests
// whether a rewrite is right. "stackward fix" does.
//
//	stackfix ./...                      what they propose
//	stackfix -fix ./...                 apply it
//	stackfix -presize ./...             only presize
//	go vet -vettool=$(which stackfix) ./...
//	go fix -fixtool=$(which stackfix) ./...
//
// Other drivers of analyzers, such as nogo, import package fix and take
// fix.Suite.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/stackward-go/stackward/fix"
)

func main() { multichecker.Main(fix.Suite...) }
