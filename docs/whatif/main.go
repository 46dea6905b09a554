// Whatif measures "stackward heap whatif": it records real programs once, asks what
// would be with other settings, runs the programs with them, and compares.
//
//	go run ./docs/whatif -w docs/accuracy.md
//
// It writes a section of the file, or prints it without -w. The programs are those
// that programs.txt names, a line each, or lines as arguments:
//
//	module@version run PACKAGE [argument ...]
//	module@version test PACKAGE BENCHMARKS BENCHTIME
//
// The line docs/whatif/variants stands for the program of that name, which is measured
// last: it has variants that do what changes of objects stand for.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

const variants = "docs/whatif/variants"

//go:embed programs.txt
var listed string

func main() {
	file := flag.String("w", "", "replace the section in this `file` instead of printing it")
	flag.Parse()
	if err := run(*file, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "whatif:", err)
		os.Exit(1)
	}
}

func run(file string, lines []string) error {
	var programs []*program
	if len(lines) == 0 {
		lines = append(strings.Split(strings.TrimSpace(listed), "\n"), variants)
	}
	err := modules.Each(os.Stderr, "asking", "", lines, func(tmp, tool string, target modules.Target) {
		if len(target.Modules) == 0 {
			programs = append(programs, changes(tmp, tool))
			return
		}
		programs = append(programs, settings(tmp, tool, target))
	})
	if err != nil {
		return err
	}
	var section bytes.Buffer
	write(&section, programs)
	if file == "" {
		_, err := os.Stdout.Write(section.Bytes())
		return err
	}
	return modules.ReplaceSection(file, section.Bytes())
}
