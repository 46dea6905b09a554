package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

// newTracer returns a Tracer for the module in dir, whose path is module.
func newTracer(t testing.TB, dir, module string) *Tracer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-json=Name,ImportPath,Dir,GoFiles,Imports,Export,DepOnly", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	type listed struct {
		Name, ImportPath, Dir, Export string
		GoFiles, Imports              []string
		DepOnly                       bool
	}
	var list []listed
	files := make(map[string][]string)
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
		for _, f := range p.GoFiles {
			files[p.ImportPath] = append(files[p.ImportPath], filepath.Join(p.Dir, f))
		}
	}
	var packages []Package
	for _, p := range list {
		packages = append(packages, Package{p.ImportPath, !p.DepOnly, p.Export, files[p.ImportPath]})
	}
	prog := NewProgram(packages, os.ReadFile)
	return &Tracer{
		Lookup: func(ctx context.Context, path string) ([]*alloc.Diagnostic, error) {
			return compile(t, dir, path), nil
		},
		Source: NewSource(os.ReadFile),
		Files:  func(path string) []string { return files[path] },
		Packages: func(from, name string) (imported, other []string) {
			i := slices.IndexFunc(list, func(p listed) bool { return p.ImportPath == from })
			for _, p := range list {
				switch {
				case p.Name != name:
				case i >= 0 && slices.Contains(list[i].Imports, p.ImportPath):
					imported = append(imported, p.ImportPath)
				default:
					other = append(other, p.ImportPath)
				}
			}
			return imported, other
		},
		Implementations: prog.Implementations,
		Method:          prog.Method,
		Local:           func(path string) bool { return path == module || strings.HasPrefix(path, module+"/") },
	}
}

// render writes a story as the lines that the want files hold parts of.
func render(s *Story) []string {
	var lines []string
	for i := range s.Steps {
		cut := "  "
		if s.Cut == &s.Steps[i] {
			cut = "* "
		}
		lines = append(lines, cut+s.Steps[i].Step+" "+s.Steps[i].Text+" | "+s.Steps[i].Func)
	}
	lines = append(lines, "end "+s.End)
	for _, c := range s.Candidates {
		lines = append(lines, "candidate "+c)
	}
	if s.Incomplete != "" {
		lines = append(lines, "incomplete "+s.Incomplete)
	}
	return lines
}

// TestTrace compiles each archive with the installed toolchain and follows the
// escapes that its want file names as "function: expression". The lines below
// must be found in this order, each as a part of a line; one with a star must
// be the cut.
func TestTrace(t *testing.T) {
	t.Parallel()
	archives, _ := filepath.Glob("testdata/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no archives in testdata")
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			for _, f := range ar.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				file := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			const module = "example.com/m"
			tr := newTracer(t, dir, module)
			for _, block := range strings.Split(strings.TrimSpace(want), "\n\n") {
				lines := strings.Split(block, "\n")
				fn, expr, _ := strings.Cut(lines[0], ": ")
				t.Run(lines[0], func(t *testing.T) { checkStory(t, tr, module, fn, expr, lines[1:]) })
			}
		})
	}
}

func escapes(d *alloc.Diagnostic) bool {
	return d.Verdict == alloc.EscapesToHeap || d.Verdict == alloc.MovedToHeap
}

func checkStory(t *testing.T, tr *Tracer, pkg, fn, expr string, want []string) {
	said, err := tr.Lookup(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	here, err := tr.said(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range said {
		if !escapes(d) || here.fn(d) != fn || d.Expr != expr {
			continue
		}
		h := Holder{Package: pkg, Func: fn}
		if strings.Contains(filepath.ToSlash(d.Pos.File), "/sub/") {
			h.Package += "/sub" // instantiated by the package compiled
		}
		story, err := tr.Trace(t.Context(), d, h)
		if err != nil {
			t.Fatal(err)
		}
		got := render(story)
		rest := got
		for _, w := range want {
			w, cut := strings.CutPrefix(w, "* ")
			i := 0
			for i < len(rest) && (!containsParts(rest[i], strings.TrimSpace(w)) || cut && !strings.HasPrefix(rest[i], "* ")) {
				i++
			}
			if i == len(rest) {
				t.Fatalf("no line with %q in this place:\n%s", w, strings.Join(got, "\n"))
			}
			if !strings.HasPrefix(w, "candidate") {
				rest = rest[i:]
			}
		}
		if story.Incomplete != "" {
			t.Errorf("the trail is lost: %s", story.Incomplete)
		}
		if dyn, err := tr.Dynamic(t.Context(), d); err != nil || dyn && story.Dynamic == nil {
			t.Errorf("Dynamic = %v, %v; the story ends %q", dyn, err, story.End)
		}
		return
	}
	t.Fatalf("the compiler does not say that %s escapes in %s", expr, fn)
}

// containsParts reports whether line holds what stands before " | " in want,
// and ends in what stands after it.
func containsParts(line, want string) bool {
	head, fn, ok := strings.Cut(want, "| ")
	if end, rest, isEnd := strings.Cut(want, " "); isEnd && end == "end" && !strings.Contains(line, "| ") {
		return strings.HasPrefix(line, "end ") && strings.Contains(line, rest)
	}
	return strings.Contains(line, strings.TrimSpace(head)) && (!ok || strings.HasSuffix(line, "| "+fn))
}

// TestStandardLibrary follows every escape of packages that nobody here wrote:
// no trail may be lost.
func TestStandardLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles much of the standard library")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n",
		"m.go":   "package m\n\nimport (\n\t_ \"encoding/json\"\n\t_ \"sort\"\n\t_ \"text/template\"\n)\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tr := newTracer(t, dir, "example.com/m")
	for _, pkg := range []string{"sort", "fmt", "encoding/json", "text/template"} {
		said, err := tr.Lookup(t.Context(), pkg)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range said {
			if !escapes(d) {
				continue
			}
			n++
			story, err := tr.Trace(t.Context(), d, Holder{})
			if err != nil {
				t.Fatal(err)
			}
			if story.Incomplete != "" || story.End == "" {
				t.Errorf("%s:%d: %s in %s: %q\n%s", d.Pos.File, d.Pos.Line, d.Expr, d.Func, story.Incomplete, strings.Join(render(story), "\n"))
			}
		}
		t.Logf("%s: %d escapes followed", pkg, n)
	}
}
