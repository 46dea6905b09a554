package stackward_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stackward-go/stackward"

// layers states which packages may import which. A package may import only
// packages on the lines above its own, so packages on one line are independent
// of each other.
//
// It is policy, not description: do not change it to make a build pass.
var layers = [][]string{
	{"alloc"},
	{"fix", "internal/rewrite"},
	{"docs", "internal/gocmd", "internal/sizeclass", "internal/stacksize", "internal/stdpkg", "internal/expr", "internal/gitrev", "internal/recording", "internal/near"}, // tools
	{"internal/gcdiag", "internal/objscan", "internal/asmlist", "internal/benchrun", "internal/memprof", "internal/alloctrace"},                                          // sources
	{"internal/tracetest"},                   // sources for tests
	{"internal/heapsim", "internal/heapmap"}, // models
	{"internal/whatif"},                      // models over them
	{"internal/cause", "internal/flow"},      // reasoning
	{"internal/correlate", "internal/cost", "internal/compare", "internal/contract", "internal/chains", "internal/baseline"}, // reasoning over it
	{"internal/text", "internal/pprof", "internal/gobench", "internal/ci", "internal/sarif"},                                 // encoders
	{"internal/engine"},
	{"internal/prove", "contracts", "internal/heaprecord"},
	{"internal/cli"},
	{"cmd/stackward", "cmd/stackfix", "cmd/stackvet", "docs/internal/modules"},
	{"docs/accuracy", "docs/contracts", "docs/fixresults", "docs/whatif", "docs/whatif/variants"},
}

// narrow names the packages that may import less than their place allows.
var narrow = map[string][]string{
	"fix":                 {"alloc"},
	"internal/rewrite":    {},
	"internal/gitrev":     {},
	"internal/recording":  {"alloc"},
	"internal/gcdiag":     {"alloc"},
	"internal/objscan":    {"alloc"},
	"internal/asmlist":    {},
	"internal/memprof":    {"alloc"},
	"internal/alloctrace": {},
	"internal/benchrun":   {"alloc", "internal/gocmd"},
	"internal/heapsim":    {"internal/sizeclass"},
	"internal/flow":       {"alloc"},
	"internal/heapmap":    {"internal/alloctrace"},
	"internal/whatif":     {"internal/alloctrace", "internal/heapmap", "internal/heapsim", "internal/near"},
	"internal/cause":      {"alloc"},
	"internal/cost":       {"alloc"},
	"internal/stacksize":  {},
	"internal/chains":     {"alloc", "internal/objscan", "internal/stacksize"},
	"internal/baseline":   {"alloc"},
	"internal/compare":    {"alloc", "internal/expr"},
	"internal/correlate":  {"alloc", "internal/expr", "internal/cause"},
	"internal/pprof":      {"alloc"},
	"internal/gobench":    {"alloc"},
	"internal/text":       {"alloc"},
	"internal/ci":         {"alloc"},
	"internal/sarif":      {"alloc"},
}

// sourceFiles calls visit with every Go file of the module but tests, test
// data, examples and other modules.
//
// The files are read here rather than through "go list": the test cache sees
// the files a test opens, not those its children open.
func sourceFiles(t *testing.T, visit func(dir, name string, fset *token.FileSet, f *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	root := os.DirFS(".")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch base := d.Name(); {
			case base != "." && strings.HasPrefix(base, "."), base == "testdata", base == "web", base == "offheap", base == "alloctest", base == "heapz", base == "golangci", base == "examples":
				return fs.SkipDir
			}
			return nil
		}
		dir := path.Dir(name)
		if dir == "." || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if strings.Contains(string(src[:fset.Position(f.Package).Offset]), "//go:build ignore\n") {
			return nil // a program that generates
		}
		visit(dir, name, fset, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLayers(t *testing.T) {
	rank := make(map[string]int)
	for i, line := range layers {
		for _, dir := range line {
			rank[dir] = i
		}
	}
	documented := make(map[string]bool)
	sourceFiles(t, func(dir, name string, fset *token.FileSet, f *ast.File) {
		documented[dir] = documented[dir] || f.Doc != nil
		own, ok := rank[dir]
		if !ok {
			t.Errorf("%s has no place in layers", dir)
			return
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			dep, ok := strings.CutPrefix(imported, module+"/")
			if !ok {
				continue
			}
			r, ok := rank[dep]
			if list := narrow[dir]; list != nil {
				ok = ok && strings.Contains(" "+strings.Join(list, " ")+" ", " "+dep+" ")
			}
			if !ok || r >= own {
				t.Errorf("%s: %s may not import %s", fset.Position(spec.Pos()), dir, dep)
			}
		}
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
	for dir := range rank {
		if _, ok := documented[dir]; !ok {
			t.Errorf("layers names %s, which does not exist", dir)
		}
	}
}

// TestExits holds the habit that only main ends the process or knows its
// standard output, so that every command can be called by a test.
func TestExits(t *testing.T) {
	banned := map[string]bool{
		"os.Exit": true, "os.Stdout": true, "os.Stdin": true, "os.Stderr": true,
		"log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true, "log.Panic": true,
	}
	sourceFiles(t, func(dir, name string, fset *token.FileSet, f *ast.File) {
		if f.Name.Name == "main" {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && banned[id.Name+"."+sel.Sel.Name] {
				t.Errorf("%s: %s.%s belongs in main", fset.Position(sel.Pos()), id.Name, sel.Sel.Name)
			}
			return true
		})
	})
}

// TestNames holds the naming rule: a file is named for what is in it.
func TestNames(t *testing.T) {
	sourceFiles(t, func(dir, name string, _ *token.FileSet, _ *ast.File) {
		for _, part := range strings.Split(strings.TrimSuffix(name, ".go"), "/") {
			switch part {
			case "util", "utils", "common", "helper", "helpers", "misc", "types", "models", "constants", "pkg":
				t.Errorf("%s: %q says nothing of what is in it", name, part)
			}
		}
	})
}
