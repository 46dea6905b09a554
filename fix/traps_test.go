package fix_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/fix"
	"github.com/stackward-go/stackward/internal/rewrite"
)

// A trap is a program that a careless rewrite breaks. Each of testdata/traps
// says what is to be feared; here all its candidates are applied, one by one and
// together, and what it prints is compared.
func TestTraps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many programs")
	}
	files, err := filepath.Glob(filepath.Join("testdata", "traps", "*.txtar"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d traps, %v", len(files), err)
	}
	b := newBench(t, suite(t))
	var single []*variant
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(strings.TrimSpace(string(ar.Comment))) == 0 {
			t.Errorf("%s does not say what is to be feared", name)
		}
		for i := range ar.Files {
			trapFile(&ar.Files[i])
		}
		if len(ar.Files) == 1 {
			before, err := b.check(ar.Files[0].Data, "go1.26")
			if err != nil {
				t.Errorf("%s is wrong itself: %v", name, err)
				continue
			}
			single = append(single, b.variants(&program{name: name, src: ar.Files[0].Data, version: "go1.26"}, before)...)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runTrap(t, ar)
		})
	}
	b.try(t, single)
	for _, f := range b.findings {
		t.Error(f)
	}
	b.tell(t)
}

// trapFile gives a file what a text archive does not hold.
func trapFile(f *txtar.File) {
	switch {
	case strings.HasSuffix(f.Name, ".crlf.go"):
		f.Name = strings.TrimSuffix(f.Name, ".crlf.go") + ".go"
		f.Data = bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
	case strings.HasSuffix(f.Name, ".bom.go"):
		f.Name = strings.TrimSuffix(f.Name, ".bom.go") + ".go"
		f.Data = append([]byte("\ufeff"), f.Data...)
	case strings.HasSuffix(f.Name, ".go.latin1"):
		f.Name = strings.TrimSuffix(f.Name, ".latin1")
		f.Data = bytes.ReplaceAll(f.Data, []byte(`\xe9`), []byte("\xe9"))
	}
}

// A module is a trap of several files, in a folder.
type module struct {
	dir   string
	files map[string][]byte // as they are before, by absolute name
	goos  []string          // other systems that it is to be built for
	fset  map[*fix.Candidate]*packages.Package
}

// runTrap tries the candidates of a module of its own.
func runTrap(t *testing.T, ar *txtar.Archive) {
	m := &module{dir: t.TempDir(), files: make(map[string][]byte), fset: make(map[*fix.Candidate]*packages.Package)}
	for _, f := range ar.Files {
		name := filepath.Join(m.dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, name, f.Data)
		m.files[name] = f.Data
		if bytes.Contains(f.Data, []byte(`import "C"`)) {
			if _, err := exec.LookPath("gcc"); err != nil {
				t.Skip("no C compiler")
			}
		}
		if arch := cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH); strings.HasSuffix(f.Name, "_amd64.s") && arch != "amd64" {
			t.Skip("another architecture")
		}
	}
	for line := range strings.Lines(string(ar.Comment)) {
		if list, ok := strings.CutPrefix(line, "GOOS: "); ok {
			m.goos = strings.Fields(list)
		}
	}
	list := m.propose(t)
	if len(list) == 0 {
		return
	}
	before := m.behaviour(t)
	if before["failed"] != "" {
		t.Fatalf("the trap itself: %s", before["failed"])
	}
	try := func(fixes ...*fix.Candidate) {
		after := m.apply(t, fixes)
		for name, data := range after {
			write(t, name, data)
		}
		got := m.behaviour(t)
		for name := range after {
			write(t, name, m.files[name])
		}
		if maps.Equal(before, got) {
			return
		}
		var what strings.Builder
		for _, c := range fixes {
			fmt.Fprintf(&what, "%s: %s\n", c.Fixer, c.Message)
		}
		for name, data := range after {
			what.Write(rewrite.Diff(filepath.Base(name), m.files[name], data))
		}
		t.Errorf("%s\n-- want --\n%s\n-- got --\n%s", what.String(), before, got)
	}
	var all []*fix.Candidate
	for _, c := range list {
		t.Logf("%s: %s", c.Fixer, c.Message)
		try(c)
		if !slices.ContainsFunc(all, func(o *fix.Candidate) bool { return m.overlap(o, c) }) {
			all = append(all, c)
		}
	}
	if len(all) > 1 {
		try(all...)
	}
}

