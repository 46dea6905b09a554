//go:build ignore

// Gen adds to packages.txt the packages of the standard library of the toolchain that
// runs it, or of the GOROOTs that are its arguments, of all systems. What the file has
// stays.
package main

import (
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("stdpkg: ")
	goroots := os.Args[1:]
	if len(goroots) == 0 {
		goroot, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			log.Fatal(err)
		}
		goroots = []string{strings.TrimSpace(string(goroot))}
	}
	const file = "packages.txt"
	list := make(map[string]bool)
	if old, err := os.ReadFile(file); err == nil {
		for line := range strings.Lines(string(old)) {
			list[strings.TrimSpace(line)] = true
		}
	}
	for _, goroot := range goroots {
		if err := add(list, filepath.Join(goroot, "src")); err != nil {
			log.Fatal(err)
		}
	}
	text := strings.Join(slices.Sorted(maps.Keys(list)), "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		log.Fatal(err)
	}
}

// add adds the packages of a source tree, with those that have only tests.
func add(list map[string]bool, src string) error {
	return filepath.WalkDir(src, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(src, filepath.Dir(name))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name == filepath.Join(src, "cmd")):
			return fs.SkipDir
		case !d.IsDir() && dir != "." && strings.HasSuffix(d.Name(), ".go"):
			list[filepath.ToSlash(dir)] = true
		}
		return nil
	})
}
