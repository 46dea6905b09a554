// Contracts measures "stackward check" on real modules that promise not to
// allocate: it annotates the functions that they promise it of in a copy, asks
// for the verdicts, runs the functions, and compares.
//
//	go run ./docs/contracts -w docs/accuracy.md
//
// It writes a section of the file, or prints it without -w. The modules, their
// functions and how to call these are the archives of the directory modules; the
// names of archives as arguments have only these measured.
package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/docs/internal/modules"
)

// An archive begins with module@version, and why its functions are taken to
// promise it. Its files are put into the module: each registers, with promise of
// harness.go.txt, the functions of one package.
//
//go:embed modules/*.txtar
var archives embed.FS

func main() {
	file := flag.String("w", "", "replace the section in this `file` instead of printing it")
	flag.Parse()
	if err := run(*file, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "contracts:", err)
		os.Exit(1)
	}
}

func run(file string, names []string) error {
	byModule := make(map[string]*txtar.Archive)
	var lines []string
	entries, err := archives.ReadDir("modules")
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".txtar")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		data, err := archives.ReadFile("modules/" + e.Name())
		if err != nil {
			return err
		}
		ar := txtar.Parse(data)
		module, _, _ := strings.Cut(string(ar.Comment), "\n")
		line := module
		for _, f := range ar.Files {
			line += " ./" + path.Dir(f.Name)
		}
		byModule[module] = ar
		lines = append(lines, line)
	}
	var rows []row
	err = modules.Each(os.Stderr, "checking", "", lines, func(tmp, tool string, t modules.Target) {
		rows = append(rows, measure(tmp, tool, t, byModule[t.Modules[0]]))
	})
	if err != nil {
		return err
	}
	var section bytes.Buffer
	write(&section, rows)
	if file == "" {
		_, err := os.Stdout.Write(section.Bytes())
		return err
	}
	return modules.ReplaceSection(file, section.Bytes())
}
