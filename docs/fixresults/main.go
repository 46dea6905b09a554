// Fixresults makes docs/fix-results.md: it runs "stackward fix" on real modules
// with their own tests and benchmarks, applies what is proved, and runs the
// tests again.
//
//	go run ./docs/fixresults >docs/fix-results.md
//
// The modules are those that modules.txt names; package modules says what a line
// means. Lines as arguments are taken instead. With -diffs DIR each module's diff
// is written there.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

//go:embed modules.txt
var listed string

func main() {
	diffs := flag.String("diffs", "", "write each module's diff to this `directory`")
	flag.Parse()
	var rows []row
	err := modules.Each(os.Stderr, "fixing", listed, flag.Args(), func(tmp, tool string, t modules.Target) {
		rows = append(rows, fixModule(tmp, tool, *diffs, t))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "fixresults:", err)
		os.Exit(1)
	}
	write(os.Stdout, rows)
}
