package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/cli"
)

// own are the packages whose hot paths promise not to allocate, by the module that
// they are of, and how many promises that are.
var own = []struct {
	name     string
	module   string // its directory
	packages []string
	promises int
}{
	{"stackward", "../..", []string{"./internal/gcdiag", "./internal/objscan", "./internal/sizeclass"}, 10},
	{"offheap", "../../offheap", []string{"."}, 7},
}

// TestOwnContracts holds this repository to the promises in its source.
func TestOwnContracts(t *testing.T) {
	t.Parallel()
	for _, m := range own {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, dir := range m.packages { // so that a cached result of the test is one of these files
				files, err := filepath.Glob(filepath.Join(m.module, dir, "*.go"))
				if err != nil || len(files) == 0 {
					t.Fatal(err, files)
				}
				for _, f := range files {
					if _, err := os.ReadFile(f); err != nil {
						t.Fatal(err)
					}
				}
			}
			status, rep := check(t, m.module, m.packages)
			if status != 0 || len(rep.Findings) > 0 {
				t.Errorf("exit status %d, %d findings", status, len(rep.Findings))
			}
			for _, c := range rep.Contracts {
				if c.Verdict != alloc.Kept {
					t.Errorf("%s is %s, want kept", c.Func, c.Verdict)
				}
			}
			if len(rep.Contracts) != m.promises {
				t.Errorf("%d contracts, want %d", len(rep.Contracts), m.promises)
			}
		})
	}
}

// TestBrokenContract has a change that makes a hot path allocate fail the check
// above.
func TestBrokenContract(t *testing.T) {
	t.Parallel()
	const (
		decl = "func uvarint(b []byte) (v uint32, n int) {\n"
		leak = "\tseen = append([]byte(nil), b...)\n"
	)
	file, err := filepath.Abs("../../internal/objscan/pctab.go")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(src), decl, decl+leak, 1) + "\nvar seen []byte\n"
	if !strings.Contains(changed, leak) {
		t.Fatalf("%s has no %q", file, decl)
	}
	with := filepath.Join(t.TempDir(), "pctab.go")
	if err := os.WriteFile(with, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{file: with}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, data, 0o666); err != nil {
		t.Fatal(err)
	}
	status, rep := check(t, "../..", []string{"./internal/objscan"}, "-overlay", overlay)
	if status != 3 {
		t.Errorf("exit status %d, want 3", status)
	}
	var broken []string
	for _, f := range rep.Findings {
		if f.Rule == alloc.RuleNoalloc {
			broken = append(broken, f.Func)
		}
	}
	slices.Sort(broken)
	want := []string{"github.com/stackward-go/stackward/internal/objscan.pcTable.at", "github.com/stackward-go/stackward/internal/objscan.uvarint"}
	if !slices.Equal(broken, want) {
		t.Errorf("broken: %v, want %v", broken, want)
	}
}

func check(t *testing.T, dir string, packages []string, flags ...string) (status int, rep *alloc.Report) {
	t.Helper()
	args := slices.Concat([]string{"check", "-C", dir, "-format=json"}, flags, packages)
	var stdout, stderr bytes.Buffer
	status = cli.Main(t.Context(), args, nil, &stdout, &stderr)
	rep, err := alloc.ReadJSON(&stdout)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Logf("%s", stderr.Bytes())
	}
	return status, rep
}
