package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A program is a binary that measures an allocator: the worker command with
// -peer, or the harness in C.
type program struct {
	name string // of the allocator
	path string
	args []string
	raw  bool // the harness in C, which has only pair and batch
}

// build makes the programs. An allocator in C that is not there is left out.
func build(dir, mimalloc string, log io.Writer) ([]program, error) {
	plain := filepath.Join(dir, "worker")
	if out, err := goBuild(plain, ""); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	var programs []program
	for _, name := range []string{"null", "offheap", "offheap-zeroed", "offheap-cache", "make", "sync.Pool", "modernc", "ristretto-z"} {
		programs = append(programs, program{name: name, path: plain, args: []string{"-peer", name}})
	}
	for _, library := range []string{"mimalloc", "jemalloc", "tcmalloc", "glibc"} {
		path := filepath.Join(dir, "worker-"+library)
		if out, err := goBuild(path, "link_"+library); err != nil {
			fmt.Fprintf(log, "left out: %s through cgo: %s\n", library, lastLine(out))
			continue
		}
		if library == "glibc" {
			programs = append(programs, program{name: "cgo-null", path: path, args: []string{"-peer", "cgo-null"}})
		}
		programs = append(programs, program{name: "cgo-" + library, path: path, args: []string{"-peer", "cgo-" + library}})
	}
	if mimalloc == "" {
		fmt.Fprintln(log, "left out: raw mimalloc: -mimalloc does not say where its sources are")
		return programs, nil
	}
	for name, sources := range map[string][]string{
		"raw-null":     {"null.c"},
		"raw-mimalloc": {"mimalloc.c", filepath.Join(mimalloc, "src", "static.c")},
	} {
		path := filepath.Join(dir, name)
		if out, err := cBuild(path, mimalloc, sources); err != nil {
			return nil, fmt.Errorf("gcc for %s: %w\n%s", name, err, out)
		}
		programs = append(programs, program{name: name, path: path, raw: true})
	}
	return programs, nil
}

func goBuild(path, tag string) (out []byte, err error) {
	cmd := exec.Command("go", "build", "-tags", tag, "-o", path, "./worker")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if tag != "" {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	return cmd.CombinedOutput()
}

// cBuild links the harness in C. The flags are those of mimalloc's own release
// build.
func cBuild(path, mimalloc string, sources []string) (out []byte, err error) {
	include, err := filepath.Abs(filepath.Join(mimalloc, "include"))
	if err != nil {
		return nil, err
	}
	args := []string{"-O3", "-DNDEBUG", "-ftls-model=initial-exec", "-fno-builtin-malloc", "-I", include, "-o", path, filepath.Join("raw", "raw.c")}
	for _, s := range sources {
		if !filepath.IsAbs(s) && filepath.Dir(s) == "." {
			s = filepath.Join("raw", s)
		}
		args = append(args, s)
	}
	return exec.Command("gcc", append(args, "-lpthread", "-latomic")...).CombinedOutput()
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
