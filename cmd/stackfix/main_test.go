package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func TestMain(m *testing.M) {
	if os.Getenv("STACKFIX_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// Each run of stackfix -fix leaves programs that compile, whatever fixes of
// several fixers it merges, and in the end there is nothing left to fix. The
// programs are those of testdata, and the traps of package fix.
func TestFix(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a module some times")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	n := 0
	for _, pattern := range []string{filepath.Join("testdata", "*.txtar"), filepath.Join("..", "..", "fix", "testdata", "traps", "*.txtar")} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(ar.Files) != 1 || filepath.Ext(ar.Files[0].Name) != ".go" {
				continue // a module of its own
			}
			n++
			put(t, filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".txtar"), "main.go"), ar.Files[0].Data)
		}
	}
	if n < 50 {
		t.Fatalf("%d programs", n)
	}
	put(t, filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.26\n"))
	run := func(env []string, name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), append(env, "GOFLAGS=", "GOWORK=off")...)
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			out = fmt.Appendf(nil, "%v", err)
		}
		return string(out)
	}
	for range 10 {
		said := run([]string{"STACKFIX_MAIN=1"}, exe, "-fix", "./...")
		// The type checker without the linker: vet of nothing.
		if out := run(nil, "go", "vet", "-printf=true", "./..."); strings.Contains(out, "vet: ") {
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "vet: ") {
					t.Error(line)
				}
			}
			return
		}
		if said == "" {
			return
		}
		t.Log(said)
	}
	t.Error("ten runs leave something to fix")
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Clone(data), 0o666); err != nil {
		t.Fatal(err)
	}
}
