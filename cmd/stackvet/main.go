// Stackvet holds packages to their //stackward: directives, as a tool of go vet:
//
//	go vet -vettool=$(which stackvet) ./...
//
// It says what "stackward check" says, package by package, and what it said is in
// go vet's own cache. It runs by itself as well, and then loads all dependencies
// from source first:
//
//	stackvet ./...
//
// Other drivers of analyzers import package contracts.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/stackward-go/stackward/contracts"
)

func main() { multichecker.Main(contracts.Analyzer) }
