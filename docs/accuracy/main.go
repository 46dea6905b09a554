// Accuracy makes docs/accuracy.md: it runs "stackward cost", find and explain on
// the benchmarks of real modules, and says what share of their allocations is
// explained and what is not, and why.
//
//	go run ./docs/accuracy >docs/accuracy.md
//
// The modules are those that modules.txt names, fetched with the go command,
// copied to a temporary directory and measured there, one by one: package
// modules says what a line means. Lines as arguments are measured instead.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

//go:embed modules.txt
var listed string

func main() {
	var rows []row
	err := modules.Each(os.Stderr, "measuring", listed, os.Args[1:], func(tmp, tool string, t modules.Target) {
		rows = append(rows, measure(tmp, tool, t))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
	write(os.Stdout, rows)
}
