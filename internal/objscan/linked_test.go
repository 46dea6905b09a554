package objscan

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

func TestBinaryCalls(t *testing.T) {
	t.Parallel()
	dir := allocatingModule(t)
	envs := [][]string{
		{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=linux", "GOARCH=arm64"},
		{"GOOS=darwin", "GOARCH=amd64"}, {"GOOS=darwin", "GOARCH=arm64"},
		{"GOOS=windows", "GOARCH=amd64"}, {"GOOS=windows", "GOARCH=arm64"},
		{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v3"},
	}
	for _, env := range toolchains() {
		if env != nil {
			envs = append(envs, append([]string{"GOOS=linux", "GOARCH=amd64"}, env...), append([]string{"GOOS=linux", "GOARCH=arm64"}, env...))
		}
	}
	for _, env := range envs {
		for _, flag := range []string{"-ldflags=", "-ldflags=-s -w"} {
			t.Run(strings.Join(append(env, flag), " "), func(t *testing.T) {
				t.Parallel()
				if testing.Short() && (env[0] != "GOOS=linux" || len(env) > 2 && env[2] == "GOAMD64=v3") {
					t.Skip("builds the standard library")
				}
				exe := filepath.Join(t.TempDir(), "exe")
				goCmd(t, dir, env, "build", flag, "-o", exe, ".")
				b, err := OpenBinary(exe)
				if err != nil {
					t.Fatal(err)
				}
				var calls []alloc.Call
				for c, err := range b.Calls() {
					if err != nil {
						t.Fatal(err)
					}
					if c.Package == "example.com/gopkg.v1" {
						calls = append(calls, c)
					}
				}
				checkCalls(t, calls, filepath.ToSlash(filepath.Join(dir, "main.go")))
			})
		}
	}
}

// TestBinaryEntries holds what the linked runtime tells against what its
// archives do: the executable has a part of it.
func TestBinaryEntries(t *testing.T) {
	t.Parallel()
	dir := allocatingModule(t)
	exe := filepath.Join(t.TempDir(), "exe")
	env := []string{"GOOS=linux", "GOARCH=amd64"}
	goCmd(t, dir, env, "build", "-o", exe, ".")
	s, err := NewScanner(archivesOf(t, dir, env, "."))
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenBinary(exe)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := b.entries()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, kind := range entries {
		if s.entries[name] != kind && !strings.HasPrefix(name, allocators) {
			t.Errorf("%s is of kind %d in the executable, %d in the archives", name, kind, s.entries[name])
		}
		if kind == dedicated {
			n++
		}
	}
	if n < 30 {
		t.Errorf("only %d entries: %v", n, sortedEntries(entries, dedicated))
	}
}
