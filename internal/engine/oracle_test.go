package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

var (
	errorcheck = regexp.MustCompile(`^// errorcheck(?: -0)?((?: -[a-zA-Z0-9=+./]+)*)\n`)
	errorMarks = regexp.MustCompile(`// (?:ERROR|GC_ERROR) (.*)`)
)

// TestOracle holds find -never against the Go project's own tests of escape
// analysis: each line that is marked as escaping must be of a site, or a place
// that one was inlined at.
func TestOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the Go project's tests")
	}
	env, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	goroot, version, _ := strings.Cut(strings.TrimSpace(string(env)), "\n")
	files, _ := filepath.Glob(filepath.Join(goroot, "test", "*.go"))
	if len(files) == 0 {
		t.Skip("this GOROOT has no test directory")
	}
	lang := regexp.MustCompile(`^go(\d+\.\d+)`).FindStringSubmatch(version)
	if lang == nil {
		t.Skip("no release of Go: " + version)
	}
	for _, inline := range []bool{true, false} {
		t.Run(fmt.Sprintf("inline=%v", inline), func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			write("go.mod", "module m\n\ngo "+lang[1]+"\n")
			marked := make(map[string]string) // by file and line
			for _, file := range files {
				src, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				m := errorcheck.FindSubmatch(src)
				if m == nil || !strings.Contains(string(m[1]), " -m") || strings.Contains(string(m[1]), " -l") == inline {
					continue
				}
				base := strings.TrimSuffix(filepath.Base(file), ".go")
				write(base+"/a.go", string(src))
				for i, line := range strings.Split(string(src), "\n") {
					if mark := errorMarks.FindStringSubmatch(line); mark != nil && (strings.Contains(mark[1], "escapes to heap") || strings.Contains(mark[1], "moved to heap")) {
						marked[fmt.Sprintf("%s/a.go:%d", base, i+1)] = mark[1]
					}
				}
			}
			req := FindRequest{
				Build:    Build{Dir: dir, Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")},
				Patterns: []string{"./..."}, Never: true, Generated: true,
			}
			if !inline {
				req.Flags = []string{"-gcflags=-l"}
			}
			r, err := Find(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			broken := make(map[string]bool) // what the compiler refuses, on purpose
			for _, p := range r.Problems {
				broken[strings.TrimPrefix(p.Package, "m/")] = true
			}
			told := make(map[string]bool)
			note := func(p alloc.Pos) { told[fmt.Sprintf("%s:%d", p.File, p.Line)] = true }
			for _, s := range r.Sites {
				note(s.Pos)
				for _, in := range s.Inlined {
					note(in.Pos)
				}
			}
			lines := 0
			for place, mark := range marked {
				if base, _, _ := strings.Cut(place, "/"); broken[base] {
					continue
				}
				lines++
				if !told[place] {
					t.Errorf("%s: no site, want %s", place, mark)
				}
			}
			if lines == 0 {
				t.Error("found no line to hold against")
			}
			t.Logf("%d lines, %d files are not compiled", lines, len(broken))
		})
	}
}
