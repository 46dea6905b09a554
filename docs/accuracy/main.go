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
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

//go:embed modules.txt
var listed string

func main() {
	list := os.Args[1:]
	if len(list) == 0 {
		list = strings.Split(strings.TrimSpace(listed), "\n")
	}
	if err := run(list); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

func run(list []string) error {
	tmp, err := os.MkdirTemp("", "accuracy-")
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
		fmt.Fprintf(os.Stderr, "measuring %d of %d: %s\n", i+1, len(list), line)
		rows = append(rows, measure(tmp, tool, modules.Parse(line)))
	}
	write(os.Stdout, rows)
	return nil
}
