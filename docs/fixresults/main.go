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
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

//go:embed modules.txt
var listed string

func main() {
	diffs := flag.String("diffs", "", "write each module's diff to this `directory`")
	flag.Parse()
	list := flag.Args()
	if len(list) == 0 {
		list = strings.Split(strings.TrimSpace(listed), "\n")
	}
	if err := run(list, *diffs); err != nil {
		fmt.Fprintln(os.Stderr, "fixresults:", err)
		os.Exit(1)
	}
}

func run(list []string, diffs string) error {
	tmp, err := os.MkdirTemp("", "fixresults-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tool := filepath.Join(tmp, "stackward")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/stackward").CombinedOutput(); err != nil {
		return fmt.Errorf("building stackward: %s", out)
	}
	var rows []row
	for i, line := range list {
		fmt.Fprintf(os.Stderr, "fixing %d of %d: %s\n", i+1, len(list), line)
		rows = append(rows, fixModule(tmp, tool, diffs, modules.Parse(line)))
	}
	write(os.Stdout, rows)
	return nil
}
