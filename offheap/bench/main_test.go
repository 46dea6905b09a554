package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The commit is that of the package alone: not of its documents, nor of what is
// in folders below it.
func TestMeasuredCommit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(args, err)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := measuredCommit(dir); got != "" {
		t.Errorf("without a repository: %q", got)
	}
	git("init", "-q")
	write("heap.go", "package heap")
	write("go.mod", "module heap")
	git("add", ".")
	git("commit", "-q", "-m", "the package")
	want := git("log", "-1", "--abbrev=12", "--format=%h")
	write("README.md", "a document")
	git("add", ".")
	git("commit", "-q", "-m", "a document")
	write("bench/main.go", "package main")
	if got := measuredCommit(dir); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write("heap.go", "package heap // changed")
	if got := measuredCommit(dir); got != want+" and changes" {
		t.Errorf("after a change: got %q, want %q", got, want)
	}
	write("heap.go", "package heap")
	write("new.s", "")
	if got := measuredCommit(dir); got != want+" and changes" {
		t.Errorf("with a new file: got %q, want %q", got, want)
	}
}

func TestHidePaths(t *testing.T) {
	got := strings.Join(hidePaths([]string{"-short", "-mimalloc", filepath.Join("a", "b", "mimalloc")}), " ")
	if got != "-short -mimalloc mimalloc" {
		t.Error(got)
	}
}