// propose asks all fixers about all packages, each with the tests in it.
func (m *module) propose(t *testing.T) (list []*fix.Candidate) {
	cfg := &packages.Config{Mode: packages.LoadSyntax | packages.NeedModule | packages.NeedForTest, Dir: m.dir, Tests: true, Env: m.env("")}
	pkgs, err := packages.Load(cfg, "./...")
	if err != nil {
		t.Fatal(err)
	}
	tested := make(map[string]bool)
	for _, pkg := range pkgs {
		tested[pkg.PkgPath] = tested[pkg.PkgPath] || pkg.ForTest == pkg.PkgPath
	}
	pkgs = slices.DeleteFunc(pkgs, func(pkg *packages.Package) bool {
		for _, err := range pkg.Errors {
			t.Fatal(err)
		}
		return strings.HasSuffix(pkg.ID, ".test") || tested[pkg.PkgPath] && pkg.ForTest == ""
	})
	fixers := suite(t)
	graph, err := checker.Analyze(fixers, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Errorf("%s: %v", act.Analyzer, act.Err)
			continue
		}
		for _, c := range act.Result.(*fix.Result).Candidates {
			if c.API == "" { // else only when asked, with other packages
				m.fset[c] = act.Package
				list = append(list, c)
			}
		}
	}
	return list
}

func (m *module) edits(c *fix.Candidate) map[string][]rewrite.Edit {
	edits := make(map[string][]rewrite.Edit)
	for _, e := range c.Edits {
		f := m.fset[c].Fset.File(e.Pos)
		end := e.End
		if !end.IsValid() {
			end = e.Pos
		}
		edits[f.Name()] = append(edits[f.Name()], rewrite.Edit{Start: f.Offset(e.Pos), End: f.Offset(end), New: string(e.NewText)})
	}
	return edits
}

func (m *module) overlap(a, b *fix.Candidate) bool {
	other := m.edits(b)
	for name, edits := range m.edits(a) {
		if rewrite.Overlaps(edits, other[name]) {
			return true
		}
	}
	return false
}

func (m *module) apply(t *testing.T, fixes []*fix.Candidate) map[string][]byte {
	edits := make(map[string][]rewrite.Edit)
	for _, c := range fixes {
		for name, list := range m.edits(c) {
			edits[name] = append(edits[name], list...)
		}
	}
	after := make(map[string][]byte)
	for name, list := range edits {
		src, ok := m.files[name]
		if !ok {
			t.Errorf("edits %s, which is no file of the module", name)
			continue
		}
		data, err := rewrite.NewText(src, func(string) string { return "" }).Apply(list)
		if err != nil {
			t.Errorf("applying: %v", err)
			continue
		}
		if lost := lostComments(parsed(t, src), parsed(t, data)); lost != "" {
			t.Errorf("%s: the comment %q is lost", filepath.Base(name), lost)
		}
		after[name] = data
	}
	return after
}

func (m *module) env(goos string) []string {
	env := append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if goos != "" {
		env = append(env, "GOOS="+goos, "CGO_ENABLED=0")
	}
	return env
}

var position = regexp.MustCompile(`(?m)^(vet: )?\S+:\d+:\d+: `)

// behaviour is what the module does: what its program prints, whether its tests
// pass, whether vet is content, here and on other systems.
func (m *module) behaviour(t *testing.T) map[string]string {
	got := make(map[string]string)
	run := func(goos string, args ...string) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = m.dir, m.env(goos)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		key := goos + " " + strings.Join(args, " ")
		if args[0] == "run" {
			got[key] = out.String()
		}
		if args[0] == "vet" {
			got[key] = position.ReplaceAllString(errs.String(), "") // it says something of some traps
		} else if err != nil {
			got["failed"] += fmt.Sprintf("%s: %v\n%s%s", key, err, out.String(), errs.String())
		}
	}
	run("", "run", ".")
	run("", "vet", "./...")
	if slices.ContainsFunc(slices.Collect(maps.Keys(m.files)), func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		run("", "test", "./...")
	}
	for _, goos := range m.goos {
		run(goos, "vet", "./...")
	}
	return got
}
