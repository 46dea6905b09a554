package objscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// goCmd runs the go command in dir with extra environment.
func goCmd(tb testing.TB, dir string, env []string, args ...string) []byte {
	tb.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// archivesOf builds packages and returns the archives of them and all that
// they import.
func archivesOf(tb testing.TB, dir string, env []string, patterns ...string) map[string]string {
	tb.Helper()
	out := goCmd(tb, dir, env, append([]string{"list", "-export", "-deps", "-json=ImportPath,Export"}, patterns...)...)
	archives := make(map[string]string)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			tb.Fatal(err)
		}
		if p.Export != "" {
			archives[p.ImportPath] = p.Export
		}
	}
	return archives
}

// writeModule writes files, names and contents in turns, as a module.
func writeModule(tb testing.TB, modPath string, files ...string) string {
	tb.Helper()
	dir := tb.TempDir()
	files = append(files, "go.mod", "module "+modPath+"\n\ngo 1.24\n")
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(files[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
