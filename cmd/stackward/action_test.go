package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type action struct {
	Inputs map[string]struct {
		Description, Default string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	Name, ID, Shell, Run string
	Env                  map[string]string
}

func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := yaml.NewDecoder(f)
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

var expression = regexp.MustCompile(`\$\{\{ inputs\.([a-z-]+) \}\}`)

// A runner is what GitHub has around the steps of an action, as far as ours use
// it: files to write to, and a shell.
type runner struct {
	dir    string // of the module
	temp   string
	inputs map[string]string
}

func newRunner(t *testing.T, a *action, inputs map[string]string, files map[string]string) *runner {
	t.Helper()
	r := &runner{dir: writeModule(t, files), temp: t.TempDir(), inputs: make(map[string]string)}
	for name, in := range a.Inputs {
		r.inputs[name] = in.Default
	}
	for name, value := range inputs {
		if _, ok := r.inputs[name]; !ok {
			t.Fatalf("no input %s", name)
		}
		r.inputs[name] = value
	}
	return r
}

// run runs a step as "shell: bash" does, and returns what it printed and its status.
func (r *runner) run(t *testing.T, s step, path string) (output string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "GOTOOLCHAIN=local", "PATH="+path,
		"RUNNER_TEMP="+r.temp, "GITHUB_PATH="+r.file("path"), "GITHUB_OUTPUT="+r.file("output"), "GITHUB_STEP_SUMMARY="+r.file("summary"))
	for key, value := range s.Env {
		value = expression.ReplaceAllStringFunc(value, func(e string) string { return r.inputs[expression.FindStringSubmatch(e)[1]] })
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if x, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), x.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

func (r *runner) file(name string) string { return filepath.Join(r.temp, "github-"+name) }

func (r *runner) read(name string) string {
	data, _ := os.ReadFile(r.file(name)) // none is nothing written
	return string(data)
}

func writeModule(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	actionMod   = "module example.com/m\n\ngo 1.24\n"
	keptSource  = "package m\n\n//stackward:noalloc\nfunc F(a int) int { return a + 1 }\n"
	brokeSource = "package m\n\nvar sink *int\n\n//stackward:noalloc\nfunc F(a int) { sink = new(int) }\n"
)

// TestAction runs the steps of the GitHub Action, with what GitHub gives them.
func TestAction(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the shell of the runner is not here")
	}
	var a action
	readYAML(t, "action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("%+v", a.Runs)
	}
	for _, s := range a.Runs.Steps {
		// An input in a script would be code.
		if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %s: shell %s:\n%s", s.Name, s.Shell, s.Run)
		}
		for _, value := range s.Env {
			if m := expression.FindStringSubmatch(value); m == nil || a.Inputs[m[1]].Description == "" {
				t.Errorf("step %s: no input in %q", s.Name, value)
			}
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "check.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range a.Inputs {
		if !strings.Contains(string(page), "\n| `"+name+"` |") {
			t.Errorf("docs/check.md has no input %s", name)
		}
	}
	install, check := a.Runs.Steps[0], a.Runs.Steps[1]

	t.Run("install", func(t *testing.T) {
		t.Parallel()
		r := newRunner(t, &a, map[string]string{"version": "v1.2.3"}, nil)
		bin := t.TempDir()
		fake := "#!/bin/sh\necho \"$GOBIN\" \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, "go"), []byte(fake), 0o777); err != nil {
			t.Fatal(err)
		}
		out, status := r.run(t, install, bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		want := r.temp + "/stackward-bin"
		if status != 0 || out != want+" install github.com/stackward-go/stackward/cmd/stackward@v1.2.3\n" || r.read("path") != want+"\n" {
			t.Errorf("status %d, printed %q, path %q", status, out, r.read("path"))
		}
	})
	for _, tt := range []struct {
		name    string
		source  string
		inputs  map[string]string
		status  int
		log     string // begins a line of it
		summary string // its first line
		output  string
	}{
		{"clean", keptSource, map[string]string{"sarif-file": "out.sarif"}, 0, "", "### stackward check: clean", "sarif-file=out.sarif\n"},
		{"finding", brokeSource, map[string]string{"sarif-file": "out.sarif", "args": "-tests -generated"}, 3,
			"::error file=m.go,line=6,col=27,title=stackward%3A noalloc::m.F: new(int) allocates", "### stackward check: 1 finding", "sarif-file=out.sarif\n"},
		{"text", brokeSource, map[string]string{"format": "text"}, 3, "m.go:6:27: m.F: new(int) allocates", "### stackward check: 1 finding", ""},
		{"no baseline", keptSource, map[string]string{"baseline": "the allocs.txt", "sarif-file": "out.sarif"}, 1,
			"stackward: no baseline the allocs.txt", "### stackward check: not done, see the log", ""},
		{"broken", "package m\n\nfunc F() { undefined() }\n", nil, 1, "::error file=m.go,line=3,", "### stackward check: 1 problem", ""},
		{"usage", keptSource, map[string]string{"args": "-nonsense"}, 2, "stackward: check: flag provided", "### stackward check: not done, see the log", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, &a, tt.inputs, map[string]string{"go.mod": actionMod, "m.go": tt.source})
			out, status := r.run(t, check, os.Getenv("PATH"))
			first, _, _ := strings.Cut(r.read("summary"), "\n")
			if status != tt.status || first != tt.summary || r.read("output") != tt.output || !strings.Contains("\n"+out, "\n"+tt.log) {
				t.Errorf("status %d, summary %q, output %q\n%s", status, r.read("summary"), r.read("output"), out)
			}
			_, err := os.Stat(filepath.Join(r.dir, "out.sarif"))
			if (err == nil) != (tt.output != "") {
				t.Errorf("out.sarif: %v", err)
			}
		})
	}
}

// TestPreCommit runs the hook as pre-commit does that was told to pass no names.
func TestPreCommit(t *testing.T) {
	var hooks []struct {
		ID, Name, Entry, Language string
		Description               string
		Args                      []string
		Types                     []string `yaml:"types_or"`
		PassFilenames             *bool    `yaml:"pass_filenames"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	if len(hooks) != 1 {
		t.Fatalf("%d hooks", len(hooks))
	}
	h := hooks[0]
	if h.ID != "stackward-check" || h.Language != "golang" || h.PassFilenames == nil || *h.PassFilenames {
		t.Errorf("%+v", h)
	}
	if diff := cmp.Diff([]string{"go", "go-mod", "go-sum"}, h.Types); diff != "" {
		t.Error(diff)
	}
	for source, want := range map[string]int{keptSource: 0, brokeSource: 3} {
		words := append(strings.Fields(h.Entry), h.Args...)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = writeModule(t, map[string]string{"go.mod": actionMod, "m.go": source})
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "GOTOOLCHAIN=local")
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("exits with %d, want %d\n%s", got, want, out)
		}
	}
}
